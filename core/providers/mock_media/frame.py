"""Where art and words stand on a poster: beneath each other, beside, or with a margin around."""

from dataclasses import dataclass

from PIL import Image, ImageDraw

from core.providers.mock_media.art import Subject
from core.providers.mock_media.lettering import Block, broken, fitted, showable
from core.providers.mock_media.looks import Colour, Palette, mixed
from core.providers.mock_media.typeface import Typeface

SMALLEST_LETTERS = 9
ROOM_FOR_WORDS = 0.62
WIDE = 1.5

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Words:
    """What a poster says: the prompt, its facts, and how it was made."""

    prompt: str
    facts: str
    recipe: str
    missing: int

    @classmethod
    def of(cls, subject: Subject, size: tuple[int, int], negative: str, face: Typeface) -> "Words":
        """The words of a poster of `size`."""
        prompt, missing = showable(subject.prompt, face)
        without, missing_there = showable(negative, face)
        times = "×" if face.has("×") else "x"
        recipe = f"{subject.sampler} / {subject.scheduler} / {subject.steps} steps"
        recipe += f" / CFG {subject.cfg:g} / simulated"
        if without:
            recipe += f" / without: {without}"
        return cls(
            prompt=prompt,
            facts=f"{size[0]} {times} {size[1]}   seed {subject.seed}",
            recipe=showable(recipe, face)[0],
            missing=missing + missing_there,
        )


@dataclass(frozen=True)
class Frame:
    """A poster's plan, in pixels. `art` is where the art goes, `blocks` stand at `corner`."""

    size: tuple[int, int]
    art: Box
    corner: tuple[int, int]
    blocks: tuple[Block, ...]
    paper: Colour
    accent: Colour

    @property
    def has_words(self) -> bool:
        """Whether the picture is large enough to say anything."""
        return bool(self.blocks)

    def mounted(self, art: Image.Image) -> Image.Image:
        """The poster without its words; smaller than planned where `art` is smaller."""
        scale = art.width / (self.art[2] - self.art[0])
        size = (max(1, round(self.size[0] * scale)), max(1, round(self.size[1] * scale)))
        poster = Image.new("RGB", size, self.paper)
        poster.paste(art, (round(self.art[0] * scale), round(self.art[1] * scale)))
        return poster

    def letter(self, poster: Image.Image, typeface: Typeface) -> None:
        """Write the words, the accent's short rule above the facts."""
        draw = ImageDraw.Draw(poster)
        x, y = self.corner
        for number, block in enumerate(self.blocks):
            if number == 1:
                gap = block.size * 0.5
                thick = max(1, round(block.size * 0.16))
                draw.rectangle(
                    (x, y + gap, x + block.size * 2.6, y + gap + thick - 1), fill=self.accent
                )
                y += round(gap * 2 + thick)
            block.write(draw, x, y, typeface)
            y += block.height


def framed(
    words: Words, size: tuple[int, int], palette: Palette, face: Typeface, *, style: str
) -> Frame:
    """The plan for a poster; `style` is "band" or "margin", wide ones are also put "beside"."""
    width, height = size
    if style == "beside" and width >= height * WIDE:
        return _beside(words, size, palette, face)
    short = min(size)
    margin = round(short * 0.055) if style == "margin" and short >= 200 else 0
    pad = margin or max(2, round(short * 0.045))
    blocks = _blocks(
        words,
        palette,
        face,
        short=short,
        width=width - pad * 2,
        most_lines=3,
        room=round(height * ROOM_FOR_WORDS * (1 if short < 200 else 0.6)) - pad * 2,
    )
    band = _height(blocks) + pad * (2 if not margin else 1) + margin if blocks else 0
    art = (margin, margin, width - margin, height - (band or margin))
    top = art[3] + (pad if not margin else round(margin * 0.7))
    return Frame(size, art, (pad, top), blocks, palette.paper, palette.accent)


def _beside(words: Words, size: tuple[int, int], palette: Palette, face: Typeface) -> Frame:
    width, height = size
    pad = max(2, round(height * 0.08))
    panel = round(width * 0.38)
    blocks = _blocks(
        words,
        palette,
        face,
        short=height,
        width=panel - pad * 2,
        most_lines=7,
        room=height - pad * 2,
    )
    if not blocks:
        panel = 0
    top = max(pad, height - pad - _height(blocks))
    return Frame(size, (panel, 0, width, height), (pad, top), blocks, palette.paper, palette.accent)


def _height(blocks: tuple[Block, ...]) -> int:
    rule = round(blocks[1].size * 1.16) + 1 if len(blocks) > 1 else 0
    return sum(block.height for block in blocks) + rule


def _blocks(
    words: Words,
    palette: Palette,
    face: Typeface,
    *,
    short: int,
    width: int,
    most_lines: int,
    room: int,
) -> tuple[Block, ...]:
    """Prompt, facts and recipe as far as there is room; the facts alone in a small picture."""
    small = max(SMALLEST_LETTERS, round(short * 0.023))
    quiet = mixed(palette.ink, palette.paper, 0.28)
    facts = Block(
        broken(words.facts, typeface=face, size=small, width=width, most=2), small, palette.ink
    )
    recipe = Block(
        broken(words.recipe, typeface=face, size=small, width=width, most=2), small, quiet
    )
    largest = max(small + 1, round(short * 0.066))
    for lines in range(most_lines, 0, -1):
        text, letters = fitted(
            words.prompt,
            typeface=face,
            sizes=(largest, round(small * 1.25)),
            width=width,
            most=lines,
        )
        prompt = Block(text, letters, palette.ink, bold=True)
        for choice in ((prompt, facts, recipe), (prompt, facts)):
            kept = tuple(block for block in choice if block.lines)
            if _height(kept) <= room and width >= small * 4:
                return kept
    return (facts,) if facts.height <= room and width >= small * 6 else ()
