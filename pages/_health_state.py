"""How components are called, which share a card, and how their states look."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from core.health import HealthState, Seen
from pages._errors import provider_name
from pages._i18n import N_, _


@dataclass(frozen=True)
class Look:
    """A state for the eye: an icon and a colour, and always a word with them."""

    icon: str
    color: Literal["gray", "green", "orange", "red"]
    word: str


_LOOKS = {
    None: Look(":material/pending:", "gray", N_("Checking …")),
    HealthState.OK: Look(":material/check_circle:", "green", N_("Works")),
    HealthState.DEGRADED: Look(":material/warning:", "orange", N_("Works in part")),
    HealthState.DOWN: Look(":material/error:", "red", N_("Does not work")),
    HealthState.NOT_CONFIGURED: Look(":material/do_not_disturb_on:", "gray", N_("Not set up")),
}
_MOCK = ("text/mock", "image/mock")
_WORST_FIRST = (HealthState.DOWN, HealthState.DEGRADED, None)


def look(state: HealthState | None) -> Look:
    """How `state` looks; None is one that is not known yet. The word is translated."""
    found = _LOOKS[state]
    return Look(found.icon, found.color, _(found.word))


def vendor_of(component: str) -> str | None:
    """The provider a component is, by the key of the provider tables; None for other parts."""
    kind, _slash, vendor = component.partition("/")
    return vendor or None if kind in ("text", "image") else None


def component_name(component: str) -> str:
    """A component's name as people say it."""
    vendor = vendor_of(component)
    if vendor:
        return provider_name(vendor)
    known = {"database": _("Database"), "disk": _("Disk")}
    return known.get(component, component)


def component_purpose(component: str) -> str:
    """What a component is there for, in a few words."""
    if component in _MOCK:
        return _("Copy and pictures without a server")
    if component == "database":
        return _("The record of all runs")
    if component == "disk":
        return _("Room for runs and pictures")
    return _("Live pictures") if component.startswith("image/") else _("Live copy")


@dataclass(frozen=True)
class Card:
    """One card: a component, or the mock's two together."""

    parts: tuple[Seen, ...]

    @property
    def worst(self) -> Seen:
        """The part that decides how the card looks."""
        for state in _WORST_FIRST:
            for part in self.parts:
                if part.state is state:
                    return part
        return self.parts[0]

    @property
    def key(self) -> str:
        """A name for keys of widgets: letters, digits and underscores."""
        return self.parts[0].component.replace("/", "_")

    @property
    def fold_key(self) -> str:
        """The widget that says whether the card's details are open."""
        return f"health_fold_{self.key}"


def cards(seen: Mapping[str, Seen]) -> tuple[list[Card], list[Card]]:
    """The cards in two columns: what writes copy, and everything else."""
    mock = Card(tuple(seen[name] for name in _MOCK if name in seen))
    alone = [Card((one,)) for name, one in seen.items() if name not in _MOCK]
    left = [card for card in alone if card.parts[0].component.startswith("text/")]
    right = [card for card in alone if card not in left]
    return ([mock] if mock.parts else []) + left, right
