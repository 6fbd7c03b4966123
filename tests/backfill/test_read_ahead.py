"""The answer that comes next is read while the one before it is stored, and nothing else changes by that."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, wait
from typing import Any

import pytest
from backfills import DAY, HUBS, NOW, Backfills, true_prices

from caiso_lmp.backfill import read_ahead
from caiso_lmp.backfill.read_ahead import ReadAhead
from caiso_lmp.errors import OasisFileError
from caiso_lmp.fetch.downloads import Downloads
from caiso_lmp.fetch.outcome import Delivered, Fetched, GaveUp, RetryKind
from caiso_lmp.fetch.request import group_requests
from caiso_lmp.load import Loader
from caiso_lmp.market import Market
from caiso_lmp.reading import TidyFile, read_bytes
from caiso_lmp.simulator import FaultSettings, made_prices
from caiso_lmp.simulator.render import Form, group_member_stem, render_zip, split_members
from caiso_lmp.trading_time import utc_window

Start = Callable[..., Backfills]
SECONDS = 30.0  # longer than any thread takes to begin
(REQUEST,) = group_requests(Market.DAM, DAY)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count answers of any size as large; give the threads in which answers were read, as they begin."""
    threads: list[str] = []

    def noted(raw: bytes, name: str) -> TidyFile:
        threads.append(threading.current_thread().name)
        return read_bytes(raw, name)

    monkeypatch.setattr(read_ahead, "_LARGE", 0)
    monkeypatch.setattr(read_ahead, "read_bytes", noted)
    return threads


def fetched(content: bytes | None) -> Fetched:
    outcome = GaveUp(RetryKind.OUTAGE, "down", 3) if content is None else Delivered(content, ("m.csv",), "m.zip")
    return Fetched(REQUEST, outcome, "", NOW, 1)


def is_ahead(thread: str) -> bool:
    return thread.startswith("read-ahead")


@pytest.fixture
def zip_of_hubs() -> bytes:
    """Render the answer to a question for three nodes."""
    report = Market.DAM.report
    form = Form(Market.DAM, report.group_version)
    stem = group_member_stem(report, DAY, report.group_version)
    return render_zip(split_members(made_prices(Market.DAM, list(HUBS), *utc_window(DAY)), form, stem), NOW)


def test_the_next_answer_is_read_while_one_is_stored(
    backfills: Backfills, monkeypatch: pytest.MonkeyPatch, begun: list[str]
) -> None:
    """Each answer is stored only when the next has begun to be read; none is read twice, and nothing is lost."""
    days, take, arrived = 6, Loader.take, Downloads.arrived

    def patient(self: Loader, *what: Any) -> None:
        read = self.report.files  # this answer is one of them
        last = time.monotonic() + (SECONDS if read < days else 0)
        while len(begun) <= read and time.monotonic() < last:
            time.sleep(0.01)
        take(self, *what)

    def late(self: Downloads) -> Fetched | None:
        wait(self._running, SECONDS, FIRST_COMPLETED)  # as if downloading were faster than all else
        return arrived(self)

    monkeypatch.setattr(Loader, "take", patient)
    monkeypatch.setattr(Downloads, "arrived", late)
    report = backfills.run("all", days=days)
    assert len(begun) == report.requests["downloaded"] == days
    assert [is_ahead(thread) for thread in begun] == [False] + [True] * (days - 1)
    assert not report.incomplete
    assert backfills.prices().equals(true_prices(tuple(backfills.simulator.nodes), DAY, days))


def test_short_answers_are_asked_again_whoever_read_them(start_backfills: Start, begun: list[str]) -> None:
    """What is wrong with an answer that was read ahead is told when its turn has come."""
    backfills = start_backfills(faults=FaultSettings({"missing-component": 0.3}, seed=1))
    report = backfills.run("all", days=8)
    assert len(begun) > report.requests["downloaded"] == 8
    assert not report.incomplete


def test_what_is_read_ahead_is_given_once(begun: list[str], zip_of_hubs: bytes) -> None:
    """Another outcome is read apart, and what was read ahead waits for its own."""
    first, other = fetched(zip_of_hubs), fetched(zip_of_hubs)
    with ReadAhead() as reader:
        reader.begin(lambda: first)
        reader.begin(lambda: pytest.fail("one is read ahead already"))
        assert isinstance(other.outcome, Delivered)
        assert isinstance(first.outcome, Delivered)
        reader.read(other, other.outcome)
        tidy = reader.read(first, first.outcome)
        assert tidy.prices["node"].n_unique() == len(HUBS)
        assert sorted(map(is_ahead, begun)) == [False, True]
        reader.read(first, first.outcome)
        assert sorted(map(is_ahead, begun)) == [False, False, True]


def test_an_error_of_reading_ahead_comes_with_the_answer(begun: list[str]) -> None:
    """Not before, and not in a thread where nobody sees it."""
    broken = fetched(b"PK no zip")
    with ReadAhead() as reader:
        reader.begin(lambda: broken)
        assert isinstance(broken.outcome, Delivered)
        with pytest.raises(OasisFileError):
            reader.read(broken, broken.outcome)
    assert len(begun) == 1


@pytest.mark.parametrize("arrived", [None, fetched(None)])
def test_nothing_is_read_where_no_answer_has_come(begun: list[str], arrived: Fetched | None) -> None:
    """Nor is what is no answer at all."""
    with ReadAhead() as reader:
        reader.begin(lambda: arrived)
    assert not begun


def test_small_answers_are_not_read_ahead(
    monkeypatch: pytest.MonkeyPatch, begun: list[str], zip_of_hubs: bytes
) -> None:
    """Handing them to a thread would take longer than reading them."""
    small = fetched(zip_of_hubs)
    assert isinstance(small.outcome, Delivered)
    monkeypatch.setattr(read_ahead, "_LARGE", len(zip_of_hubs) + 1)
    with ReadAhead() as reader:
        reader.begin(lambda: small)
        reader.read(small, small.outcome)
    assert [is_ahead(thread) for thread in begun] == [False]
