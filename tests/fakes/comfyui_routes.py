"""The routes of the fake ComfyUI, answering as version 0.3.64 was seen to."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.fakes.comfyui_jobs import Job, node_errors
from tests.fakes.server import break_connection

VERSION = "0.3.64"
CLASSES = (
    "CheckpointLoaderSimple",
    "CLIPTextEncode",
    "EmptyImage",
    "EmptyLatentImage",
    "ImageScale",
    "KSampler",
    "LoadImage",
    "PreviewImage",
    "RepeatLatentBatch",
    "SaveImage",
    "VAEDecode",
    "VAEEncode",
)
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    """What a route says instead of its own answer; `stall` says nothing until the client goes."""

    status: int
    body: str = ""
    content_type: str = TEXT
    stall: bool = False


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = None


def comfyui_app(fake: Any) -> Starlette:
    routes = _Routes(fake)
    paths: dict[str, tuple[str, Callable[[Request], Awaitable[Response]]]] = {
        "/system_stats": ("GET", routes.system_stats),
        "/queue": ("GET POST", routes.queue),
        "/history/{id}": ("GET", routes.history),
        "/interrupt": ("POST", routes.interrupt),
        "/free": ("POST", routes.free),
        "/upload/image": ("POST", routes.upload),
        "/view": ("GET", routes.view),
        "/object_info": ("GET", routes.object_info),
        "/object_info/{name}": ("GET", routes.object_info),
        "/prompt": ("GET POST", routes.prompt),
        "/api/jobs/{id}/cancel": ("POST", routes.cancel),
    }
    return Starlette(
        routes=[
            *(
                Route(path, routes.noted(endpoint), methods=methods.split())
                for path, (methods, endpoint) in paths.items()
            ),
            WebSocketRoute("/ws", routes.socket),
        ]
    )


class _Routes:
    def __init__(self, fake: Any) -> None:
        self.fake = fake

    def noted(
        self, endpoint: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """`endpoint` with its requests written down, and its answer replaced on command."""

        async def answer(request: Request) -> Response:
            path = request.url.path
            raw = await request.body()
            is_json = raw[:1] in (b"{", b"[")
            self.fake.requests.append(
                Seen(
                    request.method,
                    path,
                    dict(request.query_params),
                    dict(request.headers),
                    json.loads(raw) if is_json else raw,
                )
            )
            self.fake.changed()
            said = self.fake.next_answer(path)
            if said is not None and said.stall:
                await asyncio.Event().wait()
            if said is not None:
                return Response(said.body, said.status, media_type=said.content_type)
            return await endpoint(request)

        return answer

    async def system_stats(self, _: Request) -> Response:
        system = {"os": "posix", "comfyui_version": VERSION, "argv": ["main.py", "--cpu"]}
        return JSONResponse({"system": system, "devices": self.fake.devices})

    async def free(self, request: Request) -> Response:
        wanted = await request.json()  # no body is a 500, as seen
        if wanted.get("unload_models") and wanted.get("free_memory"):
            for device in self.fake.devices:
                device["vram_free"] = device["vram_total"]
        return Response()

    async def queue(self, request: Request) -> Response:
        worker = self.fake.worker
        if request.method == "POST":
            for prompt_id in (await request.json()).get("delete", []):
                worker.delete(prompt_id)
            return Response()
        running = [worker.running.item()] if worker.running else []
        pending = [job.item() for job in worker.pending]
        return JSONResponse({"queue_running": running, "queue_pending": pending})

    async def history(self, request: Request) -> Response:
        name = request.path_params["id"]
        entry = self.fake.worker.history.get(name)
        return JSONResponse({} if entry is None else {name: entry})

    async def interrupt(self, request: Request) -> Response:
        raw = await request.body()
        if self.fake.next_interrupt_counts():
            self.fake.worker.interrupt(json.loads(raw).get("prompt_id") if raw else None)
        return Response()

    async def cancel(self, request: Request) -> Response:
        if not self.fake.jobs_api:
            return Response(status_code=404)
        worker, name = self.fake.worker, request.path_params["id"]
        known = [job.prompt_id for job in [*worker.pending, worker.running] if job]
        worker.delete(name)
        worker.interrupt(name)
        return JSONResponse({"cancelled": name in known})

    async def upload(self, request: Request) -> Response:
        form = await request.form()
        file = form.get("image")
        if file is None or isinstance(file, str):
            return Response(status_code=400)
        stored = self.fake.files.upload(
            await file.read(),
            file.filename or "",
            str(form.get("subfolder", "")),
            str(form.get("type", "input")),
        )
        await form.close()
        return JSONResponse(stored)

    async def view(self, request: Request) -> Response:
        asked = request.query_params
        key = (asked.get("type", "output"), asked.get("subfolder", ""), asked.get("filename", ""))
        data = self.fake.files.kept.get(key)
        if data is None:
            return Response(status_code=404)
        return Response(data, media_type="image/png")

    async def object_info(self, request: Request) -> Response:
        nodes = _nodes(self.fake)
        name = request.path_params.get("name")
        if name is not None:
            nodes = {name: nodes[name]} if name in nodes else {}
        return JSONResponse(nodes)

    async def prompt(self, request: Request) -> Response:
        fake = self.fake
        worker = fake.worker
        if request.method == "GET":
            return JSONResponse({"exec_info": {"queue_remaining": worker.remaining}})
        body = await request.json()
        if fake.holds_prompts:
            await fake.prompt_gate.wait()
        loss = fake.next_loss()
        if loss is None:
            return self._take(body)
        if loss:
            self._take(body)
        break_connection(request.receive)
        return Response()

    def _take(self, body: dict[str, Any]) -> Response:
        fake, worker = self.fake, self.fake.worker
        graph = body["prompt"]
        unknown = [n for n, node in graph.items() if node["class_type"] not in CLASSES]
        if unknown:
            kind = graph[unknown[0]]["class_type"]
            return _refused(
                "invalid_prompt",
                f"Cannot execute because node {kind} does not exist.",
                f"Node ID '#{unknown[0]}'",
            )
        found = node_errors(graph, fake.checkpoints)
        if found and not fake.partly_valid:
            message = "Prompt outputs failed validation"
            return _refused("prompt_outputs_failed_validation", message, "", found)
        job = Job(worker.number, str(body["prompt_id"]), graph, dict(body.get("extra_data", {})))
        job.extra_data["client_id"] = body["client_id"]
        job.script = replace(fake.script)
        worker.number += 1
        worker.put(job)
        return JSONResponse(
            {"prompt_id": job.prompt_id, "number": job.number, "node_errors": found}
        )

    async def socket(self, websocket: WebSocket) -> None:
        fake, worker = self.fake, self.fake.worker
        if not fake.takes_sockets or websocket.headers.get("origin"):
            await websocket.close(1008)
            return
        await websocket.accept()
        fake.open_sockets += 1
        client = websocket.query_params["clientId"]
        fake.connections.append(client)
        fake.requests.append(Seen("WS", "/ws", {"clientId": client}, dict(websocket.headers)))
        worker.sockets.pop(client, None)
        worker.sockets[client] = websocket
        worker.negotiated.discard(client)
        info = {"exec_info": {"queue_remaining": worker.remaining}}
        worker.tell("status", {"status": info, "sid": client}, client)
        if worker.running is not None and worker.running.client_id == client:
            worker.tell("executing", {"node": next(iter(worker.running.graph))}, client)
        fake.changed()
        try:
            await self._read(websocket, client)
        except (WebSocketDisconnect, asyncio.CancelledError):
            pass
        finally:
            # As the real one: whatever socket is kept under this name is forgotten.
            worker.sockets.pop(client, None)
            fake.open_sockets -= 1
            fake.changed()

    async def _read(self, websocket: WebSocket, client: str) -> None:
        first = True
        while True:
            message = json.loads(await websocket.receive_text())
            if first and message.get("type") == "feature_flags":
                if message["data"].get("supports_preview_metadata"):
                    self.fake.worker.negotiated.add(client)
                reply = {"supports_preview_metadata": True, "max_upload_size": 104857600}
                self.fake.worker.tell("feature_flags", reply, client)
            first = False


def _refused(kind: str, message: str, details: str, found: Any = None) -> Response:
    error = {"type": kind, "message": message, "details": details, "extra_info": {}}
    return JSONResponse({"error": error, "node_errors": found or {}}, 400)


def _nodes(fake: Any) -> dict[str, Any]:
    def options(items: list[str]) -> list[Any]:
        return (
            ["COMBO", {"options": items, "multiselect": False}]
            if fake.new_spelling
            else [items, {}]
        )

    nodes: dict[str, dict[str, Any]] = {name: {} for name in CLASSES}
    nodes["CheckpointLoaderSimple"] = {"ckpt_name": options(fake.checkpoints)}
    nodes["KSampler"] = {
        "seed": ["INT", {"default": 0}],
        "sampler_name": options(["euler", "dpmpp_2m"]),
        "scheduler": options(["normal", "karras"]),
    }
    if fake.loras is not None:
        nodes["LoraLoader"] = {"lora_name": options(fake.loras)}
    return {
        name: {"input": {"required": inputs}, "output_node": name in ("SaveImage", "PreviewImage")}
        for name, inputs in nodes.items()
    }  # fmt: skip
