"""What the command line says to wrong use and to trouble: one exit code, one sentence, no traceback."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from command_line import run, run_here
from made_files import Content, whole_day, written

from caiso_lmp.cli import main

NODE = ("--node", "TH_NP15_GEN-APND")
WINDOW = ("--start", "2024-03-09", "--end", "2024-03-11")
QUERY = ("query", *NODE, *WINDOW)

WRONG_USE = {
    "no command": ((), "Usage"),
    "unknown command": (("laod", "x"), "No such command"),
    "unknown option": (("status", "--gap"), "--gaps"),
    "option before its command": (("--data-dir", "x", "status"), "behind the command: caiso-lmp status --data-dir"),
    "option of nobody before a command": (("--datadir", "x", "status"), "No such option"),
    "nothing to load": (("load",), "Missing argument"),
    "unknown market": ((*QUERY, "--market", "DAN"), "did you mean DAM?"),
    "market of no kind": ((*QUERY, "--market", ""), "markets are DAM"),
    "bad date": (("query", *NODE, "--date", "2024-02-30"), "not a date or time"),
    "date in words": (("query", *NODE, "--date", "yesterday"), "2024-03-10T08:00Z"),
    "time as a date": (("query", *NODE, "--date", "2024-03-09T20:00Z"), "write --date 2024-03-09"),
    "last day of the calendar": (("query", *NODE, "--date", "9999-12-31"), "not a date or time"),
    "naive start": (("query", *NODE, "--start", "2024-03-09T08:00", "--end", "2024-03-10"), "no time zone"),
    "naive as-of": ((*QUERY, "--as-of", "2024-03-09T08:00"), "no time zone"),
    "bad as-of": ((*QUERY, "--as-of", "then"), "not a date or time"),
    "end before start": (("query", *NODE, "--start", "2024-03-11", "--end", "2024-03-09"), "is empty"),
    "end at start": (("query", *NODE, "--start", "2024-03-11", "--end", "2024-03-11"), "give the next day"),
    "no end": (("query", *NODE, "--start", "2024-03-09"), "--end is missing"),
    "no start": (("query", *NODE, "--end", "2024-03-09"), "--start is missing"),
    "no window": (("query", *NODE), "no window"),
    "two windows": ((*QUERY, "--date", "2024-03-09"), "in two ways"),
    "three windows": ((*QUERY, "--date", "2024-03-09", "--days", "3"), "in two ways"),
    "no days": (("query", *NODE, "--days", "0"), "0"),
    "days in words": (("query", *NODE, "--days", "all"), "integer"),
    "too many days": (("query", *NODE, "--days", "9999999"), "fewer --days"),
    "no node": (("query", *WINDOW), "no node was asked for"),
    "all nodes and one": (("query", "--all-nodes", *NODE, *WINDOW), "leave out --node"),
    "unknown node": (("query", "--node", "TH_NP15_GEN", *WINDOW), "did you mean TH_NP15_GEN-APND?"),
    "node like no other": (("query", "--node", "%%%", *WINDOW), "see `caiso-lmp status`"),
    "parquet on the screen": ((*QUERY, "--format", "parquet"), "-o prices.parquet"),
    "table in a file": ((*QUERY, "--format", "table", "-o", "a.txt"), "choose --format"),
    "file of no format": ((*QUERY, "-o", "a.txt"), "choose --format"),
    "csv as json": ((*QUERY, "--json", "--format", "csv"), "leave out --json"),
    "unknown format": ((*QUERY, "--format", "xlsx"), "xlsx"),
    "output is a folder": ((*QUERY, "-o", "."), "directory"),
    "export in two ways": (("export", "new", *WINDOW, "--days", "2"), "in two ways"),
    "export of an unknown market": (("export", "new", "--market", "CAISO"), "unknown market"),
    "export without a folder": (("export",), "Missing argument"),
    "unknown market of status": (("status", "--market", "XYZ"), "unknown market"),
    "path that does not exist": (("load", "no-such-file.zip"), "does not exist"),
}


@pytest.mark.parametrize("name", WRONG_USE)
def test_wrong_use_ends_with_2(archive: Path, capfd: pytest.CaptureFixture[str], name: str) -> None:
    """Wrong use ends with 2 and a sentence that helps, prints nothing on stdout, and makes no file."""
    arguments, help_in_need = WRONG_USE[name]
    ran = run_here(*arguments, capfd=capfd)
    assert (ran.exit_code, ran.out) == (2, "")
    assert help_in_need in ran.err
    assert not list(Path.cwd().iterdir())
    assert archive.is_dir()


@pytest.mark.parametrize(
    ("arguments", "help_in_need"),
    [
        ((*QUERY, "-o", "no-such-folder/a.csv"), "no-such-folder"),
        ((*QUERY, "-o", "no-such-folder/a.parquet"), "no-such-folder"),
        ((*QUERY, "-o", "no-such-folder/a.json"), "no-such-folder"),
        ((*QUERY, "-o", "/proc/a.csv"), "/proc"),
        (("export", "/proc/new"), "/proc"),
        (("export", "/dev/null/new"), "/dev/null"),
    ],
)
def test_what_cannot_be_written_ends_with_1(
    archive: Path, capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], help_in_need: str
) -> None:
    """A place that cannot be written is named, and nothing is left there or here."""
    ran = run_here(*arguments, capfd=capfd)
    assert (ran.exit_code, ran.out) == (1, "")
    assert help_in_need in ran.err
    assert not list(Path.cwd().iterdir())
    assert archive.is_dir()


@pytest.mark.parametrize("command", [QUERY, ("status",), ("verify",), ("export", "new")])
def test_without_a_warehouse_the_next_step_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    """Nothing loaded yet: exit code 1, and the command that loads."""
    ran = run_here(*command, "--data-dir", tmp_path / "data", capfd=capfd)
    assert (ran.exit_code, ran.out) == (1, "")
    assert "caiso-lmp load PATH" in ran.err


@pytest.mark.parametrize("command", [QUERY, ("status",), ("verify",), ("export", "new"), ("load", "inbox")])
def test_a_warehouse_that_is_none_is_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """Garbage in place of the DuckDB file: exit code 1, the file is named and left as it is."""
    monkeypatch.chdir(tmp_path)
    Content().write(tmp_path / "inbox")
    garbage = os.urandom(9_000)
    written(tmp_path / "data" / "caiso_lmp.duckdb", garbage)
    ran = run_here(*command, "--data-dir", tmp_path / "data", capfd=capfd)
    assert (ran.exit_code, ran.out) == (1, "")
    assert "caiso_lmp.duckdb" in ran.err
    assert (tmp_path / "data" / "caiso_lmp.duckdb").read_bytes() == garbage


def test_nothing_to_rebuild_ends_with_2(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A rebuild without raw files is wrong use."""
    ran = run_here("rebuild", "--data-dir", tmp_path / "data", capfd=capfd)
    assert (ran.exit_code, ran.out) == (2, "")
    assert "load files first" in ran.err


def test_a_data_folder_that_is_a_file_ends_with_2(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """``--data-dir`` takes a folder."""
    ran = run_here("status", "--data-dir", written(tmp_path / "data", b""), capfd=capfd)
    assert (ran.exit_code, ran.out) == (2, "")
    assert "is a file" in ran.err


def test_an_export_into_a_full_folder_ends_with_2(archive: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What is in a folder is never overwritten or mixed with an export."""
    kept = written(Path("full") / "notes.txt", b"mine")
    ran = run_here("export", "full", capfd=capfd)
    assert (ran.exit_code, ran.out) == (2, "")
    assert "full is not empty" in ran.err
    assert [path.name for path in kept.parent.iterdir()] == ["notes.txt"]
    assert archive.is_dir()


def test_a_page_that_is_named_ends_with_2(tmp_path: Path) -> None:
    """As a process: who names the page of the throttle is told what it is, and nothing is loaded."""
    whole_day().write(tmp_path)
    page = written(tmp_path / "answer.html", b"<html>Acceptable Use Policy</html>")
    ran = run("load", tmp_path, page, cwd=tmp_path)
    assert (ran.exit_code, ran.out) == (2, "")
    assert "a web page, as OASIS sends when it throttles" in ran.err
    assert not (tmp_path / "data").exists()


def test_bad_files_end_with_1(tmp_path: Path) -> None:
    """As a process: one bad file beside a good one is trouble, told on stderr with its name, kind and hint."""
    whole_day().write(tmp_path / "inbox")
    written(tmp_path / "inbox" / "cut.zip", Content().zip()[:-5])
    ran = run("load", "inbox", cwd=tmp_path)
    assert ran.exit_code == 1
    assert "24 inserted" in ran.out
    assert "inbox/cut.zip\n    BrokenZipError: " in ran.err
    assert "try: the file is damaged" in ran.err
    assert run("status", cwd=tmp_path).exit_code == 0


def test_verbose_shows_where_the_unexpected_comes_from(
    archive: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours is a sentence with a request to report it; --verbose adds the traceback."""

    def broken(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError("all is lost\nand more")

    monkeypatch.setattr("caiso_lmp.cli.status.open_warehouse", broken)
    for arguments, traceback in ((["status"], False), (["status", "--verbose"], True)):
        monkeypatch.setattr("sys.argv", ["caiso-lmp", *arguments])
        with pytest.raises(SystemExit, match="1"):
            main(None)
        printed = capfd.readouterr()
        assert "unexpected ZeroDivisionError: all is lost" in printed.err
        assert "please report it" in printed.err
        assert ("Traceback" in printed.err) is traceback
    assert archive.is_dir()
