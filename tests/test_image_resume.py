"""A ComfyUI job outlives a clean stop of the app, and is followed to its end afterwards."""

from pathlib import Path

from core.media import ImageOptions, ImageRequest
from core.services import Services, build_services
from core.settings import load_settings
from core.types import RunStatus
from tests.fakes.comfyui import FakeComfyUI, Script


def start(folder: Path, comfyui: FakeComfyUI) -> Services:
    names = {"PLAYGROUND_DATA_DIR": str(folder), "COMFYUI_BASE_URL": comfyui.url}
    return build_services(load_settings(names, env_file=None))


def submit(services: Services) -> str:
    options = ImageOptions(width=64, height=48, steps=3, seed=7)
    request = ImageRequest(task="free", prompt="창가의 텀블러", mode="live", options=options)
    return services.gateway.submit(request)


def test_a_job_goes_on_while_the_app_is_away(tmp_path: Path) -> None:
    with FakeComfyUI() as comfyui:
        comfyui.script = Script(hold="sampling")
        services = start(tmp_path, comfyui)
        run_id = submit(services)
        comfyui.wait_until(lambda: comfyui.running is not None)
        services.close()
        assert comfyui.running is not None
        assert comfyui.seen("POST", "/interrupt") == []

        services = start(tmp_path, comfyui)
        comfyui.release()
        run = services.gateway.result(run_id, timeout=20)
        services.close()
        assert len(comfyui.posted) == 1
    assert run.status is RunStatus.SUCCEEDED
    assert len(run.image.pictures) == 1


def test_a_job_that_the_server_lost_meanwhile_is_said_to_be_lost(tmp_path: Path) -> None:
    with FakeComfyUI() as comfyui:
        comfyui.script = Script(hold="sampling")
        services = start(tmp_path, comfyui)
        run_id = submit(services)
        comfyui.wait_until(lambda: comfyui.running is not None)
        services.close()
        comfyui.restart()

        services = start(tmp_path, comfyui)
        run = services.gateway.result(run_id, timeout=40)
        services.close()
    assert (run.status, run.error_code) == (RunStatus.FAILED, "broken_answer")
