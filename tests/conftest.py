"""Fixtures that many tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.services import Services, build_services
from core.settings import load_settings
from core.store import Database, RunStore
from tests.small_llm import small_llm as small_llm


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "playground.db")
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> RunStore:
    return RunStore(database)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """The real services on an empty folder: a mock without delays, no server anywhere."""
    settings = load_settings(
        {
            "PLAYGROUND_DATA_DIR": str(tmp_path / "data"),
            "MOCK_TOKENS_PER_SECOND": "0",
            "OLLAMA_BASE_URL": "http://127.0.0.1:9",
            "COMFYUI_BASE_URL": "http://127.0.0.1:9",
        },
        env_file=None,
    )
    services = build_services(settings)
    yield services
    services.close()
