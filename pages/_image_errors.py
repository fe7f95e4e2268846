"""What went wrong with a picture, in words: what happened, and what to do next."""

from collections.abc import Mapping
from typing import Any

from core.errors import PlaygroundError, ProviderError
from core.run import (
    Run,
)
from pages._errors import Explanation, explain, provider_name, show
from pages._i18n import N_, _

_START = "python main.py"
_WORDS: dict[str, tuple[str, str]] = {
    "out_of_memory": (
        N_("The graphics card ran out of memory."),
        N_("Choose a smaller size, or make fewer at once. Then make it again."),
    ),
    "missing_nodes": (
        N_("{provider} lacks a part that the workflow uses: {nodes}."),
        N_("Install it there (ComfyUI Manager finds most), or choose another workflow."),
    ),
    "interrupted": (
        N_("Somebody else stopped this picture on {provider}."),
        N_("Make it again."),
    ),
    "gone": (
        N_("{provider} no longer has the file of this picture."),
        N_("Make it again with a new seed."),
    ),
    "broken_answer": (
        N_("{provider} lost this picture before it was finished."),
        N_("The server may have been restarted. Make it again."),
    ),
    "model_not_found": (
        N_("{provider} does not have the model {model}."),
        N_("Choose another one under “Runs on”, or put its file into the server's folder."),
    ),
    "no_model_chosen": (
        N_("{provider} has no checkpoint yet."),
        N_("Put one into its folder models/checkpoints, then make the picture again."),
    ),
    "provider_overloaded": (
        N_("{provider} is too busy right now."),
        N_("Wait a little, or make fewer pictures at once."),
    ),
    "provider_timeout": (
        N_("{provider} was silent for too long."),
        N_("A large model may still be loading. Make it again, or raise {timeout}."),
    ),
    "not_found": (
        N_("The picture to start from is gone."),
        N_("Upload it again, or choose another one."),
    ),
    "invalid_request": (
        N_("This cannot be made as it is."),
        N_("The detail below says why. Nothing was sent."),
    ),
    "request_too_large": (
        N_("The picture or the prompt is too large."),
        N_("A picture may have 20 MB and 64 million pixels."),
    ),
}


def explain_picture(run: Run) -> Explanation:
    """The words for a run of kind image that failed."""
    details = {"model": run.model, **run.error_details}
    return explain_code(run.error_code or "", provider=run.provider, details=details)


def explain_code(
    code: str, *, provider: str | None = None, details: Mapping[str, Any] | None = None
) -> Explanation:
    """The words for error `code`, as they fit pictures."""
    details = details or {}
    vendor = str(details.get("provider") or provider or "")
    if code == "provider_unavailable" and vendor == "comfyui":
        return Explanation(
            _("{provider} does not answer.").format(provider=provider_name(vendor)),
            _("Start it in its folder as below. Its address is set in COMFYUI_BASE_URL."),
            _START,
        )
    code = _finer(code, details)
    if code not in _WORDS:
        return explain(code, provider=provider, details=details)
    what, next_step = _WORDS[code]
    names = {
        "provider": provider_name(vendor),
        "model": details.get("model", ""),
        "timeout": f"{vendor.upper()}_TIMEOUT",
        "nodes": _listed(details.get("missing_nodes")),
    }
    return Explanation(_(what).format_map(names), _(next_step).format_map(names))


def _finer(code: str, details: Mapping[str, Any]) -> str:
    """What a provider knows beyond the code, where there are words for it."""
    if "OutOfMemory" in str(details.get("exception_type", "")):
        return "out_of_memory"
    if code == "model_not_found" and details.get("folder"):
        return "no_model_chosen"
    known = ("out_of_memory", "missing_nodes", "interrupted", "gone")
    return next((name for name in known if details.get(name)), code)


def _listed(names: object) -> str:
    return ", ".join(str(name) for name in names) if isinstance(names, list | tuple) else ""


def picture_error_card(error: PlaygroundError) -> None:
    """Draw an error that was raised on purpose."""
    provider = error.provider if isinstance(error, ProviderError) else None
    explanation = explain_code(error.code, provider=provider, details=error.details)
    show(explanation, detail=f"{error.code}\n{error.message}")
