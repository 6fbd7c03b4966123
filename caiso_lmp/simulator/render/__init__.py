"""A tidy frame → the bytes in which OASIS would serve it: CSV or XML members, zips, errors, file names.

Pure, and written without :mod:`caiso_lmp.pipeline`, so that tests can hold reader and renderer
against each other. Called by the simulator, by tests and by benchmarks; it makes no prices itself.

The *tidy frame* has one row per (market, node, interval_start): ``market, node, interval_start,
interval_end, interval_start_local, trade_date, operating_hour, operating_interval, lmp, energy,
congestion, loss, ghg`` (prices Float64, $/MWh). A null price is a row that OASIS did not publish.
Source: interface specification v5.1.8 and the recorded files of 2016 to 2025.
"""

from caiso_lmp.simulator.render.archive import render_zip, split_members
from caiso_lmp.simulator.render.csv_report import render_csv
from caiso_lmp.simulator.render.form import VERSIONS, Form
from caiso_lmp.simulator.render.names import (
    INVALID_REQUEST,
    group_member_stem,
    group_stem,
    member_name,
    single_stem,
)
from caiso_lmp.simulator.render.xml_report import render_error, render_xml

__all__ = [
    "INVALID_REQUEST",
    "VERSIONS",
    "Form",
    "group_member_stem",
    "group_stem",
    "member_name",
    "render_csv",
    "render_error",
    "render_xml",
    "render_zip",
    "single_stem",
    "split_members",
]
