"""A text answer while it arrives, and the run it becomes."""

import asyncio
from typing import Any

from core.catalog import Contract
from core.checks.contract import check_contract, check_json
from core.checks.engine import check
from core.checks.subject import Subject
from core.draft import Draft
from core.errors import AnswerTooLong, BrokenAnswer
from core.run import (
    Run,
)
from core.types import (
    Completed,
    Phase,
    PhaseChanged,
    ProviderEvent,
    RunStatus,
    TextDelta,
    ThinkingDelta,
    scrub,
)

MAX_ANSWER_CHARS = 400_000  # text and thinking together
LONG = 2_000  # characters from which on checking would keep other runs waiting


class TextDraft(Draft):
    """Collects the pieces of one text; `contract` judges it in the end."""

    def __init__(self, run: Run, contract: Contract | None = None) -> None:
        super().__init__(run)
        self._contract = contract
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._chars = 0
        self._first_token_ms: float | None = None
        self._completed: Completed | None = None

    @property
    def text(self) -> str:
        """The answer so far."""
        if len(self._text) > 1:
            self._text = ["".join(self._text)]
        return self._text[0] if self._text else ""

    @property
    def thinking(self) -> str:
        """What the model thought so far."""
        if len(self._thinking) > 1:
            self._thinking = ["".join(self._thinking)]
        return self._thinking[0] if self._thinking else ""

    def add(self, event: ProviderEvent) -> None:
        """Take in one event. Raises AnswerTooLong once there is no room for more of it."""
        match event:
            case TextDelta():
                if self._first_token_ms is None:
                    self._first_token_ms = self.elapsed_ms()
                self.phase = Phase.WRITING
                self._take(self._text, event.text)
            case ThinkingDelta():
                self.phase = Phase.THINKING
                self._take(self._thinking, event.text)
            case PhaseChanged():
                self.phase = event.phase
            case Completed():
                self._completed = event

    async def succeeded(self) -> Run:
        """The run of an answer that came whole. Raises BrokenAnswer when it did not."""
        completed = self._completed
        if completed is None:
            raise BrokenAnswer(
                f"{self._run.provider} stopped in the middle of its answer. What arrived is kept; "
                "run it again.",
                provider=self._run.provider,
            )
        if not self.text.strip():
            raise self._empty(completed)
        value, verdict = None, None
        if self._run.format == "json":
            value, verdict = (
                check_contract(self._contract, self.text)
                if self._contract
                else check_json(self.text)
            )
        ended = self._ended(
            RunStatus.SUCCEEDED,
            output_json=value,
            contract=verdict,
            finish_reason=completed.finish_reason,
            **completed.usage.model_dump(),
            load_ms=completed.load_ms,
            tokens_per_second=completed.tokens_per_second or self._speed(completed),
            meta={**self._run.meta, **completed.meta},
        )
        subject = Subject.of(ended, self._contract)
        report = (
            check(subject) if len(self.text) < LONG else await asyncio.to_thread(check, subject)
        )
        return ended.model_copy(update={"report": report})

    def _arrived(self) -> dict[str, Any]:
        return {
            "output": self.text,
            "thinking": self.thinking,
            "first_token_ms": self._first_token_ms,
        }

    def _speed(self, completed: Completed) -> float | None:
        """Tokens a second between the first and the last, where the server did not say."""
        tokens, first = completed.usage.completion_tokens, self._first_token_ms
        if not tokens or tokens < 2 or first is None:
            return None
        seconds = (self.elapsed_ms() - first) / 1000
        return (tokens - 1) / seconds if seconds > 0 else None

    def _take(self, pieces: list[str], text: str) -> None:
        """Add `text` to `pieces` as far as there is room for it."""
        room = MAX_ANSWER_CHARS - self._chars
        pieces.append(scrub(text[:room]))
        self._chars += min(len(text), room)
        if len(text) > room:
            raise AnswerTooLong(
                f"The answer went on for over {MAX_ANSWER_CHARS:,} characters and was stopped. "
                "What arrived is kept. Lower the most tokens allowed, or try another model.",
                provider=self._run.provider,
                details={"limit": MAX_ANSWER_CHARS},
            )

    def _empty(self, completed: Completed) -> BrokenAnswer:
        if self.thinking and completed.finish_reason == "length":
            words = "used all its tokens for thinking. Allow more tokens"
        else:
            words = "ended without writing anything. Run it again"
        return BrokenAnswer(
            f"{self._run.model} {words}, or try another model.",
            provider=self._run.provider,
            details={"finish_reason": completed.finish_reason},
        )
