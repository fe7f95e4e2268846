"""Which pair comes next, and what votes say: ranking, agreement, sides, and when it is enough."""

import math
import random
from itertools import count, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.judgement import Ballot, Candidate, Contender, Pairs
from core.judgement.agreement import Accord, agreement
from core.judgement.enough import FEWEST_VOTES, Lack, lacking
from core.judgement.ranking import PRIOR, rank
from core.judgement.votes import left_wins, share
from core.opinion import Choice
from core.types import Mode

numbers = count()


def candidate(name: str, model: str = "", *, group: str = "brief", **values: object) -> Candidate:
    known = {
        "task": "sns",
        "mode": Mode.LIVE,
        "contender": Contender(model or name, ""),
        "answer": name,
    }
    return Candidate(id=name, group=group, **known | values)  # ty: ignore[invalid-argument-type]


def ballot(
    left: str, right: str, choice: Choice = Choice.LEFT, *, user: str = "a", pair: str = ""
) -> Ballot:
    number = pair or str(next(numbers))
    return Ballot(
        user=user,
        task="sns",
        mode=Mode.LIVE,
        left_run=f"{number} {left}",
        right_run=f"{number} {right}",
        left=Contender(left),
        right=Contender(right),
        choice=choice,
    )


def pairs_of(candidates: list[Candidate], votes: list[tuple[str, str, str]] | None = None) -> Pairs:
    return Pairs(candidates, votes or [], "mina")


def runs(pairs: Pairs, vote_id: str = "1") -> set[str]:
    pair = pairs.next(vote_id)
    return {pair.left, pair.right} if pair else set()


# Pairs


def test_only_answers_to_the_same_request_by_different_contenders_are_paired() -> None:
    here = [candidate("a"), candidate("b"), candidate("c", group="another brief")]
    twin = candidate("a2", "a")

    assert pairs_of(here).total == 1
    assert runs(pairs_of(here)) == {"a", "b"}
    assert pairs_of([candidate("a"), twin]).total == 0


def test_one_model_with_other_settings_comes_after_different_models() -> None:
    warm = candidate("warm", contender=Contender("a", "temperature 0.9"))
    cool = candidate("cool", contender=Contender("a", "temperature 0.1"))
    other = candidate("other")
    pairs = pairs_of([warm, cool, other])

    assert pairs.total == 3
    assert all("other" in runs(pairs, str(seed)) for seed in range(20))


def test_the_same_words_are_not_asked_about() -> None:
    assert pairs_of([candidate("a", answer="x"), candidate("b", answer="x")]).total == 0


def test_what_has_fewest_votes_comes_first() -> None:
    here = [candidate("a"), candidate("b"), candidate("c")]
    votes = [("jun", "a", "b"), ("jun", "c", "b"), ("sua", "b", "a")]

    assert all(runs(pairs_of(here, votes), str(seed)) == {"a", "c"} for seed in range(10))


def test_nobody_is_asked_twice_not_even_from_the_other_side() -> None:
    here = [candidate("a"), candidate("b")]
    pairs = pairs_of(here, [("mina", "b", "a")])

    assert pairs.next("1") is None
    assert (pairs.done, pairs.total) == (1, 1)


def test_live_answers_come_before_mock_ones() -> None:
    mock = {"mode": Mode.MOCK, "group": "mock"}
    here = [candidate("m1", **mock), candidate("m2", **mock), candidate("a"), candidate("b")]

    assert all(runs(pairs_of(here), str(seed)) == {"a", "b"} for seed in range(10))


def test_briefs_take_turns() -> None:
    here = [
        candidate(f"{group}{name}", name, group=group) for group in ("x", "y") for name in "abc"
    ]

    assert all(
        runs(pairs_of(here, [("mina", "xa", "xb")]), str(seed)) <= {"ya", "yb", "yc"}
        for seed in range(10)
    )


def test_many_answers_of_one_contender_do_not_drown_the_rest() -> None:
    many = [candidate(f"a{number}", "a") for number in range(50)]

    assert pairs_of([*many, candidate("b")]).total == 3


def test_sides_are_chance_and_the_same_for_the_same_vote() -> None:
    pairs = pairs_of([candidate("a"), candidate("b")])
    drawn = [pairs.next(str(seed)) for seed in range(200)]
    lefts = [pair.left for pair in drawn if pair]

    assert pairs.next("7") == pairs.next("7")
    assert 70 < lefts.count("a") < 130


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from("abcd")), max_size=20))
def test_voting_on_and_on_shows_every_pair_once_and_ends(made: list[tuple[str, str]]) -> None:
    here = [
        candidate(str(number), model, group=group) for number, (group, model) in enumerate(made)
    ]
    votes: list[tuple[str, str, str]] = []
    while pair := pairs_of(here, votes).next(str(len(votes))):
        votes.append(("mina", pair.left, pair.right))

    shown = {frozenset(vote[1:]) for vote in votes}
    assert len(shown) == len(votes) == pairs_of(here).total


# Ranking


def two_models(wins: int, losses: int) -> list[Ballot]:
    return [ballot("a", "b") for _ in range(wins)] + [ballot("b", "a") for _ in range(losses)]


@pytest.mark.parametrize(("wins", "losses"), [(30, 10), (5, 0), (7, 7), (1, 2)])
def test_two_models_stand_where_the_equation_says(wins: int, losses: int) -> None:
    """With strengths x and -x the likelihood's slope is zero: votes, and a tie with 0 each."""

    def sigmoid(value: float) -> float:
        return 1 / (1 + math.exp(-value))

    def slope(x: float) -> float:
        votes = wins - (wins + losses) * sigmoid(2 * x)
        return votes + PRIOR * (0.5 - sigmoid(x))

    low, high = -10.0, 10.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)

    [group] = rank(two_models(wins, losses)).groups
    strengths = {standing.name: standing.strength for standing in group}
    assert strengths["a"] == pytest.approx(sigmoid(2 * low), abs=1e-3)
    assert strengths["b"] == pytest.approx(1 - strengths["a"], abs=1e-6)


def test_with_many_votes_the_strength_is_the_share_of_wins() -> None:
    [group] = rank(two_models(300, 100)).groups

    assert group[0].strength == pytest.approx(0.75, abs=0.005)
    assert group[0].low < 0.75 < group[0].high
    # 400 independent votes: the textbook interval is 0.75 ± 0.042.
    assert group[0].high - group[0].low == pytest.approx(0.085, abs=0.02)


def test_a_model_that_beats_the_strong_is_stronger_than_one_that_beats_the_weak() -> None:
    votes = two_models(8, 2)
    votes += [ballot("c", "a") for _ in range(5)] + [ballot("a", "c") for _ in range(5)]
    votes += [ballot("d", "b") for _ in range(5)] + [ballot("b", "d") for _ in range(5)]
    [group] = rank(votes).groups
    order = [standing.name for standing in group]

    assert order.index("c") < order.index("d")


def test_ties_count_half_and_both_bad_only_itself() -> None:
    votes = [ballot("a", "b", Choice.TIE) for _ in range(10)]
    votes += [ballot("a", "b", Choice.BOTH_BAD), ballot("a", "b", Choice.SKIP)]
    [group] = rank(votes).groups

    assert [standing.strength for standing in group] == pytest.approx([0.5, 0.5])
    assert [(one.wins, one.losses, one.ties, one.both_bad) for one in group] == [(0, 0, 10, 1)] * 2
    assert [one.votes for one in group] == [10, 10]


def test_who_always_won_is_not_certain_to_win() -> None:
    [group] = rank(two_models(5, 0)).groups

    assert group[0].one_sided
    assert group[0].strength < 0.95
    assert group[0].low < 0.6
    assert group[1].high > 0.4


def test_one_vote_says_next_to_nothing() -> None:
    [group] = rank([ballot("a", "b", Choice.TIE)]).groups

    assert group[0].high - group[0].low > 0.7


def test_models_that_no_vote_links_are_ranked_apart() -> None:
    votes = [*two_models(4, 2), ballot("x", "y"), ballot("y", "x"), ballot("z", "x")]
    groups = rank(votes).groups

    assert [{one.name for one in group} for group in groups] == [{"x", "y", "z"}, {"a", "b"}]


def test_the_side_does_not_matter_to_the_strength() -> None:
    turned = [
        ballot("b", "a", Choice.RIGHT) if one.left.model == "a" else ballot("a", "b", Choice.RIGHT)
        for one in two_models(9, 4)
    ]

    assert rank(turned).groups[0][0].strength == pytest.approx(
        rank(two_models(9, 4)).groups[0][0].strength
    )


def test_votes_on_the_same_pair_do_not_make_the_interval_narrower_than_they_should() -> None:
    apart = two_models(12, 8)
    alike = [
        ballot(
            one.left.model, one.right.model, user=str(number), pair=f"{one.left.model} {number % 2}"
        )
        for number, one in enumerate(apart)
    ]

    def width(votes: list[Ballot]) -> float:
        first = rank(votes).groups[0][0]
        return first.high - first.low

    assert width(alike) > width(apart)


def test_without_votes_there_is_no_ranking() -> None:
    assert rank([]).groups == ()
    assert rank([ballot("a", "a"), ballot("a", "b", Choice.SKIP)]).groups == ()


def test_a_model_is_ranked_by_its_settings_when_asked() -> None:
    def settings_of(contender: Contender) -> str:
        return contender.settings

    vote = ballot("a", "a")
    warm = Ballot(**vars(vote) | {"left": Contender("a", "warm"), "right": Contender("a", "cool")})

    assert [one.name for one in rank([warm], name=settings_of).groups[0]] == ["warm", "cool"]
    assert rank([warm]).groups == ()


@settings(deadline=None, max_examples=15)
@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd"), st.sampled_from(Choice)),
        max_size=30,
    )
)
def test_strengths_are_chances_inside_their_intervals(
    made: list[tuple[str, str, Choice]],
) -> None:
    for group in rank([ballot(*one) for one in made]).groups:
        for one in group:
            assert 0 <= one.low <= one.strength <= one.high <= 1
            assert 0 < one.strength < 1
            assert one.votes > 0
        assert sum(one.strength for one in group) == pytest.approx(len(group) / 2)
        assert all(one.strength >= other.strength for one, other in pairwise(group))


def test_known_strengths_are_found_again() -> None:
    chance = random.Random(4)  # noqa: S311
    strengths = {"a": 1.2, "b": 0.4, "c": 0.0, "d": -1.6}
    votes = []
    for _ in range(1500):
        one, other = chance.sample(list(strengths), 2)
        wins = chance.random() < 1 / (1 + math.exp(strengths[other] - strengths[one]))
        votes.append(ballot(one, other, Choice.LEFT if wins else Choice.RIGHT))
    [group] = rank(votes).groups
    expected = {
        one: sum(
            1 / (1 + math.exp(strengths[other] - strengths[one]))
            for other in strengths
            if other != one
        )
        / 3
        for one in strengths
    }

    assert [standing.name for standing in group] == ["a", "b", "c", "d"]
    for standing in group:
        assert standing.strength == pytest.approx(expected[standing.name], abs=0.05)


# Sides


def test_wilsons_interval_is_the_published_one() -> None:
    """Newcombe 1998, table I: 81 of 263, and 0 of 20."""
    assert (share(81, 263).low, share(81, 263).high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert (share(0, 20).low, share(0, 20).high) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert (share(0, 0).low, share(0, 0).value, share(0, 0).high) == (0, 0.5, 1)


def test_a_leaning_to_one_side_shows() -> None:
    fair = [ballot("a", "b", choice) for choice in (Choice.LEFT, Choice.RIGHT)] * 30
    leaning = [ballot("a", "b")] * 50 + [ballot("a", "b", Choice.RIGHT)] * 10
    ties = [ballot("a", "b", Choice.TIE)] * 9

    assert left_wins([*fair, *ties]).total == 60
    assert left_wins(fair).low < 0.5 < left_wins(fair).high
    assert left_wins(leaning).low > 0.5


# Agreement


def judged(verdicts: dict[str, str]) -> list[Ballot]:
    """Ballots from columns of verdicts by person: 1 first, 2 second, 3 tie, 4 both bad, * none."""
    choices = {"1": Choice.LEFT, "2": Choice.RIGHT, "3": Choice.TIE, "4": Choice.BOTH_BAD}
    return [
        ballot("a", "b", choices[code], user=user, pair=f"{number:02}")
        for user, codes in verdicts.items()
        for number, code in enumerate(codes)
        if code != "*"
    ]


def test_alpha_with_missing_verdicts_is_the_published_one() -> None:
    """Wikipedia, Krippendorff's alpha, "A computational example": three coders, 0.691."""
    found = agreement(
        judged({"A": "*****34121133*3", "B": "1*213343*******", "C": "**21344*21133*4"})
    )

    assert found.alpha == pytest.approx(0.691, abs=5e-4)
    assert found.pairs == 12
    assert found.accord is Accord.FAIR


def test_alpha_of_two_people_is_the_published_one() -> None:
    """Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, part A: 0.095."""
    found = agreement(judged({"A": "2122222222", "B": "1112212212"}))

    assert found.alpha == pytest.approx(0.095, abs=5e-4)
    assert (found.pairs, found.same) == (10, 6)


def test_who_agrees_from_opposite_sides_agrees() -> None:
    votes = []
    for number in range(10):
        winner = "a" if number % 2 else "b"
        loser = "b" if number % 2 else "a"
        votes.append(ballot(winner, loser, Choice.LEFT, user="x", pair=str(number)))
        votes.append(ballot(loser, winner, Choice.RIGHT, user="y", pair=str(number)))
    found = agreement(votes)

    assert found.alpha == pytest.approx(1)
    assert (found.pairs, found.same, found.voters) == (10, 10, 2)
    assert found.accord is Accord.GOOD


def test_votes_by_chance_do_not_agree() -> None:
    chance = random.Random(1)  # noqa: S311
    codes = {user: "".join(chance.choices("12", k=200)) for user in "ABC"}
    found = agreement(judged(codes))

    assert found.alpha == pytest.approx(0, abs=0.12)
    assert found.accord is Accord.NONE


def test_where_nobody_shares_a_pair_agreement_is_unknown() -> None:
    alone = [ballot("a", "b", user="x"), ballot("a", "b", user="y")]
    skipped = [
        ballot("a", "b", user="x", pair="1"),
        ballot("a", "b", Choice.SKIP, user="y", pair="1"),
    ]

    for votes in ([], alone, skipped):
        assert agreement(votes).alpha is None
        assert agreement(votes).pairs == 0
        assert agreement(votes).accord is Accord.UNKNOWN


def test_where_all_always_say_the_same_alpha_has_no_value_but_the_count_has() -> None:
    found = agreement(judged({"A": "1111", "B": "1111"}))

    assert (found.alpha, found.pairs, found.same) == (None, 4, 4)


# Enough


def lacks(votes: list[Ballot], voters: int = 3) -> list[Lack]:
    return [found.lack for found in lacking(rank(votes).groups, voters=voters)]


def test_few_votes_and_few_people_are_said() -> None:
    assert lacks(two_models(3, 2), voters=1) == [Lack.FEW_VOTES, Lack.FEW_VOTERS, Lack.OVERLAP]


def test_a_clear_ranking_of_many_votes_has_no_warning() -> None:
    assert lacks(two_models(80, 20)) == []


def test_votes_are_few_below_the_threshold_and_enough_at_it() -> None:
    assert Lack.FEW_VOTES in lacks(two_models(FEWEST_VOTES - 1, 0))
    assert Lack.FEW_VOTES not in lacks(two_models(FEWEST_VOTES, 0))


def test_overlap_one_sidedness_and_missing_links_are_said() -> None:
    assert lacks(two_models(51, 49)) == [Lack.OVERLAP]
    assert lacks(two_models(30, 0)) == [Lack.ONE_SIDED]
    apart = [
        *two_models(80, 20),
        *(ballot("x", "y") for _ in range(60)),
        *(ballot("y", "x") for _ in range(20)),
    ]
    assert lacks(apart) == [Lack.UNLINKED]
