"""Bringing new results into view where they stand below the brief, as on a narrow screen."""

import streamlit as st

# Only once for each set of results, and only when they cannot be seen: nothing else moves.
_JS = """
let shown = null
export default function ({ data, parentElement }) {
  if (shown === data.results) return
  shown = data.results
  const here = parentElement.host ?? parentElement
  if (here.getBoundingClientRect().top < window.innerHeight * 0.6) return
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches
  here.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" })
}
"""
_mount = st.components.v2.component("playground_scroll", html="<span></span>", js=_JS)


def scroll_here(results: str) -> None:
    """Have the browser show this place, once for each value of `results`."""
    _mount(key="scroll_here", data={"results": results}, width="stretch", height=1)
