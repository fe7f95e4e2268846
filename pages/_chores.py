"""Work in the background, as an administrator starts it and sees how far it is."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core import services
from core.chores import Chore, Told
from core.errors import PlaygroundError
from pages._admin import is_admin
from pages._errors import explain, show
from pages._format import seconds

# What changes the data folder goes one after the other.
EXCLUSIVE = ("backup", "mend", "prune")
CARE = (*EXCLUSIVE, "check", "usage")


def start_chore(name: str, work: Callable[[Told], Any], *, what: object = None) -> None:
    """Start a chore for a callback; asked again whether this visitor may."""
    if is_admin():
        services.get_services().chores.start(name, work, what=what)


def find_chore(name: str) -> Chore | None:
    """The chore of this name, under way or ended."""
    return services.get_services().chores.find(name)


def is_busy() -> bool:
    """Whether something is under way that nothing else may be done beside."""
    return services.get_services().chores.any_running(*EXCLUSIVE)


def draw_progress(chore: Chore, words: str) -> None:
    """Draw how far a chore is, with `words` for what it does."""
    share = min(chore.done / chore.total, 1.0) if chore.total else 0.0
    st.progress(share, text=f"{words} {seconds(chore.elapsed_s * 1000, digits=0)}")


def draw_failure(words: str, error: PlaygroundError) -> None:
    """Draw that something failed, why, and what to do."""
    st.markdown(f":red[:material/error:] {words}")
    show(explain(error.code, details=error.details), detail=f"{error.code}\n{error.message}")


def draw_done(words: str) -> None:
    """Draw that something went well; `words` are markdown."""
    st.markdown(f":green[:material/check_circle:] {words}")
