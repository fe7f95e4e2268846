"""The settings in force: where each comes from, and nothing secret in what is shown."""

from pathlib import Path

import pytest

from core.effective_settings import EffectiveSetting, effective
from core.setting_sources import Source
from core.settings import LegacySettingWarning, Settings, load_settings


def shown(environ: dict[str, str], env_file: Path | None = None) -> dict[str, EffectiveSetting]:
    return {one.name: one for one in effective(load_settings(environ, env_file))}


def test_every_setting_is_there_in_the_order_of_the_table() -> None:
    assert list(shown({})) == [name.upper() for name in Settings.model_fields]


def test_nothing_set_is_nothing_but_defaults() -> None:
    found = shown({}).values()
    assert {one.source for one in found} == {Source.DEFAULT}
    assert not any(one.is_changed or one.deprecated_name for one in found)


def test_each_value_says_where_it_comes_from(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("GENERATOR_MODE=live\nMOCK_CONCURRENCY=3\n", encoding="utf-8")
    found = shown({"mock_concurrency": "4"}, env_file)
    mode, lanes = found["GENERATOR_MODE"], found["MOCK_CONCURRENCY"]
    assert (mode.value, mode.default, mode.source) == ("live", "mock", Source.ENV_FILE)
    assert (lanes.value, lanes.source, lanes.is_changed) == ("4", Source.ENVIRONMENT, True)


def test_an_empty_variable_takes_the_files_value_away(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("GENERATOR_MODE=live\n", encoding="utf-8")
    mode = shown({"GENERATOR_MODE": " "}, env_file)["GENERATOR_MODE"]
    assert (mode.value, mode.source) == ("mock", Source.DEFAULT)


def test_a_setting_that_says_its_default_is_not_changed() -> None:
    found = shown({"OLLAMA_TIMEOUT": "120"})["OLLAMA_TIMEOUT"]
    assert (found.value, found.source, found.is_changed) == ("120", Source.ENVIRONMENT, False)


def test_a_deprecated_name_is_told() -> None:
    with pytest.warns(LegacySettingWarning):
        found = shown({"COMFYUI_ENDPOINT": "http://gpu:1"})["COMFYUI_BASE_URL"]
    assert (found.deprecated_name, found.value) == ("COMFYUI_ENDPOINT", "http://gpu:1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OLLAMA_API_KEY", "hunter2"),
        ("PLAYGROUND_ADMIN_PASSWORD", "hunter2"),
        ("OLLAMA_BASE_URL", "http://mina:hunter2@gpu:1"),
        ("OLLAMA_BASE_URL", "http://mina:hunter2@x@gpu:1/ollama"),
        ("OLLAMA_BASE_URL", "http://mina:1/hunter2@gpu:1"),
        ("OPENAI_BASE_URL", "http://gpu:1/v1?key=hunter2"),
    ],
)
def test_no_secret_is_in_what_is_shown(name: str, value: str) -> None:
    found = shown({name: value})[name]
    assert found.is_set
    assert found.is_changed
    assert "hunter2" not in found.model_dump_json()


def test_an_address_stays_readable_without_its_credentials() -> None:
    found = shown({"OLLAMA_BASE_URL": "https://mina:pass@gpu:1/ollama"})["OLLAMA_BASE_URL"]
    assert found.value == "https://***@gpu:1/ollama"
