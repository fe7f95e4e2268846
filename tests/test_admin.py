"""Who is an administrator: the password, or the machine itself; and no guessing."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from core.admin_door import FREE_TRIES, LONGEST_PAUSE_S, AdminDoor
from pages._admin import Access, Visitor, access, is_at_this_machine

LOCAL = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(clock: Clock) -> AdminDoor:
    return AdminDoor(SecretStr("나무 Tree"), clock=clock)


def at(ip: str | None = None, **headers: str) -> Visitor:
    return Visitor(ip, LOCAL | {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    "visitor",
    [
        at(),
        at("127.0.0.1"),
        at("127.0.0.5"),
        at("::1"),
        at("::ffff:127.0.0.1"),
        at(Host="127.0.0.1:8501", Origin="http://127.0.0.1:8501"),
        at(Host="[::1]:8501", Origin="http://[::1]:8501"),
        at(Host="localhost", Origin="https://localhost"),
    ],
)
def test_a_browser_on_this_machine_is_known(visitor: Visitor) -> None:
    assert is_at_this_machine(visitor)


@pytest.mark.parametrize(
    "visitor",
    [
        at("10.0.0.7"),
        at("::ffff:10.0.0.7"),
        at(""),
        at("no address"),
        at(X_Forwarded_For="127.0.0.1"),
        at(x_forwarded_for="10.0.0.7"),
        at(Forwarded="for=127.0.0.1"),
        at(X_Real_IP="127.0.0.1"),
        at(Via="1.1 proxy"),
        at(X_Forwarded_For=""),
        at(Host="playground.studio.test"),
        at(Host="localhost.evil.test"),
        at(Host="127.0.0.1.evil.test"),
        at(Host=""),
        at(Host="["),
        at(Origin="http://playground.studio.test"),
        at(Origin="null"),
        at(Origin=""),
        at(Host="user@evil.test"),
        at(Origin="http://localhost@evil.test"),
        Visitor(None, {}),
        Visitor(None, {"Host": "localhost"}),
    ],
)
def test_whoever_may_come_from_elsewhere_is_not_at_this_machine(visitor: Visitor) -> None:
    assert not is_at_this_machine(visitor)


@pytest.mark.parametrize(
    ("has_password", "opened", "visitor", "expected"),
    [
        (True, True, at("10.0.0.7"), Access.ADMIN),
        (True, False, at("10.0.0.7"), Access.LOCKED),
        (True, False, at(), Access.LOCKED),
        (False, False, at(), Access.ADMIN),
        (False, False, at("10.0.0.7"), Access.ELSEWHERE),
        (False, True, at("10.0.0.7"), Access.ELSEWHERE),
    ],
)
def test_a_password_opens_and_without_one_only_this_machine(
    has_password: bool, opened: bool, visitor: Visitor, expected: Access
) -> None:
    assert access(has_password=has_password, opened=opened, visitor=visitor) is expected


def test_the_right_password_opens(door: AdminDoor) -> None:
    assert door.try_password("나무 Tree").opened


def test_a_password_typed_decomposed_is_the_same(door: AdminDoor) -> None:
    assert door.try_password("\u1102\u1161\u1106\u116e Tree").opened


@given(st.text(max_size=30))
def test_nothing_else_opens(typed: str) -> None:
    door = AdminDoor(SecretStr("only this one, and no other, opens"))
    assert not door.try_password(typed).opened


@given(st.text(max_size=5))
def test_without_a_password_nothing_opens(typed: str) -> None:
    assert not AdminDoor(SecretStr("")).try_password(typed).opened


def test_pauses_grow_and_are_bounded(door: AdminDoor, clock: Clock) -> None:
    pauses = []
    for _ in range(20):
        tried = door.try_password("wrong")
        assert tried.looked_at
        pauses.append(tried.wait_s)
        clock.now += tried.wait_s
    assert pauses[: FREE_TRIES - 1] == [0, 0]
    assert pauses[FREE_TRIES - 1 : FREE_TRIES + 2] == [2, 4, 8]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE_S


def test_during_a_pause_even_the_right_password_waits(door: AdminDoor, clock: Clock) -> None:
    for _ in range(FREE_TRIES):
        door.try_password("wrong")
    tried = door.try_password("나무 Tree")
    assert (tried.opened, tried.looked_at, tried.wait_s) == (False, False, 2)
    clock.now += 2
    assert door.try_password("나무 Tree").opened


def test_trying_in_parallel_does_not_help(door: AdminDoor) -> None:
    with ThreadPoolExecutor(16) as pool:
        tries = list(pool.map(door.try_password, map(str, range(200))))
    assert sum(tried.looked_at for tried in tries) == FREE_TRIES


def test_the_right_password_and_a_quiet_hour_forget_what_was_wrong(
    door: AdminDoor, clock: Clock
) -> None:
    for _ in range(FREE_TRIES - 1):
        door.try_password("wrong")
    door.try_password("나무 Tree")
    assert door.try_password("wrong").wait_s == 0
    door.try_password("wrong")
    assert door.try_password("wrong").wait_s == 2
    clock.now += 2 + 3601
    assert door.try_password("wrong").wait_s == 0


def test_no_password_is_ever_logged(door: AdminDoor, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="playground.admin"):
        logging.getLogger("playground.admin").addHandler(caplog.handler)
        door.try_password("hunter2")
        door.try_password("나무 Tree")
    assert "password was given" in caplog.text
    assert "hunter2" not in caplog.text
    assert "나무" not in caplog.text
