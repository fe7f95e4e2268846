"""Text: write a brief, run it side by side, read what came."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import services
from core.errors import RunNotFound
from pages._brief import brief, draw_choices, draw_fields, fill_example
from pages._column_settings import draw_columns
from pages._columns import columns
from pages._errors import error_card
from pages._health_banner import draw_banner, text_needs
from pages._i18n import _
from pages._opened import opened_views, take_over
from pages._recent import draw_recent, go_to_run
from pages._results import draw_results, keep_live
from pages._run_button import draw_run_button, requests_for
from pages._sent import draw_preview

here = services.get_services()
catalog = here.catalog
missing: RunNotFound | None = None
try:
    views = opened_views()
except RunNotFound as error:
    views, missing = [], error
if views and views[0].run.kind == "image":
    go_to_run(views[0].run)
take_over(views, catalog)

page = st.grid(3, min_column_width=290, gap="medium")
with page.cell(), st.container(key="composer", gap="xsmall"):
    task = draw_choices(catalog)
    fields = st.container(gap="xsmall")
    mode = here.settings.generator_mode
    models = draw_columns(task, role=st.session_state["text_role"], default=mode)
    run_slot = st.container()
    preview = st.expander(_("What will be sent"), key="text_preview", on_change="rerun")
    with fields:
        draw_fields(task, rerun=bool(preview.open))
    asked = brief(task)
    chosen = columns(mode)
    with run_slot:
        draw_banner(
            text_needs(chosen, models),
            page="text",
            steady=any(not view.run.status.is_final for view in views),
        )
        draw_run_button(asked, chosen)
    if preview.open:
        with preview:
            draw_preview(requests_for(asked, chosen))

under_way: dict[str, DeltaGenerator] = {}
with page.cell(column_span=2), st.container(key="results"):
    if missing:
        error_card(missing)
    elif views:
        under_way = draw_results(views)
    else:
        st.subheader(_("Try copy before it goes out"), anchor=False)
        steps = (
            _("Say what is to be written, and for which product."),
            _("Add columns: another model, another temperature, live beside mock."),
            _("Run, and read the answers side by side, with their limits."),
        )
        st.markdown("\n".join(f"{n}. {step}" for n, step in enumerate(steps, 1)))
        st.button(_("Fill in an example"), key="text_example", on_click=fill_example, args=(task,))

keep_live(under_way)

with st.sidebar, st.container(gap=None):
    draw_recent(catalog)
