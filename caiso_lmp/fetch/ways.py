"""Three ways to ask for named nodes, and the choice of the cheapest.

Nodes that miss the same days share requests in any case. Where gaps differ, sharing a window may save a
request or merely fetch complete days again; and past some hundreds of nodes one group file of all nodes
costs less than asking by tens. Which is best depends on the case, so all ways are made and weighed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from caiso_lmp.fetch.estimate import estimate
from caiso_lmp.fetch.request import MAX_NODES, Request, group_requests, node_request
from caiso_lmp.fetch.windows import Window, cut_windows
from caiso_lmp.market import Market
from caiso_lmp.trading_time import utc_window


@dataclass(frozen=True)
class Missing:
    """What named nodes of one market lack.

    Attributes:
        market: The market.
        dates: The trade dates that each node lacks, ascending.
        asked: The trade dates that requests may touch.
    """

    market: Market
    dates: Mapping[str, tuple[date, ...]]
    asked: Sequence[date]

    @property
    def union(self) -> list[date]:
        """List the trade dates that any node lacks."""
        return sorted(set().union(*self.dates.values()))


def missing_of(market: Market, absent: Mapping[date, Collection[str]], asked: Sequence[date]) -> Missing:
    """Turn the nodes absent on each of the ascending dates into the dates that each node lacks."""
    dates: defaultdict[str, list[date]] = defaultdict(list)
    for day in asked:
        for node in absent[day]:
            dates[node].append(day)
    return Missing(market, {node: tuple(days) for node, days in sorted(dates.items())}, asked)


def cheapest_way(missing: Missing, with_group_files: Collection[date], spacing: float) -> list[Request]:
    """Choose the requests that weigh least, in order of time.

    Args:
        missing: What to ask.
        with_group_files: Trade dates for which group files of all nodes may be asked instead.
        spacing: Seconds between two starts.
    """
    ways = [own_windows(missing), shared_windows(missing)]
    if set(missing.union) <= set(with_group_files):
        ways.append(group_files(missing))
    best = min(ways, key=lambda way: estimate(way, spacing).weight)
    return sorted(best, key=lambda request: (request.start, request.nodes))


def own_windows(missing: Missing) -> list[Request]:
    """Ask together only for nodes that lack the very same dates: complete days come again only to save a window."""
    alike: defaultdict[tuple[date, ...], list[str]] = defaultdict(list)
    for node, days in missing.dates.items():
        alike[days].append(node)
    return [
        _request(missing.market, ten, window)
        for days, nodes in alike.items()
        for window in cut_windows(days, missing.asked)
        for ten in _tens(nodes)
    ]


def shared_windows(missing: Missing) -> list[Request]:
    """Ask in windows that serve all nodes, each ten of them from its first to its last missing date."""
    requests = []
    for window in cut_windows(missing.union, missing.asked):
        lacking = {node: inside for node, days in missing.dates.items() if (inside := _within(days, window))}
        for ten in _tens(sorted(lacking, key=lambda node: (lacking[node], node))):
            first, last = min(lacking[node][0] for node in ten), max(lacking[node][-1] for node in ten)
            requests.append(_request(missing.market, ten, Window(first, last)))
    return requests


def group_files(missing: Missing) -> list[Request]:
    """Ask for everything of each date, to keep what is wanted and have the rest for later questions."""
    return [piece for day in missing.union for piece in group_requests(missing.market, day)]


def _within(days: Sequence[date], window: Window) -> list[date]:
    return [day for day in days if window.first <= day <= window.last]


def _tens(nodes: Sequence[str]) -> Iterator[Sequence[str]]:
    yield from (nodes[at : at + MAX_NODES] for at in range(0, len(nodes), MAX_NODES))


def _request(market: Market, nodes: Sequence[str], window: Window) -> Request:
    return node_request(market, nodes, utc_window(window.first)[0], utc_window(window.last)[1])
