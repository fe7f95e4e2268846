"""Data care on Health: room, backups, checks and pruning, for administrators alone."""

import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from streamlit.testing.v1 import AppTest

from core import services as services_module
from core.admin_door import AdminDoor
from core.data_care import AgeShare, PruneRule, Usage
from core.errors import StoreFull
from core.services import Services
from core.types import RunStatus, utc_now
from pages._health_prune_rule import rule_of
from pages._health_usage import age_parts
from tests.factories import make_run
from tests.health_parts import open_part
from tests.page_kit import checked, words_of
from tests.picture_kit import plain

Open = Callable[..., AppTest]


@pytest.fixture
def here(services: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    monkeypatch.setattr(services_module, "get_services", lambda: services)
    return services


@pytest.fixture
def care(here: Services, tmp_path: Path) -> Open:
    """The section as an administrator sees it, with one of its folds open."""

    def care(fold: str | None = None, **options: Any) -> AppTest:
        options = {"admin": here} | options
        page = open_part(tmp_path, "pages._health_data", "draw_data_care()", **options)
        if fold:
            page.session_state[f"health_fold_{fold}"] = True
            page = checked(page.run())
        return page

    return care


def keep_old(services: Services, count: int, *, days: int = 200, **values: Any) -> list[str]:
    moment = utc_now() - timedelta(days=days)
    known = {"status": RunStatus.SUCCEEDED, "created_at": moment, "provider": "mock"}
    runs = [make_run(**known | values) for _ in range(count)]
    services.store.insert(runs).result()
    return [run.id for run in runs]


def settled(page: AppTest, until: Callable[[AppTest], bool]) -> AppTest:
    """The page once `until` holds, drawn again and again as its fragment would be."""
    deadline = time.monotonic() + 20
    while not until(page):
        assert time.monotonic() < deadline, words_of(page)
        time.sleep(0.05)
        page = checked(page.run())
    return page


def an_old_file(path: Path) -> None:
    long_ago = time.time() - 30 * 86_400
    os.utime(path, (long_ago, long_ago))


def says(words: str) -> Callable[[AppTest], bool]:
    return lambda page: words in words_of(page)


def press(page: AppTest, key: str) -> AppTest:
    return checked(page.button(key=key).click().run())


def html(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


def preview(page: AppTest) -> AppTest:
    return press(page, "health_prune_preview")


def confirm(page: AppTest) -> AppTest:
    return checked(page.checkbox(key="health_prune_sure").check().run())


def test_only_administrators_see_it(care: Open) -> None:
    assert words_of(care(admin=None)) == ""


def test_what_takes_room_is_counted_in_the_background(here: Services, care: Open) -> None:
    keep_old(here, 3)
    page = settled(care(), lambda page: "3 runs" in html(page))
    assert "Database" in html(page)


def test_room_is_counted_anew_once_something_has_changed(here: Services, care: Open) -> None:
    page = settled(care("backups"), lambda page: "0 runs" in html(page))
    keep_old(here, 2)
    page = press(page, "health_backup")
    settled(page, lambda page: "2 runs" in html(page))


def test_pictures_are_told_by_age() -> None:
    older = {30: (9, 900), 90: (5, 500), 180: (4, 400), 365: (0, 0)}
    usage = Usage(
        database_bytes=1,
        database_free_bytes=0,
        runs=10,
        runs_put_away=0,
        pictures=10,
        picture_bytes=1000,
        uploads=0,
        upload_bytes=0,
        thumbnail_bytes=0,
        orphan_bytes=0,
        backups=0,
        backup_bytes=0,
        disk_free=1,
        disk_total=2,
        by_age=tuple(
            AgeShare(older_than_days=days, runs=runs, pictures=runs, picture_bytes=taken)
            for days, (runs, taken) in older.items()
        ),
    )
    parts = [(part["kind"], part["share"]) for part in age_parts(usage)]
    assert parts == [("work", 100), ("wait", 400), ("load", 500)]


def test_a_backup_is_made_and_says_how_to_go_back_to_it(here: Services, care: Open) -> None:
    keep_old(here, 2)
    page = care("backups")
    assert "There is no backup yet." in words_of(page)
    page = settled(press(page, "health_backup"), says("Backup made"))
    made = here.care.backups()[0]
    assert (made.runs, str(made.path)) == (2, page.code[0].value)
    assert f"python -m core.care restore {made.id} --replace" in words_of(page)
    assert made.id in html(page)


def test_while_a_backup_is_made_its_progress_is_shown_and_nothing_else_starts(
    here: Services, care: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_half, free = threading.Event(), threading.Event()

    def backup(told: Callable[[int, int], None]) -> None:
        told(5, 10)
        told_half.set()
        free.wait(10)
        raise StoreFull("The disk is full.")

    monkeypatch.setattr(here.care, "backup", backup)
    page = press(care("backups"), "health_backup")
    assert told_half.wait(10)
    page = checked(page.run())
    assert [bar.proto.value for bar in page.get("progress")] == [50]
    assert page.button(key="health_backup").disabled
    free.set()
    page = settled(page, says("The backup was not made."))
    assert "There is no room left on the disk." in words_of(page)


def test_a_check_tells_that_all_is_whole(here: Services, care: Open) -> None:
    keep_old(here, 1)
    page = settled(press(care("check"), "health_check_data"), says("All is whole."))
    assert "1 run and 0 pictures looked at" in words_of(page)


def test_what_is_not_whole_is_told_and_repaired(here: Services, care: Open) -> None:
    stray = here.pictures.keep(plain())
    an_old_file(here.pictures.path(stray.sha256))
    page = settled(press(care("check"), "health_check_data"), says("belong to no run"))
    assert stray.sha256 in words_of(page)
    page = settled(press(page, "health_mend"), says("were moved into the folder"))
    assert "All is whole." in words_of(page)


def test_pruning_takes_what_the_preview_shows_once_it_is_confirmed(
    here: Services, care: Open
) -> None:
    old, new = keep_old(here, 3), keep_old(here, 2, days=1)
    page = preview(care("prune"))
    assert "Would go: 3 runs." in words_of(page)
    assert page.button(key="health_prune_now").disabled
    page = confirm(page)
    assert page.checkbox(key="health_prune_sure").label == "Yes, remove 3 runs for good."
    page = settled(press(page, "health_prune_now"), says("Removed: 3 runs"))
    assert here.store.many([*old, *new]) == here.store.many(new)


def test_what_people_judged_stays_and_that_is_said(here: Services, care: Open) -> None:
    judged = keep_old(here, 2)[0]
    here.opinions.tag(judged, "후보").result()
    page = preview(care("prune"))
    assert "Would go: 1 run." in words_of(page)
    assert "1 run stays because somebody judged it." in words_of(page)


def test_a_changed_rule_wants_a_new_preview(here: Services, care: Open) -> None:
    keep_old(here, 1)
    page = preview(care("prune"))
    page.number_input(key="health_prune_days").set_value(100)
    page = checked(page.run())
    assert "You have changed the rule." in words_of(page)
    assert not [button for button in page.button if button.key == "health_prune_now"]


def test_when_other_runs_would_go_by_now_nothing_goes(here: Services, care: Open) -> None:
    old = keep_old(here, 2)
    page = confirm(preview(care("prune")))
    late = keep_old(here, 1)
    page = settled(press(page, "health_prune_now"), says("The runs were not removed."))
    assert "Other runs would go by now than the preview showed." in words_of(page)
    assert len(here.store.many([*old, *late])) == 3


def test_two_tabs_at_once_do_no_harm(here: Services, care: Open) -> None:
    old = keep_old(here, 2)
    first, second = (confirm(preview(care("prune"))) for _ in range(2))
    settled(press(first, "health_prune_now"), says("Removed: 2 runs"))
    page = settled(press(second, "health_prune_now"), says("The runs were not removed."))
    assert "Look at a new preview" in words_of(page)
    assert here.store.many(old) == []


def test_nothing_to_remove_is_said(care: Open) -> None:
    assert "Nothing would go" in words_of(preview(care("prune")))


@pytest.mark.parametrize(
    ("fold", "key", "chore"),
    [
        ("backups", "health_backup", "backup"),
        ("check", "health_check_data", "check"),
    ],
)
def test_whoever_is_no_administrator_any_more_starts_nothing(
    here: Services, care: Open, fold: str, key: str, chore: str
) -> None:
    page = care(fold)
    here.admin = AdminDoor(SecretStr(""))
    page = press(page, key)
    assert here.chores.find(chore) is None
    assert words_of(page) == ""


def test_whoever_is_no_administrator_any_more_removes_nothing(here: Services, care: Open) -> None:
    old = keep_old(here, 1)
    page = confirm(preview(care("prune")))
    here.admin = AdminDoor(SecretStr(""))
    press(page, "health_prune_now")
    assert here.chores.find("prune") is None
    assert len(here.store.many(old)) == 1


def said(**values: Any) -> dict[str, Any]:
    usual = {"by": "age", "days": 90, "gb": 1.5, "kinds": ["image"], "spare": True, "away": False}
    return {f"health_prune_{name}": value for name, value in (usual | values).items()}


def test_the_widgets_say_a_rule() -> None:
    assert rule_of(said()) == PruneRule(
        older_than_days=90, kinds=("image",), put_away_after_days=None
    )
    assert rule_of(said(by="size", spare=False, away=True)) == PruneRule(
        keep_picture_bytes=1_500_000_000, put_away_after_days=30, spare_judged=False
    )


@pytest.mark.parametrize("values", [{"kinds": []}, {"days": None}, {"by": "size", "gb": None}])
def test_widgets_that_say_nothing_are_no_rule(values: dict[str, Any]) -> None:
    assert rule_of(said(**values)) is None
