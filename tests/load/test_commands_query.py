"""``caiso-lmp query``: windows, formats, files and what it says where there is nothing."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import pty
import shutil
import stat
import struct
import subprocess
import termios
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from command_line import SCRIPT, clean_environment, run, run_here, run_unread
from made_files import FETCHED

from caiso_lmp.cli.options import chosen_window
from caiso_lmp.warehouse.query import PRICES

HUB = "TH_NP15_GEN-APND"
ODD = "ODD NODE.1_[red]"
NODE = ("query", "--node", HUB)
DAY = (*NODE, "--date", "2024-03-09")


@pytest.fixture
def ask(archive: Path, capfd: pytest.CaptureFixture[str]) -> Any:
    """Ask the shared archive; every question here is one that it can answer."""
    assert archive.is_dir()

    def ask(*arguments: str) -> Any:
        ran = run_here(*arguments, capfd=capfd)
        assert ran.exit_code == 0, ran.err
        return ran

    return ask


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# --- windows ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "hours"),
    [
        (("--date", "2024-03-09"), 24),
        (("--date", "2024-03-10"), 23),
        (("--start", "2024-03-09", "--end", "2024-03-11"), 47),
        (("--start", "2024-03-10T08:00Z", "--end", "2024-03-10T10:00:00+00:00"), 2),
        (("--start", "2024-03-10T00:00-08:00", "--end", "2024-03-10T04:00-07:00"), 3),
        (("--start", "2024-03-11", "--end", "2024-03-13"), 0),
    ],
)
def test_windows_are_half_open_trade_dates(ask: Any, window: tuple[str, ...], hours: int) -> None:
    """Dates are Pacific trade dates of 23 or 24 hours, moments are as they are written, the end is not part of it."""
    assert len(rows_of(ask(*NODE, *window, "--format", "csv").out)) == hours


def test_days_end_yesterday(ask: Any) -> None:
    """``--days`` runs and says that it found nothing so long ago; its window is tested with a clock elsewhere."""
    ran = ask(*NODE, "--days", "2")
    assert f"no prices of {HUB} in this window" in ran.err


def test_days_are_trade_dates_before_today() -> None:
    """The last two trade dates at a moment end with the Pacific midnight that began its day."""
    now = datetime(2024, 3, 12, 5, tzinfo=UTC)  # still 11 March in California
    window = chosen_window(None, None, None, 2, now)
    assert window == (datetime(2024, 3, 9, 8, tzinfo=UTC), datetime(2024, 3, 11, 7, tzinfo=UTC))


def test_markets_and_nodes_are_repeatable(ask: Any) -> None:
    """Several nodes and markets, by our names or OASIS's, are in one answer, each market sorted."""
    ran = ask(*DAY, "--node", ODD, "--node", HUB, "--market", "dam", "--market", "RTPD", "--format", "csv")
    rows = rows_of(ran.out)
    assert [(row["market"], row["node"]) for row in rows] == [("DAM", ODD)] * 24 + [("DAM", HUB)] * 24 + [
        ("FMM", HUB)
    ] * 96
    assert f"no prices of {ODD}" not in ran.err


def test_all_nodes_are_all(ask: Any) -> None:
    """``--all-nodes`` has every node of the window."""
    rows = rows_of(ask("query", "--all-nodes", "--date", "2024-03-09", "--format", "csv").out)
    assert {row["node"] for row in rows} == {HUB, ODD}


def test_hubs_are_the_hubs(archive: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """``--hubs`` asks for the seven; those that were never loaded are named, not left out."""
    ran = run_here("query", "--hubs", "--date", "2024-03-09", capfd=capfd)
    assert ran.exit_code == 2
    assert "DLAP_VEA-APND" in ran.err
    assert archive.is_dir()


def test_as_of_gives_what_was_known(ask: Any) -> None:
    """A correction is not seen before it was fetched; the current price is, by default."""
    prices = [
        [float(row["lmp"]) for row in rows_of(ask(*DAY, "--format", "csv", *as_of).out)[:4]]
        for as_of in ((), ("--as-of", "2024-03-21"), ("--as-of", "2024-03-20T20:10Z"))
    ]
    assert prices == [[15.0, 15.0, 15.0, 11.0], [11.0] * 4, [11.0] * 4]


# --- nothing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("file_format", ["table", "csv", "json"])
def test_an_empty_answer_says_so(ask: Any, file_format: str) -> None:
    """Nothing found is told on stderr, in every format; the output is empty but well formed."""
    ran = ask(*NODE, "--date", "2020-01-01", "--format", file_format)
    assert f"no prices of {HUB} in this window" in ran.err
    assert HUB not in ran.out
    if file_format == "json":
        assert ran.told == []
    if file_format == "csv":
        assert rows_of(ran.out) == []


def test_a_node_without_prices_is_named(ask: Any) -> None:
    """Of two nodes the one that has nothing in the window is told, the other printed."""
    ran = ask(*DAY, "--node", "NEW_NODE")
    assert "no prices of NEW_NODE in this window" in ran.err
    assert HUB in ran.out


def test_all_nodes_of_nothing_is_told(ask: Any) -> None:
    """Without a node in the question an empty answer is told, too."""
    assert "no prices in this window" in ask("query", "--all-nodes", "--date", "2020-01-01").err


def test_as_of_before_the_archive_says_so(ask: Any) -> None:
    """A moment before the first fetch has no answer, which is told with the moment the archive begins."""
    ran = ask(*DAY, "--as-of", "2024-03-15")
    assert "nothing was fetched by then: this archive begins at 2024-03-20T20:00:00Z" in ran.err
    assert "nothing was fetched" not in ask(*DAY, "--as-of", f"{FETCHED.isoformat()}").err


# --- formats ------------------------------------------------------------------------------------


def test_the_table_has_both_times(ask: Any) -> None:
    """A table names market, node, Pacific and UTC time, hour, parts and revision, one line per interval."""
    ran = ask(*NODE, "--date", "2024-03-10")
    lines = ran.out.splitlines()
    assert lines[0].split() == "market node pacific hour utc lmp energy congestion loss ghg rev".split()  # noqa: SIM905 - as it looks
    assert lines[2].split() == ["DAM", HUB, "2024-03-10", "01:00", "PST", "2", "2024-03-10T09:00Z", *PARTS]
    assert lines[3].split() == ["DAM", HUB, "2024-03-10", "03:00", "PDT", "4", "2024-03-10T10:00Z", *PARTS]
    assert (len(lines), "23 intervals" in ran.err) == (24, True)


PARTS = ["12.00000", "12.00000", "0.00000", "0.00000", "-", "1"]


def test_odd_names_are_printed_as_they_are(ask: Any) -> None:
    """A name with brackets and spaces is no markup: it is whole in tables and in messages."""
    assert ODD in ask("query", "--node", ODD, "--date", "2024-03-09").out
    assert f"no prices of {ODD} in" in ask("query", "--node", ODD, "--date", "2020-01-01").err


def test_text_formats_agree(ask: Any) -> None:
    """CSV, JSON and --json tell the same rows, with times that have their offset."""
    rows = rows_of(ask(*DAY, "--format", "csv").out)
    listed = json.loads(ask(*DAY, "--format", "json").out)
    told = ask(*DAY, "--json").told
    assert told == {"rows": 24, "prices": listed}
    assert [{name: "" if cell is None else str(cell) for name, cell in row.items()} for row in listed] == rows
    first = listed[0]
    assert list(first) == PRICES.names()
    assert (first["interval_start"], first["interval_start_local"]) == (
        "2024-03-09T08:00:00Z",
        "2024-03-09T00:00:00-08:00",
    )
    assert (first["trade_date"], first["operating_hour"], first["lmp"], first["ghg"]) == ("2024-03-09", 1, 15.0, 0.5)
    assert listed[23]["ghg"] is None


@pytest.mark.parametrize("file_format", ["csv", "parquet", "json"])
@pytest.mark.parametrize("by_name", [True, False])
def test_files_have_what_was_asked(ask: Any, file_format: str, by_name: bool) -> None:
    """``-o`` writes the format of its name, or of --format; the file has the rows, and stdout stays empty."""
    name = f"[march].{file_format}" if by_name else "prices"
    ran = ask(*DAY, "-o", name, *(() if by_name else ("--format", file_format)))
    assert (ran.out, f"wrote 24 intervals to {name}" in ran.err) == ("", True)
    assert [path.name for path in Path().iterdir()] == [name]
    readers = {"csv": pl.read_csv, "parquet": pl.read_parquet, "json": pl.read_json}
    read = readers[file_format](io.BytesIO(Path(name).read_bytes()))
    assert (read.columns, read.height, read["lmp"].sum()) == (PRICES.names(), 24, 15.0 * 3 + 11.0 * 21)
    if file_format == "parquet":
        assert read.schema == PRICES


def test_a_file_with_json_tells_what_was_written(ask: Any) -> None:
    """With -o the JSON on stdout is the report, and the file has the format of its name."""
    assert ask(*DAY, "-o", "a.csv", "--json").told == {"rows": 24, "file": "a.csv"}
    assert len(rows_of(Path("a.csv").read_text())) == 24


def test_an_older_file_is_replaced_whole_or_not_at_all(
    archive: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where writing fails half way the older file stays, and no half file lies beside it."""
    Path("a.csv").write_text("older\n")

    def full(self: pl.DataFrame, path: Path) -> None:
        path.write_text(f"half of {self.height}")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(pl.DataFrame, "write_csv", full)
        ran = run_here(*DAY, "-o", "a.csv", capfd=capfd)
    assert (ran.exit_code, "No space left" in ran.err) == (1, True)
    assert {path.name: path.read_text() for path in Path().iterdir()} == {"a.csv": "older\n"}
    assert run_here(*DAY, "-o", "a.csv", capfd=capfd).exit_code == 0
    assert len(rows_of(Path("a.csv").read_text())) == 24
    assert archive.is_dir()


def test_links_and_devices_stay_what_they_are(ask: Any) -> None:
    """Writing to a link writes its file; writing to a device, such as /dev/null, does not replace it by a file."""
    Path("linked.csv").symlink_to("behind.csv")
    ask(*DAY, "-o", "linked.csv")
    assert Path("linked.csv").is_symlink()
    assert len(rows_of(Path("behind.csv").read_text())) == 24
    ask(*DAY, "-o", "/dev/null", "--format", "csv")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


# --- pipes --------------------------------------------------------------------------------------

LONG = ("query", "--all-nodes", "--market", "DAM", "--market", "FMM", "--start", "2024-01-01", "--end", "2025-01-01")


PIPED = [LONG, (*LONG, "--format", "csv"), (*LONG, "--json"), ("status", "--gaps"), ("--help",)]


@pytest.mark.parametrize("command", PIPED)
def test_a_reader_that_leaves_is_no_trouble(shared_archive: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    """Whoever reads one line, or none, and goes, as head does, leaves no error, no traceback and exit code 0."""
    ran = run_unread(*command, cwd=tmp_path, CAISO_LMP_DATA_DIR=str(shared_archive))
    assert ran.exit_code == 0, ran.err
    assert "rror" not in ran.err


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_trouble_is_trouble_though_nobody_reads(shared_archive: Path, tmp_path: Path, form: tuple[str, ...]) -> None:
    """A reader that leaves changes no exit code: findings end with 1 still."""
    damaged = shutil.copytree(shared_archive, tmp_path / "data")
    min(damaged.rglob("*.zip")).unlink()
    assert run_unread("verify", *form, cwd=tmp_path).exit_code == 1


def test_a_pipe_gets_everything(shared_archive: Path, tmp_path: Path) -> None:
    """As a process: a table that goes into a pipe or file has all lines, in full width."""
    ran = run(*LONG, cwd=tmp_path, CAISO_LMP_DATA_DIR=str(shared_archive), COLUMNS="40")
    assert len(ran.out.splitlines()) == 1 + 95 * 2 + 5 + 96
    assert "left out" not in ran.err
    assert "…" not in ran.out


def test_a_narrow_terminal_cuts_no_price(shared_archive: Path, tmp_path: Path) -> None:
    """In a terminal of 40 columns a line is folded by the terminal, and nothing of it is left out."""
    terminal, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    environment = clean_environment(tmp_path, {"CAISO_LMP_DATA_DIR": str(shared_archive), "TERM": "dumb"})
    process = subprocess.Popen([SCRIPT, *DAY], cwd=tmp_path, env=environment, stdout=inside, stderr=subprocess.DEVNULL)
    os.close(inside)
    printed = b"".join(iter(lambda: read_or_end(terminal), b""))
    os.close(terminal)
    assert process.wait(60) == 0
    lines = printed.decode().splitlines()
    hour = ["DAM", HUB, "2024-03-09", "23:00", "PST", "24", "2024-03-10T07:00Z", "11.00000", "11.00000", *PARTS[2:]]
    assert (len(lines), lines[-1].split()) == (25, hour)


def read_or_end(terminal: int) -> bytes:
    """Read from a terminal, which ends with an error and not with nothing."""
    try:
        return os.read(terminal, 65_536)
    except OSError:
        return b""
