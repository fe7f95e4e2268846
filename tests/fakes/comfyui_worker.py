"""The fake ComfyUI's one worker and its one publish loop, as the real server has them."""

import asyncio
import heapq
import json
import struct
from typing import Any

from starlette.websockets import WebSocket, WebSocketState

from tests.fakes.comfyui_files import Files, picture, preview
from tests.fakes.comfyui_jobs import OUTPUTS, Job, order_of

Frame = tuple[str | bytes, str | None]  # to which client; None: to all


class Interrupted(Exception):
    """The running job was stopped in this node."""


class Broke(Exception):
    """The running job failed in this node."""


class Worker:
    """Queue, history, sockets and the loops that move them; lives on the server's loop."""

    def __init__(self, files: Files, changed: Any) -> None:
        self.files = files
        self.changed = changed
        self.pending: list[Job] = []
        self.running: Job | None = None
        self.history: dict[str, dict[str, Any]] = {}
        self.sockets: dict[str, WebSocket] = {}
        self.negotiated: set[str] = set()
        self.sent: list[tuple[str | None, dict[str, Any]]] = []
        self.publishing = asyncio.Event()
        self.publishing.set()
        self.dead = False
        self.forgetful = False
        self.number = 0
        self._cache: dict[str, dict[str, Any]] = {}
        self._frames: asyncio.Queue[Frame] = asyncio.Queue()
        self._some = asyncio.Event()
        self._tasks = [asyncio.create_task(self._work()), asyncio.create_task(self._publish())]

    def put(self, job: Job) -> None:
        """Queue a job; the list is a heap, as it shows in /queue."""
        heapq.heappush(self.pending, job)
        self.status()
        self._some.set()
        self.changed()

    def delete(self, prompt_id: str) -> None:
        """Take a waiting job out, without a trace."""
        kept = [job for job in self.pending if job.prompt_id != prompt_id]
        if len(kept) != len(self.pending):
            heapq.heapify(kept)
            self.pending = kept
            self.status()
            self.changed()

    def interrupt(self, prompt_id: str | None) -> None:
        """Stop what runs; with an id only that one."""
        job = self.running
        if job is not None and prompt_id in (None, job.prompt_id):
            job.interrupted = True
            job.gate.set()

    def status(self) -> None:
        """Tell everybody how much there is to do."""
        self.tell("status", {"status": {"exec_info": {"queue_remaining": self.remaining}}}, None)

    @property
    def remaining(self) -> int:
        """Running and waiting jobs."""
        return len(self.pending) + (self.running is not None)

    def tell(self, kind: str, data: dict[str, Any], client: str | None) -> None:
        """Send a text message to one client, or to all."""
        self.sent.append((client, {"type": kind, "data": data}))
        self._frames.put_nowait((json.dumps({"type": kind, "data": data}), client))

    def send_bytes(self, frame: bytes, client: str | None) -> None:
        """Send a binary message."""
        self._frames.put_nowait((frame, client))

    async def _publish(self) -> None:
        while True:
            frame, client = await self._frames.get()
            await self.publishing.wait()
            to = list(self.sockets) if client is None else [client]
            for name in to:
                socket = self.sockets.get(name)
                if socket is None or socket.client_state is not WebSocketState.CONNECTED:
                    continue
                try:
                    # One that does not read holds up everybody else.
                    await (
                        socket.send_text(frame)
                        if isinstance(frame, str)
                        else socket.send_bytes(frame)
                    )
                except Exception:  # noqa: S112 (gone in the meantime)
                    continue
            self.changed()

    @property
    def unsent(self) -> int:
        """Messages that wait to go out."""
        return self._frames.qsize()

    async def _work(self) -> None:
        while True:
            while not self.pending or self.dead:
                self._some.clear()
                await self._some.wait()
            job = heapq.heappop(self.pending)
            self.running = job
            self.status()
            self.changed()
            if job.script.dies:
                self.dead = True
                continue
            await self._run(job)

    async def _run(self, job: Job) -> None:
        run = _Run(self, job)
        entry = await run.make()
        # The switch from queue to history is one step.
        if not self.forgetful:
            self.history[job.prompt_id] = entry
        self.running = None
        self.status()
        if job.client_id is not None:
            self.tell("executing", {"node": None, "prompt_id": job.prompt_id}, job.client_id)
        self.changed()

    def cached(self, node_key: str) -> dict[str, Any] | None:
        """What a node gave when it last ran with just these inputs."""
        return self._cache.get(node_key)

    def remember(self, node_key: str, output: dict[str, Any]) -> None:
        """Keep what a node gave."""
        self._cache[node_key] = output


class _Run:
    """One job on its way through its nodes."""

    def __init__(self, worker: Worker, job: Job) -> None:
        self.worker, self.job = worker, job
        self.outputs: dict[str, Any] = {}
        self.messages: list[list[Any]] = []
        self.states: dict[str, Any] = {}
        self.clock = 1795330892312

    async def make(self) -> dict[str, Any]:
        job = self.job
        self._note("execution_start", {})
        key = json.dumps(job.graph, sort_keys=True)
        before = self.worker.cached(key)
        self._note("execution_cached", {"nodes": list(job.graph) if before else []})
        completed = True
        if before is not None:
            self.outputs = before
            for node, output in before.items():
                self._tell("executed", {"node": node, "display_node": node, "output": output})
            self._note("execution_success", {})
        else:
            completed = await self._execute()
            if completed:
                self.worker.remember(key, dict(self.outputs))
        status = {
            "status_str": "success" if completed else "error",
            "completed": completed,
            "messages": self.messages,
        }
        return {
            "prompt": job.item(),
            "outputs": self.outputs | (job.script.files if completed else {}),
            "status": None if job.script.status == "null" else status,
            "meta": {},
        }

    async def _execute(self) -> bool:
        node = next(iter(self.job.graph))
        try:
            if self.job.script.hold == "start":
                await self._hold()
            for node in order_of(self.job.graph):
                await self._node(node, self.job.graph[node])
        except Interrupted:
            about = {"node_id": node, "node_type": self._kind(node), "executed": []}
            self._note("execution_interrupted", about)
            return False
        except Broke:
            error = {
                "node_id": node,
                "node_type": self._kind(node),
                "executed": [],
                "traceback": ["  File …\n"],
                "current_inputs": {},
                "current_outputs": [],
            }
            self._note("execution_error", error | (self.job.script.error or {}))
            return False
        self._note("execution_success", {})
        return True

    async def _node(self, node: str, what: dict[str, Any]) -> None:
        self._check()
        kind, script = what["class_type"], self.job.script
        self._state(node, 0.0, 1.0)
        self._tell("executing", {"node": node, "display_node": node})
        if "Loader" in kind and script.hold == "loading":
            await self._hold()
        if kind == "KSampler":
            await self._sample(node)
        if kind in OUTPUTS and script.saves:
            self._save(node, kind, what)
        self._state(node, 1.0, 1.0, "finished")

    async def _sample(self, node: str) -> None:
        script = self.job.script
        for step in range(1, script.steps + 1):
            self._state(node, float(step), float(script.steps))
            self._preview(node, step)
            data = {"value": step, "max": script.steps, "node": node}
            self._tell("progress", data)
            await asyncio.sleep(script.step_s)
            if step == max(script.steps // 2, 1):
                if script.hold == "sampling":
                    await self._hold()
                if script.error is not None:
                    raise Broke
            self._check()

    def _save(self, node: str, kind: str, what: dict[str, Any]) -> None:
        sizes = [one["inputs"].get("batch_size", 1) for one in self.job.graph.values()]
        size = (64, 48)
        for one in self.job.graph.values():
            if isinstance(one["inputs"].get("width"), int):
                size = (one["inputs"]["width"], one["inputs"]["height"])
        images = [
            self.worker.files.save(
                picture(self.job.graph, index=index, size=size),
                prefix=what["inputs"].get("filename_prefix", "ComfyUI"),
                folder="temp" if kind == "PreviewImage" else "output",
            )
            for index in range(max(sizes, default=1))
        ]
        self.outputs[node] = {"images": images}
        self._tell("executed", {"node": node, "display_node": node, "output": {"images": images}})

    async def _hold(self) -> None:
        self.worker.changed()
        await self.job.gate.wait()
        self._check()

    def _check(self) -> None:
        if self.job.interrupted:
            raise Interrupted

    def _kind(self, node: str) -> str:
        return self.job.graph[node]["class_type"]

    def _note(self, kind: str, data: dict[str, Any]) -> None:
        """A message that history keeps, too."""
        self.clock += 400
        full = data | {"prompt_id": self.job.prompt_id, "timestamp": self.clock}
        self.messages.append([kind, full])
        if self.job.client_id is not None:
            self.worker.tell(kind, full, self.job.client_id)

    def _tell(self, kind: str, data: dict[str, Any]) -> None:
        # Steps of a job that has no client go to everybody.
        client = self.job.client_id
        if client is not None or kind in ("progress", "progress_state"):
            self.worker.tell(kind, data | {"prompt_id": self.job.prompt_id}, client)

    def _state(self, node: str, value: float, maximum: float, state: str = "running") -> None:
        self.states[node] = {
            "value": value, "max": maximum, "state": state, "node_id": node,
            "prompt_id": self.job.prompt_id, "display_node_id": node,
            "parent_node_id": None, "real_node_id": node,
        }  # fmt: skip
        self._tell("progress_state", {"nodes": dict(self.states)})

    def _preview(self, node: str, step: int) -> None:
        script, client = self.job.script, self.job.client_id
        if script.previews == "none":
            return
        image = preview(step, padding=script.preview_padding)
        if script.previews == "new" and client in self.worker.negotiated:
            about = json.dumps(
                {"node_id": node, "prompt_id": self.job.prompt_id, "image_type": "image/jpeg"}
            ).encode()
            self.worker.send_bytes(struct.pack(">II", 4, len(about)) + about + image, client)
        else:
            self.worker.send_bytes(struct.pack(">II", 1, 1) + image, client)
