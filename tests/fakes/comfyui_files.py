"""The files of the fake ComfyUI: real small PNGs with the text chunks that the server writes."""

import io
import json
import zlib
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

Key = tuple[str, str, str]  # type, subfolder, filename


def picture(graph: dict[str, Any], *, index: int = 0, size: tuple[int, int] = (64, 48)) -> bytes:
    """A PNG whose colour depends on the graph, with the graph in its text chunk `prompt`."""
    text = json.dumps(graph)
    code = zlib.crc32(f"{text}{index}".encode())
    info = PngInfo()
    info.add_text("prompt", text)
    buffer = io.BytesIO()
    colour = (code & 255, code >> 8 & 255, code >> 16 & 255)
    Image.new("RGB", size, colour).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def preview(step: int, *, kind: str = "JPEG", padding: int = 0) -> bytes:
    """A small picture for step `step`, made larger by `padding` bytes."""
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), (step * 9 % 256, 80, 120)).save(buffer, kind)
    return buffer.getvalue() + bytes(padding)


class Files:
    """Folders input, output and temp; SaveImage's counter goes on over restarts."""

    def __init__(self) -> None:
        self.kept: dict[Key, bytes] = {}
        self._count = 0

    def save(self, data: bytes, *, prefix: str, folder: str = "output") -> dict[str, str]:
        """Write a file as SaveImage names it; how history names it."""
        self._count += 1
        subfolder, _, stem = prefix.rpartition("/")
        name = f"{stem}_{self._count:05}_.png"
        self.kept[folder, subfolder, name] = data
        return {"filename": name, "subfolder": subfolder, "type": folder}

    def upload(self, data: bytes, name: str, subfolder: str, folder: str) -> dict[str, str]:
        """Write an uploaded file; another one of that name is not overwritten."""
        stem, dot, extension = name.rpartition(".")
        number = 0
        while self.kept.get((folder, subfolder, name), data) != data:
            number += 1
            name = f"{stem} ({number}){dot}{extension}"
        self.kept[folder, subfolder, name] = data
        return {"name": name, "subfolder": subfolder, "type": folder}

    def delete_all(self) -> None:
        """Somebody tidies up."""
        self.kept.clear()
