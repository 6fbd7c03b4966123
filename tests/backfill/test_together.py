"""Several processes with one question, one data folder and one simulator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise

import pytest
from backfills import HUBS, Backfills, question_of, true_prices
from processes import LONGEST_RUN, start_program

SPACING = 0.05
CLOCK_RESOLUTION = 1e-6  # seconds; of a time since 1970 in a float
FIRST = date(2026, 3, 1)
DAYS = 8


@pytest.mark.check
@pytest.mark.parametrize("count", [2, 5])
def test_processes_share_questions_and_turns(start_backfills: Callable[..., Backfills], count: int) -> None:
    """Each file is fetched once, starts are never closer than the spacing, and every process reports all complete."""
    backfills = start_backfills(nodes=HUBS)
    last = FIRST + timedelta(days=DAYS)
    told = (str(backfills.folder.root), str(backfills.state), str(SPACING), backfills.simulator.clock.now().isoformat())
    arguments = (backfills.simulator.base_url, *told, "all", str(FIRST), str(last))
    running = [start_program(backfills, *arguments) for _ in range(count)]
    outputs = [process.communicate(timeout=LONGEST_RUN) for process in running]
    assert [error for _, error in outputs] == [""] * count
    lines = [line for output, _ in outputs for line in output.split("\n") if line]
    starts = sorted(float(line) for line in lines if not line.startswith("done"))
    ends = [line.split() for line in lines if line.startswith("done")]
    assert min(after - before for before, after in pairwise(starts)) >= SPACING - CLOCK_RESOLUTION
    assert set(Counter(question_of(request) for request in backfills.asked()).values()) == {1}
    assert len(starts) == len(backfills.asked()) == 2 * DAYS
    assert sum(int(downloaded) for _, downloaded, _ in ends) == 2 * DAYS
    assert [missing for *_, missing in ends] == ["0"] * count
    got = backfills.prices().filter(market="DAM")
    assert got.equals(true_prices(HUBS, FIRST, DAYS).with_columns(ghg=got["ghg"]))
    backfills.whole()
