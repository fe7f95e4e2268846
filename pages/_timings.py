"""Where a run's time went, as one bar: waiting, loading, first word, writing."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.run import Run
from pages._format import seconds
from pages._i18n import _

_HTML = """
<div class="bar" role="img"></div>
<ul></ul>
"""
_CSS = """
:host { display: block; }
.bar { display: flex; gap: 2px; height: 0.625rem; border-radius: 0.3125rem; overflow: hidden; }
.bar span { min-width: 2px; }
ul {
  list-style: none; margin: 0.5rem 0 0; padding: 0; display: flex; flex-wrap: wrap;
  gap: 0.125rem 1rem; font-family: var(--st-font); font-size: 0.8125rem;
  color: var(--st-gray-text-color); font-variant-numeric: tabular-nums;
}
li { display: flex; align-items: center; gap: 0.375rem; }
li b { font-weight: 500; color: var(--st-text-color); }
i { width: 0.625rem; height: 0.625rem; border-radius: 2px; }
.queue { background: color-mix(in srgb, var(--st-gray-color) 45%, transparent); }
.load { background: var(--st-gray-color); }
.wait { background: color-mix(in srgb, var(--st-primary-color) 50%, transparent); }
.work { background: var(--st-primary-color); }
"""
_JS = """
function made(tag, className, text) {
  const element = document.createElement(tag)
  if (className) element.className = className
  if (text) element.textContent = text
  return element
}
export default function ({ data, parentElement }) {
  const bar = parentElement.querySelector(".bar")
  bar.setAttribute("aria-label", data.label)
  bar.replaceChildren(...data.parts.map(part => {
    const span = made("span", part.kind)
    span.style.flex = `${part.share} 1 0`
    span.title = `${part.name} ${part.time}`
    return span
  }))
  parentElement.querySelector("ul").replaceChildren(...data.parts.map(part => {
    const item = made("li")
    item.append(made("i", part.kind), part.name, made("b", "", part.time))
    return item
  }))
}
"""
_mount = st.components.v2.component("playground_timings", html=_HTML, css=_CSS, js=_JS)


def draw_timings(run: Run) -> None:
    """Draw the bar of a run that has ended; nothing where no time is known."""
    parts = timing_parts(run)
    if not parts:
        return
    told = [f"{part['name']} {part['time']}" for part in parts]
    label = _("Where the time went") + ": " + ", ".join(told)
    draw_parts(parts, label=label, key=f"timings_{run.id}")


def draw_parts(parts: Sequence[Mapping[str, Any]], *, label: str, key: str) -> None:
    """Draw a bar of parts, each with its `name`, `share` of the whole and `time`, what it is in
    words; its `kind` is one of four tones: "queue", "load", "wait" and "work", the strongest.
    """
    _mount(
        key=key,
        data={"parts": list(parts), "label": label},
        width="stretch",
        height="content",
    )


def timing_parts(run: Run) -> list[dict[str, Any]]:
    """The parts of the bar in the order in which they happened; those of no length left out."""
    is_image = run.kind == "image"
    load = run.load_ms or 0
    total = run.total_ms or 0
    first = run.first_token_ms
    wait = max(first - load, 0) if first is not None else 0
    work = max(total - load - wait, 0)
    named = (
        ("queue", _("Waiting in line"), run.queued_ms or 0),
        ("load", _("Loading the model"), load),
        ("wait", _("To the first preview") if is_image else _("To the first word"), wait),
        ("work", _("Drawing") if is_image else _("Writing"), work),
    )
    return [
        {"kind": kind, "name": name, "time": seconds(length), "share": length}
        for kind, name, length in named
        if length >= 1
    ]
