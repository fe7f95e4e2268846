"""What a `FakeOllama` does with a chat: write nicely, or fail in one of Ollama's ways."""

import json
from dataclasses import dataclass
from typing import Any, Literal, Self

OOM = "llama-server reported out-of-memory during startup: cudaMalloc failed: out of memory"
CRASH = (
    "model runner has unexpectedly stopped, this may be due to resource limitations or an "
    "internal error, check ollama server logs for details"
)
BUSY = "server busy, please try again.  maximum pending requests exceeded"
GATEWAY_PAGE = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad "
    "Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


@dataclass(frozen=True)
class Reply:
    """A whole HTTP answer, sent as it is. `stall` sends nothing at all until the client goes."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    location: str = ""
    stall: bool = False

    @classmethod
    def error(cls, status: int, text: str, **more: str) -> Self:
        """Ollama's `{"error": …}`."""
        return cls(status, json.dumps({"error": text} | more).encode())

    @classmethod
    def page(cls, status: int = 502, page: str = GATEWAY_PAGE) -> Self:
        """A proxy's web page."""
        return cls(status, page.encode(), "text/html")

    @classmethod
    def plain(cls, status: int, text: str = "") -> Self:
        """Plain text, or no body at all."""
        return cls(status, text.encode(), "text/plain" if text else "")

    @classmethod
    def overflow(cls, prompt: int = 5031, context: int = 2048) -> Self:
        """llama-server's refusal of a long prompt, as a string inside Ollama's error."""
        inner = {
            "error": {
                "code": 400,
                "message": f"request ({prompt} tokens) exceeds the available context size "
                f"({context} tokens), try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": prompt,
                "n_ctx": context,
            }
        }
        return cls.error(400, json.dumps(inner))


@dataclass(frozen=True)
class Behaviour:
    """How one chat goes; the defaults are a good answer.

    `reply`: this instead of a stream. `reset`: cut the connection before a byte is sent.
    `load_s`: seconds for loading a model that is not loaded; `hold`: wait for
    `FakeOllama.release()` before that. Meanwhile no header is sent, and a model that is not
    loaded stays absent from /api/ps.
    `thinking` and `pieces`: the deltas, each `delay_s` after the one before; `last_text` comes
    in the final record. `end`: "done"; "error" (`error` as a line); "silence" (open, but
    nothing more, until the client goes or `release()`); "eof" (a clean end without `done`);
    "reset" (the connection breaks); "garbage" (a line that is no JSON). `raw`: the whole body
    in exactly these chunks, in place of all that. `last`: fields of the final record, None
    removes one.
    """

    reply: Reply | None = None
    reset: bool = False
    load_s: float = 0.0
    hold: bool = False
    thinking: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ("안녕", "하세요", ", ", "반갑", "습니다", ".")
    delay_s: float = 0.0
    last_text: str = ""
    end: Literal["done", "error", "silence", "eof", "reset", "garbage"] = "done"
    error: str = CRASH
    done_reason: str = "stop"
    raw: tuple[bytes, ...] | None = None
    last: dict[str, Any] | None = None


@dataclass
class FakeModel:
    """A model the fake has. `capabilities` None leaves the key out, as old versions do.

    `gpu_size` is how much of it is in the graphics card's memory once loaded (None: all of it),
    `num_ctx` and `expires_at` what /api/ps says then. `lingers_s` is how long it stays listed
    there after it was told to go: somebody's request may keep it.
    """

    name: str
    capabilities: tuple[str, ...] | None = ("completion", "tools")
    size: int = 8_988_124_069
    parameters: str = "14.8B"
    context: int = 32_768
    loaded: bool = False
    gpu_size: int | None = None
    num_ctx: int = 4096
    expires_at: str = "2318-12-01T01:02:03.456789+02:00"
    lingers_s: float = 0.0

    def details(self) -> dict[str, Any]:
        """`details` of /api/tags, /api/ps and /api/show."""
        return {
            "parent_model": "",
            "format": "gguf",
            "family": "qwen2",
            "families": None,
            "parameter_size": self.parameters,
            "quantization_level": "Q4_K_M",
        }

    def listed(self) -> dict[str, Any]:
        """The model as /api/tags lists it."""
        entry = self._common() | {"modified_at": "2026-08-21T18:48:22.123456789Z"}
        if self.capabilities is not None:
            entry["capabilities"] = list(self.capabilities)
        return entry

    def running(self) -> dict[str, Any]:
        """The model as /api/ps lists it."""
        return self._common() | {
            "expires_at": self.expires_at,
            "size_vram": self.size if self.gpu_size is None else self.gpu_size,
            "context_length": self.num_ctx,
        }

    def shown(self) -> dict[str, Any]:
        """The model as /api/show describes it."""
        shown: dict[str, Any] = {
            "modelfile": f"FROM {self.name}\n",
            "template": "{{ .Prompt }}",
            "details": self.details(),
            "model_info": {
                "general.architecture": "qwen2",
                "qwen2.context_length": self.context,
            },
            "modified_at": "2026-08-21T18:48:22.123456789Z",
        }
        if self.capabilities is not None:
            shown["capabilities"] = list(self.capabilities)
        return shown

    def _common(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "model": self.name,
            "size": self.size,
            "digest": "7cdf5a0187d5c58cc5d369b255592f7841d1c4696d45a8c8a9489440385b22f6",
            "details": self.details(),
        }
