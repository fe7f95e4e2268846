"""The Image page as a person uses it: the real services, the mock without delays."""

import io
import json

import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.media import ImageRequest
from core.run import (
    ImageDetails,
    Progress,
    Run,
    RunView,
)
from core.services import Services
from core.types import (
    ImageOptions,
    Language,
    Mode,
    Phase,
    RunStatus,
    TextRequest,
)
from pages._image_axes import (
    Axis,
    BadValue,
    distinct_parts,
    expand,
    parse_axis,
    parse_size,
    table_of,
)
from pages._image_cards import items_of
from pages._image_errors import explain_picture
from pages._picture_prompt import picture_prompt
from tests import page_kit
from tests.factories import make_run
from tests.page_kit import Open, checked, runs_of, words_of

REQUEST = ImageRequest(task="free", prompt="a cup in the morning, on linen", mode=Mode.MOCK)


@pytest.fixture
def open_page(services: Services, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open the Image page on the services of this test."""
    monkeypatch.setattr("core.services.get_services", lambda: services)

    def opened(**address: str) -> AppTest:
        locale = address.pop("locale", "en-US")
        page = page_kit.open_page(locale=locale)
        for name, value in address.items():
            page.query_params[name] = value
        return checked(page.switch_page("image.py").run())

    return opened


def make(page: AppTest) -> AppTest:
    return checked(page.button(key="image_run").click().run())


def made(page: AppTest, services: Services, **fields: object) -> tuple[AppTest, list[Run]]:
    """The page with pictures on it, made with these fields."""
    for name, value in (
        {"prompt": "a cup on linen", "size": "96 × 64", "steps": 2} | fields
    ).items():
        page.session_state[f"image_{name}"] = value
    page = make(checked(page.run()))
    runs = runs_of(page, services)
    return checked(page.run()), runs


def board(page: AppTest, key: str = "image_results") -> dict:
    """What the board with this key shows: the data that its script draws from."""
    (found,) = [part for part in page.get("bidi_component") if part.proto.id.endswith(key)]
    return json.loads(found.proto.json)


def picture(size: tuple[int, int] = (40, 30)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "teal").save(buffer, "PNG")
    return buffer.getvalue()


def image_run(**values: object) -> Run:
    options = values.pop("options", ImageOptions(width=64, height=64, steps=4, seed=1))
    known = {"kind": "image", "task": "free", "payload": {"prompt": "a cup"}}
    return make_run(**known | {"image": ImageDetails(options=options)} | values)


def test_an_empty_page_teaches_and_offers_an_example(open_page: Open) -> None:
    page = open_page()
    assert page.title[0].value == "Image"
    assert "say what should be seen" in words_of(page)
    page = checked(page.button(key="image_example").click().run())
    assert page.text_area(key="image_prompt").value.startswith("Matte ivory tumbler")


def test_a_prompt_becomes_a_picture_by_its_address(open_page: Open, services: Services) -> None:
    page, (run,) = made(open_page(), services)
    (item,) = board(page)["items"]
    (kept,) = run.image.pictures
    assert item["src"] == f"/api/v1/images/{kept.sha256}?w=640"
    assert item["facts"] == f"96 × 64 · 2 steps · CFG 6.5 · dpmpp_2m · seed {kept.seed}"
    assert item["title"] == "mock-picture"
    assert (run.source, run.mode) == ("page", Mode.MOCK)


def test_nothing_is_made_without_a_prompt(open_page: Open, services: Services) -> None:
    page = make(open_page())
    assert "Say first what should be seen." in words_of(page)
    assert services.gateway.recent() == []


def test_variations_are_runs_with_seeds_that_follow(open_page: Open, services: Services) -> None:
    page, runs = made(open_page(), services, count=3)
    seeds = [run.image.options.seed for run in runs]
    assert seeds == [seeds[0], seeds[0] + 1, seeds[0] + 2]
    assert len(board(page)["items"]) == 3
    assert board(page)["table"] is None


def test_a_fixed_seed_is_kept(open_page: Open, services: Services) -> None:
    _, (run,) = made(open_page(), services, seed=77)
    assert run.image.options.seed == 77


def test_the_presets_negative_words_are_sent_and_can_be_changed(
    open_page: Open, services: Services
) -> None:
    page, (run,) = made(open_page(), services)
    assert run.payload["negative"] == services.presets["product_image"].negative.en
    _, (run,) = made(page, services, negative="people")
    assert run.payload["negative"] == "people"


def test_a_size_that_must_be_rounded_is_told_before(open_page: Open) -> None:
    page = open_page()
    page.session_state["image_prompt"] = "a cup"
    page = checked(page.pills(key="image_preset").set_value("sns_thumbnail").run())
    assert "1200 × 630 becomes 1200 × 632" in words_of(page)


def test_a_size_that_is_none_is_told_and_not_sent(open_page: Open, services: Services) -> None:
    page = open_page()
    page.session_state["image_prompt"] = "a cup"
    page.session_state["image_size"] = "huge"
    page = make(checked(page.run()))
    assert "The size huge cannot be read." in words_of(page)
    assert services.gateway.recent() == []


def test_a_name_that_is_too_long_is_told_and_not_sent(open_page: Open, services: Services) -> None:
    page = open_page()
    page.session_state["image_prompt"] = "a cup"
    page.session_state["image_sampler"] = "x" * 500
    page = make(checked(page.run()))
    assert "cannot be used here." in words_of(page)
    assert services.gateway.recent() == []


def test_a_dead_server_is_a_card_and_not_a_mock_picture(
    open_page: Open, services: Services
) -> None:
    page, (run,) = made(open_page(), services, mode="live")
    assert (run.mode, run.status) == (Mode.LIVE, RunStatus.FAILED)
    (item,) = board(page)["items"]
    assert item["state"] == "failed"
    assert item["command"] == "python main.py"


def test_a_grid_becomes_a_labelled_table(open_page: Open, services: Services) -> None:
    page = open_page()
    page.session_state["image_grid_columns"] = "steps"
    page.session_state["image_grid_columns_steps_values"] = "2, 3"
    page.session_state["image_grid_rows"] = "cfg"
    page.session_state["image_grid_rows_cfg_values"] = "4, 7.5"
    page = checked(page.run())
    assert "2 × 2 = 4 pictures" in words_of(page)
    assert page.button(key="image_run").label == "Make 4"
    page, runs = made(page, services)
    cells = [(run.image.options.cfg, run.image.options.steps) for run in runs]
    assert cells == [(4, 2), (4, 3), (7.5, 2), (7.5, 3)]
    assert len({run.image.options.seed for run in runs}) == 1
    assert board(page)["table"] == {
        "across": "Steps",
        "columns": ["2", "3"],
        "down": "CFG",
        "rows": ["4", "7.5"],
    }


def test_a_grid_with_a_wrong_value_is_not_sent(open_page: Open, services: Services) -> None:
    page = open_page()
    page.session_state["image_prompt"] = "a cup"
    page.session_state["image_grid_columns"] = "steps"
    page.session_state["image_grid_columns_steps_values"] = "20, many"
    page = make(checked(page.run()))
    assert "“many” cannot be used here." in words_of(page)
    assert services.gateway.recent() == []


def test_many_pictures_are_asked_about_first(open_page: Open, services: Services) -> None:
    page = open_page()
    page.session_state["image_prompt"] = "a cup"
    page.session_state["image_size"] = "32 × 32"
    page.session_state["image_grid_columns"] = "seed"
    page.session_state["image_grid_columns_seed_values"] = ",".join(map(str, range(13)))
    page = make(checked(page.run()))
    assert "These are 13 pictures." in page.warning[0].value
    assert services.gateway.recent() == []
    page = checked(page.button(key="image_confirm_run").click().run())
    assert [run.image.options.seed for run in runs_of(page, services)] == list(range(13))


def test_an_address_opens_the_same_pictures_and_fills_the_composer(
    open_page: Open, services: Services
) -> None:
    page, runs = made(open_page(), services, count=2, preset="brand_logo")
    again = open_page(batch=page.query_params["batch"])
    assert [item["run"] for item in board(again)["items"]] == [run.id for run in runs]
    assert again.text_area(key="image_prompt").value == "a cup on linen"
    assert again.pills(key="image_preset").value == "brand_logo"
    assert again.session_state["image_size"] == "96 × 64"
    assert again.session_state["image_count"] == 2
    assert again.session_state["image_steps"] == 2
    assert again.session_state["image_cfg"] is None, "as the preset has it"


def test_an_unknown_address_is_a_friendly_card(open_page: Open) -> None:
    page = open_page(run="nothing")
    assert "There is no run at this address." in words_of(page)


def test_pictures_of_yesterday_are_there_when_nothing_is_open(
    open_page: Open, services: Services
) -> None:
    _, (run,) = made(open_page(), services)
    page = open_page()
    assert [item["run"] for item in board(page, "image_earlier")["items"]] == [run.id]


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("mock-picture-error", "lost this picture before it was finished"),
        ("mock-picture-out-of-memory", "ran out of memory"),
        ("mock-picture-lost", "lost this picture"),
    ],
)
def test_a_failed_picture_says_what_to_do(
    open_page: Open, services: Services, model: str, told: str
) -> None:
    page, (run,) = made(open_page(), services, model_mock=model)
    assert run.status is RunStatus.FAILED
    (item,) = board(page)["items"]
    assert item["state"] == "failed"
    assert told in item["what"]
    assert item["next"]


def test_a_dead_comfyui_says_how_to_start_it() -> None:
    told = explain_picture(
        image_run(
            provider="comfyui",
            mode=Mode.LIVE,
            status=RunStatus.FAILED,
            error_code="provider_unavailable",
        )
    )
    assert told.command == "python main.py"
    assert "COMFYUI_BASE_URL" in told.next_step


@pytest.mark.parametrize(
    ("code", "details", "told"),
    [
        ("provider_error", {"out_of_memory": True}, "ran out of memory"),
        ("provider_error", {"interrupted": True}, "Somebody else stopped"),
        ("provider_rejected", {"missing_nodes": ["FaceDetailer"]}, "FaceDetailer"),
        ("broken_answer", {"lost": True}, "lost this picture"),
        ("broken_answer", {"gone": True}, "no longer has the file"),
        ("model_not_found", {"folder": "models/checkpoints"}, "no checkpoint yet"),
        ("model_not_found", {"model": "sd.safetensors"}, "sd.safetensors"),
        ("provider_timeout", {}, "silent for too long"),
    ],
)
def test_what_goes_wrong_at_comfyui_is_told_in_words(
    code: str, details: dict, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(st.session_state, "language", Language.ENGLISH)
    run = image_run(
        provider="comfyui",
        mode=Mode.LIVE,
        status=RunStatus.FAILED,
        error_code=code,
        error_details=details,
    )
    explanation = explain_picture(run)
    assert told in explanation.what
    assert explanation.next_step
    assert "{" not in explanation.what + explanation.next_step


def test_a_picture_uploaded_is_started_from(open_page: Open, services: Services) -> None:
    page = open_page()
    uploader = page.file_uploader[0]
    page = checked(uploader.set_value(("photo.png", picture(), "image/png")).run())
    source = page.session_state["image_source"]
    assert services.pictures.has(source)
    assert page.slider(key="image_denoise").value == 0.6
    page, (run,) = made(page, services, denoise=0.3)
    assert run.payload["source_sha256"] == source
    assert run.image.options.denoise == 0.3
    page = checked(page.button(key="image_source_remove").click().run())
    assert page.session_state["image_source"] is None


def test_what_is_no_picture_is_refused_with_the_reason(open_page: Open) -> None:
    page = open_page()
    page = checked(page.file_uploader[0].set_value(("x.png", b"nothing", "image/png")).run())
    assert "This cannot be made as it is." in words_of(page)
    assert "image_source" not in page.session_state


def test_what_will_be_sent_is_shown(open_page: Open) -> None:
    page = open_page()
    page.session_state["image_prompt"] = "a cup on linen"
    page.session_state["image_preview"] = True
    page = checked(page.run())
    assert "a cup on linen" in [code.value for code in page.code]
    assert '"steps": 30' in words_of(page)


def test_a_korean_brief_becomes_an_english_prompt_that_is_seen_before_use(
    open_page: Open, services: Services
) -> None:
    page = open_page(locale="ko-KR")
    page.session_state["image_prompt"] = "리넨 위의 컵"
    page = checked(page.run())
    page = checked(page.menu_button(key="image_english_ask").click("mock").run())
    run = services.gateway.result(page.session_state["image_english_run"], timeout=20)
    page = checked(page.run())
    (written,) = [area for area in page.text_area if area.key == f"image_english_{run.id}"]
    assert written.value == run.output_json["prompt"]
    assert page.text_area(key="image_prompt").value == "리넨 위의 컵"
    page = checked(written.set_value("a cup, edited").run())
    page = checked(page.button(key="image_english_use").click().run())
    assert page.text_area(key="image_prompt").value == "a cup, edited"


def test_an_answer_of_the_text_page_becomes_a_prompt(open_page: Open, services: Services) -> None:
    request = TextRequest(
        role="vision_generator", task="image_prompt", payload={"brief": "리넨 위의 컵"}
    )
    run = services.gateway.result(services.gateway.submit(request), timeout=20)
    page = page_kit.open_page(run=run.id)
    page = checked(page.button(key=f"picture_{run.id}").click().run())
    assert page.title[0].value == "Image"
    assert page.text_area(key="image_prompt").value == run.output_json["prompt"]


def test_recent_runs_open_on_the_page_of_their_kind(open_page: Open, services: Services) -> None:
    _, (drawn,) = made(open_page(), services)
    page = page_kit.open_page()
    assert drawn.image.pictures[0].sha256 in page.button(key=f"recent_{drawn.id}").label
    page = checked(page.button(key=f"recent_{drawn.id}").click().run())
    assert page.title[0].value == "Image"
    assert [item["run"] for item in board(page)["items"]] == [drawn.id]


def test_a_batch_is_one_line_among_the_recent_runs(open_page: Open, services: Services) -> None:
    page, runs = made(open_page(), services, count=3)
    (line,) = [button for button in page.button if str(button.key).startswith("recent_")]
    page = open_page()
    page = checked(page.button(key=line.key).click().run())
    assert [item["run"] for item in board(page)["items"]] == [run.id for run in runs]


def test_the_page_speaks_korean(open_page: Open, services: Services) -> None:
    page, _ = made(open_page(locale="ko-KR"), services)
    assert page.title[0].value == "이미지"
    assert board(page)["words"]["compare"] == "비교"


def test_markup_in_a_prompt_stays_letters(open_page: Open, services: Services) -> None:
    page, (run,) = made(open_page(), services, prompt="<img src=x> ![x](http://evil.example/x)")
    assert board(page)["items"][0]["prompt"] == "<img src=x> ![x](http://evil.example/x)"
    assert "](http" not in page.button(key=f"recent_{run.id}").label.split(") ", 1)[1]


def test_a_picture_under_way_says_where_it_is() -> None:
    view = RunView(
        run=image_run(status=RunStatus.RUNNING),
        phase=Phase.DRAWING,
        progress=Progress(value=7, maximum=28, node="KSampler"),
        previews=3,
        elapsed_ms=4000,
    )
    (item,) = items_of(view, width=320)
    assert (item["state"], item["share"]) == ("live", 0.25)
    assert item["preview"].endswith(f"/runs/{view.run.id}/preview?n=3")
    assert "7" in item["status"]
    assert "KSampler" in item["beside"]


def test_a_run_being_stopped_says_so_until_it_is() -> None:
    view = RunView(run=image_run(status=RunStatus.RUNNING), phase=Phase.CANCELLING)
    assert items_of(view, width=320)[0]["stopping"]


@pytest.mark.parametrize("typed", ["1200x630", "1200 × 630", "1200*630", " 1200X630 "])
def test_a_size_is_read_however_it_is_typed(typed: str) -> None:
    assert parse_size(typed) == (1200, 630)


@pytest.mark.parametrize("typed", ["", "1200", "8x8", "99999x10", "axb", "1200x630x2"])
def test_what_is_no_size_is_refused(typed: str) -> None:
    with pytest.raises(BadValue):
        parse_size(typed)


def test_values_are_typed_by_comma_or_line_and_counted_once() -> None:
    assert parse_axis("steps", "10, 20\n20; 30").values == (10, 20, 30)
    assert parse_axis("size", "512x512, 768x512").values == ((512, 512), (768, 512))


@pytest.mark.parametrize(
    ("name", "typed"), [("steps", "0"), ("cfg", "nan"), ("seed", "-1"), ("size", "x"), ("cfg", "")]
)
def test_values_that_cannot_be_are_refused(name: str, typed: str) -> None:
    with pytest.raises(BadValue):
        parse_axis(name, typed)


def test_a_grid_is_made_row_by_row() -> None:
    requests = expand(REQUEST, Axis("steps", (1, 2)), Axis("checkpoint", ("a", "b")))
    assert [(one.model, one.options.steps) for one in requests] == [
        ("a", 1),
        ("a", 2),
        ("b", 1),
        ("b", 2),
    ]


def test_words_of_the_prompt_are_replaced() -> None:
    axis = Axis("prompt", ("evening", "rain"), find="morning")
    prompts = [one.prompt for one in expand(REQUEST, axis)]
    assert prompts == ["a cup in the evening, on linen", "a cup in the rain, on linen"]
    with pytest.raises(BadValue):
        expand(REQUEST, Axis("prompt", ("x",), find="not there"))


def test_runs_are_read_back_as_the_table_they_make() -> None:
    options = [ImageOptions(steps=s, width=w, height=64) for w in (64, 96) for s in (4, 8)]
    table = table_of([image_run(options=one) for one in options])
    assert table is not None
    assert (table.across, table.columns) == ("steps", ("4", "8"))
    assert (table.down, table.rows) == ("size", ("64 × 64", "96 × 64"))


def test_prompts_head_a_table_by_what_differs() -> None:
    runs = [image_run(payload={"prompt": f"a cup in the {x}, on linen"}) for x in ("sun", "rain")]
    table = table_of(runs)
    assert table is not None
    assert table.columns == ("sun,", "rain,")
    assert distinct_parts(["a b c", "a c"]) == ("b", "–")


def test_variations_and_other_heaps_make_no_table() -> None:
    seeds = [image_run(options=ImageOptions(seed=seed)) for seed in (1, 2)]
    assert table_of(seeds) is None
    heap = [
        ImageOptions(steps=4, cfg=1),
        ImageOptions(steps=8, cfg=2),
        ImageOptions(steps=8, cfg=1),
    ]
    assert table_of([image_run(options=one) for one in heap]) is None
    assert table_of([]) is None


def test_a_prompt_is_taken_from_an_answers_own_field_or_its_words() -> None:
    answer = {"prompt": "a cup", "negative": "people"}
    assert picture_prompt(make_run(output="{}", output_json=answer)) == ("a cup", "people")
    copy = {"headline": "Tea.", "bullets": ["warm", "slow"]}
    assert picture_prompt(make_run(output="{}", output_json=copy)) == ("Tea. warm. slow", "")
    assert picture_prompt(make_run(output=" a cup ")) == ("a cup", "")
