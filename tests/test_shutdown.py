"""While the app ends, nobody builds the services once more; a page that asks is told so."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from websockets.exceptions import ConnectionClosed

from core import services as module
from core.errors import ShuttingDown
from core.services import build_services
from core.settings import load_settings
from tests.app_server import running_app
from tests.bench.load.tab import opened_tab
from tests.bench.load.tally import Tally


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of the process's services, which has none yet and will make them in a folder."""
    settings = load_settings({"PLAYGROUND_DATA_DIR": str(tmp_path)}, env_file=None)
    monkeypatch.setattr(module, "load_settings", lambda: settings)
    monkeypatch.setattr(module, "_services", None)
    monkeypatch.setattr(module, "_closed", False)
    yield module
    module.close_services()


def test_services_that_were_closed_are_not_built_again_by_who_asks(process: ModuleType) -> None:
    process.open_services()
    process.close_services()

    with pytest.raises(ShuttingDown, match="being shut down"):
        process.get_services()


def test_an_app_that_starts_again_in_the_same_process_gets_new_services(
    process: ModuleType,
) -> None:
    first = process.open_services()
    process.close_services()

    assert process.open_services() is not first
    assert process.get_services() is process.get_services()


def test_who_asks_while_the_services_close_is_refused_at_once(
    process: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, closing, go_on = process.open_services(), threading.Event(), threading.Event()
    really_close = here.close

    def slow_close() -> None:
        closing.set()
        assert go_on.wait(10)
        really_close()

    monkeypatch.setattr(here, "close", slow_close)
    closer = threading.Thread(target=process.close_services)
    closer.start()
    assert closing.wait(10)
    with pytest.raises(ShuttingDown):
        process.get_services()
    go_on.set()
    closer.join()


def test_a_page_that_follows_a_run_does_not_bring_the_app_back_while_it_ends(
    tmp_path: Path,
) -> None:
    tally = Tally()

    async def follow(url: str) -> None:
        async with opened_tab(url, tally) as tab:
            await tab.press("text_example")
            await tab.press("text_run")
            assert tab.has("stop_")
            await asyncio.sleep(0.5)

            app.process.terminate()
            await asyncio.to_thread(app.process.wait, 30)

    with running_app(tmp_path, {"MOCK_TOKENS_PER_SECOND": "5"}) as app:
        with pytest.raises(ConnectionClosed):
            asyncio.run(follow(app.url))
        log = app.log

    assert "Traceback" not in log
    settings = load_settings({"PLAYGROUND_DATA_DIR": str(tmp_path / "data")}, env_file=None)
    here = build_services(settings)
    (run,) = here.gateway.recent()
    here.close()
    assert run.status == "interrupted"
