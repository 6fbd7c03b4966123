"""What stands before the rules of OASIS: the throttle at the edge, faults on demand, the log."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from caiso_lmp.simulator.answer import THROTTLE_PAGE, Answer, page
from caiso_lmp.simulator.body_faults import INSTEAD, change_answer
from caiso_lmp.simulator.catalogue import Service
from caiso_lmp.simulator.faults import Fault, FaultPlan
from caiso_lmp.simulator.limits import Throttle
from caiso_lmp.simulator.oasis import Oasis
from caiso_lmp.simulator.outage import Outage
from caiso_lmp.simulator.request_log import RequestLog


class FrontDoor:
    """Receives every question to OASIS.

    Args:
        oasis: The rules.
        log: Where requests are noted.
        throttle: Lets requests in, or not.
        outage: Makes all requests fail alike while it lasts.
        faults: Decides which faults happen.
    """

    def __init__(self, oasis: Oasis, log: RequestLog, throttle: Throttle, outage: Outage, faults: FaultPlan) -> None:
        self.faults = faults
        self._outage = outage
        self._oasis = oasis
        self._log = log
        self._throttle = throttle

    def receive(self, service: Service, parameters: Mapping[str, str]) -> Answer:
        """Answer one request, and note it before a byte of the answer is sent."""
        start = self._log.begin(service, parameters)
        answer = self._decided(service, parameters)
        self._log.end(start, answer)
        return answer

    def _decided(self, service: Service, parameters: Mapping[str, str]) -> Answer:
        if not self._throttle.lets_in():
            return page("throttled", THROTTLE_PAGE, HTTPStatus.TOO_MANY_REQUESTS)
        if (kind := self._outage.kind) is not None:
            return INSTEAD[kind]
        trouble = self.faults.decide(f"{service}?{sorted(parameters.items())}")
        if isinstance(trouble, Fault) and trouble in INSTEAD:
            answer = INSTEAD[trouble]
        else:
            answer = self._oasis.answer(service, parameters, trouble)
            answer = change_answer(answer, trouble) if isinstance(trouble, Fault) else answer
        if answer.fault:
            self.faults.count(answer.fault)
        return answer
