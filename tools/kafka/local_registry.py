"""Apicurio Registry on this machine, in memory; it speaks the protocol of Confluent's schema registry."""

from __future__ import annotations

import subprocess
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import jars
import service

QUICK_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")  # starts in half the time
ANSWERS_WITHIN = 2.0  # seconds


class LocalRegistry:
    """A schema registry that forgets all when it stops.

    Attributes:
        url: Where it answers.
        process: Its process; None while it does not run.
    """

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.port = service.free_port(port)
        self.url = f"http://127.0.0.1:{self.port}/apis/ccompat/v7"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (runner,) = jars.REGISTRY_APP.glob("*-runner.jar")
        place = {"QUARKUS_HTTP_HOST": "127.0.0.1", "QUARKUS_HTTP_PORT": str(self.port), "LOG_LEVEL": "WARN"}
        mark = f"-Dcaiso_lmp.folder={self.folder}"  # by which this registry is told from others
        command = ["java", *QUICK_START, "-Xmx256m", mark, "-jar", str(runner)]
        self.process = service.start(command, self.folder / "registry.log", self.answers, place)

    def stop(self) -> None:
        """Stop it."""
        if self.process is not None:
            service.stop(self.process)
        self.process = None

    def answers(self) -> bool:
        """Say whether clients are served."""
        try:
            with urlopen(f"{self.url}/subjects", timeout=ANSWERS_WITHIN) as answer:  # noqa: S310  # our own loopback URL
                return bool(answer.status == 200)  # noqa: PLR2004  # HTTP's own number
        except HTTPError as refused:  # an answer, but not of a registry that is ready
            refused.close()
            return False
        except OSError:
            return False
