"""The door to the administrator's tools, drawn: who gets in, and what others read."""

from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace

import pytest
from pydantic import SecretStr
from streamlit.runtime import context
from streamlit.testing.v1 import AppTest

from core import services as services_module
from core.admin_door import FREE_TRIES, AdminDoor
from core.services import Services
from tests.page_kit import checked, words_of

LOCAL = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}
Come = Callable[[str | None, Mapping[str, str]], None]


def door() -> None:
    import streamlit as st

    from pages._admin import draw_admin_door, is_admin
    from pages._i18n import use_language

    use_language()
    draw_admin_door()
    st.caption("inside" if is_admin() else "outside")


@pytest.fixture
def here(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    monkeypatch.setattr(services_module, "get_services", lambda: services)
    return services


@pytest.fixture
def come(monkeypatch: pytest.MonkeyPatch) -> Come:
    """Have the visitor's connection come from an address, with headers."""

    def come(ip: str | None, headers: Mapping[str, str]) -> None:
        client = SimpleNamespace(remote_ip=ip, headers=list(headers.items()), cookies={})
        monkeypatch.setattr(context, "_get_client_context", lambda: client)

    return come


def opened() -> AppTest:
    page = AppTest.from_function(door)
    page.context = {"locale": "en-US"}
    return checked(page.run())


def type_password(page: AppTest, password: str) -> AppTest:
    page.text_input(key="admin_password").input(password)
    return checked(page.button(key="admin_open").click().run())


def errors(page: AppTest) -> list[str]:
    return [error.value for error in page.error]


def test_at_this_machine_the_tools_are_open(here: Services, come: Come) -> None:
    come("127.0.0.1", LOCAL)
    assert words_of(opened()) == "inside"


@pytest.mark.parametrize(
    ("ip", "headers"),
    [("10.0.0.7", LOCAL), ("127.0.0.1", LOCAL | {"X-Forwarded-For": "10.0.0.7"})],
)
def test_from_elsewhere_people_read_how_to_set_a_password(
    here: Services, come: Come, ip: str, headers: dict[str, str]
) -> None:
    come(ip, headers)
    page = opened()
    assert "outside" in words_of(page)
    assert "PLAYGROUND_ADMIN_PASSWORD" in words_of(page)
    assert len(page.text_input) == 0


def test_nobody_we_know_is_outside(here: Services) -> None:
    assert "outside" in words_of(opened())


def test_the_password_opens_once_for_the_session_and_is_kept_nowhere(
    here: Services, come: Come
) -> None:
    here.admin = AdminDoor(SecretStr("hunter2"))
    come("10.0.0.7", LOCAL)
    page = type_password(opened(), "hunter2")
    assert "inside" in words_of(page)
    assert "inside" in words_of(checked(page.run()))
    assert "hunter2" not in repr(page.session_state)
    page = checked(page.button(key="admin_close").click().run())
    assert "outside" in words_of(page)


def test_with_a_password_set_this_machine_needs_it_too(here: Services, come: Come) -> None:
    here.admin = AdminDoor(SecretStr("hunter2"))
    come("127.0.0.1", LOCAL)
    assert "outside" in words_of(opened())


def test_a_wrong_password_is_said_and_the_field_is_empty_again(here: Services) -> None:
    here.admin = AdminDoor(SecretStr("hunter2"))
    page = type_password(opened(), "hunter3")
    assert "outside" in words_of(page)
    assert errors(page) == ["That is not the password."]
    assert page.text_input(key="admin_password").value == ""
    assert "hunter3" not in repr(page.session_state)


def test_wrong_tries_of_all_sessions_count_together(here: Services) -> None:
    here.admin = AdminDoor(SecretStr("hunter2"))
    for _ in range(FREE_TRIES):
        page = type_password(opened(), "hunter3")
    assert errors(page) == ["That is not the password. Wait 2 s before the next try."]
    page = type_password(opened(), "hunter2")
    assert errors(page) == ["Too many wrong tries. Wait 2 s before the next try."]
    assert "outside" in words_of(page)


def test_a_door_that_was_closed_by_a_new_password_is_closed(here: Services) -> None:
    """A session's right to act is asked anew each time, not remembered from drawing."""
    here.admin = AdminDoor(SecretStr("hunter2"))
    page = type_password(opened(), "hunter2")
    here.admin = AdminDoor(SecretStr(""))
    assert "outside" in words_of(checked(page.run()))
