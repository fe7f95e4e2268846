"""Small makers of values that tests need many of."""

from typing import Any

from uuid_utils.compat import uuid7

from core.run import (
    Run,
)
from core.types import (
    Message,
    Mode,
    utc_now,
)


def make_run(**values: Any) -> Run:
    """A queued mock run with plausible values."""
    known: dict[str, Any] = {
        "id": str(uuid7()),
        "created_at": utc_now(),
        "mode": Mode.MOCK,
        "provider": "scripted",
        "model": "some-model",
        "role": "copywriter",
        "task": "product_detail",
        "payload": {"product_name": "담은 텀블러", "features": ["보온 12시간"]},
        "prompt": (Message(role="user", content="담은 텀블러의 상세페이지를 써 주세요."),),
    }
    return Run(**known | values)
