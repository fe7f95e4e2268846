"""Whether a ComfyUI server can make pictures now."""

import asyncio
import time
from typing import Any, Literal

from core.errors import ProviderError
from core.health import ProviderHealth
from core.providers.comfyui.errors import server_at
from core.providers.comfyui.graph import VENDOR
from core.providers.comfyui.messages import text_of
from core.providers.comfyui.server import ComfyServer

HEALTH_TIMEOUT_S = 1.8

State = Literal["ok", "degraded", "down"]


async def read_health(server: ComfyServer) -> ProviderHealth:
    """Version, device and how many jobs are in the queue; never raises."""
    start = time.perf_counter()
    version: str | None = None
    elapsed: float | None = None

    def found(state: State, reason: str, advice: str = "") -> ProviderHealth:
        return ProviderHealth(
            provider=VENDOR,
            state=state,
            reason=reason,
            advice=advice,
            version=version,
            round_trip_ms=elapsed,
        )

    try:
        async with asyncio.timeout(HEALTH_TIMEOUT_S):
            stats = await server.ask("GET", "system_stats")
            elapsed = (time.perf_counter() - start) * 1000
            system = stats.get("system")
            version = text_of(system.get("comfyui_version")) if isinstance(system, dict) else None
            waiting = _waiting(await server.ask("GET", "prompt"))
    except TimeoutError:
        return found(
            "down" if elapsed is None else "degraded",
            f"{server_at(server.address)} did not answer within {HEALTH_TIMEOUT_S:g} s.",
            "It may be starting or very busy: try again in a moment.",
        )
    except ProviderError as error:
        reason, _, advice = error.message.partition(". ")
        return found("down" if elapsed is None else "degraded", f"{reason}.", advice)
    device = _device(stats.get("devices"))
    where = f" on {device}" if device else ""
    return found(
        "ok", f"{server_at(server.address)} runs{where} and has {waiting} jobs in its queue."
    )


def _waiting(answer: dict[str, Any]) -> int:
    info = answer.get("exec_info")
    count = info.get("queue_remaining") if isinstance(info, dict) else None
    return count if isinstance(count, int) else 0


def _device(devices: object) -> str:
    first = devices[0] if isinstance(devices, list) and devices else None
    return (text_of(first.get("name")) or "") if isinstance(first, dict) else ""
