"""A run as it is exported: all that is recorded of it, and what people said of it."""

from core.media import ServedRun
from core.opinion import Note, Rating


class ExportedRun(ServedRun):
    """A run with its ratings, tags and note; a line of an export in JSON Lines."""

    ratings: tuple[Rating, ...] = ()
    tags: tuple[str, ...] = ()
    note: Note | None = None

    @property
    def stars(self) -> float | None:
        """The mean rating, None where nobody rated it."""
        if not self.ratings:
            return None
        return round(sum(rating.stars for rating in self.ratings) / len(self.ratings), 2)
