"""``get_lmp``: prices of nodes for a period in one line. Read this first."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from caiso_lmp.backfill.asked import Circumstances
from caiso_lmp.backfill.story import plan_backfill
from caiso_lmp.errors import IncompletePricesError, IncompletePricesWarning, UsageError
from caiso_lmp.fetch.address import OASIS_URL, parse_address
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.fetch.request import HOURLY
from caiso_lmp.fetch.throttle import SPACING_SECONDS
from caiso_lmp.market import Component
from caiso_lmp.prices.fetching import fetch_missing
from caiso_lmp.prices.missing import AS_OF, OFFLINE, MissingDays, describe_missing, find_missing, said_of
from caiso_lmp.prices.progress import Progress
from caiso_lmp.prices.question import Question, When, read_question, read_zone
from caiso_lmp.settings import DataFolder
from caiso_lmp.trading_time import parse_moment
from caiso_lmp.warehouse.query import PRICES
from caiso_lmp.warehouse.warehouse import Warehouse

BASE_URL_VARIABLE: Final = "CAISO_LMP_BASE_URL"
"""Environment variable that names whom to ask."""

_PARTS: Final = tuple(part.value for part in Component if part is not Component.LMP)
_DAY_AHEAD_COMES: Final = "day-ahead prices about 13:00 Pacific on the day before"
_REAL_TIME_COMES: Final = "real-time prices some minutes after their interval begins"


def get_lmp(
    nodes: str | Iterable[str],
    start: When,
    end: When | None = None,
    market: str = "DAM",
    *,
    as_of: When | None = None,
    components: bool = True,
    tz: str | ZoneInfo | None = None,
    refresh: bool = False,
    offline: bool = False,
    strict: bool = False,
    data_dir: Path | str | None = None,
    base_url: str | None = None,
    spacing: float | None = None,
    progress: Progress | bool | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> pl.DataFrame:
    """Give the prices of nodes in a window; what the data folder lacks is fetched from OASIS first, once.

    Args:
        nodes: One node, several, ``"hubs"`` (three trading hubs, four DLAPs) or ``"all"``.
        start: A trade date (``"2026-03-08"`` or a date), a moment with a zone, ``"today"``, ``"yesterday"`` or
            ``"tomorrow"``.
        end: The same, not part of the window; left out, the one trade date of ``start``.
        market: DAM, HASP, FMM (RTPD), RTD (RTM) or RUC.
        as_of: What was known then, that is, had been fetched by then; asks nobody. None means now.
        components: False leaves out energy, congestion, loss and ghg.
        tz: Zone of ``interval_start`` and ``interval_end``; None leaves them in UTC.
        refresh: Ask again also for what is there.
        offline: Ask nobody.
        strict: Raise where prices are missing, instead of warning.
        data_dir: The data folder; None finds it as the command line does.
        base_url: Whom to ask; None takes ``CAISO_LMP_BASE_URL``, else OASIS.
        spacing: Seconds between two requests; None takes what OASIS asks for, or 0 for a simulator on this machine.
        progress: False shows none; a function is told answers, of how many, and rows; None shows a bar that fits.
        clock: Tells the time.

    Returns:
        Grain: one row per (node, interval_start), sorted by these. Columns of
        :data:`caiso_lmp.warehouse.query.PRICES`: prices in $/MWh, null where not published.

    Raises:
        UsageError: The question is wrong: an unknown market or zone, a time without a zone, a window that is empty,
            runs backwards or is older than anything there is.
        UnknownNodeError: A node does not exist; the message suggests which was meant.
        IncompletePricesError: Prices are missing, and ``strict`` is set.
        WarehouseError: The warehouse cannot be used.
        RawStoreError: The raw files cannot be kept.

    Warns:
        IncompletePricesWarning: Prices are missing; the message says which, why, and how to complete them.
    """
    zone = read_zone(tz)
    question = read_question(nodes, start, end, market, clock())
    moment = None if as_of is None else parse_moment(as_of)
    folder = DataFolder.find(data_dir)
    how = _circumstances(base_url, spacing, offline=offline, refresh=refresh, clock=clock)
    prices, missing = _answer(question, folder, how, moment, progress)
    if missing:
        _refuse_what_is_gone(prices, missing, how)
        _complain(missing, _advice(question, missing, folder, how, moment), strict=strict)
    return prices.pipe(_as_asked, zone, components=components)


def _answer(
    question: Question, folder: DataFolder, how: Circumstances, as_of: datetime | None, progress: Progress | bool | None
) -> tuple[pl.DataFrame, list[MissingDays]]:
    """Read the answer, fetching first what it lacks or what is due again; give it with what is missing still."""
    prices = _read(question, folder, as_of)
    if as_of is not None:
        return prices, find_missing(prices, question, {}, AS_OF)
    plan = plan_backfill(question.to_fetch(), folder, how)
    otherwise = OFFLINE if how.offline else said_of(Reason.PARTIAL)
    if not plan.requests and not find_missing(prices, question, {}, otherwise):
        return prices, []
    reasons = fetch_missing(question, plan, folder, how, progress)
    prices = _read(question, folder, None)
    return prices, find_missing(prices, question, reasons, otherwise)


def _circumstances(
    base_url: str | None, spacing: float | None, *, offline: bool, refresh: bool, clock: Callable[[], datetime]
) -> Circumstances:
    url = base_url or os.environ.get(BASE_URL_VARIABLE) or OASIS_URL
    seconds = spacing
    if seconds is None:
        seconds = 0.0 if parse_address(url).loopback else SPACING_SECONDS
    return Circumstances(base_url=url, spacing=seconds, offline=offline, refresh=refresh, clock=clock)


def _read(question: Question, folder: DataFolder, as_of: datetime | None) -> pl.DataFrame:
    """Read the window from the warehouse; nodes that it has never seen have no rows."""
    warehouse = Warehouse(folder.warehouse)
    known = warehouse.known_nodes()
    named = None if question.names is None else [node for node in question.names if node in known]
    if not known or named == []:
        return PRICES.to_frame()
    return warehouse.prices(named, question.start, question.end, question.market, as_of=as_of)


def _as_asked(prices: pl.DataFrame, zone: str | None, *, components: bool) -> pl.DataFrame:
    times = pl.col("interval_start", "interval_end")
    shown = prices if components else prices.drop(_PARTS)
    return shown if zone is None else shown.with_columns(times.dt.convert_time_zone(zone))


# --- what is missing ----------------------------------------------------------------------------


def _refuse_what_is_gone(prices: pl.DataFrame, missing: list[MissingDays], how: Circumstances) -> None:
    """Refuse a window of which nothing is here and all is older than OASIS answers.

    Raises:
        UsageError: So it is.
    """
    gone = said_of(Reason.BEYOND_RETENTION)
    if prices.is_empty() and all(days.reason == gone for days in missing):
        all_nodes = not any(days.nodes for days in missing)
        oldest = how.reach.oldest(how.clock(), all_nodes=all_nodes)
        reach = "files of all nodes" if all_nodes else "prices of single nodes"
        hints = ["load older files that you have with `caiso-lmp load PATH`"]
        if not all_nodes and missing[-1].last >= how.reach.group_since:
            hints.append(f'or ask for nodes="all", which OASIS keeps from about {how.reach.group_since} on')
        window = replace(missing[0], last=missing[-1].last)
        raise UsageError(
            f"{window.dates} is before the archive: OASIS answers {reach} from "
            f"about {oldest} on, and nothing older is in this data folder",
            hint=", ".join(hints),
        )


def _advice(
    question: Question, missing: list[MissingDays], folder: DataFolder, how: Circumstances, as_of: datetime | None
) -> str:
    """Say how to complete an answer."""
    if as_of is not None:
        warehouse = Warehouse(folder.warehouse)
        began = warehouse.archive_start() if warehouse.path.exists() else None
        since = "is empty" if began is None else f"begins at {began:%Y-%m-%dT%H:%M:%SZ}"
        return f"as_of cannot reach before one's own archive, which {since}"
    if how.offline:
        return "leave out offline=True to fetch them"
    reasons = {days.reason for days in missing}
    if reasons <= {said_of(Reason.BEYOND_RETENTION)}:
        return "load older files that you have with `caiso-lmp load PATH`"
    if reasons <= {said_of(Reason.NOT_PUBLISHED)}:
        when = _DAY_AHEAD_COMES if question.market.report.interval_minutes == HOURLY else _REAL_TIME_COMES
        return f"ask again when they are published: {when}"
    if reasons <= {said_of(Reason.UNKNOWN_NODE)}:
        return "`caiso-lmp nodes show NODE` tells since and until when a node is listed"
    command = f"`{question.to_fetch().command(question.market, missing[0].first)}`"
    is_refused = reasons <= {said_of(Reason.REFUSED)}
    answered = f"{command} shows what was answered; is {how.base_url} an OASIS, as {OASIS_URL} is?"
    return answered if is_refused else f"call it again, or run {command}"


def _complain(missing: list[MissingDays], advice: str, *, strict: bool) -> None:
    if strict:
        raise IncompletePricesError(describe_missing(missing), hint=advice, missing=missing)
    # The line that is shown is that of whoever called get_lmp.
    warnings.warn(IncompletePricesWarning(describe_missing(missing), hint=advice, missing=missing), stacklevel=3)
