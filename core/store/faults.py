"""What went wrong with a file, in words: what it is, that nothing is lost, and what to do."""

import errno
import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from core.errors import (
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreReadOnly,
)

RESTORE = "python -m core.care restore latest --replace"
# With less room than this SQLite reports a full disk as a plain input/output error at times.
HARDLY_ANY = 64 * 1024

# Primary result codes that are about the file or the machine, not about one statement.
FILE_ERRORS = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOTADB,
}
_KINDS: dict[int, type[StoreError]] = {
    sqlite3.SQLITE_BUSY: StoreLocked,
    sqlite3.SQLITE_LOCKED: StoreLocked,
    sqlite3.SQLITE_PROTOCOL: StoreLocked,
    sqlite3.SQLITE_PERM: StoreReadOnly,
    sqlite3.SQLITE_READONLY: StoreReadOnly,
    sqlite3.SQLITE_CORRUPT: StoreCorrupt,
    sqlite3.SQLITE_NOTADB: StoreCorrupt,
    sqlite3.SQLITE_FULL: StoreFull,
}
_DISK_KINDS: dict[int, type[StoreError]] = {
    errno.ENOSPC: StoreFull,
    errno.EDQUOT: StoreFull,
    errno.EROFS: StoreReadOnly,
    errno.EACCES: StoreReadOnly,
    errno.EPERM: StoreReadOnly,
}
_ADVICE: dict[type[StoreError], str] = {
    StoreFull: "The disk is full. What was there is untouched. Free some space, then try again.",
    StoreReadOnly: (
        "The folder cannot be written; nothing in it was changed. Change its permissions, or "
        "PLAYGROUND_DATA_DIR."
    ),
    StoreLocked: (
        "Another program holds it; nothing was changed. Close that program, then try again."
    ),
    StoreCorrupt: (
        "The file is damaged or not a database; it is left as it is. Stop the playground, then "
        f"restore a backup: {RESTORE}"
    ),
    StoreError: "Check the folder that PLAYGROUND_DATA_DIR names.",
}


def is_about_the_file(error: Exception) -> bool:
    """Whether every other work of a transaction would fail with this error as well."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in FILE_ERRORS


def explain(error: Exception, path: Path) -> StoreError:
    """`error` of the database at `path` as a StoreError of the class that fits."""
    kind = _kind(error, path)
    return kind(f"The database {path} could not be used: {error}. {_ADVICE[kind]}")


def explain_files(error: OSError, folder: Path) -> StoreError:
    """`error` of the files in `folder` as a StoreError of the class that fits."""
    kind = _kind(error, folder)
    words = error.strerror or str(error)
    return kind(f"The folder {folder} could not be used: {words}. {_ADVICE[kind]}")


@contextmanager
def explained(path: Path) -> Generator[None]:
    """Errors of SQLite and of the disk inside become a StoreError about the database `path`."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise explain(error, path) from error


def _kind(error: Exception, path: Path) -> type[StoreError]:
    if isinstance(error, OSError):
        return _DISK_KINDS.get(error.errno or 0, StoreError)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_IOERR and _room(path.parent) < HARDLY_ANY:
        return StoreFull
    if code == sqlite3.SQLITE_CANTOPEN and not _can_write(path):
        return StoreReadOnly
    return _KINDS.get(code, StoreError)


def _room(folder: Path) -> int:
    """Free bytes on the disk of `folder`; where that is not known, plenty."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return HARDLY_ANY
    return disk.f_bavail * disk.f_frsize


def _can_write(path: Path) -> bool:
    """Whether `path` may be written as far as its folder tells: SQLite needs files beside it."""
    return not path.parent.is_dir() or os.access(path.parent, os.W_OK)
