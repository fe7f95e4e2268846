"""Blocking work aside: one thread at most, and nobody has to wait for it."""

import asyncio
import threading
import time

import pytest

from core.aside import Aside


async def test_what_the_work_gives_is_given():
    assert await Aside(lambda: 7, name="seven").result(5) == 7


async def test_what_the_work_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        await Aside(lambda: 1 // 0, name="broken").result(5)


async def test_work_that_is_over_is_done_anew():
    numbers = iter(range(3))
    aside = Aside(lambda: next(numbers), name="count")
    assert [await aside.result(5) for _ in range(3)] == [0, 1, 2]


async def test_work_that_hangs_is_waited_for_only_so_long_and_by_one_thread():
    held = threading.Event()
    aside = Aside(lambda: held.wait(20), name="hangs")
    before = threading.active_count()
    start = time.monotonic()
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await aside.result(0.05)
    assert time.monotonic() - start < 2
    assert threading.active_count() == before + 1
    held.set()
    assert await aside.result(5) is True


async def test_many_who_wait_share_one_piece_of_work_and_one_who_gives_up_ends_it_for_none():
    held, done = threading.Event(), []

    def work() -> str:
        held.wait(20)
        done.append(1)
        return "done"

    aside = Aside(work, name="shared")
    waiting = [asyncio.create_task(aside.result(10)) for _ in range(20)]
    await asyncio.sleep(0.02)
    waiting[0].cancel()
    await asyncio.sleep(0)
    held.set()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert found[1:] == ["done"] * 19
    assert done == [1]


def test_a_loop_that_is_gone_does_not_trouble_the_work(caplog):
    held, over = threading.Event(), threading.Event()

    def work() -> None:
        held.wait(20)
        over.set()

    aside = Aside(work, name="survivor")

    async def gives_up() -> None:
        with pytest.raises(TimeoutError):
            await aside.result(0.02)

    asyncio.run(gives_up())
    held.set()
    assert over.wait(5)
    asyncio.run(aside.result(5))
    assert caplog.records == []


async def test_a_thread_that_cannot_be_had_is_an_error_and_the_next_try_works(monkeypatch):
    aside = Aside(lambda: 7, name="unlucky")

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="start new thread"):
            await aside.result(5)
    assert await aside.result(5) == 7
