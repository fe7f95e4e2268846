"""An answer as people read it: field by field with its lengths, or as plain text.

Every word of a model goes through st.text: markup, links and pictures in it stay letters.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import streamlit as st
from pydantic import JsonValue
from pydantic_core import from_json

from core.catalog import Contract
from core.checks.contract import field_lengths
from core.run import (
    FieldLength,
    Run,
)
from pages._faults import field_label
from pages._format import UNKNOWN, number, red, small
from pages._i18n import N_, _
from pages._lengths import Stage, count, measure

_OPENING_FENCE = re.compile(r"^```\w*\s*")
# Words a review answers with: codes in the contract, words on the page.
_VERDICTS = {
    "approved": N_("Approved"),
    "needs_revision": N_("Needs revision"),
    "rejected": N_("Rejected"),
    "low": N_("Low"),
    "medium": N_("Medium"),
    "high": N_("High"),
    "critical": N_("Critical"),
}
_LINE = 24  # px, the height of one line of text, so that nothing jumps when it arrives


def draw_answer(run: Run, contract: Contract | None) -> None:
    """Draw what has arrived of the answer of `run`, all fields in place from the start."""
    if contract is None or run.format == "text":
        _draw_text(run)
        return
    answer = _parsed(run)
    if answer is not None:
        _draw_fields(contract, answer, stage=Stage.of(run))
    elif run.output.strip():
        st.caption(_("Not in the form that was asked for. This is what came:"))
        st.text(run.output, width="stretch")
    elif not run.status.is_final:
        _draw_fields(contract, {}, stage=Stage.LIVE)


def _draw_text(run: Run) -> None:
    if run.output:
        st.text(run.output, width="stretch")
    elif not run.status.is_final:
        st.skeleton(height=_LINE * 3)


def _parsed(run: Run) -> dict[str, JsonValue] | None:
    """The answer as far as it can be read, None where it is no JSON object."""
    if isinstance(run.output_json, dict):
        return run.output_json
    if run.output_json is not None:
        return None
    try:
        bare = _OPENING_FENCE.sub("", run.output.strip())
        partial = from_json(bare, allow_partial="trailing-strings")
    except ValueError:
        return None
    return partial if isinstance(partial, dict) else None


def _draw_fields(contract: Contract, answer: Mapping[str, Any], *, stage: Stage) -> None:
    lengths = {field.name: field for field in field_lengths(contract, dict(answer))}
    schema = contract.schema.get("properties", {})
    for name, part in schema.items():
        value = answer.get(name)
        label = field_label(name, contract)
        if part.get("type") in ("number", "integer"):
            _number_field(label, value, part, stage=stage)
        elif part.get("type") == "array":
            _list_field(contract, name, value, lengths, part, stage=stage)
        else:
            _text_field(label, value, lengths.get(name), stage=stage)
    for name, value in answer.items():
        if name not in schema:
            _text_field(name, value, None, stage=stage)


def _text_field(label: str, value: JsonValue, length: FieldLength | None, *, stage: Stage) -> None:
    with st.container(gap="xxsmall"):
        _heading(label, measure(length, stage=stage))
        _words(value, stage=stage)


def _number_field(label: str, value: JsonValue, part: Mapping[str, Any], *, stage: Stage) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        shown = number(value, digits=0 if float(value).is_integer() else 1)
        highest = part.get("maximum")
        shown = f"**{shown}**" + (f" / {number(highest)}" if highest is not None else "")
    else:
        shown = UNKNOWN if value is None and stage is not Stage.WHOLE else red(_("missing"))
    _heading(label, shown)


def _list_field(
    contract: Contract,
    name: str,
    value: JsonValue,
    lengths: Mapping[str, FieldLength],
    part: Mapping[str, Any],
    *,
    stage: Stage,
) -> None:
    items = value if isinstance(value, list) else []
    lowest, highest = part.get("minItems"), part.get("maxItems")
    expected = lowest if stage is Stage.LIVE and lowest else 0
    with st.container(gap="xxsmall"):
        _heading(
            field_label(name, contract),
            measure(count(name, items, lowest, highest), stage=stage, items=True),
        )
        if value is not None and not isinstance(value, list):
            _words(value, stage=stage)
        for index in range(max(len(items), expected)):
            item = items[index] if index < len(items) else None
            with st.container(horizontal=True, wrap=False, gap="small"):
                if item is None and stage is Stage.LIVE:
                    st.skeleton(height=_LINE)
                    continue
                st.text(_as_text(item, contract, name), width="stretch")
                measured = measure(lengths.get(f"{name}[{index}]"), stage=stage, between="  \n")
                if measured:
                    st.markdown(measured, width="content", text_alignment="right")


def _heading(label: str, measured: str) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", gap="small"):
        st.caption(label, width="content")
        if measured:
            st.markdown(measured, width="content")


def _words(value: JsonValue, *, stage: Stage) -> None:
    if value is None and stage is Stage.LIVE:
        st.skeleton(height=_LINE)
    elif value is None and stage is Stage.BROKEN_OFF:
        st.caption(UNKNOWN)
    elif value is None:
        st.markdown(small(red(_("missing"))))
    else:
        st.text(_as_text(value), width="stretch")


def _as_text(value: JsonValue, contract: Contract | None = None, name: str = "") -> str:
    if isinstance(value, str):
        return _(_VERDICTS[value]) if value in _VERDICTS else value
    if isinstance(value, dict) and contract is not None:
        return " · ".join(
            f"{field_label(f'{name}.{key}', contract)}: {_as_text(part)}"
            for key, part in value.items()
        )
    return json.dumps(value, ensure_ascii=False)
