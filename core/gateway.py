"""The one way in: whatever wants text from a model asks here (ARCH-002 "Gateway Pattern").

`submit` resolves the catalog entry and the route, renders the prompt, and writes the run's
row before anything leaves the process. The run then goes on whoever looks. Blocking methods
are for pages and scripts; their `a…` twins are for event loops.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import JsonValue
from uuid_utils.compat import uuid7

from core.answer import response
from core.catalog import Catalog, Contract
from core.errors import (
    ProviderError,
    ProviderTimeout,
    RequestTooLarge,
    RunNotFound,
)
from core.feed import START, Feed, FeedEvent
from core.lane import Active, Job
from core.providers.base import LLMProvider
from core.router import Route, route
from core.runner import Runner
from core.settings import Settings
from core.store import RunStore
from core.types import (
    GenerationOptions,
    LLMProviderResponse,
    Message,
    Mode,
    ModelInfo,
    ProviderRequest,
    Run,
    RunView,
    TextRequest,
    utc_now,
)

MAX_PROMPT_CHARS = 200_000
MODELS_TIMEOUT_S = 3.0

T = TypeVar("T")


@dataclass(frozen=True)
class Preview:
    """Exactly what a request would send, and where; nothing is sent or stored."""

    mode: Mode
    provider: str
    model: str
    messages: tuple[Message, ...]
    options: GenerationOptions
    format: Literal["json", "text"]
    output_schema: dict[str, JsonValue] | None


@dataclass(frozen=True)
class Batch:
    """Runs submitted together, in their order."""

    id: str
    run_ids: tuple[str, ...]


@dataclass(frozen=True)
class ModelList:
    """What a provider offers now; `error` when it could not be asked."""

    provider: str
    mode: Mode
    configured: bool
    models: tuple[ModelInfo, ...] = ()
    error: ProviderError | None = None


@dataclass(frozen=True)
class _Plan:
    """A request with everything resolved."""

    route: Route
    request: ProviderRequest
    format: Literal["json", "text"]
    contract: Contract | None


class Gateway:
    """Submit, follow, cancel, and the answer. One a process; safe from any thread."""

    def __init__(
        self,
        *,
        settings: Settings,
        catalog: Catalog,
        store: RunStore,
        providers: Mapping[str, LLMProvider],
        runner: Runner,
    ) -> None:
        self.catalog = catalog
        self._settings = settings
        self._store = store
        self._providers = providers
        self._runner = runner

    def preview(self, request: TextRequest) -> Preview:
        """What `request` would send. Raises InvalidRequest and its children."""
        plan = self._plan(request)
        return Preview(
            mode=plan.route.mode,
            provider=plan.route.provider,
            model=plan.route.model,
            messages=plan.request.messages,
            options=plan.request.options,
            format=plan.format,
            output_schema=plan.request.output_schema,
        )

    def submit(self, request: TextRequest) -> str:
        """Start a run; its id, once its row is on disk.

        Raises InvalidRequest and its children, RequestTooLarge, StoreError: then there is
        no run. Everything that goes wrong later ends the run as `failed`.
        """
        job = self._job(request)
        self._runner.submit([job]).result()
        return job.run.id

    async def asubmit(self, request: TextRequest) -> str:
        """`submit` on an event loop."""
        job = self._job(request)
        await _shielded(self._runner.submit([job]))
        return job.run.id

    async def arun(self, request: TextRequest) -> Run:
        """`asubmit` and `aresult` in one, for whoever only wants the end."""
        job = self._job(request)
        return await _shielded(self._runner.make(job))

    def submit_batch(self, requests: Sequence[TextRequest]) -> Batch:
        """Start several runs to be compared, all or none of them."""
        batch_id = str(uuid7())
        jobs = [self._job(request, batch_id) for request in requests]
        self._runner.submit(jobs).result()
        return Batch(batch_id, tuple(job.run.id for job in jobs))

    def view(self, run_id: str) -> RunView:
        """The run as it is this moment. Raises RunNotFound."""
        active = self._runner.find(run_id)
        return _live_view(active) if active else RunView(run=self._store.get(run_id))

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

    def recent(self, *, limit: int = 20, before: str | None = None) -> list[Run]:
        """The newest runs first; those older than run `before` when given."""
        return self._store.recent(limit=limit, before=before)

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
        """The run once it is final; waits at most `timeout` seconds, then TimeoutError."""
        active = self._runner.find(run_id)
        return active.ended.result(timeout) if active else self._store.get(run_id)

    async def aresult(self, run_id: str) -> Run:
        """`result` on an event loop."""
        active = self._runner.find(run_id)
        if active is None:
            return await asyncio.to_thread(self._store.get, run_id)
        return await _shielded(active.ended)

    def cancel(self, run_id: str) -> Run:
        """Stop a run; returns when it is final. One that is final already stays as it is."""
        ended = self._runner.cancel(run_id)
        return ended.result() if ended else self._store.get(run_id)

    async def acancel(self, run_id: str) -> Run:
        """`cancel` on an event loop."""
        ended = self._runner.cancel(run_id)
        if ended is None:
            return await asyncio.to_thread(self._store.get, run_id)
        return await _shielded(ended)

    def cancel_batch(self, batch_id: str) -> list[Run]:
        """Stop every run of a batch that is still under way."""
        views = self.batch(batch_id)
        # All are told first, so that the next in line does not start while one ends.
        for view in reversed(views):
            self._runner.cancel(view.run.id)
        return [self.cancel(view.run.id) for view in views]

    def models(self) -> dict[str, ModelList]:
        """What each provider offers now, within about three seconds; never raises."""
        return self._runner.call(self._list_all()).result()

    async def amodels(self) -> dict[str, ModelList]:
        """`models` on an event loop."""
        return await _shielded(self._runner.call(self._list_all()))

    def response(self, run: Run) -> LLMProviderResponse:
        """The answer of a run that succeeded (R2); see `core.answer.response`."""
        return response(run)

    def _feed(self, run_id: str) -> Feed:
        active = self._runner.find(run_id)
        return active.feed if active else Feed(self._store.get(run_id), live=False)

    def _plan(self, request: TextRequest) -> _Plan:
        role = self.catalog.role(request.role)
        task = self.catalog.task(request.task)
        chosen = route(
            request,
            tier=task.tier,
            profiles={name: item.profile for name, item in self._providers.items()},
            default_mode=self._settings.generator_mode,
            live_provider=self._settings.llm_live_provider,
        )
        payload = self.catalog.check_payload(task.id, request.payload)
        form = request.format or ("json" if task.contract else "text")
        wants_json = form == "json"
        contract = task.contract if wants_json else None
        messages = self.catalog.render(
            role.id, task.id, payload, language=request.language, wants_json=wants_json
        )
        _bound(messages)
        defaults = self._providers[chosen.provider].get_default_options(role.id, task.id)
        return _Plan(
            route=chosen,
            format=form,
            contract=contract,
            request=ProviderRequest(
                role=role.id,
                task=task.id,
                model=chosen.model,
                messages=messages,
                options=request.options.over(defaults),
                wants_json=wants_json,
                output_schema=contract.wire_schema if contract else None,
                payload=payload,
                language=request.language,
            ),
        )

    def _job(self, request: TextRequest, batch_id: str | None = None) -> Job:
        plan = self._plan(request)
        run = Run(
            id=str(uuid7()),
            created_at=utc_now(),
            mode=plan.route.mode,
            provider=plan.route.provider,
            model=plan.route.model,
            role=request.role,
            task=request.task,
            language=request.language,
            format=plan.format,
            batch_id=batch_id,
            parent_id=request.parent_id,
            source=request.source,
            user=request.user,
            payload=plan.request.payload,
            prompt=plan.request.messages,
            options=plan.request.options,
        )
        return Job(run=run, request=plan.request, contract=plan.contract)

    async def _list_all(self) -> dict[str, ModelList]:
        lists = await asyncio.gather(*(self._list(item) for item in self._providers.values()))
        return dict(zip(self._providers, lists, strict=True))

    async def _list(self, provider: LLMProvider) -> ModelList:
        known: dict[str, Any] = {
            "provider": provider.vendor,
            "mode": provider.profile.mode,
            "configured": provider.profile.configured,
        }
        if not provider.profile.configured:
            return ModelList(**known)
        try:
            async with asyncio.timeout(MODELS_TIMEOUT_S):
                return ModelList(**known, models=tuple(await provider.list_models()))
        except ProviderError as error:
            return ModelList(**known, error=error)
        except TimeoutError:
            late = ProviderTimeout(
                f"{provider.vendor} did not list its models within {MODELS_TIMEOUT_S:.0f} s. It "
                "may be busy; try again.",
                provider=provider.vendor,
            )
            return ModelList(**known, error=late)


def _live_view(active: Active) -> RunView:
    run, phase, ahead = active.feed.state
    if run.status.is_final:
        return RunView(run=run)
    return RunView(run=run, phase=phase, ahead=ahead, elapsed_ms=active.elapsed_ms())


def _bound(messages: Sequence[Message]) -> None:
    characters = sum(len(message.content) for message in messages)
    if characters > MAX_PROMPT_CHARS:
        raise RequestTooLarge(
            f"The prompt has {characters:,} characters; at most {MAX_PROMPT_CHARS:,} can be sent. "
            "Shorten the brief.",
            details={"characters": characters, "limit": MAX_PROMPT_CHARS},
        )


async def _shielded(future: "Future[T]") -> T:
    """Wait for `future` on this loop; giving up does not cancel it for others."""
    return await asyncio.shield(asyncio.wrap_future(future))
