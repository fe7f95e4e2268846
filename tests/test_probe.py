"""The one-line test of each provider."""

import pytest

from core.errors import InvalidRequest
from core.probe import probe_request
from core.types import RunStatus


@pytest.mark.parametrize("component", ["text/mock", "image/mock"])
def test_the_one_line_test_is_a_recorded_run_of_that_provider(services, component):
    run_id = services.gateway.submit(probe_request(component))
    run = services.gateway.result(run_id, timeout=20)
    assert run.status is RunStatus.SUCCEEDED
    assert f"{run.kind}/{run.provider}" == component
    assert run.source == "page"
    assert services.store.get(run_id) == run


@pytest.mark.parametrize("component", ["text/ollama", "image/comfyui"])
def test_a_live_provider_is_tested_at_its_server_and_nowhere_else(services, component):
    run = services.gateway.result(services.gateway.submit(probe_request(component)), timeout=20)
    assert run.status is RunStatus.FAILED
    assert run.error_code == "provider_unavailable"
    assert f"{run.kind}/{run.provider}" == component


@pytest.mark.parametrize("component", ["database", "disk", "", "text/", "sound/mock"])
def test_what_makes_no_runs_cannot_be_tested(component):
    with pytest.raises(InvalidRequest, match="only providers"):
        probe_request(component)
