"""Hostile and endless answers beyond the pages: REST, its events, files, and the time they take."""

import asyncio
import csv
import io
import json
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from core.checks.engine import check
from core.checks.subject import Subject
from core.export import ExportFormat
from core.run import Run
from core.services import Services
from core.text_draft import MAX_ANSWER_CHARS
from pages._format import plain
from tests.api_server import asgi_client
from tests.compare_kit import answered
from tests.hostile_kit import ZALGO, hostile_text

TEXT = hostile_text("http://canary.test")
FREE = {"task": "free", "format": "text", "payload": {"prompt": TEXT}}


@pytest.fixture
async def api(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setattr("core.services.get_services", lambda: services)
    async with asgi_client() as client:
        yield client


@pytest.fixture
def kept(services: Services) -> Run:
    run = answered(TEXT, **FREE, model=" ".join(TEXT.split())[:200], thinking=TEXT)
    services.store.insert([run]).result()
    services.store.finish(run).result()
    return run


async def test_a_hostile_answer_comes_over_rest_as_it_was(
    api: httpx.AsyncClient, kept: Run
) -> None:
    response = await api.get(f"/api/v1/runs/{kept.id}")
    assert response.headers["content-type"] == "application/json"
    assert (response.json()["output"], response.json()["thinking"]) == (TEXT, TEXT)


async def test_its_events_are_one_line_each(api: httpx.AsyncClient, kept: Run) -> None:
    response = await api.get(f"/api/v1/runs/{kept.id}/events")
    lines = response.text.splitlines()
    assert all(line.startswith(("id: ", "event: ", "data: ")) or not line for line in lines)
    told = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    assert [data["text"] for data in told if set(data) == {"text"}] == [TEXT, TEXT]


def test_its_files_hold_it_and_no_formula(services: Services, kept: Run) -> None:
    data = b"".join(services.exports.stream(ExportFormat.CSV, [kept.id])).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(data))
    assert row["output"].lstrip("'") == TEXT
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())


async def test_docs_and_errors_hold_nothing_that_a_request_said_as_markup(
    api: httpx.AsyncClient,
) -> None:
    for path in (f"/api/v1/runs/{TEXT[:80]}", "/api/v1/<script>", "/api/v1/catalog?<script>"):
        response = await api.get(path.replace("\n", ""))
        assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "name",
    ["\u202emodel", "a\u2066b\u2067c", "a\x00b\x1b[31m", "\u200fx", "a\nb\x85c\u2028d"],
)
def test_a_name_turns_no_line_around_and_breaks_none(name: str) -> None:
    shown = plain(name)
    assert not any(mark in shown for mark in "\u202e\u2066\u2067\u200f\x00\x1b\n\x85\u2028")


def test_letters_that_belong_together_stay_together_in_a_name() -> None:
    assert plain(ZALGO) == ZALGO
    assert plain("👩\u200d👩\u200d👧") == "👩\u200d👩\u200d👧"


LONGEST = {
    "one word": "가" * MAX_ANSWER_CHARS,
    "one line": ("할인 50% 최고! " * MAX_ANSWER_CHARS)[:MAX_ANSWER_CHARS],
    "lines": ("한 줄이에요.\n" * MAX_ANSWER_CHARS)[:MAX_ANSWER_CHARS],
    "numbers": ("1,234원 " * MAX_ANSWER_CHARS)[:MAX_ANSWER_CHARS],
    "open braces": ('{"a":' * MAX_ANSWER_CHARS)[:MAX_ANSWER_CHARS],
    "fences": ("```" * MAX_ANSWER_CHARS)[:MAX_ANSWER_CHARS],
    "zalgo": (ZALGO * MAX_ANSWER_CHARS)[:MAX_ANSWER_CHARS],
    "hostile": (TEXT * (1 + MAX_ANSWER_CHARS // len(TEXT)))[:MAX_ANSWER_CHARS],
}
MOST_CPU_S = 20  # measured alone: see docs/reliability.md; this is a bound, not a promise


@pytest.mark.parametrize("text", LONGEST.values(), ids=LONGEST)
async def test_checking_the_longest_answer_takes_a_bounded_time_and_blocks_no_loop(
    text: str,
) -> None:
    run = answered("x", **FREE).model_copy(update={"output": text, "report": None})
    ticks: list[float] = []

    async def tick() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            ticks.append(time.perf_counter() - before)

    ticking = asyncio.create_task(tick())
    began = time.process_time()
    await asyncio.to_thread(check, Subject.of(run, None))
    spent = time.process_time() - began
    ticking.cancel()
    print(f"{spent:.2f} s of the processor, longest tick {max(ticks, default=0):.2f} s")
    assert spent < MOST_CPU_S
    assert ticks, "the loop stood still"
