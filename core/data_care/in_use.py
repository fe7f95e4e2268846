"""Whether somebody works with a data folder: a playground, or a program that shows its database."""

from collections.abc import Generator
from contextlib import contextmanager

from core.data_care.places import Places
from core.errors import RestoreRefused, StoreLocked
from core.processes import Processes
from core.store.exclusive import only_user


@contextmanager
def not_in_use(places: Places) -> Generator[None]:
    """While this lasts nobody else has the database open. Raises RestoreRefused, StoreError."""
    if not places.database.is_file():
        yield
        return
    folder = places.data / "processes"
    if folder.is_dir() and _others(places):
        raise RestoreRefused(
            f"A playground is running on {places.data}. Nothing was changed. Stop it, then restore."
        )
    try:
        with only_user(places.database):
            yield
    except StoreLocked as error:
        raise RestoreRefused(
            f"A program has {places.database} open. Nothing was changed. Stop the playground and "
            "close programs that show the database, then restore."
        ) from error


def _others(places: Places) -> int:
    processes = Processes(places.data / "processes")
    try:
        return len(processes.others())
    finally:
        processes.close()
