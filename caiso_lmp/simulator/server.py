"""The server on loopback: threads, sockets, and a clean end of both."""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import suppress
from http.server import ThreadingHTTPServer
from typing import Any

from caiso_lmp.simulator.control import Control
from caiso_lmp.simulator.front_door import FrontDoor
from caiso_lmp.simulator.handler import OasisHandler

HOST = "127.0.0.1"


class SimulatorServer(ThreadingHTTPServer):
    """Accepts connections and ends them.

    Args:
        port: Port on loopback; 0 takes a free one.
        door: Answers questions to OASIS.
        control: Answers questions to the simulator itself.
    """

    daemon_threads = False  # the end of the server waits for its threads
    request_queue_size = 128  # connections of clients that all start at once

    def __init__(self, port: int, door: FrontDoor, control: Control) -> None:
        super().__init__((HOST, port), OasisHandler)
        self.door = door
        self.control = control
        self._closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def pause(self, seconds: float) -> bool:
        """Wait in a handler; True if the server ends meanwhile."""
        return self._closing.wait(seconds)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as in the base class
        """Remember a connection while it is open."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - as in the base class
        """Forget a connection, and close it."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as in the base class
        """Say nothing of clients that hang up, as many tests make them do; show every other error."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def end(self) -> None:
        """Stop accepting, end what hangs or trickles, close idle connections, wait for the threads."""
        self._closing.set()
        self.shutdown()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):  # it ended by itself
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
