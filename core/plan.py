"""From a request to a job: the catalog entry, the route, the prompt (DESIGN.md, point 2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from pydantic import JsonValue

from core.catalog import Catalog, Contract
from core.errors import RequestTooLarge
from core.ids import new_id
from core.lane import Job
from core.providers.base import LLMProvider
from core.router import Route, route
from core.run import (
    Run,
)
from core.settings import Settings
from core.text_draft import TextDraft
from core.types import (
    GenerationOptions,
    Message,
    Mode,
    ProviderRequest,
    TextRequest,
    utc_now,
)

MAX_PROMPT_CHARS = 200_000


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
class _Plan:
    """A request with everything resolved."""

    route: Route
    request: ProviderRequest
    format: Literal["json", "text"]
    contract: Contract | None


class TextPlanner:
    """Plans runs of kind text. Pure but for the ids and times it gives."""

    def __init__(
        self, *, settings: Settings, catalog: Catalog, providers: Mapping[str, LLMProvider]
    ) -> None:
        self._settings = settings
        self._catalog = catalog
        self._providers = providers
        self._profiles = {name: item.profile for name, item in providers.items()}

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

    def job(self, request: TextRequest, batch_id: str | None = None) -> Job:
        """The job for `request`, not yet submitted. Raises as `preview`."""
        plan = self._plan(request)
        run = Run(
            id=new_id(),
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
            request_id=request.request_id,
            payload=plan.request.payload,
            prompt=plan.request.messages,
            options=plan.request.options,
        )
        return Job(run, plan.request, partial(TextDraft, contract=plan.contract))

    def _plan(self, request: TextRequest) -> _Plan:
        role = self._catalog.role(request.role)
        task = self._catalog.task(request.task)
        chosen = route(
            request,
            tier=task.tier,
            profiles=self._profiles,
            default_mode=self._settings.generator_mode,
            live_provider=self._settings.llm_live_provider,
        )
        payload = self._catalog.check_payload(task.id, request.payload)
        form = request.format or ("json" if task.contract else "text")
        wants_json = form == "json"
        contract = task.contract if wants_json else None
        messages = self._catalog.render(
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


def _bound(messages: Sequence[Message]) -> None:
    characters = sum(len(message.content) for message in messages)
    if characters > MAX_PROMPT_CHARS:
        raise RequestTooLarge(
            f"The prompt has {characters:,} characters; at most {MAX_PROMPT_CHARS:,} can be sent. "
            "Shorten the brief.",
            details={"characters": characters, "limit": MAX_PROMPT_CHARS},
        )
