"""A part of the Health page alone, drawn on the real services."""

from pathlib import Path

from pydantic import SecretStr
from streamlit.testing.v1 import AppTest

from core.admin_door import AdminDoor
from core.services import Services
from tests.page_kit import checked

_SCRIPT = """
import streamlit as st
import {module}
from pages._i18n import use_language

use_language()

def part():
    {module}.{call}

st.navigation(
    [st.Page(part, title="Part", default=True), st.Page("history.py", title="History")]
).run()
"""


def open_part(
    folder: Path, module: str, call: str, *, admin: Services | None = None, locale: str = "en-US"
) -> AppTest:
    """The page that does nothing but `call` a function of `module`.

    With `admin`, those services get a password, which this visitor has given.
    """
    (folder / "history.py").write_text("", encoding="utf-8")
    script = folder / "main.py"
    script.write_text(_SCRIPT.format(module=module, call=call), encoding="utf-8")
    page = AppTest.from_file(str(script), default_timeout=30)
    page.context = {"locale": locale, "url": "http://127.0.0.1:8501/health"}
    if admin is not None:
        admin.admin = AdminDoor(SecretStr("some password"))
        page.session_state["admin_opened"] = True
    return checked(page.run())
