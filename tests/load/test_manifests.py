"""The manifest beside a raw file: written, read back, and refused where it is not one of ours."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_files import FETCHED, LATER, Content, manifest_of, written

from caiso_lmp.errors import RawStoreError
from caiso_lmp.fetch.manifest import Manifest, file_of, manifest_path, read_manifest
from caiso_lmp.fetch.provenance import Fetch, FetchSource
from caiso_lmp.fetch.raw_store import manifest_beside
from caiso_lmp.market import Market

MANIFEST = manifest_of(b"raw", "a.zip")
MOMENTS = st.datetimes(datetime(2009, 4, 1), datetime(2040, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive
FETCHES = st.lists(
    st.builds(Fetch, MOMENTS, st.sampled_from(FetchSource)), min_size=1, unique_by=lambda f: f.fetched_at
)
MANIFESTS = st.builds(
    Manifest,
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    bytes=st.integers(0, 2**40),
    original_name=st.text(min_size=1),
    market=st.sampled_from(Market),
    version=st.none() | st.integers(1, 12),
    first_date=st.dates(),
    last_date=st.dates(),
    rows=st.integers(0, 2**40),
    intervals=st.integers(0, 2**40),
    members=st.lists(st.text(min_size=1)).map(tuple),
    fetches=FETCHES.map(sorted).map(tuple),
    request_key=st.none() | st.text(),
    lacking=st.none() | st.integers(0, 2**40),
    stale=st.dictionaries(st.dates(), MOMENTS, max_size=3),
    url=st.none() | st.just("http://127.0.0.1/oasisapi/SingleZip"),
)


@given(MANIFESTS)
def test_a_manifest_reads_back(scratch: Path, manifest: Manifest) -> None:
    """Every manifest is the same after writing and reading, to the microsecond and whatever the names."""
    scratch.write_text(manifest.to_text(), encoding="utf-8")
    assert read_manifest(scratch) == manifest


def test_times_are_written_in_utc() -> None:
    """A moment of any zone stands in the manifest in UTC, with a Z, for people and other programs."""
    pacific = FETCHED.astimezone(timezone(timedelta(hours=-7)))
    told = json.loads(replace(MANIFEST, fetches=(Fetch(pacific, FetchSource.DOWNLOAD),)).to_text())
    assert told["fetches"] == [{"fetched_at": "2024-03-20T20:00:00Z", "source": "download"}]


def test_a_further_fetch_finds_its_place() -> None:
    """Fetches are in the order of time, and the same moment is no other fetch."""
    later, earlier = Fetch(LATER, FetchSource.DOWNLOAD), Fetch(FETCHED - timedelta(days=1), FetchSource.FILE_TIME)
    told = MANIFEST.with_fetch(later).with_fetch(earlier).with_fetch(Fetch(LATER, FetchSource.ZIP_TIME))
    assert [fetch.fetched_at for fetch in told.fetches] == [earlier.fetched_at, FETCHED, LATER]
    assert told.fetches[2].source is FetchSource.DOWNLOAD
    assert told.fetched_at == LATER


def changed(**changes: Any) -> str:
    told = json.loads(MANIFEST.to_text())
    return json.dumps({name: value for name, value in (told | changes).items() if value != "absent"})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "\udcff",
        changed(format=0),
        changed(format=99),
        changed(format="absent"),
        changed(market="CAISO"),
        changed(first_date="10 March"),
        changed(first_date=None),
        changed(members=None),
        changed(fetches=[]),
        changed(fetches={}),
        changed(fetches=[{"fetched_at": "2024-03-20T20:00:00Z"}]),
        changed(fetches=[{"fetched_at": "2024-03-20T20:00:00", "source": "download"}]),
        changed(fetches=[{"fetched_at": 1710964800, "source": "download"}]),
        changed(fetches=[{"fetched_at": "2024-03-20T20:00:00Z", "source": "hearsay"}]),
        changed(stale={"2024-03-10": "2024-03-20T20:00:00"}),
    ],
)
def test_what_is_no_manifest_of_ours_is_refused(tmp_path: Path, text: str) -> None:
    """Another format, a cut file, a time without zone: nothing is guessed, and the message names the file."""
    path = written(tmp_path / "a.zip.json", text.encode("utf-8", "surrogateescape"))
    with pytest.raises(RawStoreError, match=r"a\.zip\.json"):
        read_manifest(path)


YOUNGER = {"version", "request_key", "lacking", "stale", "url"}


@pytest.mark.parametrize("name", sorted({field.name for field in fields(Manifest)} - YOUNGER))
def test_what_a_manifest_is_of_must_be_there(tmp_path: Path, name: str) -> None:
    """A manifest that lacks what every version of this package wrote is refused."""
    with pytest.raises(RawStoreError):
        read_manifest(written(tmp_path / "a.zip.json", changed(**{name: "absent"}).encode()))


def test_an_older_manifest_is_read(tmp_path: Path) -> None:
    """What earlier versions of this package did not write yet is not known; a name of theirs does no harm."""
    absent = dict.fromkeys(YOUNGER | {"state"}, "absent")
    old = written(tmp_path / "a.zip.json", changed(**absent, stale_at=None).encode())
    assert read_manifest(old) == replace(MANIFEST, version=None)


def test_a_manifest_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    """What the system says is told as our own error."""
    with pytest.raises(RawStoreError, match=r"gone\.zip\.json"):
        read_manifest(tmp_path / "gone.zip.json")


def test_names_lead_to_each_other() -> None:
    """The manifest has the name of its file and ``.json``, also where that ends in ``.json``."""
    for name in ("a.zip", "a", "a.csv", "a.json"):
        assert file_of(manifest_path(Path("/raw") / name)) == Path("/raw") / name


def test_a_manifest_beside_a_file_is_believed_for_its_own_bytes_only(tmp_path: Path) -> None:
    """Of these bytes it tells the fetches; of other bytes, or as some other program's JSON, it tells nothing."""
    path = written(tmp_path / "a.zip", Content().zip())
    manifest = manifest_of(path.read_bytes(), "a.zip", FETCHED, LATER)
    assert manifest_beside(path, manifest.sha256) is None
    written(tmp_path / "a.zip.json", manifest.to_text().encode())
    assert manifest_beside(path, manifest.sha256) == manifest
    assert manifest_beside(path, "0" * 64) is None
    written(tmp_path / "a.zip.json", b'{"name": "a package"}')
    assert manifest_beside(path, manifest.sha256) is None
