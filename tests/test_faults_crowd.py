"""Two hundred runs at once, clients that go away, and a clock that is put back."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import anyio
import httpx
import pytest

from core import draft, ids, image_plan, plan, runner
from core.run import Run
from core.services import Services
from core.types import RunStatus, TextRequest
from tests.faults_kit import BRIEF, TEXT, Reader, Watched, ended_at, process, services_on

MANY = 200
MOCK = TEXT | {"model": "mock-perfect", "mode": "mock"}


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


@pytest.fixture
def quick(tmp_path: Path, watched: Watched) -> Iterator[Services]:
    services = services_on(tmp_path)
    yield services
    services.close()


def request() -> TextRequest:
    return TextRequest(
        role="copywriter",
        task="product_detail",
        payload=BRIEF,
        model="mock-perfect",
        mode="mock",
    )


def test_200_requests_at_once_over_rest(tmp_path: Path, watched: Watched) -> None:
    async def ask(client: httpx.AsyncClient, answers: list[httpx.Response]) -> None:
        answers.append(await client.post("/api/v1/llm/generate", json=MOCK))

    async def ask_all(url: str) -> list[httpx.Response]:
        answers: list[httpx.Response] = []
        limits = httpx.Limits(max_connections=MANY)
        client = httpx.AsyncClient(base_url=url, timeout=120, limits=limits)
        async with client, anyio.create_task_group() as group:
            for _ in range(MANY):
                group.start_soon(ask, client, answers)
        return answers

    with process(tmp_path, MOCK_TOKENS_PER_SECOND="0") as app:
        answers = anyio.run(ask_all, app.url)
    assert [answer.status_code for answer in answers] == [200] * MANY
    run_ids = {answer.json()["meta"]["run_id"] for answer in answers}
    assert len(run_ids) == MANY
    watched.assert_kept(dict.fromkeys(run_ids, ""))
    assert {row["status"] for row in watched.rows().values()} == {"succeeded"}


def test_a_batch_of_200_keeps_its_order(quick: Services, watched: Watched) -> None:
    batch = quick.gateway.submit_batch([request()] * MANY)
    runs = [quick.gateway.result(run_id, 120) for run_id in batch.run_ids]
    assert {run.status for run in runs} == {RunStatus.SUCCEEDED}
    assert list(batch.run_ids) == sorted(batch.run_ids)
    assert [view.run.id for view in quick.gateway.batch(batch.id)] == list(batch.run_ids)
    watched.assert_kept(dict.fromkeys(batch.run_ids, ""))


def test_a_client_that_goes_away_ends_no_run(tmp_path: Path, watched: Watched) -> None:
    with process(tmp_path, MOCK_TOKENS_PER_SECOND="20") as app:
        address = f"{app.url}/api/v1/llm/generate"
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(address, json=MOCK, timeout=0.5)
        with httpx.stream("POST", f"{address}?stream=true", json=MOCK, timeout=20) as answer:
            next(answer.iter_bytes())
        run_ids = list(watched.rows())
        assert len(run_ids) == 2
        ends = [ended_at(app.url, run_id)["status"] for run_id in run_ids]
        late = Reader.follow(app.url, run_ids[0])
        late.until(lambda: late.ends)
    assert ends == ["succeeded"] * 2
    assert late.text == watched.rows()[run_ids[0]]["output"]
    watched.assert_kept({late.run_id: late.text})


def test_a_clock_that_is_put_back_in_mid_run_makes_no_time_negative(
    tmp_path: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = PutBack()
    for module in (draft, plan, image_plan, runner):
        monkeypatch.setattr(module, "utc_now", clock)
    services = services_on(tmp_path, MOCK_TOKENS_PER_SECOND="40")
    run_id = services.gateway.submit(request())
    time.sleep(0.3)
    clock.back = timedelta(hours=3)
    began = time.monotonic()
    run = services.gateway.result(run_id, 20)
    later = services.gateway.result(services.gateway.submit(request()), 20)
    services.close()
    for one in (run, later):
        assert_plausible(one)
    assert run.total_ms / 1000 < time.monotonic() - began + 2
    assert later.created_at < run.created_at  # as the clock had it
    assert later.id > run.id  # the order is that of submitting
    watched.assert_kept({run.id: "", later.id: ""})


class PutBack:
    """A clock that a person or a time server puts back."""

    back = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC).replace(microsecond=0) - self.back


def assert_plausible(run: Run) -> None:
    assert run.status is RunStatus.SUCCEEDED
    assert run.created_at <= run.started_at <= run.finished_at
    assert 0 <= run.queued_ms < 5_000
    assert 0 <= run.first_token_ms <= run.total_ms < 20_000
    assert run.tokens_per_second is None or run.tokens_per_second > 0


def test_ids_grow_also_when_the_clock_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ids.new_id()
    monkeypatch.setattr(ids, "uuid7", lambda: UUID(int=UUID(before).int - 2**90))
    after = [ids.new_id() for _ in range(100)]
    assert [before, *after] == sorted({before, *after})


def test_ids_of_many_threads_are_all_different() -> None:
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.extend(ids.new_id() for _ in range(500)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 4000


def test_an_interrupted_run_does_not_end_before_it_began(tmp_path: Path, watched: Watched) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with process(tmp_path, MOCK_TOKENS_PER_SECOND="10") as app:
        reader = Reader.generate(app.url, MOCK)
        reader.until(lambda: reader.text)
        app.kill()
    began = tomorrow.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    watched.set(reader.run_id, started_at=began)
    with process(tmp_path):
        row = watched.rows()[reader.run_id]
    assert (row["status"], row["finished_at"]) == ("interrupted", began)
