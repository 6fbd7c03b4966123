"""Cases of the outbox that are easy to get wrong, one by one; the model finds such cases by chance."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from tidy_frames import FETCHED, facts, hour, one_price, to_tidy, whole_days
from timeline_model import Key, Values

from caiso_lmp.errors import UsageError, WarehouseError
from caiso_lmp.events import record
from caiso_lmp.market import Market
from caiso_lmp.warehouse import outbox_rows
from caiso_lmp.warehouse.outbox import Outbox
from caiso_lmp.warehouse.outbox_carry import carry_outbox
from caiso_lmp.warehouse.outbox_selection import Selection
from caiso_lmp.warehouse.session import writing
from caiso_lmp.warehouse.warehouse import Warehouse

KEY = next(iter(one_price(1.0)))
EVERYTHING = Selection()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "w.duckdb"


def load(path: Path, sha256: str, hours: int, content: dict[Key, Values]) -> None:
    Warehouse(path).load(to_tidy(content), facts(sha256, FETCHED + timedelta(hours=hours)))


def sent(path: Path, destination: str = "topic", selection: Selection = EVERYTHING) -> list[tuple[object, ...]]:
    """Publish, and give what was sent: component, price, number, raw file."""
    outbox, rows = Outbox(path, destination), []
    for group in outbox.plan(selection):
        batch = outbox.prepare(group, selection)
        for frame in batch.prices.frames():
            rows += frame.select("lmp_type", "price", "revision", "raw_sha256").rows()
        outbox.settle(batch.note)
    return rows


def test_a_published_frame_is_what_events_are_made_of() -> None:
    """The warehouse and the events, which do not know each other, mean the same columns."""
    assert outbox_rows.PUBLISHED == record.PUBLISHED


def test_an_older_file_that_completes_a_sent_price(path: Path) -> None:
    """A component that only an older file has is published when it turns up, and names that file."""
    load(path, "new", 3, {KEY: (2.0, 1.0, 0.0, 0.0, None)})
    assert len(sent(path)) == 4
    load(path, "old", 1, {KEY: (1.0, 1.0, 0.0, 0.0, 5.0)})
    assert sent(path) == [("MGHG", 5.0, 1, "old")]
    assert sent(path) == []


def test_back_to_an_earlier_price_is_news(path: Path) -> None:
    """Prices a, b and a again are three publications; the same bytes fetched again while nothing changed are none."""
    load(path, "a", 1, one_price(1.0))
    assert ("LMP", 1.0, 1, "a") in sent(path)
    load(path, "b", 2, one_price(2.0))
    assert sent(path) == [("LMP", 2.0, 2, "b")]
    load(path, "a", 3, one_price(1.0))
    assert sent(path) == [("LMP", 1.0, 3, "a")]
    load(path, "a", 4, one_price(1.0))
    assert sent(path) == []


def test_what_was_never_sent_is_not_counted(path: Path) -> None:
    """A price that was superseded before anybody published it has no number: the first that is sent is number 1."""
    load(path, "a", 1, one_price(1.0))
    load(path, "b", 2, one_price(2.0))
    assert ("LMP", 2.0, 1, "b") in sent(path)


def test_a_number_is_the_same_everywhere(path: Path) -> None:
    """A topic that joins after a correction begins with the number that the price has elsewhere."""
    load(path, "a", 1, one_price(1.0))
    sent(path)
    load(path, "b", 2, one_price(2.0))
    late = sent(path, "late")
    assert late == [("LMP", 2.0, 2, "b"), ("MCE", 1.0, 1, "a"), ("MCC", 0.0, 1, "a"), ("MCL", 0.0, 1, "a")]
    assert sent(path) == [("LMP", 2.0, 2, "b")]


def test_a_batch_stays_what_it_is_while_prices_change(path: Path) -> None:
    """Between deciding and noting, corrections may be loaded: the batch is told again as it was decided."""
    load(path, "a", 1, whole_days(["A", "B"], range(4)))
    outbox = Outbox(path, "topic")
    batch = outbox.prepare(outbox.plan(EVERYTHING)[0], EVERYTHING)
    decided = [row for frame in batch.prices.frames() for row in frame.rows()]
    load(path, "b", 2, whole_days(["A"], range(2), lmp=7.0))
    assert outbox.unsettled() == batch.note
    outbox.settle(batch.note)
    told = [row for prices in outbox.published(EVERYTHING) for frame in prices.frames() for row in frame.rows()]
    assert sorted(map(str, told)) == sorted(map(str, decided))


def test_small_units_go_together_and_large_ones_alone(path: Path) -> None:
    """A batch has units of one market, up to so many events; one that is larger is not cut."""
    for number in range(4):
        load(path, f"small{number}", number, whole_days([f"N{number}"], range(2)))
    load(path, "large", 9, whole_days(["L"], range(20)))
    Warehouse(path).load(to_tidy(whole_days(["A"], range(2), "RUC")), facts("ruc", FETCHED, Market.RUC))
    groups = Outbox(path, "topic").plan(EVERYTHING, most_events=25)
    assert [(group.market, len(group.units), group.events) for group in groups] == [
        (Market.DAM, 2, 20),
        (Market.DAM, 2, 20),
        (Market.DAM, 1, 100),
        (Market.RUC, 1, 10),
    ]


def test_frames_are_cut_and_sorted(path: Path) -> None:
    """Frames hold at most so many rows; within each, rows are sorted by node, time and component."""
    load(path, "a", 1, whole_days(["B", "A"], range(5)))
    outbox = Outbox(path, "topic")
    frames = list(outbox.prepare(outbox.plan(EVERYTHING)[0], EVERYTHING).prices.frames(15))
    assert [frame.height for frame in frames] == [15, 15, 15, 5]
    assert [frame["node"].unique().to_list() for frame in frames[:1]] == [["A"]]
    assert frames[0]["lmp_type"].to_list() == ["LMP", "MCE", "MCC", "MCL", "MGHG"] * 3
    assert frames[0]["interval_start"].is_sorted()


def test_a_part_of_a_window_is_exact(path: Path) -> None:
    """A selection cuts at its start and end, the end not part of it; the rest of the unit waits."""
    load(path, "a", 1, whole_days(["A"], range(6)))
    part = Selection((Market.DAM,), hour(2), hour(4), ("A",))
    assert len(sent(path, selection=part)) == 2 * 5
    assert sent(path, selection=part) == []
    assert len(sent(path)) == 4 * 5
    with pytest.raises(UsageError, match="no node"):
        Outbox(path, "topic").plan(Selection(nodes=("X",)))


def test_a_part_that_was_sent_is_not_opened_again(path: Path) -> None:
    """A file of which a selection leaves something out waits, but not for the selection, until a price changes."""
    hub, outbox = Selection(nodes=("A",)), Outbox(path, "topic")
    load(path, "a", 1, whole_days(["A", "B"], range(3)))
    assert len(sent(path, selection=hub)) == 3 * 5
    assert outbox.plan(hub) == []
    load(path, "b", 2, whole_days(["A", "B"], range(1), lmp=7.0))
    assert [group.events for group in outbox.plan(hub)] == [2]  # LMP and energy
    assert [number for _, _, number, _ in sent(path, selection=hub)] == [2, 2]
    assert len(sent(path)) == 3 * 5
    assert outbox.plan(EVERYTHING) == []


# --- rebuilt ------------------------------------------------------------------------------------


def rebuilt(path: Path, *loads: tuple[str, int, dict[Key, Values]]) -> None:
    """Make the warehouse again from some files, and carry the outbox over."""
    new = path.with_name("new.duckdb")
    for sha256, hours, content in loads:
        load(new, sha256, hours, content)
    assert carry_outbox(path, new)
    shutil.move(new, path)


def test_a_raw_file_that_is_gone_and_comes_back(path: Path) -> None:
    """Without the file of a correction the older price is published anew, and with it the correction again."""
    files = ("a", 1, one_price(1.0)), ("b", 2, one_price(2.0))
    for file in files:
        load(path, *file)
    assert ("LMP", 2.0, 1, "b") in sent(path)
    rebuilt(path, files[0])
    assert sent(path) == [("LMP", 1.0, 2, "a")]
    load(path, *files[1])
    assert sent(path) == [("LMP", 2.0, 3, "b")]


def test_a_node_that_only_the_outbox_knows(path: Path) -> None:
    """What was published of a file that is gone can still be told; nothing is sent for it."""
    load(path, "a", 1, one_price(1.0))
    load(path, "b", 2, one_price(2.0, "GONE"))
    sent(path)
    rebuilt(path, ("a", 1, one_price(1.0)))
    assert sent(path) == []
    told = [frame for prices in Outbox(path, "topic").published(EVERYTHING) for frame in prices.frames()]
    assert {node for frame in told for node in frame["node"]} == {"A", "GONE"}
    assert Warehouse(path).check() == []


def test_a_rebuild_makes_nothing_published_that_was_not(path: Path) -> None:
    """A sent file's price that shows again, since the file of its correction is gone, is no publication until sent."""
    older = "a", 1, whole_days(["A", "B"], range(2))
    load(path, *older)
    load(path, "b", 2, whole_days(["A"], range(2), lmp=7.0))
    assert len(sent(path, selection=Selection(nodes=("B",)))) == 2 * 5
    rebuilt(path, older)
    rebuilt(path, older)
    assert {node for prices in Outbox(path, "topic").published(EVERYTHING) for node in prices.firsts["node"]} == {"B"}
    load(path, "c", 3, whole_days(["A"], range(2), lmp=9.0))
    assert [number for _, _, number, _ in sent(path)] == [1] * 2 * 5


KILLED = """
import os, sys
from pathlib import Path
from caiso_lmp.warehouse.session import writing
with writing(Path(sys.argv[1])) as connection:
    connection.execute("UPDATE outbox.batch SET sent_at = TIMESTAMPTZ '2024-12-02 00:00:00Z'")
    connection.execute("COMMIT")
    os.kill(os.getpid(), 9)
"""


def test_what_a_killed_writer_committed_is_carried(path: Path) -> None:
    """A note that is only in the log beside the database is carried over, too."""
    load(path, "a", 1, one_price(1.0))
    outbox = Outbox(path, "topic")
    note = outbox.prepare(outbox.plan(EVERYTHING)[0], EVERYTHING).note
    assert subprocess.run([sys.executable, "-c", KILLED, path], check=False).returncode == -9
    assert path.with_name(f"{path.name}.wal").exists()
    new = path.with_name("new.duckdb")
    load(new, "a", 1, one_price(1.0))
    assert carry_outbox(path, new)
    assert Outbox(new, "topic").unsettled() is None
    assert Outbox(new, "topic").knows(note.mark)


def test_an_outbox_of_another_format_is_refused(path: Path) -> None:
    """A newer version's outbox is neither misread nor thrown away by a rebuild."""
    load(path, "a", 1, one_price(1.0))
    Outbox(path, "topic").open()
    with writing(path) as connection:
        connection.execute("UPDATE outbox.identity SET format = 99")
    with pytest.raises(WarehouseError, match="format"):
        Outbox(path, "topic").plan(EVERYTHING)
    with pytest.raises(WarehouseError, match="format"):
        carry_outbox(path, path.with_name("new.duckdb"))


def test_a_file_that_is_no_warehouse_has_no_outbox(path: Path) -> None:
    """Garbage is told as what cannot be carried; no file, and a warehouse that published nothing, are no loss."""
    new = path.with_name("new.duckdb")
    load(new, "a", 1, one_price(1.0))
    assert carry_outbox(path, new)
    path.write_bytes(b"garbage" * 2_000)
    assert not carry_outbox(path, new)
    path.unlink()
    load(path, "a", 1, one_price(1.0))
    assert carry_outbox(path, new)


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("INSERT INTO outbox.published FROM outbox.published", "publications"),
        (
            "INSERT INTO outbox.published SELECT * REPLACE (9 AS destination_id, 7.5 AS price) FROM outbox.published",
            "publication numbers",
        ),
        ("DELETE FROM outbox.source", "orphan publications"),
        ("UPDATE outbox.published SET node_id = 77", "orphan publications"),
        ("UPDATE outbox.batch SET sent_at = NULL", "batches"),
    ],
)
def test_verify_finds_what_is_wrong_with_the_outbox(path: Path, damage: str, check: str) -> None:
    """Each check of the outbox finds its damage, and finds nothing before."""
    load(path, "a", 1, one_price(1.0))
    sent(path)
    load(path, "b", 2, one_price(2.0))
    sent(path)
    assert Warehouse(path).check() == []
    with writing(path) as connection:
        connection.execute(damage)
    assert check in {finding.check for finding in Warehouse(path).check()}
