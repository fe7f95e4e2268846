"""Free text over the runs: what is found, what is not, and that nothing typed ever raises."""

import itertools
import time
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlite_utils
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.listing import LONGEST_QUERY, RunFilter, Sort
from core.opinion import Note
from core.run import Run
from core.services import build_services
from core.settings import load_settings
from core.store import Database, OpinionStore, RunList, RunStore, search
from core.store.grams import grams, match
from core.store.migrations import migrations
from core.store.search_index import index_some, keep_indexed
from core.store.words import fold, needles
from core.types import RunStatus
from tests.factories import make_run

ANSWER = {
    "headline": "김치냉장고 옆 커피를 한 잔",
    "body": "20000mAh 보조배터리와\n무게 1.8kg, Wireless-Tumbler 할인율 50%_특가 (신제품) A*B",
    "bullets": ["첫째 줄", 'say "hello" NEAR OR'],
}


def finished(**values: object) -> Run:
    return make_run(**{"status": RunStatus.SUCCEEDED, **values})


def index_all(database: Database) -> None:
    while database.write(index_some).result():
        pass


@pytest.fixture(params=["scanned", "indexed"])
def runs(
    request: pytest.FixtureRequest,
    database: Database,
    store: RunStore,
    monkeypatch: pytest.MonkeyPatch,
) -> RunList:
    """A list in which every search has to go through the index, or none."""
    run = finished(id="0193a000-0000-7000-8000-000000000001", output="{…}", output_json=ANSWER)
    others = [finished(payload={"prompt": f"다른 글 {n}"}, output="아무 말") for n in range(5)]
    store.insert([run, *others]).result()
    if request.param == "indexed":
        monkeypatch.setattr(search, "SCANNED", 2)
        index_all(database)
    return RunList(database)


def found(runs: RunList, query: str) -> list[str]:
    page = runs.page(RunFilter(q=query))
    assert page.complete
    return [row.id[-3:] for row in page.items if row.id.startswith("0193a000")]


@pytest.mark.parametrize(
    "query",
    [
        *("커피", "커피를", "냉장고", "김치냉장고", "치냉", "피", "텀블러", "보온 커피", "1.8kg"),
        *("20000mAh", "20000MAH", "0000", "mah", "tumbler", "UMBLE", "wireless-tumbler", "s-t"),
        *(
            '"한 잔"',
            '"보조배터리와 무게"',
            "“한 잔”",
            '"커피를',
            'hello"',
            "50%_특가",
            "%_",
            "(신제품)",
        ),
        *("a*b", "*", "NEAR", "or", "커피 NEAR 50%", "담은", "0193a000", "0193a000-0000-7000", "2"),
    ],
)
def test_text_is_found_however_it_is_typed(runs: RunList, query: str) -> None:
    assert found(runs, query) == ["001"]
    assert found(runs, unicodedata.normalize("NFD", query)) == ["001"]
    assert found(runs, f"  {query}\t") == ["001"]


@pytest.mark.parametrize(
    "query",
    [
        "녹차",
        "커피 녹차",
        '"커피 한 잔"',
        "커냉",
        "headline",
        "1.9kg",
        "kg1",
        "\\n",
        "tumblers",
        "를한",
    ],
)
def test_what_is_not_there_is_not_found(runs: RunList, query: str) -> None:
    assert found(runs, query) == []


def test_a_text_of_gaps_and_quotes_alone_narrows_nothing(runs: RunList) -> None:
    for query in ("", "  ", '""', '" "', "“”"):
        assert len(runs.page(RunFilter(q=query)).items) == 6


@given(query=st.text(max_size=LONGEST_QUERY))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_text_raises(runs: RunList, query: str) -> None:
    try:
        wanted = RunFilter(q=query)
    except ValueError:  # longer than allowed once composed
        return
    for sort in Sort:
        assert len(runs.page(wanted, sort=sort).items) <= 6
    assert runs.count(wanted).runs <= 6


@pytest.mark.parametrize("query", ["\0", "커피\0", '"', "'; --", "NOT", "(", "a:b", "^a", "-"])
def test_operators_and_control_characters_are_only_text(runs: RunList, query: str) -> None:
    assert runs.page(RunFilter(q=query)).complete


WORD = st.text(
    st.sampled_from("가각힣한글커피냉장고abcXYZéßΣς0189ㅋ漢字かアİı")
    | st.characters(categories=("L", "N")),
    min_size=1,
    max_size=12,
)


@given(words=st.lists(WORD, min_size=1, max_size=4), data=st.data())
@settings(max_examples=300, deadline=None)
def test_the_index_has_every_part_of_every_word(words: list[str], data: st.DataObject) -> None:
    text = fold(" ".join(words))
    word = data.draw(st.sampled_from(text.split()))
    start = data.draw(st.integers(0, len(word) - 1))
    part = word[start : data.draw(st.integers(start + 1, len(word)))]
    pieces = set(grams(text).split())
    for term in match(part):
        piece = term.strip('"*')
        if term.endswith("*"):
            assert any(known.startswith(piece) for known in pieces)
        else:
            assert piece in pieces


@given(
    word=st.text(st.sampled_from("가각힣한글커피냉장고abcxyz0189"), min_size=1, max_size=10),
    data=st.data(),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_part_of_a_word_finds_its_run(
    database: Database,
    store: RunStore,
    monkeypatch: pytest.MonkeyPatch,
    word: str,
    data: st.DataObject,
) -> None:
    monkeypatch.setattr(search, "SCANNED", 1)
    run = finished(output=f"앞 {word}, 뒤")
    store.insert([run, finished(output="-")]).result()
    index_all(database)
    start = data.draw(st.integers(0, len(word) - 1))
    part = word[start : data.draw(st.integers(start + 1, len(word)))]
    for typed in (part, part.upper(), unicodedata.normalize("NFD", part)):
        ids = RunList(database).ids(RunFilter(q=typed), limit=10_000)
        assert run.id in ids


def test_a_run_is_found_before_it_is_indexed_and_while_it_goes_on(
    database: Database, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "SCANNED", 1)
    going_on = make_run(status=RunStatus.RUNNING, payload={"prompt": "단풍놀이"})
    store.insert([going_on, finished(output="단풍잎"), finished(), finished()]).result()
    assert len(RunList(database).page(RunFilter(q="단풍")).items) == 2
    index_all(database)
    assert len(RunList(database).page(RunFilter(q="단풍")).items) == 2


def test_tags_and_notes_are_searched_with_the_text(
    database: Database, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "SCANNED", 1)
    run = finished(output="따뜻한 텀블러")
    store.insert([run, *(finished(output="-") for _ in range(4))]).result()
    index_all(database)
    opinions = OpinionStore(database)
    opinions.tag(run.id, "봄 캠페인").result()
    opinions.note(Note(run_id=run.id, text="팀장님 확인")).result()
    for query in ("캠페인", "팀장님", "팀장님 따뜻한", "캠페인 팀장"):
        assert RunList(database).ids(RunFilter(q=query), limit=5) == [run.id]


def test_search_keeps_the_filter_and_pages_through_everything_once(
    database: Database, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "SCANNED", 3)
    texts = ["커피", "녹차", "커피잔"]
    made = [
        finished(output=texts[n % 3], total_ms=float(n * 7 % 10), model=f"m{n % 2}")
        for n in range(40)
    ]
    store.insert(made).result()
    database.write(lambda connection: index_some(connection, most=30)).result()
    runs, wanted = RunList(database), RunFilter(q="커피", models=("m1",))
    hits = [run for run in made if "커피" in run.output and run.model == "m1"]
    expected = {
        Sort.NEWEST: list(reversed(hits)),
        Sort.OLDEST: hits,
        Sort.SLOWEST: sorted(hits, key=lambda run: (run.total_ms or 0, run.id), reverse=True),
    }
    for sort, order in expected.items():
        seen: list[str] = []
        cursor = None
        for _ in range(40):
            page = runs.page(wanted, sort=sort, cursor=cursor, limit=3)
            seen += [row.id for row in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert seen == [run.id for run in order]
    assert runs.count(wanted).runs == len(hits)


def test_a_search_that_is_cut_short_says_so_and_goes_on_where_it_was(
    database: Database, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [finished(output="가나 나다 " * 3) for _ in range(120)]
    wanted_run = finished(output="가나다")
    store.insert([wanted_run, *made]).result()
    index_all(database)
    monkeypatch.setattr(search, "SCANNED", 2)
    steps = itertools.count()  # for seconds: cut at the same place on every machine
    clock = SimpleNamespace(monotonic=lambda: next(steps))
    monkeypatch.setattr("core.store.time_limit.time", clock)
    monkeypatch.setattr(search, "time", clock)
    monkeypatch.setattr("core.store.time_limit._STEPS", 1)
    monkeypatch.setattr("core.store.run_list.PAGE_SECONDS", 400)
    runs, cursor, seen, cut = RunList(database), None, [], 0
    for _ in range(2_000):
        page = runs.page(RunFilter(q="가나다"), cursor=cursor)
        seen += [row.id for row in page.items]
        cut += not page.complete
        if page.next is None and page.complete:
            break
        cursor = page.next or cursor
    assert cut
    assert seen == [wanted_run.id]


def test_the_writer_fills_the_index_behind_the_runs(database: Database, store: RunStore) -> None:
    keep_indexed(database)
    store.insert([finished() for _ in range(70)]).result()
    assert waiting(database, until=0) == 0


def test_a_crash_between_run_and_index_heals_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "playground.db"
    with closing(Database(path)) as database:
        RunStore(database).insert([finished(output="단풍")]).result()
    with closing(Database(path)) as database:
        assert waiting(database) == 1
        keep_indexed(database)
        assert waiting(database, until=0) == 0


def test_services_keep_the_index(tmp_path: Path) -> None:
    names = {"PLAYGROUND_DATA_DIR": str(tmp_path), "MOCK_TOKENS_PER_SECOND": "0"}
    services = build_services(load_settings(names, env_file=None))
    services.store.insert([finished()]).result()
    try:
        assert waiting(services._database, until=0) == 0
    finally:
        services.close()


def test_work_that_fails_when_idle_harms_no_write(database: Database, store: RunStore) -> None:
    def broken(_: object) -> bool:
        raise ValueError("broken")

    database.when_idle(broken)
    time.sleep(0.3)
    store.insert([finished()]).result(timeout=10)
    assert len(store.recent()) == 1


def test_a_database_from_before_the_index_is_searched_and_fills_up(tmp_path: Path) -> None:
    path = tmp_path / "playground.db"
    with closing(Database(path)) as database:
        RunStore(database).insert([finished(output=f"단풍 {n}") for n in range(5)]).result()
        with database.read() as connection:
            rows = [tuple(row) for row in connection.execute("SELECT * FROM runs ORDER BY id DESC")]
    old = tmp_path / "old.db"
    with closing(sqlite_utils.Database(old).conn) as connection:
        migrations.apply(sqlite_utils.Database(connection), stop_before="m005_search")
        columns = len(connection.execute("SELECT * FROM runs").description)  # later ones follow
        marks = ", ".join("?" * columns)
        older = [row[:columns] for row in rows]
        connection.executemany(f"INSERT INTO runs VALUES ({marks})", older)  # noqa: S608
        connection.commit()
    with closing(Database(old)) as database:
        runs = RunList(database)
        assert waiting(database) == 5
        before = runs.ids(RunFilter(q="단풍"), limit=10)
        assert runs.facets().models == ("some-model",)
        keep_indexed(database)
        assert waiting(database, until=0) == 0
        assert runs.ids(RunFilter(q="단풍"), limit=10) == before == [row[0] for row in rows]


def test_numbers_of_runs_stay_when_the_file_is_packed(
    database: Database, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "SCANNED", 1)
    made = [finished(output=f"단어{n}") for n in range(30)]
    store.insert(made).result()
    index_all(database)
    database.write(
        lambda connection: connection.execute("DELETE FROM runs WHERE id = ?", [made[3].id])
    ).result()
    database.close()
    with closing(sqlite_utils.Database(database.path).conn) as connection:
        connection.execute("VACUUM")
    with closing(Database(database.path)) as packed:
        assert RunList(packed).ids(RunFilter(q="단어20"), limit=5) == [made[20].id]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("커피  할인", ("커피", "할인")),
        ('"커피  할인" A', ("커피 할인", "a")),
        ('27" 모니터', ("27", "모니터")),
        ("커피 커피", ("커피",)),
        ("“한 잔”", ("한 잔",)),
    ],
)
def test_words_and_phrases_are_told_apart(typed: str, words: tuple[str, ...]) -> None:
    assert needles(typed) == words


def waiting(database: Database, *, until: int | None = None) -> int:
    """How many runs wait for the index; with `until` once there are so few, or after seconds."""
    for number in _counts(database):
        if until is None or number <= until:
            return number
    return number


def _counts(database: Database) -> Iterator[int]:
    for _ in range(1_000):
        with database.read() as connection:
            sql = "SELECT count(*) FROM run_numbers WHERE indexed = 0"
            yield connection.execute(sql).fetchone()[0]
        time.sleep(0.02)
