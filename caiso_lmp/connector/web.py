"""One port for ``/metrics``, ``/health/live`` and ``/health/ready``."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

from caiso_lmp.connector.health import Health
from caiso_lmp.connector.metrics import CONTENT_TYPE, Metrics
from caiso_lmp.errors import UsageError

_JSON: Final = "application/json"
_POLL_SECONDS: Final = 0.05  # how soon the server notices that it shall end
_SOCKET_SECONDS: Final = 10.0  # how long a client may take to ask

Page = tuple[int, str, bytes]


class Web:
    """Answers on one port in a thread of its own; a context manager.

    Args:
        host: Address to listen on.
        port: Port; 0 takes a free one.
        metrics: What ``/metrics`` shows.
        health: What ``/health/…`` judges.

    Raises:
        UsageError: The port cannot be used.
    """

    def __init__(self, host: str, port: int, metrics: Metrics, health: Health) -> None:
        pages: dict[str, Callable[[], Page]] = {
            "/metrics": lambda: (HTTPStatus.OK, CONTENT_TYPE, metrics.to_text()),
            "/health/live": lambda: _judged(*health.live()),
            "/health/ready": lambda: _judged(*health.ready()),
        }
        try:
            self._server = ThreadingHTTPServer((host, port), _handler(pages))
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"the port {host}:{port} for metrics and health cannot be used: {error}",
                hint="set metrics.port to a free one, 0 for any",
            ) from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_SECONDS,), name="metrics")

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.server_port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _judged(fine: bool, told: dict[str, Any]) -> Page:
    status = HTTPStatus.OK if fine else HTTPStatus.SERVICE_UNAVAILABLE
    return status, _JSON, json.dumps(told).encode() + b"\n"


def _handler(pages: dict[str, Callable[[], Page]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers one connection."""

        timeout = _SOCKET_SECONDS

        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0])
            known = json.dumps({"pages": sorted(pages)}).encode()
            status, content_type, body = page() if page else (HTTPStatus.NOT_FOUND, _JSON, known)
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - as in the base class
            """Say nothing: scrapes are no news."""

    return Handler
