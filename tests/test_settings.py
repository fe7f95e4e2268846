"""Settings: defaults that run, old names that warn, wrong values that are explained."""

import re
from pathlib import Path

import pytest

from core.errors import SettingsError
from core.settings import LegacySettingWarning, Settings, load_settings
from core.types import Mode, Tier


def test_nothing_configured_is_a_working_mock() -> None:
    settings = load_settings({}, env_file=None)
    assert settings.generator_mode is Mode.MOCK
    assert settings.ollama_base_url == "http://127.0.0.1:11434"
    assert (settings.ollama_timeout, settings.comfyui_timeout) == (120, 300)
    assert settings.ollama_default_model == "qwen2.5:14b"
    assert settings.database_path == Path("data/playground.db")


@pytest.mark.parametrize(
    ("old", "new"),
    [("OLLAMA_ENDPOINT", "ollama_base_url"), ("COMFYUI_ENDPOINT", "comfyui_base_url")],
)
def test_an_old_name_works_and_warns(old: str, new: str) -> None:
    with pytest.warns(LegacySettingWarning, match=old):
        settings = load_settings({old: "http://gpu:1234/"}, env_file=None)
    assert getattr(settings, new) == "http://gpu:1234"


def test_the_new_name_wins_over_the_old_one_without_a_warning() -> None:
    names = {"OLLAMA_ENDPOINT": "http://old:1", "OLLAMA_BASE_URL": "http://new:1"}
    assert load_settings(names, env_file=None).ollama_base_url == "http://new:1"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("GENERATOR_MODE=live\nOLLAMA_DEFAULT_MODEL=from-file\n", encoding="utf-8")
    settings = load_settings({"OLLAMA_DEFAULT_MODEL": "from-environment"}, env_file)
    assert settings.generator_mode is Mode.LIVE
    assert settings.ollama_default_model == "from-environment"


def test_an_empty_value_means_not_set(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("OLLAMA_NUM_CTX=\nGENERATOR_MODE=live\n", encoding="utf-8")
    settings = load_settings({"GENERATOR_MODE": "  "}, env_file)
    assert settings.ollama_num_ctx is None
    assert settings.generator_mode is Mode.MOCK


def test_every_wrong_setting_gets_one_sentence_that_names_it() -> None:
    wrong = {"GENERATOR_MODE": "lve", "OLLAMA_TIMEOUT": "-3", "OLLAMA_BASE_URL": "localhost:1"}
    with pytest.raises(SettingsError) as caught:
        load_settings(wrong, env_file=None)
    problems = caught.value.details["problems"]
    assert [problem.split(" ")[0] for problem in problems] == sorted(wrong)
    assert all("\n" not in problem for problem in problems)


def test_secrets_never_print() -> None:
    settings = load_settings(
        {"OPENAI_API_KEY": "sk-secret", "OLLAMA_API_KEY": "tok"}, env_file=None
    )
    assert "sk-secret" not in f"{settings!r}{settings}{settings.model_dump_json()}"
    with pytest.raises(SettingsError) as caught:
        load_settings({"OLLAMA_BASE_URL": "ftp://me:hunter2@host"}, env_file=None)
    assert "hunter2" not in str(caught.value)


def test_tiers_fall_back_to_the_default_model() -> None:
    settings = load_settings({"LLM_MODEL_HEAVY": "large"}, env_file=None)
    assert settings.tier_models("usual") == {
        Tier.LIGHT: "usual",
        Tier.STANDARD: "usual",
        Tier.HEAVY: "large",
    }


def test_the_readme_and_the_example_file_name_every_setting_with_its_default() -> None:
    table = Path("README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| `?([^|`]*)`? \|", table, re.MULTILINE))
    defaults = {
        name.upper(): str(value) for name, value in load_settings({}, env_file=None) if value
    }
    shown = {name: rows.get(name, "missing").strip() for name in defaults}
    assert shown == {name: value.removesuffix(".0") for name, value in defaults.items()}
    example = Path(".env.example").read_text(encoding="utf-8")
    names = set(re.findall(r"^#?\s?([A-Z_]+)=", example, re.MULTILINE))
    assert names == {name.upper() for name in Settings.model_fields}
