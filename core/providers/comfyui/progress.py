"""What is known of one job while it is made, from websocket and polls, as events to show.

Only the newest of each kind is kept: a slow reader misses previews and steps, never the end,
and never makes the websocket wait.
"""

import asyncio
import time
from typing import Any

from core.media import MediaEvent, Preview, Progress, QueuePlace
from core.providers.comfyui.graph import Titles
from core.providers.comfyui.messages import Message, PreviewFrame
from core.types import Phase, PhaseChanged

FAILURES = ("execution_error", "execution_interrupted")
MOST = 2**53
ENDS = (*FAILURES, "execution_success")


class JobWatch:
    """One job's state. `changed` is set when there is something to `take()`.

    `last_sign` is when it last moved (time.monotonic); `ended` whether the server has said
    that it is over, which history then has to confirm; `failure` the message that told why.
    """

    def __init__(self, job_id: str, titles: Titles) -> None:
        self.job_id = job_id
        self.titles = titles
        self.changed = asyncio.Event()
        self.look = asyncio.Event()
        self.last_sign = time.monotonic()
        self.ended = False
        self.failure: Message | None = None
        self.ahead: int | None = None
        self.node: str | None = None
        self._executing = False
        self._running_polls = 0
        self._phase: Phase | None = None
        self._steps: dict[str, tuple[float, float]] = {}
        self._news: dict[str, MediaEvent] = {}
        self._load_started: float | None = None
        self._load_s: float | None = None

    @property
    def load_ms(self) -> float | None:
        """How long nodes that load models took, None where none was seen."""
        return None if self._load_s is None else self._load_s * 1000

    def take(self) -> list[MediaEvent]:
        """What is new since the last call, the newest of each kind."""
        self.changed.clear()
        news = list(self._news.values())
        self._news = {}
        return news

    def sign(self) -> None:
        """The job has moved."""
        self.last_sign = time.monotonic()

    def hear(self, frame: Message | PreviewFrame) -> None:
        """Take in a frame of the websocket; those about other jobs are ignored."""
        if isinstance(frame, PreviewFrame):
            self._preview(frame)
        elif frame.prompt_id == self.job_id:
            self.sign()
            self._message(frame)
        elif frame.prompt_id is None and frame.kind == "executing" and frame.node:
            # Told once after a reconnect, and only to the running job's own socket. No sign of
            # life: a worker that has died is reported in this way, too.
            self._enter(frame.node)

    def waits(self, ahead: int) -> None:
        """A poll found it in the queue behind `ahead` jobs."""
        if ahead != self.ahead and not self._executing:
            self.ahead = ahead
            self.sign()
            self._tell("place", QueuePlace(ahead=ahead))

    def runs(self) -> None:
        """A poll found it running."""
        self._running_polls += 1
        self.ahead = None
        if self._running_polls == 1:
            self.sign()
        self._executing = True
        # The websocket tells more, if it tells anything.
        if self._running_polls > 1 and self._phase is None:
            self._enter_phase(Phase.DRAWING)

    def _message(self, message: Message) -> None:
        match message.kind:
            case "execution_start" | "execution_cached":
                self._executing = True
            case "executing" if message.data.get("node") is None:
                self._end()
            case "executing":
                self._enter(message.node or "")
            case "progress":
                self._step(message.node, message.data)
            case "progress_state":
                self._state(message.data.get("nodes"))
            case kind if kind in ENDS:
                if kind in FAILURES:
                    self.failure = message
                self._end()

    def _preview(self, frame: PreviewFrame) -> None:
        if frame.prompt_id is None and not self._executing:
            return  # a job without a client sends its pictures to everybody
        if frame.prompt_id not in (None, self.job_id):
            return
        if frame.prompt_id:
            self.sign()
        self._tell("preview", Preview(data=frame.image, mime=frame.mime))

    def _enter(self, node: str) -> None:
        self._executing = True
        if node == self.node:
            return
        self.node = node
        self._note_loading(self.titles.loads_a_model(node))
        self._enter_phase(Phase.LOADING if self.titles.loads_a_model(node) else Phase.DRAWING)
        if node not in self._steps:
            self._tell("progress", Progress(value=0, maximum=0, node=self.titles.title(node)))

    def _enter_phase(self, phase: Phase) -> None:
        if phase is not self._phase:
            self._phase = phase
            self._news.pop("place", None)
            self._tell("phase", PhaseChanged(phase=phase))

    def _note_loading(self, loading: bool) -> None:
        now = time.monotonic()
        if self._load_started is not None:
            self._load_s = (self._load_s or 0) + now - self._load_started
        self._load_started = now if loading else None

    def _state(self, nodes: object) -> None:
        """Steps of the nodes that run; those without steps are told by `executing`."""
        if not isinstance(nodes, dict):
            return
        for node_id, state in nodes.items():
            if isinstance(state, dict) and state.get("state") == "running":
                shown = state.get("display_node_id")
                self._step(shown if isinstance(shown, str) and shown else node_id, state)

    def _step(self, node: str | None, data: dict[str, Any]) -> None:
        value, maximum = _number(data.get("value")), _number(data.get("max"))
        if node is None or value is None or maximum is None or maximum <= 1:
            return
        self._executing = True
        before, before_maximum = self._steps.get(node, (-1.0, maximum))
        if before_maximum != maximum:
            before = -1.0
        if value <= before or value > maximum:
            return
        self._steps[node] = (value, maximum)
        title = self.titles.title(node)
        self._tell("progress", Progress(value=value, maximum=maximum, node=title))

    def _end(self) -> None:
        self._note_loading(False)
        self._executing = False
        self.ended = True
        self.look.set()

    def _tell(self, slot: str, event: MediaEvent) -> None:
        self._news.pop(slot, None)
        self._news[slot] = event
        self.changed.set()


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < MOST else None  # neither is true of NaN
