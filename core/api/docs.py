"""`GET /v1/docs`: the API's description as a page that needs no network and no script."""

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse

router = APIRouter()

EVENTS = "text/event-stream"
HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


@router.get("/docs", response_class=HTMLResponse)
async def read_docs(request: Request) -> HTMLResponse:
    """Every route and shape, read from openapi.json."""
    return HTMLResponse(_page(request.app), headers=HEADERS)


@cache
def _page(api: FastAPI) -> str:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"kind": kind, "held": held}
    description = api.openapi()
    return templates.get_template("docs.html").render(
        api=description, root=description["servers"][0]["url"]
    )


def held(content: dict[str, Any], media: str) -> str:
    """What a body of this media type holds."""
    if "schema" in content:
        return kind(content["schema"])
    return "events" if media == EVENTS else "bytes"


def kind(schema: dict[str, Any]) -> str:
    """A JSON Schema in a few words: `string`, `array of Message`, `json | text` …"""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " or ".join(kind(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(choice) for choice in schema["enum"])
    if schema.get("type") == "array" and "items" in schema:
        return f"array of {kind(schema['items'])}"
    return str(schema.get("const", schema.get("type", "any")))
