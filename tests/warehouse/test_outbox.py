"""The outbox against a plain-Python model: any loads, publications, crashes and rebuilds, in any order."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import polars as pl
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule
from outbox_model import ModelOutbox, Publication
from tidy_frames import FETCHED, facts, hour, to_tidy
from timeline_model import Key, ModelWarehouse, Values

from caiso_lmp.market import Market
from caiso_lmp.warehouse.outbox import Outbox
from caiso_lmp.warehouse.outbox_carry import carry_outbox
from caiso_lmp.warehouse.outbox_rows import PUBLISHED, PublishedPrices
from caiso_lmp.warehouse.outbox_selection import Selection
from caiso_lmp.warehouse.warehouse import Warehouse

NODES = ("A", "B b", "Ç'\"")
DESTINATIONS = ("first", "second")
COMPARED = ("market_run_id", "node", "lmp_type", "price", "interval_start", "revision", "extraction_time", "raw_sha256")
MOST_EVENTS = 12  # of a batch, so that there are several

File = tuple[str, str, dict[Key, Values]]
_price = st.sampled_from((-1.5, 0.0, 2.0))
_values = st.tuples(_price, *[st.none() | _price for _ in range(4)])
_moments = st.integers(0, 6).map(lambda n: FETCHED + timedelta(hours=n))
_destinations = st.sampled_from(DESTINATIONS)


@st.composite
def _contents(draw: st.DrawFn) -> tuple[str, dict[Key, Values]]:
    market = draw(st.sampled_from(("DAM", "RUC")))
    keys = st.tuples(st.just(market), st.sampled_from(NODES), st.integers(0, 2).map(hour))
    return market, draw(st.dictionaries(keys, _values, min_size=1, max_size=6))


class PublishingMachine(RuleBasedStateMachine):
    """Loads, publishes, crashes on the way, rebuilds; the model does the same with lists."""

    files = Bundle("files")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "w.duckdb"
        self.model = ModelWarehouse()
        self.outbox_model = ModelOutbox(self.model)
        self.names = itertools.count()
        self.loads: dict[tuple[str, object], File] = {}

    def outbox(self, destination: str) -> Outbox:
        return Outbox(self.path, destination)

    # --- loads ----------------------------------------------------------------------------------

    @initialize(target=files, content=_contents())
    def first_file(self, content: tuple[str, dict[Key, Values]]) -> File:
        """There is something to publish from the start."""
        file = self.find_file_of(content, 5)
        self.load_file(file, FETCHED)
        return file

    @rule(target=files, content=_contents(), salt=st.integers(0, 9))
    def find_file(self, content: tuple[str, dict[Key, Values]], salt: int) -> File:
        """A file turns up; the salt lets the order of hashes differ from the order of finding."""
        return self.find_file_of(content, salt)

    def find_file_of(self, content: tuple[str, dict[Key, Values]], salt: int) -> File:
        return f"{salt}{next(self.names):03}", *content

    @rule(file=files, moment=_moments)
    def load_file(self, file: File, moment: object) -> None:
        """It is loaded, for the first time or again, newer or older than what is there."""
        sha256, market, content = file
        Warehouse(self.path).load(to_tidy(content), facts(sha256, moment, Market(market)))
        self.model.load(sha256, moment, content)
        self.loads[sha256, moment] = file

    @rule(file=consumes(files))
    def lose_file(self, file: File) -> None:
        """A file is not met again."""
        assert file[2]

    # --- publishing -----------------------------------------------------------------------------

    @rule(destination=_destinations)
    def publish_everything(self, destination: str) -> None:
        """Everything that waits is sent."""
        self.publish(destination, Selection())

    @rule(destination=_destinations, nodes=st.sets(st.sampled_from(NODES), min_size=1))
    def publish_nodes(self, destination: str, nodes: set[str]) -> None:
        """Some nodes are sent, as far as they are known."""
        known = tuple(sorted({key[1] for key in self.model.keys} & nodes))
        if known:
            self.publish(destination, Selection(nodes=known), nodes=set(known))

    @rule(destination=_destinations, market=st.sampled_from(("DAM", "RUC")))
    def publish_market(self, destination: str, market: str) -> None:
        """One market is sent."""
        self.publish(destination, Selection(markets=(Market(market),)), markets={market})

    def publish(
        self,
        destination: str,
        selection: Selection,
        nodes: set[str] | None = None,
        markets: set[str] | None = None,
    ) -> None:
        expected = self.outbox_model.waiting(destination, nodes, markets)
        outbox, arrived = self.outbox(destination), []
        groups = outbox.plan(selection, MOST_EVENTS)
        assert outbox.count(groups, selection) == len(expected)
        for group in groups:
            batch = outbox.prepare(group, selection)
            arrived += rows_of(batch.prices.frames(7))
            if batch.note.events:
                outbox.settle(batch.note)
        assert sorted(arrived) == sorted(publication.row for publication in expected)
        self.outbox_model.send(destination, expected)
        if selection.is_everything:
            outbox.mark_empty()
            assert outbox.plan(selection) == []

    @rule(destination=_destinations, file=files, moment=_moments, committed=st.booleans(), rebuilt=st.booleans())
    def crash_while_publishing(
        self, destination: str, file: File, moment: object, committed: bool, rebuilt: bool
    ) -> None:
        """The exporter dies with a batch on its way; things happen before anybody looks whether it arrived."""
        outbox = self.outbox(destination)
        groups = outbox.plan(Selection(), MOST_EVENTS)
        if not groups:
            return
        expected = {publication.row: publication for publication in self.outbox_model.waiting(destination, None, None)}
        batch = outbox.prepare(groups[0], Selection())
        on_its_way = rows_of(batch.prices.frames())
        assert set(on_its_way) <= expected.keys()
        self.load_file(file, moment)
        if rebuilt:
            self.rebuild(None)
        unsettled = outbox.unsettled()
        if unsettled is None:
            assert not on_its_way
            return
        assert unsettled == batch.note
        if committed:
            outbox.settle(unsettled)
            self.outbox_model.send(destination, [expected[row] for row in on_its_way])
        else:
            outbox.withdraw(unsettled)

    # --- rebuilding -----------------------------------------------------------------------------

    @rule(lost=st.none() | st.integers(0, 20))
    def rebuild(self, lost: int | None) -> None:
        """The warehouse is made again, in another order and perhaps without one raw file, and takes over the outbox."""
        if lost is not None and len(self.loads) > 1:
            sha256 = sorted(self.loads)[lost % len(self.loads)][0]
            kept = {fetch: file for fetch, file in self.loads.items() if fetch[0] != sha256}
            if kept:
                self.loads = kept
        new = self.path.with_name("new.duckdb")
        self.model.contents.clear()
        self.model.fetches.clear()
        for (sha256, moment), (_, market, content) in sorted(self.loads.items(), key=lambda load: load[0][::-1]):
            Warehouse(new).load(to_tidy(content), facts(sha256, moment, Market(market)))
            self.model.load(sha256, moment, content)
        assert carry_outbox(self.path, new)
        shutil.move(new, self.path)

    # --- what always holds ----------------------------------------------------------------------

    @precondition(lambda self: self.outbox_model.sent)
    @invariant()
    def what_was_published_can_be_told_again(self) -> None:
        """Every event that a destination was sent can be told again, identical, whatever was loaded since."""
        for destination, publications in self.outbox_model.sent.items():
            told = rows_of(frames_of(self.outbox(destination).published(Selection())))
            assert sorted(told) == sorted(publication.row for publication in publications)

    @invariant()
    def one_number_is_one_price(self) -> None:
        """Whoever the events went to, a key, component and number mean one price of one observation."""
        facts_of: dict[tuple[object, ...], Publication] = {}
        for publication in itertools.chain(*self.outbox_model.sent.values()):
            name = (publication.key, publication.part, publication.number)
            assert facts_of.setdefault(name, publication) == publication

    def teardown(self) -> None:
        """In the end, the last publication of each key can be told alone, and the warehouse is sound."""
        for destination, publications in self.outbox_model.sent.items():
            last = {(p.key, p.part): p.row for p in sorted(publications, key=lambda p: p.number)}
            told = rows_of(frames_of(self.outbox(destination).published(Selection(), latest=True)))
            assert sorted(told) == sorted(row for (key, _), row in last.items() if key in self.model.keys)
        assert Warehouse(self.path).check() == []
        self.folder.cleanup()


def frames_of(windows: Iterable[PublishedPrices]) -> Iterator[pl.DataFrame]:
    return (frame for prices in windows for frame in prices.frames())


def rows_of(frames: Iterable[pl.DataFrame]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for frame in frames:
        assert frame.schema == PUBLISHED
        assert frame.height
        rows += frame.select(COMPARED).rows()
    return rows


PublishingMachine.TestCase.settings = settings(max_examples=settings().max_examples // 5, stateful_step_count=10)
TestAnyOrderOfPublishing = PublishingMachine.TestCase
