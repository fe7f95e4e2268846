"""A canvas with smooth edges: drawn at twice the size, in pixels of the finished picture."""

import math
from collections.abc import Callable, Sequence
from functools import partial

from PIL import Image, ImageDraw, ImageFilter

from core.providers.mock_media.looks import Colour

FINER = 2
Point = tuple[float, float]
Box = tuple[int, int, int, int]
Paint = Colour | tuple[Colour, Colour]  # flat, or from the shape's top to its bottom


class Canvas:
    """Shapes one over the other. `short` is the shorter side: what sizes are measured by."""

    def __init__(self, width: int, height: int, background: Colour) -> None:
        self.width = width
        self.height = height
        self.short = min(width, height)
        self._image = Image.new("RGB", (width * FINER, height * FINER), background)

    def finished(self) -> Image.Image:
        """The picture in its own size."""
        return self._image.reduce(FINER)

    def backdrop(self, start: Colour, end: Colour, angle: float = 0.0) -> None:
        """A gradient over everything; `angle` in radians, 0 goes from top to bottom."""
        size = self._image.size
        self._image.paste(start, (0, 0, *size))
        self._image.paste(end, (0, 0, *size), ramp(size, angle))

    def glow(self, centre: Point, radius: float, colour: Colour, strength: float) -> None:
        """Light that fades outwards."""
        light = Image.radial_gradient("L").point(partial(_faded, strength=strength))
        box = self._box(centre[0] - radius, centre[1] - radius, radius * 2, radius * 2)
        light = light.resize((box[2] - box[0], box[3] - box[1]), Image.Resampling.BILINEAR)
        self._image.paste(colour, box[:2], light)

    def disc(self, centre: Point, radius: float, paint: Paint, opacity: float = 1.0) -> None:
        """A filled circle."""
        self.oval(centre, radius, radius, paint, opacity)

    def oval(
        self, centre: Point, across: float, down: float, paint: Paint, opacity: float = 1.0
    ) -> None:
        """A filled ellipse; `across` and `down` are its radii."""
        bounds = (centre[0] - across, centre[1] - down, across * 2, down * 2)
        self._shape(bounds, paint, opacity, lambda draw, box: draw.ellipse(box, fill=255))

    def ring(
        self, centre: Point, radius: float, thickness: float, paint: Paint, opacity: float = 1.0
    ) -> None:
        """A circle's line."""
        bounds = (centre[0] - radius, centre[1] - radius, radius * 2, radius * 2)
        width = max(1, round(thickness * FINER))
        self._shape(
            bounds, paint, opacity, lambda draw, box: draw.ellipse(box, outline=255, width=width)
        )

    def slab(
        self,
        corner: Point,
        width: float,
        height: float,
        paint: Paint,
        *,
        radius: float = 0.0,
        opacity: float = 1.0,
    ) -> None:
        """A rectangle with rounded corners."""

        def draw_slab(draw: ImageDraw.ImageDraw, box: list[float]) -> None:
            draw.rounded_rectangle(box, min(radius * FINER, *(side / 2 for side in box[2:])), 255)

        self._shape((*corner, width, height), paint, opacity, draw_slab)

    def arch(self, middle: float, floor: float, width: float, height: float, paint: Paint) -> None:
        """A door with a round top, standing on `floor` with its middle at `middle`."""

        def draw_arch(draw: ImageDraw.ImageDraw, box: list[float]) -> None:
            draw.ellipse((0, 0, box[2], box[2]), fill=255)
            draw.rectangle((0, box[2] / 2, *box[2:]), fill=255)

        height = max(height, width / 2)
        self._shape((middle - width / 2, floor - height, width, height), paint, 1.0, draw_arch)

    def star(self, centre: Point, reach: float, paint: Paint, opacity: float = 1.0) -> None:
        """A sparkle with four points."""
        points = [
            (
                centre[0] + math.cos(turn * math.pi / 4) * reach * (0.28 if turn % 2 else 1),
                centre[1] + math.sin(turn * math.pi / 4) * reach * (0.28 if turn % 2 else 1),
            )
            for turn in range(8)
        ]
        self.area(points, paint, opacity)

    def wedge(self, centre: Point, radius: float, start: float, end: float, paint: Paint) -> None:
        """A slice of a disc between two angles in degrees, clockwise from three o'clock."""
        bounds = (centre[0] - radius, centre[1] - radius, radius * 2, radius * 2)
        self._shape(bounds, paint, 1.0, lambda draw, box: draw.pieslice(box, start, end, fill=255))

    def area(self, points: Sequence[Point], paint: Paint, opacity: float = 1.0) -> None:
        """A filled polygon."""
        left, top = min(x for x, _ in points), min(y for _, y in points)
        right, bottom = max(x for x, _ in points), max(y for _, y in points)

        def draw_area(draw: ImageDraw.ImageDraw, _: list[float]) -> None:
            draw.polygon([((x - left) * FINER, (y - top) * FINER) for x, y in points], fill=255)

        self._shape((left, top, right - left, bottom - top), paint, opacity, draw_area)

    def shadow(self, centre: Point, across: float, down: float, strength: float) -> None:
        """A soft dark ellipse, as something standing casts it."""
        small = Image.new("L", (96, 96))
        ImageDraw.Draw(small).ellipse((24, 24, 72, 72), fill=round(255 * strength))
        soft = small.filter(ImageFilter.GaussianBlur(9))
        box = self._box(centre[0] - across * 2, centre[1] - down * 2, across * 4, down * 4)
        soft = soft.resize((box[2] - box[0], box[3] - box[1]), Image.Resampling.BILINEAR)
        self._image.paste((20, 14, 24), box[:2], soft)

    def _box(self, left: float, top: float, width: float, height: float) -> Box:
        x, y = round(left * FINER), round(top * FINER)
        return x, y, x + max(1, round(width * FINER)), y + max(1, round(height * FINER))

    def _shape(
        self,
        bounds: tuple[float, float, float, float],
        paint: Paint,
        opacity: float,
        draw: Callable[[ImageDraw.ImageDraw, list[float]], None],
    ) -> None:
        box = self._box(*bounds)
        size = (box[2] - box[0], box[3] - box[1])
        mask = Image.new("L", size)
        draw(ImageDraw.Draw(mask), [0, 0, size[0] - 1, size[1] - 1])
        if opacity < 1:
            mask = mask.point(lambda value: value * opacity)
        self._image.paste(_sheet(size, paint), box[:2], mask)


def ramp(size: tuple[int, int], angle: float) -> Image.Image:
    """From black to white across `size` pixels; `angle` in radians, 0 from top to bottom."""
    across, down = math.sin(angle), math.cos(angle)
    begin = min(0.0, across * size[0]) + min(0.0, down * size[1])
    scale = 255 / (abs(across) * size[0] + abs(down) * size[1])
    # The source's own gradient runs downwards: only the row that is read matters.
    matrix = (0, 0, 128, across * scale, down * scale, -begin * scale)
    gradient = Image.linear_gradient("L")
    return gradient.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)


def _faded(value: float, strength: float) -> float:
    """The gradient's distance from the middle (0 to 255) as light."""
    return max(0.0, 1 - value / 180) ** 2 * 255 * strength


def _sheet(size: tuple[int, int], paint: Paint) -> Image.Image:
    if isinstance(paint[0], int):
        return Image.new("RGB", size, paint)
    top, bottom = paint
    strip = Image.new("RGB", (1, 2))
    strip.putdata([top, bottom])
    # The two pixels' middles are at a quarter and three quarters: stretch between those.
    return strip.resize(size, Image.Resampling.BILINEAR, box=(0, 0.5, 1, 1.5))
