"""ComfyUI: pictures from workflows, on a server with a queue of its own (R11, SPEC-001)."""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, ClassVar, Self

import httpx

from core.health import ProviderHealth
from core.media import MediaChoices, MediaEvent, MediaRequest
from core.providers.base import MediaProvider, ProviderProfile
from core.providers.checkup import Findings
from core.providers.comfyui.choices import read_choices
from core.providers.comfyui.graph import VENDOR
from core.providers.comfyui.health import examine_server
from core.providers.comfyui.job import ComfyJob
from core.providers.comfyui.pace import Pace
from core.providers.comfyui.pulse import Pulse
from core.providers.comfyui.server import READ_TIMEOUT_S, ComfyServer
from core.providers.comfyui.socket import basic_authorization
from core.providers.http import LoopClients, build_client, safe_address
from core.providers.lookup import HostLookup
from core.settings import Settings
from core.types import Mode, Tier

AT_WORK_WITHIN_S = 10.0


class ComfyUIProvider(MediaProvider):
    """Pictures made by ComfyUI.

    `COMFYUI_TIMEOUT` is the longest time in which a job does not move: no step, no message,
    no other place in the queue. No job is too long as long as it goes on.
    """

    vendor: ClassVar[str] = VENDOR
    label: ClassVar[str] = "ComfyUI"
    supports_source: ClassVar[bool] = True
    supports_negative: ClassVar[bool] = True
    supports_batch: ClassVar[bool] = True
    supports_workflows: ClassVar[bool] = True
    can_resume: ClassVar[bool] = True
    can_free: ClassVar[bool] = True

    def __init__(self, *, settings: Settings, profile: ProviderProfile, pace: Pace) -> None:
        super().__init__(profile=profile)
        base_url = root_address(settings.comfyui_base_url)
        self._timeout_s = settings.comfyui_timeout
        self._pace = pace
        self._detached = False
        self._jobs: set[ComfyJob] = set()
        self._pulse = Pulse(settings.comfyui_timeout)
        self._authorization = basic_authorization(httpx.URL(base_url))
        self._clients = LoopClients(lambda: build_client(base_url, idle_timeout=READ_TIMEOUT_S))
        self._server = ComfyServer(self._clients, safe_address(base_url))
        self._lookup = HostLookup(base_url, provider=VENDOR, label=self.label, address=self.address)

    @classmethod
    def from_settings(cls, settings: Settings, *, pace: Pace | None = None) -> Self:
        """The provider as the settings want it; without a checkpoint the server's first is used."""
        profile = ProviderProfile(
            vendor=VENDOR,
            mode=Mode.LIVE,
            models=dict.fromkeys(Tier, settings.comfyui_default_checkpoint),
            concurrency=settings.comfyui_concurrency,
            configured=bool(settings.comfyui_base_url),
        )
        return cls(settings=settings, profile=profile, pace=pace or Pace())

    @property
    def address(self) -> str:
        """Where ComfyUI is, credentials masked."""
        return self._server.address

    async def stream(self, request: MediaRequest) -> AsyncGenerator[MediaEvent]:
        """Make the pictures; see `MediaProvider`. Resumed jobs are followed, never sent."""
        job = ComfyJob(
            self._server,
            request,
            authorization=self._authorization,
            timeout_s=self._timeout_s,
            pace=self._pace,
        )
        self._jobs.add(job)
        try:
            async with aclosing(job.events()) as events:
                async for event in events:
                    yield event
        finally:
            try:
                await job.aclose(leave=self._detached)
            finally:
                self._jobs.discard(job)

    async def examine(self, found: Findings) -> ProviderHealth:
        """Whether ComfyUI answers, what it has, and whether its queue moves; see `Provider`."""
        # While it samples, its one process may be slow to answer anything else.
        found.at_work = any(job.has_moved(within_s=AT_WORK_WITHIN_S) for job in self._jobs)
        await self._lookup.answered()
        return await examine_server(
            self._server,
            found,
            self._pulse,
            ours={job.id: job.last_sign for job in self._jobs},
            wanted=self.profile.models[Tier.STANDARD],
        )

    async def choices(self) -> MediaChoices:
        """Checkpoints, samplers, schedulers and LoRAs on offer. Raises ProviderError."""
        return await read_choices(self._server)

    async def object_info(self) -> dict[str, Any]:
        """Every node that the server has, with its inputs, as GET /object_info tells it."""
        return await self._server.ask("GET", "object_info")

    async def free(self) -> None:
        """Have the models let go of; see `MediaProvider`."""
        await self._server.free()

    def detach(self) -> None:
        """Leave the jobs at the server when their streams are closed: the app is stopping."""
        self._detached = True

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._clients.aclose()


def root_address(base_url: str) -> str:
    """`base_url` without the API's own path, which people paste with it: /api, /prompt, /ws."""
    return re.sub(r"(/api)?(/(prompt|ws|queue|system_stats))?/*$", "", base_url)
