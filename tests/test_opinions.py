"""What people say of runs, in the store."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pydantic import ValidationError
from uuid_utils.compat import uuid7

from core.errors import RunNotFound
from core.opinion import Choice, Note, Rating, Reason, Vote
from core.run import Run
from core.store import Database, OpinionStore, RunStore
from core.types import GenerationOptions, Message, Mode, RunStatus
from tests.factories import make_run

MINA = "김민아"
DECOMPOSED = "\u1100\u1175\u11b7\u1106\u1175\u11ab\u110b\u1161"


@pytest.fixture
def opinions(database: Database) -> OpinionStore:
    return OpinionStore(database)


@pytest.fixture
def run(store: RunStore) -> Run:
    return added(store)


def added(store: RunStore, **values: Any) -> Run:
    known: dict[str, Any] = {"status": RunStatus.SUCCEEDED, "mode": Mode.LIVE, "output": "답"}
    run = make_run(**known | values)
    store.insert([run]).result()
    return run


def rating(run: Run, user: str = MINA, stars: int = 4, **values: Any) -> Rating:
    return Rating(run_id=run.id, user=user, stars=stars, **values)


def vote(left: Run, right: Run, choice: Choice = Choice.LEFT, user: str = MINA) -> Vote:
    return Vote(id=str(uuid7()), user=user, left_run=left.id, right_run=right.id, choice=choice)


def test_a_rating_comes_back_as_it_was_given(opinions: OpinionStore, run: Run) -> None:
    given = rating(run, reasons=(Reason.TONE, Reason.FACTS), comment="톤이 좋아요 🌱\n'; DROP --")
    opinions.rate(given).result()

    assert opinions.ratings(run.id) == [given]


def test_each_person_has_one_rating_and_the_next_replaces_it(
    opinions: OpinionStore, run: Run
) -> None:
    for given in (rating(run, stars=2), rating(run, "Jun", 5), rating(run, stars=3)):
        opinions.rate(given).result()

    assert {one.user: one.stars for one in opinions.ratings(run.id)} == {MINA: 3, "Jun": 5}


def test_a_name_typed_on_a_mac_is_the_same_person(opinions: OpinionStore, run: Run) -> None:
    opinions.rate(rating(run, f"  {DECOMPOSED} ", 1)).result()
    opinions.rate(rating(run, MINA, 5)).result()

    assert [(one.user, one.stars) for one in opinions.ratings(run.id)] == [(MINA, 5)]


def test_a_rating_can_be_taken_back_and_others_stay(opinions: OpinionStore, run: Run) -> None:
    opinions.rate(rating(run)).result()
    opinions.rate(rating(run, "Jun")).result()
    opinions.unrate(run.id, DECOMPOSED).result()
    opinions.unrate(run.id, "nobody").result()

    assert [one.user for one in opinions.ratings(run.id)] == ["Jun"]


@pytest.mark.parametrize("stars", [0, 6])
def test_stars_are_one_to_five(run: Run, stars: int) -> None:
    with pytest.raises(ValidationError):
        rating(run, stars=stars)


def test_nothing_is_said_of_a_run_that_there_is_not(
    opinions: OpinionStore, run: Run, database: Database
) -> None:
    ghost = make_run()
    for refused in (
        opinions.rate(rating(ghost)),
        opinions.unrate(ghost.id, MINA),
        opinions.vote(vote(run, ghost)),
        opinions.tag(ghost.id, "좋음"),
        opinions.untag(ghost.id, "좋음"),
        opinions.note(Note(run_id=ghost.id, text="메모")),
        opinions.delete([run.id, ghost.id], MINA),
        opinions.restore([ghost.id]),
    ):
        error = refused.exception()
        assert isinstance(error, RunNotFound)
        assert error.details == {"run_id": ghost.id}

    with database.read() as connection:
        for table in ("ratings", "votes", "tags", "notes", "deleted_runs"):
            found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
            assert found[0] == 0, table


def test_a_vote_replaces_the_same_persons_vote_on_these_two_from_either_side(
    opinions: OpinionStore, store: RunStore
) -> None:
    one, other = added(store), added(store)
    opinions.vote(vote(one, other, Choice.LEFT)).result()
    opinions.vote(vote(one, other, Choice.TIE, user="Jun")).result()
    last = vote(other, one, Choice.BOTH_BAD)
    opinions.vote(last).result()

    assert opinions.votes(user=MINA) == [last]
    assert len(opinions.votes()) == 2


def test_a_vote_can_be_taken_back(opinions: OpinionStore, store: RunStore) -> None:
    given = vote(added(store), added(store))
    opinions.vote(given).result()
    opinions.unvote(given.id).result()

    assert opinions.votes() == []


def test_many_people_vote_at_once_and_nothing_is_lost(
    opinions: OpinionStore, store: RunStore
) -> None:
    one, other = added(store), added(store)

    def judge(number: int) -> None:
        opinions.vote(vote(one, other, user=f"person {number}")).result()
        opinions.rate(rating(one, f"person {number}", 1 + number % 5)).result()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(judge, range(80)))

    assert len({one.user for one in opinions.votes()}) == 80
    assert len(opinions.ratings(one.id)) == 80


def test_a_tag_is_put_on_once_and_taken_off(
    opinions: OpinionStore, run: Run, database: Database
) -> None:
    for tag in ("추석", f" {'추석'} ", "B2B"):
        opinions.tag(run.id, tag).result()
    opinions.untag(run.id, "B2B").result()

    with database.read() as connection:
        assert [row["tag"] for row in connection.execute("SELECT tag FROM tags")] == ["추석"]


def test_a_note_is_replaced_and_an_empty_one_takes_it_away(
    opinions: OpinionStore, run: Run
) -> None:
    assert opinions.notes(run.id) is None
    opinions.note(Note(run_id=run.id, text="처음", user=MINA)).result()
    last = Note(run_id=run.id, text="나중", user="Jun")
    opinions.note(last).result()
    assert opinions.notes(run.id) == last
    opinions.note(Note(run_id=run.id, text=" \n")).result()
    assert opinions.notes(run.id) is None


def test_runs_put_away_can_be_neither_chosen_nor_counted_until_they_are_back(
    opinions: OpinionStore, store: RunStore
) -> None:
    one, other = added(store, model="a"), added(store, model="b")
    opinions.vote(vote(one, other)).result()
    opinions.delete([one.id], MINA).result()
    opinions.delete([one.id], "Jun").result()
    assert [candidate.id for candidate in opinions.candidates()] == [other.id]
    assert opinions.ballots(mode=Mode.LIVE) == []

    opinions.restore([one.id, other.id]).result()
    assert len(opinions.candidates()) == 2
    assert len(opinions.ballots(mode=Mode.LIVE)) == 1


def test_candidates_of_one_brief_form_one_group_however_it_was_written(
    opinions: OpinionStore, store: RunStore
) -> None:
    composed = {"product_name": "텀블러", "tone": "밝게"}
    decomposed = {
        "tone": "밝게",
        "product_name": "\u1110\u1165\u11b7\u1107\u1173\u11af\u1105\u1165",
    }
    alike = [added(store, payload=composed), added(store, payload=decomposed)]
    added(store, payload=composed, task="sns")
    added(store, payload=composed, mode=Mode.MOCK)
    added(store, payload={"product_name": "컵"})
    added(store, payload=composed, status=RunStatus.FAILED)

    groups = [candidate.group for candidate in opinions.candidates()]
    own = {
        candidate.group
        for candidate in opinions.candidates()
        if candidate.id in {run.id for run in alike}
    }
    assert len(groups) == 5
    assert len(set(groups)) == 4
    assert len(own) == 1
    assert [found.task for found in opinions.candidates(task="sns")] == ["sns"]


def test_a_contender_is_a_model_with_its_settings_but_not_its_seed(
    opinions: OpinionStore, store: RunStore
) -> None:
    def contender(seed: int, temperature: float, system: str) -> object:
        run = added(
            store,
            options=GenerationOptions(seed=seed, temperature=temperature),
            prompt=(Message(role="system", content=system), Message(role="user", content="x")),
        )
        return next(one for one in opinions.candidates() if one.id == run.id).contender

    first = contender(1, 0.8, "쓰세요")
    assert contender(2, 0.8, "쓰세요") == first
    assert contender(1, 0.2, "쓰세요") != first
    assert contender(1, 0.8, "짧게 쓰세요") != first


def test_ballots_keep_mock_and_live_and_tasks_apart(
    opinions: OpinionStore, store: RunStore
) -> None:
    for mode, task in ((Mode.LIVE, "sns"), (Mode.LIVE, "review"), (Mode.MOCK, "sns")):
        one = added(store, mode=mode, task=task, model="left one")
        other = added(store, mode=mode, task=task, model="right one")
        opinions.vote(vote(one, other, Choice.RIGHT)).result()

    assert len(opinions.ballots(mode=Mode.LIVE)) == 2
    found = opinions.ballots(mode=Mode.LIVE, task="sns")
    assert [(one.left.model, one.right.model, one.choice) for one in found] == [
        ("left one", "right one", Choice.RIGHT)
    ]
    [simulated] = opinions.ballots(mode=Mode.MOCK)
    assert simulated.mode is Mode.MOCK
    assert simulated.choice is Choice.RIGHT
    assert {candidate.mode for candidate in opinions.candidates(task="review")} == {Mode.LIVE}
    assert all(type(candidate.mode) is Mode for candidate in opinions.candidates())
