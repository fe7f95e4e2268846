"""Markdown in texts that are shown as they are."""

import re
from collections.abc import Iterator

from core.checks.found import MOST_A_FIELD, found, short
from core.checks.subject import FieldText, Subject
from core.finding import Finding, Severity

# Every pattern is bounded, or runs along one line once.
_ANYWHERE = re.compile(
    r"\*\*(?=\S)[^*\n]{1,200}\*\*"  # **bold**
    r"|(?<![\w_])__(?=[^\s_])[^_\n]{1,200}__(?![\w_])"  # __bold__
    r"|~~(?=\S)[^~\n]{1,200}~~"  # ~~struck~~
    r"|```"
    r"|(?<!`)`[^`\n]{1,200}`(?!`)"  # `code`
    r"|!?\[[^\[\]\n]{1,200}\]\((?:https?://|www\.|/|#)[^()\s]{0,300}\)"  # [link](address)
    r"|^[ ]{0,3}#{1,6}[ ]+\S"  # # heading
    r"|^[ ]{0,3}>[ ]+\S"  # > quotation
    r"|^\|[^|\n]{0,200}\|"  # | table |
    r"|^[ ]{0,3}(?:-{3,}|\*{3,})[ ]*$",  # ---
    re.MULTILINE,
)
_LIST_MARK = re.compile(r"\s*(?:[-*+]|\d{1,2}[.)])[ ]+(?=\S)")


def check_markup(subject: Subject) -> Iterator[Finding]:
    """Markdown in the fields of a contract. A free answer may have it; so may lists in a text
    answer, whose prompt asks for them.
    """
    if subject.contract is None or (subject.wants_json and subject.parsed is None):
        return
    for text in subject.texts:
        mark = _LIST_MARK.match(text.text) if text.name else None
        if mark:
            yield _finding(text, mark.span())
        hits = (hit for hit in _ANYWHERE.finditer(text.text) if not _is_known(hit, subject))
        for hit, _ in zip(hits, range(MOST_A_FIELD), strict=False):
            yield _finding(text, hit.span())


def _is_known(hit: re.Match[str], subject: Subject) -> bool:
    return len(hit.group()) > 3 and hit.group() in subject.payload_text


def _finding(text: FieldText, span: tuple[int, int]) -> Finding:
    shown = short(text.text[slice(*span)])
    return found(
        "markup.markdown",
        Severity.WARNING,
        text,
        span,
        ko=f"마크다운 기호 ‘{shown}’이(가) 고객에게 그대로 보여요.",
        en=f"Customers would see the markdown “{shown}” as it is.",
    )
