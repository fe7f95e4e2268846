"""A picture carries how it was made: inside the PNG, and beside it in a ZIP."""

import io
import json
import stat
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from core.errors import InvalidRequest, NotFound
from core.pictures import (
    KEY,
    PictureFolder,
    ZipItem,
    archive,
    read_parameters,
    with_parameters,
    zip_of,
)
from tests.picture_kit import chunk_list, encoded, marked, opened, plain, with_chunks

MADE_AT = datetime(2026, 11, 23, 2, 17, 20, tzinfo=UTC)
PARAMETERS = {"prompt": "가을 아침의 텀블러 ☕ 🍂", "seed": 2**53 - 1, "cfg": 7.5, "size": [64, 48]}
SERVER = (b"tEXt", b'prompt\0{"3": {"class_type": "KSampler"}}'), (b"tEXt", b"workflow\0{\xe9}")


def test_korean_parameters_come_back_from_the_picture() -> None:
    assert read_parameters(with_parameters(plain(), PARAMETERS)) == PARAMETERS


def test_any_png_reader_finds_them_under_the_documented_key() -> None:
    assert f"`{KEY}`" in Path("docs/pictures.md").read_text(encoding="utf-8")
    assert json.loads(opened(with_parameters(plain(), PARAMETERS)).text["sparklio"]) == PARAMETERS


def test_the_servers_chunks_and_the_pixels_stay_byte_for_byte() -> None:
    before = with_chunks(encoded(marked()), *SERVER, (b"prVt", b"private"))
    after = with_parameters(before, PARAMETERS)
    ours = [each for each in chunk_list(after) if each not in chunk_list(before)]
    assert [kind for kind, _ in ours] == [b"tEXt"]
    assert [each for each in chunk_list(after) if each not in ours] == chunk_list(before)
    assert opened(after).tobytes() == marked().tobytes()


def test_parameters_are_replaced_not_added_to() -> None:
    once = with_parameters(plain(), {"seed": 1})
    twice = with_parameters(once, {"seed": 2})
    assert read_parameters(twice) == {"seed": 2}
    assert len(chunk_list(twice)) == len(chunk_list(once))
    assert with_parameters(twice, {"seed": 1}) == once


def test_what_stands_behind_a_png_is_kept() -> None:
    assert with_parameters(plain() + b"tail", {}).endswith(b"tail")


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_other_formats_stay_as_they_are_and_have_none(kind: str) -> None:
    data = plain(kind)
    assert with_parameters(data, PARAMETERS) == data
    assert read_parameters(data) is None


def test_a_damaged_png_is_refused_rather_than_written_on() -> None:
    with pytest.raises(InvalidRequest, match="damaged"):
        with_parameters(plain()[:-8], PARAMETERS)


def test_parameters_that_are_no_json_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        with_parameters(plain(), {"cfg": float("nan")})


def test_parameters_that_another_tool_wrote_as_itxt_are_read() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("sparklio", json.dumps(PARAMETERS, ensure_ascii=False))
    assert read_parameters(encoded(Image.new("RGB", (4, 4)), pnginfo=text)) == PARAMETERS


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[1, 2]",
        b'"text"',
        b"[" * 100_000,
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b"\xff\xfe\xfa",
        b'{"a": "' + b"x" * 2_000_000 + b'"}',
    ],
    ids=lambda content: content[:12].decode("latin-1"),
)
def test_hostile_parameters_are_none(content: bytes) -> None:
    assert read_parameters(with_chunks(plain(), (b"tEXt", b"sparklio\0" + content))) is None


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", plain()[:40], plain()])
def test_a_file_without_parameters_has_none(data: bytes) -> None:
    assert read_parameters(data) is None


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.none()))
def test_all_text_survives(parameters: dict[str, Any]) -> None:
    assert read_parameters(with_parameters(plain(size=(2, 2)), parameters)) == parameters


# The ZIP


@pytest.fixture
def pictures(tmp_path: Path) -> PictureFolder:
    return PictureFolder(tmp_path / "images")


def item(pictures: PictureFolder, data: bytes, **values: Any) -> ZipItem:
    known = {"made_at": MADE_AT, "preset": "brand_logo", "seed": 7, "parameters": PARAMETERS}
    return ZipItem(sha256=pictures.keep(data).sha256, **known | values)


def unpacked(pieces: Iterator[bytes]) -> zipfile.ZipFile:
    found = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    assert found.testzip() is None
    return found


def test_a_zip_holds_each_picture_and_its_sidecar(pictures: PictureFolder) -> None:
    logo, photo = plain(), plain("JPEG")
    items = [item(pictures, logo), item(pictures, photo, preset="제품 사진", seed=None)]
    found = unpacked(zip_of(pictures, items))
    assert found.namelist() == [
        "2026-11-23_021720_brand_logo_seed-7.png",
        "2026-11-23_021720_brand_logo_seed-7.json",
        "2026-11-23_021720_제품-사진.jpeg",
        "2026-11-23_021720_제품-사진.json",
    ]
    assert found.read(found.namelist()[0]) == logo
    assert found.read(found.namelist()[2]) == photo
    assert json.loads(found.read(found.namelist()[3])) == PARAMETERS
    assert "텀블러" in found.read(found.namelist()[3]).decode()


def test_an_unpacked_file_can_be_read_and_has_the_runs_time(pictures: PictureFolder) -> None:
    first = unpacked(zip_of(pictures, [item(pictures, plain())])).infolist()[0]
    assert stat.S_IMODE(first.external_attr >> 16) == 0o644
    assert first.date_time == (2026, 11, 23, 2, 17, 20)


def test_pictures_of_one_name_are_numbered(pictures: PictureFolder) -> None:
    items = [item(pictures, plain(seed=number)) for number in range(3)]
    names = unpacked(zip_of(pictures, items)).namelist()
    assert [name for name in names if name.endswith("png")] == [
        "2026-11-23_021720_brand_logo_seed-7.png",
        "2026-11-23_021720_brand_logo_seed-7_2.png",
        "2026-11-23_021720_brand_logo_seed-7_3.png",
    ]


@pytest.mark.parametrize("preset", ["../../etc/passwd", "a\\b", "", "...", "x" * 500, "con:nul\0"])
def test_a_name_in_a_zip_stays_in_its_folder(pictures: PictureFolder, preset: str) -> None:
    names = unpacked(zip_of(pictures, [item(pictures, plain(), preset=preset)])).namelist()
    assert len(names) == 2
    for name in names:
        assert not set(name) & set('/\\:\0*?"<>|')
        assert ".." not in name
        assert len(name) < 120


def test_the_same_pictures_are_the_same_zip(pictures: PictureFolder) -> None:
    items = [item(pictures, plain())]
    assert b"".join(zip_of(pictures, items)) == b"".join(zip_of(pictures, items))


def test_a_large_picture_comes_in_pieces(pictures: PictureFolder) -> None:
    noise = Image.effect_noise((1500, 1500), 90).convert("RGB")
    data = encoded(noise, compress_level=0)
    pieces = list(zip_of(pictures, [item(pictures, data)]))
    assert sum(map(len, pieces)) > len(data) > 4 * 1024**2
    assert max(map(len, pieces)) < 1.1 * 1024**2


def test_a_zip_is_refused_before_it_begins(
    pictures: PictureFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = item(pictures, plain())
    with pytest.raises(InvalidRequest, match="not 0"):
        zip_of(pictures, [])
    with pytest.raises(InvalidRequest, match="not 501"):
        zip_of(pictures, [one] * 501)
    with pytest.raises(NotFound):
        zip_of(pictures, [one, ZipItem("0" * 64, MADE_AT, "x", None, {})])
    monkeypatch.setattr(archive, "MAX_BYTES", 10)
    with pytest.raises(InvalidRequest, match="together"):
        zip_of(pictures, [one])
