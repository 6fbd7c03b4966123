"""Our pages in a real browser, without a network: they draw, and complain of nothing.

Pages forbid themselves every request by a Content-Security-Policy, so that one would be a complaint in the console.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

from frames_of_prices import NODE, OTHER, day_of
from in_browser import look, photograph

from caiso_lmp import charts
from caiso_lmp.market import Market
from caiso_lmp.market_report import Subject, gather, report_page
from caiso_lmp.warehouse.warehouse import Warehouse


def test_report_draws_in_a_browser(loaded: Path, tmp_path: Path) -> None:
    """Every picture of a report is drawn, none of the libraries complains, and nothing is asked of any network."""
    dates = tuple(date(2024, 3, 9) + timedelta(days=number) for number in range(4))
    page = tmp_path / "report.html"
    findings = gather(Warehouse(loaded / "caiso_lmp.duckdb"), Subject(Market.DAM, (NODE, OTHER), dates))
    page.write_text(report_page(findings), encoding="utf-8")
    seen = look(page.as_uri(), tmp_path)
    assert seen.console == []
    places = re.findall(r'<div class="chart[^"]*" id="(chart-\d+)"', seen.elements)
    assert seen.drawn == len(places) == 7
    assert len(re.findall(r"<svg[^>]*class=\"marks\"", seen.elements)) == 7
    assert "Price by hour and day" in seen.elements
    picture = photograph(page.as_uri(), tmp_path)
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 50_000  # an empty page of this size is a tenth of it


def test_chart_of_an_odd_node_draws(tmp_path: Path) -> None:
    """A node's name is text in a page, whatever is in it."""
    node = "A</script><script>document.title='taken'</script>&\"1e5\""
    chart = charts.price_lines(day_of(Market.DAM, date(2024, 6, 5), [30.0, -5.0, None, 12.0], node), title="Odd")
    seen = look(charts.save_chart(chart, tmp_path / "odd.html").as_uri(), tmp_path)
    assert (seen.console, seen.drawn) == ([], 1)
    assert "<title>Odd</title>" in seen.elements
    assert "A&lt;/script&gt;" in seen.elements


def test_a_page_that_asks_a_network_is_noticed(tmp_path: Path) -> None:
    """The look sees what it is there to see: a request, and an error."""
    page = charts.save_chart(charts.heatmap(day_of(Market.DAM, date(2024, 6, 5), [30.0] * 24)), tmp_path / "a.html")
    text = page.read_text("utf-8")
    asking = text.replace("</body>", "<script>fetch('https://oasis.invalid/');nothing()</script></body>")
    page.write_text(asking, encoding="utf-8")
    console = "\n".join(look(page.as_uri(), tmp_path).console)
    assert "Content Security Policy" in console
    assert "nothing is not defined" in console
