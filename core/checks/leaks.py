"""Text of the prompt in the answer: its labels, its rules word by word, a server's own marks."""

import re
from collections.abc import Iterator
from functools import lru_cache

from core.checks.found import found, short
from core.checks.rule_files import rules
from core.checks.subject import FieldText, Subject
from core.checks.words import is_hangul
from core.finding import Finding, Severity

_MARKS = re.compile(rules("leaks").pattern("patterns").pattern, re.IGNORECASE | re.MULTILINE)
_LABEL = re.compile(r"^\s{0,3}(\[[^\[\]\n]{1,30}\])", re.MULTILINE)
# Runs that no two texts share by chance: Hangul says more with fewer characters.
_RUN_HANGUL, _LEAST_HANGUL = 20, 13
_RUN_LATIN = 40
_STEP = 2


def check_leaks(subject: Subject) -> Iterator[Finding]:
    """The first leak in a text. What the request itself says is no leak."""
    prompt = "\n".join(one.content for one in subject.messages if one.role == "system")
    labels = _labels("\n".join(one.content for one in subject.messages))
    for text in subject.texts:
        span = _mark(text.text, labels, subject.payload_text) or (
            _run(text.text, prompt, subject.payload_text) if prompt else None
        )
        if span:
            yield _finding(text, span)


def _mark(text: str, labels: frozenset[str], known: str) -> tuple[int, int] | None:
    for label in labels:
        place = text.find(label)
        if place >= 0 and label not in known:
            return place, place + len(label)
    hit = next((hit for hit in _MARKS.finditer(text) if hit.group() not in known), None)
    return hit.span() if hit else None


def _run(text: str, prompt: str, known: str) -> tuple[int, int] | None:
    """The first long run of `text` that stands in `prompt` word by word."""
    grams = _grams(prompt)
    for place in range(0, len(text) - _RUN_HANGUL + 1, _STEP):
        size = next(
            (
                size
                for size in (_RUN_HANGUL, _RUN_LATIN)
                if text[place : place + size] in grams and len(text) >= place + size
            ),
            None,
        )
        if size and text[place : place + size] not in known:
            return _widened(text, prompt, place, place + size)
    return None


def _widened(text: str, prompt: str, start: int, end: int) -> tuple[int, int]:
    while start and text[start - 1 : end] in prompt:
        start -= 1
    while end < len(text) and text[start : end + 1] in prompt:
        end += 1
    return start, end


@lru_cache(maxsize=64)
def _grams(prompt: str) -> frozenset[str]:
    """Every run of `prompt` that is long enough to be told from chance."""
    grams = set()
    for place in range(len(prompt) - _RUN_HANGUL + 1):
        run = prompt[place : place + _RUN_HANGUL]
        if sum(map(is_hangul, run)) >= _LEAST_HANGUL:
            grams.add(run)
        longer = prompt[place : place + _RUN_LATIN]
        if len(longer) == _RUN_LATIN and sum(map(str.isalpha, longer)) >= _RUN_LATIN // 2:
            grams.add(longer)
    return frozenset(grams)


@lru_cache(maxsize=64)
def _labels(prompt: str) -> frozenset[str]:
    """The labels of the prompt's parts: [요청서], [할 일] …"""
    return frozenset(match[1] for match in _LABEL.finditer(prompt))


def _finding(text: FieldText, span: tuple[int, int]) -> Finding:
    shown = short(text.text[slice(*span)])
    return found(
        "leak.prompt",
        Severity.ERROR,
        text,
        span,
        ko=f"모델에게 준 지시문 ‘{shown}’이(가) 답변에 들어 있어요.",
        en=f"“{shown}” is text of the prompt, not copy.",
    )
