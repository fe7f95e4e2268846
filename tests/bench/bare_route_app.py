"""The playground with one route more: the least a JSON route of the same app can cost."""

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from app import api, lifespan
from core.api import API_ROOT
from tests.bench.stream_server import ROOT


async def bare(_: Request) -> JSONResponse:
    """Answer without doing anything."""
    return JSONResponse({"status": "ok"})


app = st.App(
    str(ROOT / "pages" / "main.py"),
    routes=[Route("/bare", bare), Mount(API_ROOT, api)],
    lifespan=lifespan,
)
