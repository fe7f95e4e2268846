"""Numbers, times and names as a reader of the session's language writes them."""

import re
from datetime import UTC, datetime

from babel.dates import format_timedelta
from babel.numbers import format_decimal

from pages._i18n import _, language

UNKNOWN = "–"


def number(value: float | None, *, digits: int = 0) -> str:
    """`value` with `digits` decimals, or a dash when unknown."""
    if value is None:
        return UNKNOWN
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(value, format=pattern, locale=language().value)


def short_number(value: float) -> str:
    """`value` with only the decimals it has: 0.8, 1, 0.95."""
    return format_decimal(value, format="0.##", locale=language().value)


def seconds(milliseconds: float | None, *, digits: int = 1) -> str:
    """A duration in seconds: `1.2 s`; under 100 ms in milliseconds."""
    if milliseconds is None:
        return UNKNOWN
    if 0 < milliseconds < 100 and digits:
        return _("{n} ms").format(n=number(milliseconds))
    return _("{n} s").format(n=number(milliseconds / 1000, digits=digits))


_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")


def size(count: float | None, *, binary: bool = False) -> str:
    """`count` bytes as people say it: `812 kB`, `9.0 GB`; a dash when unknown.

    `binary` counts in steps of 1024, as memory is sold; else in steps of 1000, as disks are.
    """
    if count is None:
        return UNKNOWN
    step, place = (1024 if binary else 1000), 0
    while count >= step and place < len(_SIZES) - 1:
        count, place = count / step, place + 1
    digits = 1 if place >= 2 and count < 100 else 0
    return f"{number(count, digits=digits)} {_SIZES[place]}"


def ago(moment: datetime) -> str:
    """How long ago `moment` was, in words."""
    delta = moment - datetime.now(UTC)
    if abs(delta.total_seconds()) < 60:
        return _("just now")
    return format_timedelta(delta, add_direction=True, locale=language().value, format="short")


_MARKDOWN = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]()<>#+-.!|~$&\"'@/=^:"})
_REPLACED_LATE = re.compile(
    r"(?<=:)(?=[\w/+-]+:)"  # :tada:, :material/home:
    r"|(?<=-)(?=-)|(?<=[-=])(?=>)|(?<=<)(?=-)"  # --, ->, =>, <-
    r"|(?<=:)(?=//)|(?<=www)(?=\.)|(?=@)",  # addresses
    re.IGNORECASE,
)
_WORD_JOINER = "\u2060"
# Control characters, and those that turn the direction of all that follows on the line.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]+")


def plain(text: str) -> str:
    """`text` safe in a label or caption: markdown, directives, icons and links stay letters.

    For names only, never for an answer: Streamlit replaces `:icon:`, arrows and addresses after
    escapes are gone, and the invisible joiner that prevents it would be copied along.
    """
    single_line = " ".join(_INVISIBLE.sub(" ", text).split())
    return _REPLACED_LATE.sub(_WORD_JOINER, single_line).translate(_MARKDOWN)


_IN_CODE = re.compile(r"[\w.:/@ +-]+")


def code_span(command: str) -> str:
    """`command` as markdown in the letters of code, or as `plain` text where code would break."""
    return f"`{command}`" if _IN_CODE.fullmatch(command) else plain(command)


def shortened(text: str, length: int) -> str:
    """The first `length` characters of `text`, with an ellipsis where it goes on."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def red(words: str) -> str:
    """`words`, ours and not a model's, as markdown in red."""
    return f":red[{words}]"


def gray(words: str) -> str:
    """`words`, ours and not a model's, as markdown in gray."""
    return f":gray[{words}]"


def green(words: str) -> str:
    """`words`, ours and not a model's, as markdown in green."""
    return f":green[{words}]"


def orange(words: str) -> str:
    """`words`, ours and not a model's, as markdown in orange."""
    return f":orange[{words}]"


def bold(words: str) -> str:
    """`words`, ours and not a model's, as markdown in bold."""
    return f"**{words}**"


def small(markdown: str) -> str:
    """`markdown` in small letters, and unlike a caption not paler for it."""
    return f":small[{markdown}]"
