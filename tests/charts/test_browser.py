"""Our pages in a real browser, without a network: they draw, and complain of nothing.

Pages forbid themselves every request by a Content-Security-Policy, so that one would be a complaint in the console.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from frames_of_prices import NODE, OTHER, day_of

from caiso_lmp import charts
from caiso_lmp.market import Market
from caiso_lmp.market_report import Subject, gather, report_page
from caiso_lmp.warehouse.warehouse import Warehouse

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
REQUIRED = "CAISO_LMP_TEST_BROWSER_REQUIRED"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--virtual-time-budget=30000",
    "--window-size=1200,4000",
)
LONGEST = 120  # seconds


@dataclass(frozen=True)
class Seen:
    """What the browser made of a page: its elements, the lines of its console, and a picture."""

    elements: str
    console: list[str]
    picture: bytes

    @property
    def drawn(self) -> int:
        """How many charts said that they are drawn."""
        told = re.search(r'<html[^>]*data-drawn="(\d+)"', self.elements)
        return int(told[1]) if told else 0


@pytest.fixture(scope="session")
def browser() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        assert not os.environ.get(REQUIRED), "no Chromium on this machine, and it is required here"
        pytest.skip("no Chromium on this machine")
    return found


def look(browser: str, page: Path) -> Seen:
    """Open a page twice: for its elements and console, and for its picture."""
    profile, picture = page.with_suffix(".profile"), page.with_suffix(".png")
    own = (browser, *FLAGS, f"--user-data-dir={profile}")
    dumped = open_page(*own, "--dump-dom", page.as_uri())
    open_page(*own, f"--screenshot={picture}", page.as_uri())
    console = [line for line in dumped.stderr.splitlines() if "CONSOLE" in line]
    return Seen(dumped.stdout, console, picture.read_bytes())


def open_page(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=True)


def test_report_draws_in_a_browser(browser: str, loaded: Path, tmp_path: Path) -> None:
    """Every picture of a report is drawn, none of the libraries complains, and nothing is asked of any network."""
    dates = tuple(date(2024, 3, 9) + timedelta(days=number) for number in range(4))
    page = tmp_path / "report.html"
    findings = gather(Warehouse(loaded / "caiso_lmp.duckdb"), Subject(Market.DAM, (NODE, OTHER), dates))
    page.write_text(report_page(findings), encoding="utf-8")
    seen = look(browser, page)
    assert seen.console == []
    places = re.findall(r'<div class="chart[^"]*" id="(chart-\d+)"', seen.elements)
    assert seen.drawn == len(places) == 7
    assert len(re.findall(r"<svg[^>]*class=\"marks\"", seen.elements)) == 7
    assert "Price by hour and day" in seen.elements
    assert seen.picture.startswith(b"\x89PNG")
    assert len(seen.picture) > 50_000  # an empty page of this size is a tenth of it


def test_chart_of_an_odd_node_draws(browser: str, tmp_path: Path) -> None:
    """A node's name is text in a page, whatever is in it."""
    node = "A</script><script>document.title='taken'</script>&\"1e5\""
    chart = charts.price_lines(day_of(Market.DAM, date(2024, 6, 5), [30.0, -5.0, None, 12.0], node), title="Odd")
    seen = look(browser, charts.save_chart(chart, tmp_path / "odd.html"))
    assert (seen.console, seen.drawn) == ([], 1)
    assert "<title>Odd</title>" in seen.elements
    assert "A&lt;/script&gt;" in seen.elements


def test_a_page_that_asks_a_network_is_noticed(browser: str, tmp_path: Path) -> None:
    """The look sees what it is there to see: a request, and an error."""
    page = charts.save_chart(charts.heatmap(day_of(Market.DAM, date(2024, 6, 5), [30.0] * 24)), tmp_path / "a.html")
    text = page.read_text("utf-8")
    asking = text.replace("</body>", "<script>fetch('https://oasis.invalid/');nothing()</script></body>")
    page.write_text(asking, encoding="utf-8")
    console = "\n".join(look(browser, page).console)
    assert "Content Security Policy" in console
    assert "nothing is not defined" in console
