"""Sending a job so that it is made once, also when the reply gets lost."""

import asyncio
from typing import Any

import httpx

from core.errors import ProviderError
from core.providers.comfyui.errors import refusal
from core.providers.comfyui.graph import Graph, Titles
from core.providers.comfyui.pace import Pace
from core.providers.comfyui.rejection import partly_rejected, rejected
from core.providers.comfyui.reply import Reply
from core.providers.comfyui.server import ComfyServer
from core.providers.http import is_worth_retrying

LOOKS = 3
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout)
# Newer servers send previews if a job asks for them; older ones do not read this.
EXTRA_DATA = {"preview_method": "auto"}


async def submit(
    server: ComfyServer, graph: Graph, *, job_id: str, client_id: str, pace: Pace
) -> None:
    """Put `graph` into the server's queue as `job_id`. Raises ProviderError.

    A workflow that the server would make only in part is an error, too; the part is then in
    the queue, and has to be withdrawn by the caller.
    """
    body = {
        "prompt": graph,
        "client_id": client_id,
        "prompt_id": job_id,
        "extra_data": EXTRA_DATA,
    }
    reply = await _send_once_known(server, body, pace)
    if reply is None:
        return
    answer = reply.record()
    titles = Titles(graph)
    if reply.status == 400 and answer is not None:
        raise rejected(answer, titles, server.address, reply.status)
    if not reply.ok or answer is None:
        raise refusal(reply, server.address, asked="POST /prompt")
    if answer.get("node_errors"):
        raise partly_rejected(answer["node_errors"], titles, server.address)


def may_be_queued(error: ProviderError) -> bool:
    """Whether the server may have the job although `submit` raised `error`."""
    refused = error.status is not None and 400 <= error.status < 500
    return not refused and not isinstance(error.__cause__, NEVER_SENT)


async def _send_once_known(server: ComfyServer, body: dict[str, Any], pace: Pace) -> Reply | None:
    """The reply, or None when it was lost but the job is there. Sent again once if it is not."""
    reply, error = await _post(server, body)
    if reply is not None and (reply.status < 500 or await _is_known(server, body, pace)):
        return reply if reply.status < 500 else None
    if reply is not None and reply.status not in (502, 503, 504):
        return reply  # it failed over this very job, and would again
    if isinstance(error, NEVER_SENT):
        raise server.unanswered(error) from error
    if error is not None and await _is_known(server, body, pace):
        return None
    if error is not None and not is_worth_retrying(error):
        raise server.unanswered(error) from error
    reply, error = await _post(server, body)
    if reply is not None and reply.status < 500:
        return reply
    if await _is_known(server, body, pace):
        return None
    if error is not None:
        raise server.unanswered(error) from error
    return reply


async def _post(
    server: ComfyServer, body: dict[str, Any]
) -> tuple[Reply | None, httpx.HTTPError | None]:
    try:
        return await server.exchange("POST", "prompt", json=body), None
    except httpx.HTTPError as error:
        return None, error


async def _is_known(server: ComfyServer, body: dict[str, Any], pace: Pace) -> bool:
    """Whether the job came through although its reply did not."""
    for look in range(LOOKS):
        if look:
            await asyncio.sleep(pace.look_up)
        try:
            if await server.sight(body["prompt_id"]) is not None:
                return True
        except ProviderError:
            continue
    return False
