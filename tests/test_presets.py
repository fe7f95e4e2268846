"""Image presets: what they ask for, how sizes are rounded, and that faults are told."""

import re
import shutil
from pathlib import Path

import pytest

from core.catalog.presets import SHIPPED, ImagePreset, Note, load_presets
from core.errors import CatalogError
from core.types import LARGEST_SIDE, ImageOptions, Language
from core.workflows import load_workflows

PRESETS = load_presets()
HANGUL = re.compile("[가-힣]")

every_preset = pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.id)


@pytest.fixture
def copied_presets(tmp_path: Path) -> Path:
    shutil.copytree(SHIPPED, tmp_path / "presets")
    return tmp_path / "presets"


def break_file(file: Path, old: str, new: str) -> int:
    """Replace the first `old` with `new` and return the line where it stood."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def preset(multiple_of: int = 8) -> ImagePreset:
    return PRESETS["free"].model_copy(update={"multiple_of": multiple_of})


def test_presets_stand_in_their_order_with_the_sizes_of_the_requirements() -> None:
    sizes = {name: (p.options.width, p.options.height) for name, p in PRESETS.items()}
    assert list(sizes) == ["product_image", "brand_logo", "sns_thumbnail", "free"]
    assert sizes["product_image"] == (1024, 1024)
    assert sizes["brand_logo"] == (512, 512)
    assert sizes["sns_thumbnail"] == (1200, 630)


@every_preset
def test_a_preset_leaves_only_seed_and_denoise_open(preset: ImagePreset) -> None:
    left_open = {name for name, value in preset.options if value is None}
    assert left_open == {"seed", "denoise"}
    assert preset.workflow in load_workflows([])


@every_preset
def test_a_preset_speaks_both_languages_and_is_negative_in_english(preset: ImagePreset) -> None:
    for text in (preset.label, preset.help, preset.prompt_hint, preset.example):
        assert HANGUL.search(text.in_(Language.KOREAN))
        assert not HANGUL.search(text.in_(Language.ENGLISH))
    for language in Language:
        assert not HANGUL.search(preset.negative.in_(language))
        assert len(preset.negative.in_(language)) <= 120


def test_the_thumbnail_is_rounded_and_it_is_said() -> None:
    options, notes = PRESETS["sns_thumbnail"].fit(ImageOptions(seed=5))
    assert (options.width, options.height, options.seed) == (1200, 632, 5)
    assert options.steps == PRESETS["sns_thumbnail"].options.steps
    numbers = {
        "wanted_width": 1200,
        "wanted_height": 630,
        "width": 1200,
        "height": 632,
        "multiple_of": 8,
    }
    assert notes == [Note("size_rounded", numbers)]


@every_preset
def test_what_fits_already_is_left_alone_and_nothing_said(preset: ImagePreset) -> None:
    fitted, _ = preset.fit(ImageOptions())
    assert preset.fit(fitted) == (fitted, [])


@pytest.mark.parametrize(
    ("asked", "step", "made"),
    [
        (500, 8, 504),
        (499, 8, 496),
        (100, 64, 128),
        (95, 64, 64),
        (17, 8, 16),
        (16, 64, 64),
        (LARGEST_SIDE, 8, LARGEST_SIDE),
        (LARGEST_SIDE, 24, 4080),
        (LARGEST_SIDE - 1, 64, LARGEST_SIDE),
        (333, 1, 333),
    ],
)
def test_a_side_goes_to_the_nearest_multiple_within_the_limits(
    asked: int, step: int, made: int
) -> None:
    fitted, notes = preset(step).fit(ImageOptions(width=asked, height=asked))
    assert (fitted.width, fitted.height) == (made, made)
    assert bool(notes) == (made != asked)


def test_the_request_goes_over_the_preset() -> None:
    options, notes = PRESETS["product_image"].fit(ImageOptions(steps=4, sampler="lcm", batch=2))
    assert (options.steps, options.sampler, options.batch, options.width) == (4, "lcm", 2, 1024)
    assert notes == []


def test_adding_a_preset_is_adding_a_file(copied_presets: Path) -> None:
    text = (copied_presets / "free.toml").read_text(encoding="utf-8")
    (copied_presets / "banner.toml").write_text(text.replace("order = 40", "order = 1"), "utf-8")
    assert next(iter(load_presets(copied_presets))) == "banner"


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("steps = 20", "steps = 0", "options.steps", "greater than or equal to 1 (now 0)"),
        ("multiple_of = 8", "multiples = 8", "multiples", "is not a key that is known here"),
        ("width = 768\n", "\n", "options", "is missing"),
        ('workflow = "txt2img"', 'workflow = "../x"', "workflow", "String should match pattern"),
    ],
)
def test_a_fault_is_told_with_file_line_and_key(
    copied_presets: Path, old: str, new: str, place: str, words: str
) -> None:
    line = break_file(copied_presets / "free.toml", old, new)
    with pytest.raises(CatalogError) as caught:
        load_presets(copied_presets)
    (problem,) = caught.value.details["problems"]
    assert problem.startswith("presets/free.toml, line ")
    assert place in problem
    assert words in problem
    if words != "is missing":  # a key that is not there has no line of its own
        assert f"line {line}," in problem
