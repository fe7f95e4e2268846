"""The route /api/chat of a `FakeOllama`: refusing, loading, streaming as Ollama does."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tests.fakes.ollama_behaviour import Behaviour, Reply
from tests.fakes.ollama_upstream import Part, UpstreamRefusal, ask
from tests.fakes.server import break_connection

if TYPE_CHECKING:
    from tests.fakes.ollama import FakeOllama

NDJSON = "application/x-ndjson"


@dataclass
class Seen:
    """A request as it came, from the client's `port`, and how far it got.

    `sent` counts a chat's chunks so far, `finished` says that all was sent, `left` that the
    client of a chat went before that.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    port: int = 0
    sent: int = 0
    finished: bool = False
    left: bool = False


@dataclass
class _Chat:
    """A chat being answered."""

    seen: Seen
    behaviour: Behaviour
    send: Send
    receive: Receive
    started: float = field(default_factory=time.perf_counter)
    loaded_after: float = 0.0
    headers_sent: bool = False


class Chats:
    """The route /api/chat: an ASGI app, because headers must come as late as Ollama's."""

    def __init__(self, fake: "FakeOllama") -> None:
        self._fake = fake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        seen = await seen_of(request)
        self._fake.note(seen)
        name = str(seen.body.get("model", ""))
        chat = _Chat(seen, self._fake.ordered(name), send, receive)
        refusal = chat.behaviour.reply or _refusal(self._fake, seen.body)
        if refusal is not None and not refusal.stall:
            await response_of(refusal)(scope, receive, send)
        else:
            await _while_connected(chat, self._stall() if refusal else self._play(chat))
        self._fake.finish(seen)

    async def _stall(self) -> None:
        await self._fake.hold()

    async def _play(self, chat: _Chat) -> None:
        behaviour = chat.behaviour
        if behaviour.reset:
            break_connection(chat.receive)
            return
        if not chat.seen.body.get("messages") and chat.seen.body.get("keep_alive") == 0:
            await self._unload(chat)
            return
        await self._load(chat)
        if not chat.seen.body.get("messages"):
            await self._whole(chat, _record(chat, done=True, done_reason="load"))
            return
        try:
            if chat.seen.body.get("stream") is False:
                await self._whole(chat, await self._collected(chat))
            else:
                await self._streamed(chat)
        except UpstreamRefusal as refusal:
            await response_of(Reply.error(refusal.status, refusal.text))(
                {"type": "http", "method": "POST"}, chat.receive, chat.send
            )

    async def _load(self, chat: _Chat) -> None:
        if chat.behaviour.hold:
            await self._fake.hold()
        model = self._fake.find(chat.seen.body["model"])
        if model is None or model.loaded:
            return
        await asyncio.sleep(chat.behaviour.load_s)
        model.loaded = True  # not reached if the client leaves: that aborts a load
        options = chat.seen.body.get("options") or {}
        model.num_ctx = options.get("num_ctx") or model.num_ctx
        chat.loaded_after = time.perf_counter() - chat.started

    async def _unload(self, chat: _Chat) -> None:
        """Answered at once, also for a model that is not loaded; it goes in its own time."""
        model = self._fake.find(chat.seen.body["model"])
        assert model is not None  # the others were refused

        def go() -> None:
            model.loaded = False
            self._fake.changed()

        if model.lingers_s:
            asyncio.get_running_loop().call_later(model.lingers_s, go)
        else:
            go()
        await self._whole(chat, _record(chat, done=True, done_reason="unload"))

    async def _streamed(self, chat: _Chat) -> None:
        behaviour = chat.behaviour
        if behaviour.raw is not None:
            for chunk in behaviour.raw:
                await self._write(chat, chunk)
                await asyncio.sleep(behaviour.delay_s)
        else:
            async with aclosing(self._parts(chat)) as parts:
                async for part in parts:
                    await self._line(chat, _of_part(chat, part))
        match behaviour.end:
            case "error":
                await self._line(chat, {"error": behaviour.error})
            case "garbage":
                await self._write(chat, b"<h1>not what you wanted</h1>\n")
            case "silence":
                await self._fake.hold()
            case "reset":
                break_connection(chat.receive)
                return
        await self._write(chat, b"", more=False)

    async def _parts(self, chat: _Chat) -> AsyncGenerator[Part, None]:
        behaviour = chat.behaviour
        if self._fake.upstream:
            async with aclosing(ask(self._fake.upstream, chat.seen.body)) as parts:
                async for part in parts:
                    if part.end is None or behaviour.end == "done":
                        yield part
            return
        thoughts = behaviour.thinking if chat.seen.body.get("think") is not False else ()
        deltas = [Part(thinking=text) for text in thoughts]
        deltas += [Part(content=text) for text in behaviour.pieces]
        for part in deltas:
            await asyncio.sleep(behaviour.delay_s)
            yield part
        if behaviour.end == "done":
            yield Part(behaviour.last_text, end=_metrics(chat, len(deltas)))

    async def _collected(self, chat: _Chat) -> dict[str, Any]:
        content = thinking = ""
        record: dict[str, Any] = _record(chat, done=False)
        async with aclosing(self._parts(chat)) as parts:
            async for part in parts:
                content, thinking = content + part.content, thinking + part.thinking
                record = _of_part(chat, part)
        record["message"] = _message(content, thinking)
        return record

    async def _line(self, chat: _Chat, record: dict[str, Any]) -> None:
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
        await self._write(chat, line.encode())

    async def _whole(self, chat: _Chat, record: dict[str, Any]) -> None:
        await JSONResponse(record)({"type": "http"}, chat.receive, chat.send)

    async def _write(self, chat: _Chat, data: bytes, *, more: bool = True) -> None:
        if not chat.headers_sent:
            chat.headers_sent = True
            headers = [(b"content-type", NDJSON.encode())]
            await chat.send({"type": "http.response.start", "status": 200, "headers": headers})
        await chat.send({"type": "http.response.body", "body": data, "more_body": more})
        chat.seen.sent += bool(data)
        self._fake.changed()


async def seen_of(request: Request) -> Seen:
    """`request` as remembered."""
    try:
        body = json.loads(await request.body())
    except ValueError:
        body = {}
    port = request.client.port if request.client else 0
    return Seen(request.method, request.url.path, dict(request.headers), body, port)


def response_of(reply: Reply) -> Response:
    """`reply` as the web framework sends it."""
    headers = {"Content-Type": reply.content_type} if reply.content_type else {}
    if reply.location:
        headers["Location"] = reply.location
    return Response(reply.body, reply.status, headers=headers)


async def _while_connected(chat: _Chat, playing: Coroutine[Any, Any, None]) -> None:
    """Run `playing` until it ends or the client goes, and note which it was."""

    async def gone() -> None:
        while (await chat.receive())["type"] != "http.disconnect":
            pass

    work, watch = asyncio.ensure_future(playing), asyncio.ensure_future(gone())
    try:
        await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
        chat.seen.left = not work.done()
    finally:
        work.cancel()
        watch.cancel()
        done, _ = await asyncio.gather(work, watch, return_exceptions=True)
    if isinstance(done, Exception):
        raise done


def _refusal(fake: "FakeOllama", body: dict[str, Any]) -> Reply | None:
    """What Ollama refuses before anything else."""
    name = body.get("model")
    if not name:
        return Reply.error(400, "model is required")
    model = fake.find(name)
    if model is None:
        return Reply.error(404, f"model '{name}' not found")
    if body.get("think") and "thinking" not in (model.capabilities or ()):
        return Reply.error(400, f'"{name}" does not support thinking')
    if body.get("format") not in (None, "", "json") and not isinstance(body["format"], dict):
        shown = json.dumps(body["format"])
        text = f'invalid format: {shown}; expected "json" or a valid JSON Schema object'
        return Reply.error(500, text)
    return _option_refusal(body.get("options") or {})


def _option_refusal(options: dict[str, Any]) -> Reply | None:
    kinds: dict[str, tuple[type | tuple[type, ...], str]] = {
        "temperature": ((int, float), "float32"),
        "top_p": ((int, float), "float32"),
        "repeat_penalty": ((int, float), "float32"),
        "top_k": ((int, float), "integer"),
        "seed": ((int, float), "integer"),
        "num_predict": ((int, float), "integer"),
        "num_ctx": ((int, float), "integer"),
        "stop": (list, "array"),
    }
    for name, (kind, called) in kinds.items():
        value = options.get(name)
        if value is not None and not isinstance(value, kind):
            return Reply.error(500, f'option "{name}" must be of type {called}')
    return None


def _of_part(chat: _Chat, part: Part) -> dict[str, Any]:
    end = part.end
    record = _record(chat, done=end is not None, content=part.content, thinking=part.thinking)
    if end is not None:
        total = time.perf_counter() - chat.started
        durations = {"total_duration": int(total * 1e9), "load_duration": _load_ns(chat)}
        last = durations | end | (chat.behaviour.last or {})
        record |= {name: value for name, value in last.items() if value}
    return record


def _record(
    chat: _Chat, *, done: bool, content: str = "", thinking: str = "", **more: Any
) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat(timespec="microseconds").removesuffix("+00:00")
    return {
        "model": chat.seen.body["model"],
        "created_at": f"{now}123Z",
        "message": _message(content, thinking),
        "done": done,
        **more,
    }


def _message(content: str, thinking: str) -> dict[str, str]:
    message = {"role": "assistant", "content": content}
    return message | {"thinking": thinking} if thinking else message


def _metrics(chat: _Chat, tokens: int) -> dict[str, Any]:
    characters = sum(len(message["content"]) for message in chat.seen.body["messages"])
    return {
        "done_reason": chat.behaviour.done_reason,
        "prompt_eval_count": 10 + characters // 2,
        "prompt_eval_duration": 13_074_791,
        "eval_count": tokens,
        "eval_duration": tokens * 20_000_000,
    }


def _load_ns(chat: _Chat) -> int:
    return int(chat.loaded_after * 1e9) or 1_200_000
