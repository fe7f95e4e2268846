"""What Ollama's lists say of a model, and how its names are read."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from core.health import LoadedModel
from core.types import ModelInfo, scrub, utc_now

# Ollama writes "for ever" as a date some three hundred years from now.
FOR_EVER = timedelta(days=50 * 365)
LONGEST_NAME = 300
LARGEST_NUMBER = 2**63 - 1


def model_of(entry: dict[str, Any]) -> ModelInfo:
    """A model as an entry of /api/tags describes it; what is odd there is unknown."""
    details = entry.get("details")
    details = details if isinstance(details, dict) else {}
    capabilities = entry.get("capabilities")
    return ModelInfo(
        name=name_of(entry),
        size=_whole(entry.get("size")),
        parameters=_string(details.get("parameter_size")),
        capabilities=tuple(filter(None, map(_string, capabilities)))
        if isinstance(capabilities, list)
        else (),
    )


def loaded_of(entry: dict[str, Any]) -> LoadedModel:
    """A model in memory as an entry of /api/ps describes it."""
    return LoadedModel(
        name=name_of(entry),
        memory=_whole(entry.get("size")),
        gpu_memory=_whole(entry.get("size_vram")),
        context_tokens=_whole(entry.get("context_length")) or None,
        expires_at=_moment(entry.get("expires_at")),
    )


def with_loaded(models: Iterable[ModelInfo], loaded: Iterable[str] | None) -> list[ModelInfo]:
    """`models`, each with whether it is among `loaded`; None where that is not known."""
    names = None if loaded is None else list(loaded)
    return [
        model.model_copy(update={"loaded": None if names is None else holds(names, model.name)})
        for model in models
    ]


def name_of(entry: dict[str, Any]) -> str:
    """The name in an entry, "" where there is none."""
    return _string(entry.get("name")) or _string(entry.get("model")) or ""


def same_model(one: str, other: str) -> bool:
    """Whether both name the same model: case does not count, the tag `latest` may be left out."""
    return _full_name(one) == _full_name(other)


def holds(names: Iterable[str], model: str) -> bool:
    """Whether `model` is among `names`."""
    return any(same_model(name, model) for name in names)


def is_cloud(model: str) -> bool:
    """Whether `model` runs in Ollama's cloud: it is never loaded, and needs no fetching."""
    return model.endswith((":cloud", "-cloud"))


def _full_name(name: str) -> str:
    name = name.lower()
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _string(value: object) -> str | None:
    return scrub(value)[:LONGEST_NAME] if isinstance(value, str) and value else None


def _whole(value: object) -> int | None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and 0 <= value <= LARGEST_NUMBER else None


def _moment(value: object) -> datetime | None:
    """When a model is let go of, None for never and for what is no date."""
    try:
        moment = datetime.fromisoformat(str(value)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    is_far = moment.year < 2000 or moment - utc_now() > FOR_EVER
    return None if is_far else moment
