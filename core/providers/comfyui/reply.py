"""One answer of the server, read whole, whatever it turns out to be."""

import json
from dataclasses import dataclass
from typing import Any

from core.providers.error_body import ErrorBody, parse_error_body


@dataclass(frozen=True)
class Reply:
    """Status and body. The body may be JSON, a line of text, a web page or nothing at all."""

    status: int
    body: bytes
    content_type: str = ""
    location: str = ""

    @property
    def ok(self) -> bool:
        """Whether the status is 200."""
        return self.status == 200

    def record(self) -> dict[str, Any] | None:
        """The body as a JSON object, NaN allowed; None when it is something else."""
        value = self.value()
        return value if isinstance(value, dict) else None

    def value(self) -> object:
        """The body as JSON, None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def said(self) -> ErrorBody:
        """The body as a refusal to show to people."""
        return parse_error_body(self.body[:65536].decode("utf-8", "replace"))
