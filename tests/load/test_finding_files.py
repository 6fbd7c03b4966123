"""Which files a load takes among those that are named or lie in a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from made_files import FETCHED, Content, error_zip, written

from caiso_lmp.discovery import find_files, looks_like_oasis
from caiso_lmp.errors import UsageError
from caiso_lmp.simulator.render import render_error, render_zip

CONTENT = Content()


def names(paths: tuple[Path, ...]) -> list[str]:
    return [path.name for path in paths]


def test_folders_are_walked_in_order(tmp_path: Path) -> None:
    """Files of all folders below are found, in an order that does not depend on the disk."""
    for name in ("b/2.zip", "b/1.csv", "a/deep/er/3.xml", "4.ZIP"):
        written(tmp_path / name, b"anything")
    found = find_files([tmp_path])
    assert [str(path.relative_to(tmp_path)) for path in found.files] == [
        "4.ZIP",
        "a/deep/er/3.xml",
        "b/1.csv",
        "b/2.zip",
    ]


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    """What a file manager hides is not meant, and neither told as passed over."""
    for name in (".hidden.zip", ".cache/1.zip", "shown.zip"):
        written(tmp_path / name, CONTENT.zip())
    found = find_files([tmp_path])
    assert (names(found.files), found.passed_over) == (["shown.zip"], ())


def test_a_hidden_folder_that_is_named_is_meant(tmp_path: Path) -> None:
    """Naming a hidden folder or file is reason enough to read it."""
    written(tmp_path / ".cache" / "1.zip", CONTENT.zip())
    written(tmp_path / ".2.zip", CONTENT.zip())
    assert names(find_files([tmp_path / ".cache", tmp_path / ".2.zip"]).files) == ["1.zip", ".2.zip"]


def test_links_to_files_are_followed_and_links_to_folders_are_not(tmp_path: Path) -> None:
    """A link to a file stands for it; a linked folder could lead round in circles, and is walked if named."""
    outside = written(tmp_path / "outside" / "1.zip", CONTENT.zip())
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "file.zip").symlink_to(outside)
    (tmp_path / "inbox" / "folder").symlink_to(tmp_path / "outside")
    (tmp_path / "inbox" / "round").symlink_to(tmp_path / "inbox")
    assert names(find_files([tmp_path / "inbox"]).files) == ["file.zip"]
    assert names(find_files([tmp_path / "inbox" / "folder"]).files) == ["1.zip"]


def test_a_file_is_taken_once(tmp_path: Path) -> None:
    """Named twice, reached by a link and by its folder, a file is still one file."""
    path = written(tmp_path / "1.zip", CONTENT.zip())
    (tmp_path / "2.zip").symlink_to(path)
    assert names(find_files([path, tmp_path, tmp_path / "2.zip", path]).files) == ["1.zip"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("answer", CONTENT.zip()),
        ("answer.download", error_zip(1000)),
        ("answer.txt", CONTENT.csv),
        ("answer.json", render_error(1000, FETCHED)),
        ("answer.bak", b"\xef\xbb\xbf\n" + CONTENT.csv),
    ],
)
def test_content_makes_a_file_of_oasis(tmp_path: Path, name: str, content: bytes) -> None:
    """Whatever the name, a file with a report of OASIS in it is taken."""
    path = written(tmp_path / name, content)
    assert find_files([tmp_path]).files == (path,)
    assert find_files([path]).files == (path,)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<!DOCTYPE html><html>Acceptable Use</html>"),
        ("codes.tsv", b"code\tmeaning\n1000\tno data\n"),
        ("notes.md", b"An OASISReport has a header, INTERVALSTARTTIME_GMT, and more."),
        ("letter.docx", render_zip([("word/document.xml", b"<a/>"), ("word/picture.png", b"png")], FETCHED)),
        ("empty", b""),
        ("begins_like_a.zip.part", b"PK\x03\x04 and then nothing of a zip"),
    ],
)
def test_other_files_are_passed_over_in_folders_and_refused_by_name(tmp_path: Path, name: str, content: bytes) -> None:
    """What OASIS does not serve is no trouble in a folder; who names it has made a mistake."""
    path = written(tmp_path / name, content)
    found = find_files([tmp_path])
    assert (found.files, found.passed_over) == ((), (path,))
    with pytest.raises(UsageError, match=name):
        find_files([path])


def test_a_page_of_oasis_is_called_so(tmp_path: Path) -> None:
    """Who saved the page of the throttle learns that it is one."""
    page = written(tmp_path / "answer.html", b"\n <HTML><body>Acceptable Use Policy</body></HTML>")
    with pytest.raises(UsageError, match="web page, as OASIS sends when it throttles"):
        find_files([page])


def test_a_page_named_as_a_zip_is_read(tmp_path: Path) -> None:
    """A name as OASIS gives it is worth reading, so that the trouble inside is reported and not passed over."""
    page = written(tmp_path / "answer.zip", b"<html>Acceptable Use</html>")
    assert find_files([tmp_path]).files == (page,)


def test_a_missing_path_is_a_mistake(tmp_path: Path) -> None:
    """A path that does not exist is told, also where others do; nothing is read then."""
    written(tmp_path / "1.zip", CONTENT.zip())
    (tmp_path / "gone.zip").symlink_to(tmp_path / "nowhere")
    for name in ("no-such-file.zip", "no-such-folder", "gone.zip"):
        with pytest.raises(UsageError, match="does not exist"):
            find_files([tmp_path / "1.zip", tmp_path / name])


def test_a_broken_link_in_a_folder_is_not_passed_over(tmp_path: Path) -> None:
    """A link whose name says OASIS and whose file is gone is left to the load, which reports it."""
    (tmp_path / "gone.zip").symlink_to(tmp_path / "nowhere")
    (tmp_path / "notes.txt").symlink_to(tmp_path / "nowhere")
    assert names(find_files([tmp_path]).files) == ["gone.zip"]


def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    """A named pipe in a folder does not stop the walk for ever; named by itself it is refused."""
    os.mkfifo(tmp_path / "pipe.zip")
    os.mkfifo(tmp_path / "pipe")
    assert find_files([tmp_path]).files == ()
    with pytest.raises(UsageError, match="no file on a disk"):
        find_files([tmp_path / "pipe.zip"])


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A folder without permission is an error, not an empty folder."""
    written(tmp_path / "locked" / "1.zip", CONTENT.zip())
    (tmp_path / "locked").chmod(0)
    try:
        with pytest.raises(PermissionError):
            find_files([tmp_path])
    finally:
        (tmp_path / "locked").chmod(0o755)


def test_the_quarantine_is_left_out(tmp_path: Path) -> None:
    """What was set apart is not loaded by loading the data folder, and naming it is a mistake."""
    apart = written(tmp_path / "quarantine" / "1.csv", CONTENT.csv)
    written(tmp_path / "raw" / "1.zip", CONTENT.zip())
    found = find_files([tmp_path], leave_out=tmp_path / "quarantine")
    assert (names(found.files), found.passed_over) == (["1.zip"], (apart,))
    with pytest.raises(UsageError, match="quarantine"):
        find_files([apart], leave_out=tmp_path / "quarantine")


def test_looking_does_not_change_a_file(tmp_path: Path) -> None:
    """A file is opened for reading only, and closed."""
    path = written(tmp_path / "answer", CONTENT.zip())
    path.chmod(0o444)
    assert looks_like_oasis(path)
    assert path.read_bytes() == CONTENT.zip()
