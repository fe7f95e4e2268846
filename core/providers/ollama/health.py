"""Whether an Ollama server can answer now, and what it has."""

from collections.abc import Iterable

from core.health import ProviderHealth
from core.providers.checkup import Findings, together
from core.providers.error_body import ErrorBody
from core.providers.ollama.errors import Asked, pull_command, refusal
from core.providers.ollama.server import OllamaServer
from core.providers.ollama.shelf import holds, is_cloud, with_loaded


async def examine_server(
    server: OllamaServer, found: Findings, *, wanted: Iterable[str]
) -> ProviderHealth:
    """Version, models and memory; `wanted` are the models that runs use. Raises ProviderError."""
    version = await server.version()
    if version is None:
        raise refusal(200, ErrorBody("json", "no version"), Asked(server.address, ""))
    found.answered(version=version)
    models, memory = await together(server.listed(), server.memory())
    loaded = None if memory is None else [model.name for model in memory]
    found.note(models=tuple(with_loaded(models, loaded)), loaded=memory)
    names = [model.name for model in models]
    wanted = dict.fromkeys(wanted)
    missing = [name for name in wanted if not is_cloud(name) and not holds(names, name)]
    if not missing:
        return found.ok(f"{found.server} has {len(names)} models.")
    command = " && ".join(map(pull_command, missing))
    if not names:
        return found.degraded(
            "no_models",
            f"{found.server} has no models at all.",
            f"Fetch the one that runs use with: {command}",
            command=command,
            models=missing,
        )
    return found.degraded(
        "models_missing",
        f"{found.server} does not have {', '.join(missing)}.",
        f"Fetch it with: {command}",
        command=command,
        models=missing,
    )
