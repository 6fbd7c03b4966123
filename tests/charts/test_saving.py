"""Charts as files: three formats, whole or not at all, and no network in any."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import altair as alt
import pytest
from frames_of_prices import day_of

from caiso_lmp import charts
from caiso_lmp.errors import UsageError
from caiso_lmp.market import Market

ODD_NODE = 'A</script><b>&"x"_7_N001'


def odd_chart() -> alt.TopLevelMixin:
    """A chart of a node whose name would end a script if it could."""
    return charts.price_lines(
        day_of(Market.DAM, date(2024, 6, 5), [30.0, -5.0, None, 12.0], ODD_NODE), title="<i>Odd</i>"
    )


@pytest.mark.parametrize(
    ("name", "begins"), [("a.png", b"\x89PNG"), ("a.SVG", b"<svg"), ("a.html", b"<!DOCTYPE html>")]
)
def test_formats(tmp_path: Path, name: str, begins: bytes) -> None:
    """The ending of the name, in any case, says what is written."""
    assert charts.save_chart(odd_chart(), tmp_path / name).read_bytes().startswith(begins)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_page_loads_nothing(tmp_path: Path) -> None:
    """No script, style, picture or font comes from elsewhere, and no name in the data can end the script."""
    page = charts.save_chart(odd_chart(), tmp_path / "a.html").read_text("utf-8")
    around, _, after = page.partition("<script")
    assert after.startswith(' type="module">')
    assert re.findall(r"(?:src=|href=|@import |url\()\W*(\w*)", around) == ["data"]
    assert page.count("</script>") == 1
    assert ODD_NODE not in page
    assert "<title>&lt;i&gt;Odd&lt;/i&gt;</title>" in page


def test_other_endings(tmp_path: Path) -> None:
    """A format that is none of them is refused, and nothing is written."""
    with pytest.raises(
        UsageError, match=r"no picture can be written as a.pdf .end the name in one of .html, .png, .svg"
    ):
        charts.save_chart(odd_chart(), tmp_path / "a.pdf")
    assert not list(tmp_path.iterdir())


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    """Where nothing can be written, the folder is named and nothing is left behind."""
    with pytest.raises(UsageError, match=r"there is no folder .*nowhere .make the folder first"):
        charts.save_chart(odd_chart(), tmp_path / "nowhere" / "a.svg")
    assert not list(tmp_path.iterdir())
