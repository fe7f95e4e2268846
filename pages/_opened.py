"""Which runs the page shows: the address says it, `?batch=` or `?run=`; the session remembers."""

import streamlit as st

from core import services
from core.catalog import Catalog
from core.errors import PlaygroundError
from core.run import (
    Run,
    RunView,
)
from core.types import (
    TextRequest,
)
from pages._address import close_in_address, open_in_address, views_in_address
from pages._brief import choose_role, fill
from pages._columns import Column, set_columns
from pages._who import who


def open_batch(batch_id: str) -> None:
    """Show this batch from now on."""
    _open("batch", batch_id)


def open_run(run_id: str) -> None:
    """Show the batch of this run, or it alone, and take over its brief; for a callback."""
    _open("run", run_id)
    st.session_state.pop("text_taken_over", None)


def close() -> None:
    """Show nothing, ready for a new brief; for a callback."""
    close_in_address("text")


def opened_views() -> list[RunView]:
    """The runs to show, empty when none are open. Raises RunNotFound."""
    return views_in_address("text")


def take_over(views: list[RunView], catalog: Catalog) -> None:
    """Fill composer and columns from runs opened by address, once; before they are drawn."""
    opened = st.session_state.get("text_opened")
    if not views or st.session_state.get("text_taken_over") == opened:
        return
    st.session_state["text_taken_over"] = opened
    run = views[0].run
    task = catalog.tasks.get(run.task)
    if task is None:
        return
    st.session_state["text_task"] = task.id
    choose_role(task, run.role)
    st.session_state["text_language"] = run.language
    fill(task, run.payload)
    set_columns([_column(group, catalog) for group in grouped(views)])


def grouped(views: list[RunView]) -> list[list[RunView]]:
    """Runs by column: variants, which differ in nothing but a seed one higher, stand together."""
    groups: list[list[RunView]] = []
    for view in views:
        if groups and _is_variant(groups[-1][-1].run, view.run):
            groups[-1].append(view)
        else:
            groups.append([view])
    return groups


def rerun_request(run: Run) -> TextRequest:
    """The request that asks the same again, with `run` as its parent."""
    return TextRequest(
        role=run.role,
        task=run.task,
        payload=run.payload,
        language=run.language,
        mode=run.mode,
        provider=run.provider,
        model=run.model,
        format=run.format,
        options=run.options,
        parent_id=run.id,
        source="page",
        user=who(),
    )


def _open(kind: str, key: str) -> None:
    st.session_state["text_taken_over"] = (kind, key)
    open_in_address("text", kind, key)


def _is_variant(before: Run, run: Run) -> bool:
    seed = before.options.seed
    if seed is None or run.options.seed != seed + 1:
        return False
    return _settings(before) == _settings(run)


def _settings(run: Run) -> tuple[object, ...]:
    options = run.options.model_copy(update={"seed": None})
    return run.mode, run.provider, run.model, run.format, options


def _column(group: list[RunView], catalog: Catalog) -> Column:
    run = group[0].run
    usual = catalog.default_options(run.role, run.task)
    chosen = {
        name: value
        for name in ("temperature", "max_tokens", "top_p")
        if (value := getattr(run.options, name)) != getattr(usual, name)
    }
    return Column(
        mode=run.mode,
        provider=run.provider,
        model=None if _is_automatic(run) else run.model,
        seed=run.options.seed,
        format="text" if run.format == "text" and catalog.tasks[run.task].contract else None,
        variants=len(group),
        **chosen,
    )


def _is_automatic(run: Run) -> bool:
    request = rerun_request(run).model_copy(update={"model": None})
    try:
        return services.get_services().gateway.preview(request).model == run.model
    except PlaygroundError:
        return False
