"""The questions to a ComfyUI server over HTTP, each answered or raised as a ProviderError."""

import json
from dataclasses import dataclass
from typing import Any

import httpx

from core.errors import ProviderError, ProviderRejected
from core.providers.comfyui.errors import refusal, server_at
from core.providers.comfyui.graph import VENDOR
from core.providers.comfyui.reply import Reply
from core.providers.error_body import redact
from core.providers.http import LoopClients, map_transport_error, safe_address
from core.providers.patience import Slowness

READ_TIMEOUT_S = 30.0
MAX_ANSWER_BYTES = 32 * 1024 * 1024
MAX_PICTURE_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True)
class Waiting:
    """The job is in the queue, `ahead` jobs come first."""

    ahead: int


@dataclass(frozen=True)
class Running:
    """The job is the one being made."""


@dataclass(frozen=True)
class Ended:
    """The job is over; `entry` is what history has of it."""

    entry: dict[str, Any]


Sighting = Waiting | Running | Ended | None


class ComfyServer:
    """One server. `address` is fit to be shown."""

    def __init__(self, clients: LoopClients, address: str) -> None:
        self._clients = clients
        self.address = address

    @property
    def base_url(self) -> httpx.URL:
        """Where the routes are, without credentials. Raises ProviderError where it is nowhere."""
        try:
            return self._clients.get().base_url
        except httpx.HTTPError as error:
            raise self.unanswered(error) from error

    async def sight(self, job_id: str) -> Sighting:
        """Where the job is; None when the server does not know it.

        The queue is read first: a job goes from it to history in one step, never back.
        """
        queue = await self.ask("GET", "queue")
        if job_id in ids_of(queue.get("queue_running")):
            return Running()
        # Pending jobs come in the order of a heap; their numbers tell the order they run in.
        pending = ids_of(queue.get("queue_pending"))
        if job_id in pending:
            return Waiting(len(ids_of(queue.get("queue_running"))) + pending.index(job_id))
        entry = (await self.ask("GET", f"history/{job_id}")).get(job_id)
        return Ended(entry) if isinstance(entry, dict) else None

    async def upload(self, data: bytes, *, name: str) -> str:
        """Hand over a PNG; what it is called there, which need not be `name`."""
        reply = await self.send(
            "POST",
            "upload/image",
            files={"image": (name, data, "image/png")},
            data={"type": "input"},
        )
        answer = reply.record()
        stored = answer.get("name") if answer else None
        if not reply.ok or answer is None or not isinstance(stored, str) or not stored:
            raise self._refused(reply, "POST", "upload/image")
        subfolder = answer.get("subfolder")
        return f"{subfolder}/{stored}" if isinstance(subfolder, str) and subfolder else stored

    async def view(self, file: dict[str, str]) -> Reply:
        """The bytes of a file that history names; status 404 when it is gone."""
        reply = await self.send("GET", "view", max_bytes=MAX_PICTURE_BYTES, params=file)
        if reply.status not in (200, 404):
            raise self._refused(reply, "GET", "view")
        return reply

    async def delete_pending(self, job_id: str) -> None:
        """Take this one job out of the queue, if it still waits."""
        await self._told("queue", {"delete": [job_id]})

    async def interrupt(self, job_id: str) -> None:
        """Stop this one job, if it runs. Without an id this would stop anybody's."""
        await self._told("interrupt", {"prompt_id": job_id})

    async def cancel_by_jobs_api(self, job_id: str) -> bool:
        """Cancel by the newer route, for waiting and running jobs; False if that did nothing.

        Servers without the route answer 404.
        """
        reply = await self.send("POST", f"api/jobs/{job_id}/cancel")
        answer = reply.record()
        return reply.ok and answer is not None and answer.get("cancelled") is True

    async def free(self) -> None:
        """Have the models let go of, once nothing runs: the worker does it between two jobs."""
        await self._told("free", {"unload_models": True, "free_memory": True})

    async def ask(
        self, method: str, path: str, *, max_bytes: int = MAX_ANSWER_BYTES
    ) -> dict[str, Any]:
        """The JSON object that `path` answers with, ProviderRejected where it is larger."""
        reply = await self.send(method, path, max_bytes=max_bytes)
        answer = reply.record()
        if not reply.ok or answer is None:
            raise self._refused(reply, method, path)
        return answer

    async def send(
        self, method: str, path: str, *, max_bytes: int = MAX_ANSWER_BYTES, **content: Any
    ) -> Reply:
        """One exchange, whatever its status. Raises ProviderError where there was no answer."""
        try:
            return await self.exchange(method, path, max_bytes=max_bytes, **content)
        except httpx.HTTPError as error:
            raise self.unanswered(error) from error

    async def exchange(
        self, method: str, path: str, *, max_bytes: int = MAX_ANSWER_BYTES, **content: Any
    ) -> Reply:
        """`send` with httpx's own errors. `json` is sent without NaN or infinity."""
        if "json" in content:
            body = json.dumps(content.pop("json"), allow_nan=False).encode()
            content |= {"content": body, "headers": {"Content-Type": "application/json"}}
        async with self._clients.get().stream(method, path, **content) as response:
            raw, pace = bytearray(), Slowness(response)
            async for chunk in response.aiter_bytes():
                raw += chunk
                pace.note(len(raw))
                if len(raw) > max_bytes:
                    raise ProviderRejected(
                        f"{server_at(self.address)} answered with more than "
                        f"{max_bytes // 2**20} MiB. Check COMFYUI_BASE_URL.",
                        provider=VENDOR,
                        status=response.status_code,
                    )
            return Reply(
                status=response.status_code,
                body=bytes(raw) if response.is_success else _redacted(raw, response),
                content_type=response.headers.get("Content-Type", ""),
                location=safe_address(response.headers.get("Location", "")),
            )

    def unanswered(self, error: httpx.HTTPError) -> ProviderError:
        """What httpx raised as an error of ours."""
        return map_transport_error(
            error,
            provider=VENDOR,
            address=self.address,
            timeout_s=READ_TIMEOUT_S,
            received=False,
            label="ComfyUI",
        )

    async def _told(self, path: str, body: dict[str, Any]) -> None:
        reply = await self.send("POST", path, json=body)
        if not reply.ok:
            raise self._refused(reply, "POST", path)

    def _refused(self, reply: Reply, method: str, path: str) -> ProviderError:
        return refusal(reply, self.address, asked=f"{method} /{path}")


def _redacted(raw: bytearray, response: httpx.Response) -> bytes:
    return redact(raw.decode("utf-8", "replace"), response.request).encode()


def ids_of(items: object) -> list[str]:
    """The ids of queue items `[number, id, …]` in the order they run."""
    if not isinstance(items, list):
        return []
    good = [item for item in items if isinstance(item, list) and len(item) > 1]
    return [str(item[1]) for item in sorted(good, key=_number)]


def _number(item: list[Any]) -> float:
    number = item[0]
    return number if isinstance(number, int | float) else float("inf")
