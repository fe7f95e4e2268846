"""History: find any run, see what is wrong with it, compare, judge. The address says it all."""

import streamlit as st

from core.errors import RunNotFound
from pages._charts import draw_charts
from pages._compare import draw_compare
from pages._errors import error_card
from pages._history_address import back_to_list, listed, values_of
from pages._history_filters import draw_bar
from pages._history_leave import leave_if_asked
from pages._history_list import draw_list
from pages._history_run import draw_run_page
from pages._history_views import RUNS, draw_views
from pages._i18n import _
from pages._parity import draw_parity_table
from pages._vote import draw_vote

leave_if_asked()

compared = [part for value in values_of("compare") for part in value.split(",") if part]
opened = next(iter(values_of("run")), "")
if compared:
    st.button(
        _("Back to the list"),
        key="history_to_list",
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=back_to_list,
    )
    draw_compare(compared)
elif opened:
    try:
        draw_run_page(opened)
    except RunNotFound as error:
        error_card(error)
        st.button(_("Back to the list"), key="history_to_list", on_click=back_to_list)
else:
    view = draw_views()
    if view == "vote":
        draw_vote()
    else:
        shown = listed()
        draw_bar(shown, with_order=view == RUNS)
        match view:
            case "charts":
                draw_charts(shown.filter)
            case "parity":
                draw_parity_table(shown.filter)
            case _:
                draw_list(shown)
