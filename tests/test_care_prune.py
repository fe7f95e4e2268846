"""Pruning takes exactly what its plan showed, and nothing that a person said something about."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.data_care import PruneRule
from core.errors import PlanOutdated
from core.listing import RunFilter
from core.store import RunList
from core.store.integrity import references
from core.types import RunStatus
from tests.care_kit import Kept, age, kept_in, shown
from tests.factories import make_run

OLD = PruneRule(older_than_days=30)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with kept_in(tmp_path / "data") as kept:
        yield kept


def pruned(kept: Kept, rule: PruneRule = OLD) -> set[str]:
    """Prune by `rule`; the ids of the runs that stayed."""
    kept.care.prune(kept.care.plan_prune(rule))
    return kept.ids()


def test_runs_older_than_the_rule_says_go_and_the_others_stay(kept: Kept) -> None:
    kept.text(days_old=31)
    young = kept.text(days_old=29)
    plan = kept.care.plan_prune(OLD)
    assert (plan.runs, plan.text_runs, plan.image_runs) == (1, 1, 0)
    done = kept.care.prune(plan)
    assert done.runs == 1
    assert kept.ids() == {young.id}


def test_a_plan_changes_nothing(kept: Kept) -> None:
    run = kept.picture(1, days_old=400)
    before = kept.care.usage()
    plan = kept.care.plan_prune(OLD)
    assert plan.picture_bytes == before.picture_bytes > 0
    assert [sample.id for sample in plan.samples] == [run.id]
    assert kept.ids() == {run.id}
    assert kept.care.check().ok


def test_a_pruned_run_leaves_no_row_in_any_table(kept: Kept) -> None:
    run, other = kept.text(days_old=90), kept.text()
    kept.rate(run)
    kept.note(run)
    kept.vote(run, other)
    kept.opinions.tag(run.id, "후보").result()
    kept.opinions.delete([run.id]).result()
    kept.change("INSERT INTO stop_requests VALUES (?, ?)", (run.id, "2026"))
    rule = PruneRule(older_than_days=30, spare_judged=False)
    assert pruned(kept, rule) == {other.id}
    with kept.database.read() as connection:
        columns = references(connection)
    assert len(columns) >= 11
    for one in columns:
        with kept.database.read() as connection:
            rows = connection.execute(f'SELECT "{one.column}" FROM "{one.table}"')  # noqa: S608
            assert run.id not in {row[0] for row in rows}, one
    assert kept.care.check(deep=True).ok


@pytest.mark.parametrize("how", ["rated", "noted", "tagged", "left", "right"])
def test_what_a_person_said_something_about_stays(kept: Kept, how: str) -> None:
    run, young = kept.text(days_old=90), kept.text()
    says = {
        "rated": lambda: kept.rate(run),
        "noted": lambda: kept.note(run),
        "tagged": lambda: kept.opinions.tag(run.id, "후보").result(),
        "left": lambda: kept.vote(run, young),
        "right": lambda: kept.vote(young, run),
    }
    says[how]()
    plan = kept.care.plan_prune(OLD)
    assert (plan.runs, plan.spared_judged) == (0, 1)
    assert pruned(kept) == {run.id, young.id}


def test_what_a_run_that_stays_repeats_stays_with_all_before_it(kept: Kept) -> None:
    first = kept.text(days_old=90)
    second = kept.text(days_old=80, parent_id=first.id)
    third = kept.text(days_old=1, parent_id=second.id)
    alone = kept.text(days_old=90)
    plan = kept.care.plan_prune(OLD)
    assert (plan.runs, plan.spared_parents) == (1, 2)
    assert pruned(kept) == {first.id, second.id, third.id}
    assert alone.id not in kept.ids()


def test_a_family_that_is_old_as_a_whole_goes_as_a_whole(kept: Kept) -> None:
    first = kept.text(days_old=90)
    kept.text(days_old=80, parent_id=first.id)
    assert pruned(kept) == set()


@pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.RUNNING])
def test_a_run_that_is_not_over_never_goes(kept: Kept, status: RunStatus) -> None:
    run = kept.text(days_old=900, status=status)
    kept.opinions.delete([run.id]).result()
    kept.change("UPDATE deleted_runs SET deleted_at = '2020-01-01T00:00:00.000Z'")
    rule = PruneRule(older_than_days=1, keep_picture_bytes=0, put_away_after_days=1)
    assert pruned(kept, rule) == {run.id}


def test_only_the_kinds_asked_for_go_by_age(kept: Kept) -> None:
    text, picture = kept.text(days_old=90), kept.picture(1, days_old=90)
    assert pruned(kept, PruneRule(older_than_days=30, kinds=("image",))) == {text.id}
    assert not kept.pictures.has(shown(picture))


def test_the_newest_bytes_of_pictures_stay(kept: Kept) -> None:
    runs = [kept.picture(seed) for seed in range(6)]
    text = kept.text(days_old=500)
    size = sum(kept.pictures.path(shown(run)).stat().st_size for run in runs[3:])
    rule = PruneRule(keep_picture_bytes=size, put_away_after_days=None)
    plan = kept.care.plan_prune(rule)
    assert (plan.runs, plan.pictures) == (3, 3)
    done = kept.care.prune(plan)
    assert done.picture_bytes == plan.picture_bytes
    assert kept.ids() == {run.id for run in runs[3:]} | {text.id}
    assert [kept.pictures.has(shown(run)) for run in runs] == [False] * 3 + [True] * 3
    assert kept.care.usage().picture_bytes == size


def test_runs_put_away_for_long_go_however_young_they_are(kept: Kept) -> None:
    long_ago, lately = kept.text(days_old=40), kept.text(days_old=40)
    kept.opinions.delete([long_ago.id, lately.id]).result()
    kept.change(
        "UPDATE deleted_runs SET deleted_at = '2026-01-01T00:00:00.000Z' WHERE run_id = ?",
        (long_ago.id,),
    )
    plan = kept.care.plan_prune(PruneRule())
    assert (plan.runs, plan.put_away) == (1, 1)
    assert pruned(kept, PruneRule()) == {lately.id}


def test_a_picture_that_another_run_shows_stays(kept: Kept) -> None:
    old, young = kept.picture(1, days_old=90), kept.picture(1)
    assert shown(old) == shown(young)
    plan = kept.care.plan_prune(OLD)
    assert (plan.runs, plan.pictures, plan.picture_bytes) == (1, 0, 0)
    assert pruned(kept) == {young.id}
    assert kept.pictures.has(shown(young))


def test_a_picture_that_a_run_started_from_stays(kept: Kept) -> None:
    old = kept.picture(1, days_old=90)
    payload = {"prompt": "밝게", "source_sha256": shown(old)}
    kept.picture(2, payload=payload)
    kept.care.prune(kept.care.plan_prune(OLD))
    assert kept.pictures.has(shown(old))
    assert kept.care.check().ok


def test_thumbnails_go_with_their_picture(kept: Kept) -> None:
    run = kept.picture(1, days_old=90)
    thumbnail = kept.pictures.thumbnail(shown(run), 160)
    kept.care.prune(kept.care.plan_prune(OLD))
    assert not thumbnail.exists()
    assert kept.care.check().ok


def test_uploads_go_when_they_were_not_used_for_long(kept: Kept) -> None:
    unused, used, young = kept.upload(1, days_old=200), kept.upload(2, days_old=200), kept.upload(3)
    kept.picture(9, payload={"prompt": "밝게", "source_sha256": used})
    rule = PruneRule(uploads_after_days=90)
    assert kept.care.plan_prune(rule).uploads == 1
    assert kept.care.prune(kept.care.plan_prune(rule)).uploads == 1
    assert [kept.pictures.has(one) for one in (unused, used, young)] == [False, True, True]
    assert {one.sha256 for one in kept.images.uploads()} == {used, young}


def test_an_outdated_plan_is_refused_and_nothing_goes(kept: Kept) -> None:
    first, second = kept.text(days_old=90), kept.text(days_old=90)
    plan = kept.care.plan_prune(OLD)
    kept.rate(first)
    with pytest.raises(PlanOutdated, match="new preview"):
        kept.care.prune(plan)
    assert kept.ids() == {first.id, second.id}


def test_runs_that_come_after_the_plan_do_not_outdate_it(kept: Kept) -> None:
    kept.picture(1, days_old=90)
    rule = PruneRule(older_than_days=30, keep_picture_bytes=10_000)
    plan = kept.care.plan_prune(rule)
    new = [kept.text(), kept.picture(2)]
    kept.care.prune(plan)
    assert kept.ids() == {run.id for run in new}


def test_what_is_said_or_repeated_while_pruning_stays(kept: Kept) -> None:
    runs = [kept.text(days_old=90 - number / 10) for number in range(100)]
    rated, repeated = runs[3], runs[5]

    def told(done: int, total: int) -> None:
        if done <= 32:  # the newest are gone by now, these are still there
            kept.rate(rated)
            kept.text(parent_id=repeated.id)

    done = kept.care.prune(kept.care.plan_prune(OLD), told)
    assert done.runs == 98
    assert {rated.id, repeated.id} <= kept.ids()
    assert len(kept.ids()) == 3
    assert kept.care.check(deep=True).ok


def test_a_run_brought_back_while_pruning_stays(kept: Kept) -> None:
    runs = [kept.text() for _ in range(40)]
    kept.opinions.delete([run.id for run in runs]).result()
    kept.change("UPDATE deleted_runs SET deleted_at = '2026-01-01T00:00:00.000Z'")

    def told(done: int, total: int) -> None:
        kept.opinions.restore([runs[0].id]).result()

    kept.care.prune(kept.care.plan_prune(PruneRule()), told)
    assert kept.ids() == {runs[0].id}


def test_a_picture_made_again_at_that_moment_stays(kept: Kept) -> None:
    """Kept just now, its row not written yet: the run that made it is still under way."""
    old = kept.picture(1, days_old=90)
    kept.pictures.keep(kept.pictures.open(shown(old)))
    kept.store.insert([make_run(kind="image", status=RunStatus.RUNNING)]).result()
    done = kept.care.prune(kept.care.plan_prune(OLD))
    assert (done.runs, done.pictures, done.pictures_left) == (1, 0, 1)
    assert kept.pictures.open(shown(old))
    kept.change("DELETE FROM runs WHERE status = 'running'")
    kept.change("DELETE FROM run_numbers")
    age(kept.pictures.path(shown(old)))
    assert [problem.fault for problem in kept.care.check().problems] == ["orphan_picture"]


def test_a_pruned_run_is_not_found_by_its_words_and_the_others_are(kept: Kept) -> None:
    old = kept.text(days_old=90, output="사라질 문장입니다")
    young = kept.text(output="남아 있을 문장입니다")
    numbers = dict(kept.select("SELECT run_id, number FROM run_numbers"))
    kept.care.prune(kept.care.plan_prune(OLD))
    kept.database.write(
        lambda connection: (
            connection.execute(
                "INSERT INTO run_words (run_words) VALUES ('integrity-check')"
            ).rowcount
        )
    ).result()
    hits = "SELECT rowid FROM run_words WHERE run_words MATCH ?"
    assert kept.select(hits, ('"사라"',)) == []
    assert kept.select(hits, ('"문장"',)) == [(numbers[young.id],)]
    assert old.id not in numbers or len(kept.select("SELECT * FROM run_numbers")) == 1


def test_filters_offer_only_what_runs_still_have(kept: Kept) -> None:
    kept.text(days_old=90, model="old-model", user="떠난 사람")
    kept.text(model="new-model")
    kept.care.prune(kept.care.plan_prune(OLD))
    labels = {row[0] for row in kept.select("SELECT value FROM run_labels")}
    assert "new-model" in labels
    assert labels & {"old-model", "떠난 사람"} == set()


def test_free_pages_are_told_and_filled_by_new_runs(kept: Kept) -> None:
    for _ in range(40):
        kept.text(days_old=90, output="긴 글 " * 2000)
    size = kept.care.usage().database_bytes
    done = kept.care.prune(kept.care.plan_prune(OLD))
    assert done.database_free_bytes > 100_000
    assert kept.care.usage().database_free_bytes == done.database_free_bytes
    for _ in range(20):
        kept.text(output="긴 글 " * 2000)
    assert kept.care.usage().database_free_bytes < done.database_free_bytes
    assert kept.select("PRAGMA page_count")[0][0] * 4096 <= size


def test_a_rule_that_takes_nothing_is_no_rule() -> None:
    with pytest.raises(ValueError, match="an age or a size"):
        PruneRule(put_away_after_days=None)


def test_the_list_goes_on_without_the_pruned_runs(kept: Kept) -> None:
    runs = [kept.text(days_old=90 if number % 2 else 1) for number in range(10)]
    kept.care.prune(kept.care.plan_prune(OLD))
    assert set(RunList(kept.database).ids(RunFilter(), limit=20)) == {run.id for run in runs[::2]}
