"""The door to data care: one object for a data folder, whatever asks (page, command, cron)."""

from collections.abc import Callable

from core.data_care.backup import make_backup
from core.data_care.behind import CheckBehind
from core.data_care.check import look
from core.data_care.last_check import keep_report, read_report
from core.data_care.manifest import complete_backups
from core.data_care.mend import mend
from core.data_care.places import Places
from core.data_care.prune import plan_prune, prune
from core.data_care.prune_types import Pruned, PrunePlan, PruneRule
from core.data_care.types import (
    Backup,
    IntegrityReport,
    Mended,
    Usage,
)
from core.data_care.usage import usage
from core.settings import Settings
from core.store import Database

Told = Callable[[int, int], None]


def unheard(done: int, total: int) -> None:
    """Progress that nobody wants to hear of."""


class DataCare:
    """Care for the data folder of `settings`, whose database is `database`.

    Every method blocks, some for minutes: call them from a thread that may wait. Runs go on
    meanwhile. Backup, mending and pruning exclude each other, also across processes: the second
    one gets `CareBusy` at once. All raise StoreError (full, read-only, locked, damaged: each a
    class of its own, see core.errors). `told` hears how much is done of how much: bytes of a
    backup, pictures of a check, runs of a pruning. It is called from the caller's thread.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self._places = Places.of(settings)
        self._database = database
        self._behind: CheckBehind | None = None

    @property
    def last_check(self) -> IntegrityReport | None:
        """The last check's report, also from before this start; None where there never was one."""
        return read_report(self._places)

    def backup(self, told: Told = unheard) -> Backup:
        """Make a backup of database, pictures and workflows: consistent, checked, on the disk.

        Raises StoreFull before anything is written where it would not fit.
        """
        return make_backup(self._database, self._places, told)

    def backups(self) -> list[Backup]:
        """The complete backups, the newest first."""
        return complete_backups(self._places.backups)

    def check(self, *, deep: bool = False, told: Told = unheard) -> IntegrityReport:
        """Look whether all that is kept is whole; nothing is changed.

        Pages and references of the database, and that every picture a row names is there; with
        `deep` the bytes of every picture and the search index too.
        """
        report = look(self._database, self._places, deep=deep, told=told).report
        keep_report(self._places, report)
        return report

    def check_behind(self) -> None:
        """Check in the background, for a minute at most, and keep the report: after a stop that
        was none of ours. It holds up nobody; the log tells what it finds.
        """
        self._behind = self._behind or CheckBehind(self._database, self._places)

    def close(self) -> None:
        """End a check in the background. The database may be closed afterwards."""
        if self._behind is not None:
            self._behind.close()

    def mend(self, told: Told = unheard) -> Mended:
        """Check, then put right what can be without losing anything that a person made."""
        mended = mend(self._database, self._places, told)
        keep_report(self._places, mended.left)
        return mended

    def usage(self) -> Usage:
        """What takes how much room."""
        return usage(self._database, self._places)

    def plan_prune(self, rule: PruneRule) -> PrunePlan:
        """What `rule` would take away now. Nothing is changed."""
        return plan_prune(self._database, rule)

    def prune(self, plan: PrunePlan, told: Told = unheard) -> Pruned:
        """Take away for good what `plan` shows, in small steps beside the runs.

        Raises PlanOutdated when its rule takes other runs by now.
        """
        return prune(self._database, self._places, plan, told)
