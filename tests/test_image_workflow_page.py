"""Adding a workflow on the Image page: uploaded, shown, corrected, saved."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from core.services import Services
from core.workflows import load_workflows
from tests.page_kit import checked, open_page, words_of


@pytest.fixture
def page(services: Services, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The Image page with a live model's settings open and the dialog in front."""
    monkeypatch.setattr("core.services.get_services", lambda: services)
    page = open_page()
    page = checked(page.switch_page("image.py").run())
    page.session_state["image_model_open"] = True
    page.session_state["image_mode"] = "live"
    page = checked(page.run())
    return checked(page.button(key="image_workflow_add").click().run())


def upload(page: AppTest, name: str, content: bytes) -> AppTest:
    return checked(page.file_uploader(key="image_workflow_file").upload(name, content).run())


def exported(services: Services) -> bytes:
    return json.dumps(services.workflows["txt2img"].graph).encode()


def test_an_exported_workflow_is_added_and_can_be_chosen(page: AppTest, services: Services) -> None:
    page = upload(page, "my look.json", exported(services))
    assert page.text_input(key="image_workflow_name").value == "my look"
    assert "It could not be checked against the server yet." in words_of(page)
    page = checked(page.button(key="image_workflow_save").click().run())
    assert services.workflows["my_look"].label.en == "my look"
    kept = load_workflows([services.settings.workflows_path])["my_look"]
    assert kept.bindings.prompt == services.workflows["txt2img"].bindings.prompt
    assert page.session_state["image_workflow"] == "my_look"


def test_a_binding_can_be_corrected(page: AppTest, services: Services) -> None:
    page = upload(page, "look.json", exported(services))
    page = page.selectbox(key="image_workflow_binding_steps").set_value(0).run()
    checked(page.button(key="image_workflow_save").click().run())
    assert services.workflows["look"].bindings.steps == ()


def test_the_editors_own_format_is_refused_with_the_way_to_the_right_one(
    page: AppTest, services: Services
) -> None:
    page = upload(page, "editor.json", b'{"nodes": [], "links": [], "version": 0.4}')
    assert "Workflow → Export (API)" in words_of(page)
    assert list(services.workflows) == ["txt2img", "img2img", "no_model"]


def test_a_name_that_is_taken_loses_nothing(page: AppTest, services: Services) -> None:
    page = upload(page, "txt2img.json", exported(services))
    page = checked(page.button(key="image_workflow_save").click().run())
    assert "comes with the playground" in words_of(page)
    assert page.text_input(key="image_workflow_name").value == "txt2img"
