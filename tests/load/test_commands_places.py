"""Which data folder a command works on, as processes in folders of their own; the one used is printed."""

from __future__ import annotations

import json
from pathlib import Path

from command_line import Ran, run
from made_files import whole_day


def place_of(ran: Ran) -> Path:
    """Read the data folder that was used from the first line on stderr."""
    first, _, _ = ran.err.partition("\n")
    assert first.startswith("data: ")
    return Path(first.removeprefix("data: "))


def test_the_nearest_archive_is_used_and_told(tmp_path: Path) -> None:
    """The first load makes ./data; from a folder below the same archive is found; each says which."""
    whole_day().write(tmp_path / "inbox")
    below = tmp_path / "notebooks" / "march"
    below.mkdir(parents=True)
    loaded, asked = run("load", "inbox", cwd=tmp_path), run("status", "--json", cwd=below)
    assert [place_of(ran) for ran in (loaded, asked)] == [tmp_path / "data"] * 2
    assert asked.told["markets"][0]["intervals"] == 24


def test_the_environment_and_the_option_name_another(tmp_path: Path) -> None:
    """CAISO_LMP_DATA_DIR leads away from the archive that is near, and --data-dir from both."""
    whole_day().write(tmp_path / "inbox")
    places = [run("load", "inbox", cwd=tmp_path), run("load", "inbox", cwd=tmp_path, CAISO_LMP_DATA_DIR="elsewhere")]
    places.append(run("load", "inbox", "--data-dir", "[named]", cwd=tmp_path, CAISO_LMP_DATA_DIR="elsewhere"))
    assert [place_of(ran) for ran in places] == [tmp_path / name for name in ("data", "elsewhere", "[named]")]
    assert all("24 inserted" in ran.out for ran in places)


def test_json_is_alone_on_stdout(tmp_path: Path) -> None:
    """With --json stdout is one object and stderr has the rest, for a load with trouble in it too."""
    whole_day().write(tmp_path / "inbox")
    (tmp_path / "inbox" / "a.zip").write_bytes(b"broken")
    ran = run("load", "inbox", "--json", cwd=tmp_path)
    assert ran.exit_code == 1
    assert (ran.told["inserted"], ran.told["errors"][0]["file"]) == (24, "inbox/a.zip")
    assert "data: " in ran.err
    assert json.dumps(ran.told, indent=2, ensure_ascii=False) + "\n" == ran.out
