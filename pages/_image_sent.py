"""Exactly what goes to the server: before pictures are made as a preview, after it as it was."""

import json

import streamlit as st

from core import services
from core.errors import PlaygroundError
from core.media import ImageRequest
from core.run import (
    Run,
)
from core.types import (
    Mode,
)
from pages._errors import provider_name
from pages._format import plain
from pages._i18n import _
from pages._image_address import page_address
from pages._image_cards import rounded, settings_of
from pages._image_errors import picture_error_card
from pages._models import mode_label


def draw_preview(request: ImageRequest) -> None:
    """Draw what `request` would send."""
    try:
        preview = services.get_services().gateway.preview_image(request)
    except PlaygroundError as error:
        picture_error_card(error)
        return
    target = [mode_label(preview.mode)]
    target += [provider_name(preview.provider)] if preview.mode is Mode.LIVE else []
    target += [plain(preview.model)] if preview.model else []
    target += [plain(preview.workflow)] if preview.workflow else []
    st.caption(" · ".join(target))
    _words(request.prompt, request.negative)
    options = preview.options.model_dump(exclude_none=True)
    if request.options.seed is None:
        options.pop("seed", None)  # drawn anew for each picture
    st.code(json.dumps(options, indent=2), language="json")
    if preview.graph is not None:
        with st.expander(_("The workflow as it is sent")):
            st.code(json.dumps(preview.graph, ensure_ascii=False, indent=2), language="json")


def fit_notes(request: ImageRequest) -> list[str]:
    """What will be changed to fit, in words; nothing while the request is not complete."""
    if not request.prompt:
        return []
    try:
        preview = services.get_services().gateway.preview_image(request)
    except PlaygroundError:
        return []
    return [rounded(note.numbers) for note in preview.notes if note.code == "size_rounded"]


def sent_dialog(run: Run) -> None:
    """Open a dialog with what was sent for `run`, and its address."""
    st.dialog(_("What was sent"), width="large")(_sent)(run)


def draw_sent(run: Run) -> None:
    """Draw what was sent for `run`."""
    _words(str(run.payload.get("prompt") or ""), str(run.payload.get("negative") or ""))
    options = run.image.options if run.image else None
    if options:
        size = (options.width or 0, options.height or 0)
        pairs = settings_of(run, seed=options.seed, size=size)
        st.code("\n".join(f"{name}: {value}" for name, value in pairs), language=None)
    if (graph := run.meta.get("graph")) is not None:
        with st.expander(_("The workflow as it is sent")):
            st.code(json.dumps(graph, ensure_ascii=False, indent=2), language="json")


def _sent(run: Run) -> None:
    draw_sent(run)
    if run.error_code:
        st.caption(_("Technical detail"))
        st.code(f"{run.error_code}\n{run.error_message}", language=None, wrap_lines=True)
    st.caption(_("Address of this run"))
    st.code(f"{page_address()}?run={run.id}", language=None, wrap_lines=True)


def _words(prompt: str, negative: str) -> None:
    st.caption(_("Prompt"))
    st.code(prompt, language=None, wrap_lines=True)
    if negative:
        st.caption(_("What to keep out"))
        st.code(negative, language=None, wrap_lines=True)
