"""A small faithful ComfyUI on loopback, HTTP and websocket, that can misbehave on command.

    with FakeComfyUI() as fake:
        fake.script = Script(hold="sampling")         # how jobs go from now on
        fake.answer("/prompt", Answer(413, "Maximum …"))   # once
        fake.lose_reply(queued=True)                  # the next POST /prompt is taken, not answered
        fake.restart()                                # all jobs lost, the same address
        …
        fake.posted[-1]["prompt"]                     # what was asked
        await fake.until(lambda: fake.running)

Its answers are those that were seen of version 0.3.64; `jobs_api` adds the newer routes.
"""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from tests.fakes.comfyui_files import Files
from tests.fakes.comfyui_jobs import OUT_OF_MEMORY, Job, Script
from tests.fakes.comfyui_routes import Answer, Seen, comfyui_app
from tests.fakes.comfyui_worker import Worker
from tests.fakes.server import LoopbackServer, Watched

__all__ = ["OUT_OF_MEMORY", "Answer", "FakeComfyUI", "Script"]


@dataclass
class _Faults:
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    lose: list[bool] = field(default_factory=list)
    refuse_sockets: bool = False
    ignore_interrupts: int = 0
    slow_prompt: bool = False


class FakeComfyUI(Watched):
    """The server; a context manager. `requests` holds every request in the order they came."""

    def __init__(self) -> None:
        super().__init__()
        self.script = Script()
        self.checkpoints = ["tiny.safetensors", "other.safetensors"]
        self.loras: list[str] | None = None
        self.devices: list[dict[str, Any]] = [
            {
                "name": "cuda:0 NVIDIA GeForce RTX 4090",
                "type": "cuda",
                "index": 0,
                "vram_total": 25_276_502_016,
                "vram_free": 9_000_000_000,
                "torch_vram_total": 16_000_000_000,
                "torch_vram_free": 1_000_000_000,
            }
        ]
        self.new_spelling = False
        self.jobs_api = False
        self.partly_valid = False
        self.requests: list[Seen] = []
        self.connections: list[str] = []
        self.open_sockets = 0
        self.prompt_gate = asyncio.Event()
        self.files = Files()
        self._faults = _Faults()
        self._worker: Worker | None = None
        self._server = LoopbackServer(comfyui_app(self), websockets=True)
        self.url = self._server.url

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()

    # What is there

    @property
    def worker(self) -> Worker:
        """The worker of this life of the server; made on the server's loop."""
        if self._worker is None:
            self._worker = Worker(self.files, self.changed)
        return self._worker

    @property
    def posted(self) -> list[dict[str, Any]]:
        """The bodies of POST /prompt so far."""
        return [seen.body for seen in self.seen("POST", "/prompt")]

    def seen(self, method: str, path: str) -> list[Seen]:
        """The requests of this kind so far; a path that ends with * names its beginning."""
        return [
            one
            for one in list(self.requests)
            if one.method == method
            and (one.path == path or (path.endswith("*") and one.path.startswith(path[:-1])))
        ]

    @property
    def running(self) -> str | None:
        """The id of the job that runs."""
        job = self._worker.running if self._worker else None
        return job.prompt_id if job else None

    @property
    def pending(self) -> list[str]:
        """The ids of waiting jobs in the order they will run."""
        return [job.prompt_id for job in sorted(self._worker.pending)] if self._worker else []

    @property
    def history(self) -> dict[str, Any]:
        """What has ended."""
        return self._worker.history if self._worker else {}

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The data of the websocket messages of this kind so far."""
        sent = list(self._worker.sent) if self._worker else []
        return [message["data"] for _, message in sent if message["type"] == kind]

    # What can be done to it

    def answer(self, path: str, answer: Answer, *, times: int = 1) -> None:
        """Answer the next requests to `path` with `answer`."""
        self._faults.answers.setdefault(path, []).extend([answer] * times)

    def lose_reply(self, *, queued: bool) -> None:
        """Cut the connection of the next POST /prompt, after or before queueing its job."""
        self._faults.lose.append(queued)

    def refuse_sockets(self) -> None:
        """Take no websockets, as a proxy that does not know them."""
        self._faults.refuse_sockets = True

    def release(self) -> None:
        """Let the held job go on."""
        self._call(lambda: [job.gate.set() for job in self._jobs()])

    def release_running(self) -> None:
        """Let only the job go on that runs now."""
        self._call(lambda: self.worker.running and self.worker.running.gate.set())

    def ignore_interrupts(self, times: int) -> None:
        """Forget the next requests to stop, answered with 200 all the same."""
        self._faults.ignore_interrupts = times

    def slow_prompt(self) -> None:
        """Hold every POST /prompt before its job is queued, until `release_prompt()`."""
        self._faults.slow_prompt = True

    def release_prompt(self) -> None:
        """Let the held POST go on, whether or not its client still waits."""
        self._call(self.prompt_gate.set)

    def forget_next(self) -> None:
        """The next job that ends leaves nothing in history."""
        self.worker.forgetful = True

    def interrupt_as_somebody_else(self) -> None:
        """Another client presses stop."""
        self._call(lambda: self.worker.interrupt(None))

    def delete_as_somebody_else(self, prompt_id: str) -> None:
        """Another client deletes a waiting job."""
        self._call(lambda: self.worker.delete(prompt_id))

    def clear_history(self) -> None:
        """Another client clears the history."""
        self._call(self.history.clear)

    def queue_for_others(self, *numbers: float, client_id: str | None = "others") -> list[str]:
        """Put in other people's jobs, which run until released; their ids."""
        ids = [f"other-{number:g}" for number in numbers]
        extra = {} if client_id is None else {"client_id": client_id}

        def put() -> None:
            for number, name in zip(numbers, ids, strict=True):
                graph = {"1": {"class_type": "SaveImage", "inputs": {"images": name}}}
                script = Script(hold="start")
                self.worker.put(Job(number, name, graph, extra, script))

        self._call(put)
        self.wait_until(lambda: len(self.pending) + bool(self.running) >= len(numbers))
        return ids

    def put(self, body: dict[str, Any]) -> None:
        """Queue a job as if POSTed by a client that is gone now."""
        job = Job(0, body["prompt_id"], body["prompt"], {"client_id": body["client_id"]})
        job.script = self.script
        self._call(lambda: self.worker.put(job))

    def drop_sockets(self) -> None:
        """Cut all websockets without a word."""
        self._server.drop_websockets()

    def make_ghosts(self) -> None:
        """Forget all sockets, which stay open: what a second one of the same client leads to."""
        self._call(self.worker.sockets.clear)

    def block_sockets(self) -> None:
        """A client that does not read blocks the messages for everybody."""
        self._call(self.worker.publishing.clear)

    def broadcast(self, frame: bytes) -> None:
        """Send a binary frame to every socket."""
        self._call(lambda: self.worker.send_bytes(frame, None))

    def stop(self) -> None:
        """The process ends: jobs, history and cache are gone, files stay."""
        self._server.__exit__()
        self._worker = None

    def start(self) -> None:
        """The process comes up again at the same address."""
        self._server = LoopbackServer(comfyui_app(self), port=self._server.port, websockets=True)
        self._server.__enter__()

    def restart(self) -> None:
        """`stop` and `start`."""
        self.stop()
        self.start()

    # What the routes ask

    def next_answer(self, path: str) -> Answer | None:
        """What `answer()` wants said now."""
        queue = self._faults.answers.get(path)
        return queue.pop(0) if queue else None

    def next_loss(self) -> bool | None:
        """Whether to lose this reply: None, or whether the job is queued all the same."""
        return self._faults.lose.pop(0) if self._faults.lose else None

    def next_interrupt_counts(self) -> bool:
        """Whether this request to stop is heeded."""
        self._faults.ignore_interrupts -= 1
        return self._faults.ignore_interrupts < 0

    @property
    def holds_prompts(self) -> bool:
        """Whether POST /prompt waits for `release_prompt()`."""
        return self._faults.slow_prompt

    @property
    def takes_sockets(self) -> bool:
        """Whether websockets are accepted."""
        return not self._faults.refuse_sockets

    def _jobs(self) -> list[Job]:
        worker = self.worker
        return [*worker.pending, *([worker.running] if worker.running else [])]

    def _call(self, function: Callable[[], object]) -> None:
        done = threading.Event()

        def call() -> None:
            function()
            done.set()

        self._server.call(call)
        assert done.wait(10), "the fake server is stuck"
