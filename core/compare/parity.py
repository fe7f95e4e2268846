"""Mock against live: one verdict, with its reasons.

The question is whether what was built on the mock's answers can rely on the live ones: the
contract that the mock promises, the shape of the answer, and how large its parts are.
"""

from collections.abc import Iterator
from enum import StrEnum

from pydantic import Field

from core.catalog.contract import Contract
from core.checks.engine import check
from core.checks.subject import Subject
from core.compare import reasons, shape
from core.compare.options import same_payload
from core.compare.reasons import Reason, Weight
from core.errors import AnswerTooLong, BrokenAnswer
from core.finding import CheckReport, Severity
from core.run import Run
from core.types import Frozen, Mode, RunStatus


class ParityVerdict(StrEnum):
    """What comes of a pair. `broken`: the live answer breaks the contract; `differs`: it keeps
    it, and is yet not what the mock led to expect; `cannot_say`: there are no two answers.
    """

    HOLDS = "holds"
    DIFFERS = "differs"
    BROKEN = "broken"
    CANNOT_SAY = "cannot_say"


class Parity(Frozen):
    """The verdict on one pair, and its reasons with the gravest first."""

    verdict: ParityVerdict
    reasons: tuple[Reason, ...] = Field(default=())


_NO_ANSWER = (BrokenAnswer.code, AnswerTooLong.code)
_KINDS_OF_CONTRACT = ("format", "field", "length", "list", "choice", "number")


def parity(mock: Run, live: Run, contract: Contract | None) -> Parity:
    """Whether `live` keeps what `mock` promises; `contract` is that of their task.

    Never raises: a pair that cannot be compared is `cannot_say` with the reason. Times and
    tokens are not compared, for the mock's are simulated.
    """
    obstacle = _obstacle(mock, live)
    if obstacle is not None:
        broken = live.status is RunStatus.FAILED and live.error_code in _NO_ANSWER
        verdict = ParityVerdict.BROKEN if broken else ParityVerdict.CANNOT_SAY
        return Parity(verdict=verdict, reasons=(obstacle,))
    found = list(_conditions(mock, live))
    if mock.kind == "image":
        found += shape.of_pictures(mock, live)
    else:
        found += _contract_reasons(mock, live, contract)
        told = {reason.field for reason in found if reason.weight is Weight.BREAKS}
        shapes = shape.of_answers(mock, live, contract, same_request=same_payload(mock, live))
        found += (reason for reason in shapes if reason.field not in told)
    order = list(Weight)
    found.sort(key=lambda reason: order.index(reason.weight))
    return Parity(verdict=_verdict(found), reasons=(*found, reasons.times_not_compared()))


def _verdict(found: list[Reason]) -> ParityVerdict:
    weights = {reason.weight for reason in found}
    if Weight.BREAKS in weights:
        return ParityVerdict.BROKEN
    return ParityVerdict.DIFFERS if Weight.DIFFERS in weights else ParityVerdict.HOLDS


def _obstacle(mock: Run, live: Run) -> Reason | None:
    """Why the two cannot be compared, if they cannot."""
    if mock.mode is not Mode.MOCK or live.mode is not Mode.LIVE:
        return reasons.not_a_pair()
    if (mock.kind, mock.task) != (live.kind, live.task):
        return reasons.other_task()
    for run in (mock, live):
        if not run.status.is_final:
            return reasons.under_way(run)
        if run.status is not RunStatus.SUCCEEDED:
            return reasons.no_answer(run)
    return None


def _conditions(mock: Run, live: Run) -> Iterator[Reason]:
    """In what the two were asked differently: it does not decide, but must be known."""
    if not same_payload(mock, live):
        yield reasons.other_payload()
    if mock.language is not live.language:
        yield reasons.other_language()
    if mock.format != live.format:
        yield reasons.other_format(mock, live)


def _contract_reasons(mock: Run, live: Run, contract: Contract | None) -> Iterator[Reason]:
    ours, theirs = _report(mock, contract), _report(live, contract)
    known = {finding.code for finding in ours.findings}
    if mock.format != live.format:
        return
    if any(_is_of_contract(one.code) for one in ours.findings if one.severity is Severity.ERROR):
        yield reasons.mock_breaks()
    told = False
    for finding in theirs.findings:
        if finding.severity is Severity.ERROR and _is_of_contract(finding.code):
            told = True
            yield reasons.of_finding(finding, Weight.BREAKS, contract)
        elif finding.severity is Severity.ERROR and finding.code not in known:
            yield reasons.of_finding(finding, Weight.DIFFERS, contract)
        elif finding.severity is Severity.WARNING and finding.code not in known:
            yield reasons.of_finding(finding, Weight.NOTE, contract)
    if not told and live.contract is not None and not live.contract.valid:
        yield from (reasons.of_fault(fault) for fault in live.contract.errors)


def _is_of_contract(code: str) -> bool:
    return code.split(".", 1)[0] in _KINDS_OF_CONTRACT


def _report(run: Run, contract: Contract | None) -> CheckReport:
    return run.report or check(Subject.of(run, contract))
