"""A product on a stage: the composition of the packshot."""

from core.providers.mock.dice import Dice
from core.providers.mock_media.canvas import Canvas
from core.providers.mock_media.looks import Palette, mixed

WHITE = (255, 255, 255)


def podium(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    """A bottle, a tumbler or a jar on a round podium in front of a coloured wall."""
    light, soft, middle, _, _ = palette.colours
    floor = canvas.height * 0.72
    canvas.backdrop(mixed(light, WHITE, 0.35), mixed(light, soft, 0.5))
    canvas.slab((0, floor), canvas.width, canvas.height - floor, (mixed(soft, middle, 0.3), soft))
    centre = canvas.width * (0.42 + 0.16 * dice.roll("where", 100) / 100)
    unit = canvas.short
    _wall_piece(canvas, palette, dice, centre, floor)
    for side, width, height in ((-1, 0.13, 0.1), (1, 0.1, 0.17)):
        if dice.roll(f"stand {side}", 3):
            place = centre + side * unit * (0.36 + 0.05 * dice.roll(f"stand at {side}", 3))
            _stand(canvas, palette, place, floor + unit * 0.04, unit * width, unit * height)
    top = floor + unit * 0.03
    canvas.shadow((centre, top + unit * 0.11), unit * 0.3, unit * 0.05, 0.35)
    _stand(canvas, palette, centre, top + unit * 0.09, unit * 0.25, unit * 0.12)
    shapes = (_bottle, _tumbler, _jar)
    dice.pick("product", shapes)(canvas, palette, centre, top - unit * 0.03, unit)
    canvas.glow((centre - unit * 0.3, canvas.height * 0.1), unit * 0.9, WHITE, 0.35)


def _wall_piece(canvas: Canvas, palette: Palette, dice: Dice, centre: float, floor: float) -> None:
    _, soft, middle, deep, _ = palette.colours
    unit = canvas.short
    piece = (mixed(middle, WHITE, 0.15), mixed(middle, soft, 0.3))
    match dice.roll("wall", 3):
        case 0:
            canvas.disc((centre + unit * 0.07, floor - unit * 0.34), unit * 0.31, piece)
        case 1:
            canvas.arch(centre, floor, unit * 0.6, unit * 0.62, piece)
        case _:
            canvas.ring((centre, floor - unit * 0.3), unit * 0.33, unit * 0.05, deep, 0.85)


def _stand(
    canvas: Canvas, palette: Palette, centre: float, bottom: float, radius: float, height: float
) -> None:
    """A cylinder: its side, its foot and its lighter top."""
    light, soft, middle, _, _ = palette.colours
    flat = radius * 0.2
    side = (mixed(soft, WHITE, 0.2), mixed(soft, middle, 0.55))
    canvas.oval((centre, bottom), radius, flat, mixed(soft, middle, 0.55))
    canvas.slab((centre - radius, bottom - height), radius * 2, height, side)
    canvas.oval((centre, bottom - height), radius, flat, mixed(light, WHITE, 0.4))


def _bottle(canvas: Canvas, palette: Palette, x: float, bottom: float, unit: float) -> None:
    _, _, _, deep, dark = palette.colours
    width, height = unit * 0.19, unit * 0.36
    canvas.shadow((x, bottom), width * 0.7, unit * 0.02, 0.5)
    canvas.slab(
        (x - width * 0.2, bottom - height * 1.36),
        width * 0.4,
        height * 0.26,
        palette.accent,
        radius=unit * 0.012,
    )
    canvas.slab((x - width * 0.16, bottom - height * 1.12), width * 0.32, height * 0.2, deep)
    canvas.slab((x - width / 2, bottom - height), width, height, (deep, dark), radius=width * 0.3)
    _label(canvas, palette, x, bottom - height * 0.66, width, height * 0.36)
    _shine(canvas, x - width * 0.36, bottom - height * 0.92, width * 0.09, height * 0.8)


def _tumbler(canvas: Canvas, palette: Palette, x: float, bottom: float, unit: float) -> None:
    _, _, _, deep, dark = palette.colours
    wide, slim, height = unit * 0.13, unit * 0.095, unit * 0.42
    canvas.shadow((x, bottom), slim * 1.3, unit * 0.02, 0.5)
    canvas.area(
        [
            (x - wide, bottom - height),
            (x + wide, bottom - height),
            (x + slim, bottom),
            (x - slim, bottom),
        ],
        (deep, dark),
    )
    canvas.oval((x, bottom), slim, slim * 0.2, dark)
    canvas.slab(
        (x - wide * 1.08, bottom - height - unit * 0.035),
        wide * 2.16,
        unit * 0.05,
        palette.accent,
        radius=unit * 0.015,
    )
    canvas.slab(
        (x + wide * 0.15, bottom - height - unit * 0.15),
        unit * 0.022,
        unit * 0.13,
        palette.paper,
        radius=unit * 0.011,
    )
    _label(canvas, palette, x, bottom - height * 0.64, slim * 2.1, height * 0.28)
    _shine(canvas, x - wide * 0.76, bottom - height * 0.9, wide * 0.13, height * 0.76)


def _jar(canvas: Canvas, palette: Palette, x: float, bottom: float, unit: float) -> None:
    _, soft, _, deep, dark = palette.colours
    width, height = unit * 0.29, unit * 0.21
    canvas.shadow((x, bottom), width * 0.6, unit * 0.022, 0.5)
    canvas.slab((x - width / 2, bottom - height), width, height, (deep, dark), radius=unit * 0.05)
    canvas.slab(
        (x - width * 0.46, bottom - height * 1.38),
        width * 0.92,
        height * 0.44,
        (mixed(palette.accent, soft, 0.3), palette.accent),
        radius=unit * 0.018,
    )
    _label(canvas, palette, x, bottom - height * 0.72, width, height * 0.42)
    _shine(canvas, x - width * 0.42, bottom - height * 0.86, width * 0.05, height * 0.66)


def _label(
    canvas: Canvas, palette: Palette, x: float, top: float, width: float, height: float
) -> None:
    canvas.slab((x - width * 0.36, top), width * 0.72, height, palette.paper, radius=height * 0.06)
    canvas.disc((x, top + height * 0.36), height * 0.17, palette.accent)
    for line, length in ((0.66, 0.42), (0.8, 0.28)):
        canvas.slab(
            (x - width * length / 2, top + height * line),
            width * length,
            height * 0.06,
            palette.ink,
        )


def _shine(canvas: Canvas, x: float, top: float, width: float, height: float) -> None:
    canvas.slab((x, top), width, height, WHITE, radius=width / 2, opacity=0.3)
