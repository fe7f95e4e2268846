"""Which models a column can choose, and what the mock's scenarios are called."""

from typing import NamedTuple

import streamlit as st

from core import services
from core.types import Mode
from pages._i18n import N_, _

SCENARIOS = {
    "mock-perfect": N_("keeps every rule"),
    "mock-filler": N_("empty phrases"),
    "mock-mixed-language": N_("another language slips in"),
    "mock-too-long": N_("texts over their limit"),
    "mock-not-json": N_("prose instead of the form"),
    "mock-cut-off": N_("stops at the token limit"),
    "mock-slow": N_("writes slowly, to try Stop"),
    "mock-error": N_("fails in the middle"),
}


class Offer(NamedTuple):
    """What one provider offers; `error` is the code of why it could not be asked."""

    mode: Mode
    configured: bool
    models: tuple[str, ...]
    error: str | None


@st.cache_data(ttl=30, max_entries=4, show_spinner=False)
def offers() -> dict[str, Offer]:
    """What every provider offers right now, by name; asked at most every 30 s a process."""
    listed = services.get_services().gateway.models()
    return {
        name: Offer(
            mode=found.mode,
            configured=found.configured,
            models=tuple(model.name for model in found.models),
            error=found.error.code if found.error else None,
        )
        for name, found in listed.items()
    }


def model_label(name: str, *, automatic: str = "") -> str:
    """A model's name as shown: scenarios of the mock say what goes wrong."""
    if not name:
        return _("Automatic ({model})").format(model=automatic) if automatic else _("Automatic")
    if name in SCENARIOS:
        return f"{name} – {_(SCENARIOS[name])}"
    return name


def mode_label(mode: Mode | str) -> str:
    """`Mock` or `Live`, in the session's language."""
    return _("Mock") if Mode(mode) is Mode.MOCK else _("Live")
