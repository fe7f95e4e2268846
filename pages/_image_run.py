"""The button that makes the pictures, and the question before many of them."""

import secrets
import time
from collections.abc import Sequence

import streamlit as st

from core import services
from core.errors import PlaygroundError
from core.media import ImageRequest
from core.run import (
    Run,
)
from core.types import (
    ImageOptions,
)
from pages._address import opened_run
from pages._format import plain, red, shortened, small
from pages._i18n import _, ngettext
from pages._image_axes import BadValue
from pages._image_errors import picture_error_card
from pages._image_form import ImageForm
from pages._image_grid import Grid
from pages._image_opened import open_batch
from pages._who import who

LARGE = 12
DOUBLE_PRESS_S = 1.0
_SEEDS = 2**32


def requests_for(form: ImageForm, grid: Grid, *, seed: int | None = None) -> list[ImageRequest]:
    """One request a picture: a grid's cells share a seed, variations have consecutive ones.

    `seed` is used where the form has none. Raises BadValue.
    """
    request = form.request
    first = form.seed if form.seed is not None else seed
    request = _seeded(request, first)
    if grid.columns:
        return grid.requests(request)
    if first is None:
        return [request] * form.count
    return [_seeded(request, first + number) for number in range(form.count)]


def again_request(run: Run, *, new_seed: bool) -> ImageRequest:
    """The request that makes the picture of `run` again, with its seed or another one."""
    options = run.image.options if run.image else ImageOptions()
    if new_seed:
        options = options.model_copy(update={"seed": secrets.randbelow(_SEEDS)})
    text = {name: str(run.payload.get(name) or "") for name in ("prompt", "negative")}
    optional = {name: run.payload.get(name) for name in ("workflow", "source_sha256")}
    return ImageRequest(
        task=run.task,
        **text,
        **{name: str(value) for name, value in optional.items() if value},
        mode=run.mode,
        provider=run.provider,
        model=run.model or None,
        options=options,
        language=run.language,
        parent_id=run.id,
        source="page",
        user=who(),
    )


def draw_run_button(form: ImageForm, grid: Grid) -> None:
    """Draw the button; a press submits at once, or asks first when there are many."""
    count = form.count
    if grid.columns:
        count = len(grid.columns.values) * (len(grid.rows.values) if grid.rows else 1)
    pressed = st.button(
        ngettext("Make {n}", "Make {n}", count),
        key="image_run",
        type="primary",
        icon=":material/brush:",
        width="stretch",
        shortcut="Mod+Enter",
    )
    if pressed and (words := _not_yet(form, grid)):
        st.markdown(small(red(words)))
    elif pressed and count > LARGE:
        st.session_state["image_confirm"] = count
    elif pressed:
        _make(form, grid)
    if st.session_state.get("image_confirm") == count:
        _ask(form, grid, count)


def submit(requests: Sequence[ImageRequest]) -> bool:
    """Start these and show them; draws a card and returns False when they are refused."""
    try:
        batch = services.get_services().gateway.submit_batch(requests)
    except PlaygroundError as error:
        picture_error_card(error)
        return False
    open_batch(batch.id)
    return True


def _seeded(request: ImageRequest, seed: int | None) -> ImageRequest:
    options = request.options.model_copy(update={"seed": seed})
    return request.model_copy(update={"options": options})


def _not_yet(form: ImageForm, grid: Grid) -> str:
    if not form.prompt:
        return _("Say first what should be seen.")
    return grid.problem


def _ask(form: ImageForm, grid: Grid, count: int) -> None:
    st.warning(
        _("These are {n} pictures. A single graphics card makes them one by one.").format(n=count)
    )
    with st.container(horizontal=True):
        if st.button(_("Make all {n}").format(n=count), key="image_confirm_run", type="primary"):
            _forget()
            _make(form, grid)
        st.button(_("Cancel"), key="image_confirm_cancel", on_click=_forget)


def _forget() -> None:
    st.session_state.pop("image_confirm", None)


def _make(form: ImageForm, grid: Grid) -> None:
    before, at = st.session_state.get("image_submitted", (None, 0.0))
    if before == (form, grid) and time.monotonic() - at < DOUBLE_PRESS_S:
        return  # a double click is meant once
    try:
        requests = requests_for(form, grid, seed=secrets.randbelow(_SEEDS))
        parent = {"parent_id": opened_run("image", form.preset)}
        requests = [request.model_copy(update=parent) for request in requests]
    except BadValue as bad:
        words = _("“{words}” cannot be used here.")
        if bad.value == form.size:
            words = _("The size {words} cannot be read. Write it as 1200 × 630.")
        st.markdown(small(red(words.format(words=plain(shortened(bad.value, 40))))))
        return
    if submit(requests):
        st.session_state["image_submitted"] = ((form, grid), time.monotonic())
        st.rerun()
