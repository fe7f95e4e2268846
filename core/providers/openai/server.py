"""One OpenAI-compatible server on the wire: what is asked of it, and its refusals as errors."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from core.errors import BrokenAnswer, ProviderError, ProviderTimeout
from core.providers.error_body import parse_error_body, read_error_body, stand_in
from core.providers.http import (
    MAX_LINE_BYTES,
    LoopClients,
    build_client,
    is_worth_retrying,
    map_transport_error,
    safe_address,
)
from core.providers.lookup import HostLookup
from core.providers.openai.errors import VENDOR, refusal
from core.providers.openai.wire import models_of
from core.providers.patience import Slowness
from core.types import ModelInfo

RETRY_PAUSE_S = 0.3
LIST_TIMEOUT_S = 15.0


class OpenAIServer:
    """The server at `base_url`; `timeout_s` is the longest silence allowed.

    No connection is used twice: llama.cpp's server closes a finished stream's connection
    although it promises to keep it, and the next request on it would fail.
    """

    def __init__(self, base_url: str, *, api_key: SecretStr, timeout_s: float) -> None:
        url = api_address(base_url)
        self.address = safe_address(url)
        self.lookup = HostLookup(url, provider=VENDOR, label=VENDOR, address=self.address)
        self._timeout_s = timeout_s
        self._clients = LoopClients(
            lambda: build_client(url, idle_timeout=timeout_s, bearer=api_key, keep_alive=False)
        )

    async def chat(self, body: Mapping[str, Any], *, model: str) -> httpx.Response:
        """An answer that has begun, its body still to read and to close.

        Asked twice where the first time reached no model. Raises ProviderError.
        """
        try:
            response = await self._request("POST", "/chat/completions", body)
            if response.status_code not in (502, 503):
                return await self._accepted(response, model=model)
            await response.aclose()
        except httpx.HTTPError as error:
            if not is_worth_retrying(error):
                raise self.broken_wire(error, received=False) from error
        await asyncio.sleep(RETRY_PAUSE_S)
        try:
            response = await self._request("POST", "/chat/completions", body)
        except httpx.HTTPError as error:
            raise self.broken_wire(error, received=False) from error
        return await self._accepted(response, model=model)

    async def models(self) -> list[ModelInfo]:
        """What `GET /models` lists, within 15 s in all. Raises ProviderError."""
        try:
            async with asyncio.timeout(LIST_TIMEOUT_S):
                response = await self._accepted(await self._request("GET", "/models"))
                listing = await whole_body(response)
                models = models_of(_json(listing))
        except TimeoutError as error:
            raise ProviderTimeout(
                f"{VENDOR} at {self.address} did not list its models within {LIST_TIMEOUT_S:g} s. "
                "It may be starting or very busy: try again in a moment.",
                provider=VENDOR,
            ) from error
        except httpx.HTTPError as error:
            raise self.broken_wire(error, received=False) from error
        if models is None:
            raise BrokenAnswer(
                f"{VENDOR} at {self.address} does not answer with a list of models. Check that "
                "OPENAI_BASE_URL is the API's address; it usually ends in /v1.",
                provider=VENDOR,
                status=response.status_code,
                details=stand_in(response.status_code, parse_error_body(listing)),
            )
        return models

    def broken_wire(self, error: httpx.HTTPError, *, received: bool) -> ProviderError:
        """`error` as one of ours; `received` tells whether the answer had begun."""
        return map_transport_error(
            error,
            provider=VENDOR,
            address=self.address,
            timeout_s=self._timeout_s,
            received=received,
        )

    async def aclose(self) -> None:
        """Close the running loop's client."""
        await self._clients.aclose()

    async def _request(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        client = self._clients.get()
        return await client.send(client.build_request(method, path, json=body), stream=True)

    async def _accepted(self, response: httpx.Response, *, model: str = "") -> httpx.Response:
        """`response` if it is an answer; a refusal is read, closed and raised."""
        if response.is_success:
            return response
        try:
            said = await read_error_body(response)
        finally:
            await response.aclose()
        raise refusal(
            response.status_code,
            said,
            model=model,
            address=self.address,
            retry_after=response.headers.get("Retry-After"),
            location=safe_address(response.headers.get("Location", "")),
        )


async def whole_body(response: httpx.Response) -> str:
    """The body of an answer that is not streamed, at most 8 MiB of it; closes the response."""
    body = bytearray()
    pace = Slowness(response)
    try:
        async for chunk in response.aiter_bytes():
            body += chunk
            pace.note(len(body))
            if len(body) > MAX_LINE_BYTES:
                break
    finally:
        await response.aclose()
    return body.decode("utf-8", "replace")


def api_address(base_url: str) -> str:
    """`base_url` as paths are put behind it: a bare host gets the usual `/v1`."""
    base_url = base_url.rstrip("/").removesuffix("/chat/completions")
    return f"{base_url}/v1" if base_url and not urlsplit(base_url).path else base_url


def _json(body: str) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
