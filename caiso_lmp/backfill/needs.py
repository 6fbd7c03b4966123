"""What is there already and need not be asked again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime

from caiso_lmp.backfill.asked import Asked, Circumstances
from caiso_lmp.fetch.plan import ALL_NODES, Complete
from caiso_lmp.fetch.raw_store import RawStore
from caiso_lmp.fetch.request import group_requests
from caiso_lmp.market import Market
from caiso_lmp.warehouse.warehouse import Warehouse


def find_complete(asked: Asked, warehouse: Warehouse, store: RawStore, how: Circumstances) -> Complete:
    """Find what of the asked is complete and not due to be asked again."""
    nodes: dict[tuple[Market, date], set[str]] = {}
    group_files: set[tuple[Market, datetime]] = set()
    for market in asked.markets:
        stale = store.stale_dates(market) if store.root.exists() else {}
        group_files |= _whole_group_files(asked, market, warehouse, how, stale)
        nodes |= _complete_nodes(asked, market, warehouse, how, stale)
    return Complete(nodes, group_files)


def _whole_group_files(
    asked: Asked, market: Market, warehouse: Warehouse, how: Circumstances, stale: Mapping[date, datetime]
) -> set[tuple[Market, datetime]]:
    held = {file.request_key: file.fetched_at for file in warehouse.group_files(market)}
    pieces = [(day, piece) for day in asked.trade_dates for piece in group_requests(market, day)]
    return {
        (market, piece.start)
        for day, piece in pieces
        if piece.key in held and not how.is_due(day, held[piece.key], stale.get(day))
    }


def _complete_nodes(
    asked: Asked, market: Market, warehouse: Warehouse, how: Circumstances, stale: Mapping[date, datetime]
) -> dict[tuple[Market, date], set[str]]:
    complete: defaultdict[tuple[Market, date], set[str]] = defaultdict(set)
    if asked.nodes is ALL_NODES:
        return complete
    first, last = asked.trade_dates[0], asked.trade_dates[-1]
    for held in warehouse.complete_node_days(market, list(asked.nodes), first, last):
        if not how.is_due(held.trade_date, held.fetched_at, stale.get(held.trade_date)):
            complete[market, held.trade_date].add(held.node)
    return complete
