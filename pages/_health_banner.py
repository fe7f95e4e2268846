"""One quiet line above Run when what is about to be used does not work."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

import streamlit as st

from core import services
from core.health import Health, HealthState, Seen
from core.types import Mode
from pages._columns import Column
from pages._format import bold, code_span, plain, small
from pages._health_state import look
from pages._health_words import words_of
from pages._i18n import _
from pages._image_form import ImageForm
from pages._moments import clock

_TICK = 5  # s; a look into memory, and soon enough for who waits for a server
_ALWAYS = ("database", "disk")


class Need(NamedTuple):
    """A component that the next run will use.

    `model` is what it will ask for, None for the one that the server's settings name; with
    `any_model` False it asks for none.
    """

    component: str
    model: str | None = None
    any_model: bool = True


def text_needs(columns: Iterable[Column], models: Iterable[str]) -> list[Need]:
    """What the columns will use: `models` are theirs, chosen or automatic, in their order."""
    usual = services.get_services().settings.llm_live_provider
    return [
        Need(f"text/{column.provider or usual}", model or None)
        for column, model in zip(columns, models, strict=True)
        if column.mode is Mode.LIVE
    ]


def picture_needs(form: ImageForm) -> list[Need]:
    """What the form's pictures will use."""
    if form.mode is not Mode.LIVE:
        return []
    here = services.get_services()
    component = f"image/{form.provider or here.settings.image_live_provider}"
    workflow = here.workflows.get(form.workflow or "")
    return [Need(component, form.model, any_model=workflow is None or workflow.needs_checkpoint)]


def draw_banner(needs: list[Need], *, page: Literal["text", "image"], steady: bool) -> None:
    """Draw the line while one of `needs`, the database or the disk is not fit for a run.

    It comes and goes by itself; while `steady`, because a run is being watched, it stays as it
    is. Called in every run of the script at the same place.
    """
    st.fragment(_banner, run_every=_TICK)(tuple(needs), page, steady)


def _banner(needs: tuple[Need, ...], page: str, steady: bool) -> None:
    held = f"{page}_banner"
    if not steady:
        st.session_state[held] = _in_the_way(needs)
    seen: Seen | None = st.session_state.get(held)
    if seen is not None:
        with st.container(key="health_banner", gap=None):
            _draw(seen)


def _in_the_way(needs: tuple[Need, ...]) -> Seen | None:
    """The first component that stands in the way of a run, as it was last seen."""
    known = services.get_services().health.all()
    for need in (*map(Need, _ALWAYS), *needs):
        seen = known.get(need.component)
        if seen is not None and stands_in_the_way(seen.health, need):
            return seen
    return None


def stands_in_the_way(health: Health | None, need: Need) -> bool:
    """Whether a run with this `need` is bound to fail, or to wait for ever, as things are."""
    match health:
        case Health(state=HealthState.DOWN | HealthState.NOT_CONFIGURED):
            return True
        case Health(code="queue_stuck" | "worker_silent"):
            return True
        case Health(code="no_models" | "no_checkpoint"):
            return need.any_model
        case Health(code="models_missing", details={"models": list() as missing}):
            return need.model in missing
        case Health(code="checkpoint_missing", details={"model": str() as missing}):
            return need.any_model and need.model in (None, missing)
    return False


def _draw(seen: Seen) -> None:
    words = words_of(seen)
    seems = look(seen.state)
    parts = [f":{seems.color}[{seems.icon}]", bold(plain(words.what))]
    if seen.since and seen.state is not HealthState.NOT_CONFIGURED:
        parts.append(_("Since {time}.").format(time=clock(seen.since)))
    if words.command:
        parts.append(_("To mend it:") + " " + code_span(words.command))
    else:
        parts.append(plain(words.next_step))
    st.markdown(small(" ".join(parts)))
    st.page_link("health.py", label=_("See Health"), icon=":material/monitor_heart:")
