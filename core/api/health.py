"""`/v1/health`: how each part is, whether the process answers, whether it takes requests."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import anyio
import anyio.to_thread
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from core import services
from core.api.errors import ErrorBody, documented_errors, refusal
from core.errors import PlaygroundError
from core.health import (
    DatabaseHealth,
    DiskHealth,
    Health,
    HealthState,
    ProviderHealth,
    QueueLength,
    Seen,
)
from core.logs.masking import Masker
from core.settings import Settings
from core.types import Frozen, Mode

router = APIRouter(prefix="/health", tags=["operations"])

FRESH_WITHIN_S = 2.5
READY_WITHIN_S = 2.0
HEADERS = {"Cache-Control": "no-store"}
_asking = anyio.CapacityLimiter(2)

Fresh = Annotated[bool, Query(description="Check everything now; takes up to 2.5 seconds.")]
State = Literal["ok", "degraded", "down", "not_configured", "unknown"]


class ComponentHealth(Frozen):
    """One part: `unknown` until it was first checked. Null where a part has no such thing."""

    state: State
    needed: bool = Field(description="Whether runs of the default mode need it.")
    since: datetime | None = Field(None, description="When this state was first found.")
    checked_at: datetime | None = None
    code: str = Field("", examples=["provider_unavailable"])
    reason: str = ""
    advice: str = ""
    command: str | None = Field(None, description="What mends it, where a command does.")
    address: str | None = None
    version: str | None = None
    round_trip_ms: float | None = None
    loaded: tuple[str, ...] | None = Field(None, description="Models in the server's memory.")
    queue: QueueLength | None = None
    bytes: int | None = Field(None, description="What the database takes.")
    free_bytes: int | None = Field(None, description="Room left on the disk.")


class HealthResponse(Frozen):
    """`status` is that of the worst part that runs of the default mode need: `down` when one of
    those is down, `ok` when all are, else `degraded`.
    """

    status: Literal["ok", "degraded", "down"]
    mode: Mode = Field(description="The default mode, as the setting GENERATOR_MODE says.")
    checked_at: datetime | None = Field(description="No part was last checked before this.")
    components: dict[str, ComponentHealth]


class Liveness(Frozen):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(Frozen):
    """Requests are taken."""

    status: Literal["ready"] = "ready"


@router.get(
    "", response_model=HealthResponse, responses={503: {"model": HealthResponse | ErrorBody}}
)
async def read_health(fresh: Fresh = False) -> Response:
    """How every part is, as last checked in the background.

    503 while something is down that runs of the default mode need: its text or picture
    provider, the database, the disk.
    """
    known = services.get_services()
    seen = known.health.all()
    if fresh or any(one.health is None for one in seen.values()):
        seen = await known.health.acheck(timeout=FRESH_WITHIN_S)
    health = summary(seen, known.settings)
    status = 503 if health.status == "down" else 200
    return Response(health.model_dump_json(), status, HEADERS, media_type="application/json")


@router.get("/live", response_model=Liveness)
async def read_liveness() -> Response:
    """Whether the process answers at all: if it does not, restart it. Looks at nothing else."""
    return Response(Liveness().model_dump_json(), 200, HEADERS, media_type="application/json")


@router.get("/ready", response_model=Readiness, responses=documented_errors(503))
async def read_readiness() -> Response:
    """Whether requests can be taken: everything is built, the database is read and written.

    503 while the app starts or is being ended, too.
    """
    known = services.present_services()
    if known is None:
        return _not_ready("The playground is starting or being shut down.")
    try:
        with anyio.fail_after(READY_WITHIN_S):
            await anyio.to_thread.run_sync(
                known.check_ready, limiter=_asking, abandon_on_cancel=True
            )
    except TimeoutError:
        return _not_ready(f"The database gave no answer within {READY_WITHIN_S:g} s.")
    except PlaygroundError as error:
        return _not_ready(error.message)
    return Response(Readiness().model_dump_json(), 200, HEADERS, media_type="application/json")


def _not_ready(reason: str) -> Response:
    return refusal(503, "not_ready", reason, HEADERS)


def summary(seen: Mapping[str, Seen], settings: Settings) -> HealthResponse:
    """What was seen of every part, and what it comes to; without secrets."""
    needed = needed_components(settings)
    masker = Masker(settings)
    components = {name: _component(one, name in needed, masker) for name, one in seen.items()} | {
        name: _no_such(name) for name in needed if name not in seen
    }
    states = {components[name].state for name in needed}
    times = [one.checked_at for one in components.values() if one.checked_at is not None]
    return HealthResponse(
        status="down" if "down" in states else "ok" if states == {"ok"} else "degraded",
        mode=settings.generator_mode,
        checked_at=min(times, default=None),
        components=components,
    )


def needed_components(settings: Settings) -> tuple[str, ...]:
    """What a run needs that does not choose its mode or provider itself."""
    text, image = settings.llm_live_provider, settings.image_live_provider
    if settings.generator_mode is Mode.MOCK:
        text = image = "mock"
    return f"text/{text}", f"image/{image}", "database", "disk"


def _component(seen: Seen, needed: bool, masker: Masker) -> ComponentHealth:
    health = seen.health
    if health is None:
        return ComponentHealth(state="unknown", needed=needed)
    return ComponentHealth(
        state=health.state.value,
        needed=needed,
        since=seen.since,
        checked_at=seen.checked_at,
        code=health.code,
        reason=masker.mask(health.reason),
        advice=masker.mask(health.advice),
        command=health.command and masker.mask(health.command),
        **_facts(health, masker),
    )


def _facts(health: Health, masker: Masker) -> dict[str, Any]:
    match health:
        case ProviderHealth():
            return {
                "address": health.address and masker.mask(health.address),
                "version": health.version,
                "round_trip_ms": health.round_trip_ms,
                "loaded": health.loaded and tuple(model.name for model in health.loaded),
                "queue": health.queue,
            }
        case DatabaseHealth():
            return {"bytes": health.bytes}
        case DiskHealth():
            return {"free_bytes": health.free}
    return {}


def _no_such(component: str) -> ComponentHealth:
    """A setting names a provider that this playground does not have."""
    kind, _, provider = component.partition("/")
    setting = "LLM_LIVE_PROVIDER" if kind == "text" else "IMAGE_LIVE_PROVIDER"
    return ComponentHealth(
        state=HealthState.DOWN.value,
        needed=True,
        code="unknown_provider",
        reason=f"There is no {kind} provider {provider!r}.",
        advice=f"Change {setting} in .env or in the environment, then restart the playground.",
    )
