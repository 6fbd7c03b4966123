"""Recorded files: served by name and by question, and rendered again as they were."""

from __future__ import annotations

import io
import os
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from loopback import DAY, HOUR, HUB, NOW, PNODE, all_question, ask, get, group_question, node_question

from caiso_lmp import read_zip
from caiso_lmp.errors import OasisFileError
from caiso_lmp.market import COMPONENT_OF_LMP_TYPE, Market
from caiso_lmp.simulator import SimulatorSettings
from caiso_lmp.simulator.fixture import StartSimulator
from caiso_lmp.simulator.render import Form, render_csv
from caiso_lmp.trading_time import utc_window

RECORDED = os.environ.get("CAISO_LMP_RECORDED", "")
needs_recorded = pytest.mark.skipif(not RECORDED, reason="CAISO_LMP_RECORDED names no folder of recorded files")
START = utc_window(DAY)[0]

# --- a folder -----------------------------------------------------------------------------------


def test_recorded_files_answer_first(start_simulator: StartSimulator, tmp_path: Path) -> None:
    """A file in the folder answers the question of its name and nodes; all other questions get made prices."""
    other_world = start_simulator(SimulatorSettings(now=NOW, seed=9))
    recorded = [
        ask(other_world, "SingleZip", **node_question(nodes=[HUB, PNODE])),
        ask(other_world, "SingleZip", **all_question(Market.DAM, START, version=1)),
        ask(other_world, "GroupZip", **group_question(Market.FMM, START)),
    ]
    for reply in recorded:
        (tmp_path / reply.file_name).write_bytes(reply.body)
    simulator = start_simulator(SimulatorSettings(now=NOW + HOUR, recorded=tmp_path))
    served = [
        ask(simulator, "SingleZip", **node_question(nodes=[PNODE, HUB])),
        ask(simulator, "SingleZip", **all_question(Market.DAM, START, version=1)),
        ask(simulator, "GroupZip", **group_question(Market.FMM, START)),
    ]
    assert [(reply.file_name, reply.body) for reply in served[::2]] == [(r.file_name, r.body) for r in recorded[::2]]
    made = [node_question(nodes=[HUB]), node_question(nodes=[HUB, PNODE], version=1), node_question(Market.RUC)]
    assert all(ask(simulator, "SingleZip", **question).rows for question in made)
    assert [entry.outcome for entry in simulator.log.entries()] == ["recorded", "recorded", "recorded", *["prices"] * 3]


def test_the_latest_recording_answers(start_simulator: StartSimulator, tmp_path: Path) -> None:
    """Of two recordings of one question the later made is served; a bare member is put into a zip."""
    for stamp, price in (("20260320_13_00_00", "1"), ("20260321_09_00_00", "2")):
        rows = f"NODE,MW\n{HUB},{price}\n"
        (tmp_path / f"20260317_20260318_PRC_LMP_DAM_{stamp}_v12.csv").write_text(rows)
    simulator = start_simulator(SimulatorSettings(now=NOW, recorded=tmp_path))
    reply = ask(simulator, "SingleZip", **node_question())
    assert (reply.file_name, reply.rows) == (
        "20260317_20260318_PRC_LMP_DAM_20260321_09_00_00_v12.zip",
        [{"NODE": HUB, "MW": "2"}],
    )


def test_recorded_files_by_name(start_simulator: StartSimulator, tmp_path: Path) -> None:
    """Any file of the folder is served by its name, byte for byte."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "some file.xml").write_bytes(b"<error/>")
    simulator = start_simulator(SimulatorSettings(now=NOW, recorded=tmp_path))
    assert get(f"{simulator.control_url}recorded/some%20file.xml").body == b"<error/>"
    assert get(f"{simulator.control_url}recorded/other.xml").status == 404


# --- the real ones ------------------------------------------------------------------------------


def recorded_files() -> list[Path]:
    return sorted(path for path in Path(RECORDED).rglob("*") if path.suffix in {".csv", ".zip"}) if RECORDED else []


def recorded_prices() -> list[Path]:
    """The files that read as prices: the excerpts and other reports do not."""
    return [path for path in recorded_files() if is_prices(path)]


def is_prices(path: Path) -> bool:
    try:
        read_zip(path)
    except OasisFileError:
        return False
    return True


def only_member(path: Path) -> bytes:
    if path.suffix != ".zip":
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        (entry,) = archive.infolist()
        return archive.read(entry)


def version_of(path: Path) -> int:
    match = re.search(r"_v(\d+)", path.name)
    assert match
    return int(match[1])


def lines_of(content: bytes) -> tuple[bytes, pl.Series]:
    """Split into the header and the sorted lines; GROUP, the last column, counts and is left out."""
    header, _, rows = content.partition(b"\n")
    lines = pl.read_csv(io.BytesIO(rows), has_header=False, separator="\n", quote_char=None).to_series()
    return header, lines.str.replace(r",\d+$", "").sort()


@needs_recorded
def test_recorded_prices_render_again() -> None:
    """Each recorded price file, read and rendered, has the header and the set of lines that it had."""
    paths = recorded_prices()
    assert len(paths) >= 11
    for path in paths:
        prices = read_zip(path)
        market = Market(prices["market"][0])
        recorded = only_member(path)
        rendered = render_csv(prices, Form(market, version_of(path), components=components_in(recorded)))
        assert lines_of(rendered)[0] == lines_of(recorded)[0], path.name
        assert lines_of(rendered)[1].equals(lines_of(recorded)[1], check_dtypes=True), path.name


def components_in(content: bytes) -> tuple[object, ...]:
    types = pl.read_csv(io.BytesIO(content), columns=["LMP_TYPE"])["LMP_TYPE"].unique()
    return tuple(COMPONENT_OF_LMP_TYPE[text] for text in types)


@needs_recorded
def test_the_recorded_folder_is_served(start_simulator: StartSimulator, tmp_path: Path) -> None:
    """The recorded spring day is answered to the question that its name tells, and reads as the file does."""
    simulator = start_simulator(SimulatorSettings(now=datetime(2020, 6, 4, tzinfo=UTC), recorded=Path(RECORDED)))
    (path,) = (path for path in recorded_files() if path.name.startswith("20190301_20190401_PRC_LMP"))
    window = datetime(2019, 3, 1, 8, tzinfo=UTC), datetime(2019, 4, 1, 7, tzinfo=UTC)
    nodes = read_zip(path)["node"].unique().to_list()
    reply = ask(simulator, "SingleZip", **node_question(nodes=nodes, window=window, version=1))
    assert reply.file_name == f"{path.stem}.zip"
    assert reply.prices(tmp_path).equals(read_zip(path))
