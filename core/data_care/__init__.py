"""Care for what is kept: backup and restore, checks, mending, pruning (docs/data-care.md)."""

from core.data_care.behind import left_open
from core.data_care.care import DataCare
from core.data_care.places import Places
from core.data_care.prune_types import Kind, Pruned, PrunePlan, PruneRule, PruneSample
from core.data_care.restore import finish_restore
from core.data_care.types import (
    AgeShare,
    Backup,
    Fault,
    IntegrityReport,
    Mended,
    Problem,
    Restored,
    Usage,
)

__all__ = [
    "AgeShare",
    "Backup",
    "DataCare",
    "Fault",
    "IntegrityReport",
    "Kind",
    "Mended",
    "Places",
    "Problem",
    "PrunePlan",
    "PruneRule",
    "PruneSample",
    "Pruned",
    "Restored",
    "Usage",
    "finish_restore",
    "left_open",
]
