"""The real services in this process, with the stream server as their live model."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.services import Services, build_services
from core.settings import load_settings
from core.types import Mode, TextRequest
from tests.bench.stream_server import model

CONCURRENCY = 50


@contextmanager
def live_services(server: str) -> Iterator[Services]:
    """Services on an empty folder; both live providers ask the stream server at `server`."""
    with tempfile.TemporaryDirectory() as folder:
        services = build_services(
            load_settings(
                {
                    "PLAYGROUND_DATA_DIR": str(Path(folder)),
                    "MOCK_TOKENS_PER_SECOND": "0",
                    "OLLAMA_BASE_URL": server,
                    "OPENAI_BASE_URL": f"{server}/v1",
                    "OPENAI_CONCURRENCY": str(CONCURRENCY),
                },
                env_file=None,
            )
        )
        try:
            yield services
        finally:
            services.close()


def live_request(provider: str, pause_ms: float) -> TextRequest:
    """A free prompt for the model that pauses `pause_ms` before each token."""
    return TextRequest(
        role="copywriter",
        task="free",
        payload={"prompt": "담은 텀블러의 소개글을 써 주세요."},
        mode=Mode.LIVE,
        provider=provider,
        model=model(pause_ms),
    )
