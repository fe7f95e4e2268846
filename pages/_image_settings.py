"""What pictures are made with: one quiet line for the model, one for the rest, folded."""

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from core import services
from core.catalog.presets import ImagePreset
from core.media import ImageOptions
from core.types import LARGEST_SIDE, Mode
from pages._errors import explain, provider_name
from pages._format import plain, red, short_number, small
from pages._i18n import N_, _, language
from pages._image_form import ImageForm, form
from pages._image_workflows import draw_add_workflow
from pages._models import mode_label

SCENARIOS = {
    "mock-picture": N_("draws at once"),
    "mock-picture-slow": N_("draws slowly, to try Stop"),
    "mock-picture-error": N_("fails in the middle"),
    "mock-picture-out-of-memory": N_("runs out of memory"),
    "mock-picture-lost": N_("loses the job"),
    "mock-picture-partial": N_("loses one picture of several"),
}
SIZES = ("512 × 512", "768 × 768", "1024 × 1024", "832 × 1216", "1216 × 832", "1200 × 630")
LARGEST_SEED = 2**53 - 1


class Offer(NamedTuple):
    """What one picture provider offers; `error` is the code of why it could not be asked."""

    mode: Mode
    configured: bool
    supports_workflows: bool
    checkpoints: tuple[str, ...]
    samplers: tuple[str, ...]
    schedulers: tuple[str, ...]
    error: str | None


@st.cache_data(ttl=30, max_entries=4, show_spinner=False)
def picture_offers() -> dict[str, Offer]:
    """What every picture provider offers now, by name; asked at most every 30 s a process."""
    return {
        name: Offer(
            mode=found.mode,
            configured=found.configured,
            supports_workflows=found.supports_workflows,
            checkpoints=found.choices.checkpoints,
            samplers=found.choices.samplers,
            schedulers=found.choices.schedulers,
            error=found.error.code if found.error else None,
        )
        for name, found in services.get_services().gateway.media().items()
    }


def offered(asked: ImageForm) -> dict[str, Offer]:
    """The providers that may make this form's pictures."""
    known = {name: one for name, one in picture_offers().items() if one.mode is asked.mode}
    usable = {name: one for name, one in known.items() if one.configured}
    return {asked.provider: usable[asked.provider]} if asked.provider in usable else usable


def choices(asked: ImageForm, name: str) -> list[str]:
    """The samplers, schedulers or checkpoints on offer for this form, in their order."""
    return list(
        dict.fromkeys(item for one in offered(asked).values() for item in getattr(one, name))
    )


def draw_runs_on() -> None:
    """Draw the line that says what makes the pictures, and its settings when it is open."""
    asked = form()
    st.caption(_("Runs on"))
    words = [mode_label(asked.mode), asked.model or _("Automatic")]
    if _fold("image_model_open", " · ".join(words)):
        with st.container(border=True):
            _model_settings(asked)


def draw_more(chosen: ImagePreset) -> None:
    """Draw the line that says size, steps and the rest, and the fields when it is open."""
    asked = form()
    usual = chosen.fit(chosen.options)[0]
    if _fold("image_more_open", _more_summary(asked, usual)):
        with st.container(border=True):
            _more_settings(asked, usual)


def _fold(key: str, summary: str) -> bool:
    """The line that opens and closes settings; whether they are open.

    Not an expander: one whose label changes closes, and the label is what is being changed.
    """
    is_open = bool(st.session_state.get(key))
    st.button(
        plain(summary),
        key=f"{key}_fold",
        icon=":material/expand_more:" if is_open else ":material/chevron_right:",
        type="tertiary",
        wrap=False,
        on_click=_turn,
        args=(key,),
    )
    return is_open


def _turn(key: str) -> None:
    st.session_state[key] = not st.session_state.get(key)


def _model_settings(asked: ImageForm) -> None:
    st.segmented_control(
        _("Mode"),
        list(Mode),
        format_func={mode: mode_label(mode) for mode in Mode}.__getitem__,
        key="image_mode",
        required=True,
        persist_state="session",
    )
    known = {name: one for name, one in picture_offers().items() if one.mode is asked.mode}
    usable = [name for name, one in known.items() if one.configured]
    if len(usable) > 1:
        servers = {"": _("Automatic"), **{name: provider_name(name) for name in usable}}
        st.selectbox(
            _("Server"),
            list(servers),
            format_func=servers.__getitem__,
            key=f"image_provider_{asked.mode}",
            persist_state="session",
        )
    named = {name: model_label(name) for name in ("", *choices(asked, "checkpoints"))}
    _select(_("Model"), f"image_model_{asked.mode}", named, typed=True)
    for name, one in known.items():
        if one.error:
            explanation = explain(one.error, provider=name)
            st.markdown(small(red(explanation.what) + " " + explanation.next_step))
    if any(one.supports_workflows for one in offered(asked).values()):
        workflows = services.get_services().workflows
        labels = {name: one.label.in_(language()) for name, one in workflows.items()}
        _select(_("Workflow"), "image_workflow", {"": _("Automatic"), **labels})
        draw_add_workflow()


def model_label(name: str) -> str:
    """A checkpoint as shown: scenarios of the mock say what goes wrong."""
    if not name:
        return _("Automatic")
    return f"{name} – {_(SCENARIOS[name])}" if name in SCENARIOS else name


def _more_summary(asked: ImageForm, usual: ImageOptions) -> str:
    sampler = asked.sampler or usual.sampler
    parts = [
        asked.size or f"{usual.width} × {usual.height}",
        _("{n} steps").format(n=asked.steps or usual.steps or "–"),
    ]
    if (cfg := asked.cfg if asked.cfg is not None else usual.cfg) is not None:
        parts.append(_("CFG {n}").format(n=short_number(cfg)))
    parts += [sampler] if sampler else []
    if asked.seed is not None:
        parts.append(_("seed {n}").format(n=asked.seed))
    return " · ".join(parts)


def _more_settings(asked: ImageForm, usual: ImageOptions) -> None:
    own = f"{usual.width} × {usual.height}"
    sizes = {"": _("{size} (preset)").format(size=own)}
    sizes |= {size: size for size in SIZES if size != own}
    _select(_("Size"), "image_size", sizes, typed=True, hint=_("Or type one: 1200 × 630"))
    left, right = st.columns(2)
    with left:
        _number(_("Steps"), "image_steps", usual.steps, 1, 200, 1)
        _offered(_("Sampler"), "image_sampler", choices(asked, "samplers"), usual.sampler)
    with right:
        _number(_("CFG"), "image_cfg", usual.cfg, 0.0, 100.0, 0.5)
        _offered(_("Scheduler"), "image_scheduler", choices(asked, "schedulers"), usual.scheduler)
    st.number_input(
        _("Seed"),
        value=None,
        min_value=0,
        max_value=LARGEST_SEED,
        step=1,
        key="image_seed",
        placeholder=_("random"),
        help=_("The same seed with the same settings makes the same picture."),
        persist_state="session",
    )
    st.caption(_("At most {n} pixels on a side.").format(n=LARGEST_SIDE))


def _offered(label: str, key: str, names: Sequence[str], usual: str | None) -> None:
    preset = _("{size} (preset)").format(size=usual) if usual else _("Automatic")
    _select(label, key, {"": preset, **{name: name for name in names}}, typed=True)


def _select(
    label: str, key: str, labels: dict[str, str], *, typed: bool = False, hint: str | None = None
) -> None:
    chosen = st.session_state.get(key)
    if chosen and chosen not in labels:
        labels = {**labels, chosen: chosen}
    st.selectbox(
        label,
        list(labels),
        format_func=lambda name: labels.get(name, name),
        key=key,
        accept_new_options=typed,
        help=hint,
        persist_state="session",
    )


def _number(
    label: str, key: str, usual: float | None, lowest: float, highest: float, step: float
) -> None:
    st.number_input(
        label,
        value=None,
        min_value=lowest,
        max_value=highest,
        step=step,
        key=key,
        placeholder=_("auto") if usual is None else short_number(usual),
        persist_state="session",
    )
