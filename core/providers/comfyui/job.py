"""One job from its sending to its pictures, and its taking back."""

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Any

from core.errors import ProviderError, ProviderRejected
from core.media import MediaCompleted, MediaEvent, MediaRequest
from core.providers.comfyui.choices import first_checkpoint
from core.providers.comfyui.errors import silent
from core.providers.comfyui.follow import until_ended
from core.providers.comfyui.graph import (
    CHECKPOINT,
    SOURCE,
    VENDOR,
    Titles,
    checked,
    prepared,
    wants,
)
from core.providers.comfyui.pace import Pace
from core.providers.comfyui.progress import JobWatch
from core.providers.comfyui.results import completed
from core.providers.comfyui.server import ComfyServer
from core.providers.comfyui.socket import JobSocket
from core.providers.comfyui.submit import may_be_queued, submit
from core.providers.comfyui.withdraw import withdraw
from core.types import Phase, PhaseChanged


class ComfyJob:
    """The job of one request. `events()` once, then `aclose()` whatever happened."""

    def __init__(
        self,
        server: ComfyServer,
        request: MediaRequest,
        *,
        authorization: str,
        timeout_s: float,
        pace: Pace,
    ) -> None:
        self._server = server
        self._request = request
        self._timeout_s = timeout_s
        self._pace = pace
        self._titles = Titles(request.graph)
        self._watch = JobWatch(request.job_id, self._titles)
        # Of the job's own, so that no other socket can have it; the same after a restart.
        self._client_id = request.job_id.replace("-", "")
        self._socket = JobSocket(
            server.base_url,
            self._client_id,
            self._watch.hear,
            authorization=authorization,
            retry_s=pace.reconnect,
        )
        self._sending: asyncio.Task[None] | None = None
        self._following: asyncio.Task[dict[str, Any]] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._at_server = request.resume
        self._checkpoint: str | None = None

    @property
    def id(self) -> str:
        """Its id at the server."""
        return self._request.job_id

    @property
    def last_sign(self) -> float:
        """When it last moved (time.monotonic)."""
        return self._watch.last_sign

    def has_moved(self, *, within_s: float) -> bool:
        """Whether the server has it and let it move in the last `within_s` seconds."""
        return self._at_server and time.monotonic() - self.last_sign <= within_s

    async def events(self) -> AsyncGenerator[MediaEvent]:
        """See `MediaProvider`."""
        yield PhaseChanged(phase=Phase.CONNECTING)
        if not self._request.resume and self._request.graph is None:
            raise ProviderRejected(
                "ComfyUI needs a workflow, and the run has none. Choose one.", provider=VENDOR
            )
        if self._request.graph is not None:
            checked(self._request.graph)
        # First the websocket: what is said before it is open is never said again.
        await self._socket.open()
        if not self._request.resume:
            await self._send()
        self._watch.sign()
        self._following = asyncio.create_task(
            until_ended(self._server, self._watch, self._socket, self._pace)
        )
        self._following.add_done_callback(lambda _: self._watch.changed.set())
        while not self._following.done():
            await self._until_news()
            for event in self._watch.take():
                yield event
        yield await self._completed(self._following)

    async def aclose(self, *, leave: bool = False) -> None:
        """End the job at the server unless it is over or to `leave`; let go of the websocket."""
        if leave:
            self._at_server = False
        self._ending = asyncio.create_task(self._end())
        # Also when this is cancelled once more: a job left behind would hold up everybody.
        await asyncio.shield(self._ending)

    async def _send(self) -> None:
        """Upload and submit, in a task of its own: a POST under way is not torn."""
        request = self._request
        source_name = None
        if wants(request.graph, CHECKPOINT):
            self._checkpoint = await first_checkpoint(self._server)
        if request.source is not None and wants(request.graph, SOURCE):
            name = f"sparklio-{request.source.sha256[:16]}.png"
            source_name = await self._server.upload(request.source.data, name=name)
        graph = prepared(request.graph, source_name=source_name, checkpoint=self._checkpoint)
        self._at_server = True
        self._sending = asyncio.create_task(
            submit(
                self._server,
                graph,
                job_id=request.job_id,
                client_id=self._client_id,
                pace=self._pace,
            )
        )
        try:
            await asyncio.shield(self._sending)
        except ProviderError as error:
            self._at_server = may_be_queued(error)
            raise

    async def _until_news(self) -> None:
        """Wait for something to tell. Raises ProviderTimeout after too long a silence."""
        while not self._watch.changed.is_set():
            left = self._watch.last_sign + self._timeout_s - time.monotonic()
            if left <= 0:
                raise silent(
                    self._server.address,
                    timeout_s=self._timeout_s,
                    node=self._titles.title(self._watch.node) if self._watch.node else "",
                    ahead=self._watch.ahead,
                )
            try:
                async with asyncio.timeout(left):
                    await self._watch.changed.wait()
            except TimeoutError:
                continue

    async def _completed(self, following: asyncio.Task[dict[str, Any]]) -> MediaCompleted:
        try:
            entry = following.result()
        finally:
            # It is over there, or nowhere to be found: nothing to take back.
            self._at_server = False
        done = await completed(
            self._server,
            entry,
            self._titles,
            seed=self._request.options.seed,
            pace=self._pace,
        )
        meta = done.meta | {"prompt_id": self._request.job_id}
        if self._checkpoint is not None:
            meta |= {"checkpoint": self._checkpoint}
        return done.model_copy(update={"load_ms": self._watch.load_ms, "meta": meta})

    async def _end(self) -> None:
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        if self._at_server:
            await self._withdraw()
        await self._socket.aclose()

    async def _withdraw(self) -> None:
        if self._sending is not None:
            # Cut off, it could reach the queue after it was looked for there.
            await asyncio.wait({self._sending}, timeout=self._pace.withdraw / 2)
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)
        await withdraw(self._server, self._request.job_id, self._pace)
