"""The playground with one route more: how many objects of some kinds are alive in it."""

import gc

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from app import api, lifespan
from core.api import API_ROOT
from tests.bench.stream_server import ROOT

KINDS = ("AppSession", "SessionState", "ScriptRunner", "Feed", "Active")


async def objects(_: Request) -> JSONResponse:
    """The number of objects by kind, and of all that the collector knows of."""
    gc.collect()
    alive = gc.get_objects()
    names = [type(item).__name__ for item in alive]
    return JSONResponse({kind: names.count(kind) for kind in KINDS} | {"all": len(alive)})


app = st.App(
    str(ROOT / "pages" / "main.py"),
    routes=[Route("/objects", objects), Mount(API_ROOT, api)],
    lifespan=lifespan,
)
