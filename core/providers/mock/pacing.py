"""How the mock spends its time: an answer cut in token-sized pieces, each with its moment."""

import re
from dataclasses import dataclass

# About a token each: Korean 1.5 characters on the average, Latin 4, the space goes in front.
_TOKEN = re.compile(r"\s?(?:[가-힣]{1,2}|[A-Za-z]{1,4}|\d{1,3}|[^\s가-힣A-Za-z\d]{1,2})|\s+")

FIRST_TOKEN_SECONDS = 0.3
LONGEST_WRITING_SECONDS = 4.0
TICKS_PER_SECOND = 40
PIECES_AT_ONCE = 12


@dataclass(frozen=True)
class Pace:
    """A speed: seconds of loading and until the first token, tokens a second, longest writing.

    `tokens_per_second` 0 writes at once. The speed rises where the answer would take longer
    than `longest` seconds.
    """

    tokens_per_second: float
    loading: float = 0.0
    first_token: float = FIRST_TOKEN_SECONDS
    longest: float = LONGEST_WRITING_SECONDS

    def speed(self, tokens: int) -> float:
        """Tokens a second for an answer of that many; 0 means at once."""
        if not self.tokens_per_second:
            return 0.0
        return max(self.tokens_per_second, tokens / self.longest)


@dataclass(frozen=True)
class Piece:
    """Some text of the answer and when it is due, in seconds from the start of writing."""

    text: str
    at: float


def tokens_of(text: str) -> list[str]:
    """`text` in token-sized parts that join to it again."""
    return _TOKEN.findall(text)


def estimate_tokens(text: str) -> int:
    """About how many tokens a text of any length has, without going through it piece by piece."""
    latin = len(text.encode("ascii", "ignore"))
    return round(latin / 4 + (len(text) - latin) / 1.5)


def plan(tokens: list[str], pace: Pace) -> list[Piece]:
    """The pieces of an answer with their moments; the last one's is how long writing takes.

    A fast writer sends several tokens at a tick, so that an answer stays at most
    `TICKS_PER_SECOND` pieces a second.
    """
    speed = pace.speed(len(tokens))
    if not speed:
        size = max(1, -(-len(tokens) // PIECES_AT_ONCE))
        return [Piece(text, 0.0) for text in _joined(tokens, size)]
    size = max(1, round(speed / TICKS_PER_SECOND))
    return [
        Piece(text, pace.first_token + index * size / speed)
        for index, text in enumerate(_joined(tokens, size))
    ]


def _joined(tokens: list[str], size: int) -> list[str]:
    return ["".join(tokens[start : start + size]) for start in range(0, len(tokens), size)]
