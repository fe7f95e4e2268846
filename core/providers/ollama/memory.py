"""Loading a model before anybody waits for it, and letting go of it."""

import asyncio
import time
from collections.abc import Callable

from pydantic import JsonValue

from core.errors import InvalidRequest, ModelNotFound, ProviderTimeout
from core.providers.ollama.errors import VENDOR, Asked, pull_command, still_loading
from core.providers.ollama.server import LIST_TIMEOUT_S, OllamaServer
from core.providers.ollama.shelf import holds, is_cloud

UNLOAD_TIMEOUT_S = 15.0
SEEN_TIMEOUT_S = 10.0
LOOK_EVERY_S = 0.2


async def load(server: OllamaServer, body: dict[str, JsonValue], *, timeout_s: float) -> None:
    """Load the model of `body`, a chat without messages, otherwise as runs send it.

    Loading may take `timeout_s` seconds; giving up stops it. See `LLMProvider.preload`.
    """
    asked = Asked(server.address, str(body["model"]))
    if is_cloud(asked.model):
        raise InvalidRequest(
            f"{asked.model!r} runs in Ollama's cloud: there is nothing to load on this server.",
            details={"provider": VENDOR, "model": asked.model},
        )
    names = [model.name for model in await server.listed(timeout_s=LIST_TIMEOUT_S)]
    if not holds(names, asked.model):
        command = pull_command(asked.model)
        raise ModelNotFound(
            f"{asked.server} does not have the model {asked.model!r}. Fetch it with: {command}",
            provider=VENDOR,
            details={"model": asked.model, "pull": command},
        )
    try:
        await server.ask("POST", "api/chat", body=body, model=asked.model, timeout_s=timeout_s)
    except ProviderTimeout as error:
        raise still_loading(asked, timeout_s) from error
    await _until(
        server,
        asked,
        lambda names: holds(names, asked.model),
        "says that it loaded {model!r}, but does not list it as loaded. OLLAMA_KEEP_ALIVE may be "
        "0, or another model took its place: look at what is loaded, then try again",
    )


async def let_go(server: OllamaServer, model: str) -> None:
    """Unload `model`; see `LLMProvider.unload`."""
    asked = Asked(server.address, model)
    body: dict[str, JsonValue] = {"model": model, "messages": [], "keep_alive": 0, "stream": False}
    await server.ask("POST", "api/chat", body=body, model=model, timeout_s=UNLOAD_TIMEOUT_S)
    await _until(
        server,
        asked,
        lambda names: not holds(names, model),
        "still has {model!r} in memory. Somebody's request may be using it: try again when that "
        "is over",
    )


async def _until(
    server: OllamaServer, asked: Asked, promise: Callable[[list[str]], bool], otherwise: str
) -> None:
    """Wait until `promise` holds for the names of the models in memory."""
    end = time.monotonic() + SEEN_TIMEOUT_S
    while True:
        loaded = await server.loaded()
        if loaded is not None and promise(loaded):
            return
        if time.monotonic() >= end:
            what = otherwise.format(model=asked.model)
            raise ProviderTimeout(
                f"{asked.server} {what}.",
                provider=VENDOR,
                details={"model": asked.model, "timeout_s": SEEN_TIMEOUT_S},
            )
        await asyncio.sleep(LOOK_EVERY_S)
