"""One at a time: backup, mending and pruning of a folder, also across processes."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from core.errors import CareBusy
from core.store.faults import explain_files

NAME = "care.lock"


@contextmanager
def alone_in(folder: Path, name: str = NAME) -> Generator[None]:
    """Be the only one that takes care of `folder`, which is made where it is not there.

    The operating system lets go of the lock when the process ends, however it ends. Raises
    CareBusy at once when somebody else has it, StoreError where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / name, timeout=0, thread_local=False, fallback_to_soft=False)
        lock.acquire()
    except Timeout:
        raise CareBusy(
            f"A backup, a repair or a clean-up of {folder} is under way already. Wait until it is "
            "done, then try again."
        ) from None
    except OSError as error:
        raise explain_files(error, folder) from error
    try:
        yield
    finally:
        lock.release()
