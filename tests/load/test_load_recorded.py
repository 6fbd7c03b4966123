"""The whole folder of files recorded from OASIS through the command line, against a reading with csv and decimal."""

from __future__ import annotations

import csv
import io
import os
import shutil
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from command_line import Ran, run
from made_files import everything_in

from caiso_lmp.settings import DataFolder
from caiso_lmp.verify import verify_archive

RECORDED = os.environ.get("CAISO_LMP_RECORDED", "") and str(Path(os.environ["CAISO_LMP_RECORDED"]).absolute())
pytestmark = pytest.mark.skipif(not RECORDED, reason="CAISO_LMP_RECORDED names no folder of files recorded from OASIS")

COLUMNS = {"LMP": "lmp", "MCE": "energy", "MCC": "congestion", "MCL": "loss", "MGHG": "ghg"}
ERRORS = {
    "dam/20200515_20200515_DAM_LMP_GRP_MCL_ONLY_v1_csv.zip": "PartialFileError",
    "errors/RECONSTRUCTED_20210215_20210215_PUB_RTM_GRP_RTM_N.xml": "OasisAnswerError",
    "rtd/EXCERPT_v3_PRC_INTVL_LMP_RTM_20250718_3rows.csv": "PartialFileError",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an archive of everything recorded."""
    return tmp_path_factory.mktemp("recorded")


@pytest.fixture(scope="module")
def loaded(home: Path) -> Ran:
    """What the first load of everything said."""
    return run("load", RECORDED, "--json", "--data-dir", "data", cwd=home)


def test_everything_is_counted(loaded: Ran) -> None:
    """Of 23 files 13 are loaded, 5 are other reports, 2 say no data, 3 are errors; all rows and intervals count."""
    counts = {name: count for name, count in loaded.told.items() if isinstance(count, int) and count}
    assert loaded.exit_code == 1
    assert counts == {
        "files": 23,
        "rows_read": 205_719,
        "intervals": 50_505,
        "inserted": 50_471,
        "unchanged": 34,
        "ignored": 5,
        "no_data": 2,
    }
    assert {trouble["file"]: trouble["error"] for trouble in loaded.told["errors"]} == {
        f"{RECORDED}/{name}": error for name, error in ERRORS.items()
    }
    assert not any(loaded.told["oddities"].values())


def test_days_that_were_cut_are_incomplete(loaded: Ran) -> None:
    """Windows that are no trade dates leave partial days, and each is told."""
    days = [(day["market"], day["trade_date"], day["reason"]) for day in loaded.told["incomplete"]]
    assert ("RTD", "2025-11-02", "partial") in days
    assert ("FMM", "2023-08-30", "partial") in days
    assert not [day for day in days if day[1] in ("2019-03-10", "2018-11-04")]


def test_a_second_load_skips_what_is_loaded(loaded: Ran, home: Path) -> None:
    """Nothing is read twice but what was not loaded."""
    again = run("load", RECORDED, "--json", "--data-dir", "data", cwd=home)
    counts = {name: count for name, count in again.told.items() if isinstance(count, int) and count}
    assert counts == {"files": 23, "skipped": 13, "ignored": 5, "no_data": 2}
    assert (again.exit_code, again.told["errors"]) == (1, loaded.told["errors"])


def test_the_archive_is_well_and_can_be_made_again(loaded: Ran, home: Path) -> None:
    """Raw files, tables and coverage agree, and a rebuild of a copy ends in the same relations."""
    assert loaded.told["inserted"]
    assert verify_archive(DataFolder(home / "data")).findings == ()
    copy = Path(shutil.copytree(home / "data", home / "copy"))
    ran = run("rebuild", "--json", "--data-dir", copy, cwd=home)
    assert (ran.exit_code, ran.told["rows_read"], ran.told["inserted"]) == (0, 205_719, 50_471)
    assert everything_in(copy / "caiso_lmp.duckdb") == everything_in(home / "data" / "caiso_lmp.duckdb")


def members_of(path: Path) -> list[str]:
    """Read the texts of a CSV or of all members of a zip, with nothing of ours."""
    if path.suffix == ".csv":
        return [path.read_text(encoding="utf-8")]
    with zipfile.ZipFile(path) as archive:
        return [archive.read(name).decode() for name in archive.namelist()]


def prices_in(path: Path, day: str) -> dict[tuple[str, str], dict[str, Decimal]]:
    """Give the prices of one trade date by (node, start)."""
    prices: dict[tuple[str, str], dict[str, Decimal]] = {}
    for text in members_of(path):
        for row in csv.DictReader(io.StringIO(text)):
            if row["OPR_DT"] == day:
                price = next(row[name] for name in ("VALUE", "PRC", "MW") if name in row)
                key = row["NODE"], row["INTERVALSTARTTIME_GMT"].replace("-00:00", "Z")
                prices.setdefault(key, {})[COLUMNS[row["LMP_TYPE"]]] = Decimal(price)
    return prices


@pytest.mark.parametrize(
    ("name", "market", "day"),
    [
        ("dam/20190301_20190401_PRC_LMP_DAM_20200603_09_21_36_v1.csv", "DAM", "2019-03-10"),
        ("dam/20181013_20181107_PRC_LMP_DAM_20200511_16_08_16_v1.csv", "DAM", "2018-11-04"),
        ("dam/20240412_20240420_PRC_LMP_DAM_20240418_14_20_28_v1.zip", "DAM", "2024-04-15"),
        ("fmm/20230731_20230830_PRC_RTPD_LMP_RTPD_20230927_12_23_20_v2.csv", "RTPD", "2023-08-16"),
        ("hasp/20240312_20240314_PRC_HASP_LMP_HASP_20240313_12_09_29_v1.zip", "HASP", "2024-03-13"),
        ("rtd/PRC_INTVL_LMP_RTM_v1_2025-11-02_fall_back.csv", "RTM", "2025-11-02"),
    ],
)
def test_prices_are_those_of_the_file(loaded: Ran, home: Path, name: str, market: str, day: str) -> None:
    """A day of each market, as ``query`` prints it, is the file's, digit by digit, and nothing more."""
    assert loaded.told["inserted"]
    expected = prices_in(Path(RECORDED) / name, day)
    nodes = [option for node in sorted({node for node, _ in expected}) for option in ("--node", node)]
    ran = run("query", *nodes, "--market", market, "--date", day, "--format", "csv", "--data-dir", "data", cwd=home)
    answered = {
        (row["node"], row["interval_start"]): {
            column: Decimal(row[column]) for column in COLUMNS.values() if row[column]
        }
        for row in csv.DictReader(io.StringIO(ran.out))
    }
    assert answered == expected
    assert expected


def test_the_repeated_hour_is_there_twice(loaded: Ran, home: Path) -> None:
    """On the autumn day the hour from 01:00 is printed twice, told apart by zone, number and UTC."""
    assert loaded.told["inserted"]
    path = "dam/20181013_20181107_PRC_LMP_DAM_20200511_16_08_16_v1.csv"
    ((node, _start), *_rest) = prices_in(Path(RECORDED) / path, "2018-11-04")
    ran = run("query", "--node", node, "--date", "2018-11-04", "--data-dir", "data", cwd=home)
    hours = [line.split()[3:7] for line in ran.out.splitlines()[1:] if " 01:00 " in line]
    assert hours == [["01:00", "PDT", "2", "2018-11-04T08:00Z"], ["01:00", "PST", "25", "2018-11-04T09:00Z"]]
