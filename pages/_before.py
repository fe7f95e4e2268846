"""From runs back to the one they were made from: both are shown beside each other."""

from collections.abc import Sequence

import streamlit as st

from core.run import RunView
from pages._compare_address import compare_address
from pages._i18n import _


def draw_before(views: Sequence[RunView], *, key: str) -> None:
    """Draw the way to a comparison with the run that all of `views` were made from, if any."""
    parents = {view.run.parent_id for view in views}
    ended = [view.run.id for view in views if view.run.status.is_final]
    parent = next(iter(parents)) if len(parents) == 1 else None
    if parent is None or not ended:
        return
    asked = st.query_params.get("lang")
    if st.button(
        _("Compare with the one before"),
        key=key,
        icon=":material/compare_arrows:",
        type="tertiary",
    ):
        address = compare_address([parent, *ended])
        st.switch_page("history.py", query_params=address | ({"lang": asked} if asked else {}))
