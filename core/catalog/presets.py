"""Image presets as data: what marketers make pictures for, with the options that suit it.

A preset is a file in `presets/`. None names a checkpoint: that is a setting, or else what the
server offers.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from core.catalog.audit import Fault
from core.catalog.files import in_order, read_folder, refuse
from core.catalog.models import Identifier
from core.localised import Localised
from core.types import LARGEST_SIDE, Frozen, ImageOptions

SHIPPED = Path(__file__).parent / "presets"
SMALLEST_SIDE = 16
_SIDES = ("width", "height")


@dataclass(frozen=True)
class Note:
    """Something a person should be told about a request: what, and the numbers in it.

    "size_rounded": asked for `wanted_width` x `wanted_height` pixels, `width` x `height` will
    be made, because sides have to be multiples of `multiple_of`.
    """

    code: str
    numbers: Mapping[str, int] = field(default_factory=dict)


class ImagePreset(Frozen):
    """A use for pictures with the options that suit it. `id` is the name of its file.

    `multiple_of` is what both sides are rounded to, in pixels, `workflow` the one to use where
    the request names none. `negative` is sent as it is, hence English in both languages.
    """

    id: Identifier
    order: int = 1000
    label: Localised
    help: Localised
    options: ImageOptions
    multiple_of: int = Field(default=8, ge=1, le=256)
    workflow: Identifier = "txt2img"
    prompt_hint: Localised
    example: Localised
    negative: Localised

    def fit(self, options: ImageOptions) -> tuple[ImageOptions, list[Note]]:
        """`options` over the preset's own, with sides that the model takes, and what was changed.

        Each side goes to the nearest multiple of `multiple_of` (up where two are as near).
        """
        wanted = options.over(self.options)
        sides = {
            name: self._side(value)
            for name in _SIDES
            if (value := getattr(wanted, name)) is not None
        }
        fitted = wanted.model_copy(update=sides)
        if fitted == wanted:
            return fitted, []
        numbers = {f"wanted_{name}": getattr(wanted, name) for name in sides}
        return fitted, [Note("size_rounded", {**numbers, **sides, "multiple_of": self.multiple_of})]

    def _side(self, pixels: int) -> int:
        step = self.multiple_of
        least, most = math.ceil(SMALLEST_SIDE / step) * step, LARGEST_SIDE // step * step
        return min(max((2 * pixels + step) // (2 * step) * step, least), most)


def load_presets(directory: Path | None = None) -> dict[str, ImagePreset]:
    """The presets in `directory` (default: those shipped) by id, in their order.

    Raises CatalogError with all faults of all files, each with file, line and key.
    """
    directory = SHIPPED if directory is None else directory
    problems: list[str] = []
    presets = read_folder(directory, ImagePreset, problems)
    for preset, source in presets:
        problems += [
            source.told(Fault(("options", name), "is missing"))
            for name in _SIDES
            if getattr(preset.options, name) is None
        ]
    refuse(f"The presets in {directory} have", problems)
    return in_order(preset for preset, _ in presets)
