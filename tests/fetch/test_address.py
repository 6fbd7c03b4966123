"""Where requests may go."""

from __future__ import annotations

import pytest

from caiso_lmp.errors import UsageError
from caiso_lmp.fetch.address import OASIS_URL, parse_address


def test_the_default_is_oasis_over_https() -> None:
    """Without a setting the live service is asked, protected, under its own name."""
    address = parse_address()
    assert (address.url, address.key, address.loopback) == (OASIS_URL, "oasis.caiso.com", False)
    assert OASIS_URL.startswith("https://")


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://127.0.0.1:8123/oasisapi/", "127.0.0.1-8123"),
        ("http://localhost:8123/oasisapi", "localhost-8123"),
        ("http://[::1]:8123/oasisapi", "__1-8123"),
        ("http://127.0.0.2/oasisapi", "127.0.0.2"),
    ],
)
def test_this_machine_may_be_asked_in_plain_http(url: str, key: str) -> None:
    """A simulator is recognized by its address, and each port has a limit of its own."""
    address = parse_address(url)
    assert (address.loopback, address.key, address.url) == (True, key, url.rstrip("/"))


@pytest.mark.parametrize(
    "url", ["http://oasis.caiso.com/oasisapi", "http://10.0.0.1/oasisapi", "http://localhost.example.org/oasisapi"]
)
def test_plain_http_to_another_machine_is_refused(url: str) -> None:
    """Unprotected requests never leave this machine; the message gives the https form."""
    with pytest.raises(UsageError, match="https://"):
        parse_address(url)


@pytest.mark.parametrize(
    "url",
    ["", "oasis.caiso.com", "ftp://oasis.caiso.com", "https://", "https://a:b/c", "https://a?b=c", "https://me:x@a/b"],
)
def test_what_is_no_base_url_is_refused(url: str) -> None:
    """A base that could not be extended by a service and its parameters is wrong use."""
    with pytest.raises(UsageError, match="base URL"):
        parse_address(url)
