"""How well a part of the playground is: what a health check found, and since when.

Parts ("components") are named "text/mock", "text/ollama", "image/comfyui", "database", "disk".
"""

from datetime import datetime
from enum import StrEnum

from pydantic import Field, JsonValue, SerializeAsAny

from core.types import Frozen, ModelInfo


class HealthState(StrEnum):
    """How a component is. `degraded` works, but not as it should or not for everything."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"
    NOT_CONFIGURED = "not_configured"


class Health(Frozen):
    """What a health check found. It never raises.

    `reason` and `advice` are English sentences for logs and REST: what was found, and what to do
    when the state is not ok. `code` is a stable word for the reason, by which pages translate
    ("" where all is well; where a `PlaygroundError` was the cause, its code), `details` what
    fills the translated sentence, `command` what mends it on that machine, where a command does.
    """

    state: HealthState
    code: str = ""
    reason: str = ""
    advice: str = ""
    command: str | None = None
    details: dict[str, JsonValue] = Field(default_factory=dict)


class LoadedModel(Frozen):
    """A model in a server's memory. Sizes in bytes; None where the server does not say.

    `expires_at` is when it is let go of if nobody uses it; None where that is never or unknown.
    """

    name: str
    memory: int | None = None
    gpu_memory: int | None = None
    context_tokens: int | None = None
    expires_at: datetime | None = None


class Device(Frozen):
    """What a server computes on, with its memory in bytes."""

    name: str
    kind: str = ""
    memory_total: int | None = None
    memory_free: int | None = None


class QueueLength(Frozen):
    """Jobs at a server: `running` and `waiting` of everybody, `ours` of both are this app's."""

    running: int = 0
    waiting: int = 0
    ours: int = 0


class ProviderHealth(Health):
    """What was found of a provider. None where the server does not say, or does not have it.

    `address` has its credentials masked. `round_trip_ms` is the time of one small question.
    """

    provider: str
    address: str | None = None
    version: str | None = None
    round_trip_ms: float | None = None
    models: tuple[ModelInfo, ...] | None = None
    loaded: tuple[LoadedModel, ...] | None = None
    devices: tuple[Device, ...] = ()
    queue: QueueLength | None = None


class DatabaseHealth(Health):
    """What was found of the SQLite file. `bytes` counts its write-ahead log too.

    `checked_at` is when its pages and references were last looked at as a whole.
    """

    path: str
    bytes: int | None = None
    checked_at: datetime | None = None


class DiskHealth(Health):
    """Room where the data folder is, in bytes."""

    path: str
    free: int | None = None
    total: int | None = None


class Seen(Frozen):
    """What is known of a component now: `health` None until it was first checked.

    `checked_at` is when that was found, `since` when the present state was first found,
    `checking` whether it is being checked right now.
    """

    component: str
    health: SerializeAsAny[Health] | None = None
    checked_at: datetime | None = None
    since: datetime | None = None
    checking: bool = False

    @property
    def state(self) -> HealthState | None:
        """The state, None while it is not known."""
        return self.health.state if self.health else None
