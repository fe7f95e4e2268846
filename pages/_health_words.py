"""What a health check found, in words: what is wrong, and what to do next."""

from dataclasses import dataclass
from typing import Any

from core.health import Health, HealthState, Seen
from pages._format import UNKNOWN, number, size
from pages._health_html import one_line
from pages._health_state import component_name, vendor_of
from pages._i18n import N_, _

_LONGEST = 300


@dataclass(frozen=True)
class HealthWords:
    """What was found, what to do next, and the command that does it where there is one.

    Plain text, in which names of models and the like come from outside: never markdown.
    """

    what: str
    next_step: str
    command: str | None = None


_ITSELF = N_("Set {setting} to the address of {name} itself and restart the playground.")
_WAIT = N_("It may be starting or very busy. It is checked again by itself.")
_LOG = N_("Look into its log, then check again.")
# By the codes of core.health.CODES, which says what fills each sentence.
_WORDS: dict[str, tuple[str, str]] = {
    "provider_unavailable": (
        N_("{name} does not answer."),
        N_("Start it, or check that {setting} holds its address."),
    ),
    "unknown_host": (
        N_("There is no machine of the name in {name}'s address."),
        N_("Check the spelling in {setting}, and the network."),
    ),
    "not_secure": (
        N_("There is no secure connection to {name}."),
        N_("Check whether {setting} should begin with http://, and the server's certificate."),
    ),
    "provider_timeout": (N_("{name} does not answer in time."), _WAIT),
    "proxy_answer": (
        N_("Something in front of {name} answers, but {name} itself does not."),
        N_("Check that {name} is running behind it."),
    ),
    "web_page": (N_("A web page is at {name}'s address, not {name}."), _ITSELF),
    "wrong_api": (N_("Something else answers at {name}'s address."), _ITSELF),
    "redirected": (N_("{name}'s address sends on to somewhere else."), _ITSELF),
    "provider_unauthorized": (
        N_("{name} wants a key, or another one."),
        N_("Set {key} in .env or in the environment and restart the playground."),
    ),
    "provider_rejected": (
        N_("{name} turns the playground away."),
        N_("Its own settings or a firewall may allow only other machines or names."),
    ),
    "provider_error": (N_("{name} answers with an error."), _LOG),
    "broken_answer": (N_("{name}'s answer breaks off, or is in no form that is known."), _LOG),
    "check_failed": (
        N_("{name} could not be checked."),
        N_("Check again. If it stays like this, the playground's log has the details."),
    ),
    "provider_overloaded": (N_("{name} is too busy, or still loading."), _WAIT),
    "slow": (N_("{name} is there, but answers slowly."), _WAIT),
    "models_missing": (
        N_("{name} does not have a model that runs ask for: {models}"),
        N_("Get it, or name another one in the settings."),
    ),
    "no_models": (
        N_("{name} has no model at all."),
        N_("Get one on its machine, then check again."),
    ),
    "no_checkpoint": (
        N_("{name} has no checkpoint."),
        N_("Put one into its folder {folder}. Workflows that need none can run."),
    ),
    "checkpoint_missing": (
        N_("{name} does not have the checkpoint {model}."),
        N_("Put it into its folder models/checkpoints, or set {setting} to one that it has."),
    ),
    "queue_stuck": (
        N_("Jobs wait at {name} ({waiting}), and none of them is started."),
        N_("Restart {name} on its machine."),
    ),
    "worker_silent": (
        N_("{name} has been at one job for {minutes} minutes, with nothing to be seen of it."),
        N_("It may be a very long job. Otherwise restart {name} on its machine."),
    ),
    "store_unavailable": (
        N_("The record of runs cannot be read."),
        N_("Check that the data folder exists and has room, then check again."),
    ),
    "database_missing": (
        N_("The file with the record of runs is gone."),
        N_("Stop the playground, put the file back or restore a backup, and start it again."),
    ),
    "database_locked": (
        N_("Another program is holding the record of runs."),
        N_("Nothing is lost. Close that program or wait a little."),
    ),
    "database_read_only": (
        N_("The record of runs can be read, but not written."),
        N_("Whoever runs the playground has to allow writing to its file."),
    ),
    "store_full": (
        N_("There is no room left on the disk."),
        N_("Free some room. Nothing that was there is lost."),
    ),
    "store_corrupt": (
        N_("The record of runs is damaged."),
        N_("Stop the playground, put the file back or restore a backup, and start it again."),
    ),
    "writer_stopped": (
        N_("Nothing is recorded any more."),
        N_("Restart the playground. What was recorded before is kept."),
    ),
    "database_damaged": (
        N_("The record of runs is damaged in {problems} places."),
        N_("Make a backup before anything else, then mend it or restore an older backup."),
    ),
    "disk_low": (
        N_("Only {free} are left on the disk."),
        N_("Free some room, or prune old runs further down this page."),
    ),
    "disk_full": (
        N_("The disk is full."),
        N_("Free some room. Nothing that was there is lost."),
    ),
    "folder_read_only": (
        N_("The data folder cannot be written."),
        N_("Nothing is lost. Whoever runs the playground has to allow writing to it."),
    ),
    "folder_missing": (
        N_("The data folder is gone."),
        N_("Stop the playground, put the folder back or restore a backup, and start it again."),
    ),
    "disk_silent": (
        N_("The disk with the data folder does not answer."),
        N_("It may be a network drive that is away. It is checked again by itself."),
    ),
}
_GENERAL = {
    HealthState.DEGRADED: (
        N_("{name} does not work as it should: {reason}"),
        N_("Whoever runs the playground can mend it; the details help."),
    ),
    HealthState.DOWN: (
        N_("{name} does not work: {reason}"),
        N_("Whoever runs the playground can mend it; the details help."),
    ),
    HealthState.NOT_CONFIGURED: (
        N_("{name} is not used here."),
        N_("To use it, set {setting} in .env or in the environment and restart the playground."),
    ),
}


def words_of(seen: Seen) -> HealthWords:
    """The words for what was last found of a component; all empty while nothing is known or
    all is well.
    """
    health = seen.health
    if health is None or health.state is HealthState.OK:
        return HealthWords("", "")
    names = _names(seen.component, health)
    what, next_step = _WORDS.get(health.code, _GENERAL[health.state])
    return HealthWords(_(what).format_map(names), _(next_step).format_map(names), health.command)


class _Names(dict[str, str]):
    """Names for a sentence; one that a check did not tell is a dash."""

    def __missing__(self, name: str) -> str:
        return UNKNOWN


def _names(component: str, health: Health) -> _Names:
    vendor = (vendor_of(component) or "").upper()
    found = {name: _told(name, value) for name, value in health.details.items()}
    seconds = health.details.get("seconds")
    ours = {
        "minutes": number(seconds / 60) if isinstance(seconds, int | float) else UNKNOWN,
        "name": component_name(component),
        "reason": one_line(health.reason, longest=_LONGEST),
        "key": f"{vendor}_API_KEY",
    }
    return _Names({"setting": f"{vendor}_BASE_URL"} | found | ours)


def _told(name: str, value: Any) -> str:  # noqa: ANN401 (JSON)
    if name in ("free", "total") and isinstance(value, int):
        return size(value)
    words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return one_line(words, longest=_LONGEST)
