"""The columns: what a brief is run on, side by side. Their settings live in the session."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.types import GenerationOptions, Mode

MOST = 6
MOST_VARIANTS = 8


@dataclass(frozen=True)
class Column:
    """Settings of one column; None leaves the choice to role, task and settings."""

    mode: Mode
    provider: str | None = None
    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    seed: int | None = None
    format: str | None = None
    variants: int = 1

    @property
    def options(self) -> GenerationOptions:
        """The options that were chosen here."""
        return GenerationOptions(
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            top_p=self.top_p,
            seed=self.seed,
        )


def set_columns(columns: list[Column]) -> None:
    """Replace all columns; only before they are drawn in a run of the script."""
    st.session_state["text_columns"] = [add_column(column) for column in columns[:MOST]]


def columns(default: Mode) -> list[Column]:
    """The columns of the session; one of the default mode to begin with."""
    if not st.session_state.get("text_columns"):
        set_columns([Column(mode=default)])
    return [column_of(column_id) for column_id in st.session_state["text_columns"]]


def add_column(column: Column) -> int:
    """Keep a column's settings in the session; its number. It is not shown yet."""
    column_id = st.session_state.get("text_next_column", 1)
    st.session_state["text_next_column"] = column_id + 1
    values = {
        "mode": column.mode,
        f"provider_{column.mode}": column.provider or "",
        f"model_{column.mode}": column.model or "",
        "temperature": column.temperature,
        "max_tokens": column.max_tokens,
        "top_p": column.top_p,
        "seed": column.seed,
        "format": "text" if column.format == "text" else "task",
        "variants": column.variants,
    }
    for name, value in values.items():
        st.session_state[f"col{column_id}_{name}"] = value
    return column_id


def column_of(column_id: int) -> Column:
    """The column of this number as its widgets have it."""

    def value(name: str) -> Any:  # noqa: ANN401 (a widget's value)
        return st.session_state.get(f"col{column_id}_{name}")

    mode = Mode(value("mode") or Mode.MOCK)
    return Column(
        mode=mode,
        provider=value(f"provider_{mode}") or None,
        model=(value(f"model_{mode}") or "").strip() or None,
        temperature=value("temperature"),
        max_tokens=value("max_tokens"),
        top_p=value("top_p"),
        seed=value("seed"),
        format="text" if value("format") == "text" else None,
        variants=value("variants") or 1,
    )
