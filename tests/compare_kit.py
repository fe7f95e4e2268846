"""Finished runs to be compared: answers about one product, judged as the gateway judges them."""

import json
from typing import Any

from core.catalog import Contract, load_catalog
from core.checks.contract import check_contract
from core.checks.engine import check
from core.checks.subject import Subject
from core.run import ImageDetails, ImageRecord, Run
from core.types import GenerationOptions, ImageOptions, Mode, RunStatus
from tests.factories import make_run

CATALOG = load_catalog()
PAYLOAD = {
    "product_name": "포근담 사계절 차렵이불",
    "features": ["집에서 세탁기로 빨 수 있음", "무게 1.8kg", "먼지 날림이 적은 고밀도 원단"],
}
ANSWER: dict[str, Any] = {
    "headline": "빨래가 쉬워지는 이불",
    "subheadline": "집 세탁기에 그대로 넣으면 돼요",
    "body": "무게 1.8kg이라 혼자서도 가볍게 들어요. 먼지 날림이 적은 고밀도 원단이라 안심돼요.",
    "bullets": ["집에서 세탁기로 빨아요", "1.8kg의 가벼운 무게", "먼지 적은 고밀도 원단"],
    "cta": "이불 자세히 보기",
}


def contract_of(task: str) -> Contract | None:
    return CATALOG.tasks[task].contract


def answered(answer: object, *, mode: Mode = Mode.MOCK, **values: Any) -> Run:
    """A run that succeeded with `answer`: fields, or a text as it came."""
    output = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    known: dict[str, Any] = {
        "status": RunStatus.SUCCEEDED,
        "mode": mode,
        "provider": "mock" if mode is Mode.MOCK else "ollama",
        "model": "mock-perfect" if mode is Mode.MOCK else "some-model",
        "format": "json",
        "payload": PAYLOAD,
        "output": output,
        "finish_reason": "stop",
        "options": GenerationOptions(temperature=0.8),
        "first_token_ms": 400.0,
        "total_ms": 4000.0,
        "completion_tokens": 190,
    }
    run = make_run(**known | values)
    contract = contract_of(run.task)
    if contract and run.format == "json":
        value, verdict = check_contract(contract, output)
        run = run.model_copy(update={"output_json": value, "contract": verdict})
    return run.model_copy(update={"report": check(Subject.of(run, contract))})


def live(answer: object, **values: Any) -> Run:
    return answered(answer, mode=Mode.LIVE, **values)


def failed(code: str = "provider_unavailable", **values: Any) -> Run:
    known: dict[str, Any] = {
        "status": RunStatus.FAILED,
        "mode": Mode.LIVE,
        "provider": "ollama",
        "format": "json",
        "payload": PAYLOAD,
        "error_code": code,
        "error_message": "It did not answer.",
    }
    return make_run(**known | values)


def drawn(mode: Mode, *, count: int = 1, width: int = 512, kind: str = "png", **values: Any) -> Run:
    """A run of `count` pictures that succeeded."""
    run = make_run(
        kind="image",
        mode=mode,
        task="free",
        status=RunStatus.SUCCEEDED,
        payload={"prompt": "창가의 텀블러"},
        **values,
    )
    pictures = tuple(
        ImageRecord(
            run_id=run.id,
            index=n,
            sha256=f"{n:064x}",
            width=width,
            height=512,
            format=kind,
            bytes=9,
        )
        for n in range(count)
    )
    details = ImageDetails(options=ImageOptions(batch=max(count, 1)), pictures=pictures)
    return run.model_copy(update={"image": details})
