"""What works, in one sentence: what a person can and cannot do now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.health import HealthState, Seen
from pages._health_state import component_name
from pages._health_words import words_of
from pages._i18n import _, ngettext

_MOCK = ("text/mock", "image/mock")
_BAD = (HealthState.DOWN, HealthState.DEGRADED)


@dataclass(frozen=True)
class Verdict:
    """The sentence, and the state by which it looks (None while nothing is known)."""

    state: HealthState | None
    words: str


def verdict(seen: Mapping[str, Seen]) -> Verdict:
    """The verdict on all components; parts nobody set up do not count."""
    used = {n: one for n, one in seen.items() if one.state is not HealthState.NOT_CONFIGURED}
    lost = list(_losses(used))
    if lost:
        told = {name for names, _words in lost for name in names}
        others = sum(one.state in _BAD for name, one in used.items() if name not in told)
        words = lost[0][1]
        if others := others + sum(len(names) for names, _words in lost[1:]):
            words += " " + ngettext(
                "{n} more part needs a look.", "{n} more parts need a look.", others
            )
        return Verdict(HealthState.DOWN, words)
    limited = [one for one in used.values() if one.state in _BAD]
    if len(limited) == 1:
        words = _("Everything can be used, with one limit: {reason}")
        return Verdict(HealthState.DEGRADED, words.format(reason=words_of(limited[0]).what))
    if limited:
        words = ngettext(
            "Everything can be used, but {n} part needs a look.",
            "Everything can be used, but {n} parts need a look.",
            len(limited),
        )
        return Verdict(HealthState.DEGRADED, words)
    unknown = [one for one in used.values() if one.state is None]
    if unknown and len(unknown) == len(used):
        return Verdict(None, _("Looking at every part …"))
    if unknown:
        names = ", ".join(component_name(one.component) for one in unknown)
        return Verdict(
            None, _("What is known so far works. Still checking: {names}").format(names=names)
        )
    return Verdict(HealthState.OK, _("Everything works."))


def _losses(used: Mapping[str, Seen]) -> Iterable[tuple[list[str], str]]:
    """What cannot be done now, worst first: the components at fault, and a sentence."""
    if names := _down(used, ["database"]):
        yield names, _("Nothing can be run now: {reason}").format(reason=_why(used, names))
    if names := _down(used, ["disk"]):
        yield names, _("New runs cannot be kept now: {reason}").format(reason=_why(used, names))
    texts, pictures = _servers(used, "text/"), _servers(used, "image/")
    no_text, no_picture = _down(used, texts), _down(used, pictures)
    if texts and pictures and no_text == texts and no_picture == pictures:
        yield [*texts, *pictures], _("Live copy and live pictures cannot be made now.")
    else:
        yield from _kind_losses(used, texts, no_text, copy=True)
        yield from _kind_losses(used, pictures, no_picture, copy=False)
    if names := _down(used, _MOCK):
        yield names, _("The mock cannot be used now: {reason}").format(reason=_why(used, names))


def _kind_losses(
    used: Mapping[str, Seen], servers: list[str], down: list[str], *, copy: bool
) -> Iterable[tuple[list[str], str]]:
    if not down:
        return
    left = [component_name(name) for name in servers if name not in down]
    if left:
        words = (
            _("Live copy can be written only with {names}: {reason}")
            if copy
            else _("Live pictures can be made only with {names}: {reason}")
        )
    else:
        words = (
            _("Live copy cannot be written now: {reason}")
            if copy
            else _("Live pictures cannot be made now: {reason}")
        )
    yield down, words.format(names=", ".join(left), reason=_why(used, down))


def _servers(used: Mapping[str, Seen], kind: str) -> list[str]:
    return [name for name in used if name.startswith(kind) and name not in _MOCK]


def _down(used: Mapping[str, Seen], names: Iterable[str]) -> list[str]:
    return [name for name in names if name in used and used[name].state is HealthState.DOWN]


def _why(used: Mapping[str, Seen], names: list[str]) -> str:
    return words_of(used[names[0]]).what
