"""A data folder with runs, pictures, judgements and a workflow, made without any server."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from core.data_care import DataCare
from core.data_care.places import Places
from core.opinion import Choice, Note, Rating, Vote
from core.pictures import PictureFolder
from core.run import ImageDetails, ImageRecord, Run
from core.settings import Settings, load_settings
from core.store import Database, ImageStore, OpinionStore, RunStore, UploadRecord
from core.store.search_index import index_some
from core.types import RunStatus, utc_now
from tests.factories import make_run
from tests.picture_kit import plain


@dataclass
class Kept:
    """A data folder and what works with it."""

    settings: Settings
    database: Database
    store: RunStore
    pictures: PictureFolder
    images: ImageStore
    opinions: OpinionStore
    care: DataCare

    @property
    def places(self) -> Places:
        return Places.of(self.settings)

    def text(self, *, days_old: float = 0, **values: Any) -> Run:
        """A text run that is over and in the search index."""
        run = make_run(
            created_at=utc_now() - timedelta(days=days_old),
            **({"status": RunStatus.SUCCEEDED, "output": "담은 텀블러로 시작하는 아침"} | values),
        )
        self.store.insert([run]).result()
        self.index()
        return run

    def picture(self, seed: int, *, days_old: float = 0, keep: bool = True, **values: Any) -> Run:
        """A picture run that is over; picture `seed` is one colour of its own."""
        run = make_run(
            kind="image",
            task="free",
            created_at=utc_now() - timedelta(days=days_old),
            **({"payload": {"prompt": "창가의 텀블러"}} | values),
            image=ImageDetails(),
        )
        self.store.insert([run]).result()
        kept = self.pictures.keep(colour(seed))
        record = ImageRecord(
            run_id=run.id,
            index=0,
            sha256=kept.sha256,
            width=kept.width,
            height=kept.height,
            format=kept.format,
            bytes=kept.bytes,
        )
        over = {"status": RunStatus.SUCCEEDED, "image": ImageDetails(pictures=(record,))}
        run = run.model_copy(update=over)
        self.store.finish(run).result()
        self.index()
        age(self.pictures.path(kept.sha256))
        return run

    def upload(self, seed: int, *, days_old: float = 0) -> str:
        """A picture that somebody sent; its SHA-256."""
        kept = self.pictures.keep(colour(seed))
        record = UploadRecord(
            sha256=kept.sha256,
            created_at=utc_now() - timedelta(days=days_old),
            name="사진.png",
            width=kept.width,
            height=kept.height,
            bytes=kept.bytes,
        )
        self.images.add_upload(record).result()
        age(self.pictures.path(kept.sha256))
        return kept.sha256

    def rate(self, run: Run) -> None:
        self.opinions.rate(Rating(run_id=run.id, user="민지", stars=4, comment="좋아요")).result()

    def note(self, run: Run) -> None:
        self.opinions.note(Note(run_id=run.id, text="다시 볼 것", user="민지")).result()

    def vote(self, left: Run, right: Run) -> None:
        vote = Vote(
            id=make_run().id,
            user="민지",
            left_run=left.id,
            right_run=right.id,
            choice=Choice.LEFT,
        )
        self.opinions.vote(vote).result()

    def index(self) -> None:
        while self.database.write(lambda connection: index_some(connection)).result():
            pass

    def ids(self) -> set[str]:
        return {row[0] for row in self.select("SELECT id FROM runs")}

    def select(self, sql: str, values: Any = ()) -> list[tuple[Any, ...]]:
        with self.database.read() as connection:
            return [tuple(row) for row in connection.execute(sql, values)]

    def change(self, sql: str, values: Any = ()) -> None:
        self.database.write(lambda connection: connection.execute(sql, values).rowcount).result()


@contextmanager
def kept_in(folder: Path, **environ: str) -> Iterator[Kept]:
    """What works with the data folder `folder`, which is made where it is not there."""
    settings = settings_for(folder, **environ)
    database = Database(settings.database_path)
    pictures = PictureFolder(settings.images_path)
    try:
        yield Kept(
            settings=settings,
            database=database,
            store=RunStore(database),
            pictures=pictures,
            images=ImageStore(database),
            opinions=OpinionStore(database),
            care=DataCare(settings, database),
        )
    finally:
        database.close()


def settings_for(folder: Path, **environ: str) -> Settings:
    """Settings of a playground in `folder` that asks no server."""
    values = {
        "PLAYGROUND_DATA_DIR": str(folder),
        "MOCK_TOKENS_PER_SECOND": "0",
        "OLLAMA_BASE_URL": "http://127.0.0.1:9",
        "COMFYUI_BASE_URL": "http://127.0.0.1:9",
    }
    return load_settings(values | environ, env_file=None)


def colour(seed: int) -> bytes:
    """A small picture that no other seed gives."""
    return plain(size=(40 + seed // 256, 30), seed=seed)


def age(path: Path, *, hours: float = 3) -> None:
    """Have a file look as if it had been kept so long ago."""
    then = time.time() - hours * 3600
    os.utime(path, (then, then))


def shown(run: Run) -> str:
    """The SHA-256 of a run's picture."""
    assert run.image
    return run.image.pictures[0].sha256
