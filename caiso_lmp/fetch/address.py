"""Where OASIS is: a checked base URL, and whether it is this very machine.

Plain http and a spacing below five seconds are for loopback only, so that no mistyped setting can
send unprotected or impolite requests to the live service.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from caiso_lmp.errors import UsageError

OASIS_URL: Final = "https://oasis.caiso.com/oasisapi"


@dataclass(frozen=True)
class Address:
    """A base URL that may be asked.

    Attributes:
        url: The base URL without a final slash; the service (``SingleZip``) follows.
        host: Its host name, in lower case.
        port: Its port, where the URL names one.
        loopback: Whether the host is this machine: a simulator, not OASIS.
    """

    url: str
    host: str
    port: int | None
    loopback: bool

    @property
    def key(self) -> str:
        """Name what shares one limit of requests: the host; on loopback each port is a service of its own."""
        name = self.host.replace(":", "_")
        return f"{name}-{self.port}" if self.loopback and self.port else name


def parse_address(base_url: str = OASIS_URL) -> Address:
    """Check a base URL.

    Raises:
        UsageError: Not a base URL, or plain http to another machine.
    """
    parts, port = _split(base_url)
    host = (parts.hostname or "").lower()
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment or parts.username:
        raise UsageError(f"{base_url!r} is not a base URL", hint=f"write it like {OASIS_URL}")
    loopback = is_loopback(host)
    if parts.scheme == "http" and not loopback:
        raise UsageError(
            f"{base_url!r} is plain http to another machine",
            hint=f"write https://{parts.netloc}{parts.path}; plain http is for a simulator on this machine",
        )
    return Address(base_url.rstrip("/"), host, port, loopback)


def _split(base_url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(base_url)
        port = parts.port  # read here because it is only now checked to be a number
    except ValueError as error:
        raise UsageError(f"{base_url!r} is not a base URL: {error}", hint=f"write it like {OASIS_URL}") from error
    return parts, port


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
