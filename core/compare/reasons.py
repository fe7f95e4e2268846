"""What speaks for and against a live answer that stands in for the mock's, in two languages."""

from enum import StrEnum

from core.catalog.contract import Contract
from core.finding import Finding
from core.localised import Localised
from core.run import Run
from core.types import Frozen, Mode, RunStatus


class Weight(StrEnum):
    """What a reason does to the verdict; a note does nothing."""

    BREAKS = "breaks"
    DIFFERS = "differs"
    NOTE = "note"


class Reason(Frozen):
    """One reason. `code` is stable, `field` names the place ("" is the whole answer)."""

    code: str
    weight: Weight
    field: str = ""
    message: Localised


def _reason(code: str, weight: Weight, *, ko: str, en: str, field: str = "") -> Reason:
    return Reason(code=code, weight=weight, field=field, message=Localised(ko=ko, en=en))


def field_name(field: str, contract: Contract | None) -> Localised:
    """A field as people read it: its label in the contract and the number of a list's item."""
    names = field.replace("]", "").replace("[", ".").split(".")
    words = ".".join(name for name in names if not name.isdigit())
    numbers = "".join(f" {int(name) + 1}" for name in names if name.isdecimal())
    labels = contract.labels if contract else {}
    label = labels.get(words)
    if label is None:
        return Localised(ko=field or "답변", en=field or "The answer")
    return Localised(ko=label.ko + numbers, en=label.en + numbers)


def not_a_pair() -> Reason:
    """The two are not one of the mock and one live."""
    return _reason(
        "pair.modes",
        Weight.NOTE,
        ko="목업 실행 하나와 라이브 실행 하나가 있어야 비교할 수 있어요.",
        en="One run of the mock and one live run are needed.",
    )


def other_task() -> Reason:
    """They were asked for different things."""
    return _reason(
        "pair.task",
        Weight.NOTE,
        ko="두 실행의 작업이 달라서 비교할 수 없어요.",
        en="The two runs are of different tasks.",
    )


def under_way(run: Run) -> Reason:
    """One of them has not ended."""
    ko, en = _side(run)
    return _reason(
        "pair.under_way",
        Weight.NOTE,
        ko=f"{ko} 실행이 아직 끝나지 않았어요.",
        en=f"The {en} run has not ended yet.",
    )


def no_answer(run: Run) -> Reason:
    """One of them has no answer: it failed or was stopped."""
    ko, en = _side(run)
    if run.status is RunStatus.FAILED:
        return _reason(
            f"pair.{run.error_code or 'failed'}",
            Weight.NOTE,
            ko=f"{ko} 실행이 실패해서 답변이 없어요.",
            en=f"The {en} run failed, so there is no answer.",
        )
    return _reason(
        "pair.stopped",
        Weight.NOTE,
        ko=f"{ko} 실행이 도중에 멈춰서 온전한 답변이 없어요.",
        en=f"The {en} run was stopped, so there is no whole answer.",
    )


def other_payload() -> Reason:
    """The briefs differ, so lengths and words say little."""
    return _reason(
        "request.payload",
        Weight.NOTE,
        ko="두 실행의 요청 내용이 달라요. 형식과 규칙만 비교했어요.",
        en="The two briefs differ: only form and rules are compared.",
    )


def other_language() -> Reason:
    """The answers were asked for in different languages."""
    return _reason(
        "request.language",
        Weight.NOTE,
        ko="서로 다른 언어로 요청했어요.",
        en="They were asked for in different languages.",
    )


def other_format(mock: Run, live: Run) -> Reason:
    """One was asked for JSON, the other for plain text."""
    return _reason(
        "request.format",
        Weight.DIFFERS,
        ko=f"답변 형식을 다르게 요청했어요. 목업은 {mock.format}, 라이브는 {live.format}예요.",
        en=f"Different forms were asked for: {mock.format} of the mock, {live.format} live.",
    )


def mock_breaks() -> Reason:
    """The mock's own answer is no promise."""
    return _reason(
        "mock.breaks",
        Weight.DIFFERS,
        ko="목업 답변도 규칙을 지키지 못해서 기준으로 삼기 어려워요.",
        en="The mock's own answer breaks the rules, so it promises little.",
    )


def of_finding(finding: Finding, weight: Weight, contract: Contract | None) -> Reason:
    """What a check found in the live answer."""
    place = field_name(finding.field, contract)
    ko, en = finding.message.ko, finding.message.en
    return _reason(
        finding.code,
        weight,
        field=finding.field,
        ko=f"{place.ko}: {ko}" if finding.field else ko,
        en=f"{place.en}: {en}" if finding.field else en,
    )


def of_fault(fault: str) -> Reason:
    """What the contract's validator found, in its own words."""
    return _reason("contract.fault", Weight.BREAKS, ko=fault, en=fault)


def times_not_compared() -> Reason:
    """Said with every verdict, so that nobody reads a speed out of it."""
    return _reason(
        "times.simulated",
        Weight.NOTE,
        ko="목업의 시간과 토큰 수는 흉내 낸 값이라 비교하지 않았어요.",
        en="Times and tokens of the mock are simulated, so they are not compared.",
    )


def _side(run: Run) -> tuple[str, str]:
    return ("목업", "mock") if run.mode is Mode.MOCK else ("라이브", "live")


def shape_reason(code: str, field: str, place: Localised, *, ko: str, en: str) -> Reason:
    """A difference in shape of one field, told behind its name."""
    return _reason(
        code, Weight.DIFFERS, field=field, ko=f"{place.ko}: {ko}", en=f"{place.en}: {en}"
    )


def size_reason(
    field: str, place: Localised, lengths: tuple[int, int], *, weight: Weight
) -> Reason:
    """`lengths` are the mock's and the live text's, in characters."""
    mock, live = lengths
    longer = live > mock
    far_ko, far_en = ("길어요", "more") if longer else ("짧아요", "fewer")
    return _reason(
        "size.longer" if longer else "size.shorter",
        weight,
        field=field,
        ko=f"{place.ko}: 목업은 {mock}자인데 라이브는 {live}자로 훨씬 {far_ko}.",
        en=f"{place.en}: {live} characters live, far {far_en} than the mock's {mock}.",
    )
