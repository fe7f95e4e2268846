"""The mock's pictures: sizes, seeds, colours, words, and the file they end in."""

import asyncio
import hashlib
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageDraw

from core.providers.mock_media.art import SAMPLERS, SCHEDULERS
from core.providers.mock_media.compositions import COMPOSITIONS
from core.providers.mock_media.frame import Frame
from core.providers.mock_media.lettering import ELLIPSIS, Block, broken, showable
from core.providers.mock_media.looks import Colour, Palette, load_looks, mixed
from core.providers.mock_media.png import png_slices
from core.providers.mock_media.poster import Poster
from core.providers.mock_media.romanise import romanised
from core.providers.mock_media.typeface import find_typeface
from tests.mock_media_kit import (
    LATIN_ONLY,
    TUMBLER,
    TYPEFACE,
    drawn,
    latin_mock,
    opened,
    picture_request,
    png_of,
)

SIZES = [
    (16, 16),
    (17, 301),
    (64, 64),
    (512, 512),
    (1200, 630),
    (630, 1200),
    (4096, 16),
    (16, 4096),
    (4096, 1024),
]
NASTY = {
    "script": "<script>alert('x')</script>",
    "emoji": "🎉👩‍👩‍👧‍👦🏳️‍🌈 세일 🔥",
    "control": "a\x00b\x07c\x1b[31m\u200b\u2028d\ufeff",
    "right to left": "שלום \u202e مرحبا \u202c",
    "decomposed": "\u1112\u1161\u11ab\u1100\u1173\u11af",
    "private and unassigned": "\ue000\U0010ffff\u0378",
    "blank": " \n\t ",
    "one long word": "가" * 3000,
    "long": "따뜻한 햇살이 드는 원목 테이블 " * 600,
}
needs_hangul = pytest.mark.skipif(not TYPEFACE.has_hangul, reason="no Korean font here")


def frame_of(width: int, height: int, *, seed: int = 0, prompt: str = TUMBLER) -> Frame:
    request = picture_request(prompt, width=width, height=height, seed=seed, negative="글자")
    return Poster.of(request, 0, None, TYPEFACE).frame


def lines_of(text: str, *, width: float = 300, most: int = 3) -> tuple[str, ...]:
    return broken(text, typeface=TYPEFACE, size=20, width=width, most=most)


def written(text: str) -> bytes:
    sheet = Image.new("RGB", (200, 60), "white")
    Block((text,), 32, (0, 0, 0)).write(ImageDraw.Draw(sheet), 4, 4, TYPEFACE)
    return sheet.tobytes()


def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of WCAG 2, 1 to 21."""

    def luminance(colour: Colour) -> float:
        red, green, blue = (
            value / 3294 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4
            for value in colour
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_picture_has_exactly_the_size_asked_for(size: tuple[int, int]) -> None:
    picture = opened(await drawn(picture_request(width=size[0], height=size[1])))

    assert picture.format == "PNG"
    assert picture.size == size
    assert len(picture.getcolors(picture.width * picture.height) or []) > 8


def test_another_process_draws_the_same_picture() -> None:
    code = (
        "import asyncio, hashlib\n"
        "from tests.mock_media_kit import drawn, picture_request\n"
        "data = asyncio.run(drawn(picture_request(batch=2, task='product_image')))\n"
        "print(hashlib.sha256(data).hexdigest())"
    )
    root = Path(__file__).parent.parent
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )

    data = asyncio.run(drawn(picture_request(batch=2, task="product_image")))
    assert other.stdout.strip() == hashlib.sha256(data).hexdigest()


async def test_seeds_and_prompts_give_different_pictures() -> None:
    requests = [
        *(picture_request(seed=seed) for seed in range(8)),
        picture_request("다른 문장"),
        picture_request(task="brand_logo"),
        picture_request(negative="글자"),
    ]
    pictures = {await drawn(request) for request in requests}

    assert len(pictures) == len(requests)


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("sampler", SAMPLERS),
        ("scheduler", SCHEDULERS),
        ("steps", (4, 10, 20, 30)),
        ("cfg", (1.0, 4.0, 7.0, 12.0)),
    ],
)
async def test_an_option_changes_the_art_and_not_only_the_words(
    option: str, values: tuple[object, ...]
) -> None:
    art = []
    for value in values:
        request = picture_request(width=512, height=512, **{option: value})
        poster = Poster.of(request, 0, None, TYPEFACE)
        art.append(opened(await drawn(request)).crop(poster.frame.art))

    assert all(ImageChops.difference(one, other).getbbox() for one, other in combinations(art, 2))


async def test_a_sampler_of_another_server_is_drawn_as_one_that_is_known() -> None:
    request = picture_request(sampler="res_multistep", scheduler="beta")

    assert await drawn(request) == await drawn(request)


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_there_is_a_seed_for_every_composition(name: str) -> None:
    drawn_first = {
        Poster.of(picture_request(seed=seed), 0, None, TYPEFACE).subject.dice.pick(
            "composition", tuple(COMPOSITIONS)
        )
        for seed in range(60)
    }
    assert name in drawn_first


def test_presets_name_compositions_that_exist() -> None:
    named = {name for names in load_looks().compositions.values() for name in names}
    assert named <= set(COMPOSITIONS)


async def test_denoise_one_forgets_the_source() -> None:
    blue = png_of((20, 40, 200))
    assert await drawn(picture_request(source=blue, denoise=1.0)) == await drawn(picture_request())


async def test_denoise_zero_keeps_the_source() -> None:
    request = picture_request(source=png_of((20, 40, 200)), denoise=0.0)
    left, top, right, bottom = Poster.of(request, 0, None, TYPEFACE).frame.art
    picture = opened(await drawn(request))

    assert picture.getpixel(((left + right) // 2, (top + bottom) // 2)) == (20, 40, 200)


async def test_a_source_shows_unless_told_otherwise() -> None:
    pictures = [
        await drawn(picture_request(source=png_of(colour)))
        for colour in ((20, 40, 200), (250, 220, 40))
    ]
    assert len({*pictures, await drawn(picture_request())}) == 3


async def test_what_is_transparent_in_a_source_is_white() -> None:
    request = picture_request(source=png_of((255, 0, 0, 0)), denoise=0.0)
    left, top, *_ = Poster.of(request, 0, None, TYPEFACE).frame.art

    assert opened(await drawn(request)).getpixel((left + 2, top + 2)) == (255, 255, 255)


@pytest.mark.parametrize("prompt", NASTY.values(), ids=NASTY)
async def test_no_prompt_breaks_the_drawing(prompt: str) -> None:
    for size in ((64, 64), (512, 256)):
        request = picture_request(prompt[:10_000], negative=prompt, width=size[0], height=size[1])
        assert opened(await drawn(request)).size == size
        assert opened(await drawn(request, latin_mock())).size == size


@pytest.mark.parametrize("prompt", [TUMBLER, NASTY["long"], "A"], ids=["usual", "long", "short"])
@pytest.mark.parametrize("size", [*SIZES, (96, 96), (200, 200), (768, 1344)], ids=str)
def test_words_stay_within_the_picture_and_off_the_art(size: tuple[int, int], prompt: str) -> None:
    for seed in range(6):
        frame = frame_of(*size, seed=seed, prompt=prompt)
        x, y = frame.corner
        left, top, right, bottom = frame.art
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]
        widths = [
            TYPEFACE.at(block.size).getlength(line)
            for block in frame.blocks
            for line in block.lines
        ]
        assert x + max(widths, default=0) <= (size[0] if left == 0 or y >= bottom else left)
        assert y + sum(block.height for block in frame.blocks) <= size[1] or not frame.blocks
        assert y >= bottom or left > 0 or not frame.blocks


@pytest.mark.parametrize("size", [(96, 96), (512, 512), (1200, 630)], ids=str)
def test_prompt_size_and_seed_are_written(size: tuple[int, int]) -> None:
    frame = frame_of(*size, seed=31, prompt="봄 텀블러")

    said = " ".join(line for block in frame.blocks for line in block.lines)
    assert showable("봄 텀블러", TYPEFACE)[0] in said
    assert re.search(rf"{size[0]} [×x] {size[1]}\s+seed 31", said)
    assert all(block.size >= 9 for block in frame.blocks)


def test_the_negative_prompt_is_noted() -> None:
    said = " ".join(line for block in frame_of(1024, 1024).blocks for line in block.lines)
    assert f"without: {showable('글자', TYPEFACE)[0]}" in said


@needs_hangul
def test_hangul_is_written_and_not_boxes() -> None:
    pictures = [written(text) for text in ("한글", "글한", "뷁뷁", "□□")]

    assert len(set(pictures)) == 4
    assert showable("한글 뷁", TYPEFACE) == ("한글 뷁", 0)


def test_without_a_korean_font_hangul_is_romanised() -> None:
    assert not LATIN_ONLY.has_hangul
    assert showable("봄 신제품 tumbler", LATIN_ONLY) == ("bom sinjepum tumbler", 0)


@pytest.mark.parametrize(
    ("hangul", "latin"),
    [
        ("한글", "hangeul"),
        ("서울", "seoul"),
        ("부산 1위", "busan 1wi"),
        ("힣", "hit"),
        ("abc", "abc"),
    ],
)
def test_romanisation_goes_syllable_by_syllable(hangul: str, latin: str) -> None:
    assert romanised(hangul) == latin


def test_a_typeface_is_the_first_file_that_has_hangul(tmp_path: Path) -> None:
    broken_font = tmp_path / "broken.ttf"
    broken_font.write_bytes(b"no font")
    files = [str(tmp_path / "missing.ttf"), str(broken_font)]

    assert find_typeface(files) == LATIN_ONLY
    if TYPEFACE.path:
        assert find_typeface([*files, TYPEFACE.path]) == TYPEFACE


def test_lines_break_between_words() -> None:
    lines = lines_of("spring tumbler in pastel colours", width=150, most=9)

    assert len(lines) > 1
    assert " ".join(lines) == "spring tumbler in pastel colours"


def test_a_word_longer_than_a_line_is_broken() -> None:
    assert "".join(lines_of("x" * 60, most=9)) == "x" * 60


def test_what_does_not_fit_ends_in_an_ellipsis() -> None:
    lines = lines_of("spring tumbler " * 700, most=2)

    assert len(lines) == 2
    assert lines[-1].endswith((ELLIPSIS, "..."))
    assert TYPEFACE.at(20).getlength(lines[-1]) <= 300


def test_what_cannot_be_seen_is_left_out() -> None:
    assert showable("a\x00b\u200b \u202ec\n d", TYPEFACE) == ("ab c d", 0)


@pytest.mark.parametrize("palette", load_looks().palettes, ids=lambda palette: palette.name)
def test_words_can_be_read_in_every_palette(palette: Palette) -> None:
    assert contrast(palette.ink, palette.paper) > 7
    assert contrast(mixed(palette.ink, palette.paper, 0.28), palette.paper) > 4.5


@pytest.mark.parametrize(
    ("prompt", "palette"),
    [
        ("새 커피를 내리는 아침", "roastery"),
        ("크리스마스 선물 세트", "first snow"),
        ("A walk by the SEA", "quiet sea"),
    ],
)
def test_a_word_of_the_prompt_chooses_the_palette(prompt: str, palette: str) -> None:
    for seed in range(4):
        poster = Poster.of(picture_request(prompt, seed=seed), 0, None, TYPEFACE)
        assert poster.subject.palette.name == palette


def test_words_inside_other_words_choose_nothing() -> None:
    chosen = {
        Poster.of(picture_request("season prices", seed=seed), 0, None, TYPEFACE).subject.palette
        for seed in range(20)
    }
    assert len(chosen) > 3


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (1500, 1100)], ids=str)
def test_a_png_in_slices_is_the_same_picture(size: tuple[int, int]) -> None:
    picture = Image.radial_gradient("L").resize(size).convert("RGB")
    picture.paste((200, 3, 90), (0, 0, max(1, size[0] // 3), max(1, size[1] // 2)))

    decoded = opened(b"".join(png_slices(picture)))

    assert decoded.mode == "RGB"
    assert decoded.tobytes() == picture.tobytes()
