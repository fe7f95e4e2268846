"""How well a part of the playground is: what a health check found, and since when.

Parts ("components") are named "text/mock", "text/ollama", "image/comfyui", "database", "disk".
`CODES` holds every `Health.code` there is, each with the keys that its `details` have for sure.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from pydantic import Field, JsonValue, SerializeAsAny

from core.types import Frozen, ModelInfo

# Those of providers also have `provider`, and `address` (masked) where there is one.
CODES: Mapping[str, tuple[str, ...]] = {
    # Down: nothing usable answers. Those named as in core.errors mean the same here.
    "provider_unavailable": (),  # nothing listens there, or no connection came about
    "unknown_host": (),  # no machine has the name in the address
    "not_secure": (),  # no TLS connection: http:// and https:// mixed up, or a certificate
    "provider_timeout": ("timeout_s",),  # no answer at all within the check's time
    "proxy_answer": ("status",),  # a proxy in front says that the server behind it is away
    "web_page": ("status", "title"),  # a page for people answers (title may be "")
    "wrong_api": ("status",),  # something else than this kind of server answers
    "redirected": ("location",),  # it points to another address ("" where it does not say)
    "provider_unauthorized": ("status",),  # it wants a key or password, or another one
    "provider_rejected": ("status",),  # it refuses us: host name, Origin header, a firewall
    "provider_error": (),  # it failed; `status` and `server_message` where there are some
    "broken_answer": (),  # it broke off, or its answer is not in the promised form
    "check_failed": ("error",),  # the check itself broke: a fault of the playground
    # Not configured.
    "provider_not_configured": ("setting",),
    # Degraded: it answers, but.
    "provider_overloaded": ("status",),  # too busy, or still loading (status 429, 503)
    "slow": ("timeout_s",),  # it said that it is there, but not the rest within the check's time
    "models_missing": ("models",),  # names that runs would use; `command` pulls them (Ollama)
    "no_models": (),  # it has no model at all; `command` pulls one (Ollama)
    "no_checkpoint": ("folder",),  # ComfyUI has no checkpoint at all
    "checkpoint_missing": ("model", "setting"),  # COMFYUI_DEFAULT_CHECKPOINT is not there
    "queue_stuck": ("waiting", "seconds"),  # jobs wait and none runs, seen for so long
    "worker_silent": ("seconds", "waiting"),  # one job runs for so long without a sign of life
    # The database.
    "store_unavailable": ("error",),  # down: it cannot be read; `error` says why
    "database_missing": (),  # down: its file is gone
    "database_locked": ("seconds",),  # degraded: it reads, but a write waited longer than this
    "database_read_only": ("error",),  # down: it reads, but cannot be written
    "store_full": ("error",),  # down: it reads, but there is no room to write
    "store_corrupt": ("error",),  # down: the file is damaged, or no database
    "writer_stopped": (),  # down: the thread that writes has ended; only a restart helps
    "database_damaged": ("problems",),  # degraded: the last check of the file found so many
    # The disk; `path` is the data folder, `free` and `total` bytes.
    "disk_low": ("path", "free", "total"),  # degraded: below 5 % or 2 GB
    "disk_full": ("path", "free", "total"),  # down: below 200 MB
    "folder_read_only": ("path", "error"),  # down: no file can be written there
    "folder_missing": ("path",),  # down
    "disk_silent": ("path", "seconds"),  # down: the file system does not answer
}


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
