"""A Java program in the background: started, asked until it answers, stopped; its output is kept in a file."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePath

STARTED_WITHIN = 90.0  # seconds; it takes 4 on an idle machine
STOPPED_WITHIN = 30.0  # seconds
BETWEEN_QUESTIONS = 0.2  # seconds


class ServiceError(Exception):
    """A program did not start; the text has the end of its output."""


def free_port(wanted: int = 0) -> int:
    """Give the wanted port of the loopback address if it is free, else any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port left a moment ago is free
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ServiceError("no port is free")


def start(
    command: Sequence[str], log: Path, answers: Callable[[], bool], environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    """Start a program and wait until it answers.

    Raises:
        ServiceError: It ended, or did not answer in time; then it is stopped.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    try:
        if _answers_in_time(process, answers):
            return process
    except BaseException:  # somebody who waits no longer leaves nothing behind
        stop(process, signal.SIGKILL)
        raise
    stop(process, signal.SIGKILL)
    told = log.read_text("utf-8", errors="replace").splitlines()[-20:]
    raise ServiceError("\n".join([f"{command[0]} did not answer; the end of {log}:", *told]))


def _answers_in_time(process: subprocess.Popen[bytes], answers: Callable[[], bool]) -> bool:
    give_up = time.monotonic() + STARTED_WITHIN
    while process.poll() is None and time.monotonic() < give_up:
        if answers():
            return True
        time.sleep(BETWEEN_QUESTIONS)
    return False


def stop(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> None:
    """Stop a program that this process started, and wait until it is gone."""
    process.send_signal(how)
    try:
        process.wait(STOPPED_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def stop_others(mark: str) -> bool:
    """Stop the Java programs that have a text in their commands, wait until they are gone; tell if there were any."""
    give_up, found = time.monotonic() + STOPPED_WITHIN, False
    while running := find(mark):
        found = True
        for pid in running:
            with suppress(ProcessLookupError):  # gone just now
                os.kill(pid, signal.SIGTERM if time.monotonic() < give_up else signal.SIGKILL)
        time.sleep(BETWEEN_QUESTIONS)
    return found


def find(mark: str) -> list[int]:
    """List the Java programs that have a text in their commands."""
    return [
        pid for pid, command in _commands() if PurePath(command.split(maxsplit=1)[0]).name == "java" and mark in command
    ]


def _commands() -> Iterator[tuple[int, str]]:
    """List what runs on this machine, and with which words: from Linux itself, which may have no ``ps``."""
    if Path("/proc/self/cmdline").exists():
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # gone just now, or not ours to read
                words = process.joinpath("cmdline").read_bytes().decode("utf-8", errors="replace").split("\0")
                yield int(process.name), " ".join(words).strip() or "-"
        return
    told = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=False)
    for line in told.stdout.splitlines():
        number, _, command = line.strip().partition(" ")
        yield int(number), command.strip() or "-"
