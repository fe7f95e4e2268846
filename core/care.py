"""Care for the data by command: `python -m core.care backup`, `backups`, `restore`, `check`,
`mend`, `prune`, `usage`.

All but `restore` may run while the playground does, and at night by cron (docs/data-care.md).
The shell gets 0, 1 with the reason on stderr, or 3 where a check has found something.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import closing

from pydantic import ValidationError

from core.care_words import (
    backup_lines,
    backups_lines,
    check_lines,
    mended_lines,
    plan_lines,
    pruned_lines,
    restored_lines,
    usage_lines,
)
from core.data_care import DataCare, PruneRule
from core.data_care.old_backups import forget_old
from core.data_care.places import Places
from core.data_care.restore import LATEST, restore
from core.errors import InvalidRequest, PlaygroundError, StoreError
from core.settings import Settings, load_settings
from core.store import Database
from core.types import Frozen

FOUND_SOMETHING = 3

Told = Callable[[int, int], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns what the shell gets."""
    asked = _parser().parse_args(arguments)
    try:
        return asked.act(asked, load_settings())
    except PlaygroundError as error:
        _clear()
        sys.stderr.write(f"{error.message}\n")
        return 1


def _backup(asked: argparse.Namespace, settings: Settings) -> int:
    with closing(_Opened(settings)) as opened:
        backup = opened.care.backup(_told(asked, "bytes"))
    forgotten = forget_old(Places.of(settings), keep=asked.keep) if asked.keep else 0
    _show(asked, backup, [*backup_lines(backup), *_forgotten(forgotten)])
    return 0


def _backups(asked: argparse.Namespace, settings: Settings) -> int:
    with closing(_Opened(settings)) as opened:
        found = opened.care.backups()
    _show(asked, found, backups_lines(found))
    return 0


def _restore(asked: argparse.Namespace, settings: Settings) -> int:
    restored = restore(
        Places.of(settings),
        asked.backup,
        replace=asked.replace,
        accept_missing=asked.accept_missing,
        told=_told(asked, "bytes"),
    )
    _show(asked, restored, restored_lines(restored))
    return 0


def _check(asked: argparse.Namespace, settings: Settings) -> int:
    with closing(_Opened(settings)) as opened:
        report = opened.care.check(deep=asked.deep, told=_told(asked, "pictures"))
    _show(asked, report, check_lines(report))
    return 0 if report.ok else FOUND_SOMETHING


def _mend(asked: argparse.Namespace, settings: Settings) -> int:
    with closing(_Opened(settings)) as opened:
        mended = opened.care.mend(_told(asked, "pictures"))
    _show(asked, mended, mended_lines(mended))
    return 0 if mended.left.ok else FOUND_SOMETHING


def _prune(asked: argparse.Namespace, settings: Settings) -> int:
    try:
        rule = PruneRule(
            older_than_days=asked.older_than_days,
            keep_picture_bytes=None if asked.keep_gb is None else int(asked.keep_gb * 1e9),
            put_away_after_days=asked.put_away_after_days or None,
            uploads_after_days=asked.uploads_after_days,
            kinds=(asked.kind,) if asked.kind else ("text", "image"),
            spare_judged=not asked.judged_too,
        )
    except ValidationError as error:
        said = (str(item["msg"]).removeprefix("Value error, ") for item in error.errors())
        problems = "; ".join(said)
        raise InvalidRequest(f"This is no rule to prune by: {problems}.") from None
    with closing(_Opened(settings)) as opened:
        plan = opened.care.plan_prune(rule)
        if not asked.yes or plan.empty:
            _show(asked, plan, plan_lines(plan))
            return 0
        pruned = opened.care.prune(plan, _told(asked, "runs"))
    _show(asked, pruned, pruned_lines(pruned))
    return 0


def _usage(asked: argparse.Namespace, settings: Settings) -> int:
    with closing(_Opened(settings)) as opened:
        usage = opened.care.usage()
    _show(asked, usage, usage_lines(usage))
    return 0


class _Opened:
    """The data folder's database, which has to be there, and care for it."""

    def __init__(self, settings: Settings) -> None:
        if not settings.database_path.is_file():
            raise StoreError(
                f"There is no database {settings.database_path.resolve()}. Check what folder "
                "PLAYGROUND_DATA_DIR names, or restore a backup into it."
            )
        self._database = Database(settings.database_path)
        self.care = DataCare(settings, self._database)

    def close(self) -> None:
        self._database.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core.care", description="Care for what the playground keeps."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, act: Callable[[argparse.Namespace, Settings], int], words: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=words, description=words)
        added.set_defaults(act=act)
        added.add_argument("--json", action="store_true", help="print JSON for programs")
        return added

    backup = command("backup", _backup, "Make a backup. Safe while the app runs.")
    backup.add_argument("--keep", type=_positive, help="then delete all but the newest KEEP")
    command("backups", _backups, "List the backups.")
    back = command("restore", _restore, "Restore a backup. Stop the app first.")
    back.add_argument("backup", nargs="?", default=LATEST, help="latest, an id, or a folder")
    back.add_argument("--replace", action="store_true", help="move the present data aside")
    back.add_argument(
        "--accept-missing", action="store_true", help="restore without pictures that are damaged"
    )
    check = command("check", _check, "Look whether all is whole. Changes nothing.")
    check.add_argument("--deep", action="store_true", help="read every picture as well")
    command("mend", _mend, "Check deeply, then put right what can be. Loses nothing.")
    _add_prune(command("prune", _prune, "Show what would be removed; remove it with --yes."))
    command("usage", _usage, "Tell what takes how much room.")
    return parser


def _add_prune(prune: argparse.ArgumentParser) -> None:
    prune.add_argument("--older-than-days", type=_positive, help="runs older than so many days")
    prune.add_argument("--keep-gb", type=float, help="all but the newest so many GB of pictures")
    prune.add_argument("--kind", choices=("text", "image"), help="by age only runs of this kind")
    prune.add_argument(
        "--put-away-after-days",
        type=int,
        default=30,
        help="runs put away for so many days (30; 0: leave them)",
    )
    prune.add_argument("--uploads-after-days", type=_positive, help="uploads unused for so long")
    prune.add_argument(
        "--judged-too", action="store_true", help="also runs with ratings, votes, tags or notes"
    )
    prune.add_argument("--yes", action="store_true", help="remove them for good")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return value


def _show(asked: argparse.Namespace, value: Frozen | Sequence[Frozen], lines: list[str]) -> None:
    _clear()
    if not asked.json:
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        return
    if isinstance(value, Frozen):
        plain = value.model_dump(mode="json")
    else:
        plain = [item.model_dump(mode="json") for item in value]
    sys.stdout.write(json.dumps(plain, ensure_ascii=False, indent=1) + "\n")


def _forgotten(count: int) -> list[str]:
    return [f"Older backups deleted: {count}"] if count else []


def _told(asked: argparse.Namespace, what: str) -> Told:
    """Tells progress to a person at a terminal, and nobody else."""
    shown = sys.stderr.isatty() and not asked.json

    def told(done: int, total: int) -> None:
        if shown:
            sys.stderr.write(f"\r{done:,} of {total:,} {what} …")
            sys.stderr.flush()

    return told


def _clear() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")


if __name__ == "__main__":
    sys.exit(main())
