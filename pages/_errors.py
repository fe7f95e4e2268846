"""What went wrong, in words: what happened, and what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core import services
from core.errors import PlaygroundError, ProviderError
from pages._format import number
from pages._i18n import N_, _, language


@dataclass(frozen=True)
class Explanation:
    """What happened, what to do next, and a command to copy where one helps."""

    what: str
    next_step: str
    command: str | None = None


_WORDS: dict[str, tuple[str, str]] = {
    "provider_unavailable": (
        N_("{provider} does not answer."),
        N_("Check that it is running and that {setting} holds its address. Then run again."),
    ),
    "provider_not_configured": (
        N_("{provider} is not set up."),
        N_("Set {setting} in .env or in the environment and restart the playground."),
    ),
    "provider_timeout": (
        N_("{provider} was silent for too long."),
        N_("A large model may still be loading. Run again, or raise {timeout}."),
    ),
    "model_not_found": (
        N_("{provider} does not have the model {model}."),
        N_("Choose another model in the column, or get this one."),
    ),
    "provider_overloaded": (
        N_("{provider} is too busy right now."),
        N_("Wait a little and run again, or run fewer columns at once."),
    ),
    "provider_rejected": (
        N_("{provider} refused the request."),
        N_("Sending it again will not help. The detail below says what it did not like."),
    ),
    "provider_unauthorized": (
        N_("{provider} wants a key, or another one."),
        N_("Set {key} in .env or in the environment and restart the playground."),
    ),
    "context_overflow": (
        N_("The prompt is longer than the model can take in."),
        N_("Shorten the brief, or choose a model with a longer context."),
    ),
    "broken_answer": (
        N_("The answer broke off before its end."),
        N_("What had arrived is kept. Run again."),
    ),
    "answer_too_long": (
        N_("The answer would not end, so it was stopped."),
        N_(
            "What had arrived is kept. Lower the most tokens allowed in the column, or choose "
            "another model, then run again."
        ),
    ),
    "provider_error": (
        N_("{provider} could not answer."),
        N_("Run again. If it stays like this, the detail below helps whoever runs the server."),
    ),
    "run_not_found": (
        N_("There is no run at this address."),
        N_("The link may be cut off, or it belongs to another playground."),
    ),
    "invalid_payload": (
        N_("The brief is not complete yet."),
        N_("Look at: {fields}"),
    ),
    "no_model_chosen": (
        N_("No model is set for this column."),
        N_("Type a model name in the column, or set {model_setting}."),
    ),
    "request_too_large": (
        N_("The brief is too long."),
        N_("Shorten it and run again."),
    ),
    "invalid_request": (
        N_("This cannot be run as it is."),
        N_("The detail below says why. Nothing was sent."),
    ),
    "run_unfinished": (
        N_("The run has not come to its end yet."),
        N_("It is brought to its end as soon as that is possible. Open it again in a moment."),
    ),
    "store_unavailable": (
        N_("The record of runs cannot be read or written."),
        N_("Check that the data folder exists and has room, then try again."),
    ),
    "store_too_new": (
        N_("The record of runs was written by a newer playground."),
        N_("Update the playground, or choose another data folder."),
    ),
    "store_full": (
        N_("There is no room left on the disk."),
        N_("Nothing that was there is lost. Free some space, then try again."),
    ),
    "store_read_only": (
        N_("The data folder cannot be written."),
        N_("Nothing is lost. Whoever runs the playground has to allow writing to it."),
    ),
    "shutting_down": (
        N_("The playground is being shut down."),
        N_("Your runs are kept. Once it is started again, this page connects by itself."),
    ),
    "store_locked": (
        N_("Another program is holding the record of runs."),
        N_("Nothing is lost. Close that program or wait a little, then try again."),
    ),
    "store_corrupt": (
        N_("The record of runs is damaged."),
        N_("Stop the playground and restore the last backup. The detail below names the command."),
    ),
    "backup_unusable": (
        N_("This backup is incomplete or damaged."),
        N_("Nothing was changed. Use another backup."),
    ),
    "care_busy": (
        N_("A backup, a repair or a clean-up is under way already."),
        N_("Wait until it is done, then try again."),
    ),
    "plan_outdated": (
        N_("Other runs would go by now than the preview showed."),
        N_("Nothing was removed. Look at a new preview, then confirm it."),
    ),
    "restore_refused": (
        N_("There is data where the backup should go."),
        N_("Nothing was changed. The detail below says what to do."),
    ),
}
_UNKNOWN = (
    N_("Something went wrong in the playground."),
    N_("Try again. If it stays like this, the detail below helps whoever runs it."),
)


def explain(
    code: str, *, provider: str | None = None, details: Mapping[str, Any] | None = None
) -> Explanation:
    """The words for error `code` (see core.errors), with the names filled in."""
    details = details or {}
    what, next_step = _WORDS.get(code, _UNKNOWN)
    vendor = str(details.get("provider") or provider or "")
    prefix = vendor.upper()
    names = {
        "provider": provider_name(vendor),
        "model": details.get("model", ""),
        "setting": f"{prefix}_BASE_URL",
        "timeout": f"{prefix}_TIMEOUT",
        "key": f"{prefix}_API_KEY",
        "model_setting": f"{prefix}_DEFAULT_MODEL",
        "fields": ", ".join(_field_labels(details.get("fields", {}))),
    }
    advice = _(next_step).format_map(names)
    if code == "context_overflow":
        advice = _overflow(details) + advice
    if code == "provider_unavailable" and vendor == "ollama":
        advice = _("Start it with the command below. Its address is set in OLLAMA_BASE_URL.")
    return Explanation(_(what).format_map(names), advice, _command(code, vendor, details))


def _command(code: str, vendor: str, details: Mapping[str, Any]) -> str | None:
    if vendor != "ollama":
        return None
    if code == "provider_unavailable":
        return "ollama serve"
    if code == "model_not_found" and details.get("model"):
        return f"ollama pull {details['model']}"
    return None


def _overflow(details: Mapping[str, Any]) -> str:
    prompt, context = details.get("prompt_tokens"), details.get("context_tokens")
    if not prompt or not context:
        return ""
    words = _("It has {prompt} tokens, {over} more than fit.")
    return words.format(prompt=number(prompt), over=number(prompt - context)) + " "


def _field_labels(names: Mapping[str, Any]) -> list[str]:
    labels = {
        field.name: field.label.in_(language())
        for task in services.get_services().gateway.catalog.tasks.values()
        for field in task.fields
    }
    return [labels.get(name, name) for name in names]


def provider_name(vendor: str) -> str:
    """A provider's name as people write it."""
    known = {
        "mock": _("Mock"),
        "ollama": "Ollama",
        "openai": _("OpenAI-compatible server"),
        "comfyui": "ComfyUI",
    }
    return known.get(vendor, vendor)


def show(explanation: Explanation, *, detail: str = "", border: bool = True) -> None:
    """Draw an explanation as a card; `detail` is folded and shown as plain text."""
    # st.text, because names of models and fields come from outside.
    with st.container(border=border, gap="small"):
        st.text(explanation.what)
        st.text(explanation.next_step)
        if explanation.command:
            st.code(explanation.command, language=None, wrap_lines=True)
        if detail:
            with st.expander(_("Technical detail")):
                st.code(detail, language=None, wrap_lines=True)


def error_card(error: PlaygroundError) -> None:
    """Draw an error that was raised on purpose."""
    provider = error.provider if isinstance(error, ProviderError) else None
    explanation = explain(error.code, provider=provider, details=error.details)
    show(explanation, detail=f"{error.code}\n{error.message}")


def unexpected_card() -> None:
    """Draw the card for an error that nobody foresaw; the log has the traceback."""
    words = _("Reload the page. Your runs are kept. The server's log has the detail.")
    show(Explanation(_("This page stumbled."), words))
