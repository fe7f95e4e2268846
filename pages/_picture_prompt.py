"""From an answer to a picture: what of a text is drawn, and the way to the Image page."""

from typing import NoReturn

import streamlit as st
from pydantic import JsonValue

from core.run import (
    Run,
)

LONGEST = 2000


def picture_prompt(run: Run) -> tuple[str, str]:
    """What to draw and what to keep out, from an answer: its own fields for that, or its words."""
    answer = run.output_json
    if isinstance(answer, dict):
        prompt, negative = answer.get("prompt"), answer.get("negative")
        if isinstance(prompt, str) and prompt.strip():
            return prompt.strip()[:LONGEST], negative.strip() if isinstance(negative, str) else ""
        return ". ".join(_texts(answer))[:LONGEST], ""
    return run.output.strip()[:LONGEST], ""


def hand_over(run: Run) -> NoReturn:
    """Open the Image page with the prompt filled in from an answer."""
    prompt, negative = picture_prompt(run)
    st.session_state["image_prompt"] = prompt
    if negative:
        st.session_state["image_negative"] = negative
    st.session_state.pop("image_opened", None)
    st.switch_page("image.py")


def _texts(value: JsonValue) -> list[str]:
    if isinstance(value, str):
        return [value.strip().rstrip(".")] if value.strip() else []
    if isinstance(value, dict):
        return [text for part in value.values() for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return []
