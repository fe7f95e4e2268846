"""All checks over product page answers, against only parsing and validating the same answers."""

import asyncio
import json
import time
from collections.abc import Sequence

from core.catalog import load_catalog
from core.checks.engine import check
from core.checks.subject import Subject
from core.types import Language
from tests.bench.pairing import Figure, Size, in_turns
from tests.mock_requests import request_for, text_of

ROUNDS = {Size.FULL: 40, Size.QUICK: 10, Size.SMOKE: 1}
SEEDS = 20
LONG_CHARACTERS = {Size.FULL: 1_000_000, Size.QUICK: 100_000, Size.SMOKE: 10_000}
TASK = "product_detail"


async def bench(size: Size) -> list[Figure]:
    """Answers a second, and one answer of a million characters on one line."""
    subjects = _subjects()
    long = [_long(LONG_CHARACTERS[size])]
    return [
        await _figure("product page, full report", subjects, ROUNDS[size], per_second=True),
        await _figure("one answer of 1,000,000 characters", long, 1, per_second=False)
        if size is Size.FULL
        else await _figure("one long answer", long, 1, per_second=False),
    ]


async def _figure(
    name: str, subjects: Sequence[Subject], rounds: int, *, per_second: bool
) -> Figure:
    async def floor() -> float:
        return await asyncio.to_thread(_seconds_bare, subjects)

    async def ours() -> float:
        return await asyncio.to_thread(_seconds_checked, subjects)

    floors, owns = await in_turns(floor, ours, rounds)
    if per_second:
        count = len(subjects)
        return Figure(
            name,
            "/s",
            [count / seconds for seconds in floors],
            [count / seconds for seconds in owns],
            larger_is_better=True,
        )
    return Figure(name, "s", floors, owns)


def _seconds_bare(subjects: Sequence[Subject]) -> float:
    """json.loads and the contract's JSON Schema."""
    began = time.perf_counter()
    for one in subjects:
        assert one.contract is not None
        list(one.contract.validator.iter_errors(json.loads(one.raw)))
    return time.perf_counter() - began


def _seconds_checked(subjects: Sequence[Subject]) -> float:
    fresh = [
        Subject(
            task=one.task,
            role=one.role,
            raw=one.raw,
            contract=one.contract,
            payload=one.payload,
            messages=one.messages,
            finish_reason=one.finish_reason,
        )
        for one in subjects
    ]
    began = time.perf_counter()
    for one in fresh:
        check(one)
    return time.perf_counter() - began


def _subjects() -> list[Subject]:
    """Good answers of the mock in Korean, with the prompts they were written to."""
    catalog = load_catalog()
    task = catalog.task(TASK)
    payload = task.example_payload(Language.KOREAN)
    prompt = catalog.render("copywriter", TASK, payload, language=Language.KOREAN, wants_json=True)
    return [
        Subject(
            task=TASK,
            role="copywriter",
            raw=text_of(request_for(task, seed=seed)),
            contract=task.contract,
            payload=payload,
            messages=prompt,
            finish_reason="stop",
        )
        for seed in range(SEEDS)
    ]


def _long(characters: int) -> Subject:
    """An answer whose body goes on and on, on one line."""
    one = _subjects()[0]
    answer = json.loads(one.raw)
    sentence = "아침에 담은 커피가 점심까지 따뜻해서 하루가 조금 더 편해요. "
    answer["body"] = sentence * (characters // len(sentence))
    return Subject(
        task=one.task,
        role=one.role,
        raw=json.dumps(answer, ensure_ascii=False),
        contract=one.contract,
        payload=one.payload,
        messages=one.messages,
        finish_reason=one.finish_reason,
    )
