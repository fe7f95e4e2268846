"""What all providers over HTTP share: addresses, clients, error bodies, transport errors."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator

import httpx
import pytest

from core.errors import BrokenAnswer, ProviderError, ProviderTimeout, ProviderUnavailable
from core.providers.error_body import parse_error_body, read_error_body
from core.providers.http import (
    LoopClients,
    build_client,
    is_worth_retrying,
    map_transport_error,
    safe_address,
)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434"),
        ("https://mina:p@ss@ai.test/ollama", "https://***@ai.test/ollama"),
        ("https://token@ai.test", "https://***@ai.test"),
        ("https://ai.test/v1?key=secret#x", "https://ai.test/v1"),
    ],
)
def test_an_address_is_shown_without_its_credentials(address, shown):
    assert safe_address(address) == shown


@pytest.mark.parametrize(
    ("address", "uses_proxy"),
    [
        ("http://127.0.0.1:1", False),
        ("http://localhost:1", False),
        ("http://[::1]:1", False),
        ("http://0.0.0.0:1", False),
        ("http://ai.test:1", True),
        ("http://10.0.0.7:1", True),
    ],
)
async def test_proxies_of_the_environment_are_for_other_machines(address, uses_proxy, monkeypatch):
    async def be_a_proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    proxy = await asyncio.start_server(be_a_proxy, "127.0.0.1", 0)
    port = proxy.sockets[0].getsockname()[1]
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
    async with proxy, build_client(address, idle_timeout=5) as client:
        if uses_proxy:
            assert (await client.get("x")).status_code == 418
        else:
            with pytest.raises(httpx.ConnectError):
                await client.get("x")


def test_each_loop_has_a_client_of_its_own():
    clients = LoopClients(lambda: build_client("http://127.0.0.1:1", idle_timeout=1))

    async def twice() -> tuple[httpx.AsyncClient, httpx.AsyncClient]:
        pair = clients.get(), clients.get()
        await clients.aclose()
        return pair

    first, again = asyncio.run(twice())
    other, _ = asyncio.run(twice())
    assert first is again
    assert other is not first
    assert first.is_closed


@pytest.mark.parametrize("address", ["http://xn--:80", "http://ex☃ample"])
def test_a_host_that_cannot_be_one_is_an_error_like_any_other(address):
    with pytest.raises(httpx.HTTPError):
        build_client(address, idle_timeout=1)


TRANSPORT = [
    (httpx.ReadTimeout(""), False, ProviderTimeout),
    (httpx.ReadTimeout(""), True, ProviderTimeout),
    (httpx.ConnectTimeout(""), False, ProviderUnavailable),
    (httpx.ConnectError(""), False, ProviderUnavailable),
    (httpx.ProxyError(""), False, ProviderUnavailable),
    (httpx.RemoteProtocolError(""), False, ProviderUnavailable),
    (httpx.RemoteProtocolError(""), True, BrokenAnswer),
    (httpx.ReadError(""), False, ProviderUnavailable),
    (httpx.ReadError(""), True, BrokenAnswer),
    (httpx.DecodingError(""), True, BrokenAnswer),
    (httpx.LocalProtocolError("Illegal header value b'Bearer s3cret'"), False, ProviderError),
]


@pytest.mark.parametrize(("raised", "received", "kind"), TRANSPORT)
def test_what_the_wire_does_becomes_one_of_our_errors(raised, received, kind):
    error = map_transport_error(
        raised, provider="ollama", address="http://x", timeout_s=3, received=received
    )
    assert type(error) is kind
    assert "http://x" in error.message
    assert "s3cret" not in f"{error.message} {error.details}"


def caused_by(cause: Exception) -> httpx.ConnectError:
    error = httpx.ConnectError(str(cause))
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("raised", "worth"),
    [
        (caused_by(ConnectionRefusedError()), True),
        (caused_by(socket.gaierror()), False),
        (caused_by(ssl.SSLError()), False),
        (httpx.RemoteProtocolError(""), True),
        (httpx.ReadError(""), True),
        (httpx.ConnectTimeout(""), False),
        (httpx.ReadTimeout(""), False),
        (httpx.LocalProtocolError(""), False),
    ],
)
def test_only_what_can_pass_is_worth_another_try(raised, worth):
    assert is_worth_retrying(raised) is worth


INNER = {"error": {"message": "too long", "type": "exceed", "n_ctx": 2048}}


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ("", "empty", ""),
        (" \n", "empty", ""),
        ("404 page\nnot found", "text", "404 page not found"),
        ('{"error": "no"}', "json", "no"),
        (json.dumps(INNER), "json", "too long"),
        (json.dumps({"error": json.dumps(INNER)}), "json", "too long"),
        ('{"detail": "Not Found"}', "json", "Not Found"),
        ('{"error": {"code": 7}}', "json", '{"code": 7}'),
        ('{"error": 7}', "json", "7"),
        ("{}", "json", "{}"),
        ("[1]", "text", "[1]"),
        (
            "<!DOCTYPE html><title> 502 <b>Bad</b> &amp; broken </title>",
            "html",
            "a web page instead of an API: “502 Bad & broken”",
        ),
        ("<p>", "html", "a web page instead of an API"),
    ],
)
def test_an_error_body_becomes_one_readable_line(body, kind, text):
    read = parse_error_body(body)
    assert (read.kind, read.text) == (kind, text)


def test_the_numbers_inside_an_error_inside_a_string_are_found():
    read = parse_error_body(json.dumps({"error": json.dumps(INNER)}))
    assert read.data["n_ctx"] == 2048


async def test_an_error_body_without_end_is_not_read_to_its_end():
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1024
            yield b"x" * 1024

    request = httpx.Request("GET", "http://x")
    body = await read_error_body(httpx.Response(500, content=endless(), request=request))
    assert body.kind == "text"
    assert sent == 64 * 1024


async def test_an_error_body_that_stops_coming_counts_as_far_as_it_came():
    async def stuck() -> AsyncIterator[bytes]:
        yield b"half a rea"
        await asyncio.Event().wait()

    response = httpx.Response(500, content=stuck(), request=httpx.Request("GET", "http://x"))
    assert (await read_error_body(response, timeout_s=0.05)).text == "half a rea"
