"""The words of the interface in the language of the session."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

import streamlit as st
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from core.types import Language

LOCALE = Path(__file__).parent / "locale"
NAMES = {Language.KOREAN: "한국어", Language.ENGLISH: "English"}


def language() -> Language:
    """The language this session reads.

    Streamlit may call a `format_func` outside a session: give it a finished dict of labels.
    """
    return st.session_state.get("language", Language.KOREAN)


def _(message: str) -> str:
    """`message`, an English sentence in the code, in the session's language."""
    return _translations(language()).gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """The form that fits `n`, in the session's language, with {n} filled in."""
    return _translations(language()).ngettext(singular, plural, n).format(n=n)


def N_(message: str) -> str:  # noqa: N802 (the name that extractors look for)
    """Mark `message` for translation where it is defined; `_` translates it where it is shown."""
    return message


def use_language() -> None:
    """Settle the session's language: the address, else what was chosen, else the browser."""
    asked = st.query_params.get("lang")
    if asked in list(Language):
        st.session_state.language = Language(asked)
    elif "language" not in st.session_state:
        locale = (st.context.locale or "ko").lower()
        st.session_state.language = Language.KOREAN if locale.startswith("ko") else Language.ENGLISH


def language_switch() -> None:
    """Draw the switch; a choice stays in the address as `?lang=`."""
    st.session_state["language_switch"] = language()
    st.segmented_control(
        _("Language of this page"),
        list(NAMES),
        format_func=NAMES.__getitem__,
        key="language_switch",
        on_change=_switched,
        required=True,
        label_visibility="collapsed",
    )


def _switched() -> None:
    chosen = Language(st.session_state["language_switch"])
    st.session_state.language = chosen
    st.query_params["lang"] = chosen.value


@cache
def _translations(language: Language) -> NullTranslations:
    path = LOCALE / language.value / "LC_MESSAGES" / "playground.po"
    if not path.is_file():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language.value))
    compiled.seek(0)
    return GNUTranslations(compiled)
