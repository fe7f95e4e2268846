"""Looking a server's name up, when the name server may not answer."""

import socket
import urllib.request
from urllib.parse import urlsplit

from core.aside import Aside
from core.errors import ProviderUnavailable
from core.providers.http import is_address

LOOKUP_TIMEOUT_S = 1.5


class HostLookup:
    """The name in `base_url`, looked up aside: a lookup that hangs cannot be ended.

    httpx looks names up in the threads of the loop's pool. A health check comes again and
    again; without this its hanging lookups would fill that pool, and with it stop what has
    nothing to do with the server.
    """

    def __init__(self, base_url: str, *, provider: str, label: str, address: str) -> None:
        self._provider = provider
        self._label = label
        self._address = address
        parts = urlsplit(base_url)
        self._scheme = parts.scheme
        self._host = parts.hostname or ""
        self._aside = Aside(self._look_up, name=f"lookup {provider}")

    async def answered(self) -> None:
        """Return once the name server has answered, whatever it says: httpx tells that better.

        Raises ProviderUnavailable where it does not answer.
        """
        if not self._host or is_address(self._host) or self._goes_through_a_proxy():
            return
        try:
            await self._aside.result(LOOKUP_TIMEOUT_S)
        except OSError as error:
            if not isinstance(error, TimeoutError):
                return  # an answer as well: there is no such name
            raise ProviderUnavailable(
                f"The name in {self._label}'s address {self._address} could not be looked up "
                f"within {LOOKUP_TIMEOUT_S:g} s. Check the network and its name server (DNS), or "
                f"write the machine's number (IP) into {self._provider.upper()}_BASE_URL.",
                provider=self._provider,
                details={"address": self._address, "why": "unknown_host"},
            ) from error

    def _look_up(self) -> None:
        try:
            socket.getaddrinfo(self._host, None, type=socket.SOCK_STREAM)
        except UnicodeError as error:
            raise OSError("no name at all") from error

    def _goes_through_a_proxy(self) -> bool:
        """Whether a proxy does the looking up."""
        proxies = urllib.request.getproxies()
        known = self._scheme in proxies or "all" in proxies
        return known and not urllib.request.proxy_bypass(self._host)
