"""Any order and repetition of loads, with crashes in between, ends in the same tables as the model."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest import mock

import polars as pl
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule
from tidy_frames import FETCHED, facts, hour, one_price, to_tidy
from timeline_model import PARTS, Key, ModelWarehouse, Values

from caiso_lmp.market import Market
from caiso_lmp.warehouse import load
from caiso_lmp.warehouse.warehouse import Warehouse

NODES = ("A", "B b", "Ç'\"")
_price = st.sampled_from((-1.5, 0.0, 2.0))
_values = st.tuples(_price, *[st.none() | _price for _ in range(4)])
_moments = st.integers(0, 6).map(lambda n: FETCHED + timedelta(hours=n))
_REVISIONS = f"SELECT market, node, interval_start, {', '.join(PARTS)}, revision, raw_sha256, known_from, known_to"


class _CrashError(Exception):
    """The process died here."""


@st.composite
def _contents(draw: st.DrawFn) -> tuple[str, dict[Key, Values]]:
    market = draw(st.sampled_from(("DAM", "RUC")))
    keys = st.tuples(st.just(market), st.sampled_from(NODES), st.integers(0, 3).map(hour))
    return market, draw(st.dictionaries(keys, _values, min_size=1, max_size=8))


class LoadingMachine(RuleBasedStateMachine):
    """Loads files, loads them again, crashes; the model does the same without a database."""

    files = Bundle("files")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.warehouse = Warehouse(Path(self.folder.name) / "w.duckdb")
        self.model = ModelWarehouse()
        self.names = itertools.count()

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(target=files, content=_contents(), salt=st.integers(0, 9))
    def find_file(self, content: tuple[str, dict[Key, Values]], salt: int) -> tuple[str, str, dict[Key, Values]]:
        """A file turns up; the salt lets the order of hashes differ from the order of finding."""
        return f"{salt}{next(self.names):03}", *content

    @rule(file=files, moment=_moments)
    def load_file(self, file: tuple[str, str, dict[Key, Values]], moment: object) -> None:
        """It is loaded, for the first time or again, as fetched at some moment."""
        sha256, market, content = file
        counts = self.warehouse.load(to_tidy(content), facts(sha256, moment, Market(market)))
        expected = self.model.load(sha256, moment, content)
        assert (None if counts is None else vars(counts)) == expected

    @rule(file=files, moment=_moments, step=st.sampled_from(("remake", "count_node_days", "_find_touched")))
    def crash(self, file: tuple[str, str, dict[Key, Values]], moment: object, step: str) -> None:
        """A load dies in the middle: nothing of it may stay."""
        sha256, market, content = file
        with mock.patch.object(load, step, side_effect=_CrashError):
            try:
                self.warehouse.load(to_tidy(content), facts(sha256, moment, Market(market)))
            except _CrashError:
                return
        self.model.load(sha256, moment, content)  # that step was not needed: it is loaded

    @rule(file=consumes(files))
    def lose_file(self, file: tuple[str, str, dict[Key, Values]]) -> None:
        """A file is not met again."""
        assert file[2]

    @rule(target=files, file=files)
    def nothing_new(self, file: tuple[str, str, dict[Key, Values]]) -> object:
        """The same file may be drawn more often."""
        return multiple(file)

    @invariant()
    def tables_equal_the_model(self) -> None:
        """All relations say what the model says, and the tables agree with each other."""
        if not self.model.fetches:
            return
        assert _revisions(self.warehouse) == _model_revisions(self.model)
        current = self.warehouse.sql("SELECT * FROM lmp").select("market", "node", "interval_start", *PARTS, "revision")
        assert sorted(current.rows()) == sorted(
            (*key, *state.values, state.revision) for key in self.model.keys if (state := self.model.current(key))
        )
        counted = self.warehouse.sql("SELECT sum(intervals), max(fetched_at) FROM coverage").row(0)
        assert counted == (len(self.model.keys), max(self.model.fetches)[0])
        assert self.warehouse.check() == []

    @invariant()
    def as_of_equals_the_model(self) -> None:
        """What was known at any moment is what had been fetched by then."""
        for hours in (-1, 0, 2, 5, 9):
            moment = FETCHED + timedelta(hours=hours)
            told = {(m, n, s): (v, r) for m, n, s, v, r in _as_of(self.warehouse, self.model, moment)}
            modelled = {key: state for key in self.model.keys if (state := self.model.as_of(key, moment))}
            assert told == {key: (state.values, state.revision) for key, state in modelled.items()}


def _as_of(warehouse: Warehouse, model: ModelWarehouse, moment: object) -> Iterator[tuple[object, ...]]:
    for market in {Market(key[0]) for key in model.keys}:
        prices = warehouse.prices(None, hour(0), hour(9), market, as_of=moment)
        for row in prices.iter_rows(named=True):
            values = tuple(row[part] for part in PARTS)
            yield row["market"], row["node"], row["interval_start"], values, row["revision"]


def _revisions(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return _sorted(warehouse.sql(f"{_REVISIONS} FROM lmp_revisions").rows())


def _model_revisions(model: ModelWarehouse) -> list[tuple[object, ...]]:
    return _sorted(
        (*key, *state.values, state.revision, state.raw_sha256, state.known_from, state.known_to)
        for key in model.keys
        for state in model.states(key)
    )


def _sorted(rows: object) -> list[tuple[object, ...]]:
    return sorted(rows, key=lambda row: tuple(map(str, row)))


LoadingMachine.TestCase.settings = settings(max_examples=settings().max_examples // 3, stateful_step_count=10)
TestAnyOrder = LoadingMachine.TestCase


def _loaded(tmp_path: Path, name: str, loads: list[tuple[str, int, dict[Key, Values]]]) -> Warehouse:
    warehouse = Warehouse(tmp_path / f"{name}.duckdb")
    for sha256, hours, content in loads:
        warehouse.load(to_tidy(content), facts(sha256, FETCHED + timedelta(hours=hours)))
    return warehouse


A_B_A = [("a", 1, one_price(1.0)), ("b", 2, one_price(2.0)), ("a", 3, one_price(1.0))]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_a_b_a_ends_on_a(tmp_path: Path, order: tuple[int, ...]) -> None:
    """Files a, b and a again, fetched in this order and loaded in any, end on a with three revisions."""
    warehouse = _loaded(tmp_path, "w", [A_B_A[n] for n in order])
    known = warehouse.sql("SELECT lmp, revision, raw_sha256 FROM lmp_revisions ORDER BY known_from")
    assert known.rows() == [(1.0, 1, "a"), (2.0, 2, "b"), (1.0, 3, "a")]
    assert warehouse.sql("SELECT lmp, revision FROM lmp").rows() == [(1.0, 3)]


def test_a_null_never_supersedes_and_a_completion_is_no_revision(tmp_path: Path) -> None:
    """A file without ghg leaves the ghg that is known; null to value makes a state of the same revision."""
    key = next(iter(one_price(1.0)))
    with_ghg, without = {key: (1.0, 1.0, 0.0, 0.0, 0.5)}, {key: (1.0, 1.0, 0.0, 0.0, None)}
    warehouse = _loaded(tmp_path, "w", [("a", 1, without), ("b", 2, with_ghg), ("c", 3, without)])
    known = warehouse.sql("SELECT ghg, revision, raw_sha256 FROM lmp_revisions ORDER BY known_from")
    assert known.rows() == [(None, 1, "a"), (0.5, 1, "b")]


def test_at_the_same_moment_the_hash_decides(tmp_path: Path) -> None:
    """Two files fetched at the same moment resolve by their hashes, whatever the order of loading."""
    loads = [("b", 1, one_price(2.0)), ("a", 1, one_price(1.0))]
    for name, order in (("one", loads), ("other", loads[::-1])):
        assert _loaded(tmp_path, name, order).sql("SELECT lmp FROM lmp").item() == 2.0


def test_node_blocks_and_daylight_saving_make_no_difference(tmp_path: Path) -> None:
    """Over a thousand nodes and 25 hours, a late file with every second price changed finds its place."""
    nodes = [f"N{n:04}" for n in range(1100)]
    newer = {("DAM", node, hour(n)): (1.0, 1.0, 0.0, 0.0, 0.0) for node in nodes for n in range(25)}
    older = {key: (2.0 if n % 2 else 1.0, 1.0, 0.0, 0.0, 0.0) for n, key in enumerate(newer)}
    late = _loaded(tmp_path, "late", [("new", 2, newer), ("old", 1, older)])
    early = _loaded(tmp_path, "early", [("old", 1, older), ("new", 2, newer)])
    query = f"{_REVISIONS} FROM lmp_revisions ORDER BY ALL"
    assert late.sql(query).equals(early.sql(query))
    assert late.sql("SELECT revision, count(*) FROM lmp GROUP BY 1 ORDER BY 1").rows() == [(1, 13750), (2, 13750)]
    assert late.sql("SELECT DISTINCT expected, complete FROM coverage").rows() == [(25, True)]


def test_what_stays_is_not_written_again(tmp_path: Path) -> None:
    """A file that repeats what is known changes no row of the current prices."""
    warehouse = _loaded(tmp_path, "w", [("a", 1, one_price(1.0))])
    rowid = "SELECT rowid FROM store.price"
    before = warehouse.sql(rowid)
    warehouse.load(to_tidy(one_price(1.0)), facts("b", FETCHED + timedelta(hours=2)))
    assert warehouse.sql(rowid).equals(before)
    assert warehouse.sql("SELECT count(*) FROM lmp_revisions").item() == 1
    assert isinstance(before, pl.DataFrame)
