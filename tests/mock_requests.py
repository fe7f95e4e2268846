"""Requests to the mock provider, and its answers to them."""

import json
import re
from typing import Any

from core.catalog import Catalog, Task, load_catalog
from core.providers.mock.provider import MockProvider
from core.providers.mock.scenarios import SCENARIOS
from core.settings import Settings
from core.types import (
    GenerationOptions,
    Language,
    Message,
    ProviderEvent,
    ProviderRequest,
)

CATALOG = load_catalog()
CONTRACT_TASKS = [task for task in CATALOG.tasks.values() if task.contract]
SPOILING = [name for name in SCENARIOS if name not in ("mock-perfect", "mock-slow", "mock-error")]
HAN = re.compile("[\u3040-\u30ff\u3400-\u9fff]")
HANGUL = re.compile("[가-힣]")


def mock_at(tokens_per_second: float = 0, catalog: Catalog = CATALOG) -> MockProvider:
    return MockProvider.from_settings(Settings(mock_tokens_per_second=tokens_per_second), catalog)


def request_for(
    task: Task | str,
    payload: dict[str, Any] | None = None,
    *,
    model: str = "mock-perfect",
    language: Language = Language.KOREAN,
    role: str | None = None,
    wants_json: bool = True,
    **options: Any,
) -> ProviderRequest:
    task = CATALOG.task(task) if isinstance(task, str) else task
    payload = task.example_payload(language) if payload is None else payload
    return ProviderRequest(
        role=role or task.roles[0],
        task=task.id,
        model=model,
        messages=(Message(role="user", content=json.dumps(payload, ensure_ascii=False)),),
        options=GenerationOptions(**options),
        wants_json=wants_json,
        payload=payload,
        language=language,
    )


def text_of(request: ProviderRequest, *, catalog: Catalog = CATALOG) -> str:
    return "".join(mock_at(catalog=catalog).script(request).tokens)


def answer_to(request: ProviderRequest) -> dict[str, Any]:
    return json.loads(text_of(request))


def faults_of(request: ProviderRequest) -> tuple[str, ...]:
    contract = CATALOG.task(request.task).contract
    assert contract is not None
    return contract.faults(answer_to(request))


async def events_of(request: ProviderRequest, tokens_per_second: float = 0) -> list[ProviderEvent]:
    return [event async for event in mock_at(tokens_per_second).stream(request)]


def texts_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts_in(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts_in(item)]
    return [value] if isinstance(value, str) else []
