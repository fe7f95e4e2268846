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
/* Health: one sentence that is read first, then figures that line up. */
.st-key-health_verdict [data-testid="stElementContainer"]:first-child p {
  font-size: 1.375rem; line-height: 1.4;
}
.st-key-health_banner [data-testid="stPageLink"] a { padding-left: 0; }
[class*="st-key-health_"] h3 { padding-top: 0; }
.health-facts.health-facts { margin: 0; padding: 0; max-width: 44rem;
  font-size: 0.875rem; font-variant-numeric: tabular-nums; }
.health-facts > div { display: flex; gap: 1rem; justify-content: space-between; padding: 0.1rem 0; }
.health-facts dt { opacity: 0.75; font-weight: 400; overflow-wrap: anywhere; }
.health-facts.led > div:first-child dt { opacity: 1; font-weight: 500; }
.health-facts dd { margin: 0; flex: none; max-width: 65%; text-align: right;
  overflow-wrap: anywhere; unicode-bidi: isolate; }
.health-bar { font-size: 0.8125rem; font-variant-numeric: tabular-nums; }
.health-bar > div {
  height: 0.375rem; border-radius: 0.1875rem; overflow: hidden; margin: 0.25rem 0;
  background: color-mix(in srgb, currentColor 14%, transparent);
}
.health-bar i { display: block; height: 100%; border-radius: inherit; background: #5b63d6; }
.health-bar.tight i { background: #d97b29; }
.health-bar.bad i { background: #d1434b; }
.health-bar span { opacity: 0.75; }
.health-table { max-height: 17rem; overflow: auto; font-size: 0.8125rem; }
.health-table table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
.health-table th { text-align: left; font-weight: 400; opacity: 0.75; white-space: nowrap; }
.health-table th, .health-table td { padding: 0.2rem 0.75rem 0.2rem 0; vertical-align: top; }
.health-table td { overflow-wrap: anywhere; unicode-bidi: isolate;
  border-top: 1px solid color-mix(in srgb, currentColor 10%, transparent); }
.health-table .n { text-align: right; white-space: nowrap; }
.health-table td:first-child { min-width: 9rem; }
.health-settings { overflow-x: auto; font-size: 0.875rem; }
.health-settings table { width: 100%; border-collapse: collapse; table-layout: fixed; }
.health-settings th { text-align: left; font-weight: 400; opacity: 0.75; }
.health-settings th, .health-settings td { padding: 0.375rem 1rem 0.375rem 0; vertical-align: top; }
.health-settings td { overflow-wrap: anywhere;
  border-top: 1px solid color-mix(in srgb, currentColor 10%, transparent); }
.health-settings th:first-child { width: 44%; }
.health-settings small { display: block; opacity: 0.75; font-size: 0.8125rem; }
.health-settings i { opacity: 0.75; font-style: normal; }
</style>
"""


def use_style() -> None:
    """Add the style sheet to the page."""
    st.html(_CSS)
