"""One question → one answer: the rules of OASIS in the order in which they apply. No sockets here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from caiso_lmp.errors import UsageError
from caiso_lmp.simulator.answer import (
    Answer,
    answer_stem,
    error_answer,
    group_hour,
    refusal_answer,
    zip_answer,
)
from caiso_lmp.simulator.answer_store import AnswerStore
from caiso_lmp.simulator.catalogue import Content, Service
from caiso_lmp.simulator.clock import Clock, Stopwatch
from caiso_lmp.simulator.correction_list import correction_list
from caiso_lmp.simulator.faults import Trouble
from caiso_lmp.simulator.limits import GroupOven
from caiso_lmp.simulator.price_answers import PriceAnswers
from caiso_lmp.simulator.question import Question, Refusal, read_question
from caiso_lmp.simulator.recorded import RecordedFiles
from caiso_lmp.simulator.reference import reference_csv
from caiso_lmp.simulator.render import member_name, render_zip
from caiso_lmp.simulator.settings import NO_DATA, SimulatorSettings
from caiso_lmp.simulator.world import World
from caiso_lmp.trading_time import trade_date_of

PREPARING: Final = 1015
"""Code for a group file that is still being made."""


class Oasis:
    """Answers questions as OASIS would.

    Args:
        settings: What it is told to be.
        clock: The simulated time of day.
        stopwatch: Seconds that pass, for group files being made.
    """

    def __init__(self, settings: SimulatorSettings, clock: Clock, stopwatch: Stopwatch) -> None:
        self._one_hour_only = settings.one_hour_only
        self._clock = clock
        self._oven = GroupOven(settings.cold_groups, stopwatch)
        self.world = World(settings)
        self.recorded = RecordedFiles(settings.recorded) if settings.recorded else None
        self.prices = PriceAnswers(settings, self.world, AnswerStore(settings.cache_bytes, settings.prepared))

    def answer(self, service: Service, parameters: Mapping[str, str], trouble: Trouble | None = None) -> Answer:
        """Answer one request.

        Args:
            service: The service asked.
            parameters: Names and texts, decoded.
            trouble: An error code to answer instead, or a fault to put into the prices. Faults of the
                transport are not the business of this method.
        """
        now = self._clock.now()
        question = read_question(service, parameters, one_hour_only=self._one_hour_only)
        if isinstance(question, Refusal):
            return refusal_answer(question, now)
        if isinstance(trouble, int):
            return error_answer(trouble, question, now).spoiled_by(trouble)
        if question.is_group and not self._oven.is_ready(answer_stem(question, now)):
            return error_answer(PREPARING, question, now)
        return self._recorded(question) or self._made(question, now, trouble)

    def prepare(self, service: Service, parameters: Mapping[str, str], folder: Path) -> Path:
        """Write the answer to a question about prices to disk, from where it is served as it is.

        Raises:
            UsageError: The question is refused, not about prices, or has no data now.
        """
        question = read_question(service, parameters, one_hour_only=self._one_hour_only)
        path = None if isinstance(question, Refusal) else self.prices.prepare(question, self._clock.now(), folder)
        if path is None:
            raise UsageError(f"{service} has no prices for {dict(parameters)}", hint="check parameters and clock")
        return path

    def _recorded(self, question: Question) -> Answer | None:
        found = self.recorded.answering(question, group_hour(question)) if self.recorded else None
        return zip_answer("recorded", *found) if found else None

    def _made(self, question: Question, now: datetime, trouble: Trouble | None) -> Answer:
        if question.entry.content is Content.PRICES:
            return self.prices.answer(question, now, trouble)
        rows = self._report(question, now)
        if rows is None:
            return error_answer(NO_DATA, question, now)
        stem = answer_stem(question, now)
        content = render_zip([(member_name(stem.removesuffix("_csv")), rows)], now)
        return zip_answer(question.entry.content, f"{stem}.zip", content, closed=not question.is_group)

    def _report(self, question: Question, now: datetime) -> bytes | None:
        """Render what is not about prices; None where there is nothing."""
        if question.entry.content is Content.CORRECTIONS:
            return correction_list(self.world, trade_date_of(question.start), now)
        return reference_csv(question.entry.name, self.world)
