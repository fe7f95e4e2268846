"""The settings in force, each with where it comes from. Secrets are not in it."""

from collections.abc import Iterable, Sequence
from html import escape

import streamlit as st

from core import services
from core.effective_settings import EffectiveSetting, effective
from core.setting_sources import Source
from pages._format import UNKNOWN
from pages._health_html import text
from pages._i18n import N_, _
from pages._setting_words import HELP

_SOURCES = {
    Source.DEFAULT: N_("default"),
    Source.ENVIRONMENT: N_("environment"),
    Source.ENV_FILE: N_(".env file"),
}


def draw_settings() -> None:
    """Draw the settings, folded; above the fold whatever is set under an old name."""
    found = effective(services.get_services().settings)
    for one in found:
        if one.deprecated_name:
            st.warning(
                _("{old} is an old name. Call it {new} in the environment or in .env.").format(
                    old=f"`{one.deprecated_name}`", new=f"`{one.name}`"
                ),
                icon=":material/history:",
            )
    fold = st.expander(
        _("Settings"), key="health_settings", icon=":material/tune:", on_change="rerun"
    )
    if fold.open:
        with fold:
            _draw_tables(found)


def _draw_tables(found: Sequence[EffectiveSetting]) -> None:
    st.caption(
        _("Settings are read when the playground starts. Change them in .env and restart it.")
    )
    given = [one for one in found if one.source is not Source.DEFAULT]
    usual = [one for one in found if one.source is Source.DEFAULT]
    for words, some in ((_("Set here"), given), (_("At their defaults"), usual)):
        if some:
            st.markdown(f"**{words}**")
            st.html(settings_table(some, label=words))


def settings_table(found: Iterable[EffectiveSetting], *, label: str) -> str:
    """A table of settings as HTML: name and what it is for, value, where from."""
    head = "".join(
        f"<th>{escape(word)}</th>" for word in (_("Setting"), _("Value"), _("Where from"))
    )
    body = "".join(_row(one) for one in found)
    return (
        f'<div class="health-settings" role="region" tabindex="0" aria-label="{escape(label)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(one: EffectiveSetting) -> str:
    told = _(HELP[one.name]) if one.name in HELP else one.description
    name = f"<code>{escape(one.name)}</code><small>{escape(told)}</small>"
    notes = []
    if one.deprecated_name:
        notes.append(_("under its old name {name}").format(name=one.deprecated_name))
    if one.source is not Source.DEFAULT and not one.is_changed:
        notes.append(_("same as the default"))
    elif one.is_changed and not one.is_secret:
        notes.append(_("default: {value}").format(value=one.default or _("empty")))
    source = escape(_(_SOURCES[one.source]))
    source += "".join(f"<small>{text(note)}</small>" for note in notes)
    return f"<tr><td>{name}</td><td>{_value(one)}</td><td>{source}</td></tr>"


def _value(one: EffectiveSetting) -> str:
    if one.is_secret:
        words = _("set, not shown") if one.is_set else _("not set")
        return f"<i>{escape(words)}</i>"
    return f"<bdi>{text(one.value)}</bdi>" if one.value is not None else f"<i>{UNKNOWN}</i>"
