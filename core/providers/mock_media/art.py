"""The art of a poster: a composition, and what the options and the source do to it."""

import hashlib
import io
import math
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from core.providers.mock.dice import Dice
from core.providers.mock_media.canvas import Canvas, ramp
from core.providers.mock_media.compositions import COMPOSITIONS
from core.providers.mock_media.looks import Palette, load_looks

SAMPLERS = ("euler", "euler_ancestral", "heun", "dpmpp_2m", "ddim")
SCHEDULERS = ("normal", "karras", "exponential", "simple")
USUAL_STEPS = 20
USUAL_CFG = 7.0
USUAL_DENOISE = 0.6
MOST_PIXELS = 1_200_000
TILE = 256
SUNLIGHT = (255, 250, 235)


@dataclass(frozen=True)
class Subject:
    """What is drawn, apart from its size. The same subject gives the same art everywhere."""

    prompt: str
    task: str
    seed: int
    steps: int
    cfg: float
    sampler: str
    scheduler: str
    denoise: float

    @property
    def dice(self) -> Dice:
        """Chance by prompt and seed alone, so that options change the look and not the motif."""
        return Dice(f"{self.seed}\n{self.task}\n{self.prompt}")

    @property
    def palette(self) -> Palette:
        """The colours of the whole poster."""
        return load_looks().palette_for(self.prompt, self.dice)


def drawing_size(width: int, height: int) -> tuple[int, int]:
    """The size art is drawn in, at most `MOST_PIXELS`: larger pictures are enlarged."""
    scale = min(1.0, math.sqrt(MOST_PIXELS / (width * height)))
    return max(1, round(width * scale)), max(1, round(height * scale))


def draw(subject: Subject, size: tuple[int, int], source: Image.Image | None) -> Image.Image:
    """The art of `subject` in `size` pixels; `source` shows as far as `denoise` leaves it."""
    dice, palette = subject.dice, subject.palette
    canvas = Canvas(*size, palette.paper)
    names = load_looks().compositions.get(subject.task, tuple(COMPOSITIONS))
    COMPOSITIONS[dice.pick("composition", names)](canvas, palette, dice)
    _sparkles(canvas, palette, dice, subject.steps)
    art = _developed(canvas.finished(), subject, palette)
    return art if source is None else _from_source(source, art, subject.denoise, palette)


def _sparkles(canvas: Canvas, palette: Palette, dice: Dice, steps: int) -> None:
    """Small details that come with more steps than usual."""
    for number in range(min(12, max(0, steps - USUAL_STEPS + 3) // 4)):
        place = (
            canvas.width * dice.roll(f"sparkle {number}", 1000) / 1000,
            canvas.height * dice.roll(f"sparkle down {number}", 700) / 1000,
        )
        colour = (palette.paper, palette.accent)[number % 2]
        canvas.star(place, canvas.short * (0.014 + 0.006 * (number % 3)), colour, 0.92)


def _developed(art: Image.Image, subject: Subject, palette: Palette) -> Image.Image:
    art = ImageEnhance.Color(art).enhance(
        min(1.5, max(0.35, 1 + (subject.cfg - USUAL_CFG) * 0.055))
    )
    art = _lit(art, _known(subject.scheduler, SCHEDULERS), palette)
    art = _textured(art, _known(subject.sampler, SAMPLERS), palette)
    if subject.steps < USUAL_STEPS:
        # Few steps leave a picture unfinished: soft, as real samplers do.
        missing = 1 - subject.steps / USUAL_STEPS
        art = art.filter(ImageFilter.GaussianBlur(min(art.size) * 0.03 * missing**1.5))
    return art


def _known(name: str, names: tuple[str, ...]) -> str:
    """`name`, or for a name of another server always the same one of `names`."""
    return name if name in names else Dice(name).pick("name", names)


def _lit(art: Image.Image, scheduler: str, palette: Palette) -> Image.Image:
    if scheduler == "normal":
        return art
    if scheduler == "karras":
        edge = Image.radial_gradient("L").point(lambda value: max(0, value - 110) * 0.62)
        edge, colour = edge.resize(art.size, Image.Resampling.BILINEAR), palette.ink
    elif scheduler == "exponential":
        edge, colour = ramp(art.size, 2.5).point(lambda value: max(0, value - 90) * 0.8), SUNLIGHT
    else:
        edge = ramp(art.size, 0.6).point(lambda value: max(0, value - 110) * 0.7)
        colour = palette.accent
    art.paste(colour, (0, 0, *art.size), edge)
    return art


def _textured(art: Image.Image, sampler: str, palette: Palette) -> Image.Image:
    if sampler == "euler":
        return art
    texture = _tiled(_tile(sampler), art.size)
    colour = (255, 255, 255) if sampler == "ddim" else palette.ink
    art.paste(colour, (0, 0, *art.size), texture)
    return art


def _tile(sampler: str) -> Image.Image:
    """A pattern that repeats without a seam: paper grain, rules, hatching or dots."""
    if sampler == "euler_ancestral":
        grain = hashlib.shake_256(b"paper").digest(TILE * TILE)
        return Image.frombytes("L", (TILE, TILE), grain).point(lambda value: value * 0.13)
    tile = Image.new("L", (TILE, TILE))
    draw = ImageDraw.Draw(tile)
    if sampler == "heun":
        for y in range(0, TILE, 8):
            draw.line((0, y, TILE, y), fill=34, width=2)
    elif sampler == "dpmpp_2m":
        for x in range(-TILE, TILE, 8):
            draw.line((x, 0, x + TILE, TILE), fill=30)
    else:
        for cell in range((TILE // 16) ** 2):
            x, y = cell % (TILE // 16) * 16, cell // (TILE // 16) * 16
            draw.ellipse((x + 4, y + 4, x + 9, y + 9), fill=52)
    return tile


def _tiled(tile: Image.Image, size: tuple[int, int]) -> Image.Image:
    whole = Image.new("L", size)
    for x in range(0, size[0], TILE):
        for y in range(0, size[1], TILE):
            whole.paste(tile, (x, y))
    return whole


def opened(data: bytes) -> Image.Image:
    """A source picture as RGB, what is transparent in it on white. Raises OSError, ValueError."""
    with Image.open(io.BytesIO(data)) as picture:
        shown = picture.convert("RGBA")
    ground = Image.new("RGBA", shown.size, "white")
    return Image.alpha_composite(ground, shown).convert("RGB")


def _from_source(
    source: Image.Image, art: Image.Image, denoise: float, palette: Palette
) -> Image.Image:
    """`source` recoloured and mixed with `art`: 0 keeps it as it is, 1 forgets it."""
    fitted = ImageOps.fit(source, art.size, Image.Resampling.BICUBIC)
    dark, middle, light = palette.colours[4], palette.colours[2], palette.colours[0]
    toned = ImageOps.colorize(ImageOps.grayscale(fitted), dark, light, middle)
    recoloured = Image.blend(fitted, toned, min(1.0, denoise * 1.3))
    glazed = ImageChops.soft_light(recoloured, art)
    recoloured = Image.blend(recoloured, glazed, min(1.0, denoise * 1.2))
    return Image.blend(recoloured, art, denoise**2)
