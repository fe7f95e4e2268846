"""Runs taken away: every format reads back as what was recorded."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidRequest
from core.export import MOST_RUNS, ExportedRun, ExportFormat, Exports, file_name
from core.export.bundle import LEFT_OUT
from core.export.columns import Column, columns
from core.export.csv import BOM, export_csv
from core.export.exports import BATCH
from core.export.guard import guarded
from core.finding import CheckReport, Deduction, FieldScore, Finding, Scores, Severity
from core.listing import RunFilter
from core.localised import Localised
from core.media import ImageRequest
from core.opinion import Note, Rating, Reason
from core.run import ContractVerdict, Run
from core.services import Services
from core.types import GenerationOptions, ImageOptions, Mode, RunStatus, utc_now
from tests.factories import make_run

ANSWER = {
    "headline": "=SUM(A1:A9)",
    "subheadline": "한 줄로\n끝나지 않는 “따옴표”와, 쉼표",
    "body": 'He said "다"',
    "bullets": ["보온 12시간", "@가벼움", "한 손에"],
    "cta": "담기",
}
REPORT = CheckReport(
    version=3,
    scores=Scores(
        overall=8.5,
        passed=False,
        fields={
            "headline": FieldScore(
                score=5.0, weight=0.25, deductions=(Deduction(code="length.too_long", points=5),)
            )
        },
    ),
    findings=(
        Finding(
            code="length.too_long",
            severity=Severity.ERROR,
            field="headline",
            message=Localised(ko="길어요.", en="It is long."),
        ),
        Finding(
            code="facts.left_out",
            severity=Severity.NOTE,
            message=Localised(ko="빠졌어요.", en="It is left out."),
        ),
    ),
)
SCENE = ImageRequest(
    task="free",
    prompt="아침의 텀블러",
    mode=Mode.MOCK,
    options=ImageOptions(width=64, height=64, batch=2, seed=5),
)


@pytest.fixture
def exports(services: Services) -> Exports:
    return services.exports


def finished(**values: object) -> Run:
    """A run of the task product_detail that ended with `ANSWER`."""
    known: dict[str, object] = {
        "status": RunStatus.SUCCEEDED,
        "finished_at": utc_now(),
        "format": "json",
        "output": json.dumps(ANSWER, ensure_ascii=False),
        "output_json": ANSWER,
        "contract": ContractVerdict(valid=False, errors=("headline is missing.",)),
        "report": REPORT,
        "options": GenerationOptions(temperature=0.8, max_tokens=900),
        "completion_tokens": 120,
        "total_ms": 1234.5,
        "user": "김마케터",
    }
    return make_run(**known | values)


def kept(services: Services, *runs: Run) -> list[str]:
    services.store.insert(runs).result()
    for run in runs:
        services.store.finish(run).result()
    return [run.id for run in runs]


def pictures(services: Services) -> Run:
    """A run of two pictures, made by the mock."""
    return services.gateway.result(services.gateway.submit(SCENE), timeout=30)


def written(exports: Exports, kind: ExportFormat, ids: Iterable[str]) -> bytes:
    return b"".join(exports.stream(kind, list(ids)))


def rows_of(data: bytes) -> list[dict[str, str]]:
    text = data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def unguarded(text: str) -> str:
    return text.removeprefix("'")


# CSV


def test_a_spreadsheet_gets_one_row_a_run_in_the_order_asked_for(
    services: Services, exports: Exports
) -> None:
    ids = kept(services, finished(), finished(task="sns"), finished())

    rows = rows_of(written(exports, ExportFormat.CSV, [ids[2], ids[0], ids[1], ids[0]]))

    assert [row["id"] for row in rows] == [ids[2], ids[0], ids[1]]


def test_a_spreadsheet_reads_back_what_was_recorded(services: Services, exports: Exports) -> None:
    kept(services, run := finished())

    (row,) = rows_of(written(exports, ExportFormat.CSV, [run.id]))

    assert unguarded(row["answer.headline"]) == ANSWER["headline"]
    assert row["answer.subheadline"] == ANSWER["subheadline"]
    assert row["answer.body"] == ANSWER["body"]
    assert row["answer.bullets"].split("\n") == ANSWER["bullets"]
    assert row["payload.product_name"] == "담은 텀블러"
    assert json.loads(row["payload"]) == run.payload
    assert row["output"] == run.output
    assert (row["mode"], row["user"], row["status"]) == ("mock", "김마케터", "succeeded")
    assert datetime.fromisoformat(row["created_at"]) == run.created_at


def test_a_spreadsheet_has_what_the_checks_say(services: Services, exports: Exports) -> None:
    kept(services, run := finished())

    (row,) = rows_of(written(exports, ExportFormat.CSV, [run.id]))

    assert (row["score"], row["passed"], row["contract_valid"]) == ("8.5", "no", "no")
    assert (row["errors"], row["warnings"], row["notes"]) == ("1", "0", "1")
    assert row["findings"].split("\n") == ["length.too_long", "facts.left_out"]
    assert row["score.headline"] == "5.0"
    assert row["score.body"] == ""


def test_a_spreadsheet_has_what_people_say(services: Services, exports: Exports) -> None:
    kept(services, run := finished())
    said = services.opinions
    said.rate(
        Rating(run_id=run.id, user="하나", stars=4, reasons=(Reason.TONE,), comment="좋아요")
    ).result()
    said.rate(Rating(run_id=run.id, user="두리", stars=1)).result()
    said.tag(run.id, "봄 행사").result()
    said.note(Note(run_id=run.id, text="=다시 보기")).result()

    (row,) = rows_of(written(exports, ExportFormat.CSV, [run.id]))

    assert (row["stars"], row["raters"]) == ("2.5", "2")
    assert set(row["ratings"].split("\n")) == {"4 하나 (tone): 좋아요", "1 두리"}
    assert row["tags"] == "봄 행사"
    assert row["note"] == "'=다시 보기"


def test_numbers_stay_numbers(services: Services, exports: Exports) -> None:
    kept(services, run := finished())

    (row,) = rows_of(written(exports, ExportFormat.CSV, [run.id]))

    assert (row["option.temperature"], row["option.max_tokens"]) == ("0.8", "900")
    assert (row["completion_tokens"], row["total_ms"]) == ("120", "1234.5")
    assert row["option.seed"] == ""


def test_a_negative_number_is_no_formula() -> None:
    run = ExportedRun.of(make_run(prompt_tokens=-5))
    column = Column("tokens", lambda one: one.prompt_tokens)

    (row,) = rows_of(b"".join(export_csv([[run]], [column])))

    assert row["tokens"] == "-5"


def test_excel_is_told_that_it_is_unicode(services: Services, exports: Exports) -> None:
    kept(services, run := finished())

    data = written(exports, ExportFormat.CSV, [run.id])

    assert data.startswith(BOM.encode())
    assert data.count(BOM.encode()) == 1


def test_the_columns_are_those_of_the_tasks_in_it(services: Services, exports: Exports) -> None:
    detail, post = finished(), finished(task="sns", output_json=None)
    kept(services, detail, post)

    only = rows_of(written(exports, ExportFormat.CSV, [detail.id]))[0]
    both = rows_of(written(exports, ExportFormat.CSV, [detail.id, post.id]))[0]

    assert "answer.caption" not in only
    assert "answer.caption" in both
    shared = [name for name in only if not name.startswith(("payload.", "answer.", "score."))]
    assert [name for name in both if name in shared] == shared


def test_pictures_have_their_own_columns(services: Services, exports: Exports) -> None:
    run = pictures(services)
    assert run.image is not None

    (row,) = rows_of(written(exports, ExportFormat.CSV, [run.id]))

    assert row["payload.prompt"] == "아침의 텀블러"
    assert (row["option.width"], row["option.seed"]) == ("64", "5")
    assert row["pictures"].split("\n") == [picture.sha256 for picture in run.image.pictures]


def test_an_export_of_nothing_is_a_file_with_names_alone(exports: Exports) -> None:
    data = written(exports, ExportFormat.CSV, ["nobody"])

    assert data.decode("utf-8-sig").startswith("id,created_at,")
    assert rows_of(data) == []


# Formulas

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "  =1",
    '"=1',
    "'=1",
    "“=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠A1",
    "\u200b=1",
    "\ufeff=1",
    "\u00a0=1",
    "\n=cmd|'/c calc'!A1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_made_a_text(text: str) -> None:
    assert guarded(text) == "'" + text


@pytest.mark.parametrize(
    "text", ["", "커피 = 아침", "20% 할인", "a@b.example", "“따옴표” 안", "1-2"]
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert guarded(text) == text


@given(st.text())
def test_whatever_is_written_no_cell_begins_like_a_formula(text: str) -> None:
    run = ExportedRun.of(make_run(output=text, payload={"prompt": text}))
    shown = [one for one in columns([], pictures=True) if one.name in ("payload.prompt", "output")]

    (row,) = rows_of(b"".join(export_csv([[run]], shown)))

    for cell in row.values():
        assert unguarded(cell) == text or cell == text
        assert not cell.lstrip(' \t\r\n\u3000"\u200b').startswith(("=", "+", "-", "@", "＝"))


# JSON Lines


def test_lines_parse_to_the_same_runs(services: Services, exports: Exports) -> None:
    text, image = finished(output="줄\u2028바꿈\x85"), pictures(services)
    kept(services, text)
    services.opinions.rate(Rating(run_id=text.id, user="하나", stars=5)).result()

    lines = written(exports, ExportFormat.JSONL, [text.id, image.id]).decode().splitlines()

    first, second = (ExportedRun.model_validate_json(line) for line in lines)
    assert first.report == REPORT
    assert first.ratings[0].stars == 5
    for exported, run in ((first, text), (second, image)):
        plain = exported.model_dump(mode="json", exclude={"ratings", "tags", "note"})
        for picture in (plain["image"] or {"pictures": ()})["pictures"]:
            assert picture.pop("url").endswith(picture["sha256"])
        assert plain == services.store.get(run.id).model_dump(mode="json")


# ZIP


def test_a_zip_holds_the_tables_and_the_pictures(services: Services, exports: Exports) -> None:
    text, image = finished(), pictures(services)
    kept(services, text)
    assert image.image is not None

    data = written(exports, ExportFormat.ZIP, [text.id, image.id])

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert [row["id"] for row in rows_of(archive.read("runs.csv"))] == [text.id, image.id]
        lines = archive.read("runs.jsonl").splitlines()
        sidecars = [json.loads(archive.read(name)) for name in names if name.endswith(".json")]
        made = [archive.read(name) for name in names if name.endswith(".png")]
    assert [json.loads(line)["id"] for line in lines] == [text.id, image.id]
    assert [sidecar["id"] for sidecar in sidecars] == [image.id, image.id]
    paths = [services.pictures.path(picture.sha256) for picture in image.image.pictures]
    assert made == [path.read_bytes() for path in paths]


def test_a_zip_names_pictures_that_are_gone(services: Services, exports: Exports) -> None:
    run = pictures(services)
    assert run.image is not None
    gone, there = (picture.sha256 for picture in run.image.pictures)
    services.pictures.path(gone).unlink()

    data = written(exports, ExportFormat.ZIP, [run.id])

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read(LEFT_OUT).decode() == gone + "\n"
        assert len([name for name in archive.namelist() if name.endswith(".png")]) == 1
    assert there != gone


def test_a_zip_of_too_many_pictures_is_refused_before_it_begins(
    services: Services, exports: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = pictures(services)
    monkeypatch.setattr("core.export.exports.MAX_ITEMS", 1)

    with pytest.raises(InvalidRequest, match="at most 1 pictures, not 2"):
        exports.stream(ExportFormat.ZIP, [run.id])


# Choosing


def test_a_filter_selects_the_newest_runs_and_says_when_it_was_cut(
    services: Services, exports: Exports
) -> None:
    ids = kept(services, *(finished() for _ in range(3)), finished(task="sns"))

    cut = exports.select(RunFilter(tasks=("product_detail",)), limit=2)
    whole = exports.select(RunFilter(tasks=("product_detail",)), limit=3)

    assert (cut.ids, cut.more) == ((ids[2], ids[1]), True)
    assert (whole.ids, whole.more) == ((ids[2], ids[1], ids[0]), False)


def test_more_runs_than_an_export_holds_are_refused(exports: Exports) -> None:
    with pytest.raises(InvalidRequest, match="at most 10000 runs"):
        exports.stream(ExportFormat.CSV, [str(number) for number in range(MOST_RUNS + 1)])


def test_runs_are_read_in_batches(services: Services, exports: Exports) -> None:
    ids = kept(services, *(finished() for _ in range(2 * BATCH + 1)))

    pieces = list(exports.stream(ExportFormat.JSONL, ids))

    assert [piece.count(b"\n") for piece in pieces] == [BATCH, BATCH, 1]


def test_a_file_is_named_by_its_day() -> None:
    moment = datetime(2026, 11, 24, 9, 5, 2, tzinfo=UTC)

    assert file_name(ExportFormat.CSV, moment) == "sparklio-runs-2026-11-24-090502.csv"
