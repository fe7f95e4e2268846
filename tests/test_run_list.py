"""The list of runs: filters, orders, pages, facets and lineage."""

import base64
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import InvalidRequest
from core.finding import CheckReport, Finding, Scores, Severity
from core.listing import RunFilter, Sort
from core.localised import Localised
from core.opinion import Rating
from core.run import Run
from core.store import Database, OpinionStore, RunList, RunStore, filters
from core.types import Mode, RunStatus
from tests.factories import make_run

DAY = datetime(2026, 11, 1, 9, tzinfo=UTC)


@pytest.fixture
def runs(database: Database) -> RunList:
    return RunList(database)


@pytest.fixture
def opinions(database: Database) -> OpinionStore:
    return OpinionStore(database)


def report(score: float, *codes: str) -> CheckReport:
    """A report with these findings: "error:length.too_long" …"""
    findings = [
        Finding(code=code, severity=Severity(severity), message=Localised(ko="말", en="words"))
        for severity, code in (text.split(":") for text in codes)
    ]
    scores = Scores(overall=score, passed=score >= 7)
    return CheckReport(version=1, scores=scores, findings=tuple(findings))


def add(store: RunStore, **values: Any) -> Run:
    known: dict[str, Any] = {"status": RunStatus.SUCCEEDED, "total_ms": 100.0}
    run = make_run(**known | values)
    store.insert([run]).result()
    store.finish(run).result()
    return run


def walk(runs: RunList, wanted: RunFilter, sort: Sort, limit: int) -> list[str]:
    """The ids of all pages, one after the other."""
    ids: list[str] = []
    cursor = None
    for _ in range(100):
        page = runs.page(wanted, sort=sort, cursor=cursor, limit=limit)
        assert page.complete
        ids += [row.id for row in page.items]
        if (cursor := page.next) is None:
            return ids
    raise AssertionError("the pages have no end")


@pytest.fixture
def varied(store: RunStore, opinions: OpinionStore) -> list[Run]:
    """36 runs that differ in everything a filter knows, with ties and with what is missing."""
    made = []
    for n in range(36):
        codes = ("error:length.too_long", "warning:filler.phrase", "note:facts.left_out")
        run = add(
            store,
            created_at=DAY + timedelta(days=n // 4),
            mode=Mode.LIVE if n % 3 else Mode.MOCK,
            model=f"model-{n % 4}",
            provider=f"p{n % 2}",
            role="copywriter" if n % 5 else "strategist",
            task="sns" if n % 2 else "campaign",
            status=RunStatus.FAILED if n % 6 == 0 else RunStatus.SUCCEEDED,
            user=f"user{n % 3}" if n % 4 else None,
            total_ms=None if n % 7 == 0 else float(n * 5 % 8),
            report=None if n % 5 == 0 else report(float(n % 4 * 3), *codes[: n % 4]),
            batch_id="together" if n < 3 else None,
        )
        if n % 3 == 0:
            opinions.rate(Rating(run_id=run.id, user="민아", stars=n % 5 + 1)).result()
        if n % 4 == 0:
            opinions.tag(run.id, "후보" if n % 8 else "보류").result()
        made.append(run)
    opinions.delete([made[9].id, made[10].id], "민아").result()
    return made


Keeps = Callable[[int, Run], bool]
CASES: dict[str, tuple[dict[str, Any], Keeps]] = {
    "everything": ({}, lambda n, run: True),
    "mode": ({"modes": ("live",)}, lambda n, run: run.mode == "live"),
    "two models": ({"models": ("model-1", "model-2")}, lambda n, run: n % 4 in (1, 2)),
    "provider": ({"providers": ("p1",)}, lambda n, run: n % 2 == 1),
    "role and task": (
        {"roles": ("copywriter",), "tasks": ("sns",)},
        lambda n, run: n % 5 > 0 and n % 2 == 1,
    ),
    "status": ({"statuses": ("failed",)}, lambda n, run: n % 6 == 0),
    "user": ({"users": ("user1", "user2")}, lambda n, run: run.user in ("user1", "user2")),
    "kind": ({"kind": "image"}, lambda n, run: False),
    "batch": ({"batch_id": "together"}, lambda n, run: n < 3),
    "passed": ({"passed": True}, lambda n, run: bool(run.report and run.report.scores.passed)),
    "not passed": (
        {"passed": False},
        lambda n, run: bool(run.report and not run.report.scores.passed),
    ),
    "a finding": ({"findings": ("filler.phrase",)}, lambda n, run: n % 5 > 0 and n % 4 >= 2),
    "a severity": ({"findings": ("note",)}, lambda n, run: n % 5 > 0 and n % 4 == 3),
    "either": (
        {"findings": ("error", "facts.left_out")},
        lambda n, run: n % 5 > 0 and n % 4 >= 1,
    ),
    "rated": ({"rated": True}, lambda n, run: n % 3 == 0),
    "not rated": ({"rated": False}, lambda n, run: n % 3 > 0),
    "stars": ({"min_stars": 2, "max_stars": 4}, lambda n, run: n % 3 == 0 and 1 <= n % 5 <= 3),
    "tag": ({"tags": ("후보",)}, lambda n, run: n % 8 == 4),
    "dates": (
        {"since": DAY + timedelta(days=2), "until": DAY + timedelta(days=5)},
        lambda n, run: 8 <= n < 20,
    ),
    "nothing": ({"models": ("' OR 1 --",)}, lambda n, run: False),
}


def order(sort: Sort) -> Callable[[tuple[int, Run]], Any]:
    """The key that puts numbered runs into this order."""

    def key(numbered: tuple[int, Run]) -> Any:
        n, run = numbered
        score = run.report.scores.overall if run.report else None
        return {
            Sort.NEWEST: (-n,),
            Sort.OLDEST: (n,),
            Sort.SLOWEST: (run.total_ms is None, -(run.total_ms or 0), -n),
            Sort.LOWEST_SCORE: (score is None, score or 0, -n),
        }[sort]

    return key


@pytest.mark.parametrize("few", [0, 30_000])
@pytest.mark.parametrize("name", CASES)
def test_pages_together_are_the_runs_of_the_filter_in_order_once(
    runs: RunList, varied: list[Run], name: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "FEW", few)  # what is rare is looked up, what is not is tested
    values, keeps = CASES[name]
    numbered = [(n, run) for n, run in enumerate(varied) if n not in (9, 10) and keeps(n, run)]
    wanted = RunFilter(**values)
    for sort, limit in itertools.product(Sort, (1, 7, 50)):
        expected = [run.id for _, run in sorted(numbered, key=order(sort))]
        assert walk(runs, wanted, sort, limit) == expected
    assert runs.count(wanted).runs == len(numbered)
    assert runs.ids(wanted, limit=3) == [
        run.id for _, run in numbered[: -4 if numbered else None : -1]
    ]


@pytest.mark.parametrize("sort", [Sort.SLOWEST, Sort.LOWEST_SCORE])
def test_an_order_walked_too_long_is_sorted_instead(
    runs: RunList, varied: list[Run], sort: Sort, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = RunFilter(modes=(Mode.LIVE,))
    expected = walk(runs, wanted, sort, 4)
    monkeypatch.setattr("core.store.run_list.WALKING_SHARE", 0)
    monkeypatch.setattr("core.store.time_limit._STEPS", 1)
    assert walk(runs, wanted, sort, 4) == expected


def test_runs_put_away_are_only_shown_when_asked_for(runs: RunList, varied: list[Run]) -> None:
    page = runs.page(RunFilter(deleted=True))
    assert [row.id for row in page.items] == [varied[10].id, varied[9].id]
    assert all(row.deleted_at for row in page.items)


def test_counting_stops_at_its_bound(runs: RunList, varied: list[Run]) -> None:
    assert runs.count(RunFilter(), bound=10).model_dump() == {"runs": 10, "more": True}
    assert runs.count(RunFilter(), bound=34).model_dump() == {"runs": 34, "more": False}


def test_a_page_that_takes_too_long_says_so(
    runs: RunList, varied: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.store.run_list.PAGE_SECONDS", 0)
    monkeypatch.setattr("core.store.run_list.COUNT_SECONDS", 0)
    monkeypatch.setattr("core.store.time_limit._STEPS", 1)
    assert runs.page(RunFilter()).complete is False
    assert runs.count(RunFilter()).more is True


@given(text=st.text(max_size=60))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_made_up_cursor_does_harm(runs: RunList, text: str) -> None:
    made_up = [text, base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")]
    for cursor, sort in itertools.product(made_up, Sort):
        if cursor:
            with pytest.raises(InvalidRequest):
                runs.page(RunFilter(), sort=sort, cursor=cursor)


@pytest.mark.parametrize(
    "inside",
    [
        '["newest",false,1,"x"]',
        '["newest",true,null,"x"]',
        '["slowest",false,NaN,"x"]',
        '["slowest",false,true,"x"]',
        '["slowest",false,1e999,"x"]',
        '["newest",false,null,7]',
        '["newest",false,null,"x",1]',
        "[" * 250,
        "{}",
    ],
)
def test_a_cursor_is_checked_inside(runs: RunList, inside: str) -> None:
    cursor = base64.urlsafe_b64encode(inside.encode()).decode()
    for sort in (Sort.NEWEST, Sort.SLOWEST):
        with pytest.raises(InvalidRequest, match="first page"):
            runs.page(RunFilter(), sort=sort, cursor=cursor)


def test_a_cursor_belongs_to_its_order_and_to_searching(runs: RunList, varied: list[Run]) -> None:
    listed = runs.page(RunFilter(), limit=2).next
    searched = runs.page(RunFilter(q="텀블러"), limit=2).next
    assert listed
    assert searched
    for wanted, sort, cursor in (
        (RunFilter(), Sort.SLOWEST, listed),
        (RunFilter(q="텀블러"), Sort.NEWEST, listed),
        (RunFilter(), Sort.NEWEST, searched),
    ):
        with pytest.raises(InvalidRequest):
            runs.page(wanted, sort=sort, cursor=cursor)


def test_a_line_has_what_people_look_for(
    runs: RunList, store: RunStore, opinions: OpinionStore
) -> None:
    run = add(store, output="한 모금의 온도", report=report(6.5, "error:length.too_long"))
    opinions.rate(Rating(run_id=run.id, user="민아", stars=5)).result()
    opinions.rate(Rating(run_id=run.id, user="준호", stars=2)).result()
    opinions.tag(run.id, "후보").result()
    row = runs.rows([run.id])[0]
    assert (row.title, row.excerpt, row.tags) == ("담은 텀블러", "한 모금의 온도", ("후보",))
    assert (row.score, row.passed, row.errors, row.warnings) == (6.5, False, 1, 0)
    assert (row.stars, row.raters) == (3.5, 2)
    assert row.created_at == run.created_at


@pytest.mark.parametrize(
    ("payload", "title"),
    [
        ({"tone": "밝게", "brand_name": "온고 "}, "온고"),
        ({"prompt": "줄이\n바뀐  글"}, "줄이 바뀐 글"),
        ({"features": ["가"], "copy": "검토할 글"}, "검토할 글"),
        ({"features": ["가"]}, ""),
        ({"prompt": "가" * 500}, "가" * 120),
    ],
)
def test_a_title_is_what_the_run_was_about(
    runs: RunList, store: RunStore, payload: dict[str, Any], title: str
) -> None:
    assert runs.rows([add(store, payload=payload).id])[0].title == title


def test_a_failed_run_shows_its_error(runs: RunList, store: RunStore) -> None:
    run = add(store, status=RunStatus.FAILED, error_code="x", error_message="No model there.")
    assert runs.rows([run.id])[0].excerpt == "No model there."


def test_rows_keep_the_order_asked_for_and_leave_out_strangers(
    runs: RunList, varied: list[Run]
) -> None:
    ids = [varied[3].id, "nobody", varied[20].id, varied[1].id]
    assert [row.id for row in runs.rows(ids)] == [varied[3].id, varied[20].id, varied[1].id]
    assert runs.rows([]) == []


def test_facets_are_what_there_is(runs: RunList, varied: list[Run]) -> None:
    facets = runs.facets()
    assert facets.models == ("model-0", "model-1", "model-2", "model-3")
    assert facets.providers == ("p0", "p1")
    assert facets.roles == ("copywriter", "strategist")
    assert facets.tasks == ("campaign", "sns")
    assert facets.users == ("user0", "user1", "user2")
    assert facets.tags == ("보류", "후보")
    assert facets.findings == ("facts.left_out", "filler.phrase", "length.too_long")


def test_a_run_has_a_family(runs: RunList, store: RunStore) -> None:
    parent = add(store)
    child = add(store, parent_id=parent.id, batch_id="b")
    twin = add(store, batch_id="b")
    lineage = runs.lineage(child.id)
    assert lineage.parent
    assert lineage.parent.id == parent.id
    assert [row.id for row in lineage.batch] == [twin.id]
    assert [row.id for row in runs.lineage(parent.id).children] == [child.id]
    assert runs.lineage("nobody").children == ()


@pytest.mark.parametrize("sort", Sort)
def test_every_order_is_walked_in_an_index(database: Database, sort: Sort) -> None:
    """No page sorts all runs: the plan has no sorting step for the runs with a value."""
    from_index = []
    with database.read() as connection:
        connection.set_trace_callback(from_index.append)
        assert RunList(database).page(RunFilter(), sort=sort).items == ()
        connection.set_trace_callback(None)
    with database.read() as connection:
        statements = [sql for sql in from_index if "AS place" in sql]
        plans = [
            [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
            for sql in statements
        ]
    assert not any("TEMP B-TREE" in step for plan in plans for step in plan)
