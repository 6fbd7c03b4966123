"""Options that several commands share, and what they mean together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from caiso_lmp.errors import UsageError
from caiso_lmp.fetch.address import OASIS_URL
from caiso_lmp.market import HUBS, Market, parse_market
from caiso_lmp.trading_time import parse_moment, parse_window, trade_date_of, utc_window

Command = TypeVar("Command", bound=Callable[..., Any])
_DAY: Final = timedelta(days=1)


def _stacked(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def apply(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return apply


common = _stacked(
    click.option(
        "--data-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder of raw files and warehouse. [default: CAISO_LMP_DATA_DIR, else the nearest ./data]",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object; all else on stderr."),
    click.option("-v", "--verbose", is_flag=True, help="Say more; show where an unexpected error comes from."),
)

markets = click.option(
    "--market",
    "markets",
    multiple=True,
    help="DAM, HASP, FMM (RTPD), RTD (RTM) or RUC; repeatable.",
)

nodes = _stacked(
    click.option("--node", "nodes", multiple=True, help="Name of a node; repeatable."),
    click.option("--hubs", is_flag=True, help="The three trading hubs and the four DLAPs."),
    click.option("--all-nodes", is_flag=True, help="Every node."),
)

window = _stacked(
    click.option("--start", help="First trade date (2024-03-10) or moment (2024-03-10T08:00Z)."),
    click.option("--end", help="End, not part of it: a trade date or a moment."),
    click.option("--date", "trade_date", help="One trade date."),
    click.option("--days", type=click.IntRange(min=1), help="The last N trade dates, ending yesterday."),
)

address = click.option(
    "--base-url", envvar="CAISO_LMP_BASE_URL", default=OASIS_URL, show_default=True, help="Whom to ask."
)

as_of = click.option("--as-of", help="As known then: a date (its start in Pacific time) or a moment.")


def chosen_markets(names: tuple[str, ...], default: tuple[Market, ...] = (Market.DAM,)) -> tuple[Market, ...]:
    """Read ``--market``."""
    return tuple(dict.fromkeys(parse_market(name) for name in names)) or default


def chosen_nodes(names: tuple[str, ...], *, hubs: bool, all_nodes: bool) -> tuple[str, ...] | None:
    """Read ``--node``, ``--hubs`` and ``--all-nodes``; None means every node.

    Raises:
        UsageError: None of them, or all nodes and some.
    """
    asked = tuple(dict.fromkeys((*names, *(HUBS if hubs else ()))))
    if all_nodes and asked:
        raise UsageError("--all-nodes has every node already", hint="leave out --node and --hubs")
    if not all_nodes and not asked:
        raise UsageError("no node was asked for", hint="give --node NAME, --hubs or --all-nodes")
    return None if all_nodes else asked


def chosen_window(
    start: str | None, end: str | None, trade_date: str | None, days: int | None, now: datetime
) -> tuple[datetime, datetime]:
    """Read ``--start`` and ``--end``, or ``--date``, or ``--days``.

    Raises:
        UsageError: None of them, or more than one way.
    """
    ways = [bool(start or end), trade_date is not None, days is not None]
    if sum(ways) != 1:
        raise UsageError(
            "no window was asked for" if not any(ways) else "the window was given in two ways",
            hint="give --start and --end, or --date, or --days",
        )
    if trade_date is not None:
        return _one_day(trade_date)
    if days is not None:
        return _last_days(days, now)
    if not start or not end:
        raise UsageError(
            f"--{'end' if start else 'start'} is missing", hint="a window has both, the end not part of it"
        )
    return parse_window(start, end)


def _one_day(trade_date: str) -> tuple[datetime, datetime]:
    moment = parse_moment(trade_date)
    window = utc_window(trade_date_of(moment))
    if moment != window[0]:
        raise UsageError(f"{trade_date!r} is no trade date", hint=f"write --date {trade_date_of(moment)}")
    return window


def _last_days(days: int, now: datetime) -> tuple[datetime, datetime]:
    today = trade_date_of(now)
    try:
        return utc_window(today - days * _DAY)[0], utc_window(today)[0]
    except OverflowError as error:
        raise UsageError(f"the calendar has no {days:,} days before today", hint="give fewer --days") from error


def chosen_moment(text: str | None) -> datetime | None:
    """Read ``--as-of``."""
    return None if text is None else parse_moment(text)
