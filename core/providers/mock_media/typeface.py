"""A typeface with Hangul, looked for where computers keep theirs; a clear fallback where not.

The usual places of Linux, macOS and Windows; else Pillow's own, which has Latin letters only:
then Korean words are romanised, and the run says so.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

SYSTEM_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-sans-cjk-vf-fonts/NotoSansCJK-VF.ttc",
    "/usr/share/fonts/truetype/nanum/NanumGothic.ttf",
    "/usr/share/fonts/truetype/nanum/NanumBarunGothic.ttf",
    "/usr/share/fonts/nanum/NanumGothic.ttf",
    "/usr/share/fonts/TTF/NanumGothic.ttf",
    "/usr/local/share/fonts/NotoSansKR-Regular.otf",
    "/System/Library/Fonts/AppleSDGothicNeo.ttc",
    "/Library/Fonts/NanumGothic.ttf",
    "C:/Windows/Fonts/malgun.ttf",
)
KOREAN_IN_CJK_COLLECTION = 1
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
_NOWHERE = "\U0010ffff"


@dataclass(frozen=True)
class Typeface:
    """A font file in any size; `path` None is Pillow's own font."""

    path: str | None = None
    index: int = 0

    @functools.lru_cache(maxsize=128)  # noqa: B019 - a typeface lives as long as the process
    def at(self, size: int) -> Font:
        """The font in `size` pixels."""
        if self.path is None:
            return ImageFont.load_default(size)
        return ImageFont.truetype(
            self.path, size, index=self.index, layout_engine=ImageFont.Layout.BASIC
        )

    @functools.lru_cache(maxsize=4096)  # noqa: B019
    def has(self, character: str) -> bool:
        """Whether the font can show `character`."""
        return self._pixels(character) != self._pixels(_NOWHERE)

    @property
    def has_hangul(self) -> bool:
        """Whether Korean can be written with it."""
        return all(self.has(syllable) for syllable in "한글뷁")

    @property
    def name(self) -> str:
        """The family's name, as in `Noto Sans KR`."""
        font = self.at(16)
        return str(font.getname()[0]) if isinstance(font, ImageFont.FreeTypeFont) else "built in"

    def _pixels(self, character: str) -> tuple[float, bytes]:
        font = self.at(16)
        picture = Image.new("L", (48, 32))
        ImageDraw.Draw(picture).text((8, 2), character, fill=255, font=font)
        return font.getlength(character), picture.tobytes()


def find_typeface(files: Sequence[str] = SYSTEM_FONTS) -> Typeface:
    """The first of `files` that has Hangul, else Pillow's own font."""
    for path in files:
        index = KOREAN_IN_CJK_COLLECTION if "CJK" in path and path.endswith(".ttc") else 0
        typeface = Typeface(path, index)
        try:
            if typeface.has_hangul:
                return typeface
        except OSError:  # not there, or not a font
            continue
    return Typeface()
