"""A tidy frame → the bytes in which OASIS would serve it: CSV or XML members, zips, errors, file names.

Pure, and written without :mod:`caiso_lmp.pipeline`, so that tests can hold reader and renderer
against each other. Called by the simulator, by tests and by benchmarks; it makes no prices itself.

The *tidy frame* has one row per (market, node, interval_start): ``market, node, interval_start,
interval_end, interval_start_local, trade_date, operating_hour, operating_interval, lmp, energy,
congestion, loss, ghg`` (prices Float64, $/MWh). A null price is a row that OASIS did not publish.
Source: interface specification v5.1.8 and the recorded files of 2016 to 2025.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import polars as pl

from caiso_lmp.errors import UsageError
from caiso_lmp.market import COMPONENTS, OASIS_CODES, Component, Market, Report
from caiso_lmp.trading_time import PACIFIC, require_zone, trade_date_of

Prefix = Literal["", "m:"]  # reports of 2016 have a default namespace, the errors of today a prefix

VERSIONS: Final = {
    Market.DAM: (1, 12),
    Market.RUC: (1,),
    Market.HASP: (1, 2, 3),
    Market.FMM: (1, 2, 3),
    Market.RTD: (1, 2, 3),
}
"""Versions of each market's report, oldest first."""

_HOURLY: Final = (Market.DAM, Market.RUC)
_PRICE_COLUMN: Final = {Market.FMM: "PRC", Market.RTD: "VALUE"}  # elsewhere, and in RTD version 1, MW
_TIMES: Final = ("INTERVALSTARTTIME_GMT", "INTERVALENDTIME_GMT", "OPR_DT", "OPR_HR")
_NODES: Final = ("NODE_ID_XML", "NODE_ID", "NODE")
_FACTS: Final = ("MARKET_RUN_ID", "LMP_TYPE", "XML_DATA_ITEM", "PNODE_RESMRID", "GRP_TYPE", "POS")
_GMT: Final = "%Y-%m-%dT%H:%M:%S-00:00"
_ROWS_AT_ONCE: Final = 250_000  # rows widened to text columns together: bounds memory, costs no time


@dataclass(frozen=True)
class Form:
    """The form of one answer: everything about its bytes that is not a price.

    Attributes:
        market: The market whose report it is.
        version: Version of the report; decides the price column and whether real time has GHG.
        components: Those asked for; what the version does not have is left out. Real all-node DAM
            files have no GHG before trade date 2025-12-06.
        columns: Order of the CSV columns, for tests of readers; empty is the order OASIS uses.
        seed: Chooses the random time order inside the groups of hourly reports.
        shuffled: Rows in no order at all, for tests of readers; OASIS always sorts by GROUP.
    """

    market: Market
    version: int
    components: tuple[Component, ...] = COMPONENTS
    columns: tuple[str, ...] = ()
    seed: int = 0
    shuffled: bool = False

    def __post_init__(self) -> None:
        if self.version not in VERSIONS[self.market]:
            known = ", ".join(map(str, VERSIONS[self.market]))
            raise UsageError(f"the {self.market} report has no version {self.version}", hint=f"versions are {known}")

    @property
    def published(self) -> tuple[Component, ...]:
        """List the components in the order in which their groups follow each other.

        RTD reports sort by the name of the data item, all others by LMP_TYPE.
        """
        with_ghg = self.market is Market.DAM or (self.market is not Market.RUC and self.version > 1)
        there = {*self.market.report.required, *((Component.GHG,) if with_ghg else ())} & set(self.components)
        by_item = self.market is Market.RTD
        return tuple(sorted(there, key=lambda component: component.data_item if by_item else component.lmp_type))

    @property
    def price_column(self) -> str:
        """Name the CSV column that holds the price."""
        return "MW" if self.market is Market.RTD and self.version == 1 else _PRICE_COLUMN.get(self.market, "MW")

    @property
    def csv_columns(self) -> tuple[str, ...]:
        """List the CSV columns in their order; real time has OPR_INTERVAL behind the price."""
        if self.columns:
            return self.columns
        if self.market in _HOURLY:
            return (*_TIMES, "OPR_INTERVAL", *_NODES, *_FACTS, self.price_column, "GROUP")
        return (*_TIMES, *_NODES, *_FACTS, self.price_column, "OPR_INTERVAL", "GROUP")


# --- rows ---------------------------------------------------------------------------------------


def _ordered_rows(prices: pl.DataFrame, form: Form) -> pl.DataFrame:
    """Put a tidy frame into the long shape and order of OASIS.

    Returns:
        Grain: one row per published price: ``node``, ``interval_start``, ``lmp_type``, ``data_item``,
        ``price`` ($/MWh), ``GROUP`` (from 1, one per trade date, node and component).
    """
    ranked = prices.with_columns(series=_series_rank(prices), position=_position(form))
    rows = pl.concat([_rows_of(ranked, component, form) for component in form.published])
    rows = rows.with_columns(position=_scattered(form)) if form.market in _HOURLY else rows
    rows = rows.sort("series", "position").with_columns(GROUP=pl.col("series").rle_id() + 1)
    rows = rows.sample(fraction=1, shuffle=True, seed=form.seed) if form.shuffled else rows
    return rows.select("node", "interval_start", "lmp_type", "data_item", "price", "GROUP")


def _series_rank(prices: pl.DataFrame) -> pl.Expr:
    """Number the (trade date, node) pairs in their order; strings are compared once per node only."""
    nodes = prices["node"].unique().sort()
    node_rank = pl.col("node").cast(pl.Enum(nodes)).to_physical().cast(pl.UInt64)
    return pl.col("trade_date").to_physical().cast(pl.UInt64) * max(len(nodes), 1) + node_rank


def _rows_of(ranked: pl.DataFrame, component: Component, form: Form) -> pl.DataFrame:
    place = form.published.index(component)
    return ranked.filter(pl.col(component).is_not_null()).select(
        "node",
        "interval_start",
        "position",
        series=pl.col("series") * len(COMPONENTS) + place,
        lmp_type=pl.lit(component.lmp_type),
        data_item=pl.lit(component.data_item),
        price=pl.when(pl.col(component) != 0).then(pl.col(component)).otherwise(0.0),  # no "-0" for -0.0
    )


def _position(form: Form) -> pl.Expr:
    """Order real-time rows inside a group: five minutes by time, quarter-hours by quarter before hour."""
    second = pl.col("interval_start").dt.epoch("s").cast(pl.UInt64)
    quarter_first = form.market in (Market.FMM, Market.HASP)
    return second + pl.col("operating_interval").cast(pl.UInt64) * 2**40 if quarter_first else second


def _scattered(form: Form) -> pl.Expr:
    """Order hourly rows inside a group at random: a multiplicative hash of time, series and seed."""
    mixed = pl.col("position") + pl.col("series") * 2_654_435_761 + (form.seed % 2**31) * 40_503
    mixed = mixed * pl.lit(0x9E37_79B9_7F4A_7C15, pl.UInt64)
    mixed = (mixed ^ (mixed // 2**32)) * pl.lit(0xBF58_476D_1CE4_E5B9, pl.UInt64)
    return mixed // 2**32


def _labels(prices: pl.DataFrame, form: Form) -> pl.DataFrame:
    """Write the time columns as text, once per interval.

    Returns:
        Grain: one row per ``interval_start``: the time columns of CSV, and INTERVAL_NUM of XML, which
        counts the intervals there are from 1 over the trade date.
    """
    hour = pl.col("operating_hour").cast(pl.String)
    midnight = pl.col("trade_date").cast(pl.Datetime("us")).dt.replace_time_zone(PACIFIC)
    minutes = (pl.col("interval_start_local") - midnight).dt.total_minutes()
    return prices.unique("interval_start").select(
        "interval_start",
        INTERVALSTARTTIME_GMT=pl.col("interval_start").dt.to_string(_GMT),
        INTERVALENDTIME_GMT=pl.col("interval_end").dt.to_string(_GMT),
        OPR_DT=pl.col("trade_date").dt.to_string("%Y-%m-%d"),
        OPR_HR=hour if form.market in _HOURLY else hour.str.zfill(2),
        OPR_INTERVAL=pl.col("operating_interval"),
        INTERVAL_NUM=minutes // form.market.report.interval_minutes + 1,
    )


# --- CSV ----------------------------------------------------------------------------------------


def render_csv(prices: pl.DataFrame, form: Form) -> bytes:
    """Render one CSV member, with its header even where there are no rows."""
    content = io.BytesIO()
    content.write(",".join(form.csv_columns).encode() + b"\n")
    labels = _labels(prices, form)
    for rows in _ordered_rows(prices, form).iter_slices(_ROWS_AT_ONCE):
        labelled = rows.join(labels, on="interval_start", how="left", maintain_order="left")
        # Polars writes the shortest text that reads back equal; OASIS never writes an exponent.
        labelled.select(_csv_expressions(form)).write_csv(content, include_header=False, float_scientific=False)
    return content.getvalue()


def _csv_expressions(form: Form) -> list[pl.Expr]:
    aggregated = pl.col("node").str.ends_with("-APND")
    special = {
        **dict.fromkeys((*_NODES, "PNODE_RESMRID"), pl.col("node")),
        "MARKET_RUN_ID": pl.lit(form.market.report.market_run_id),
        "LMP_TYPE": pl.col("lmp_type"),
        "XML_DATA_ITEM": pl.col("data_item"),
        "GRP_TYPE": pl.when(aggregated).then(pl.lit("ALL_APNODES")).otherwise(pl.lit("ALL")),
        "POS": (~aggregated).cast(pl.UInt8),
        form.price_column: pl.col("price"),
    }
    return [special.get(name, pl.col(name)).alias(name) for name in form.csv_columns]


# --- XML ----------------------------------------------------------------------------------------

_NAMESPACE: Final = "http://www.caiso.com/soa/OASISReport_v1.xsd"
_DISCLAIMER: Final = "Rendered by a simulator of OASIS: nothing here was published by the California ISO."


def render_xml(prices: pl.DataFrame, form: Form, made_at: datetime, prefix: Prefix = "") -> bytes:
    """Render one XML member (``resultformat=5``): a REPORT_ITEM per group, a REPORT_DATA per price."""
    rows = _ordered_rows(prices, form)
    labelled = rows.join(_labels(prices, form), on="interval_start", how="left", maintain_order="left")
    text = labelled.select(item=_item_expression(labelled, form.market.report, prefix))
    return _envelope("\n".join(text["item"].to_list()), made_at, prefix)


def _item_expression(rows: pl.DataFrame, report: Report, prefix: Prefix) -> pl.Expr:
    """Build the expression of each row's element, with those that open and close its group around it."""
    opens = pl.col("GROUP").ne_missing(pl.col("GROUP").shift())
    closes = pl.col("GROUP").ne_missing(pl.col("GROUP").shift(-1))
    return pl.concat_str(
        pl.when(opens).then(pl.lit(_report_header(report, prefix))).otherwise(pl.lit("")),
        _element("REPORT_DATA", _report_fields(rows), prefix),
        pl.when(closes).then(pl.lit(f"\n</{prefix}REPORT_ITEM>")).otherwise(pl.lit("")),
    )


def _report_fields(rows: pl.DataFrame) -> dict[str, pl.Expr]:
    return {
        "DATA_ITEM": pl.col("data_item"),
        "RESOURCE_NAME": pl.col("node").str.replace_many({"&": "&amp;", "<": "&lt;", ">": "&gt;"}),
        "OPR_DATE": pl.col("OPR_DT"),
        "INTERVAL_NUM": pl.col("INTERVAL_NUM"),
        "INTERVAL_START_GMT": pl.col("INTERVALSTARTTIME_GMT"),
        "INTERVAL_END_GMT": pl.col("INTERVALENDTIME_GMT"),
        "VALUE": pl.lit(_decimal_text(rows["price"])),
    }


def _element(tag: str, fields: dict[str, pl.Expr], prefix: Prefix) -> pl.Expr:
    lines = "\n".join(f"<{prefix}{name}>{{}}</{prefix}{name}>" for name in fields)
    return pl.format(f"<{prefix}{tag}>\n{lines}\n</{prefix}{tag}>", *fields.values())


def _decimal_text(price: pl.Series) -> pl.Series:
    """Write prices as in CSV; only the CSV writer of Polars can leave out exponents."""
    lines = price.to_frame().write_csv(include_header=False, float_scientific=False).splitlines()
    return pl.Series(lines, dtype=pl.String)


def _report_header(report: Report, prefix: Prefix) -> str:
    fields = {
        "SYSTEM": "OASIS",
        "TZ": "PPT",
        "REPORT": report.query_name,
        "MKT_TYPE": report.market_run_id,
        "UOM": "US$/MWh",
        "INTERVAL": "ENDING",
        "SEC_PER_INTERVAL": str(report.interval_minutes * 60),
    }
    lines = "\n".join(f"<{prefix}{name}>{text}</{prefix}{name}>" for name, text in fields.items())
    return f"<{prefix}REPORT_ITEM>\n<{prefix}REPORT_HEADER>\n{lines}\n</{prefix}REPORT_HEADER>\n"


def _envelope(body: str, made_at: datetime, prefix: Prefix) -> bytes:
    declaration = f"xmlns:{prefix[:-1]}" if prefix else "xmlns"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<{prefix}OASISReport {declaration}="{_NAMESPACE}">
<{prefix}MessageHeader>
<{prefix}TimeDate>{require_zone(made_at):{_GMT}}</{prefix}TimeDate>
<{prefix}Source>OASIS</{prefix}Source>
<{prefix}Version>v20131201</{prefix}Version>
</{prefix}MessageHeader>
<{prefix}MessagePayload>
<{prefix}RTO>
<{prefix}name>CAISO</{prefix}name>
{body}
<{prefix}DISCLAIMER_ITEM>
<{prefix}DISCLAIMER>{_DISCLAIMER}</{prefix}DISCLAIMER>
</{prefix}DISCLAIMER_ITEM>
</{prefix}RTO>
</{prefix}MessagePayload>
</{prefix}OASISReport>
""".encode()


def render_error(code: int, made_at: datetime, description: str = "", prefix: Prefix = "m:") -> bytes:
    """Render the XML member by which OASIS answers an error; any code, described by its meaning if known."""
    known = OASIS_CODES.get(code)
    told = description or (known.meaning if known else "an error without description")
    fields = {"ERR_CODE": str(code), "ERR_DESC": escape(told)}
    lines = "\n".join(f"<{prefix}{name}>{text}</{prefix}{name}>" for name, text in fields.items())
    return _envelope(f"<{prefix}ERROR>\n{lines}\n</{prefix}ERROR>", made_at, prefix)


# --- zips and their names -----------------------------------------------------------------------

INVALID_REQUEST: Final = "INVALID_REQUEST.xml"
"""Member that answers a question OASIS does not accept; the zip is called so too, with ``.zip`` behind."""


def split_members(prices: pl.DataFrame, form: Form, stem: str) -> list[tuple[str, bytes]]:
    """Render one CSV member per component, as all-node files of today have it.

    A component without any price has no member.
    """
    there = [component for component in form.published if prices[component].null_count() < prices.height]
    alone = {component: replace(form, components=(component,)) for component in there}
    return [(member_name(stem, component), render_csv(prices, alone[component])) for component in there]


class _Unseekable(io.RawIOBase):
    """Collects bytes in order, so that ``zipfile`` writes sizes behind each member, as OASIS does."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, content: bytes) -> int:  # type: ignore[override]  # zipfile hands over bytes only
        self.parts.append(bytes(content))
        return len(content)

    def writable(self) -> bool:
        return True


def render_zip(members: Sequence[tuple[str, bytes]], made_at: datetime) -> bytes:
    """Zip (name, content) members as OASIS does: deflated, streamed, stamped with the Pacific time.

    The same members at the same moment are always the same bytes.
    """
    stream = _Unseekable()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            entry = zipfile.ZipInfo(name, _pacific(made_at).timetuple()[:6])
            entry.create_system = 0  # as the recorded zips; Python would write the system it runs on
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return b"".join(stream.parts)


def _pacific(moment: datetime) -> datetime:
    return require_zone(moment).astimezone(ZoneInfo(PACIFIC))


def single_stem(query_name: str, run: str, window: tuple[datetime, datetime], made_at: datetime, version: int) -> str:
    """Name a SingleZip answer, without extension; the stamp is the Pacific time of making.

    Args:
        query_name: Report, for instance ``PRC_LMP`` or ``ATL_PNODE``.
        run: ``market_run_id``; ``N`` for reports that have none.
        window: Start and end as asked; the name has their Pacific dates.
        made_at: When the answer was made.
        version: Version of the report.
    """
    start, end = (f"{trade_date_of(bound):%Y%m%d}" for bound in window)
    return f"{start}_{end}_{query_name}_{run}_{_pacific(made_at):%Y%m%d_%H_%M_%S}_v{version}"


def group_stem(group_id: str, trade_date: date, version: int, hour: int | None = None) -> str:
    """Name a GroupZip answer in CSV, without extension; real-time groups name their operating hour."""
    term = "N" if hour is None else f"{hour:02}"
    return f"{trade_date:%Y%m%d}_{trade_date:%Y%m%d}_{group_id}_{term}_N_v{version}_csv"


def group_member_stem(report: Report, trade_date: date, version: int, hour: int | None = None) -> str:
    """Name the member of a GroupZip answer, without extension and component."""
    term = "" if hour is None else f"_{hour:02}"
    return f"{trade_date:%Y%m%d}_{trade_date:%Y%m%d}_{report.query_name}_{report.market_run_id}{term}_v{version}"


def member_name(stem: str, component: Component | None = None, extension: str = "csv") -> str:
    """Name a member; one that holds a single component has its LMP_TYPE before the version."""
    if component is None:
        return f"{stem}.{extension}"
    start, _, version = stem.rpartition("_v")
    return f"{start}_{component.lmp_type}_v{version}.{extension}"
