"""From history's entry to the finished pictures."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from core.errors import BrokenAnswer, ProviderError, ProviderUnavailable
from core.media import MediaCompleted, MediaOutput
from core.providers.comfyui.errors import failed_without_reason, failure, server_at
from core.providers.comfyui.graph import VENDOR, Titles
from core.providers.comfyui.messages import Message, mime_of, text_of
from core.providers.comfyui.pace import Pace
from core.providers.comfyui.progress import FAILURES
from core.providers.comfyui.server import ComfyServer

TRIES = 3
# Of one run: a workflow may save any number, and a broken server may list any.
MOST_PICTURES = 64
MOST_BYTES = 256 * 1024 * 1024
MOST = 2**53
PICTURES = frozenset({"image/png", "image/jpeg", "image/webp"})


@dataclass(frozen=True)
class File:
    """A file that a node has written; `reused` if an earlier run wrote it."""

    node_id: str
    name: str
    subfolder: str
    folder: str
    reused: bool

    @property
    def where(self) -> dict[str, str]:
        """The file as GET /view wants it named."""
        return {"filename": self.name, "subfolder": self.subfolder, "type": self.folder}


@dataclass(frozen=True)
class History:
    """History's entry of one job, read without trusting its shape."""

    messages: tuple[Message, ...]
    outputs: dict[str, Any]
    succeeded: bool
    graph: object

    @classmethod
    def read(cls, entry: dict[str, Any]) -> "History":
        """`entry` in order; a status that is not there counts as success."""
        status, outputs, prompt = entry.get("status"), entry.get("outputs"), entry.get("prompt")
        said = status.get("messages") if isinstance(status, dict) else None
        return cls(
            messages=tuple(_messages(said)),
            outputs=outputs if isinstance(outputs, dict) else {},
            succeeded=not isinstance(status, dict) or status.get("status_str") == "success",
            graph=prompt[2] if isinstance(prompt, list) and len(prompt) > 2 else None,
        )

    @property
    def cached(self) -> frozenset[str]:
        """The nodes that did not run, because nothing had changed for them."""
        return frozenset(
            node
            for message in self.messages
            if message.kind == "execution_cached"
            for node in _strings(message.data.get("nodes"))
        )

    @property
    def execution_ms(self) -> float | None:
        """From the start of the job to its end by the server's clock."""
        times = [
            value
            for message in self.messages
            if isinstance(value := message.data.get("timestamp"), int | float) and 0 < value < MOST
        ]
        return float(times[-1] - times[0]) if len(times) > 1 else None

    def files(self) -> Iterator[File]:
        """Every file in the outputs, whatever list it stands in."""
        cached = self.cached
        for node_id, lists in self.outputs.items():
            for items in lists.values() if isinstance(lists, dict) else ():
                for item in items if isinstance(items, list) else ():
                    if isinstance(item, dict) and text_of(item.get("filename")):
                        yield File(
                            node_id=node_id,
                            name=item["filename"],
                            subfolder=text_of(item.get("subfolder")) or "",
                            folder=text_of(item.get("type")) or "output",
                            reused=node_id in cached,
                        )


async def completed(
    server: ComfyServer, entry: dict[str, Any], titles: Titles, *, seed: int | None, pace: Pace
) -> MediaCompleted:
    """The pictures of a job that has ended. Raises ProviderError where there are none."""
    history = History.read(entry)
    if not history.succeeded:
        raise _why(history, titles, server.address)
    titles = titles if titles.known else Titles(history.graph)
    outputs: list[MediaOutput] = []
    problems: list[str] = []
    wanted = _wanted(history)
    files, room = wanted[:MOST_PICTURES], MOST_BYTES
    for number, file in enumerate(files):
        if room <= 0:
            files = files[:number]
            break
        data, mime, problem = await _fetch(server, file, pace)
        room -= len(data)
        if problem:
            problems.append(problem)
        else:
            node = titles.title(file.node_id)
            outputs.append(MediaOutput(data=data, mime=mime, node=node, seed=seed))
    if len(files) < len(wanted):
        problems.append(
            f"{len(wanted) - len(files)} more pictures were left on the server: a run keeps at "
            f"most {MOST_PICTURES}, and {MOST_BYTES // 2**20} MiB together."
        )
    if not outputs:
        raise _nothing(files, problems, server.address)
    meta: dict[str, JsonValue] = {
        "cached": all(file.reused for file in files),
        "files": [f"{file.subfolder}/{file.name}".lstrip("/") for file in files],
        "execution_ms": history.execution_ms,
    }
    return MediaCompleted(outputs=tuple(outputs), problems=tuple(problems), meta=meta)


def _wanted(history: History) -> list[File]:
    """Saved files, or where a workflow saves none the temporary ones of its previews."""
    files = list(history.files())
    return [file for file in files if file.folder == "output"] or files


async def _fetch(server: ComfyServer, file: File, pace: Pace) -> tuple[bytes, str, str]:
    """The bytes, what they are, and else one sentence on why they are not there."""
    for attempt in range(1, TRIES + 1):
        try:
            reply = await server.view(file.where)
            break
        except ProviderUnavailable:
            if attempt == TRIES:
                raise
            await asyncio.sleep(pace.look_up)
    if reply.status == 404:
        return b"", "", _gone(file)
    mime = mime_of(reply.body)
    if mime not in PICTURES:
        return b"", "", f"{file.name} is no PNG, JPEG or WebP picture and was left on the server."
    return reply.body, mime, ""


def _gone(file: File) -> str:
    if file.reused:
        return (
            f"ComfyUI had made this picture before and named the old file {file.name}, which is "
            "gone. Run it again with another seed."
        )
    return f"{file.name} is gone from the server. Run it again with another seed."


def _nothing(files: list[File], problems: list[str], address: str) -> ProviderError:
    if problems:
        gone = any("is gone" in problem for problem in problems)
        return BrokenAnswer(
            " ".join(dict.fromkeys(problems)),
            provider=VENDOR,
            details={"gone": gone, "files": [file.name for file in files]},
        )
    return BrokenAnswer(
        f"{server_at(address)} finished the workflow, but no picture came of it. Add a Save Image "
        "node to the workflow.",
        provider=VENDOR,
    )


def _why(history: History, titles: Titles, address: str) -> ProviderError:
    ends = [message for message in history.messages if message.kind in FAILURES]
    return failure(ends[-1], titles, address) if ends else failed_without_reason(address)


def _messages(said: object) -> Iterator[Message]:
    for item in said if isinstance(said, list) else ():
        match item:
            case [str() as kind, dict() as data]:
                yield Message(kind, data)


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
