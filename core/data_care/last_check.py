"""What the last check found, beside the data, so that a start does not forget it."""

import logging

from pydantic import ValidationError

from core.data_care.files import write_whole
from core.data_care.places import Places
from core.data_care.types import IntegrityReport

NAME = "last-check.json"

log = logging.getLogger("playground.data_care")


def keep_report(places: Places, report: IntegrityReport) -> None:
    """Keep a report in place of the last. A folder that cannot be written is said in the log."""
    try:
        write_whole(places.data / NAME, report.model_dump_json(indent=1))
    except OSError as error:
        log.warning("report of the check not kept", extra={"error": str(error)})


def read_report(places: Places) -> IntegrityReport | None:
    """The last report, None where there is none or it cannot be read."""
    try:
        return IntegrityReport.model_validate_json((places.data / NAME).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        log.warning("report of the last check not read", extra={"error": type(error).__name__})
        return None
