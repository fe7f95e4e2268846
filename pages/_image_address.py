"""Where the browser fetches pictures: addresses of the REST routes beside the page."""

from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

import streamlit as st

ROOT = "/api/v1"
_PAGES = ("image", "history", "health")


def picture_address(sha256: str, *, width: int | None = None, download: bool = False) -> str:
    """The address of a kept picture, or of its thumbnail at least `width` pixels wide."""
    wanted = {"w": width, "download": 1 if download else None}
    query = urlencode({name: value for name, value in wanted.items() if value})
    return _below(f"{ROOT}/images/{sha256}") + (f"?{query}" if query else "")


def preview_address(run_id: str, number: int) -> str:
    """The address of the picture of a run as far as it has emerged."""
    return _below(f"{ROOT}/runs/{run_id}/preview?n={number}")


def zip_address(run_ids: Sequence[str]) -> str:
    """The address of a ZIP with all pictures of these runs."""
    return _below(f"{ROOT}/images.zip?runs={','.join(run_ids)}")


def page_address() -> str:
    """The page's own address, without what comes after the question mark."""
    return (st.context.url or "").split("?")[0].rstrip("/")


def _below(path: str) -> str:
    """`path` below the folder that the pages are served from: a proxy may add one."""
    folder = urlsplit(page_address()).path
    for page in _PAGES:
        folder = folder.removesuffix(f"/{page}")
    return f"{folder.rstrip('/')}{path}"
