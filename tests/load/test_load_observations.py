"""Observations: the same files in any order, the same bytes at several moments, with and without manifests."""

from __future__ import annotations

import itertools
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from made_files import FETCHED, LAST, LATER, Content, everything_in, files_below, manifest_of, whole_day, written

from caiso_lmp.fetch.manifest import manifest_path
from caiso_lmp.load import load_files
from caiso_lmp.settings import DataFolder
from caiso_lmp.verify import verify_archive
from caiso_lmp.warehouse.warehouse import Warehouse

A, B = Content(10.0), Content(20.0)


def lmp_in(folder: DataFolder, as_of: datetime | None = None) -> list[float]:
    """Give the prices that are current, or were at a moment, in order of time."""
    frame = A.frame
    window = frame["interval_start"].min(), frame["interval_end"].max()
    return Warehouse(folder.warehouse).prices(["NODE_A"], *window, as_of=as_of)["lmp"].to_list()  # type: ignore[arg-type]


def a_b_a(inbox: Path) -> list[Path]:
    """Write answers a, b, and a again byte for byte, under the names of three moments."""
    return [A.write(inbox, FETCHED), B.write(inbox, LATER), A.write_copy(inbox, LAST, made_at=FETCHED)]


def test_the_same_bytes_again_are_an_observation_of_the_same_values(folder: DataFolder, inbox: Path) -> None:
    """A second fetch of equal bytes is loaded, changes no price, and is kept as a fetch of the same raw file."""
    load_files([whole_day().write(inbox, FETCHED)], folder)
    report = load_files([whole_day().write_copy(inbox, LATER, made_at=FETCHED)], folder)
    assert (report.intervals, report.unchanged, report.skipped) == (24, 24, 0)
    files = Warehouse(folder.warehouse).raw_files()
    assert files["fetched_at"].to_list() == [FETCHED, LATER]
    assert files["sha256"].n_unique() == 1
    assert len(files_below(folder.raw)) == 1


def test_a_b_a_ends_on_a(folder: DataFolder, inbox: Path) -> None:
    """A value that OASIS took back is current again, and each moment knows what was known then."""
    load_files(a_b_a(inbox), folder)
    assert lmp_in(folder) == [10.0, 10.0]
    assert [lmp_in(folder, moment) for moment in (FETCHED, LATER, LAST)] == [[10.0] * 2, [20.0] * 2, [10.0] * 2]
    revisions = Warehouse(folder.warehouse).sql("SELECT DISTINCT revision FROM lmp_revisions ORDER BY 1")
    assert revisions["revision"].to_list() == [1, 2, 3]


@pytest.mark.check
def test_any_order_of_a_b_a_ends_alike(inbox: Path) -> None:
    """Loaded one by one in any order, the three files leave the same prices and the same history."""
    files = a_b_a(inbox)
    ends = []
    for number, order in enumerate(itertools.permutations(files)):
        folder = DataFolder(inbox / str(number))
        for path in order:
            load_files([path], folder)
        loaded = everything_in(folder.warehouse)
        ends.append([loaded[name] for name in ("lmp", "lmp_revisions", "coverage")])
    assert all(end == ends[0] for end in ends)


def test_manifests_tell_every_fetch(folder: DataFolder, inbox: Path) -> None:
    """Files without stamps, but with the manifests of another archive, are loaded once per fetch that those tell."""
    for name, content, moments in (("a.zip", A, (FETCHED, LAST)), ("b.zip", B, (LATER,))):
        path = written(inbox / name, content.zip())
        written(manifest_path(path), manifest_of(content.zip(), name, *moments).to_text().encode())
    report = load_files([inbox], folder)
    assert (report.files, report.intervals, report.inserted, report.revised, report.unchanged) == (2, 4, 2, 0, 4)
    assert [lmp_in(folder, moment)[0] for moment in (FETCHED, LATER, LAST)] == [10.0, 20.0, 10.0]
    assert verify_archive(folder).findings == ()
    assert load_files([inbox], folder).skipped == 2


def test_a_manifest_with_one_fetch_more_is_loaded_again(folder: DataFolder, inbox: Path) -> None:
    """A file whose manifest learned of another fetch is not skipped; the fetch that was known stays one."""
    path = written(inbox / "a.zip", A.zip())
    for moments in ((FETCHED,), (FETCHED, LATER)):
        written(manifest_path(path), manifest_of(A.zip(), "a.zip", *moments).to_text().encode())
        report = load_files([path], folder)
    assert (report.skipped, report.inserted, report.unchanged) == (0, 0, 4)
    assert Warehouse(folder.warehouse).raw_files()["fetched_at"].to_list() == [FETCHED, LATER]
    assert verify_archive(folder).findings == ()


def test_as_of_is_the_time_of_fetching(folder: DataFolder, inbox: Path) -> None:
    """What was known at a moment follows from when files were fetched, not from when they were loaded."""
    load_files([B.write(inbox, LATER)], folder)
    load_files([A.write(inbox, FETCHED)], folder)
    assert lmp_in(folder) == [20.0, 20.0]
    assert lmp_in(folder, FETCHED) == [10.0, 10.0]
    assert Warehouse(folder.warehouse).archive_start() == FETCHED


def test_each_row_knows_its_raw_file(folder: DataFolder, inbox: Path) -> None:
    """The hash in a row leads to a raw file in the store that says just this price."""
    load_files(a_b_a(inbox), folder)
    warehouse = Warehouse(folder.warehouse)
    (sha256,) = warehouse.sql("SELECT DISTINCT raw_sha256 FROM lmp")["raw_sha256"]
    (name,) = warehouse.raw_files().filter(pl.col("sha256") == sha256)["file"].unique()
    assert (folder.raw / name).read_bytes() == A.zip()
