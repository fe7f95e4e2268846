"""Runs as a ZIP: the tables, and every picture with its parameters in a file beside it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from core.errors import NotFound
from core.image_draft import parameters_of
from core.pictures import PictureFolder, ZipItem, zip_of
from core.run import Run

LEFT_OUT = "pictures-left-out.txt"


def export_zip(
    folder: PictureFolder, runs: Sequence[Run], files: Mapping[str, Iterable[bytes]]
) -> Iterator[bytes]:
    """`files` (tables of runs, in pieces) and the pictures of `runs` as a ZIP in pieces.

    A picture whose file is gone is named in `LEFT_OUT` instead. Raises InvalidRequest before
    the first piece when there are more pictures than a ZIP holds.
    """
    kept: list[ZipItem] = []
    gone: list[str] = []
    for item in picture_items(runs):
        if _is_kept(folder, item):
            kept.append(item)
        else:
            gone.append(item.sha256)
    if gone:
        files = {**files, LEFT_OUT: ["\n".join(gone).encode() + b"\n"]}
    return zip_of(folder, kept, files)


def picture_items(runs: Iterable[Run]) -> list[ZipItem]:
    """Every picture of `runs` on its way out, in their order."""
    return [item for run in runs for item in _items(run)]


def _items(run: Run) -> Iterator[ZipItem]:
    for picture in run.image.pictures if run.image else ():
        yield ZipItem(
            sha256=picture.sha256,
            made_at=run.finished_at or run.created_at,
            preset=run.task,
            seed=picture.seed,
            parameters=parameters_of(run, index=picture.index, seed=picture.seed),
        )


def _is_kept(folder: PictureFolder, item: ZipItem) -> bool:
    try:
        folder.path(item.sha256)
    except NotFound:
        return False
    return True
