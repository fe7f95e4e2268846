"""A monitor that knows what a test tells it, and findings to tell it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from core.health import (
    DatabaseHealth,
    Device,
    DiskHealth,
    Health,
    HealthState,
    LoadedModel,
    ProviderHealth,
    QueueLength,
    Seen,
)
from core.types import ModelInfo

COMPONENTS = (
    *("text/mock", "text/ollama", "text/openai"),
    *("image/mock", "image/comfyui", "database", "disk"),
)
NOW = datetime.now(UTC)
GB = 10**9
GIB = 1024**3


class ToldMonitor:
    """What pages ask of `core.monitor.HealthMonitor`, from what it was told."""

    def __init__(self, *told: Seen) -> None:
        self.seen = {name: Seen(component=name) for name in COMPONENTS}
        self.checks: list[str | None] = []
        self.kept_fresh: set[str] = set()
        self.tell(*told)

    def tell(self, *told: Seen) -> None:
        self.seen |= {one.component: one for one in told}

    def all(self) -> dict[str, Seen]:
        return dict(self.seen)

    def of(self, component: str) -> Seen:
        return self.seen[component]

    def check(self, component: str | None = None) -> None:
        self.checks.append(component)

    def keep_fresh(self, component: str) -> None:
        self.kept_fresh.add(component)

    def close(self) -> None:
        pass


def seen(component: str, health: Health, *, since_s: float = 3600) -> Seen:
    """`health` as found a moment ago, of a state that lasts for `since_s`."""
    return Seen(
        component=component,
        health=health,
        checked_at=NOW - timedelta(seconds=2),
        since=NOW - timedelta(seconds=since_s),
    )


def provider(component: str, state: str = "ok", **found: Any) -> Seen:
    vendor = component.partition("/")[2]
    return seen(component, ProviderHealth(provider=vendor, state=HealthState(state), **found))


def models(count: int) -> tuple[ModelInfo, ...]:
    return tuple(ModelInfo(name=f"model-{n}:latest", size=n * GB) for n in range(1, count + 1))


def ollama(state: str = "ok", **found: Any) -> Seen:
    usual: dict[str, Any] = {
        "version": "0.33.0",
        "address": "http://127.0.0.1:11434",
        "round_trip_ms": 4.2,
        "models": (
            ModelInfo(
                name="qwen2.5:14b",
                size=8_988_124_069,
                parameters="14.8B",
                loaded=True,
                capabilities=("completion", "tools"),
            ),
            ModelInfo(
                name="gemma3:12b",
                size=8_149_190_253,
                parameters="12.2B",
                capabilities=("completion", "vision"),
            ),
            ModelInfo(
                name="exaone3.5:7.8b",
                size=4_767_030_352,
                parameters="7.8B",
                capabilities=("completion",),
            ),
            ModelInfo(
                name="qwen3:8b",
                size=5_225_388_164,
                parameters="8.2B",
                capabilities=("completion", "tools", "thinking"),
            ),
        ),
        "loaded": (
            LoadedModel(
                name="qwen2.5:14b",
                memory=10_800_000_000,
                gpu_memory=10_800_000_000,
                context_tokens=8192,
                expires_at=datetime.now(UTC) + timedelta(minutes=4, seconds=30),
            ),
        ),
    }
    if state == "down":
        usual = {"address": "http://127.0.0.1:11434"}
    return provider("text/ollama", state, **usual | found)


def comfyui(state: str = "ok", **found: Any) -> Seen:
    usual: dict[str, Any] = {
        "version": "0.3.76",
        "address": "http://127.0.0.1:8188",
        "round_trip_ms": 11.0,
        "devices": (
            Device(
                name="NVIDIA GeForce RTX 4090",
                kind="cuda",
                memory_total=24 * GIB,
                memory_free=15 * GIB,
            ),
        ),
        "queue": QueueLength(running=1, waiting=3, ours=2),
    }
    if state == "down":
        usual = {"address": "http://127.0.0.1:8188"}
    return provider("image/comfyui", state, **usual | found)


def database(state: str = "ok", **found: Any) -> Seen:
    health = DatabaseHealth(
        state=HealthState(state),
        path="/srv/playground/data/playground.db",
        bytes=81_300_000,
        checked_at=NOW - timedelta(hours=3),
        **found,
    )
    return seen("database", health)


def disk(state: str = "ok", *, free: int = 212 * GB, **found: Any) -> Seen:
    health = DiskHealth(
        state=HealthState(state),
        path="/srv/playground/data",
        free=free,
        total=512 * GB,
        **found,
    )
    return seen("disk", health)


def all_well() -> tuple[Seen, ...]:
    """Everything works; nobody set up the OpenAI-compatible server."""
    return (
        provider("text/mock"),
        ollama(),
        provider("text/openai", "not_configured", code="provider_not_configured"),
        provider("image/mock"),
        comfyui(),
        database(),
        disk(),
    )


def refused(component: str) -> Seen:
    """A server at whose address nothing listens."""
    found = {"code": "provider_unavailable", "reason": "Nothing answers at that address."}
    if component == "text/ollama":
        return ollama("down", **found, command="ollama serve")
    return comfyui("down", **found)
