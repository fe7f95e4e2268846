"""What works, in one sentence."""

import pytest

from core.health import Seen
from core.types import Language
from pages import _i18n
from pages._health_verdict import verdict
from tests.health_kit import ToldMonitor, all_well, database, disk, ollama, provider, refused

OPENAI = "text/openai"


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_i18n, "language", lambda: Language.ENGLISH)


def words(*told: Seen) -> str:
    return verdict(ToldMonitor(*all_well(), *told).all()).words


def test_all_is_well_though_one_server_is_not_set_up() -> None:
    assert words() == "Everything works."


def test_it_says_what_a_person_cannot_do_and_why() -> None:
    assert words(refused("text/ollama")) == (
        "Live copy cannot be written now: Ollama does not answer."
    )
    assert words(refused("image/comfyui")) == (
        "Live pictures cannot be made now: ComfyUI does not answer."
    )


def test_both_kinds_of_live_run_are_told_together() -> None:
    assert words(refused("text/ollama"), refused("image/comfyui")) == (
        "Live copy and live pictures cannot be made now."
    )


def test_another_server_that_works_is_named() -> None:
    assert words(refused("text/ollama"), provider(OPENAI)) == (
        "Live copy can be written only with OpenAI-compatible server: Ollama does not answer."
    )


def test_the_database_comes_first_and_the_others_are_counted() -> None:
    told = words(
        refused("text/ollama"),
        database("down", code="database_read_only", reason="x"),
        disk("degraded", code="disk_low"),
    )

    assert told == (
        "Nothing can be run now: The record of runs can be read, but not written. "
        "2 more parts need a look."
    )


def test_a_limit_is_no_loss() -> None:
    slow = ollama("degraded", code="slow", reason="x")

    assert words(slow) == (
        "Everything can be used, with one limit: Ollama is there, but answers slowly."
    )
    assert words(slow, disk("degraded", code="disk_low")) == (
        "Everything can be used, but 2 parts need a look."
    )


def test_nothing_is_said_to_work_before_it_was_checked() -> None:
    nothing = verdict(ToldMonitor().all())
    some = verdict(ToldMonitor(*all_well(), Seen(component="text/ollama")).all())

    assert (nothing.state, nothing.words) == (None, "Looking at every part …")
    assert (some.state, some.words) == (
        None,
        "What is known so far works. Still checking: Ollama",
    )
