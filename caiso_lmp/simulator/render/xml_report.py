"""A tidy frame, or an error, → one XML member."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal
from xml.sax.saxutils import escape

import polars as pl

from caiso_lmp.market import OASIS_CODES, Report
from caiso_lmp.simulator.render.form import Form
from caiso_lmp.simulator.render.rows import GMT, ordered_rows, time_labels
from caiso_lmp.trading_time import require_zone

Prefix = Literal["", "m:"]  # reports of 2016 have a default namespace, the errors of today a prefix

_NAMESPACE: Final = "http://www.caiso.com/soa/OASISReport_v1.xsd"
_DISCLAIMER: Final = "Rendered by a simulator of OASIS: nothing here was published by the California ISO."


def render_xml(prices: pl.DataFrame, form: Form, made_at: datetime, prefix: Prefix = "") -> bytes:
    """Render one XML member (``resultformat=5``): a REPORT_ITEM per group, a REPORT_DATA per price."""
    rows = ordered_rows(prices, form)
    labelled = rows.join(time_labels(prices, form), on="interval_start", how="left", maintain_order="left")
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
<{prefix}TimeDate>{require_zone(made_at):{GMT}}</{prefix}TimeDate>
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
