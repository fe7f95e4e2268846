"""What providers that speak HTTP share: the client, addresses fit to show, lines, broken wires.

`error_body.py` beside it reads what a server says when it refuses.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncGenerator, Callable, Iterator
from weakref import WeakKeyDictionary

import httpx
from pydantic import SecretStr

from core.addresses import safe_address as safe_address
from core.errors import BrokenAnswer, ProviderError, ProviderTimeout, ProviderUnavailable
from core.providers.patience import CompressedAnswer, PatientClient, Trickle

CONNECT_TIMEOUT_S = 4.0
WRITE_TIMEOUT_S = 30.0
MAX_LINE_BYTES = 8 * 1024 * 1024

_UNSPECIFIED = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (bind addresses, not for connecting)


class LoopClients:
    """One client for each event loop that asks, made on first use.

    A connection pool belongs to the loop it was first used on; a provider may be asked on the
    runner's loop and, for its health, on the web server's.
    """

    def __init__(self, build: Callable[[], httpx.AsyncClient]) -> None:
        self._build = build
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = (
            WeakKeyDictionary()
        )

    def get(self) -> httpx.AsyncClient:
        """The running loop's client."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = self._build()
        return self._clients[loop]

    async def aclose(self) -> None:
        """Close the running loop's client and forget all others."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        self._clients.clear()
        if client is not None:
            await client.aclose()


def build_client(
    base_url: str,
    *,
    idle_timeout: float,
    bearer: SecretStr | str | None = None,
    keep_alive: bool = True,
) -> httpx.AsyncClient:
    """A client whose paths go behind `base_url`; `idle_timeout` is the longest silence in seconds.

    Proxies of the environment are ignored for loopback. Credentials in the address become
    basic authentication, unless there is a bearer token. `keep_alive` False opens a connection
    a request, for servers that close a finished stream's connection without saying so. Raises
    httpx.UnsupportedProtocol where no client can be made: a host name that is none, a proxy
    or certificate setting of the environment that is wrong.
    """
    try:
        return _build(base_url, idle_timeout=idle_timeout, bearer=bearer, keep_alive=keep_alive)
    except (httpx.InvalidURL, ValueError, OSError) as error:
        raise httpx.UnsupportedProtocol("no client can be made") from error


def _build(
    base_url: str, *, idle_timeout: float, bearer: SecretStr | str | None, keep_alive: bool
) -> httpx.AsyncClient:
    url = httpx.URL(base_url)
    token = bearer.get_secret_value() if isinstance(bearer, SecretStr) else bearer or ""
    headers = {b"Accept-Encoding": b"identity", b"User-Agent": b"sparklio-playground"}
    if token:
        headers[b"Authorization"] = b"Bearer " + token.encode()
    basic = httpx.BasicAuth(url.username, url.password) if url.userinfo and not token else None
    return PatientClient(
        base_url=url.copy_with(
            host=_UNSPECIFIED.get(url.host, url.host), userinfo=b"", query=None, fragment=None
        ),
        headers=list(headers.items()),
        auth=basic,
        timeout=httpx.Timeout(
            connect=CONNECT_TIMEOUT_S, read=idle_timeout, write=WRITE_TIMEOUT_S, pool=None
        ),
        limits=httpx.Limits(
            max_connections=None, max_keepalive_connections=32 if keep_alive else 0
        ),
        follow_redirects=False,
        trust_env=not is_loopback(url.host),
    )


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine, told from its spelling alone."""
    if host == "localhost" or host.endswith(".localhost") or host in _UNSPECIFIED:
        return True
    return is_address(host) and ipaddress.ip_address(host).is_loopback


def is_address(host: str) -> bool:
    """Whether `host` is an IP address, which nobody has to look up."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def read_lines(
    response: httpx.Response, *, provider: str, max_bytes: int = MAX_LINE_BYTES
) -> AsyncGenerator[str, None]:
    r"""The body's lines, split at \n only, without their line ends; the last needs none.

    Not httpx's `aiter_lines`: that one also splits at U+2028 and its like, which stand
    unescaped inside JSON strings. Bytes that are no UTF-8 become U+FFFD. Raises BrokenAnswer
    for a line longer than `max_bytes`, httpx.ReadTimeout for one that trickles in for longer than
    the server may be silent, and whatever else httpx raises.
    """
    rest = b""
    pace = Trickle(response)
    async for chunk in response.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n") if b"\n" in chunk else (rest + chunk,)
        for line in lines:
            yield line.decode("utf-8", "replace").removesuffix("\r")
        pace.note(whole=bool(lines))
        if len(rest) > max_bytes:
            raise BrokenAnswer(
                f"{provider} sent one record of more than {max_bytes // 1024} KiB. "
                "Check that the address is the right server's.",
                provider=provider,
                status=response.status_code,
            )
    if rest:
        yield rest.decode("utf-8", "replace").removesuffix("\r")


def is_worth_retrying(exc: Exception) -> bool:
    """Whether sending again can mend `exc`, given that no byte of an answer had arrived.

    True for a refused or broken connection, a kept-alive one that the server had closed among
    them; False for names that do not exist, certificates, and every kind of timeout.
    """
    if isinstance(exc, httpx.ConnectError):
        return not any(isinstance(cause, socket.gaierror | ssl.SSLError) for cause in _causes(exc))
    return isinstance(exc, httpx.NetworkError | httpx.RemoteProtocolError)


def map_transport_error(
    exc: Exception,
    *,
    provider: str,
    address: str,
    timeout_s: float,
    received: bool,
    label: str | None = None,
) -> ProviderError:
    """What httpx raised as an error of ours; the one place where that is decided.

    `address` has its credentials masked already (`safe_address`), `received` says whether any
    byte of the answer had arrived, `label` is the server's name for people (default: the
    provider's). The text of `exc` is used only where it cannot hold a secret.
    """
    name = label or provider
    base_url, timeout = f"{provider.upper()}_BASE_URL", f"{provider.upper()}_TIMEOUT"
    details = {"address": address, "cause": type(exc).__name__}
    match exc:
        case httpx.ReadTimeout() | httpx.WriteTimeout():
            return ProviderTimeout(
                f"{name} at {address} was silent for {timeout_s:g} s. Run it again, or allow "
                f"a longer silence with {timeout}.",
                provider=provider,
                details=details | {"timeout_s": timeout_s},
            )
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            why = f"No connection to {name} at {address} within {CONNECT_TIMEOUT_S:g} s."
            todo = f"Check that the machine is on and not behind a firewall, and {base_url}."
        case httpx.ConnectError():
            kind, why, todo = _connect_error(exc, name=name, address=address, setting=base_url)
            details |= {"why": kind} if kind else {}
        case httpx.ProxyError():
            why = f"The proxy between the playground and {name} at {address} did not help."
            todo = "Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY."
        case CompressedAnswer():
            return BrokenAnswer(
                f"{name} at {address} compresses its answers although it was asked not to. Turn "
                "compression off in the server, or in the proxy before it.",
                provider=provider,
                details=details,
            )
        case httpx.NetworkError() | httpx.RemoteProtocolError() | httpx.DecodingError():
            if received:
                return BrokenAnswer(
                    f"The connection to {name} at {address} broke in the middle of the "
                    "answer. Run it again; if it happens again, look into the server's log.",
                    provider=provider,
                    details=details,
                )
            why = f"{name} at {address} closed the connection without an answer."
            todo = f"Check that the server still runs, and that {base_url} is its address."
        case _:
            return ProviderError(
                f"The request to {name} at {address} could not be sent. Check {base_url}, "
                f"{provider.upper()}_API_KEY and HTTP_PROXY for what does not belong there.",
                provider=provider,
                details=details,
            )
    return ProviderUnavailable(f"{why} {todo}", provider=provider, details=details)


def _connect_error(
    exc: Exception, *, name: str, address: str, setting: str
) -> tuple[str, str, str]:
    """The word for it (see `core.health.CODES`), what happened, what to do."""
    causes = list(_causes(exc))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return (
            "unknown_host",
            f"No machine has the name in {name}'s address {address}.",
            f"Check the spelling in {setting}, and the network.",
        )
    if any(isinstance(cause, ssl.SSLError) for cause in causes) or "SSL" in str(exc):
        return (
            "not_secure",
            f"No secure connection to {name} at {address}: {exc}.",
            f"Check whether {setting} should start with http:// and whether the certificate "
            "is valid.",
        )
    return (
        "",
        f"Nothing answers at {name}'s address {address}.",
        f"Start the server there, or set {setting} to where it runs.",
    )


def _causes(exc: BaseException | None) -> Iterator[BaseException]:
    """`exc` and everything it came from."""
    while exc is not None:
        yield exc
        if isinstance(exc, BaseExceptionGroup):
            for part in exc.exceptions:
                yield from _causes(part)
        exc = exc.__cause__ or exc.__context__
