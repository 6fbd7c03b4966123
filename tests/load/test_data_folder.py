"""Where data lives: the folder named, the environment, the nearest archive upwards, ``./data``."""

from __future__ import annotations

from pathlib import Path

import pytest

from caiso_lmp.settings import DATA_DIR_VARIABLE, DataFolder, find_data_folder


def archive_in(folder: Path) -> Path:
    """Make what counts as an archive: ``data`` with a warehouse in it."""
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "caiso_lmp.duckdb").touch()
    return folder / "data"


def test_a_named_folder_comes_first(tmp_path: Path) -> None:
    """What a person names wins over the environment and over an archive that is near."""
    archive_in(tmp_path)
    found = find_data_folder(tmp_path / "named", {DATA_DIR_VARIABLE: str(tmp_path / "environment")}, tmp_path)
    assert found.root == tmp_path / "named"


def test_the_environment_comes_before_what_is_near(tmp_path: Path) -> None:
    """``CAISO_LMP_DATA_DIR`` wins over an archive in the folder one stands in."""
    archive_in(tmp_path)
    found = find_data_folder(None, {DATA_DIR_VARIABLE: str(tmp_path / "environment")}, tmp_path)
    assert found.root == tmp_path / "environment"


def test_an_empty_variable_is_no_folder(tmp_path: Path) -> None:
    """``CAISO_LMP_DATA_DIR=`` is the same as none."""
    assert find_data_folder(None, {DATA_DIR_VARIABLE: ""}, tmp_path).root == tmp_path / "data"


def test_the_nearest_archive_upwards_is_found(tmp_path: Path) -> None:
    """In a folder below an archive that archive is meant, and the nearer of two."""
    archive_in(tmp_path)
    nearer = archive_in(tmp_path / "project")
    below = tmp_path / "project" / "notebooks" / "march"
    below.mkdir(parents=True)
    assert find_data_folder(None, {}, below).root == nearer
    assert find_data_folder(None, {}, tmp_path).root == tmp_path / "data"


def test_a_data_folder_without_a_warehouse_is_no_archive(tmp_path: Path) -> None:
    """A ``data`` folder of something else on the way up is not taken for ours."""
    above = archive_in(tmp_path)
    (tmp_path / "project" / "data").mkdir(parents=True)
    (tmp_path / "project" / "data" / "prices.csv").touch()
    assert find_data_folder(None, {}, tmp_path / "project").root == above


def test_without_an_archive_it_is_data_here(tmp_path: Path) -> None:
    """The first load in a fresh folder makes ``./data``."""
    assert find_data_folder(None, {}, tmp_path).root == tmp_path / "data"


def test_the_folder_is_told_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path and ``~`` become the place they mean, whatever the folder one stands in later."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert find_data_folder(Path("here"), {}, tmp_path).root == tmp_path / "here"
    assert find_data_folder(None, {DATA_DIR_VARIABLE: "~/prices"}, tmp_path).root == tmp_path / "home" / "prices"
    assert find_data_folder(None, {}, Path()).root == tmp_path / "data"


def test_finding_it_makes_nothing(tmp_path: Path) -> None:
    """A question about a folder leaves no folder behind."""
    find_data_folder(tmp_path / "named", {}, tmp_path)
    assert not list(tmp_path.iterdir())


def test_everything_lies_in_the_folder() -> None:
    """Raw files, quarantine and warehouse are where the contract has them."""
    folder = DataFolder(Path("/prices"))
    places = [folder.raw, folder.quarantine, folder.warehouse]
    assert places == [Path("/prices/raw"), Path("/prices/quarantine"), Path("/prices/caiso_lmp.duckdb")]
