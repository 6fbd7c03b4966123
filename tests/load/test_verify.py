"""What ``verify`` finds: each thing that can be wrong in an archive, and nothing in one that is well."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from made_files import FETCHED, LAST, LATER, Content, whole_day, written

from caiso_lmp.errors import WarehouseError
from caiso_lmp.fetch.manifest import manifest_path, read_manifest
from caiso_lmp.fetch.provenance import Fetch, FetchSource
from caiso_lmp.load import load_files
from caiso_lmp.settings import DataFolder
from caiso_lmp.verify import verify_archive


@pytest.fixture
def archive(folder: DataFolder, inbox: Path) -> DataFolder:
    """An archive of two raw files with a revision between them."""
    load_files([whole_day().write(inbox, FETCHED), whole_day(11.0).write(inbox, LATER)], folder)
    return folder


def findings_of(archive: DataFolder) -> list[tuple[str, str]]:
    """Give check and subject of each finding; every one says what is wrong, too."""
    findings = verify_archive(archive).findings
    assert all(finding.message for finding in findings)
    return [(finding.check, finding.subject.rpartition("/")[2]) for finding in findings]


def first_file(archive: DataFolder) -> Path:
    return min(archive.raw.rglob("*.zip"))


def test_an_archive_in_order_has_no_finding(archive: DataFolder) -> None:
    """All raw files are well and nothing else is told."""
    checked = verify_archive(archive)
    assert (checked.raw_files, checked.findings) == (2, ())


def change_bytes(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1] + b"!")


def add_leftover(file: Path) -> None:
    written(file.with_name(".unfinished-b.zip"), b"half")


def add_stranger(file: Path) -> None:
    written(file.with_name("by_hand.zip"), b"anything")


def break_manifest(file: Path) -> None:
    manifest_path(file).write_text("{")


@pytest.mark.parametrize(
    ("damage", "subject"),
    [
        (change_bytes, None),
        (Path.unlink, None),
        (lambda file: manifest_path(file).unlink(), None),
        (break_manifest, None),
        (add_leftover, ".unfinished-b.zip"),
        (add_stranger, "by_hand.zip"),
    ],
    ids=["changed", "missing", "no manifest", "broken manifest", "leftover", "stranger"],
)
def test_damage_to_the_raw_store_is_one_finding(
    archive: DataFolder, damage: Callable[[Path], None], subject: str | None
) -> None:
    """Each damage is told once, under the file that it is about, and hides no other file."""
    file = first_file(archive)
    damage(file)
    assert findings_of(archive) == [("raw store", subject or file.name)]
    assert verify_archive(archive).raw_files == (2 if subject else 1)


def test_a_raw_file_that_is_gone_altogether_is_found(archive: DataFolder) -> None:
    """A loaded file that has left the store with its manifest is told by the name the warehouse has for it."""
    file = first_file(archive)
    file.unlink()
    manifest_path(file).unlink()
    assert findings_of(archive) == [("raw store", file.name)]


def test_another_file_in_its_place_is_found(archive: DataFolder, inbox: Path) -> None:
    """Other bytes with a right manifest under the name of a loaded file do not pass for it."""
    file = first_file(archive)
    other = DataFolder(inbox / "other")
    load_files([written(inbox / file.name, Content(99.0).zip())], other)
    for path in other.raw.rglob("*.zip*"):
        path.replace(file.with_name(path.name))
    assert ("raw store", file.name) in findings_of(archive)


def test_what_is_kept_and_not_loaded_is_found(archive: DataFolder, inbox: Path) -> None:
    """A whole raw file that the warehouse does not know is told; loading the raw store heals it."""
    other = DataFolder(inbox / "other")
    load_files([whole_day(12.0).write(inbox, LAST)], other)
    for path in other.raw.rglob("*.zip*"):
        path.replace(archive.raw / path.relative_to(other.raw))
    assert [check for check, _subject in findings_of(archive)] == ["warehouse"]
    load_files([archive.raw], archive)
    assert findings_of(archive) == []


def test_a_fetch_that_only_the_manifest_knows_is_found(archive: DataFolder) -> None:
    """A further fetch in a manifest that is not loaded is told."""
    place = manifest_path(first_file(archive))
    place.write_text(read_manifest(place).with_fetch(Fetch(LAST, FetchSource.DOWNLOAD)).to_text())
    assert findings_of(archive) == [("warehouse", first_file(archive).name)]


def test_a_fetch_that_only_the_warehouse_knows_is_found(archive: DataFolder, inbox: Path) -> None:
    """A loaded fetch that its manifest forgot would be lost in a rebuild, and is told."""
    place = manifest_path(first_file(archive))
    before = place.read_text()
    load_files([whole_day().write_copy(inbox, LAST, made_at=FETCHED)], archive)
    place.write_text(before)
    assert findings_of(archive) == [("raw store", first_file(archive).name)]


def test_other_counts_than_the_manifest_are_found(archive: DataFolder) -> None:
    """A manifest that tells another number of intervals than were loaded is told."""
    place = manifest_path(first_file(archive))
    place.write_text(place.read_text().replace('"intervals": 24', '"intervals": 25'))
    assert findings_of(archive) == [("counts against raw files", first_file(archive).name)]


@pytest.mark.parametrize(
    ("statement", "checks"),
    [
        ("INSERT INTO store.price SELECT * FROM store.price LIMIT 1", {"unique keys"}),
        (
            "INSERT INTO store.price SELECT * REPLACE ('2024-09-01 08:00Z' AS interval_start) FROM store.price LIMIT 2",
            {"unique keys"},
        ),
        (
            "INSERT INTO store.price SELECT p.* REPLACE (2000000000 AS node_id) FROM store.price p, range(2)",
            {"unique keys", "orphan rows"},
        ),
        (
            "UPDATE store.past SET raw_id = 99 WHERE interval_start = (SELECT min(interval_start) FROM store.past)",
            {"orphan rows"},
        ),
        ("DELETE FROM store.fetch WHERE raw_id = 1", {"fetches", "warehouse"}),
        ("DELETE FROM store.past", {"counts against raw files"}),
        ("DELETE FROM store.price WHERE operating_hour = 1", {"revisions", "coverage", "counts against raw files"}),
        ("UPDATE store.node_day SET intervals = 23", {"coverage"}),
    ],
)
def test_damage_to_the_tables_is_found(archive: DataFolder, statement: str, checks: set[str]) -> None:
    """Rows doubled, orphaned, lost or counted wrongly: the check that is about them says so."""
    with duckdb.connect(str(archive.warehouse)) as connection:
        connection.execute(statement)
    assert checks <= {check for check, _subject in findings_of(archive)}


def test_without_a_warehouse_there_is_nothing_to_verify(folder: DataFolder) -> None:
    """No warehouse is an error, not an archive without findings."""
    with pytest.raises(WarehouseError, match="no warehouse"):
        verify_archive(folder)


def test_verifying_changes_nothing(archive: DataFolder) -> None:
    """Looking leaves every file as it was, also where there is something to find."""
    change_bytes(first_file(archive))
    before = {path: path.read_bytes() for path in archive.root.rglob("*") if path.is_file()}
    verify_archive(archive)
    assert {path: path.read_bytes() for path in archive.root.rglob("*") if path.is_file()} == before
