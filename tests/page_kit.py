"""Driving the pages without a browser: AppTest on the real services."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.testing.v1 import AppTest

from core.run import Run
from core.services import Services

MAIN = Path(__file__).parents[1] / "pages" / "main.py"
Open = Callable[..., AppTest]


def open_page(*, locale: str = "en-US", **address: str) -> AppTest:
    """The page as a new visitor opens it, at an address and in a browser's language."""
    st.cache_data.clear()
    page = AppTest.from_file(str(MAIN), default_timeout=30)
    page.context = {"locale": locale, "url": "http://127.0.0.1:8501/"}
    for name, value in address.items():
        page.query_params[name] = value
    return checked(page.run())


def checked(page: AppTest) -> AppTest:
    assert not page.exception, page.exception[0].value
    assert "This page stumbled." not in words_of(page)
    return page


def words_of(page: AppTest) -> str:
    """Everything written on the page, one element a line."""
    elements = (page.text, page.markdown, page.caption, page.code, page.subheader)
    return "\n".join(str(element.value) for kind in elements for element in kind)


def fill_example(page: AppTest) -> AppTest:
    return checked(page.button(key="text_example").click().run())


def press_run(page: AppTest) -> AppTest:
    return checked(page.button(key="text_run").click().run())


def runs_of(page: AppTest, services: Services) -> list[Run]:
    """The runs the page's address names, once they are over."""
    views = services.gateway.batch(page.query_params["batch"])
    return [services.gateway.result(view.run.id, timeout=20) for view in views]


def finish(page: AppTest, services: Services) -> AppTest:
    runs_of(page, services)
    return checked(page.run())


def add_column(page: AppTest, kind: str) -> AppTest:
    return checked(page.menu_button(key="text_add_column").click(kind).run())


def choose(page: AppTest, column: int, **settings: object) -> AppTest:
    """Settings of a column, as if its fold were open; see pages/_columns.py."""
    for name, value in settings.items():
        page.session_state[f"col{column}_{name}"] = value
    return checked(page.run())
