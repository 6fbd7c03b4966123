"""A report on the prices of some nodes: coverage and quality first, then pictures and tables, as one page."""

from caiso_lmp.market_report.gather import Findings, Subject, gather
from caiso_lmp.market_report.page import report_page

__all__ = ["Findings", "Subject", "gather", "report_page"]
