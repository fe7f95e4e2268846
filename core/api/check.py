"""`POST /v1/check`: what is wrong with an answer from anywhere, without running anything."""

import json
from collections.abc import Mapping
from typing import Annotated

import anyio
from fastapi import APIRouter
from pydantic import BeforeValidator, Field, JsonValue

from core import services
from core.api.errors import documented_errors
from core.api.schemas import plain_json
from core.api.threads import in_thread
from core.catalog import Catalog, Task
from core.checks.engine import check
from core.checks.subject import Subject
from core.errors import InvalidPayload
from core.finding import CheckReport
from core.types import Frozen, Language, Message, Payload, Text, normalise_json

router = APIRouter(tags=["checks"])

_checking = anyio.CapacityLimiter(2)  # it is all computing: more threads would not be faster

Output = Annotated[
    Payload | Text,
    BeforeValidator(plain_json),
    Field(
        description="The answer: the object, or the text exactly as it came.",
        examples=[{"headline": "담은 텀블러", "body": "24시간 따뜻해요!"}],
    ),
]


class CheckRequest(Frozen):
    """An answer, and what it is an answer to."""

    role: str = Field(min_length=1, max_length=64, examples=["copywriter"])
    task: str = Field(min_length=1, max_length=64, examples=["product_detail"])
    payload: Annotated[Payload, BeforeValidator(plain_json)] = Field(
        default_factory=dict,
        description="The task's fields, by name; those that are missing cannot be checked against.",
        examples=[{"product_name": "담은 텀블러", "features": ["보온 12시간"]}],
    )
    output: Output
    language: Language = Language.KOREAN
    finish_reason: str | None = Field(
        None, max_length=64, description='"length" where the answer was cut off by a token limit.'
    )


@router.post("/check", response_model=CheckReport, responses=documented_errors(413))
async def check_answer(body: CheckRequest) -> CheckReport:
    """Check an answer as a run's would be; nothing is run, nothing is kept.

    The payload may be incomplete: then less is compared with it. `scores.passed` is the
    release bar: no error, 7.0 in all, no field under 6.0.
    """
    catalog = services.get_services().catalog
    catalog.role(body.role)
    task = catalog.task(body.task)
    return await in_thread(_checking, lambda: check(_subject(catalog, task, body)))


def _subject(catalog: Catalog, task: Task, body: CheckRequest) -> Subject:
    text = body.output if isinstance(body.output, str) else _as_text(body.output)
    wants_json = task.contract is not None or not isinstance(body.output, str)
    payload, messages = _asked(catalog, body, wants_json=wants_json)
    return Subject(
        task=body.task,
        role=body.role,
        raw=text,
        language=body.language,
        contract=task.contract,
        wants_json=wants_json,
        payload=payload,
        messages=messages,
        finish_reason=body.finish_reason,
    )


def _asked(
    catalog: Catalog, body: CheckRequest, *, wants_json: bool
) -> tuple[Mapping[str, JsonValue], tuple[Message, ...]]:
    """The payload and the prompt of it as a run would have them; of a payload that no run would
    take, as it came and without a prompt.
    """
    try:
        payload = catalog.check_payload(body.task, body.payload)
    except InvalidPayload:
        return body.payload, ()
    return payload, catalog.render(
        body.role, body.task, payload, language=body.language, wants_json=wants_json
    )


def _as_text(output: Mapping[str, JsonValue]) -> str:
    return json.dumps(normalise_json(dict(output)), ensure_ascii=False)
