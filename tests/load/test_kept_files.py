"""The raw store: where files lie, what happens to names, and what its own check finds."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from made_files import DAY, FETCHED, LATER, Content, files_below, manifest_of, written

from caiso_lmp.errors import RawFileChangedError, RawStoreError
from caiso_lmp.fetch.manifest import manifest_path, read_manifest
from caiso_lmp.fetch.raw_store import RawStore
from caiso_lmp.market import Market

RAW = Content().zip()
OTHER = Content(20.0).zip()
OTHER_DISK = Path("/dev/shm")  # noqa: S108 - a second file system wherever Linux runs


@pytest.fixture
def store(tmp_path: Path) -> RawStore:
    return RawStore(tmp_path / "raw")


def problems_of(store: RawStore) -> dict[str, str]:
    return {problem.file: problem.message for problem in store.verify() if problem is not None}


def test_files_lie_by_market_and_month_of_their_first_date(store: RawStore) -> None:
    """A file is found by what is in it: its market, year and month, under the name that OASIS gave."""
    fmm = replace(manifest_of(RAW, "b.zip", day=date(2023, 12, 31)), market=Market.FMM, last_date=date(2024, 1, 30))
    places = [store.put(RAW, manifest_of(RAW, "a.zip")), store.put(RAW, fmm)]
    assert [store.relative(place) for place in places] == ["DAM/2024/03/a.zip", "FMM/2023/12/b.zip"]
    assert [place.read_bytes() for place in places] == [RAW, RAW]


def test_a_kept_file_has_its_manifest_beside_it(store: RawStore) -> None:
    """What was said of a file at its put is read back from the store."""
    manifest = manifest_of(RAW, "a.zip", FETCHED, LATER)
    place = store.put(RAW, manifest)
    assert list(store.manifests()) == [(place, manifest)]
    assert store.read(place, manifest) == RAW
    assert store.keeps("DAM/2024/03/a.zip")


def test_putting_twice_changes_nothing(store: RawStore) -> None:
    """The same file of the same moment is kept once; its bytes are not written again."""
    first = store.put(RAW, manifest_of(RAW, "a.zip"))
    inode = first.stat().st_ino
    assert store.put(RAW, manifest_of(RAW, "a.zip")) == first
    assert first.stat().st_ino == inode
    assert [manifest for _, manifest in store.manifests()] == [manifest_of(RAW, "a.zip")]


def test_a_further_fetch_is_noted(store: RawStore) -> None:
    """The same bytes at another moment are the same file with one more fetch, whichever came first."""
    store.put(RAW, manifest_of(RAW, "a.zip", LATER))
    place = store.put(RAW, manifest_of(RAW, "a.zip", FETCHED))
    assert list(store.manifests()) == [(place, manifest_of(RAW, "a.zip", FETCHED, LATER))]


def test_the_same_bytes_under_another_name_are_kept_once(store: RawStore) -> None:
    """OASIS stamps each answer: whoever knows where its bytes are kept has the new fetch noted there."""
    place = store.put(RAW, manifest_of(RAW, "a.zip"))
    again = store.put(RAW, manifest_of(RAW, "b.zip", LATER), known_as="DAM/2024/03/a.zip")
    assert (again, list(store.manifests())) == (place, [(place, manifest_of(RAW, "a.zip", FETCHED, LATER))])


@pytest.mark.parametrize("known_as", ["DAM/2024/03/gone.zip", "DAM/2024/03/other.zip", ""])
def test_a_wrong_place_is_not_believed(store: RawStore, known_as: str) -> None:
    """A place where these bytes are not, or no longer, is not used for them."""
    store.put(OTHER, manifest_of(OTHER, "other.zip"))
    assert store.put(RAW, manifest_of(RAW, "a.zip"), known_as=known_as).name == "a.zip"
    assert not problems_of(store)


def test_other_bytes_of_the_same_name_lie_beside(store: RawStore) -> None:
    """Group files are called the same every time: none takes the place of another, also when it comes again."""
    first = store.put(RAW, manifest_of(RAW, "a.zip"))
    manifest = manifest_of(OTHER, "a.zip", LATER)
    second = store.put(OTHER, manifest)
    assert second.name == f"a~{manifest.sha256[:8]}.zip"
    assert [store.put(OTHER, manifest), store.put(RAW, manifest_of(RAW, "a.zip"))] == [second, first]
    assert [first.read_bytes(), second.read_bytes()] == [RAW, OTHER]
    assert not problems_of(store)


def test_a_lost_file_gives_its_name_to_nobody(store: RawStore) -> None:
    """Where a raw file is gone and its manifest is not, other bytes are kept beside, not under that manifest."""
    lost = store.put(RAW, manifest_of(RAW, "a.zip"))
    lost.unlink()
    store.put(OTHER, manifest_of(OTHER, "a.zip"))
    assert read_manifest(manifest_path(lost)) == manifest_of(RAW, "a.zip")
    assert list(problems_of(store)) == ["DAM/2024/03/a.zip"]
    store.put(RAW, manifest_of(RAW, "a.zip"))
    assert not problems_of(store)
    assert sorted(files_below(store.root).values()) == sorted([RAW, OTHER])


@pytest.mark.parametrize(
    "name", ["a.json", "A.JSON", ".a.zip", ".lock", ".unfinished-a.zip", "a.zip.json", "a b~1.zip"]
)
def test_any_name_can_be_kept(store: RawStore, name: str) -> None:
    """A name that the store uses itself, for manifests or hidden files, does no harm to what it keeps."""
    store.put(OTHER, manifest_of(OTHER, "a.zip"))
    manifest = manifest_of(RAW, name)
    place = store.put(RAW, manifest)
    assert (place, manifest) in list(store.manifests())
    assert store.read(place, manifest) == RAW
    assert len(list(store.manifests())) == 2
    assert not problems_of(store)


# --- links --------------------------------------------------------------------------------------


def test_linking_takes_no_space(store: RawStore, tmp_path: Path) -> None:
    """With a link the kept file and the original are the same bytes on the disk."""
    original = written(tmp_path / "downloads" / "a.zip", RAW)
    place = store.put(RAW, manifest_of(RAW, "a.zip"), link_to=original)
    assert place.samefile(original)
    original.unlink()
    assert place.read_bytes() == RAW


def test_a_link_is_to_the_file_behind_a_link(store: RawStore, tmp_path: Path) -> None:
    """A symbolic link that is loaded with --link is not what is kept: its file is."""
    original = written(tmp_path / "downloads" / "a.zip", RAW)
    (tmp_path / "link.zip").symlink_to(original)
    place = store.put(RAW, manifest_of(RAW, "a.zip"), link_to=tmp_path / "link.zip")
    assert not place.is_symlink()
    assert place.samefile(original)


def test_where_linking_fails_the_bytes_are_copied(store: RawStore, tmp_path: Path) -> None:
    """Another file system, or an original that has gone meanwhile, costs space and nothing else."""
    place = store.put(RAW, manifest_of(RAW, "a.zip"), link_to=tmp_path / "gone.zip")
    assert place.read_bytes() == RAW
    assert not problems_of(store)


@pytest.mark.skipif(not OTHER_DISK.is_dir(), reason="no second file system is known here")
def test_another_file_system_is_copied_from(store: RawStore) -> None:
    """A file on another disk cannot be linked, and is kept all the same."""
    original = written(OTHER_DISK / f"caiso-lmp-test-{os.getpid()}.zip", RAW)
    try:
        if original.stat().st_dev == store.root.parent.stat().st_dev:
            pytest.skip("it is the same file system")
        place = store.put(RAW, manifest_of(RAW, "a.zip"), link_to=original)
    finally:
        original.unlink()
    assert place.read_bytes() == RAW


# --- unfinished ---------------------------------------------------------------------------------


def test_an_unfinished_put_is_finished_by_the_next(store: RawStore) -> None:
    """A raw file whose manifest was cut is no kept file; the next put of the same bytes makes it one."""
    place = store.put(RAW, manifest_of(RAW, "a.zip"))
    manifest_path(place).unlink()
    written(place.with_name(".unfinished-a.zip.json"), b'{"format": 1, "sha')
    assert list(store.manifests()) == []
    assert not store.keeps("DAM/2024/03/a.zip")
    assert len(problems_of(store)) == 2
    store.put(RAW, manifest_of(RAW, "a.zip"))
    assert not problems_of(store)
    assert sorted(path.name for path in place.parent.iterdir()) == ["a.zip", "a.zip.json"]


def test_a_cut_write_of_the_bytes_is_overwritten(store: RawStore) -> None:
    """Half a raw file under its unfinished name is replaced when the same file comes again."""
    place = store.root / "DAM" / "2024" / "03" / "a.zip"
    written(place.with_name(".unfinished-a.zip"), RAW[:100])
    store.put(RAW, manifest_of(RAW, "a.zip"))
    assert not problems_of(store)
    assert place.read_bytes() == RAW


def test_damaged_bytes_are_replaced_by_whole_ones(store: RawStore) -> None:
    """A kept file that changed on the disk is as it was when the same bytes are put again."""
    place = store.put(RAW, manifest_of(RAW, "a.zip"))
    place.write_bytes(RAW[:100])
    store.put(RAW, manifest_of(RAW, "a.zip", LATER))
    assert place.read_bytes() == RAW
    assert not problems_of(store)
    assert len(read_manifest(manifest_path(place)).fetches) == 2


# --- what the check finds -----------------------------------------------------------------------


def test_a_store_in_order_has_no_problem(store: RawStore) -> None:
    """Each kept file is told as well, once; a store that is not there yet has none."""
    assert list(store.verify()) == []
    store.put(RAW, manifest_of(RAW, "a.zip"))
    store.put(OTHER, manifest_of(OTHER, "b.zip"))
    assert list(store.verify()) == [None, None]


def test_a_missing_file_is_found(store: RawStore) -> None:
    """A manifest whose file is gone is told under the name of the file."""
    store.put(RAW, manifest_of(RAW, "a.zip")).unlink()
    assert "cannot be read" in problems_of(store)["DAM/2024/03/a.zip"]


@pytest.mark.parametrize("damage", [RAW[:-1], RAW + b"\0", b"", RAW[:99] + bytes([RAW[99] ^ 1]) + RAW[100:]])
def test_changed_bytes_are_found(store: RawStore, damage: bytes) -> None:
    """One byte less, more or other is enough, and reading the file refuses it."""
    manifest = manifest_of(RAW, "a.zip")
    place = store.put(RAW, manifest)
    place.write_bytes(damage)
    assert "its bytes changed" in problems_of(store)["DAM/2024/03/a.zip"]
    with pytest.raises(RawFileChangedError, match=r"a\.zip"):
        store.read(place, manifest)


def test_a_file_that_cannot_be_read_is_an_error_of_ours(store: RawStore) -> None:
    """Reading a kept file that is gone says so, with what to do."""
    place = store.put(RAW, manifest_of(RAW, "a.zip"))
    place.unlink()
    with pytest.raises(RawFileChangedError, match="restore it from a backup"):
        store.read(place, manifest_of(RAW, "a.zip"))


def test_a_file_without_manifest_is_found(store: RawStore) -> None:
    """A raw file that was put there by hand, or whose manifest is gone, does not pass for a kept one."""
    manifest_path(store.put(RAW, manifest_of(RAW, "a.zip"))).unlink()
    assert "no manifest" in problems_of(store)["DAM/2024/03/a.zip"]


def test_a_broken_manifest_is_found_and_stops_no_other(store: RawStore) -> None:
    """A manifest that cannot be read is told, and the files beside it are still checked."""
    broken = store.put(RAW, manifest_of(RAW, "a.zip"))
    store.put(OTHER, manifest_of(OTHER, "b.zip"))
    manifest_path(broken).write_text("{")
    told = list(store.verify())
    assert told.count(None) == 1
    assert "cannot be read" in problems_of(store)["DAM/2024/03/a.zip"]
    with pytest.raises(RawStoreError, match=r"a\.zip\.json"):
        list(store.manifests())


def test_a_leftover_is_found(store: RawStore) -> None:
    """What a killed put left is told by name, and is no file of the store."""
    place = store.put(RAW, manifest_of(RAW, "a.zip"))
    written(place.with_name(".unfinished-b.zip"), b"half")
    assert "can be removed" in problems_of(store)["DAM/2024/03/.unfinished-b.zip"]
    assert len(list(store.manifests())) == 1


def test_a_store_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """No folder can be made where a file is: the trouble is ours, with the place in it."""
    written(tmp_path / "raw", b"a file")
    with pytest.raises(RawStoreError, match="cannot write to"):
        RawStore(tmp_path / "raw").put(RAW, manifest_of(RAW, "a.zip"))


# --- marks --------------------------------------------------------------------------------------


def test_a_mark_stays_with_the_file(store: RawStore) -> None:
    """A file marked as stale is still so after a further fetch that is older than the mark."""
    store.put(RAW, manifest_of(RAW, "a.zip"))
    assert store.mark_stale(Market.DAM, DAY, LATER) == 1
    store.put(RAW, manifest_of(RAW, "a.zip", FETCHED))
    assert store.stale_dates(Market.DAM) == {DAY: LATER}
    assert store.stale_dates(Market.FMM) == {}
    assert not problems_of(store)
