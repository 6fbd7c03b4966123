"""One connection: HTTP in, answers out, and the faults that happen on the way out."""

from __future__ import annotations

import os
import socket
import struct
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, Final, Protocol, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from caiso_lmp.simulator.answer import Answer, page
from caiso_lmp.simulator.catalogue import Service
from caiso_lmp.simulator.control import PREFIX, Control
from caiso_lmp.simulator.faults import Fault
from caiso_lmp.simulator.front_door import FrontDoor

BASE_PATH: Final = "/oasisapi"
_LINGER_NOT: Final = struct.pack("ii", 1, 0)  # closes by a reset instead of an orderly end
_LARGEST_CONTROL: Final = 1_000_000  # bytes of a control request


class Host(Protocol):
    """What a handler needs of its server."""

    door: FrontDoor
    control: Control

    def pause(self, seconds: float) -> bool:
        """Wait; True if the server ends meanwhile."""


class OasisHandler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    protocol_version = "HTTP/1.1"
    server_version = "SimulatedOasis"
    disable_nagle_algorithm = True  # header and body are two writes; the second must not wait for the first

    @property
    def _host(self) -> Host:
        return cast("Host", self.server)

    def do_GET(self) -> None:
        """Answer a question to OASIS, or show what the simulator knows of itself."""
        url = urlsplit(self.path)
        services = {f"{BASE_PATH}/{service}": service for service in Service}
        if url.path in services:
            parameters = dict(parse_qsl(url.query, keep_blank_values=True))
            self._deliver(self._host.door.receive(services[url.path], parameters))
        elif url.path.startswith(PREFIX):
            self._send(self._host.control.show(unquote(url.path.removeprefix(PREFIX))))
        else:
            self._send(page("not found", b"<html><body>no such page</body></html>", HTTPStatus.NOT_FOUND))

    def do_POST(self) -> None:
        """Change the simulator while it runs."""
        told = self.headers.get("Content-Length") or "0"
        if not told.isdecimal() or int(told) > _LARGEST_CONTROL:
            self.close_connection = True
            self._send(page("refused", b"<html><body>no such length</body></html>", HTTPStatus.BAD_REQUEST))
            return
        content = self.rfile.read(int(told))
        topic = unquote(urlsplit(self.path).path.removeprefix(PREFIX))
        self._send(self._host.control.change(topic, content))

    def _deliver(self, answer: Answer) -> None:
        match answer.fault:
            case Fault.HANG:
                self._host.pause(self._host.door.faults.settings.hang_seconds)
                self.close_connection = True
            case Fault.RESET:
                self._reset()
            case Fault.CUT:
                self._send(answer, answer.body[: len(answer.body) // 2])
            case Fault.TRICKLE:
                self._trickle(answer)
            case _:
                self._send(answer)

    def _send(self, answer: Answer, sent: bytes | None = None) -> None:
        """Send an answer; fewer bytes than announced end the connection."""
        self.send_response(answer.status)
        for name, text in answer.headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body if sent is None else sent)
        self.close_connection = self.close_connection or sent is not None

    def _trickle(self, answer: Answer) -> None:
        told = self._host.door.faults.settings
        self._send(answer, b"")
        for piece in range(told.trickle_pieces):
            start = piece * told.trickle_bytes
            self.wfile.write(answer.body[start : start + told.trickle_bytes])
            if self._host.pause(told.trickle_seconds):
                break

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        os.close(self.connection.detach())  # at once: an orderly shutdown before it would be an orderly end
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the name and types of the base class
        """Say nothing: the log of requests has it all."""
