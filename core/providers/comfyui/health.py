"""Whether a ComfyUI server can make pictures now, and with what."""

from collections.abc import Mapping

from core.errors import ProviderError
from core.health import Device, ProviderHealth, QueueLength
from core.providers.checkup import Findings, together
from core.providers.comfyui.choices import checkpoints
from core.providers.comfyui.errors import not_comfyui
from core.providers.comfyui.messages import text_of
from core.providers.comfyui.pulse import Look, Pulse
from core.providers.comfyui.server import ComfyServer, ids_of
from core.types import ModelInfo, scrub

# The queue holds whole prompts, with pictures inside some of them.
LARGEST_QUEUE_BYTES = 4 * 1024 * 1024
LARGEST_ANSWER_BYTES = 1024 * 1024
LARGEST_NUMBER = 2**63 - 1
MOST_DEVICES = 64

Ours = Mapping[str, float]


async def examine_server(
    server: ComfyServer, found: Findings, pulse: Pulse, *, ours: Ours, wanted: str
) -> ProviderHealth:
    """Version, devices, queue and checkpoints. Raises ProviderError.

    `ours` are the jobs that this app has there, each with when it gave its last sign of life;
    `wanted` is the checkpoint of runs that name none, "" where any will do.
    """
    stats = await server.ask("GET", "system_stats", max_bytes=LARGEST_ANSWER_BYTES)
    system = stats.get("system")
    if not isinstance(system, dict):
        raise not_comfyui(server.address)
    devices = _devices(stats.get("devices"))
    found.answered(version=_short(system.get("comfyui_version")), devices=devices)
    trouble, offered = await together(_examine_queue(server, found, pulse, ours), _offered(server))
    if offered is not None:
        found.note(models=tuple(ModelInfo(name=scrub(name)[:300]) for name in offered))
    return trouble or _lacking(found, offered, wanted) or found.ok(_in_words(found))


async def _examine_queue(
    server: ComfyServer, found: Findings, pulse: Pulse, ours: Ours
) -> ProviderHealth | None:
    info = (await server.ask("GET", "prompt", max_bytes=LARGEST_ANSWER_BYTES)).get("exec_info")
    count = _whole(info.get("queue_remaining")) if isinstance(info, dict) else None
    if count is None:
        return None
    look = await _look(server) if count else Look()
    if look is None:
        pulse.forget()
        # It has one worker, which takes the next job at once.
        found.note(queue=QueueLength(running=1, waiting=count - 1, ours=min(len(ours), count)))
        return None
    jobs = (*look.running, *look.waiting)
    found.note(
        queue=QueueLength(
            running=len(look.running),
            waiting=len(look.waiting),
            ours=sum(job in ours for job in jobs),
        )
    )
    heard = ours.get(look.running[0]) if look.running else None
    return pulse.judge(look, found, heard=heard)


async def _look(server: ComfyServer) -> Look | None:
    """The queue, None where it is too large to read or in no form that is known."""
    try:
        queue = await server.ask("GET", "queue", max_bytes=LARGEST_QUEUE_BYTES)
    except ProviderError:
        return None
    return Look(
        running=tuple(ids_of(queue.get("queue_running"))),
        waiting=tuple(ids_of(queue.get("queue_pending"))),
    )


async def _offered(server: ComfyServer) -> tuple[str, ...] | None:
    """The checkpoints there are, None where that cannot be learnt."""
    try:
        return await checkpoints(server)
    except ProviderError:
        return None


def _lacking(
    found: Findings, offered: tuple[str, ...] | None, wanted: str
) -> ProviderHealth | None:
    if offered is None:
        return None
    if not offered:
        return found.degraded(
            "no_checkpoint",
            f"{found.server} has no checkpoint.",
            "Put one into its folder models/checkpoints. Workflows that need none can run.",
            folder="models/checkpoints",
        )
    if wanted and wanted not in offered:
        return found.degraded(
            "checkpoint_missing",
            f"{found.server} does not have the checkpoint {wanted}.",
            "Put it into its folder models/checkpoints, or set COMFYUI_DEFAULT_CHECKPOINT to one "
            "that it has.",
            model=wanted,
            setting="COMFYUI_DEFAULT_CHECKPOINT",
        )
    return None


def _in_words(found: Findings) -> str:
    devices, queue = found.facts["devices"], found.facts.get("queue")
    where = f" on {devices[0].name}" if devices else ""
    jobs = "" if queue is None else f" and has {queue.running + queue.waiting} jobs in its queue"
    return f"{found.server} runs{where}{jobs}."


def _devices(value: object) -> tuple[Device, ...]:
    items = value if isinstance(value, list) else []
    return tuple(
        Device(
            name=name,
            kind=_short(item.get("type")) or "",
            memory_total=_whole(item.get("vram_total")),
            memory_free=_whole(item.get("vram_free")),
        )
        for item in items[:MOST_DEVICES]
        if isinstance(item, dict) and (name := _short(item.get("name")))
    )


def _short(value: object) -> str | None:
    text = text_of(value)
    return scrub(text)[:200] if text else None


def _whole(value: object) -> int | None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and 0 <= value <= LARGEST_NUMBER else None
