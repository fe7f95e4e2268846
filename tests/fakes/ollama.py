"""A small faithful Ollama server on loopback that can misbehave on command.

    with FakeOllama() as fake:
        fake.url                                    # http://127.0.0.1:PORT
        fake.behave(Behaviour(end="error"))         # every chat from now on
        fake.behave(Behaviour(reply=Reply.error(503, BUSY)), times=1)   # the next one only
        fake.answer("/api/ps", Reply(stall=True))   # any other route
        …
        fake.chats[-1].body                         # what was asked
        await fake.until(lambda: fake.chats[-1].left)   # the client has gone

With `upstream`, the address of an OpenAI-compatible llama.cpp server, answers are that model's.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Self

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.fakes.ollama_behaviour import BUSY, CRASH, OOM, Behaviour, FakeModel, Reply
from tests.fakes.ollama_chat import Chats, Seen, response_of, seen_of
from tests.fakes.server import LoopbackServer, Watched

__all__ = ["BUSY", "CRASH", "OOM", "Behaviour", "FakeModel", "FakeOllama", "Reply", "Seen"]

VERSION = "0.33.0"

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass
class _Order:
    """What to do with chats of a model (None: any), for so many times (None: always)."""

    behaviour: Behaviour
    model: str | None
    times: int | None


class FakeOllama(Watched):
    """The server; a context manager. `models` may be changed at any time; `port` 0 is any free.

    `requests` holds every request, `chats` those to /api/chat, both in the order they came.
    `until` and `wait_until` wait for something to become true of them.
    """

    def __init__(
        self, *models: FakeModel | str, upstream: str | None = None, port: int = 0
    ) -> None:
        super().__init__()
        named = models or ("qwen2.5:14b",)
        self.models = [FakeModel(one) if isinstance(one, str) else one for one in named]
        self.upstream = upstream
        self.requests: list[Seen] = []
        self._orders: list[_Order] = []
        self._replies: dict[str, Reply] = {}
        self._gates: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._server = LoopbackServer(_app(self), port=port)
        self.url = self._server.url

    def __enter__(self) -> Self:
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()

    @property
    def chats(self) -> list[Seen]:
        """The chats asked for so far."""
        return self.seen("/api/chat")

    def seen(self, path: str) -> list[Seen]:
        """The requests to `path` so far."""
        return [request for request in self.requests if request.path == path]

    def behave(
        self, behaviour: Behaviour, *, model: str | None = None, times: int | None = None
    ) -> None:
        """Answer chats of `model` (default: any) so, `times` times. The newest order counts."""
        self._orders.insert(0, _Order(behaviour, model, times))

    def answer(self, path: str, reply: Reply | None) -> None:
        """Answer `path`, such as "/api/tags", with `reply`; None makes it normal again."""
        if reply is None:
            self._replies.pop(path, None)
        else:
            self._replies[path] = reply

    def release(self) -> None:
        """Let every chat go on that is held in loading or fell silent."""
        for gate, loop in list(self._gates.items()):
            loop.call_soon_threadsafe(gate.set)

    def find(self, name: str) -> FakeModel | None:
        """The model of this name, read as Ollama reads names."""
        return next((one for one in self.models if _full(one.name) == _full(name)), None)

    def ordered(self, model: str) -> Behaviour:
        """What to do with a chat of `model` that has just come."""
        for order in self._orders:
            if order.times != 0 and order.model in (None, model):
                if order.times is not None:
                    order.times -= 1
                return order.behaviour
        return Behaviour()

    def reply_for(self, path: str) -> Reply | None:
        """What `answer()` wants said at `path`."""
        return self._replies.get(path)

    async def hold(self) -> None:
        """Wait for `release()`."""
        gate = asyncio.Event()
        self._gates[gate] = asyncio.get_running_loop()
        try:
            await gate.wait()
        finally:
            del self._gates[gate]

    def note(self, request: Seen) -> None:
        """Remember `request`."""
        self.requests.append(request)
        self.changed()

    def finish(self, request: Seen) -> None:
        """Remember that `request` is over."""
        request.finished = not request.left
        self.changed()


def _app(fake: FakeOllama) -> Starlette:
    async def root(_: Request) -> Response:
        return PlainTextResponse("Ollama is running")

    async def version(_: Request) -> Response:
        return JSONResponse({"version": VERSION})

    async def tags(_: Request) -> Response:
        return JSONResponse({"models": [model.listed() for model in fake.models]})

    async def running(_: Request) -> Response:
        return JSONResponse({"models": [model.running() for model in fake.models if model.loaded]})

    async def show(request: Request) -> Response:
        name = (await seen_of(request)).body.get("model", "")
        if not name:
            return response_of(Reply.error(400, "model is required"))
        model = fake.find(name)
        if model is None:
            return response_of(Reply.error(404, f"model '{name}' not found"))
        return JSONResponse(model.shown())

    def watched(endpoint: Endpoint) -> Endpoint:
        async def answer(request: Request) -> Response:
            seen = await seen_of(request)
            fake.note(seen)
            reply = fake.reply_for(request.url.path)
            if reply is not None and reply.stall:
                await fake.hold()
                reply = None
            response = response_of(reply) if reply is not None else await endpoint(request)
            response.background = BackgroundTask(fake.finish, seen)
            return response

        return answer

    async def unknown(_: Request, __: Exception) -> Response:
        return PlainTextResponse("404 page not found", status_code=404)

    routes = {"/": root, "/api/version": version, "/api/tags": tags, "/api/ps": running}
    return Starlette(
        routes=[
            *(Route(path, watched(endpoint)) for path, endpoint in routes.items()),
            Route("/api/show", watched(show), methods=["POST"]),
            Route("/api/chat", Chats(fake), methods=["POST"]),
        ],
        exception_handlers={404: unknown},
    )


def _full(name: str) -> str:
    name = name.lower()
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
