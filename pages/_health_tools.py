"""An administrator's tools for one provider: load and unload models, free memory, a test run."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

import streamlit as st

from core import services
from core.chores import Chore
from core.errors import PlaygroundError
from core.health import ProviderHealth
from core.probe import probe_request
from core.run import Run, RunView
from core.types import RunStatus
from pages._admin import is_admin
from pages._errors import Explanation, explain, provider_name, show
from pages._format import bold, plain, seconds, shortened
from pages._i18n import N_, _
from pages._image_address import picture_address
from pages._image_errors import explain_code
from pages._moments import clock
from pages._who import who

_LONGEST_ANSWER = 200
_THUMBNAIL = 240

Deed = Literal["load", "unload", "free"]
_UNDER_WAY: dict[Deed, str] = {
    "load": N_("Loading {model} … A large model takes minutes."),
    "unload": N_("Unloading {model} …"),
    "free": N_("Freeing memory …"),
}
_DONE: dict[Deed, str] = {
    "load": N_("{model} was loaded ({time})."),
    "unload": N_("{model} was unloaded ({time})."),
    "free": N_("Memory was freed ({time})."),
}
_FAILED: dict[Deed, str] = {
    "load": N_("{model} could not be loaded."),
    "unload": N_("{model} could not be unloaded."),
    "free": N_("Memory could not be freed."),
}


def draw_tools(component: str) -> None:
    """Draw the tools of `component` ("text/ollama") for administrators; nothing for others.

    Nothing here waits: loading goes on in the background and all administrators see it. Draw it
    in a fragment that comes round again while something is under way.
    """
    kind, _slash, provider = component.partition("/")
    if not provider or not is_admin():
        return
    gateway = services.get_services().gateway
    with st.container(gap="small"):
        st.markdown(bold(_("Tools")))
        if kind == "text" and gateway.can_preload(provider):
            _draw_models(component)
        if kind == "image" and gateway.can_free(provider):
            _draw_free(component)
        _draw_deed(component)
        _draw_test(component)


def _draw_models(component: str) -> None:
    health = services.get_services().health.of(component).health
    models = health.models if isinstance(health, ProviderHealth) else None
    if not models:
        st.caption(_("Models can be loaded once the server has said which it has."))
        return
    names = [model.name for model in models]
    loaded = {one.name for one in health.loaded or ()} if isinstance(health, ProviderHealth) else ()
    key, busy = _key("model", component), _is_busy(component)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.selectbox(
            _("Model to load or unload"), names, key=key, persist_state="session", width=320
        )
        is_loaded = chosen in loaded
        st.button(
            _("Unload") if is_loaded else _("Load"),
            key=_key("unload" if is_loaded else "load", component),
            icon=":material/eject:" if is_loaded else ":material/memory:",
            disabled=busy,
            on_click=_do,
            args=(component, "unload" if is_loaded else "load", chosen),
        )


def _draw_free(component: str) -> None:
    st.button(
        _("Free memory"),
        key=_key("free", component),
        icon=":material/eject:",
        help=_("Have the server let go of its models, so that others can use the graphics card."),
        disabled=_is_busy(component),
        on_click=_do,
        args=(component, "free", ""),
    )


def _do(component: str, deed: Deed, model: str) -> None:
    """Start a deed in the background; asked again whether this visitor may."""
    if not is_admin():
        return
    here = services.get_services()
    provider = component.partition("/")[2]

    def work(_told: Callable[[int, int], None]) -> None:
        try:
            match deed:
                case "load":
                    here.gateway.preload(provider, model)
                case "unload":
                    here.gateway.unload(provider, model)
                case "free":
                    here.gateway.free(provider)
        finally:
            here.health.check(component)

    here.chores.start(_chore(component), work, what=(deed, model))


def _draw_deed(component: str) -> None:
    """How far the last deed is, or how it ended."""
    chore = services.get_services().chores.find(_chore(component))
    if chore is None:
        return
    if chore.running:
        words = _words(chore, _UNDER_WAY)
        st.markdown(f":material/hourglass_top: {words} {seconds(chore.elapsed_s * 1000, digits=0)}")
    elif chore.error is not None:
        _draw_error(component, chore.error, when=_words(chore, _FAILED))
    else:
        st.caption(f":material/check: {_words(chore, _DONE)}")


def _draw_test(component: str) -> None:
    """The button of the test, and what came of the last one of this session."""
    tested = st.session_state.get(_key("tested", component))
    view = _view(tested) if isinstance(tested, str) else None
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            _("Run a test"),
            key=_key("test", component),
            icon=":material/play_arrow:",
            help=_("One short line through this provider: a run like any other, kept in History."),
            disabled=view is not None and not view.run.status.is_final,
            on_click=_test,
            args=(component,),
        )
        if view is not None:
            _draw_standing(view)
    if isinstance(tested, PlaygroundError):
        _draw_error(component, tested, when=_("The test could not be started."))
    elif view is not None and view.run.status.is_final:
        _draw_result(view.run)


def _test(component: str) -> None:
    if not is_admin():
        return
    try:
        request = probe_request(component).model_copy(update={"user": who()})
        started: Any = services.get_services().gateway.submit(request)
    except PlaygroundError as error:
        started = error
    st.session_state[_key("tested", component)] = started


def _draw_standing(view: RunView) -> None:
    run = view.run
    if not run.status.is_final:
        words = _("Waiting in line …") if run.status is RunStatus.QUEUED else _("Running …")
        st.markdown(f":material/hourglass_top: {words} {seconds(view.elapsed_ms, digits=0)}")
        return
    if run.status is RunStatus.SUCCEEDED:
        words = _("It works.")
        st.markdown(f":green[:material/check_circle:] {words} {seconds(run.total_ms)}")
    else:
        words = _("It did not work.")
        st.markdown(f":red[:material/error:] {words}")
    opened = {"run": run.id}
    if asked := st.query_params.get("lang"):
        opened["lang"] = asked
    st.page_link("history.py", label=_("Open the run"), query_params=opened)


def _draw_result(run: Run) -> None:
    if run.error_code:
        words = _in_words(
            f"{run.kind}/{run.provider}", run.error_code, run.error_details, run.model
        )
        show(words, detail=f"{run.error_code}\n{run.error_message or ''}")
    elif run.image is not None:
        for picture in run.image.pictures[:1]:
            address = picture_address(picture.sha256, width=_THUMBNAIL)
            words = _("The picture that the test made")
            st.markdown(f"![{words}]({address})")
    else:
        st.text(shortened(" ".join(run.output.split()), _LONGEST_ANSWER))


def _draw_error(component: str, error: PlaygroundError, *, when: str) -> None:
    st.markdown(f":red[:material/error:] {when}")
    words = _in_words(component, error.code, error.details)
    show(words, detail=f"{error.code}\n{error.message}")


def _in_words(
    component: str, code: str, details: Mapping[str, Any], model: str = ""
) -> Explanation:
    """What went wrong, where there is no column to choose another model in."""
    kind, _slash, provider = component.partition("/")
    explained = explain_code if kind == "image" else explain
    words = explained(code, provider=provider, details={"model": model, **details})
    if kind == "text" and code == "no_model_chosen":
        setting = f"{provider.upper()}_DEFAULT_MODEL"
        return Explanation(
            _("No model is set for {provider}.").format(provider=provider_name(provider)),
            _("Set {setting} in .env and restart the playground.").format(setting=setting),
        )
    if kind == "text" and code == "model_not_found":
        return replace(words, next_step=_("Get it on the server, or choose another model."))
    return words


def _view(run_id: str) -> RunView:
    return services.get_services().gateway.view(run_id)


def _is_busy(component: str) -> bool:
    return services.get_services().chores.any_running(_chore(component))


def _chore(component: str) -> str:
    return f"memory of {component}"


def _key(what: str, component: str) -> str:
    return f"health_{what}_{component.replace('/', '_')}"


def _words(chore: Chore, sentences: dict[Deed, str]) -> str:
    deed, model = chore.what
    ended = clock(chore.ended_at) if chore.ended_at else ""
    return _(sentences[deed]).format_map({"model": plain(model), "time": ended})
