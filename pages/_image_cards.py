"""What a run looks like on the board of pictures: plain data for pages/_image_board.js."""

from collections.abc import Sequence
from typing import Any

from core.run import (
    ImageRecord,
    Run,
    RunView,
)
from core.types import (
    ImageOptions,
    Mode,
    Phase,
    RunStatus,
)
from pages._errors import provider_name
from pages._format import UNKNOWN, number, seconds, short_number, shortened
from pages._i18n import _, ngettext
from pages._image_address import picture_address, preview_address
from pages._image_errors import explain_picture
from pages._models import mode_label

Item = dict[str, Any]


def items_of(view: RunView, *, width: int, openable: bool = False) -> list[Item]:
    """The cards of a run: one a picture, or one that says how it stands with the run.

    `width` is how many pixels of each picture are fetched; `openable` offers its batch.
    """
    run = view.run
    if run.status is not RunStatus.SUCCEEDED or run.image is None:
        return [_without_picture(view)]
    items = [_picture(run, picture, width, openable) for picture in run.image.pictures]
    missing = (run.image.options.batch or 1) - len(items)
    return items + ([_missing(run, missing)] if missing > 0 else [])


def words() -> dict[str, str]:
    """What the board says itself."""
    return {
        "again": _("Make again, same seed"),
        "seed": _("Another one, new seed"),
        "source": _("Start from this picture"),
        "compare": _("Compare"),
        "download": _("Download"),
        "sent": _("What was sent"),
        "open": _("Open its batch"),
        "stop": _("Stop"),
        "cancel": _("Cancel"),
        "close": _("Close"),
        "previous": _("Previous picture"),
        "next": _("Next picture"),
        "enlarge": _("Enlarge"),
        "large": _("Picture in large"),
        "prompt": _("Prompt"),
        "negative": _("What to keep out"),
        "progress": _("Progress"),
        "second": _("Now choose “Compare” at a second picture."),
        "comparison": _("Comparison"),
        "slider": _("Slider"),
        "side": _("Side by side"),
        "flip": _("Flip"),
        "cut": _("How much of A and of B is seen"),
        "hold": _("Hold to see B: press here, or the space bar"),
        "differs": _("This differs"),
        "detail": _("Technical detail"),
    }


def settings_of(run: Run, *, seed: int | None, size: tuple[int, int]) -> list[tuple[str, str]]:
    """How a picture was made, as pairs of name and value."""
    options = _options(run)
    made_by = mode_label(run.mode)
    if run.mode is Mode.LIVE:
        made_by += f" · {provider_name(run.provider)}"
    known = [
        (_("Model"), run.model or UNKNOWN),
        (_("Mode"), made_by),
        (_("Size"), f"{size[0]} × {size[1]}"),
        (_("Steps"), _shown(options.steps)),
        (_("CFG"), _shown(options.cfg)),
        (_("Sampler"), _shown(options.sampler)),
        (_("Scheduler"), _shown(options.scheduler)),
        (_("Seed"), _shown(seed)),
    ]
    if options.denoise is not None and run.payload.get("source_sha256"):
        known.append((_("Left the source by"), _shown(options.denoise)))
    if isinstance(workflow := run.meta.get("workflow"), str):
        known.append((_("Workflow"), workflow))
    return [*known, (_("Time"), seconds(run.total_ms))]


def _picture(run: Run, picture: ImageRecord, width: int, openable: bool) -> Item:
    size = (picture.width, picture.height)
    seed = picture.seed if picture.seed is not None else _options(run).seed
    return _common(run, picture.index) | {
        "state": "done",
        "width": picture.width,
        "height": picture.height,
        "sha256": picture.sha256,
        "src": picture_address(picture.sha256, width=width),
        "full": picture_address(picture.sha256),
        "download": picture_address(picture.sha256, download=True),
        "facts": _facts(run, seed=seed, size=size),
        "settings": settings_of(run, seed=seed, size=size),
        "openable": openable,
        "note": _note(run),
    }


def _without_picture(view: RunView) -> Item:
    run, options = view.run, _options(view.run)
    size = (options.width or 1, options.height or 1)
    common = _common(run, 0) | {
        "width": size[0],
        "height": size[1],
        "facts": _facts(run, seed=options.seed, size=size),
    }
    if not run.status.is_final:
        return common | live_state(view)
    if run.status is RunStatus.FAILED:
        told = explain_picture(run)
        return common | {
            "state": "failed",
            "what": told.what,
            "next": told.next_step,
            "command": told.command,
            "detail": f"{run.error_code}\n{run.error_message}",
        }
    what = _("Stopped.")
    if run.status is RunStatus.INTERRUPTED:
        what = _("Interrupted: the playground stopped meanwhile.")
    return common | {"state": "stopped", "what": what, "next": "", "command": None}


def live_state(view: RunView) -> Item:
    """What a run under way is doing."""
    progress = view.progress
    share = progress.value / progress.maximum if progress and progress.maximum else None
    node = shortened(progress.node, 30) if share is not None and progress else ""
    return {
        "state": "live",
        "status": _phase(view),
        "beside": " · ".join(part for part in (node, seconds(view.elapsed_ms)) if part),
        "share": share if view.phase is Phase.DRAWING else None,
        "stopping": view.phase is Phase.CANCELLING,
        "preview": preview_address(view.run.id, view.previews) if view.previews else None,
    }


def _phase(view: RunView) -> str:
    match view.phase:
        case Phase.CANCELLING:
            return _("Stopping")
        case Phase.SAVING:
            return _("Waiting to be saved: the disk is full or the database in use")
        case Phase.LOADING:
            return _("Loading the model")
        case Phase.CONNECTING:
            return _("Handing it over")
        case Phase.DRAWING:
            return _step(view)
    if view.ahead:
        return ngettext("Waiting, {n} run ahead", "Waiting, {n} runs ahead", view.ahead)
    return _("Waiting")


def _step(view: RunView) -> str:
    progress = view.progress
    if progress is None or not progress.maximum:
        return _("Drawing")
    return _("Step {n} of {most}").format(n=number(progress.value), most=number(progress.maximum))


def _missing(run: Run, count: int) -> Item:
    problems = run.meta.get("problems")
    told: Sequence[object] = problems if isinstance(problems, list) else ()
    return _common(run, -1) | {
        "state": "failed",
        "width": 1,
        "height": 1,
        "facts": "",
        "what": ngettext("{n} picture is missing.", "{n} pictures are missing.", count),
        "next": "\n".join(str(problem) for problem in told),
        "command": None,
    }


def _common(run: Run, index: int) -> Item:
    prompt = str(run.payload.get("prompt") or "")
    return {
        "id": f"{run.id}:{index}",
        "run": run.id,
        "index": index,
        "title": run.model or mode_label(run.mode),
        "alt": shortened(" ".join(prompt.split()), 120),
        "prompt": prompt,
        "negative": str(run.payload.get("negative") or ""),
    }


def _facts(run: Run, *, seed: int | None, size: tuple[int, int]) -> str:
    options = _options(run)
    parts = [f"{size[0]} × {size[1]}"]
    if options.steps is not None:
        parts.append(_("{n} steps").format(n=options.steps))
    if options.cfg is not None:
        parts.append(_("CFG {n}").format(n=short_number(options.cfg)))
    parts += [options.sampler] if options.sampler else []
    if seed is not None:
        parts.append(_("seed {n}").format(n=seed))
    return " · ".join(parts)


def _note(run: Run) -> str:
    notes = run.meta.get("adjusted")
    for note in notes if isinstance(notes, list) else ():
        if isinstance(note, dict) and note.get("code") == "size_rounded":
            return rounded(note)
    return ""


def rounded(numbers: Any) -> str:  # noqa: ANN401 (a mapping out of JSON)
    """The sentence that a size was changed to what the model takes."""
    words = _(
        "{wanted_width} × {wanted_height} becomes {width} × {height}: sides are multiples of "
        "{multiple_of}."
    )
    return words.format(**{name: numbers.get(name) for name in _ROUNDED})


_ROUNDED = ("wanted_width", "wanted_height", "width", "height", "multiple_of")


def _options(run: Run) -> ImageOptions:
    return run.image.options if run.image else ImageOptions()


def _shown(value: object) -> str:
    if value is None:
        return UNKNOWN
    return short_number(value) if isinstance(value, float) else str(value)
