"""The Health page as a person reads it, and the line on the other pages when something is down."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from core.health import Device, LoadedModel, Seen
from core.services import Services
from core.types import ModelInfo
from tests import page_kit
from tests.health_kit import (
    COMPONENTS,
    ToldMonitor,
    all_well,
    comfyui,
    database,
    disk,
    models,
    ollama,
    provider,
    refused,
)
from tests.page_kit import (
    Open,
    add_column,
    checked,
    choose,
    fill_example,
    finish,
    press_run,
    words_of,
)

ALIVE = re.compile(r"(?<!\\)<script|(?<!\\)!(?<!\\)\[|(?<!\\):red(?<!\\)\[loud")
HOSTILE = "<script>alert(1)</script> ![x](http://evil.test/x.png) :red[loud] \u202etxt"


@pytest.fixture
def monitor(services: Services) -> ToldMonitor:
    """All is well, until the test says otherwise."""
    told = ToldMonitor(*all_well())
    services.health.close()
    services.health = told
    return told


@pytest.fixture
def open_page(services: Services, monitor: ToldMonitor, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open the Health page, with the details of these cards unfolded."""
    monkeypatch.setattr("core.services.get_services", lambda: services)

    def open_health(*unfolded: str, locale: str = "en-US") -> AppTest:
        page = page_kit.open_page(locale=locale)
        for card in unfolded:
            page.session_state[f"health_fold_{card}"] = True
        return checked(page.switch_page("health.py").run())

    return open_health


def shown(page: AppTest) -> str:
    """Everything written on the page, in HTML too, as it is read: without escapes and styles."""
    html = [one.proto.body for one in page.get("html") if "<style>" not in one.proto.body]
    written = "\n".join([words_of(page), *html])
    return written.replace("\\", "").replace("\u2060", "")


def test_one_sentence_says_that_everything_works(open_page: Open) -> None:
    page = open_page()

    assert "Everything works" in shown(page)
    assert "Last checked" in shown(page)
    assert [one.value for one in page.subheader][:3] == [
        "Mock",
        "Ollama",
        "OpenAI\\-compatible server",
    ]


def test_the_mock_is_one_card_and_the_others_have_one_each(open_page: Open) -> None:
    names = [one.value.replace("\\", "") for one in open_page().subheader]

    assert sorted(names[:6]) == sorted(
        ["Mock", "Ollama", "OpenAI-compatible server", "ComfyUI", "Database", "Disk"]
    )


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([Seen(component="text/ollama", checking=True)], "Checking …"),
        ([ollama()], "Works"),
        ([ollama("degraded", code="slow", reason="x")], "Works in part"),
        ([refused("text/ollama")], "Does not work"),
        ([provider("text/ollama", "not_configured")], "Not set up"),
        ([Seen(component="image/comfyui")], "Checking …"),
        ([comfyui("degraded", code="no_checkpoint", details={"folder": "m"})], "has no checkpoint"),
        ([refused("image/comfyui")], "ComfyUI does not answer."),
        ([provider("image/comfyui", "not_configured")], "To use it, set COMFYUI"),
        ([provider("text/openai")], "Everything works"),
        ([provider("text/openai", "down", code="unknown_host")], "There is no machine"),
        ([provider("image/mock", "down", code="check_failed")], "Mock could not be checked."),
        ([Seen(component="database")], "The first check is under way"),
        ([database("degraded", code="database_locked")], "Another program is holding"),
        ([database("down", code="database_missing")], "is gone"),
        ([Seen(component="disk")], "The first check is under way"),
        ([disk("degraded", code="disk_low", details={"free": 9 * 10**9})], "Only 9.0 GB are left"),
        ([disk("down", code="disk_full", free=10**8)], "The disk is full."),
    ],
)
def test_each_state_of_each_card_is_told_in_words(
    open_page: Open, monitor: ToldMonitor, told: list[Seen], words: str
) -> None:
    monitor.tell(*told)

    page = open_page()

    assert words in shown(page)


def test_in_the_first_seconds_every_card_says_that_it_is_being_checked(
    open_page: Open, monitor: ToldMonitor
) -> None:
    monitor.tell(*(Seen(component=name) for name in COMPONENTS))

    told = shown(open_page())

    assert told.count("Checking …") == 6
    assert "Last checked" not in told
    assert "Looking at every part …" in told


def test_a_server_that_is_down_says_since_when_why_and_the_command_to_copy(
    open_page: Open, monitor: ToldMonitor
) -> None:
    monitor.tell(refused("text/ollama"))

    page = open_page()

    assert "Live copy cannot be written now: Ollama does not answer" in shown(page)
    assert "since" in shown(page)
    assert "ollama serve" in [one.value for one in page.code]
    assert "Start it, or check that OLLAMA_BASE_URL holds its address." in shown(page)


def test_the_facts_are_one_click_away(open_page: Open) -> None:
    assert "http://127.0.0.1:11434" not in shown(open_page())

    told = shown(open_page("text_ollama"))

    for fact in ("0.33.0", "http://127.0.0.1:11434", "4.2 ms", "8,192 tokens", "10.8 GB"):
        assert fact in told
    assert "100% on the graphics card" in told
    assert "unloads in 4 min" in told
    assert "writes, sees pictures" in told


def test_a_model_half_on_the_card_is_drawn_and_said_to_be(
    open_page: Open, monitor: ToldMonitor
) -> None:
    loaded = LoadedModel(name="big", memory=100, gpu_memory=62)
    monitor.tell(ollama(loaded=(loaded,)))

    told = shown(open_page("text_ollama"))

    assert "62% on the graphics card · slower than if all of it fit" in told
    assert 'style="width:62.0%"' in told


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=400 * 365), "stays loaded"),
        (timedelta(seconds=20), "unloads within a minute"),
        (timedelta(seconds=-20), "unloads within a minute"),
        (timedelta(hours=3, minutes=1), "unloads in 3 hr"),
    ],
)
def test_how_long_a_model_stays_is_told_in_words(
    open_page: Open, monitor: ToldMonitor, left: timedelta, words: str
) -> None:
    until = datetime.now(UTC) + left
    monitor.tell(ollama(loaded=(LoadedModel(name="m", expires_at=until),)))

    assert words in shown(open_page("text_ollama"))


def test_comfyui_shows_devices_and_whose_jobs_wait(open_page: Open, monitor: ToldMonitor) -> None:
    told = shown(open_page("image_comfyui"))

    assert "9.0 GB of 24.0 GB in use" in told
    assert "1 running, 3 waiting, 2 of all ours" in told
    assert 'style="width:50.0%"' in told

    monitor.tell(comfyui(devices=(Device(name="CPU"),), queue=None))
    assert "CPU" in shown(open_page("image_comfyui"))

    monitor.tell(comfyui(devices=(Device(name="cpu", kind="cpu"),)))
    assert shown(open_page("image_comfyui")).count("cpu") == 1


def test_only_a_server_whose_details_are_open_is_kept_fresh(
    open_page: Open, monitor: ToldMonitor
) -> None:
    open_page()
    assert monitor.kept_fresh == set()
    open_page("image_comfyui")
    assert monitor.kept_fresh == {"image/comfyui"}


def test_two_hundred_models_scroll_and_are_filtered(open_page: Open, monitor: ToldMonitor) -> None:
    monitor.tell(ollama(models=models(200)))
    page = open_page("text_ollama")
    assert "200 of 200" in shown(page)
    assert shown(page).count("<tr>") == 201

    page = checked(page.text_input(key="health_text_ollama_filter").set_value("-19").run())
    assert "11 of 200" in shown(page)
    assert "model-199:latest" in shown(page)

    page = checked(page.text_input(key="health_text_ollama_filter").set_value("nothing").run())
    assert "No model" in shown(page)


def test_what_a_server_tells_of_no_model_has_no_column(
    open_page: Open, monitor: ToldMonitor
) -> None:
    assert "Parameters" in shown(open_page("text_ollama"))
    monitor.tell(comfyui(models=(ModelInfo(name="sd15.safetensors"),)))
    told = shown(open_page("image_comfyui"))
    assert "sd15.safetensors" in told
    assert "Parameters" not in told
    monitor.tell(comfyui(models=(ModelInfo(name="–"),)))
    assert '<td class="">–</td>' in shown(open_page("image_comfyui"))


def test_a_server_without_models_says_so(open_page: Open, monitor: ToldMonitor) -> None:
    monitor.tell(ollama(models=(), loaded=()))

    told = shown(open_page("text_ollama"))

    assert "The server has no model yet." in told
    assert "No model is loaded." in told


def test_database_and_disk_tell_where_they_are_and_how_large(open_page: Open) -> None:
    told = shown(open_page("database", "disk"))

    assert "/srv/playground/data/playground.db" in told
    assert "81.3 MB" in told
    assert "212 GB free of 512 GB" in told


def test_what_servers_say_of_themselves_is_text(open_page: Open, monitor: ToldMonitor) -> None:
    odd = ModelInfo(name=HOSTILE, parameters=HOSTILE, capabilities=(HOSTILE,))
    monitor.tell(
        ollama(
            "degraded",
            code="flooded",
            reason=HOSTILE,
            version=HOSTILE,
            address=HOSTILE,
            models=(odd,),
            loaded=(LoadedModel(name=HOSTILE),),
        ),
        comfyui(version=HOSTILE, devices=(Device(name=HOSTILE, kind=HOSTILE),)),
    )

    page = open_page("text_ollama", "image_comfyui")

    html = [one.proto.body for one in page.get("html")]
    markdown = [str(one.value) for one in (*page.markdown, *page.caption)]
    assert not any("<script" in body for body in html)
    assert not any("\u202e" in body for body in html)
    assert any("&lt;script&gt;alert(1)&lt;/script&gt;" in body for body in html)
    assert not any(ALIVE.search(words) for words in markdown)


def test_a_long_name_is_cut_and_does_not_fill_the_page(
    open_page: Open, monitor: ToldMonitor
) -> None:
    monitor.tell(ollama(version="9" * 100_000, models=(ModelInfo(name="m" * 100_000),)))

    assert len(shown(open_page("text_ollama"))) < 20_000


def test_check_now_asks_for_everything_and_says_that_it_is_under_way(
    open_page: Open, monitor: ToldMonitor
) -> None:
    page = open_page()
    monitor.tell(*(one.model_copy(update={"checking": True}) for one in all_well()))

    page = checked(page.button(key="health_check").click().run())

    assert monitor.checks == [None]
    assert "Checking …" in shown(page)
    assert "Last checked" not in shown(page)


def test_the_page_is_korean_for_korean_readers(open_page: Open, monitor: ToldMonitor) -> None:
    monitor.tell(refused("text/ollama"))

    told = shown(open_page("text_ollama", "image_comfyui", locale="ko-KR"))

    assert "지금은 라이브 문구를 쓸 수 없어요" in told
    assert "작동 안 함" in told
    assert "대기열 4건, 그중 우리 것 2건" in told


# The line above Run.


@pytest.fixture
def open_text(services: Services, monitor: ToldMonitor, monkeypatch: pytest.MonkeyPatch) -> Open:
    monkeypatch.setattr("core.services.get_services", lambda: services)
    return page_kit.open_page


def above_run(page: AppTest) -> str:
    """What is said above Run: errors of runs are texts, this is markdown."""
    return "\n".join(str(one.value) for one in page.markdown)


def live(page: AppTest, **settings: object) -> AppTest:
    return choose(page, 1, mode="live", **settings)


def test_nothing_is_said_above_run_while_all_is_well_or_only_the_mock_is_asked(
    open_text: Open, monitor: ToldMonitor
) -> None:
    assert "Ollama" not in shown(live(open_text()))

    monitor.tell(refused("text/ollama"))
    assert "Ollama does not answer" not in shown(open_text())


def test_a_live_column_says_that_its_server_is_down_and_when_it_is_back(
    open_text: Open, monitor: ToldMonitor
) -> None:
    monitor.tell(refused("text/ollama"))

    page = live(open_text())
    assert "Ollama does not answer" in shown(page)
    assert "`ollama serve`" in shown(page)
    assert "See Health" in [link.label for link in page.get("page_link")]

    monitor.tell(ollama())
    assert "Ollama does not answer" not in shown(checked(page.run()))


def test_the_line_neither_comes_nor_goes_while_a_run_is_being_watched(
    open_text: Open, monitor: ToldMonitor, services: Services
) -> None:
    page = choose(fill_example(open_text()), 1, model_mock="mock-slow")
    page = press_run(add_column(page, "other_mode"))
    assert "Ollama does not answer" not in above_run(page)

    monitor.tell(refused("text/ollama"))
    page = checked(page.run())
    assert "under way" in shown(page)
    assert "Ollama does not answer" not in above_run(page)

    for view in services.gateway.batch(page.query_params["batch"]):
        services.gateway.cancel(view.run.id)
    assert "Ollama does not answer" in above_run(finish(page, services))


def test_a_model_that_is_missing_is_told_only_to_who_chose_it(
    open_text: Open, monitor: ToldMonitor
) -> None:
    found = {"code": "models_missing", "details": {"models": ["qwen2.5:14b"]}}
    monitor.tell(ollama("degraded", **found, command="ollama pull qwen2.5:14b"))

    assert "does not have a model" in shown(live(open_text()))
    assert "does not have a model" not in shown(live(open_text(), model_live="other:1b"))


def test_a_database_that_cannot_be_written_is_told_to_everybody(
    open_text: Open, monitor: ToldMonitor
) -> None:
    monitor.tell(database("down", code="database_read_only", reason="x"))

    assert "can be read, but not written" in shown(open_text())


def test_pictures_say_that_comfyui_is_down(open_text: Open, monitor: ToldMonitor) -> None:
    monitor.tell(refused("image/comfyui"))
    page = checked(open_text().switch_page("image.py").run())
    assert "ComfyUI does not answer" not in shown(page)

    page.session_state["image_mode"] = "live"
    assert "ComfyUI does not answer" in shown(checked(page.run()))


def test_what_a_server_is_missing_is_text_above_run_too(
    open_text: Open, monitor: ToldMonitor
) -> None:
    found = {"code": "models_missing", "details": {"models": [HOSTILE]}}
    monitor.tell(ollama("degraded", **found, command=f"ollama pull {HOSTILE}"))

    page = live(open_text(), model_live=HOSTILE)

    written = [str(one.value) for one in page.markdown]
    assert any("does not have a model" in words for words in written)
    assert not any(ALIVE.search(words) for words in written)
