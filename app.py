"""The composition root: pages, REST and one set of services in one process.

streamlit run app.py
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio.to_thread
import streamlit as st
from starlette.middleware import Middleware

from core import server, services
from core.api import API_ROOT, build_api
from core.api.mounted import mounted
from pages._options import read_options_at_once


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncGenerator[None, None]:
    """Everything that starts and ends with the process."""
    server.talk_on_the_console()
    services.open_services().health.start()
    server.send_without_delay()
    server.settle_memory()
    server.take_short_turns()
    read_options_at_once()
    with server.closing_early(services.close_services):
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(services.close_services)


api = build_api()
routes = mounted(API_ROOT, api)
app = st.App(
    Path(__file__).parent / "pages" / "main.py",  # uvicorn would look from where it was started
    routes=routes,
    middleware=[Middleware(server.ReadableRefusal)],
    lifespan=lifespan,
)
