"""Figures of a component under each other, each with a tiny chart over time."""

from collections.abc import Sequence
from typing import TypedDict

import streamlit as st

_HTML = '<div class="figures"></div>'
_CSS = """
:host { display: block; }
.figures {
  display: grid; grid-template-columns: minmax(4.5rem, max-content) repeat(3, max-content)
    minmax(4rem, 1fr);
  gap: 0.375rem 1rem; align-items: end; font-family: var(--st-font); font-size: 0.8125rem;
  color: var(--st-gray-text-color); font-variant-numeric: tabular-nums; line-height: 1.3;
}
.figures > span { white-space: nowrap; }
.n { text-align: right; }
b { font-weight: 500; font-size: 0.9375rem; color: var(--st-text-color); }
.strip { display: flex; align-items: flex-end; gap: 2px; height: 1.75rem; min-width: 0; }
.part {
  flex: 1 1 0; height: 100%; display: flex; flex-direction: column; justify-content: flex-end;
  position: relative; border-bottom: 1px solid var(--st-border-color);
}
.part i { display: block; min-height: 2px; }
.part i:first-child { border-radius: 1px 1px 0 0; }
.good { background: var(--st-primary-color); }
.bad {
  background: repeating-linear-gradient(135deg, var(--st-red-text-color) 0 2px,
    color-mix(in srgb, var(--st-red-text-color) 55%, var(--st-background-color)) 2px 4px);
}
.p95 { background: color-mix(in srgb, var(--st-primary-color) 35%, var(--st-background-color)); }
.p50 { background: var(--st-primary-color); }
@media (max-width: 30rem) { .figures { gap: 0.375rem 0.625rem; } }
"""
_JS = """
function made(tag, className, text) {
  const element = document.createElement(tag)
  if (className) element.className = className
  if (text) element.textContent = text
  return element
}
function strip(row) {
  const strip = made("span", "strip")
  strip.setAttribute("role", "img")
  strip.setAttribute("aria-label", row.says)
  strip.append(...row.parts.map(part => {
    const element = made("span", "part")
    element.title = part.says
    element.append(...part.bars.map(bar => {
      const piece = made("i", bar.kind)
      piece.style.height = `${bar.share * 100}%`
      return piece
    }))
    return element
  }))
  return strip
}
export default function ({ data, parentElement }) {
  const cells = data.head.map((word, at) => made("span", at ? "n" : "", word))
  cells.push(made("span"))
  for (const row of data.rows) {
    cells.push(made("span", "", row.name))
    for (const value of row.values) {
      const cell = made("span", "n")
      cell.append(made("b", "", value))
      cells.push(cell)
    }
    cells.push(made("span", "n", row.runs), strip(row))
  }
  parentElement.querySelector(".figures").replaceChildren(...cells)
}
"""
_mount = st.components.v2.component("playground_health_figures", html=_HTML, css=_CSS, js=_JS)


class Bar(TypedDict):
    """A piece of a part's bar: `share` of the strip's height, 0 to 1; "good", "bad", "p50", …"""

    kind: str
    share: float


class Part(TypedDict):
    """A stretch of time: its pieces from the top down, and what it says when pointed at."""

    bars: list[Bar]
    says: str


class Row(TypedDict):
    """A line: its name, two values, on how many runs they stand, and its chart."""

    name: str
    values: list[str]
    runs: str
    parts: list[Part]
    says: str


def draw_strips(rows: Sequence[Row], *, head: Sequence[str], key: str) -> None:
    """Draw `rows` under `head`, the words over name, both values and number of runs."""
    _mount(
        key=key,
        data={"head": list(head), "rows": list(rows)},
        width="stretch",
        height="content",
    )
