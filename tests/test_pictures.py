"""Pictures are checked by what they are, kept once, and shown small."""

import hashlib
import os
import subprocess
import sys
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from core.errors import InvalidRequest, NotFound, PlaygroundError, RequestTooLarge, StoreError
from core.pictures import MAX_UPLOAD_BYTES, WIDTHS, PictureFolder, check_upload
from core.pictures.decode import decode
from core.pictures.header import read_header
from tests.picture_kit import (
    BLUE,
    GREEN,
    RED,
    chunk_list,
    encoded,
    exif,
    marked,
    near,
    opened,
    plain,
    png_bomb,
    with_chunks,
    zip_archive,
)

FORMATS = ["PNG", "JPEG", "WEBP"]


@pytest.fixture
def pictures(tmp_path: Path) -> PictureFolder:
    return PictureFolder(tmp_path / "images")


# What a picture is


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_the_header_says_what_the_decoder_finds(kind: str, mode: str) -> None:
    header = read_header(encoded(Image.new(mode, (123, 45)), kind))
    assert (header.format, header.width, header.height) == (kind.lower(), 123, 45)
    assert opened(header.bare).size == (123, 45)


@pytest.mark.parametrize(
    "options", [{"lossless": True}, {"exif": exif(6)}, {"quality": 50}], ids=["lossless", "x", "y"]
)
def test_every_kind_of_webp_is_read(options: dict) -> None:
    header = read_header(encoded(marked(), "WEBP", **options))
    assert (header.width, header.height) == (80, 40)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (zip_archive(), "a ZIP archive"),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
        ("안녕하세요, 사진이 아닙니다.".encode() * 99, "text"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "SVG"),
        (b"<?xml version='1.0'?>\n<svg></svg>", "an SVG drawing"),
        (b"<!doctype html><title>404</title>", "a web page"),
        (encoded(Image.new("P", (9, 9)), "GIF"), "a GIF"),
        (encoded(Image.new("RGB", (9, 9)), "BMP"), "a BMP"),
        (encoded(Image.new("RGB", (9, 9)), "TIFF"), "a TIFF"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(99), "a HEIC photo"),
        (b"\x00\x00\x00\x18ftypavif" + bytes(99), "an AVIF picture"),
        (b"\x00\x00\x00\x18ftypisom" + bytes(99), "a video"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "a sound"),
        (b"MZ\x90\x00" + bytes(99), "a Windows program"),
        (bytes(range(256)) * 9, "of a kind that is not known"),
        (b"", "empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_picture_is_refused_with_what_it_is(data: bytes, found: str) -> None:
    with pytest.raises(InvalidRequest, match=found) as refused:
        check_upload(data, name="사진.png")
    assert refused.value.message.startswith("사진.png is ")
    assert refused.value.details["reason"] == "wrong_type"


def test_a_wrong_name_does_not_matter_when_the_content_is_a_picture() -> None:
    assert check_upload(plain("JPEG"), name="really.png").data.startswith(b"\x89PNG")


# Limits


def test_a_file_that_is_too_large_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(RequestTooLarge, match="20 MiB") as refused:
        check_upload(bytes(MAX_UPLOAD_BYTES + 1), name="x.png")
    assert refused.value.details["reason"] == "too_many_bytes"


def webp_claiming(width: int, height: int) -> bytes:
    extended = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    content = b"WEBPVP8X" + len(extended).to_bytes(4, "little") + extended
    return b"RIFF" + len(content).to_bytes(4, "little") + content


def jpeg_claiming(width: int, height: int) -> bytes:
    data = plain("JPEG")
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + data[at + 4 :]


@pytest.mark.parametrize(
    "bomb",
    [
        png_bomb(50_000, 50_000),
        png_bomb(2**31 - 1, 1),
        webp_claiming(16_000, 16_000),
        jpeg_claiming(65_000, 65_000),
        png_bomb(40_000, 2),
    ],
    ids=["png", "wide png", "webp", "jpeg", "long side"],
)
def test_a_picture_with_too_many_pixels_is_refused_by_its_header(bomb: bytes) -> None:
    with pytest.raises(RequestTooLarge, match="Make it smaller") as refused:
        check_upload(bomb, name="bomb.png")
    assert refused.value.details["reason"] == "too_many_pixels"


def test_a_bomb_costs_no_memory(tmp_path: Path) -> None:
    (tmp_path / "bomb").write_bytes(webp_claiming(16_000, 16_000))
    program = (
        "import resource, sys, pathlib\n"
        "from core.pictures import check_upload\n"
        "from core.errors import RequestTooLarge\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n"
        "    check_upload(pathlib.Path(sys.argv[1]).read_bytes(), name='bomb')\n"
        "except RequestTooLarge:\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "bomb")]
    grown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert int(grown) < 20_000  # kilobytes; decoded it would be a million


def test_text_that_unpacks_to_gigabytes_is_never_unpacked() -> None:
    packed = zlib.compress(bytes(50_000_000), 9)
    bombs = (b"zTXt", b"Comment\0\0" + packed), (b"iTXt", b"XML\0\1\0\0\0" + packed)
    upload = check_upload(with_chunks(plain(), *bombs), name="x.png")
    assert [kind for kind, _ in chunk_list(upload.data)] == [b"IHDR", b"IDAT", b"IEND"]


def test_a_colour_profile_that_unpacks_to_gigabytes_is_left_out() -> None:
    profile = (b"iCCP", b"icc\0\0" + zlib.compress(bytes(50_000_000), 9))
    assert near(
        opened(check_upload(with_chunks(plain(), profile), name="x").data).getpixel((1, 1)),
        (0, 120, 200),
    )


def test_a_jpeg_in_endless_passes_is_refused() -> None:
    data = encoded(marked(), "JPEG", progressive=True)
    start = data.rindex(b"\xff\xda")
    scan = data[start:-2]
    with pytest.raises(InvalidRequest, match="passes"):
        check_upload(data[:-2] + scan * 200 + data[-2:], name="x.jpg")


# Damage


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.98])
def test_a_file_cut_off_is_said_to_be_damaged(kind: str, share: float) -> None:
    noise = Image.effect_noise((64, 64), 90).convert("RGB")
    data = encoded(noise, kind)
    with pytest.raises(InvalidRequest, match="is damaged"):
        check_upload(data[: int(len(data) * share)], name="half.png")


def test_pixels_that_cannot_be_unpacked_are_damage() -> None:
    data = with_chunks(png_bomb(8, 8)[:33] + plain()[-12:], (b"IDAT", b"not zlib"))
    with pytest.raises(InvalidRequest, match="pixels cannot be read"):
        check_upload(data, name="x.png")


def test_a_png_with_a_flipped_bit_is_damaged() -> None:
    data = bytearray(plain())
    data[-20] ^= 1
    with pytest.raises(InvalidRequest, match="checksum"):
        check_upload(bytes(data), name="x.png")


SAMPLES = [encoded(marked(), kind) for kind in FORMATS] + [
    encoded(marked(), "JPEG", exif=exif(6), progressive=True),
    encoded(marked(), "WEBP", exif=exif(3), lossless=True),
    with_chunks(plain(), (b"eXIf", exif(6)[6:])),
]


@settings(max_examples=300, deadline=None)
@given(
    sample=st.sampled_from(SAMPLES),
    at=st.floats(0, 1, exclude_max=True),
    junk=st.binary(min_size=1, max_size=12),
    keep=st.booleans(),
)
def test_whatever_is_broken_the_refusal_is_one_of_ours(
    sample: bytes, at: float, junk: bytes, keep: bool
) -> None:
    position = int(len(sample) * at)
    data = sample[:position] + junk + sample[position + (0 if keep else len(junk)) :]
    reason = None
    try:
        upload = check_upload(data, name="x")
    except PlaygroundError as error:
        reason = error.details["reason"]
    else:
        assert opened(upload.data).size == (upload.width, upload.height)
    assert reason in {None, "wrong_type", "damaged", "too_many_pixels"}


# What an upload becomes


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_upright(kind: str, orientation: int) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    upright = marked((80, 40))
    stored = upright if orientation == 1 else upright.transpose(undo[orientation])
    data = encoded(stored, kind, exif=exif(orientation))

    upload = check_upload(data, name="IMG_0001.JPG")

    assert (upload.width, upload.height) == (80, 40)
    image = opened(upload.data)
    assert near(image.getpixel((10, 5)), RED, by=12)
    assert near(image.getpixel((70, 5)), BLUE, by=12)
    assert near(image.getpixel((10, 35)), BLUE, by=12)


@pytest.mark.parametrize("kind", FORMATS)
def test_no_metadata_is_left(kind: str) -> None:
    options = {"comment": b"secret comment"} if kind == "JPEG" else {}
    data = encoded(marked(), kind, exif=exif(1), xmp=b"<x:xmpmeta>secret</x:xmpmeta>", **options)
    assert b"ecret" in data  # what is looked for below was there
    upload = check_upload(data + b"secret behind the end", name="x")
    assert [kind for kind, _ in chunk_list(upload.data)] == [b"IHDR", b"IDAT", b"IEND"]
    assert b"ecret" not in upload.data


@pytest.mark.parametrize(
    "broken", [b"II*\0\xff\xff\xff\x7f", b"MM\0*", b"nonsense", b"II*\0\4\0\0\0\xff\xff"]
)
def test_broken_exif_does_no_harm(broken: bytes) -> None:
    data = encoded(marked(), "JPEG", exif=b"Exif\0\0" + broken)
    assert check_upload(data, name="x").width == 80


def test_a_phones_jpeg_with_a_second_picture_inside_is_a_jpeg() -> None:
    data = encoded(marked(), "MPO", save_all=True, append_images=[marked()])
    assert check_upload(data, name="portrait.jpg").width == 80


def test_a_cmyk_jpeg_has_the_colours_it_had() -> None:
    data = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG")
    assert near(opened(check_upload(data, name="print.jpg").data).getpixel((8, 8)), RED, by=12)


def test_a_grey_png_of_16_bits_keeps_its_shades() -> None:
    image = Image.new("I;16", (2, 1))
    image.putpixel((0, 0), 0x8000)
    image.putpixel((1, 0), 0xFFFF)
    found = opened(check_upload(encoded(image), name="x.png").data)
    assert [found.getpixel((x, 0)) for x in (0, 1)] == [(128,) * 3, (255,) * 3]


def test_a_palette_with_transparency_becomes_rgba() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([*RED, *GREEN])
    image.putpixel((1, 0), 1)
    found = opened(check_upload(encoded(image, transparency=bytes((0, 128))), name="x.png").data)
    assert found.mode == "RGBA"
    assert [found.getpixel((x, 0)) for x in (0, 1)] == [(*RED, 0), (*GREEN, 128)]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA"])
@pytest.mark.parametrize("profile", [None, "srgb", "broken"])
def test_every_kind_of_png_becomes_one_of_two(mode: str, profile: str | None) -> None:
    known = {
        None: None,
        "srgb": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        "broken": b"no profile at all",
    }
    data = encoded(Image.new(mode, (4, 4), 1), icc_profile=known[profile])
    wanted = "RGBA" if mode in ("LA", "RGBA") else "RGB"
    assert opened(check_upload(data, name="x.png").data).mode == wanted


@pytest.mark.parametrize("kind", FORMATS)
def test_colours_of_another_profile_become_srgb(kind: str) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")
    data = encoded(Image.new("RGB", (16, 16), RED), kind, icc_profile=swapped)
    found = opened(check_upload(data, name="x").data)
    assert near(found.getpixel((8, 8)), BLUE, by=12)
    assert "icc_profile" not in found.info


def test_of_an_animation_the_first_picture_is_taken() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in (RED, GREEN, BLUE)]
    for kind in ("PNG", "WEBP"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        found = opened(check_upload(data, name="x").data)
        assert getattr(found, "n_frames", 1) == 1
        assert near(found.getpixel((3, 3)), RED)


def test_a_picture_larger_than_models_take_is_made_smaller() -> None:
    upload = check_upload(plain("JPEG", size=(6000, 300)), name="wide.jpg")
    assert (upload.width, upload.height) == (4096, 205)
    assert (upload.original_width, upload.original_height) == (6000, 300)
    assert upload.shrunk


def test_the_same_picture_is_the_same_upload() -> None:
    data = plain("JPEG", size=(300, 200))
    assert check_upload(data, name="a").data == check_upload(data, name="b").data


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\사진.png", "사진.png"),
        ("a\r\nSet-Cookie: x\x00\u202e.png", "aSet-Cookie: x.png"),
        ("\u1109\u1161\u110c\u1175\u11ab", "사진"),
        ("", "picture"),
        ("x" * 500, "x" * 120),
    ],
)
def test_a_files_name_is_shown_without_tricks(given: str, shown: str) -> None:
    assert check_upload(plain(), name=given).name == shown


# The folder


def test_a_picture_is_kept_byte_for_byte_under_the_sha256_of_its_bytes(
    pictures: PictureFolder,
) -> None:
    data = plain(size=(64, 48))
    kept = pictures.keep(data)
    assert kept.sha256 == hashlib.sha256(data).hexdigest()
    assert (kept.width, kept.height, kept.format, kept.bytes) == (64, 48, "png", len(data))
    assert pictures.path(kept.sha256).name == f"{kept.sha256}.png"
    assert pictures.open(kept.sha256) == data
    assert pictures.has(kept.sha256)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_same_bytes_kept_from_many_threads_are_one_file(pictures: PictureFolder) -> None:
    data = plain(size=(200, 200))
    with ThreadPoolExecutor(8) as pool:
        names = {kept.sha256 for kept in pool.map(pictures.keep, [data] * 40)}
    assert len(names) == 1
    assert files_in(pictures.folder) == [pictures.path(names.pop())]


@pytest.mark.parametrize("damage", [b"", b"half a pic", None])
def test_a_damaged_file_is_noticed_and_mended_when_the_picture_is_kept_again(
    pictures: PictureFolder, damage: bytes | None
) -> None:
    data = plain()
    sha256 = pictures.keep(data).sha256
    wrong = data[:-1] + b"X" if damage is None else damage
    pictures.path(sha256).write_bytes(wrong)
    with pytest.raises(StoreError, match="damaged"):
        pictures.open(sha256)
    assert pictures.keep(data).sha256 == sha256
    assert pictures.open(sha256) == data


def test_what_is_no_picture_is_not_kept(pictures: PictureFolder) -> None:
    with pytest.raises(InvalidRequest, match="ZIP"):
        pictures.keep(zip_archive())
    assert files_in(pictures.folder) == []


@pytest.mark.parametrize(
    "name",
    [
        "../" * 8 + "etc/passwd",
        "A" * 64,
        "a" * 63,
        "a" * 65,
        "a" * 64 + "\n",
        "a" * 64 + "\x00",
        "٣" * 64,
        "",
        "0" * 64,
        "thumbs/" + "a" * 57,
    ],
)
def test_a_name_that_is_no_sha256_is_not_found(pictures: PictureFolder, name: str) -> None:
    pictures.keep(plain())
    with pytest.raises(NotFound):
        pictures.path(name)
    with pytest.raises(NotFound):
        pictures.thumbnail(name, 160)
    assert not pictures.has(name)


def test_a_write_that_fails_leaves_nothing_behind(pictures: PictureFolder) -> None:
    data = plain()
    sha256 = hashlib.sha256(data).hexdigest()
    (pictures.folder / sha256[:2]).write_text("in the way")
    with pytest.raises(StoreError, match="PLAYGROUND_DATA_DIR"):
        pictures.keep(data)
    assert files_in(pictures.folder / "incoming") == []


def test_what_a_dead_process_was_writing_is_swept_and_what_a_live_one_writes_is_not(
    pictures: PictureFolder,
) -> None:
    old, new = pictures.folder / "incoming" / "old", pictures.folder / "incoming" / "new"
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    os.utime(old, (time.time() - 86_400,) * 2)
    PictureFolder(pictures.folder)
    assert files_in(pictures.folder) == [new]


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "images").write_text("in the way")
    with pytest.raises(StoreError, match="PLAYGROUND_DATA_DIR"):
        PictureFolder(tmp_path / "images")


def test_the_size_of_a_turned_photo_is_the_size_that_people_see(pictures: PictureFolder) -> None:
    kept = pictures.keep(encoded(marked((80, 40)), "JPEG", exif=exif(6)))
    assert (kept.width, kept.height) == (40, 80)


# Thumbnails


@pytest.mark.parametrize(
    ("asked", "made"), [(1, 160), (160, 160), (161, 320), (640, 640), (1280, 1280)]
)
def test_a_thumbnail_has_the_next_width_up(pictures: PictureFolder, asked: int, made: int) -> None:
    sha256 = pictures.keep(plain(size=(2000, 1000))).sha256
    path = pictures.thumbnail(sha256, asked)
    image = opened(path.read_bytes())
    assert (image.format, image.size) == ("WEBP", (made, made // 2))


@pytest.mark.parametrize("width", [0, -1, WIDTHS[-1] + 1])
def test_other_widths_are_not_made(pictures: PictureFolder, width: int) -> None:
    with pytest.raises(ValueError, match="1280"):
        pictures.thumbnail(pictures.keep(plain()).sha256, width)


def test_a_small_picture_is_not_enlarged(pictures: PictureFolder) -> None:
    sha256 = pictures.keep(plain(size=(100, 50))).sha256
    assert opened(pictures.thumbnail(sha256, 640).read_bytes()).size == (100, 50)


def test_a_column_of_pixels_has_a_thumbnail_that_webp_can_hold(pictures: PictureFolder) -> None:
    sha256 = pictures.keep(plain(size=(700, 30_000))).sha256
    assert opened(pictures.thumbnail(sha256, 640).read_bytes()).height == 640 * 4


@pytest.mark.parametrize("kind", FORMATS)
def test_a_thumbnail_is_upright_and_keeps_its_colours(pictures: PictureFolder, kind: str) -> None:
    turned = marked((800, 400)).transpose(Image.Transpose.ROTATE_90)
    sha256 = pictures.keep(encoded(turned, kind, exif=exif(6))).sha256
    image = opened(pictures.thumbnail(sha256, 320).read_bytes())
    assert image.size == (320, 160)
    assert near(image.getpixel((40, 20)), RED, by=20)
    assert near(image.getpixel((280, 140)), BLUE, by=20)


def test_a_thumbnail_keeps_transparency(pictures: PictureFolder) -> None:
    image = Image.new("RGBA", (400, 400), (*RED, 0))
    image.paste((*RED, 255), (0, 0, 200, 400))
    small = opened(pictures.thumbnail(pictures.keep(encoded(image)).sha256, 160).read_bytes())
    assert small.mode == "RGBA"
    assert small.getpixel((10, 10))[3] == 255
    assert small.getpixel((150, 10))[3] == 0


def test_a_thumbnail_is_made_once_also_by_many_threads(pictures: PictureFolder) -> None:
    sha256 = pictures.keep(encoded(Image.effect_noise((900, 900), 90))).sha256
    assert pictures.made_thumbnail(sha256, 320) is None
    ready = threading.Barrier(8)

    def make(_: int) -> tuple[Path, int]:
        ready.wait()
        path = pictures.thumbnail(sha256, 320)
        assert opened(path.read_bytes()).size == (320, 320)
        return path, path.stat().st_mtime_ns

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(make, range(8)))
    assert len(made) == 1
    assert pictures.made_thumbnail(sha256, 300) == made.pop()[0]
    assert files_in(pictures.folder / "incoming") == []


def test_a_thumbnail_of_a_damaged_file_is_explained_and_not_kept(pictures: PictureFolder) -> None:
    sha256 = pictures.keep(plain(size=(900, 900))).sha256
    pictures.path(sha256).write_bytes(b"x")
    with pytest.raises(StoreError):
        pictures.thumbnail(sha256, 160)
    assert pictures.made_thumbnail(sha256, 160) is None


# A picture to start from


def test_a_checked_upload_is_given_to_a_model_as_it_is(pictures: PictureFolder) -> None:
    upload = check_upload(encoded(marked(), "JPEG", exif=exif(6)), name="x")
    source = pictures.source(pictures.keep(upload.data).sha256)
    assert source.data == upload.data
    assert (source.width, source.height) == (40, 80)


def test_a_servers_picture_is_given_to_a_model_without_its_prompt(pictures: PictureFolder) -> None:
    data = with_chunks(encoded(marked()), (b"tEXt", b"prompt\0{}"))
    kept = pictures.keep(data)
    source = pictures.source(kept.sha256)
    assert source.sha256 == kept.sha256
    assert [kind for kind, _ in chunk_list(source.data)] == [b"IHDR", b"IDAT", b"IEND"]
    assert opened(source.data).tobytes() == marked().tobytes()


def test_a_webp_is_given_to_a_model_as_png(pictures: PictureFolder) -> None:
    source = pictures.source(pictures.keep(encoded(marked(), "WEBP", exif=exif(8))).sha256)
    assert opened(source.data).format == "PNG"
    assert (source.width, source.height) == opened(source.data).size == (40, 80)


def test_decoding_shrinks_to_fit_a_box_and_never_enlarges() -> None:
    assert decode(plain("JPEG", size=(4000, 10)), within=(100, 100)).size == (100, 1)
    assert decode(plain(size=(50, 50)), within=(100, 100)).size == (50, 50)
