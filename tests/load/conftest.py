"""What the tests of the load story share: a data folder, and where files come in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from made_files import DAY, FETCHED, LATER, Content, whole_day

from caiso_lmp.load import load_files
from caiso_lmp.market import Market
from caiso_lmp.settings import DataFolder


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """An empty data folder."""
    return DataFolder(tmp_path / "data")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """A folder of files as they were downloaded."""
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.fixture(scope="session")
def shared_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that tests only read: three days of two nodes, a correction, a gap, and one day of FMM."""
    root = tmp_path_factory.mktemp("shared") / "data"
    inbox = tmp_path_factory.mktemp("answers")
    nodes = ("TH_NP15_GEN-APND", "ODD NODE.1_[red]")
    write_archive(inbox, nodes)
    report = load_files([inbox], DataFolder(root))
    assert not report.errors
    return root


def write_archive(inbox: Path, nodes: Sequence[str]) -> None:
    for number, place in enumerate((-1, 0, 1, 4)):  # 8, 9, 10 (of 23 hours) and 13 March
        whole_day(10.0 + number, DAY + timedelta(days=place), nodes).write(inbox, FETCHED + timedelta(minutes=number))
    Content(15.0, 0.5, DAY, nodes[:1], intervals=3).write(inbox, LATER)
    Content(15.0, None, DAY + timedelta(days=4), ("NEW_NODE",), intervals=5).write(inbox, LATER)
    Content(20.0, None, DAY, nodes[:1], 96, Market.FMM).write(inbox, LATER)


@pytest.fixture
def archive(shared_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the shared archive the one that commands find, from a folder of the test's own."""
    monkeypatch.setenv("CAISO_LMP_DATA_DIR", str(shared_archive))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("CAISO_LMP_BASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    return shared_archive
