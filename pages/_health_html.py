"""Small tables, lists of facts and bars, as HTML in which whatever comes from outside is text."""

import re
from collections.abc import Collection, Iterable, Sequence
from html import escape

from pages._format import shortened

LONGEST = 160
# Control characters, and those that turn the direction of the text around them.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]+")


def one_line(foreign: str, *, longest: int = LONGEST) -> str:
    """`foreign` on one line, not endlessly long, and without letters that nobody sees."""
    return shortened(_INVISIBLE.sub(" ", foreign).strip(), longest)


def text(foreign: str) -> str:
    """`foreign`, on one line, as HTML that shows its letters."""
    return escape(one_line(foreign))


def facts(pairs: Iterable[tuple[str, str]], *, led: bool = False) -> str:
    """Names with their values below each other, plain text; `led` by the first, the subject."""
    rows = "".join(
        f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in pairs
    )
    return f'<dl class="health-facts{" led" if led else ""}">{rows}</dl>'


def bar(share: float, *, says: str, tone: str = "") -> str:
    """A bar that is filled to `share` of 0 to 1, with what it `says` written below it.

    `tone` "bad" or "tight" colours it; the words must say the same.
    """
    filled = min(max(share, 0.0), 1.0) * 100
    kind = f" {tone}" if tone in ("bad", "tight") else ""
    return (
        f'<div class="health-bar{kind}"><div aria-hidden="true">'
        f'<i style="width:{filled:.1f}%"></i></div><span>{text(says)}</span></div>'
    )


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    label: str,
    numbers: Collection[int] = (),
) -> str:
    """A table of plain text that scrolls when it is long; `numbers` are columns set right."""

    def cells(row: Sequence[str], tag: str) -> str:
        return "".join(
            f'<{tag} class="{"n" if at in numbers else ""}">{text(cell)}</{tag}>'
            for at, cell in enumerate(row)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return (
        f'<div class="health-table" role="region" tabindex="0" aria-label="{text(label)}">'
        f"<table><thead><tr>{cells(head, 'th')}</tr></thead><tbody>{body}</tbody></table></div>"
    )
