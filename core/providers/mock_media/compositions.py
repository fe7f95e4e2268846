"""The pictures a poster can show, each a few calm shapes with room for chance."""

import math
from collections.abc import Callable, Mapping, Sequence

from core.providers.mock.dice import Dice
from core.providers.mock_media.canvas import Canvas, Point
from core.providers.mock_media.looks import Palette, mixed
from core.providers.mock_media.products import podium

WHITE = (255, 255, 255)
MOST_CELLS_IN_A_ROW = 24

Composition = Callable[[Canvas, Palette, Dice], None]


def between(dice: Dice, name: str, low: float, high: float) -> float:
    """A number from `low` to `high`."""
    return low + (high - low) * dice.roll(name, 1001) / 1000


def hills(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    """A low sun over layers of hills."""
    light, soft, middle, deep, dark = palette.colours
    canvas.backdrop(mixed(soft, light, 0.3), mixed(light, WHITE, 0.45))
    sun = (
        canvas.width * between(dice, "sun x", 0.25, 0.75),
        canvas.height * between(dice, "sun y", 0.28, 0.42),
    )
    radius = canvas.short * between(dice, "sun", 0.12, 0.19)
    canvas.glow(sun, radius * 3.2, mixed(palette.accent, WHITE, 0.5), 0.75)
    canvas.disc(sun, radius, (mixed(palette.accent, WHITE, 0.25), palette.accent))
    layers = [mixed(soft, light, 0.35), soft, middle, deep, dark]
    for number, colour in enumerate(layers):
        ridge = _ridge(canvas, dice, f"hill {number}", level=0.5 + 0.115 * number)
        canvas.area(ridge, (colour, mixed(colour, light, 0.42)))


def _ridge(canvas: Canvas, dice: Dice, name: str, *, level: float) -> list[Point]:
    swells = [
        (
            between(dice, f"{name} {part}", 0.7, 1.6) * (part + 1),
            dice.roll(f"{name} at {part}", 628),
        )
        for part in range(3)
    ]
    count = 120
    points = []
    for step in range(count + 1):
        x = step / count
        rise = sum(
            math.sin(x * waves * math.pi * 2 + start / 100) / (part + 1) ** 1.6
            for part, (waves, start) in enumerate(swells)
        )
        points.append((canvas.width * x, canvas.height * (level + rise * 0.055)))
    return [*points, (canvas.width, canvas.height), (0, canvas.height)]


def ribbons(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    """Wide waves lying over each other like folded paper."""
    shades = list(palette.colours)
    if dice.roll("upside down", 2):
        shades.reverse()
    canvas.backdrop(shades[0], mixed(shades[0], shades[1], 0.6), between(dice, "angle", -0.5, 0.5))
    spot = (canvas.width * between(dice, "spot x", 0.2, 0.8), canvas.height * 0.24)
    canvas.disc(spot, canvas.short * between(dice, "spot", 0.08, 0.14), palette.accent)
    count = 7
    waves = between(dice, "waves", 0.6, 1.3)
    lean = between(dice, "lean", -0.22, 0.22)
    for number in range(count):
        level = 0.3 + number * 0.105
        start = between(dice, "start", 0, 6) + number * 0.55
        height = between(dice, f"swell {number}", 0.05, 0.11)
        crest = [
            (
                canvas.width * step / 120,
                canvas.height
                * (
                    level + lean * (step / 120 - 0.5) + height * math.sin(step / 19 * waves + start)
                ),
            )
            for step in range(121)
        ]
        shade = _along(shades, (number + 1) / count)
        lifted = [(x, y - canvas.short * 0.012) for x, y in crest]
        floor = [(canvas.width, canvas.height * 1.3), (0, canvas.height * 1.3)]
        canvas.area([*lifted, *floor], mixed(shade, WHITE, 0.35))
        canvas.area([*crest, *floor], (shade, mixed(shade, shades[0], 0.3)))


def _along(shades: Sequence[tuple[int, int, int]], share: float) -> tuple[int, int, int]:
    place = min(share, 0.999) * (len(shades) - 1)
    return mixed(shades[int(place)], shades[int(place) + 1], place % 1)


def arches(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    """Rainbow arches standing on a floor, a disc above."""
    light, soft, middle, deep, dark = palette.colours
    canvas.backdrop(mixed(light, WHITE, 0.5), light)
    floor = canvas.height * between(dice, "floor", 0.78, 0.86)
    sun = (canvas.width * between(dice, "sun x", 0.2, 0.8), canvas.height * 0.24)
    canvas.disc(sun, canvas.short * between(dice, "sun", 0.09, 0.15), palette.accent)
    groups = [
        (
            between(dice, "left", 0.1, 0.3),
            between(dice, "left size", 0.2, 0.3),
            [deep, soft, light],
        ),
        (between(dice, "right", 0.72, 0.92), between(dice, "right size", 0.24, 0.34), [soft, deep]),
        (between(dice, "main", 0.42, 0.6), between(dice, "main size", 0.36, 0.44), [dark, middle]),
    ]
    tall = between(dice, "tall", 1.1, 1.7)
    rings = dice.pick("rings", (3, 4, 5))
    for where, size, colours in groups[dice.roll("first", 2) :]:
        bands = [*colours, palette.accent, palette.paper]
        radius = min(canvas.short * size, floor * 0.85 / tall)
        for number in range(rings):
            part = radius * (1 - number * 0.95 / rings)
            band = bands[number % len(bands)]
            canvas.arch(
                canvas.width * where, floor, part * 2, part * tall, (mixed(band, WHITE, 0.12), band)
            )
    canvas.slab((0, floor), canvas.width, canvas.height - floor, (mixed(soft, deep, 0.35), soft))


def bauhaus(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    """A grid of quarters, halves and discs."""
    rows = dice.pick("rows", (3, 4, 5))
    longer = max(canvas.width, canvas.height)
    cell = max(1, math.ceil(max(canvas.short / rows, longer / MOST_CELLS_IN_A_ROW)))
    colours = [*palette.colours, palette.accent, palette.paper]
    across, down = math.ceil(canvas.width / cell), math.ceil(canvas.height / cell)
    left, top = (canvas.width - across * cell) // 2, (canvas.height - down * cell) // 2
    for number in range(across * down):
        name = f"cell {number}"
        ground, shape, detail = dice.order(name, colours)[:3]
        x, y = left + number % across * cell, top + number // across * cell
        canvas.slab((x, y), cell + 1, cell + 1, ground)
        _cell_shape(canvas, dice, name, (x, y, cell), shape, detail)


def _cell_shape(
    canvas: Canvas,
    dice: Dice,
    name: str,
    place: tuple[float, float, float],
    shape: tuple[int, int, int],
    detail: tuple[int, int, int],
) -> None:
    x, y, cell = place
    turn = dice.roll(f"{name} turn", 4)
    corner = (x + cell * (turn in (1, 2)), y + cell * (turn in (2, 3)))
    middle = (x + cell / 2, y + cell / 2)
    match dice.roll(f"{name} kind", 6):
        case 0 | 1:
            canvas.wedge(corner, cell, turn * 90, turn * 90 + 90, shape)
            canvas.wedge(corner, cell / 2, turn * 90, turn * 90 + 90, detail)
        case 2:
            canvas.disc(middle, cell * 0.42, shape)
            canvas.disc(middle, cell * 0.17, detail)
        case 3:
            canvas.wedge(middle, cell / 2, turn * 90, turn * 90 + 180, shape)
        case 4:
            for line in range(4):
                canvas.slab((x, y + cell * line / 4), cell, cell / 8, shape)
        case _:
            canvas.area([(x, y), (x + cell, y), (x, y + cell)], shape)


def orbits(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    """A planet, its rings and moons in the dusk."""
    light, soft, middle, deep, dark = palette.colours
    canvas.backdrop(dark, mixed(deep, middle, 0.4), between(dice, "angle", -0.7, 0.7))
    centre = (
        canvas.width * between(dice, "x", 0.38, 0.62),
        canvas.height * between(dice, "y", 0.42, 0.58),
    )
    for number in range(24):
        star = (
            canvas.width * between(dice, f"star {number}", 0, 1),
            canvas.height * between(dice, f"star down {number}", 0, 1),
        )
        size = canvas.short * between(dice, f"star size {number}", 0.0015, 0.005)
        canvas.disc(star, size, light, 0.8)
    radius = canvas.short * between(dice, "planet", 0.2, 0.27)
    canvas.glow(centre, radius * 2.8, soft, 0.5)
    for number in range(4):
        reach = radius * (1.45 + 0.42 * number)
        canvas.ring(centre, reach, canvas.short * 0.004, soft, 0.65)
        angle = between(dice, f"moon {number}", 0, math.tau)
        moon = (centre[0] + reach * math.cos(angle), centre[1] + reach * math.sin(angle))
        size = canvas.short * between(dice, f"moon size {number}", 0.016, 0.042)
        canvas.disc(moon, size, palette.accent if number % 2 else light)
    canvas.disc(centre, radius, (light, middle))
    canvas.disc((centre[0] - radius * 0.22, centre[1] - radius * 0.24), radius * 0.62, light, 0.28)


def emblem(canvas: Canvas, palette: Palette, dice: Dice) -> None:
    """A mark of turned petals on plain ground, as a logo sheet shows it."""
    _, soft, middle, deep, dark = palette.colours
    canvas.backdrop(palette.paper, mixed(palette.paper, palette.colours[0], 0.55))
    centre = (canvas.width / 2, canvas.height / 2)
    reach = canvas.short * 0.34
    petals = dice.pick("petals", (4, 5, 6, 8, 10, 12))
    slim = between(dice, "slim", 0.55, 1.15) * math.sin(math.pi / petals)
    turn = between(dice, "turn", 0, math.tau)
    colours = dice.order("petal colours", [middle, deep, palette.accent])
    if dice.roll("plate", 2):
        canvas.disc(centre, reach * 1.16, dark)
        colours = [soft, middle, palette.accent]
    for number in range(petals):
        outline = _petal(centre, reach, slim, turn + math.tau * number / petals)
        canvas.area(outline, colours[number % (2 + (petals % 3 == 0))], 0.88)
    canvas.disc(centre, reach * 0.2, palette.paper)
    canvas.disc(centre, reach * 0.1, palette.accent)


def _petal(centre: Point, reach: float, slim: float, angle: float) -> list[Point]:
    points = []
    for step in range(61):
        along = step / 30 if step <= 30 else (60 - step) / 30
        side = (1 if step <= 30 else -1) * slim * reach * math.sin(math.pi * along) * 0.62
        points.append(
            (
                centre[0] + math.cos(angle) * along * reach - math.sin(angle) * side,
                centre[1] + math.sin(angle) * along * reach + math.cos(angle) * side,
            )
        )
    return points


COMPOSITIONS: Mapping[str, Composition] = {
    "hills": hills,
    "ribbons": ribbons,
    "arches": arches,
    "bauhaus": bauhaus,
    "orbits": orbits,
    "podium": podium,
    "emblem": emblem,
}
