"""The documentation as a site: built strictly, whole, and without anything from elsewhere."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest
from in_browser import look, photograph

from caiso_lmp.cli.entry import all_commands

REPOSITORY = Path(__file__).resolve().parents[2]
LONGEST_BUILD = 300  # seconds


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` does: a warning fails the build."""
    place = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [Path(sys.executable).with_name("mkdocs"), "build", "--strict", "--quiet", "--site-dir", place],
        cwd=REPOSITORY,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=LONGEST_BUILD,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return place


class Page(HTMLParser):
    """What a page links to, what it loads, and which places in it have names."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.links: list[str] = []
        self.loads: list[str] = []
        self.names: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if "id" in told:
            self.names.add(told["id"])
        if tag == "a" and "href" in told:
            self.links.append(told["href"])
        elif "src" in told or (tag == "link" and "href" in told):
            self.loads.append(told.get("src") or told.get("href", ""))


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html") if path.name != "404.html"}


def test_every_page_is_there(site: Path) -> None:
    """Each file of the documentation is a page, beside those that are made for the site."""
    for source in (REPOSITORY / "docs").glob("*.md"):
        assert (site / source.with_suffix(".html").name).is_file()
    for notebook in (REPOSITORY / "notebooks").glob("*.ipynb"):
        assert (site / "notebooks" / notebook.with_suffix(".html").name).is_file()
    for made in ("index", "measurements", "changelog", "reference/commands", "reference/python", "reference/analysis"):
        assert (site / f"{made}.html").is_file()


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[Path, Page]) -> None:
    """Scripts, styles, fonts and pictures all come from the site itself."""
    assert not [(page.path.name, load) for page in pages.values() for load in page.loads if re.match(r"\w+:|//", load)]
    styles = "".join(path.read_text("utf-8") for path in site.rglob("*.css"))
    assert not re.findall(r"url\(['\"]?(?:https?:)?//|@import", styles)


def test_links_lead_somewhere(pages: dict[Path, Page]) -> None:
    """A link inside the site leads to a page and a heading that exist."""
    lost = []
    for page in pages.values():
        for link in page.links:
            path, _, name = unquote(link).partition("#")
            if re.match(r"\w+:", link):
                continue
            target = (page.path.parent / path).resolve() if path else page.path
            target = target / "index.html" if target.is_dir() else target
            if target not in pages or (name and name not in pages[target].names):
                lost.append((page.path.name, link))
    assert not lost


@pytest.mark.parametrize(
    ("module", "page"),
    [("caiso_lmp", "python"), ("caiso_lmp.analysis", "analysis"), ("caiso_lmp.charts", "charts")],
)
def test_every_public_name_has_its_reference(module: str, page: str, pages: dict[Path, Page], site: Path) -> None:
    """Each name of `__all__` stands in the reference; errors have a page of their own."""
    names = pages[site / "reference" / f"{page}.html"].names
    told = {name.rpartition(".")[2] for name in names}
    public = set(importlib.import_module(module).__all__)
    assert {name for name in public if not name.endswith(("Error", "Warning"))} <= told


def test_docstrings_read_as_text(site: Path) -> None:
    """What is returned is told in one piece, though in several lines, and references are names without their role."""
    told = (site / "reference" / "analysis.html").read_text("utf-8")
    returned = re.search(r'id="caiso_lmp.analysis.basis.basis".*?Returns:.*?<ul>(.*?)</ul>', told, re.DOTALL)
    assert returned is not None
    assert returned[1].count("<li") == 1
    assert "one row per (market, node, interval_start) of the other nodes" in returned[1]
    everything = "".join(page.read_text("utf-8") for page in (site / "reference").glob("*.html"))
    assert not re.findall(r":[a-z]+:<code>\S*", everything)


def test_every_command_has_its_help(pages: dict[Path, Page], site: Path) -> None:
    """Each command stands in the page of helps."""
    names = pages[site / "reference" / "commands.html"].names
    assert {f"caiso-lmp-{name}" for name in all_commands()} <= names


@pytest.fixture
def address(site: Path) -> Iterator[str]:
    """The site, served on loopback as any web server would."""
    handler = partial(Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_words: object) -> None:
        """Keep the test's output to itself."""


def test_site_opens_in_a_browser(address: str, tmp_path: Path) -> None:
    """The start page shows its text and its search, and its scripts complain of nothing."""
    seen = look(f"{address}/index.html", tmp_path)
    assert seen.console == []
    assert "Every locational marginal price of the California ISO" in seen.elements
    assert "md-search" in seen.elements
    assert len(photograph(f"{address}/index.html", tmp_path)) > 50_000
