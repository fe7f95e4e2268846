"""The one way in: whatever wants text from a model asks here (ARCH-002 "Gateway Pattern").

`submit` resolves the catalog entry and the route, renders the prompt, and writes the run's
row before anything leaves the process. The run then goes on whoever looks. Blocking methods
are for pages and scripts; their `a…` twins are for event loops.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

from core.answer import media_response, response
from core.catalog import Catalog
from core.elsewhere import Elsewhere
from core.errors import RunNotFound
from core.feed import START, Feed, FeedEvent
from core.ids import new_id
from core.image_plan import ImagePlanner, ImagePreview
from core.lane import Active, Job
from core.media import ImageRequest, MediaProviderResponse
from core.media import Preview as PicturePreview
from core.model_memory import ModelMemory
from core.offers import MediaList, ModelList, list_media, list_models
from core.plan import Preview, TextPlanner
from core.providers.base import LLMProvider, MediaProvider
from core.run import (
    Run,
    RunView,
)
from core.runner import Runner
from core.store import RunStore
from core.types import LLMProviderResponse, TextRequest
from core.workflows import Workflow

AnyRequest = TextRequest | ImageRequest
T = TypeVar("T")


@dataclass(frozen=True)
class Batch:
    """Runs submitted together, in their order."""

    id: str
    run_ids: tuple[str, ...]


class Gateway:
    """Submit, follow, cancel, and the answer. One a process; safe from any thread."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        store: RunStore,
        providers: Mapping[str, LLMProvider],
        media: Mapping[str, MediaProvider],
        texts: TextPlanner,
        images: ImagePlanner,
        runner: Runner,
        elsewhere: Elsewhere,
    ) -> None:
        self.catalog = catalog
        self._store = store
        self._providers = providers
        self._media = media
        self._texts = texts
        self._images = images
        self._runner = runner
        self._memory = ModelMemory(providers=providers, media=media, on_loop=runner.call)
        self._elsewhere = elsewhere

    def preview(self, request: TextRequest) -> Preview:
        """What `request` would send. Raises InvalidRequest and its children."""
        return self._texts.preview(request)

    def preview_image(self, request: ImageRequest) -> ImagePreview:
        """What `request` would send. Raises InvalidRequest and its children."""
        return self._images.preview(request)

    @property
    def under_way(self) -> int:
        """How many runs are under way in this process, everybody's, in line or being made."""
        return self._runner.active

    def submit(self, request: AnyRequest) -> str:
        """Start a run; its id, once its row is on disk.

        Raises InvalidRequest and its children, RequestTooLarge, StoreError: then there is
        no run. Everything that goes wrong later ends the run as `failed`.
        """
        job = self._job(request)
        self._runner.submit([job]).result()
        return job.run.id

    async def asubmit(self, request: AnyRequest) -> str:
        """`submit` on an event loop."""
        job = await self._ajob(request)
        await _shielded(self._runner.submit([job]))
        return job.run.id

    async def arun(self, request: AnyRequest) -> Run:
        """`asubmit` and `aresult` in one, for whoever only wants the end."""
        job = await self._ajob(request)
        return await _shielded(self._runner.make(job))

    def submit_batch(self, requests: Sequence[AnyRequest]) -> Batch:
        """Start several runs to be compared, all or none of them."""
        batch_id = new_id()
        jobs = [self._job(request, batch_id) for request in requests]
        self._runner.submit(jobs).result()
        return Batch(batch_id, tuple(job.run.id for job in jobs))

    def view(self, run_id: str) -> RunView:
        """The run as it is this moment. Raises RunNotFound."""
        active = self._runner.find(run_id)
        return _live_view(active) if active else self._elsewhere.view(run_id)

    async def aview(self, run_id: str) -> RunView:
        """`view` on an event loop."""
        active = self._runner.find(run_id)
        return _live_view(active) if active else await asyncio.to_thread(self.view, run_id)

    def batch(self, batch_id: str) -> list[RunView]:
        """The runs of a batch in their order. Raises RunNotFound when there are none."""
        runs = self._store.batch(batch_id)
        if not runs:
            raise RunNotFound(
                f"There are no runs under {batch_id}. Check the address, or look in the list of "
                "last runs.",
                details={"batch_id": batch_id},
            )
        # A row that is not final yet may have ended since: then `view` reads it again.
        return [RunView(run=run) if run.status.is_final else self.view(run.id) for run in runs]

    def recent(
        self, *, limit: int = 20, before: str | None = None, kind: str | None = None
    ) -> list[Run]:
        """The newest runs first; of one kind, and older than run `before`, when given."""
        return self._store.recent(limit=limit, before=before, kind=kind)

    def follow(self, run_id: str, cursor: str = START) -> Iterator[FeedEvent]:
        """Yield what happens in a run after `cursor`, up to its end. Raises RunNotFound."""
        return self._feed(run_id).follow(cursor)

    async def afollow(self, run_id: str, cursor: str = START) -> AsyncGenerator[FeedEvent, None]:
        """`follow` on an event loop."""
        active = self._runner.find(run_id)
        feed = active.feed if active else await asyncio.to_thread(self._feed, run_id)
        async for event in feed.afollow(cursor):
            yield event

    def result(self, run_id: str, timeout: float | None = None) -> Run:
        """The run once it is final; waits at most `timeout` seconds, then TimeoutError.

        Raises RunUnfinished when there is nothing to wait for: the end cannot be saved for now,
        or the app stops.
        """
        active = self._runner.find(run_id)
        if active is None:
            return self._elsewhere.result(run_id, timeout)
        return active.ended.result(timeout)

    async def aresult(self, run_id: str) -> Run:
        """`result` on an event loop."""
        active = self._runner.find(run_id)
        if active is None:
            return await self._elsewhere.aresult(run_id)
        return await _shielded(active.ended)

    def cancel(self, run_id: str) -> Run:
        """Stop a run; returns when it is final. One that is final already stays as it is.

        Raises RunUnfinished as `result`, and when another process makes it and does not stop it.
        """
        ended = self._runner.cancel(run_id)
        return ended.result() if ended else self._elsewhere.cancel([run_id])[0]

    async def acancel(self, run_id: str) -> Run:
        """`cancel` on an event loop."""
        ended = self._runner.cancel(run_id)
        if ended is None:
            return (await asyncio.to_thread(self._elsewhere.cancel, [run_id]))[0]
        return await _shielded(ended)

    def cancel_batch(self, batch_id: str) -> list[Run]:
        """Stop every run of a batch that is still under way."""
        views = self.batch(batch_id)
        # All are told first, so that the next in line does not start while one ends.
        stopped = {view.run.id: self._runner.cancel(view.run.id) for view in reversed(views)}
        others = [run_id for run_id, ended in stopped.items() if ended is None]
        found = {run.id: run for run in self._elsewhere.cancel(others)}
        ours = {run_id: ended.result() for run_id, ended in stopped.items() if ended}
        return [(found | ours)[view.run.id] for view in views]

    def models(self) -> dict[str, ModelList]:
        """What each provider offers now, within about three seconds; never raises."""
        return self._runner.call(list_models(self._providers)).result()

    async def amodels(self) -> dict[str, ModelList]:
        """`models` on an event loop."""
        return await _shielded(self._runner.call(list_models(self._providers)))

    def media(self) -> dict[str, MediaList]:
        """What each picture provider offers now, within about three seconds; never raises."""
        return self._runner.call(list_media(self._media)).result()

    async def amedia(self) -> dict[str, MediaList]:
        """`media` on an event loop."""
        return await _shielded(self._runner.call(list_media(self._media)))

    def can_preload(self, provider: str) -> bool:
        """Whether this text provider's server loads and unloads models."""
        return self._memory.can_preload(provider)

    def preload(self, provider: str, model: str) -> None:
        """Have a text model loaded as runs want it; see `ModelMemory.preload`."""
        self._memory.preload(provider, model)

    def unload(self, provider: str, model: str) -> None:
        """Have a text model let go of; see `ModelMemory.unload`."""
        self._memory.unload(provider, model)

    def can_free(self, provider: str) -> bool:
        """Whether this picture provider's server keeps models that it can let go of."""
        return self._memory.can_free(provider)

    def free(self, provider: str) -> None:
        """Have a picture server let go of its models; see `ModelMemory.free`."""
        self._memory.free(provider)

    def workflow_problems(self, workflow: Workflow) -> list[str]:
        """What the picture server lacks for `workflow`, one sentence each. Raises ProviderError."""
        problems: list[str] = []
        for provider in self._media.values():
            if provider.supports_workflows:
                known = self._runner.call(provider.object_info()).result()
                problems += workflow.problems(known)
        return problems

    def picture_preview(self, run_id: str) -> PicturePreview | None:
        """The newest preview of a picture under way, None when there is none."""
        active = self._runner.find(run_id)
        return active.feed.preview if active else None

    def media_response(self, run: Run) -> MediaProviderResponse:
        """The pictures of a run that succeeded; see `core.answer.media_response`."""
        return media_response(run)

    def response(self, run: Run) -> LLMProviderResponse:
        """The answer of a run that succeeded (R2); see `core.answer.response`."""
        return response(run)

    def _feed(self, run_id: str) -> Feed:
        active = self._runner.find(run_id)
        return active.feed if active else self._elsewhere.feed(run_id)

    def _job(self, request: AnyRequest, batch_id: str | None = None) -> Job:
        if isinstance(request, ImageRequest):
            return self._images.job(request, batch_id)
        return self._texts.job(request, batch_id)

    async def _ajob(self, request: AnyRequest) -> Job:
        """`_job` on an event loop, which must not wait while a picture to start from is read."""
        if isinstance(request, ImageRequest) and request.source_sha256 is not None:
            return await asyncio.to_thread(self._job, request)
        return self._job(request)


def _live_view(active: Active) -> RunView:
    view = active.feed.view
    if view.run.status.is_final:
        return RunView(run=view.run)
    return view.model_copy(update={"elapsed_ms": active.elapsed_ms()})


async def _shielded(future: "Future[T]") -> T:
    """Wait for `future` on this loop; giving up does not cancel it for others."""
    return await asyncio.shield(asyncio.wrap_future(future))
