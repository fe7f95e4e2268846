"""Adding a ComfyUI workflow: the file checked, its bindings shown for correction, then saved."""

from pathlib import PurePath

import streamlit as st

from core import services
from core.errors import InvalidRequest, ProviderError
from core.localised import Localised
from core.workflows import (
    BINDINGS,
    Bindings,
    Draft,
    Target,
    Workflow,
    describe,
    import_workflow,
)
from pages._errors import Explanation, explain, show
from pages._format import plain, red, small
from pages._i18n import N_, _

_REFUSALS = {
    "editor_format": N_(
        "This file is in the editor's own format. In ComfyUI choose Workflow → Export (API) and "
        "upload that file."
    ),
    "picture": N_("This is a picture. In ComfyUI choose Workflow → Export (API) for the file."),
    "zip": N_("This is an archive. Unpack it and upload the workflow's .json file."),
    "taken": N_("There is a workflow of this name already. Choose another name."),
    "shipped": N_("A workflow that comes with the playground has this name. Choose another."),
    "label": N_("Give the workflow a name of at most 100 characters."),
}
_REFUSED = N_("This file cannot be used as a workflow. The detail below says why.")
_NOTES = {
    "unwrapped": N_("The file holds more than a workflow; only its part “prompt” was taken."),
    "no_prompt": N_("No input for the prompt was found. Choose it below."),
    "no_negative": N_("No input for what to keep out was found."),
    "negative_is_empty": N_("The workflow does not use what to keep out."),
    "no_seed": N_("No seed was found. Without one the server gives back the same picture."),
    "no_size": N_("No input for the size was found; pictures have the workflow's own."),
    "no_batch": N_("No input for the number of pictures was found."),
    "not_a_checkpoint": N_("{title} always uses {model}."),
    "several_checkpoints": N_("Several checkpoints are used; only that of {title} can be chosen."),
    "several_sources": N_("Several pictures are loaded. Choose which is the one to start from."),
    "several_samplers": N_("Sampling happens several times; the settings go to {title}."),
}
_LABELS = {
    "prompt": N_("Prompt"),
    "negative": N_("What to keep out"),
    "checkpoint": N_("Model"),
    "source": N_("The picture to start from"),
    "seed": N_("Seed"),
    "width": N_("Width"),
    "height": N_("Height"),
    "steps": N_("Steps"),
    "cfg": N_("CFG"),
    "sampler": N_("Sampler"),
    "scheduler": N_("Scheduler"),
    "batch": N_("Pictures at once"),
    "denoise": N_("How far to leave it"),
}


def draw_add_workflow() -> None:
    """Draw the button that opens the dialog, and the dialog while it is open."""
    st.button(
        _("Add a workflow"),
        key="image_workflow_add",
        icon=":material/add:",
        type="tertiary",
        on_click=_set_open,
        args=(True,),
    )
    if st.session_state.get("image_workflow_adding"):
        dialog = st.dialog(_("Add a workflow"), width="large", on_dismiss=_dismissed)
        dialog(_dialog)()


def _set_open(is_open: bool) -> None:
    st.session_state["image_workflow_adding"] = is_open


def _dismissed() -> None:
    _set_open(False)


def _dialog() -> None:
    file = st.file_uploader(
        _("The workflow, exported from ComfyUI with Workflow → Export (API)"),
        type=["json"],
        max_upload_size=2,
        key="image_workflow_file",
    )
    if file is None:
        return
    try:
        draft = import_workflow(file.getvalue())
    except InvalidRequest as error:
        _refused(error)
        return
    name = st.text_input(
        _("Name"), value=PurePath(file.name).stem[:100], max_chars=100, key="image_workflow_name"
    )
    for note in draft.notes:
        words = _(_NOTES[note.code]) if note.code in _NOTES else note.sentence
        st.markdown(small(plain(words.format(**note.values))))
    bindings = _draw_bindings(draft)
    _draw_check(draft, bindings)
    if st.button(_("Add"), key="image_workflow_save", type="primary"):
        _save(draft, name, bindings)


def _draw_bindings(draft: Draft) -> Bindings:
    """Where each setting goes, as guessed; a person may choose another input."""
    st.caption(_("Where each setting goes. Change what was guessed wrong."))
    chosen: dict[str, tuple[Target, ...]] = {}
    grid = st.grid(2, min_column_width=260, gap="small")
    for name in BINDINGS:
        guessed = draft.bindings.of(name)
        options: list[tuple[Target, ...]] = [(), *([guessed] if guessed else [])]
        options += [(one,) for one in draft.choices[name] if (one,) != guessed]
        labels = [_target_label(draft, option) for option in options]
        with grid.cell():
            index = st.selectbox(
                _(_LABELS[name]),
                range(len(options)),
                index=1 if guessed else 0,
                format_func=labels.__getitem__,
                key=f"image_workflow_binding_{name}",
            )
        chosen[name] = options[index or 0]
    return Bindings(**chosen)


def _target_label(draft: Draft, targets: tuple[Target, ...]) -> str:
    return ", ".join(describe(draft.graph, target) for target in targets) or _("nowhere")


def _draw_check(draft: Draft, bindings: Bindings) -> None:
    """Say what the server lacks for this workflow, before it can run."""
    label = Localised(ko="-", en="-")
    workflow = Workflow(id="draft", label=label, help=label, graph=draft.graph, bindings=bindings)
    try:
        problems = services.get_services().gateway.workflow_problems(workflow)
    except ProviderError as error:
        explanation = explain(error.code, provider=error.provider)
        words = _("It could not be checked against the server yet.")
        st.markdown(small(f"{words} {explanation.what}"))
        return
    if not problems:
        st.caption(":material/check: " + _("The server has everything that this workflow needs."))
    for problem in problems:
        st.markdown(small(red(plain(problem))))


def _save(draft: Draft, name: str, bindings: Bindings) -> None:
    try:
        workflow = services.get_services().add_workflow(draft, name=name, bindings=bindings)
    except InvalidRequest as error:
        _refused(error)
        return
    # The choice stands on the page already: it takes this over before it is drawn again.
    st.session_state["image_workflow_added"] = workflow.id
    _set_open(False)
    st.rerun()


def take_added_workflow() -> None:
    """Choose the workflow that was added just now; before the choice is drawn."""
    if added := st.session_state.pop("image_workflow_added", None):
        st.session_state["image_workflow"] = added


def _refused(error: InvalidRequest) -> None:
    words = _(_REFUSALS.get(str(error.details.get("reason")), _REFUSED))
    show(Explanation(what=words, next_step=_("Nothing was added.")), detail=error.message)
