"""Taking a job back: out of the queue, or stopped, and only this one."""

import asyncio
import logging
import time

from core.errors import ProviderError
from core.providers.comfyui.pace import Pace
from core.providers.comfyui.server import ComfyServer, Ended, Running

MOST_FAILURES = 3

log = logging.getLogger("playground.comfyui")


async def withdraw(server: ComfyServer, job_id: str, pace: Pace) -> bool:
    """Whether the job is known to be out of the queue and not running; never raises.

    The server answers 200 whatever it did, so it is asked where the job is until the job is
    gone or over, for at most `pace.withdraw` seconds. The wish is repeated: one that comes
    between leaving the queue and starting is forgotten there.
    """
    try:
        async with asyncio.timeout(pace.withdraw):
            return await _until_out(server, job_id, pace)
    except TimeoutError:
        waited = {"job_id": job_id, "waited_s": pace.withdraw}
        log.warning("job did not end after cancelling", extra=waited)
        return False


async def _until_out(server: ComfyServer, job_id: str, pace: Pace) -> bool:
    failures, missed, asked_at = 0, False, -pace.insist
    while True:
        try:
            if time.monotonic() - asked_at >= pace.insist:
                await _ask_to_end(server, job_id)
                asked_at = time.monotonic()
            sighting = await server.sight(job_id)
        except ProviderError as error:
            failures += 1
            if failures >= MOST_FAILURES:
                told = {"job_id": job_id, "error_code": error.code}
                log.warning("job could not be cancelled", extra=told)
                return False
        else:
            # Absent once may mean that it was just on its way from the queue to the worker.
            if isinstance(sighting, Ended) or (sighting is None and missed):
                return True
            missed = sighting is None
        await asyncio.sleep(pace.settle)


async def _ask_to_end(server: ComfyServer, job_id: str) -> None:
    if await server.cancel_by_jobs_api(job_id):
        return
    await server.delete_pending(job_id)
    # Old servers read no id here and stop whatever runs, so this has to be ours.
    if isinstance(await server.sight(job_id), Running):
        await server.interrupt(job_id)
