"""The only style sheet: what no theme setting can say."""

import streamlit as st

# The words of an answer are the loudest thing on the page; numbers under each other line up.
_CSS = """
<style>
[class*="st-key-answer_"] [data-testid="stText"] { font-size: 1.125rem; line-height: 1.55; }
[data-testid="stMetricValue"], [class*="st-key-answer_"] [data-testid="stCaptionContainer"] {
  font-variant-numeric: tabular-nums;
}
/* The prompt is what a picture begins with. */
.st-key-image_prompt_box textarea { font-size: 1.0625rem; line-height: 1.5; }
.st-key-image_zip a {
  font-size: 0.875rem; color: inherit; text-decoration: none; line-height: 2.5rem; }
.st-key-image_zip a:hover { color: var(--st-primary-color, currentColor); }
.st-key-composer [data-testid="stHtml"] img {
  display: block; width: 6rem; height: 6rem; object-fit: cover; border-radius: 0.5rem;
}
[class*="st-key-recent_card_"] button img {
  width: 1.75rem; height: 1.75rem; max-height: none; object-fit: cover; border-radius: 0.25rem;
  vertical-align: middle; margin-right: 0.25rem;
}
.st-key-history_chips button, .st-key-history_run_tags button {
  border-radius: 1rem; min-height: 2rem; padding: 0.125rem 0.75rem; font-size: 0.875rem;
}
</style>
"""


def use_style() -> None:
    """Add the style sheet to the page."""
    st.html(_CSS)
