"""What no single field can know: a review's scores and verdict agree, budget shares make 100."""

from collections.abc import Mapping
from typing import Any

from core.providers.mock.dice import Dice
from core.providers.mock.phrases import Tree
from core.types import normalise

WIDEST_GAP = 8  # tenths of a point that a part may lie from the overall score
SMALLEST_SHARE = 5
# Verdict, lowest and highest overall score in tenths, priority of the revision.
CLEAN_VERDICTS = (
    ("approved", 80, 92, "low"),
    ("approved", 72, 79, "medium"),
    ("needs_revision", 58, 69, "medium"),
    ("rejected", 35, 49, "high"),
)
RISKY_VERDICTS = (
    ("needs_revision", 50, 66, "high"),
    ("needs_revision", 45, 58, "critical"),
    ("rejected", 20, 44, "critical"),
)


def settled(
    content: dict[str, Any],
    *,
    schema: Mapping[str, Any],
    payload: Mapping[str, Any],
    copy: Tree,
    dice: Dice,
) -> dict[str, Any]:
    """`content` with its fields brought in line with one another."""
    properties = schema.get("properties", {})
    if {"overall_score", "approval_status"} <= properties.keys():
        content = _review(content, properties=properties, payload=payload, copy=copy, dice=dice)
    for name, value in content.items():
        if isinstance(value, list) and _has_shares(value):
            content = content | {name: _with_shares(value, dice=dice)}
    return content


def _review(
    content: dict[str, Any],
    *,
    properties: Mapping[str, Any],
    payload: Mapping[str, Any],
    copy: Tree,
    dice: Dice,
) -> dict[str, Any]:
    """A review with one verdict in all its fields; claims found in the copy are its risks."""
    risks = _risks(payload.get("copy"), copy["review"]["risk_flags"], properties=properties)
    verdicts = RISKY_VERDICTS if risks else CLEAN_VERDICTS
    status, lowest, highest, priority = dice.pick("verdict", verdicts)
    overall = lowest + dice.roll("overall", highest - lowest + 1)
    verdict: dict[str, Any] = {"approval_status": status, "revision_priority": priority}
    verdict["risk_flags"] = risks
    for name, part in properties.items():
        if part.get("type") == "number":
            gap = dice.roll(name, 2 * WIDEST_GAP + 1) - WIDEST_GAP
            verdict[name] = min(max(overall + gap, 0), 100) / 10
    verdict["overall_score"] = overall / 10
    return content | {name: value for name, value in verdict.items() if name in properties}


def _risks(text: object, phrases: Tree, *, properties: Mapping[str, Any]) -> list[str]:
    """One sentence for each claim in `text` that advertising rules want proof for."""
    schema = properties.get("risk_flags", {})
    longest = schema.get("items", {}).get("maxLength", 1000)
    told = normalise(text).casefold() if isinstance(text, str) else ""
    claims = [claim.literal for claim in phrases["claims"] if claim.literal.casefold() in told]
    flags = [text for claim in claims for text in phrases["phrases"][0].filled({"claim": (claim,)})]
    fitting = [flag for flag in flags if len(flag) <= longest]
    return fitting[: schema.get("maxItems", len(flags))]


def _has_shares(items: list[Any]) -> bool:
    return 0 < len(items) <= 100 // SMALLEST_SHARE // 2 and all(
        isinstance(item, dict) and isinstance(item.get("percent"), int) for item in items
    )


def _with_shares(items: list[Any], *, dice: Dice) -> list[Any]:
    """The items with shares in steps of five that make 100; the first takes what is over."""
    weights = [2 + dice.roll(f"share{index}", 3) for index in range(len(items))]
    steps = 100 // SMALLEST_SHARE
    shares = [SMALLEST_SHARE * (steps * weight // sum(weights)) for weight in weights]
    shares[0] += 100 - sum(shares)
    return [item | {"percent": share} for item, share in zip(items, shares, strict=True)]
