"""Judging answers against each other: which pairs to show, and what the votes say."""

from core.judgement.pairs import Candidate, Contender, Pair, Pairs
from core.judgement.votes import Ballot

__all__ = ["Ballot", "Candidate", "Contender", "Pair", "Pairs"]
