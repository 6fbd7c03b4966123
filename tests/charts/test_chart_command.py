"""``caiso-lmp chart`` as a person runs it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from frames_of_prices import NODE, OTHER

from caiso_lmp.cli import main
from caiso_lmp.cli.chart import KINDS

WINDOW = ("--start", "2024-03-09", "--end", "2024-03-12")


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["chart", *arguments])
    return int(ended.value.code or 0)


def of(kind: str) -> tuple[str, ...]:
    """Give the arguments that a kind needs."""
    if kind == "coverage":
        return ()
    if kind == "map":
        Path("nodes.csv").write_text(f"node,latitude,longitude\n{NODE},38.5,-121.5\n", encoding="utf-8")
        return ("--all-nodes", *WINDOW, "--coordinates", "nodes.csv")
    return ("--node", NODE, "--node", OTHER, *WINDOW)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn(folder: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each kind writes the file that was named, and says so on stderr."""
    assert run(kind, *of(kind), "-o", "picture.svg") == 0
    assert (folder / "picture.svg").read_text("utf-8").startswith("<svg")
    told = capsys.readouterr()
    assert told.out == ""
    assert "wrote picture.svg" in told.err


def test_without_a_name_it_is_a_page(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The default is a page named by the kind; --json tells its name to a program."""
    assert run("coverage", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"kind": "coverage", "file": "coverage.html"}
    assert (folder / "coverage.html").stat().st_size > 500_000


def test_window_beyond_what_is_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Trade dates and nodes of the question that are not there are said to be missing."""
    wider = ("--start", "2024-03-09", "--end", "2024-03-13")
    assert run("prices", "--node", NODE, *wider, "-o", "a.svg") == 0
    assert "24 of 95 intervals are missing" in capsys.readouterr().err
    assert (folder / "a.svg").exists()


def test_component_and_title(folder: Path) -> None:
    """Another component can be drawn, under a title of one's own."""
    assert run("heatmap", "--node", NODE, *WINDOW, "--component", "congestion", "--title", "Mine", "-o", "a.svg") == 0
    assert "Mine" in (folder / "a.svg").read_text("utf-8")


def test_coverage_of_some(folder: Path) -> None:
    """Coverage can be cut to a market and a window."""
    assert run("coverage", "--market", "FMM", "--date", "2024-03-10", "-o", "a.svg") == 0
    drawn = (folder / "a.svg").read_text("utf-8")
    assert "1 trade dates: 1 complete" in drawn
    assert "DAM" not in drawn


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("heatmap", "--node", NODE), 2, "no window was asked for"),
        (("heatmap", *WINDOW), 2, "no node was asked for"),
        (("heatmap", "--node", NODE, *WINDOW, "-o", "a.pdf"), 2, "no picture can be written as a.pdf"),
        (("heatmap", "--node", NODE, *WINDOW, "--market", "DAM", "--market", "FMM"), 2, "shows one market"),
        (("heatmap", "--node", "TH_NP15", *WINDOW), 2, "did you mean TH_NP15_GEN-APND"),
        (("heatmap", "--node", NODE, "--date", "2024-04-01"), 1, "there are no DAM prices in this window"),
        (("spread", "--node", NODE, *WINDOW, "--market", "RTD"), 1, "there is only DAM"),
        (("heatmap", "--node", NODE, *WINDOW, "--as-of", "2020-01-01"), 1, "nothing was fetched by then"),
        (("components", "--node", NODE, *WINDOW, "--component", "loss"), 2, "has no --component"),
        (("prices", "--node", NODE, *WINDOW, "--coordinates", "nodes.csv"), 2, "needs no --coordinates"),
        (("map", "--all-nodes", *WINDOW), 1, "none of the 2 nodes has coordinates"),
        (("prices", "--node", NODE, *WINDOW, "-o", "nowhere/a.svg"), 2, "there is no folder nowhere"),
        (("pie",), 2, "'pie' is not one of"),
    ],
)
def test_what_cannot_be_drawn(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, message: str
) -> None:
    """Wrong use ends with 2, missing prices with 1, each with a message that helps; no file is left."""
    (folder / "nodes.csv").write_text("node,latitude,longitude\n", encoding="utf-8")
    assert run(*arguments) == code
    assert message in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["nodes.csv"]


def test_map_of_coordinates_given_once(
    loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Coordinates that were given to the node catalogue need not be named again."""
    shutil.copytree(loaded, tmp_path / "data")
    monkeypatch.delenv("CAISO_LMP_DATA_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    Path("mine.csv").write_text(f"node,latitude,longitude\n{NODE},38.5,-121.5\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["nodes", "update", "--coordinates", "mine.csv", "--offline"])
    assert run("map", "--all-nodes", *WINDOW, "-o", "map.svg") == 0, capsys.readouterr().err
    drawn = (tmp_path / "map.svg").read_text("utf-8")
    assert NODE in drawn
    assert "1 of 2 nodes have no coordinates" in drawn
