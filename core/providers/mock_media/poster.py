"""One poster: from a request to PNG bytes, in slices of work, and the previews on the way."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace

from PIL import Image, ImageFilter

from core.media import MediaRequest
from core.providers.mock_media.art import (
    SAMPLERS,
    SCHEDULERS,
    USUAL_CFG,
    USUAL_DENOISE,
    USUAL_STEPS,
    Subject,
    draw,
    drawing_size,
)
from core.providers.mock_media.frame import Frame, Words, framed
from core.providers.mock_media.png import png_slices
from core.providers.mock_media.typeface import Typeface

USUAL_SIDE = 512
PREVIEW_SIDE = 320
LARGEST_SEED = 2**53 - 1


@dataclass(frozen=True)
class Poster:
    """A poster that is planned and can be drawn. `source` is the picture it starts from."""

    subject: Subject
    frame: Frame
    words: Words
    typeface: Typeface
    source: Image.Image | None = None

    @classmethod
    def of(
        cls, request: MediaRequest, index: int, source: Image.Image | None, typeface: Typeface
    ) -> "Poster":
        """The poster number `index` (from 0) of `request`; its seed is that much higher."""
        subject = _subject(request, index)
        size = (request.options.width or USUAL_SIDE, request.options.height or USUAL_SIDE)
        words = Words.of(subject, size, request.negative, typeface)
        style = subject.dice.pick("frame", ("band", "margin", "beside"))
        frame = framed(words, size, subject.palette, typeface, style=style)
        return cls(subject, frame, words, typeface, source)

    def slices(self) -> Iterator[bytes | None]:
        """Draw it: None after each slice of work, the PNG bytes at the end."""
        left, top, right, bottom = self.frame.art
        full = (right - left, bottom - top)
        art = draw(self.subject, drawing_size(*full), self.source)
        yield None
        if art.size != full:
            art = art.resize(full, Image.Resampling.BILINEAR)
            yield None
        poster = self.frame.mounted(art)
        self.frame.letter(poster, self.typeface)
        yield None
        pieces = []
        for piece in png_slices(poster):
            pieces.append(piece)
            yield None
        yield b"".join(pieces)

    def sketch(self) -> "Sketch":
        """The poster in small, for previews."""
        left, top, right, bottom = self.frame.art
        scale = min(1.0, PREVIEW_SIDE / max(self.frame.size))
        size = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
        smooth = replace(self.subject, sampler=SAMPLERS[0])  # a texture is too coarse for it
        art = draw(smooth, size, self.source)
        return Sketch(art, replace(self.frame, blocks=()))


@dataclass(frozen=True)
class Sketch:
    """The small art of a poster, from which it emerges."""

    art: Image.Image
    frame: Frame

    def preview(self, share: float) -> bytes:
        """JPEG bytes of the picture as far as `share` (0 to 1) of the steps bring it."""
        missing = 1 - share
        blur = ImageFilter.GaussianBlur(max(self.art.size) * 0.11 * missing**1.4)
        fog = Image.new("RGB", self.art.size, self.frame.paper)
        emerging = Image.blend(self.art.filter(blur), fog, 0.5 * missing)
        file = io.BytesIO()
        self.frame.mounted(emerging).save(file, "JPEG", quality=72)
        return file.getvalue()


def _subject(request: MediaRequest, index: int) -> Subject:
    options = request.options
    return Subject(
        prompt=request.prompt,
        task=request.task,
        seed=((options.seed or 0) + index) % (LARGEST_SEED + 1),
        steps=options.steps or USUAL_STEPS,
        cfg=USUAL_CFG if options.cfg is None else options.cfg,
        sampler=options.sampler or SAMPLERS[0],
        scheduler=options.scheduler or SCHEDULERS[0],
        denoise=USUAL_DENOISE if options.denoise is None else options.denoise,
    )
