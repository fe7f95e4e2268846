"""What health checks find, in words for people."""

import pytest

from core.health import CODES, Health, HealthState, Seen
from pages import _health_words
from pages._health_banner import Need, stands_in_the_way
from pages._health_words import words_of
from tests.health_kit import all_well, database, disk, provider, seen
from tests.test_translations import placeholders

NOT_TOLD = {"name", "reason", "setting", "key", "minutes"}


def test_every_code_of_a_check_has_words() -> None:
    silent = {"provider_not_configured"}  # said by the state itself
    assert set(CODES) - silent == set(_health_words._WORDS)


@pytest.mark.parametrize("code", sorted(_health_words._WORDS))
def test_a_sentence_is_filled_only_by_what_a_check_is_sure_to_tell(code: str) -> None:
    told = placeholders(" ".join(_health_words._WORDS[code]))

    assert told <= NOT_TOLD | set(CODES[code])
    assert "minutes" not in told or "seconds" in CODES[code]


def test_an_unknown_code_is_told_in_the_words_of_the_check() -> None:
    found = words_of(provider("text/ollama", "down", code="flooded", reason="Water came in."))

    assert "Water came in." in found.what
    assert "Ollama" in found.what
    assert found.next_step


def test_a_setting_that_a_check_names_is_the_one_to_look_at() -> None:
    known = provider(
        "image/comfyui",
        "degraded",
        code="checkpoint_missing",
        details={"model": "a.safetensors", "setting": "COMFYUI_DEFAULT_CHECKPOINT"},
    )

    assert "COMFYUI_DEFAULT_CHECKPOINT" in words_of(known).next_step
    assert "COMFYUI_BASE_URL" in words_of(provider("image/comfyui", "not_configured")).next_step


def test_braces_and_missing_details_do_not_break_a_sentence() -> None:
    odd = {"models": ["{name}", "{x!r:>9999999}"]}
    found = words_of(provider("text/ollama", "degraded", code="models_missing", details=odd))
    bare = words_of(provider("text/ollama", "degraded", code="models_missing"))

    assert "{name}, {x!r:>9999999}" in found.what
    assert "–" in bare.what


def test_what_is_unknown_or_well_needs_no_words() -> None:
    assert words_of(Seen(component="text/ollama")).what == ""
    assert all(words_of(one).what == "" for one in (database(), disk()))


OLLAMA, COMFYUI = "text/ollama", "image/comfyui"


def health(state: str, code: str = "", **details: object) -> Health:
    return Health(state=HealthState(state), code=code, details=details)


@pytest.mark.parametrize(
    ("found", "need", "stops"),
    [
        (None, Need(OLLAMA), False),
        (health("ok"), Need(OLLAMA), False),
        (health("down"), Need(OLLAMA), True),
        (health("not_configured"), Need(OLLAMA), True),
        (health("degraded", "slow"), Need(OLLAMA), False),
        (health("degraded", "disk_low"), Need("disk"), False),
        (health("degraded", "models_missing", models=["a"]), Need(OLLAMA, "a"), True),
        (health("degraded", "models_missing", models=["a"]), Need(OLLAMA, "b"), False),
        (health("degraded", "no_models"), Need(OLLAMA, "b"), True),
        (health("degraded", "no_checkpoint"), Need(COMFYUI), True),
        (health("degraded", "no_checkpoint"), Need(COMFYUI, any_model=False), False),
        (health("degraded", "checkpoint_missing", model="a"), Need(COMFYUI), True),
        (health("degraded", "checkpoint_missing", model="a"), Need(COMFYUI, "b"), False),
        (health("degraded", "queue_stuck", waiting=3, seconds=99), Need(COMFYUI), True),
    ],
)
def test_only_what_would_fail_or_wait_for_ever_stands_in_the_way(
    found: Health | None, need: Need, stops: bool
) -> None:
    assert stands_in_the_way(found, need) is stops


def test_the_kit_tells_of_every_component() -> None:
    assert len({one.component for one in all_well()}) == 7
    assert seen("disk", health("ok")).since is not None
