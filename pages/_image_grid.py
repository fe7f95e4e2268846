"""The Grid fold: two settings to vary against each other, and how many pictures that makes."""

from dataclasses import dataclass

import streamlit as st

from core.media import ImageRequest
from pages._format import plain, red, shortened, small
from pages._i18n import N_, _, ngettext
from pages._image_axes import AXES, Axis, BadValue, expand, parse_axis
from pages._image_form import ImageForm
from pages._image_settings import choices

SIDES = {"columns": N_("Across"), "rows": N_("Down")}
_OFFERED = {"sampler": "samplers", "scheduler": "schedulers", "checkpoint": "checkpoints"}
_EXAMPLES = {
    "seed": "1, 2, 3",
    "steps": "10, 20, 30",
    "cfg": "4, 7, 10",
    "size": "512x512, 768x512",
    "prompt": "",
}


@dataclass(frozen=True)
class Grid:
    """The axes that were typed; `problem` says in words why they cannot be used yet."""

    columns: Axis | None = None
    rows: Axis | None = None
    problem: str = ""

    @property
    def is_wanted(self) -> bool:
        """Whether a grid was asked for at all."""
        return bool(self.columns or self.problem)

    def requests(self, request: ImageRequest) -> list[ImageRequest]:
        """`request` once for each cell, row by row. Raises BadValue."""
        return expand(request, self.columns, self.rows)


def draw_grid(asked: ImageForm) -> Grid:
    """Draw the fold; returns the grid as far as it is filled in."""
    with st.expander(_("Grid"), type="compact", key="image_grid_fold"):
        st.caption(_("Vary one or two settings against each other, everything else the same."))
        for side, label in SIDES.items():
            _draw_side(side, _(label), asked)
        grid = read_grid(asked)
        if grid.problem:
            st.markdown(small(red(grid.problem)))
        elif grid.is_wanted:
            across = len(grid.columns.values) if grid.columns else 1
            down = len(grid.rows.values) if grid.rows else 1
            words = ngettext("{n} picture", "{n} pictures", across * down)
            st.markdown(small(f"{across} × {down} = {words}"))
    return grid


def read_grid(asked: ImageForm) -> Grid:
    """The grid as its fields stand in the session."""
    axes: list[Axis] = []
    for side in SIDES:
        try:
            axis = _axis(side)
        except BadValue as bad:
            return Grid(problem=_problem(bad.value))
        axes += [axis] if axis else []
    if len(axes) == 2 and axes[0].name == axes[1].name and axes[0].name != "prompt":
        return Grid(problem=_("Choose two different settings."))
    for axis in axes:
        if axis.name == "prompt" and axis.find not in asked.prompt:
            words = _("“{words}” does not stand in the prompt.")
            return Grid(problem=words.format(words=plain(shortened(axis.find, 40))))
    return Grid(axes[0] if axes else None, axes[1] if len(axes) > 1 else None)


def _axis(side: str) -> Axis | None:
    name = st.session_state.get(f"image_grid_{side}") or ""
    typed = st.session_state.get(f"image_grid_{side}_{name}_values") or ""
    if isinstance(typed, list):
        typed = "\n".join(typed)
    if not name or not typed.strip():
        return None
    return parse_axis(name, typed, find=st.session_state.get(f"image_grid_{side}_find") or "")


def _draw_side(side: str, label: str, asked: ImageForm) -> None:
    labels = {"": _("nothing"), **{name: _(words) for name, words in AXES.items()}}
    name = st.selectbox(
        label,
        list(labels),
        format_func=labels.__getitem__,
        key=f"image_grid_{side}",
        persist_state="session",
    )
    if not name:
        return
    if name == "prompt":
        st.text_input(_("Words to replace"), key=f"image_grid_{side}_find", persist_state="session")
    key = f"image_grid_{side}_{name}_values"
    if name in _OFFERED:
        st.multiselect(
            labels[name],
            choices(asked, _OFFERED[name]),
            key=key,
            accept_new_options=True,
            label_visibility="collapsed",
            persist_state="session",
        )
    else:
        example = _EXAMPLES[name] or _("in the morning, in the evening")
        st.text_input(
            labels[name],
            key=key,
            placeholder=example,
            help=_("Separated by commas."),
            label_visibility="collapsed",
            persist_state="session",
        )


def _problem(value: str) -> str:
    if not value:
        return _("Type the values, separated by commas.")
    return _("“{words}” cannot be used here.").format(words=plain(shortened(value, 40)))
