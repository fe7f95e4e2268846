"""A text in the two languages of the catalog."""

from pydantic import Field

from core.types import Frozen, Language


class Localised(Frozen):
    """A text in both languages."""

    ko: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def in_(self, language: Language) -> str:
        """The text in `language`."""
        return self.ko if language is Language.KOREAN else self.en
