"""One battery, one run of prices: the mixed-integer program and its solution by HiGHS.

The only module that imports highspy. It knows lists of numbers, no frames; :mod:`caiso_lmp.analysis.battery`
calls it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import highspy
from highspy import _core

from caiso_lmp.errors import CaisoLmpError

_MIP_GAP: Final = 1e-7  # relative: far below a cent on any day
_INFINITY: Final = highspy.kHighsInf


@dataclass(frozen=True)
class Limits:
    """What the battery can do: ``power`` in MW, ``capacity`` in MWh, ``efficiency`` of a round trip."""

    power: float
    capacity: float
    efficiency: float
    discharge_per_day: float | None  # MWh


@dataclass(frozen=True)
class Run:
    """Intervals in the order of time, without a price where it is not known: the battery then stands still."""

    prices: Sequence[float | None]  # $/MWh
    hours: Sequence[float]
    days: Sequence[int]  # number of the trade date of each interval


@dataclass(frozen=True)
class Dispatch:
    """What to do in each interval: MW from and to the grid, and MWh stored at its end."""

    charge: list[float]
    discharge: list[float]
    stored: list[float]


@dataclass
class _Rows:
    """The constraints, row by row."""

    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    columns: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def add(self, lower: float, upper: float, terms: Sequence[tuple[int, float]]) -> None:
        """Add ``lower ≤ Σ weight · column ≤ upper``."""
        self.lower.append(lower)
        self.upper.append(upper)
        self.columns.extend(column for column, _weight in terms)
        self.weights.extend(weight for _column, weight in terms)
        self.starts.append(len(self.columns))


def solve(run: Run, limits: Limits) -> Dispatch:
    """Find the dispatch that earns most; the battery begins and ends empty.

    Columns are the charge, the discharge and the stored energy of each interval, then a switch (0 or 1) for each
    interval with a negative price: there alone would it pay to charge and discharge at once, which burns energy
    and which no battery does. Elsewhere the linear program never gains by it.

    Raises:
        CaisoLmpError: The solver gave up, which no prices should make it do.
    """
    count = len(run.prices)
    if not count:
        return Dispatch([], [], [])
    switched = [place for place, price in enumerate(run.prices) if price is not None and price < 0]
    model = _columns(run, limits, len(switched))
    rows = _Rows()
    _balance(rows, run, limits)
    _daily_limit(rows, run, limits)
    _one_way(rows, switched, count, limits.power)
    values = _optimum(_with_rows(model, rows))
    return Dispatch(values[:count], values[count : 2 * count], values[2 * count : 3 * count])


def _columns(run: Run, limits: Limits, switches: int) -> highspy.HighsLp:
    """State cost and bounds of each column: the cost is what charging pays less what discharging earns."""
    money = [(price or 0.0) * hours for price, hours in zip(run.prices, run.hours, strict=True)]
    power = [0.0 if price is None else limits.power for price in run.prices]
    count = len(money)
    model = highspy.HighsLp()
    model.num_col_ = 3 * count + switches
    model.col_cost_ = [*money, *(-each for each in money), *[0.0] * (count + switches)]
    model.col_lower_ = [0.0] * model.num_col_
    model.col_upper_ = [*power, *power, *[limits.capacity] * (count - 1), 0.0, *[1.0] * switches]
    whole, real = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
    model.integrality_ = [*[real] * (3 * count), *[whole] * switches] if switches else []
    return model


def _balance(rows: _Rows, run: Run, limits: Limits) -> None:
    """Let each interval store what it charges, less the losses, and give what it discharges."""
    count = len(run.hours)
    for place, hours in enumerate(run.hours):
        terms = [(place, -limits.efficiency * hours), (count + place, hours), (2 * count + place, 1.0)]
        if place:
            terms.append((2 * count + place - 1, -1.0))
        rows.add(0.0, 0.0, terms)


def _daily_limit(rows: _Rows, run: Run, limits: Limits) -> None:
    if limits.discharge_per_day is None:
        return
    terms: dict[int, list[tuple[int, float]]] = {}
    for place, (day, hours) in enumerate(zip(run.days, run.hours, strict=True)):
        terms.setdefault(day, []).append((len(run.hours) + place, hours))
    for of_day in terms.values():
        rows.add(0.0, limits.discharge_per_day, of_day)


def _one_way(rows: _Rows, switched: Sequence[int], count: int, power: float) -> None:
    """Charge only where the switch is 1, discharge only where it is 0."""
    for number, place in enumerate(switched):
        switch = 3 * count + number
        rows.add(-_INFINITY, 0.0, [(place, 1.0), (switch, -power)])
        rows.add(-_INFINITY, power, [(count + place, 1.0), (switch, power)])


def _with_rows(model: highspy.HighsLp, rows: _Rows) -> highspy.HighsLp:
    model.num_row_ = len(rows.lower)
    model.row_lower_, model.row_upper_ = rows.lower, rows.upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = rows.starts
    model.a_matrix_.index_ = rows.columns
    model.a_matrix_.value_ = rows.weights
    return model


def _optimum(model: highspy.HighsLp) -> list[float]:
    solver = _core._Highs()  # noqa: SLF001 - highspy.Highs() prints its version on stdout before it can be silenced
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("mip_rel_gap", _MIP_GAP)
    solver.passModel(model)
    solver.run()
    status = solver.getModelStatus()
    if status != highspy.HighsModelStatus.kOptimal:
        raise CaisoLmpError(f"the battery could not be optimized: the solver says {status.name}")
    return [float(value) for value in solver.getSolution().col_value]
