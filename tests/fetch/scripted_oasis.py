"""A real HTTP server on this machine that plays a script: one part for each request, the last one for all after it."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Part = Callable[["Stage"], None]
TICK_SECONDS = 0.02  # between two bytes of what trickles


class Server(ThreadingHTTPServer):
    """Plays the script; keeps the headers of each request, and how many were played at once."""

    daemon_threads = True

    def __init__(self, script: Sequence[Part]) -> None:
        super().__init__(("127.0.0.1", 0), Stage)
        self.script = list(script)
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.closing = threading.Event()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/oasisapi"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that hang up are what these tests are about."""

    @contextmanager
    def next_part(self, path: str, headers: dict[str, str]) -> Iterator[Part]:
        with self.lock:
            part = self.script[min(len(self.requests), len(self.script) - 1)]
            self.requests.append((path, headers))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        yield part
        with self.lock:
            self.at_once -= 1


class Stage(BaseHTTPRequestHandler):
    """Where one request is answered."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        with self.server.next_part(self.path, dict(self.headers)) as part:
            part(self)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def trickle(self, content: bytes) -> None:
        for at in range(len(content)):
            self.wfile.write(content[at : at + 1])
            if self.server.closing.wait(TICK_SECONDS):
                return


def answer(body: bytes, status: int = 200, **headers: str) -> Part:
    def play(stage: Stage) -> None:
        stage.send_response(status)
        for name, text in headers.items():
            stage.send_header(name.replace("_", "-"), text)
        stage.send_header("Content-Length", str(len(body)))
        stage.end_headers()
        stage.wfile.write(body)

    return play


def hang(stage: Stage) -> None:
    """Take the question and never answer."""
    stage.server.closing.wait(30)
    stage.close_connection = True


def trickle_body(stage: Stage) -> None:
    """Send a body of which each byte comes in time and the whole never."""
    stage.send_response(200)
    stage.send_header("Content-Length", "1000000")
    stage.end_headers()
    stage.trickle(b"P" * 1_000_000)


def trickle_headers(stage: Stage) -> None:
    """Send headers of which each byte comes in time and the whole never."""
    stage.trickle(b"HTTP/1.1 200 OK\r\nX-Filler: " + b"x" * 1_000_000)


def cut(body: bytes) -> Part:
    """Promise a body and hang up in its middle."""

    def play(stage: Stage) -> None:
        stage.send_response(200)
        stage.send_header("Content-Length", str(len(body)))
        stage.end_headers()
        stage.wfile.write(body[: len(body) // 2])
        stage.close_connection = True

    return play


def reset(stage: Stage) -> None:
    """Break the connection off without a word."""
    stage.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(stage.connection.detach())
    stage.close_connection = True


def disconnect(stage: Stage) -> None:
    """Hang up politely, but without an answer."""
    stage.close_connection = True


def redirect(location: str) -> Part:
    return answer(b"", 302, Location=location)


@contextmanager
def playing(*script: Part) -> Iterator[Server]:
    server = Server(script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
