"""The simulator as one object: an OASIS on loopback that tests and people start and stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from caiso_lmp.errors import UsageError
from caiso_lmp.simulator.catalogue import Service
from caiso_lmp.simulator.clock import Clock, Stopwatch
from caiso_lmp.simulator.control import PREFIX, Control
from caiso_lmp.simulator.corrections import Correction
from caiso_lmp.simulator.faults import Fault, FaultPlan
from caiso_lmp.simulator.front_door import FrontDoor
from caiso_lmp.simulator.handler import BASE_PATH
from caiso_lmp.simulator.limits import Throttle
from caiso_lmp.simulator.oasis import Oasis
from caiso_lmp.simulator.outage import Outage
from caiso_lmp.simulator.request_log import LoggedRequest, RequestLog
from caiso_lmp.simulator.server import HOST, SimulatorServer
from caiso_lmp.simulator.settings import PublicationTimes, SimulatorSettings
from caiso_lmp.simulator.topics import (
    ClockTopic,
    CorrectionsTopic,
    FaultsTopic,
    LogTopic,
    OutageTopic,
    PublicationTopic,
    Topic,
)

_POLL_SECONDS = 0.02  # how soon the server notices that it shall end


class Simulator:
    """An OASIS on loopback; a context manager, or :meth:`start` and :meth:`stop`.

    Args:
        settings: What it is told to be.
        on_request: Called with each request, one at a time.
        stopwatch: Seconds that pass, for throttle and group files; a test gives its own.

    Raises:
        UsageError: The port is taken.

    Examples:
        >>> with Simulator(SimulatorSettings(nodes=10)) as simulator:
        ...     simulator.base_url.startswith("http://127.0.0.1:")
        True
    """

    def __init__(
        self,
        settings: SimulatorSettings | None = None,
        *,
        on_request: Callable[[LoggedRequest], None] | None = None,
        stopwatch: Stopwatch = time.monotonic,
    ) -> None:
        self.settings = settings or SimulatorSettings()
        self.clock = Clock(self.settings.now, ticking=self.settings.ticking, stopwatch=stopwatch)
        self.log = RequestLog(self.clock, stopwatch, on_request)
        self._oasis = Oasis(self.settings, self.clock, stopwatch)
        self._outage = Outage(self.clock)
        throttle = Throttle(self.settings.throttle_seconds, stopwatch)
        self._door = FrontDoor(self._oasis, self.log, throttle, self._outage, FaultPlan(self.settings.faults))
        self._server = self._bound(Control(self._topics(), self._oasis.recorded))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="simulated-oasis"
        )

    def _topics(self) -> dict[str, Topic]:
        """Name what other processes can see and change."""
        return {
            "clock": ClockTopic(self.clock),
            "log": LogTopic(self.log),
            "faults": FaultsTopic(self._door.faults),
            "outage": OutageTopic(self._outage, self.clock),
            "publication": PublicationTopic(self._oasis.prices),
            "corrections": CorrectionsTopic(self._oasis.world, self.clock),
        }

    def _bound(self, control: Control) -> SimulatorServer:
        try:
            return SimulatorServer(self.settings.port, self._door, control)
        except (OSError, OverflowError) as error:
            raise UsageError(
                f"port {self.settings.port} cannot be used: {error}", hint="give port 0 for a free one"
            ) from error

    @property
    def base_url(self) -> str:
        """The URL under which clients ask, as ``https://oasis.caiso.com/oasisapi``."""
        return f"http://{HOST}:{self._server.server_port}{BASE_PATH}"

    @property
    def control_url(self) -> str:
        """The URL of the simulator's own pages, ending in a slash."""
        return f"http://{HOST}:{self._server.server_port}{PREFIX}"

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes there are, retired ones included."""
        return self._oasis.world.nodes

    @property
    def fault_counts(self) -> dict[str, int]:
        """How often which fault was carried out."""
        return self._door.faults.counted()

    def tell_faults(self, *troubles: str | None) -> None:
        """Tell what the next requests meet, one by one: a fault, an error code, or None for a good answer.

        Raises:
            UsageError: There is no such fault.
        """
        self._door.faults.tell(troubles)

    def begin_outage(self, kind: str = Fault.UNAVAILABLE, until: datetime | None = None) -> None:
        """Let all requests fare alike, until a moment of the simulated clock or until :meth:`end_outage`.

        Args:
            kind: ``503``, ``429``, ``html``, ``outage-page``, ``hang`` or ``reset``.
            until: When it ends, simulated time.

        Raises:
            UsageError: No outage is of this kind, or ``until`` has no time zone.
        """
        self._outage.begin(kind, until)

    def end_outage(self) -> None:
        """Answer again as before."""
        self._outage.end()

    def publish(self, times: PublicationTimes) -> None:
        """Change when prices appear, as where day-ahead results are late; it counts for all trade dates."""
        self._oasis.prices.publication = times

    def correct(self, correction: Correction) -> None:
        """Correct prices, from the moment that the correction names."""
        self._oasis.world.correct(correction)

    def prepare(self, questions: Iterable[str], folder: Path, *, workers: int = 1) -> list[Path]:
        """Make answers about prices beforehand; from now on they are served from disk as they are.

        Args:
            questions: URLs, or their ends such as ``GroupZip?groupid=DAM_LMP_GRP&…``.
            folder: Where the zips go. As ``prepared`` in the settings of a later simulator of the same
                world they are served again.
            workers: How many are made at once; each large one needs about 1 GB of memory.

        Raises:
            UsageError: A question has no prices now.
        """
        asked = list(questions)
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(lambda question: self._prepare(question, folder), asked))

    def _prepare(self, question: str, folder: Path) -> Path:
        url = urlsplit(question)
        name = url.path.rpartition("/")[2]
        if name not in set(Service):
            raise UsageError(f"{question} asks no service of OASIS", hint="begin with SingleZip? or GroupZip?")
        return self._oasis.prepare(Service(name), dict(parse_qsl(url.query)), folder)

    def start(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End all connections and give the port back; what hangs ends too."""
        if self._thread.is_alive():
            self._server.end()
            self._thread.join()
        else:
            self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
