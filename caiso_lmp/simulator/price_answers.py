"""Answers to questions about prices: which part of them exists, made once, kept, spoiled on demand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from caiso_lmp.market import Market
from caiso_lmp.simulator.answer import Answer, answer_stem, error_answer, zip_answer
from caiso_lmp.simulator.answer_store import AnswerStore, KeptAnswer
from caiso_lmp.simulator.catalogue import Content
from caiso_lmp.simulator.corrections import Correction
from caiso_lmp.simulator.faults import IN_ROWS, Fault, Trouble
from caiso_lmp.simulator.members import price_members
from caiso_lmp.simulator.publication import Window, answered_window, covered_window, kept_since
from caiso_lmp.simulator.question import Question
from caiso_lmp.simulator.render import Form, render_zip
from caiso_lmp.simulator.row_faults import spoil
from caiso_lmp.simulator.settings import NO_DATA, PublicationTimes, SimulatorSettings
from caiso_lmp.simulator.world import World

_MIDNIGHT_AFTER_RESULTS = timedelta(hours=11)  # day-ahead results come at 13:00 of the day before


@dataclass(frozen=True)
class _Subject:
    """What a question about prices is answered with: all that the bytes of the answer depend on."""

    question: Question
    market: Market
    nodes: tuple[str, ...]
    window: Window
    corrections: tuple[Correction, ...]


class PriceAnswers:
    """Answers questions about prices.

    Args:
        settings: What the simulator is told to be.
        world: The prices.
        store: Keeps what was rendered.
    """

    def __init__(self, settings: SimulatorSettings, world: World, store: AnswerStore) -> None:
        self._settings = settings
        self._world = world
        self._store = store

    @property
    def publication(self) -> PublicationTimes:
        """Tell when prices appear."""
        return self._settings.publication

    @publication.setter
    def publication(self, times: PublicationTimes) -> None:
        self._settings = replace(self._settings, publication=times)

    def answer(self, question: Question, now: datetime, trouble: Trouble | None = None) -> Answer:
        """Answer a question as of now, with a fault in its rows if one is told and possible."""
        subject = self._subject(question, now)
        if subject is None:
            return error_answer(self._no_data_code(question, now), question, now)
        if isinstance(trouble, Fault) and trouble in IN_ROWS:
            return self._spoiled(subject, now, trouble) or self._whole(subject, now)
        return self._whole(subject, now)

    def prepare(self, question: Question, now: datetime, folder: Path) -> Path | None:
        """Write the answer to disk, where it is found from now on; None where there is no data now."""
        subject = self._subject(question, now)
        if subject is None:
            return None
        rendered = self._render(subject, now)
        return self._store.prepare(self._key(subject), rendered, folder) if rendered else None

    def _subject(self, question: Question, now: datetime) -> _Subject | None:
        window, market = answered_window(question, now, self._settings), question.entry.market
        if window is None or market is None:
            return None
        nodes = self._world.answered_nodes(question, window)
        corrections = self._world.corrections(market, window, now)
        return _Subject(question, market, nodes, window, corrections) if nodes else None

    def _no_data_code(self, question: Question, now: datetime) -> int:
        end = covered_window(question, self._settings.all_nodes_window)[1]
        too_old = end <= kept_since(question, now, self._settings)
        return self._settings.retention_code if too_old else NO_DATA

    def _key(self, subject: _Subject) -> str:
        return f"{subject}/{self._world.fingerprint}"

    # --- making ---------------------------------------------------------------------------------

    def _whole(self, subject: _Subject, now: datetime) -> Answer:
        key = self._key(subject)
        kept = self._store.find(key)
        if kept is None:
            kept = self._render(subject, now)
            if kept is None:
                return error_answer(NO_DATA, subject.question, now)
            self._store.keep(key, kept)
        return zip_answer(Content.PRICES, *kept, closed=not subject.question.is_group)

    def _render(self, subject: _Subject, now: datetime) -> KeptAnswer | None:
        """Render an answer; None where its nodes have no hour in the window, as on-peak ones on Sundays."""
        prices = self._world.prices(subject.question, subject.nodes, subject.window, subject.corrections)
        if prices.is_empty():
            return None
        form = Form(subject.market, subject.question.version, seed=self._settings.seed)
        made_at = _made_at(subject, now)
        members = price_members(subject.question, prices, form, made_at)
        return KeptAnswer(f"{answer_stem(subject.question, made_at)}.zip", render_zip(members, made_at))

    def _spoiled(self, subject: _Subject, now: datetime, fault: Fault) -> Answer | None:
        question = subject.question
        prices = self._world.prices(question, subject.nodes, subject.window, subject.corrections)
        form = Form(subject.market, question.version, seed=self._settings.seed)
        dice = Random(f"{fault}/{self._key(subject)}/{self._settings.faults.seed}")  # noqa: S311 - no secret
        spoiled = None if prices.is_empty() else spoil(fault, prices, form, dice)
        if spoiled is None:
            return None
        members = price_members(question, *spoiled, now)
        content = render_zip(members, now)
        return zip_answer(Content.PRICES, f"{answer_stem(question, now)}.zip", content).spoiled_by(fault)


def _made_at(subject: _Subject, now: datetime) -> datetime:
    """Give the moment an answer was made: now, but group files were made once for all who ask."""
    if not subject.question.is_group:
        return now
    start, end = subject.window
    complete = start - _MIDNIGHT_AFTER_RESULTS if subject.question.is_hourly else end
    return max(complete, *(correction.published_at for correction in subject.corrections), complete)
