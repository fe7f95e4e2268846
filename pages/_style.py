"""The only style sheet: what no theme setting can say."""

import streamlit as st

# The words of an answer are the loudest thing on the page; numbers under each other line up.
_CSS = """
<style>
[class*="st-key-answer_"] [data-testid="stText"] { font-size: 1.125rem; line-height: 1.55; }
[data-testid="stMetricValue"], [class*="st-key-answer_"] [data-testid="stCaptionContainer"] {
  font-variant-numeric: tabular-nums;
}
</style>
"""


def use_style() -> None:
    """Add the style sheet to the page."""
    st.html(_CSS)
