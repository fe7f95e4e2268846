"""Image: say what should be seen, watch it emerge, compare what came."""

import streamlit as st

from core import services
from core.errors import RunNotFound
from pages._errors import error_card
from pages._health_banner import draw_banner, picture_needs
from pages._i18n import _
from pages._image_axes import BadValue
from pages._image_composer import draw_count, draw_preset, draw_prompt, tell
from pages._image_english import draw_english
from pages._image_form import fill_example, form, start_form
from pages._image_grid import draw_grid, read_grid
from pages._image_opened import open_run, opened_views, take_over
from pages._image_results import act_on_wish, draw_earlier, draw_results, keep_live
from pages._image_run import draw_run_button
from pages._image_sent import draw_preview, fit_notes, sent_dialog
from pages._image_settings import draw_more, draw_runs_on
from pages._image_source import draw_source
from pages._image_workflows import take_added_workflow
from pages._recent import draw_recent, go_to_run

start_form()
take_added_workflow()
missing: RunNotFound | None = None
try:
    views = opened_views()
except RunNotFound as error:
    views, missing = [], error
if views and views[0].run.kind != "image":
    go_to_run(views[0].run)
take_over(views)

page = st.grid(3, min_column_width=290, gap="medium")
with page.cell(), st.container(key="composer", gap="xsmall"):
    chosen = draw_preset()
    fields = st.container(gap="xsmall")
    draw_source()
    draw_runs_on()
    draw_more(chosen)
    notes = st.container(gap=None)
    draw_count(disabled=read_grid(form()).is_wanted)
    grid = draw_grid(form())
    run_slot = st.container()
    preview = st.expander(_("What will be sent"), key="image_preview", on_change="rerun")
    with fields:
        draw_prompt(chosen, rerun=bool(preview.open))
        draw_english()
    asked = form()
    try:
        request = asked.request if asked.prompt else None
    except BadValue:
        request = None
    with notes:
        for words in fit_notes(request) if request else ():
            tell(words)
    with run_slot:
        draw_banner(
            picture_needs(asked),
            page="image",
            steady=any(not view.run.status.is_final for view in views),
        )
        draw_run_button(asked, grid)
        act_on_wish()
    if preview.open and request:
        with preview:
            draw_preview(request)

with page.cell(column_span=2), st.container(key="results"):
    if missing:
        error_card(missing)
    elif views:
        draw_results(views)
    else:
        st.subheader(_("See it before you shoot it"), anchor=False)
        steps = (
            _("Choose what the picture is for, and say what should be seen."),
            _("Ask for variations, or vary two settings against each other in a grid."),
            _("Enlarge, compare two, start the next one from the best, and download."),
        )
        st.markdown("\n".join(f"{n}. {step}" for n, step in enumerate(steps, 1)))
        st.button(_("Fill in an example"), key="image_example", on_click=fill_example)
    draw_earlier(views)

keep_live(views)

if sent := st.session_state.pop("image_sent", None):
    sent_dialog(services.get_services().gateway.view(sent).run)

with st.sidebar, st.container(gap=None):
    draw_recent(services.get_services().catalog, kind="image", open_here=open_run)
