"""What a person asks for on the Image page: its fields in the session, and as a value."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import streamlit as st
from pydantic import ValidationError

from core import services
from core.catalog.presets import ImagePreset
from core.media import ImageOptions, ImageRequest
from core.run import (
    Run,
)
from core.types import (
    Mode,
)
from pages._i18n import language
from pages._image_axes import BadValue, parse_size
from pages._who import who

MOST = 8
USUAL_DENOISE = 0.6
_OPTIONS = ("steps", "cfg", "sampler", "scheduler", "seed")


@dataclass(frozen=True)
class ImageForm:
    """A request for pictures; None and "" leave the choice to preset and settings."""

    preset: str
    prompt: str
    negative: str
    mode: Mode
    provider: str | None = None
    model: str | None = None
    workflow: str | None = None
    source: str | None = None
    denoise: float | None = None
    size: str = ""
    steps: int | None = None
    cfg: float | None = None
    sampler: str | None = None
    scheduler: str | None = None
    seed: int | None = None
    count: int = 1

    @property
    def options(self) -> ImageOptions:
        """The options that were chosen. Raises BadValue for what cannot be."""
        width, height = parse_size(self.size) if self.size else (None, None)
        with _typed():
            return ImageOptions(
                width=width,
                height=height,
                denoise=self.denoise if self.source else None,
                **{name: getattr(self, name) for name in _OPTIONS},
            )

    @property
    def request(self) -> ImageRequest:
        """One picture of this form. Raises BadValue."""
        options = self.options
        with _typed():
            return ImageRequest(
                task=self.preset,
                prompt=self.prompt,
                negative=self.negative,
                mode=self.mode,
                provider=self.provider,
                model=self.model,
                workflow=self.workflow,
                source_sha256=self.source,
                options=options,
                language=language(),
                source="page",
                user=who(),
            )


def start_form() -> None:
    """Settle the session's fields before they are drawn."""
    here = services.get_services()
    first: dict[str, Any] = {
        "preset": next(iter(here.presets)),
        "mode": here.settings.generator_mode,
        "count": 1,
        "denoise": USUAL_DENOISE,
    }
    for name, value in first.items():
        st.session_state.setdefault(f"image_{name}", value)


def preset() -> ImagePreset:
    """The preset that is chosen."""
    return services.get_services().presets[st.session_state["image_preset"]]


def form() -> ImageForm:
    """The form as its fields stand in the session."""

    def value(name: str) -> Any:  # noqa: ANN401 (a widget's value)
        found = st.session_state.get(f"image_{name}")
        return (found.strip() or None) if isinstance(found, str) else found

    mode = Mode(value("mode"))
    return ImageForm(
        preset=st.session_state["image_preset"],
        prompt=value("prompt") or "",
        negative=value("negative") or "",
        mode=mode,
        provider=value(f"provider_{mode}"),
        model=value(f"model_{mode}"),
        workflow=value("workflow"),
        source=value("source"),
        denoise=value("denoise"),
        size=value("size") or "",
        count=value("count") or 1,
        **{name: value(name) for name in _OPTIONS},
    )


def fill_example() -> None:
    """Put the preset's example into the prompt; for a callback."""
    chosen = preset()
    st.session_state["image_prompt"] = chosen.example.in_(language())


def fill(run: Run, *, count: int = 1) -> None:
    """Put what `run` was made from into the fields; before they are drawn."""
    chosen = services.get_services().presets.get(run.task)
    if chosen is None or run.image is None:
        return
    usual, options = chosen.fit(chosen.options)[0], run.image.options
    size = (options.width, options.height)
    values: dict[str, Any] = {
        "preset": chosen.id,
        "prompt": run.payload.get("prompt") or "",
        "negative": run.payload.get("negative") or "",
        "mode": run.mode,
        f"provider_{run.mode}": run.provider,
        f"model_{run.mode}": run.model,
        "workflow": run.payload.get("workflow") or "",
        "source": run.payload.get("source_sha256"),
        "size": "" if size == (usual.width, usual.height) else f"{size[0]} × {size[1]}",
        "count": min(count, MOST),
        **{name: _chosen(options, usual, name) for name in _OPTIONS},
        "seed": None,  # the next pictures are others; "same seed" is a button of each picture
    }
    if options.denoise is not None:
        values["denoise"] = options.denoise
    for name, value in values.items():
        st.session_state[f"image_{name}"] = value


@contextmanager
def _typed() -> Generator[None]:
    """Say of a typed value that it cannot be. Raises BadValue."""
    try:
        yield
    except ValidationError as error:
        raise BadValue(str(error.errors()[0]["input"])) from error


def _chosen(options: ImageOptions, usual: ImageOptions, name: str) -> Any:  # noqa: ANN401
    value = getattr(options, name)
    return None if value == getattr(usual, name) else value
