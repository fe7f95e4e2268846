"""Where what is cared for lies, and where its backups go."""

from dataclasses import dataclass
from pathlib import Path

from core.settings import Settings


@dataclass(frozen=True)
class Places:
    """Absolute paths, symbolic links followed: the data folder, what is in it, the backups."""

    data: Path
    database: Path
    images: Path
    workflows: Path
    backups: Path

    @classmethod
    def of(cls, settings: Settings) -> "Places":
        """The places that `settings` name."""
        return cls(
            data=settings.playground_data_dir.resolve(),
            database=settings.database_path.resolve(),
            images=settings.images_path.resolve(),
            workflows=settings.workflows_path.resolve(),
            backups=settings.backups_path.resolve(),
        )

    @property
    def pool(self) -> Path:
        """The pictures that all backups share, each once, under the names they have in `images`."""
        return self.backups / "pictures"

    @property
    def orphans(self) -> Path:
        """Where pictures are moved that no row names."""
        return self.images / "orphans"

    @property
    def leaving(self) -> Path:
        """Where pictures stand for a moment while it is made sure that nothing names them."""
        return self.images / "leaving"
