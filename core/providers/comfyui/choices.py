"""The lists that a server offers: checkpoints, samplers, schedulers, LoRAs."""

import asyncio
from collections.abc import Iterator
from typing import Any

from core.errors import ModelNotFound
from core.media import MediaChoices
from core.providers.comfyui.graph import VENDOR
from core.providers.comfyui.server import ComfyServer
from core.types import scrub

_LISTS = (
    ("checkpoints", "CheckpointLoaderSimple", "ckpt_name"),
    ("samplers", "KSampler", "sampler_name"),
    ("schedulers", "KSampler", "scheduler"),
    ("loras", "LoraLoader", "lora_name"),
)


LONGEST_NAME = 300
MOST_CHOICES = 10_000


async def read_choices(server: ComfyServer) -> MediaChoices:
    """What the server offers now; a node that it lacks gives an empty list."""
    kinds = list(dict.fromkeys(kind for _, kind, _ in _LISTS))
    answers = await asyncio.gather(*(server.ask("GET", f"object_info/{kind}") for kind in kinds))
    nodes = {kind: answer.get(kind) for kind, answer in zip(kinds, answers, strict=True)}
    return MediaChoices(
        **{name: options_of(nodes[kind], input_name) for name, kind, input_name in _LISTS}
    )


async def checkpoints(server: ComfyServer) -> tuple[str, ...]:
    """The checkpoints that the server has. Raises ProviderError."""
    _, kind, input_name = _LISTS[0]
    return options_of((await server.ask("GET", f"object_info/{kind}")).get(kind), input_name)


async def first_checkpoint(server: ComfyServer) -> str:
    """The checkpoint that stands first in the server's list. Raises ModelNotFound."""
    offered = await checkpoints(server)
    if not offered:
        raise ModelNotFound(
            f"ComfyUI at {server.address} has no checkpoint. Put one into its folder "
            "models/checkpoints, or choose a workflow that needs none.",
            provider=VENDOR,
            details={"folder": "models/checkpoints"},
        )
    return offered[0]


def options_of(node: object, input_name: str) -> tuple[str, ...]:
    """The choices of one input of a node of object_info, in either of the two spellings.

    `[["euler", …], {…}]` is the old one, `["COMBO", {"options": ["euler", …]}]` the new.
    """
    inputs = _mapping(_mapping(node).get("input"))
    for group in ("required", "optional"):
        spec = _mapping(inputs.get(group)).get(input_name)
        if isinstance(spec, list) and spec:
            extra = _mapping(spec[1]) if len(spec) > 1 else {}
            options = spec[0] if isinstance(spec[0], list) else extra.get("options")
            return tuple(_names(options)) if isinstance(options, list) else ()
    return ()


def _names(options: list[Any]) -> Iterator[str]:
    """Those that can be asked for by name. Half characters could not even be told to anybody."""
    for name in map(str, options[:MOST_CHOICES]):
        if len(name) <= LONGEST_NAME and scrub(name) == name:
            yield name


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
