"""A button that puts a text on the clipboard at once. Streamlit has none but on st.code."""

import streamlit as st

from pages._i18n import _

_HTML = """
<button type="button"></button>
"""
_CSS = """
button {
  all: unset;
  cursor: pointer;
  font: inherit;
  font-family: var(--st-font);
  font-size: 0.875rem;
  color: var(--st-text-color);
  line-height: 2.5rem;
  white-space: nowrap;
}
button:hover { color: var(--st-primary-color); }
button:focus-visible {
  outline: 2px solid var(--st-primary-color);
  border-radius: var(--st-button-radius);
}
"""
# On a plain http address other than this machine browsers have no navigator.clipboard.
_JS = """
async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text)
  const area = document.createElement("textarea")
  area.value = text
  document.body.append(area)
  area.select()
  document.execCommand("copy")
  area.remove()
}
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button")
  button.textContent = data.label
  button.onclick = async () => {
    await copy(data.text)
    button.textContent = data.done
    setTimeout(() => { button.textContent = data.label }, 1500)
  }
}
"""
_mount = st.components.v2.component("playground_copy", html=_HTML, css=_CSS, js=_JS)


def copy_button(text: str, *, key: str, label: str | None = None) -> None:
    """Draw the button for `text`; `label` says what is copied."""
    labels = {"label": label or _("Copy"), "done": _("Copied")}
    _mount(key=key, data={"text": text, **labels}, width="content", height="content")
