"""What is wrong with an answer: pure functions over contract and text."""

from core.checks.contract import (
    ParsedAnswer,
    check_contract,
    check_json,
    field_lengths,
    parse_answer,
)

__all__ = ["ParsedAnswer", "check_contract", "check_json", "field_lengths", "parse_answer"]
