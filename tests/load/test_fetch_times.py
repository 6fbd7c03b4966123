"""When OASIS gave a file that comes without a manifest, and the version of its report."""

from __future__ import annotations

import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from made_files import DAY, FETCHED, Content, written

from caiso_lmp.fetch.provenance import Fetch, FetchSource, guess_fetch, stamp_of, version_of
from caiso_lmp.load import Candidate
from caiso_lmp.market import REPORTS, Market
from caiso_lmp.simulator.render import (
    VERSIONS,
    group_member_stem,
    group_stem,
    member_name,
    render_zip,
    single_stem,
)
from caiso_lmp.trading_time import utc_window

MODIFIED = datetime(2024, 6, 1, 12, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "stamp", "version"),
    [
        ("20240311_20240312_PRC_LMP_DAM_20240312_22_14_34_v1.zip", "2024-03-13T05:14:34", 1),
        ("20240311_20240312_PRC_LMP_DAM_20240312_22_14_34_v12.zip", "2024-03-13T05:14:34", 12),
        ("20200501_20200601_PRC_LMP_DAM_20200603_08_45_10_v1.csv", "2020-06-03T15:45:10", 1),
        ("20240312_20240314_PRC_HASP_LMP_HASP_20240313_12_09_29_v1.xml", "2024-03-13T19:09:29", 1),
        ("20230731_20230830_PRC_RTPD_LMP_RTPD_20230927_12_23_20_v2.csv", "2023-09-27T19:23:20", 2),
        ("20240101_20240102_PRC_INTVL_LMP_RTM_20240105_00_00_00_v3.ZIP", "2024-01-05T08:00:00", 3),
        ("20240101_20240102_PRC_LMP_RUC_LMP_20240105_00_00_00_v1.csv", "2024-01-05T08:00:00", 1),
        ("20240311_20240312_PRC_LMP_DAM_20240312_22_14_34_v12", "2024-03-13T05:14:34", 12),
        ("20240310_20240310_DAM_LMP_GRP_N_N_v12_csv.zip", None, 12),
        ("20240310_20240310_RTM_LMP_GRP_25_N_v3_csv.zip", None, 3),
        ("20240310_20240310_PRC_LMP_DAM_MGHG_v12.csv", None, 12),
        ("20240311_20240312_PRC_LMP_DAM_20241312_22_14_34_v1.zip", None, 1),  # no such month
        ("20240311_20240312_PRC_LMP_DAM_20240312_24_14_34_v1.zip", None, 1),  # no such hour
        ("prices.csv", None, None),
        ("INVALID_REQUEST.zip", None, None),
    ],
)
def test_names_tell_stamp_and_version(name: str, stamp: str | None, version: int | None) -> None:
    """The names of OASIS are read in all their forms: report, group, member, zipped or not; others tell nothing."""
    assert stamp_of(name) == (None if stamp is None else utc(stamp))
    assert version_of(name) == version


@pytest.mark.parametrize("market", Market)
@pytest.mark.parametrize("extension", [".zip", ".csv", ".xml", ""])
def test_made_names_read_back(market: Market, extension: str) -> None:
    """Every name that the simulator gives tells the moment and the version that it was made with."""
    report = REPORTS[market]
    for version in VERSIONS[market]:
        stem = single_stem(report.query_name, report.market_run_id, utc_window(DAY), FETCHED, version)
        assert (stamp_of(stem + extension), version_of(stem + extension)) == (FETCHED, version)
        member = member_name(group_member_stem(report, DAY, version, 3), None)
        group = group_stem(report.group_id, DAY, version, 3) + ".zip"
        assert [(stamp_of(name), version_of(name)) for name in (member, group)] == [(None, version)] * 2


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("20241103_00_59_59", "2024-11-03T07:59:59"),
        ("20241103_01_30_00", "2024-11-03T08:30:00"),  # twice on that clock: the first of the two
        ("20241103_02_00_00", "2024-11-03T10:00:00"),
        ("20240310_01_59_59", "2024-03-10T09:59:59"),
        ("20240310_02_30_00", "2024-03-10T10:30:00"),  # never on that clock: as if it had not been changed yet
        ("20240310_03_00_00", "2024-03-10T10:00:00"),
    ],
)
def test_stamps_are_pacific(stamp: str, moment: str) -> None:
    """A stamp is read in Pacific time, with a stated answer for the repeated and for the skipped hour."""
    assert stamp_of(f"20240101_20240102_PRC_LMP_DAM_{stamp}_v12.zip") == utc(moment)


def test_the_name_comes_before_the_zip_and_the_disk() -> None:
    """A stamp in the name is the surest: zips are packed again, and copies get new times."""
    fetch = guess_fetch(f"{Content().stem(FETCHED)}.zip", Content().zip(MODIFIED), MODIFIED)
    assert fetch == Fetch(FETCHED, FetchSource.OASIS_NAME)


def test_a_zip_without_stamp_tells_its_own_time() -> None:
    """The youngest member dates a zip, in Pacific time as OASIS writes it, whatever the disk says."""
    older = datetime(2024, 3, 20, 19, 0, tzinfo=UTC)
    raw = Content().zip(FETCHED)
    assert guess_fetch("20240309_20240309_DAM_LMP_GRP_N_N_v12_csv.zip", raw, MODIFIED) == Fetch(
        FETCHED, FetchSource.ZIP_TIME
    )
    assert guess_fetch("renamed", render_zip([("a.csv", b"a")], older), MODIFIED).fetched_at == older


def test_the_youngest_member_counts(tmp_path: Path) -> None:
    """Members of several times, the youngest first, give the youngest."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for clock in ((2024, 3, 20, 13, 0, 0), (2024, 3, 20, 9, 0, 0)):
            archive.writestr(zipfile.ZipInfo(f"{clock[3]}.csv", clock), b"")
    assert guess_fetch("a.zip", (tmp_path / "a.zip").read_bytes(), MODIFIED).fetched_at == FETCHED


@pytest.mark.parametrize("clock", [(1980, 1, 1, 0, 0, 0), (1980, 0, 0, 0, 0, 0)])
def test_a_zip_without_a_time_leaves_it_to_the_disk(tmp_path: Path, clock: tuple[int, ...]) -> None:
    """Packers that write no time write the beginning of 1980, which is no time of OASIS's."""
    entry = zipfile.ZipInfo("a.csv")
    entry.date_time = clock
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(entry, b"")
    raw = (tmp_path / "a.zip").read_bytes()
    assert guess_fetch("a.zip", raw, MODIFIED) == Fetch(MODIFIED, FetchSource.FILE_TIME)


@pytest.mark.parametrize("raw", [b"INTERVALSTARTTIME_GMT,\n", b"", b"PK\x03\x04 cut", b"<OASISReport/>"])
def test_anything_else_is_dated_by_the_disk(raw: bytes) -> None:
    """A bare or broken file without a stamp is as old as the disk says, and that is told as the source."""
    assert guess_fetch("prices.csv", raw, MODIFIED) == Fetch(MODIFIED, FetchSource.FILE_TIME)


def test_the_time_of_the_disk_is_read_in_utc(tmp_path: Path) -> None:
    """A candidate takes the time of the file from the disk, whatever zone this machine is in."""
    path = written(tmp_path / "prices.csv", Content().csv)
    os.utime(path, (MODIFIED.timestamp(), MODIFIED.timestamp()))
    assert Candidate.at(path).fetches == (Fetch(MODIFIED, FetchSource.FILE_TIME),)
