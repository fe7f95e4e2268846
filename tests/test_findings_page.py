"""What the checks say, as it stands on a page: scores explained, findings with their evidence."""

import json

import pytest

from core.checks.families import CODES
from core.finding import CheckReport, Deduction, FieldScore, Finding, Scores, Severity
from core.localised import Localised
from core.run import ContractVerdict, Run
from core.services import Services
from core.types import RunStatus, utc_now
from pages._findings import findings_count, score_line
from tests import page_kit
from tests.factories import make_run
from tests.page_kit import Open, words_of

ANSWER = {
    "headline": "담은 텀블러 [링크](http://evil.example)",
    "subheadline": "아침에 담은 커피가 저녁까지",
    "body": "보온 12시간. 가방에 넣고 다니기 좋은 크기예요.",
    "bullets": ["보온 12시간", "보온 열두 시간", "가벼운 무게"],
    "cta": "지금 담기",
}
PRODUCT_NAME = Finding(
    code="headline.product_name",
    severity=Severity.ERROR,
    field="headline",
    start=0,
    end=6,
    evidence="담은 텀블러",
    message=Localised(
        ko="제목이 제품 이름뿐이에요.", en="The headline is only the product's name."
    ),
)
ALIKE = Finding(
    code="repeat.bullet",
    severity=Severity.WARNING,
    field="bullets[1]",
    start=0,
    end=2,
    evidence="보온",
    message=Localised(ko="앞 항목과 비슷해요.", en="It is like the item before it."),
)
FENCED = Finding(
    code="format.fenced",
    severity=Severity.NOTE,
    message=Localised(ko="답이 코드 울타리 안에 있어요.", en="The answer stands in a fence."),
)
GOOD = CheckReport(version=1, scores=Scores(overall=10.0, passed=True))
POOR = CheckReport(
    version=1,
    scores=Scores(
        overall=7.4,
        passed=False,
        fields={
            "headline": FieldScore(
                score=5.0,
                weight=0.25,
                deductions=(Deduction(code="headline.product_name", points=5.0),),
            ),
            "bullets": FieldScore(
                score=8.0, weight=0.2, deductions=(Deduction(code="repeat.bullet", points=2.0),)
            ),
        },
        deductions=(Deduction(code="format.not_known_any_more", points=1.0),),
    ),
    findings=(PRODUCT_NAME, ALIKE, FENCED),
)


@pytest.fixture
def open_page(services: Services, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open the page on the services of this test."""
    monkeypatch.setattr("core.services.get_services", lambda: services)
    return page_kit.open_page


def finished(services: Services, report: CheckReport | None, **values: object) -> Run:
    """A run in the database that ended with `ANSWER`."""
    run = make_run(batch_id="one", provider="mock", format="json")
    services.store.insert([run]).result()
    known: dict[str, object] = {
        "status": RunStatus.SUCCEEDED,
        "finished_at": utc_now(),
        "output": json.dumps(ANSWER, ensure_ascii=False),
        "output_json": ANSWER,
        "contract": ContractVerdict(valid=True),
        "report": report,
    }
    run = run.model_copy(update=known | values)
    services.store.finish(run).result()
    return run


def test_a_score_stands_with_its_word(open_page: Open, services: Services) -> None:
    finished(services, POOR)
    shown = words_of(open_page(batch="one"))
    assert "**7.4**\u00a0/\u00a010" in shown
    assert "Needs work" in shown
    assert "Passes the bar" not in shown


def test_a_score_is_explained_field_by_field(open_page: Open, services: Services) -> None:
    finished(services, POOR)
    page = open_page(batch="one")
    shown = words_of(page)
    assert "**Headline** 5 / 10 :small[:gray[weight 25 %]]" in shown
    assert "**Bullets** 8 / 10 :small[:gray[weight 20 %]]" in shown
    captions = [caption.value for caption in page.caption]
    assert "−5 · The headline is only the product\\'s name\\." in captions
    assert "−2 · Bullets 2 · It is like the item before it\\." in captions
    assert any(line.startswith("−1 · ") for line in captions), (
        "a cost without a finding is told too"
    )
    assert any("at least 7.0 in all, and no field under 6.0" in line for line in captions)


def test_findings_come_by_field_in_the_order_of_the_contract(
    open_page: Open, services: Services
) -> None:
    finished(services, POOR)
    shown = words_of(open_page(batch="one"))
    said = ["stands in a fence", "only the product", "like the item before"]
    places = [shown.index(words) for words in said]
    assert places == sorted(places)


def test_a_severity_is_a_word_and_an_icon_not_only_a_colour(
    open_page: Open, services: Services
) -> None:
    finished(services, POOR)
    shown = words_of(open_page(batch="one"))
    assert ":red[:material/error: Error]" in shown
    assert ":orange[:material/warning: Warning]" in shown
    assert ":gray[:material/info: Note]" in shown


def test_the_evidence_is_marked_within_its_words(open_page: Open, services: Services) -> None:
    finished(services, POOR)
    shown = words_of(open_page(batch="one"))
    assert ":small[:gray-background[보온] :gray[열두 시간]]" in shown
    assert "Bullets 2" in shown


def test_a_models_words_in_the_evidence_stay_letters(open_page: Open, services: Services) -> None:
    finished(services, POOR)
    shown = words_of(open_page(batch="one"))
    quoted = next(line for line in shown.splitlines() if "gray-background[담은 텀블러]" in line)
    assert "\\[링크\\]" in quoted
    assert "](http" not in quoted


def test_a_faultless_answer_is_told_calmly(open_page: Open, services: Services) -> None:
    finished(services, GOOD)
    shown = words_of(open_page(batch="one"))
    assert f"No findings. {len(CODES)} checks looked at it." in shown
    assert "Keeps every rule" in shown
    assert "Passes the bar" in shown


def test_a_run_says_how_much_was_found_before_its_answer(
    open_page: Open, services: Services
) -> None:
    finished(services, POOR)
    shown = words_of(open_page(batch="one"))
    assert ":red[:material/error: 1 error] · :orange[:material/warning: 1 warning]" in shown
    assert "Keeps every rule" not in shown


def test_a_fault_is_not_told_twice(open_page: Open, services: Services) -> None:
    verdict = ContractVerdict(valid=False, errors=("headline is missing.",))
    finished(services, POOR, contract=verdict)
    assert "Headline is missing" not in words_of(open_page(batch="one"))


def test_an_older_run_without_a_report_shows_its_faults(
    open_page: Open, services: Services
) -> None:
    verdict = ContractVerdict(valid=False, errors=("headline is missing.",))
    finished(services, None, contract=verdict)
    shown = words_of(open_page(batch="one"))
    assert "Headline is missing" in shown
    assert "\u00a0/\u00a010" not in shown


def test_a_run_that_failed_has_no_score(open_page: Open, services: Services) -> None:
    finished(services, None, status=RunStatus.FAILED, error_code="provider_timeout", output="")
    assert "\u00a0/\u00a010" not in words_of(open_page(batch="one"))


def test_findings_are_told_in_the_language_of_the_page(open_page: Open, services: Services) -> None:
    finished(services, POOR)
    shown = words_of(open_page(locale="ko-KR", batch="one"))
    assert "제목이 제품 이름뿐이에요" in shown
    assert "손볼 곳이 있어요" in shown
    assert "only the product" not in shown


def test_places_beyond_the_text_are_quoted_as_they_were_found(
    open_page: Open, services: Services
) -> None:
    beyond = PRODUCT_NAME.model_copy(update={"start": 500, "end": 900})
    finished(services, POOR.model_copy(update={"findings": (beyond,)}))
    assert ":small[:gray-background[담은 텀블러]]" in words_of(open_page(batch="one"))


def test_a_line_for_lists_has_score_and_word() -> None:
    assert (
        score_line(GOOD)
        == ":green[:material/check_circle: 기준을 통과했어요] · **10.0**\u00a0/\u00a010"
    )


def test_nothing_found_counts_as_nothing() -> None:
    assert findings_count(GOOD) == ""
