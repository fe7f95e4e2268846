"""Does a post fit the channel that it is for? Counted as the channel itself counts."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core.checks.found import MOST_A_FIELD, WHOLE, found, short
from core.checks.rule_files import rules
from core.checks.subject import FieldText, Subject
from core.finding import Finding, Severity

_RULES = rules("channels")
_EMOJI_BASE = (
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b05-\u2b55\u231a-\u23ff\u2934\u2935\u3030\u303d"
    "\u3297\u3299\u2190-\u21ff\u25aa-\u25fe\u00a9\u00ae\u203c\u2049\u2122\u2139]"
)
_MODIFIER = "[\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3"
    f"|{_EMOJI_BASE}{_MODIFIER}*(?:\u200d{_EMOJI_BASE}{_MODIFIER}*)*"
)
_LIGHT = re.compile(
    "[" + "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in _RULES["x"]["light"]) + "]"
)
_STRETCH = 1000
_ADDRESS = re.compile(r"\b(?:https?://|www\.)[^\s가-힣]+", re.IGNORECASE)
_HASHTAG = re.compile(r"(?<![\w&])[#＃]\w+")


def check_channel(subject: Subject) -> Iterator[Finding]:
    """A post that is too long for its channel, has too many hashtags, or signs that a text
    message cannot carry.
    """
    name = _platform(subject)
    channel = _RULES.get(name)
    if subject.task != _RULES["task"] or not isinstance(channel, dict):
        return
    parts = [text for text in subject.texts if text.top in channel["fields"] or not text.name]
    yield from _length(parts, channel)
    yield from _hashtags(subject, channel)
    if channel["count"] == "bytes":
        for part in parts:
            yield from _no_cp949(part, channel)


def _platform(subject: Subject) -> str:
    asked = subject.payload.get("platform") or subject.answer.get("platform")
    return asked if isinstance(asked, str) else ""


def weight_on_x(text: str) -> int:
    """How much of a post's 280 `text` takes: Hangul and emoji two, an address 23."""
    rule = _RULES["x"]
    addresses = len(_ADDRESS.findall(text))
    rest = _ADDRESS.sub("", text)
    emoji = 0

    def dropped(_: re.Match[str]) -> str:
        nonlocal emoji
        emoji += 1
        return ""

    rest = _EMOJI.sub(dropped, rest)
    return rule["address"] * addresses + 2 * emoji + 2 * len(rest) - len(_LIGHT.findall(rest))


def bytes_in_cp949(text: str) -> int:
    """How many bytes a Korean carrier counts; a sign that CP949 lacks counts as one ("?")."""
    return len(text.encode("cp949", errors="replace"))


def _length_on_threads(text: str) -> int:
    emoji = sum(len(one.group().encode()) for one in _EMOJI.finditer(text))
    return len(_EMOJI.sub("", text)) + emoji


_COUNTS: Mapping[str, tuple[Callable[[str], int], str, str]] = {
    "characters": (len, "자", "characters"),
    "weighted": (
        weight_on_x,
        "자(한글은 2자로 셈)",
        "characters (Hangul counts 2)",
    ),
    "bytes": (bytes_in_cp949, "바이트", "bytes"),
    "threads": (_length_on_threads, "자", "characters"),
}


def _length(parts: list[FieldText], channel: Mapping[str, Any]) -> Iterator[Finding]:
    if "limit" not in channel or not parts:
        return
    count, ko, en = _COUNTS[channel["count"]]
    length = count(_published(parts))
    if length > channel["limit"]:
        label, limit = channel["label"], channel["limit"]
        yield found(
            "channel.too_long",
            Severity.ERROR,
            FieldText(parts[0].top, ""),
            None,
            evidence=str(length),
            ko=f"{label['ko']}에는 {limit:,}{ko}까지 올릴 수 있는데 모두 {length:,}이에요.",
            en=f"{label['en']} takes {limit:,} {en}; this is {length:,} in all.",
        )


def _published(parts: list[FieldText]) -> str:
    """The post as it would be published: hashtags in one line, everything else in its own."""
    lines: list[str] = [part.text for part in parts if not part.text.startswith("#")]
    tags = " ".join(part.text for part in parts if part.text.startswith("#"))
    return "\n".join([*lines, tags] if tags else lines)


def _hashtags(subject: Subject, channel: Mapping[str, Any]) -> Iterator[Finding]:
    tags = [tag for text in subject.texts for tag in _HASHTAG.findall(text.text)]
    most = channel.get("hashtags", len(tags))
    if len(tags) > most:
        label = channel["label"]
        yield found(
            "channel.hashtags",
            Severity.WARNING,
            FieldText("hashtags", "") if "hashtags" in subject.answer else WHOLE,
            None,
            evidence=" ".join(tags),
            ko=f"{label['ko']}에는 해시태그를 {most}개까지 달 수 있는데 {len(tags)}개예요.",
            en=f"{label['en']} takes {most} hashtags; there are {len(tags)}.",
        )


def _no_cp949(part: FieldText, channel: Mapping[str, Any]) -> Iterator[Finding]:
    try:
        part.text.encode("cp949")
    except UnicodeEncodeError:
        label = channel["label"]
        for (start, end), _ in zip(_unknown_runs(part.text), range(MOST_A_FIELD), strict=False):
            yield found(
                "channel.cp949",
                Severity.WARNING,
                part,
                (start, end),
                ko=f"{label['ko']}로 보낼 수 없는 글자예요: ‘{short(part.text[start:end])}’",
                en=f"{label['en']} cannot carry “{short(part.text[start:end])}”.",
            )


def _unknown_runs(text: str) -> Iterator[tuple[int, int]]:
    """Where characters stand that CP949 does not have, neighbours together."""
    place = 0
    while place < len(text):
        try:
            text[place : place + _STRETCH].encode("cp949")
            place += _STRETCH
        except UnicodeEncodeError as error:
            start = place + error.start
            place = start + 1
            while place < len(text) and not text[place].encode("cp949", errors="ignore"):
                place += 1
            yield start, place
