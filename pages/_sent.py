"""Exactly what goes to the model: before a run as a preview, after it as it was sent."""

from collections.abc import Sequence

import streamlit as st

from core import services
from core.errors import PlaygroundError
from core.run import (
    Run,
)
from core.types import (
    GenerationOptions,
    Message,
    Mode,
    TextRequest,
)
from pages._errors import error_card, provider_name
from pages._format import plain, short_number
from pages._i18n import N_, _
from pages._models import mode_label

_VOICES = {"system": N_("Instructions"), "user": N_("Brief"), "assistant": N_("Answer")}


def draw_preview(requests: Sequence[TextRequest]) -> None:
    """Draw what each column would send; columns that send the same share one text."""
    gateway = services.get_services().gateway
    try:
        previews = [gateway.preview(request) for request in requests]
    except PlaygroundError as error:
        error_card(error)
        return
    shown: tuple[Message, ...] | None = None
    for preview in previews:
        st.caption(_target(preview.mode, preview.provider, preview.model, preview.options))
        if preview.messages != shown:
            _messages(preview.messages)
            shown = preview.messages


def sent_dialog(run: Run) -> None:
    """Open a dialog with what was sent for `run`, and its address."""
    st.dialog(_("What was sent"), width="large")(_sent)(run)


def draw_sent(run: Run) -> None:
    """Draw what was sent for `run`."""
    st.caption(_target(run.mode, run.provider, run.model, run.options))
    _messages(run.prompt)


def _sent(run: Run) -> None:
    draw_sent(run)
    st.caption(_("Address of this run"))
    base = (st.context.url or "").split("?")[0].rstrip("/")
    st.code(f"{base}/?run={run.id}", language=None, wrap_lines=True)


def _target(mode: Mode, provider: str, model: str, options: GenerationOptions) -> str:
    parts = [mode_label(mode)] + ([provider_name(provider)] if mode is Mode.LIVE else [])
    parts.append(plain(model))
    named = {
        _("temperature {n}"): options.temperature,
        _("at most {n} tokens"): options.max_tokens,
        _("top p {n}"): options.top_p,
        _("seed {n}"): options.seed,
    }
    for words, value in named.items():
        if value is not None:
            parts.append(words.format(n=value if isinstance(value, int) else short_number(value)))
    return " · ".join(parts)


def _messages(messages: Sequence[Message]) -> None:
    for message in messages:
        st.caption(_(_VOICES[message.role]))
        st.code(message.content, language=None, wrap_lines=True)
