"""Running again what is in the history: as it was, or in the other mode."""

import streamlit as st

from core import services
from core.compare.pairs import counterpart
from core.errors import PlaygroundError
from core.listing import RunFilter
from core.media import ImageRequest
from core.run import Run
from core.types import Mode, TextRequest
from pages._history_address import go
from pages._image_run import again_request
from pages._opened import rerun_request
from pages._who import who

_LOOKED_AT = 100


def again(run_id: str, *, new_seed: bool = False) -> None:
    """Run the same again and show it; for a callback."""
    run = services.get_services().gateway.view(run_id).run
    if run.kind == "image":
        _start(again_request(run, new_seed=new_seed))
    else:
        _start(rerun_request(run))


def run_in_other_mode(run_id: str) -> None:
    """Run the same in the other mode, on the model that is usual there; for a callback."""
    run = services.get_services().gateway.view(run_id).run
    changes = {"mode": other_mode(run.mode), "provider": None, "model": None}
    request = again_request(run, new_seed=False) if run.kind == "image" else rerun_request(run)
    _start(request.model_copy(update=changes))


def other_mode(mode: Mode) -> Mode:
    """Live of mock, mock of live."""
    return Mode.LIVE if mode is Mode.MOCK else Mode.MOCK


def in_other_mode(run: Run) -> str | None:
    """The newest answer to the same brief in the other mode: its run, None when there is none."""
    here = services.get_services()
    wanted = RunFilter(
        q=_telling_words(run),
        kind=run.kind,
        modes=(other_mode(run.mode),),
        tasks=(run.task,),
    )
    found = here.store.many(here.runs.ids(wanted, limit=_LOOKED_AT))
    other = counterpart(run, found)
    return other.id if other else None


def _telling_words(run: Run) -> str:
    """The longest short text of the brief: few other runs have it."""
    texts = [value for value in run.payload.values() if isinstance(value, str)]
    words = [word for text in texts for word in text.replace('"', " ").split()]
    return " ".join(words[:6])[:100]


def _start(request: TextRequest | ImageRequest) -> None:
    request = request.model_copy(update={"user": who()})
    try:
        batch = services.get_services().gateway.submit_batch([request])
    except PlaygroundError as error:
        st.session_state["history_error"] = error
        return
    go(run=batch.run_ids[0])
