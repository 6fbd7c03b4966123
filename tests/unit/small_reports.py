"""Small OASIS files written cell by cell, so that a test can spoil exactly one of them.

They owe nothing to the package, not even its own renderer: labels come from ``zoneinfo``, bytes from ``str.join``.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import pytest

from caiso_lmp.errors import OasisFileError
from caiso_lmp.pipeline.container import MAX_INFLATED_BYTES
from caiso_lmp.reading import TidyFile, read_file

PACIFIC = ZoneInfo("America/Los_Angeles")
GMT = "%Y-%m-%dT%H:%M:%S-00:00"
START = datetime(2024, 7, 2, 8, tzinfo=UTC)  # 01:00 in the Pacific summer: operating hour 2
HOUR = timedelta(hours=1)
NODE = "NODE_1_N001"
MINUTES = {"DAM": 60, "RUC": 60, "HASP": 15, "RTPD": 15, "RTM": 5}
REPORTS = {"HASP": "PRC_HASP_LMP", "RTPD": "PRC_RTPD_LMP", "RTM": "PRC_INTVL_LMP"}
ITEMS = {"LMP": "LMP_PRC", "MCE": "LMP_ENE_PRC", "MCC": "LMP_CONG_PRC", "MCL": "LMP_LOSS_PRC", "MGHG": "LMP_GHG_PRC"}
PRICES = {"LMP": "10.5", "MCE": "11", "MCC": "-0.25", "MCL": "-0.25"}

TIMES = ("INTERVALSTARTTIME_GMT", "INTERVALENDTIME_GMT", "OPR_DT", "OPR_HR")
NODES = ("NODE_ID_XML", "NODE_ID", "NODE")
FACTS = ("MARKET_RUN_ID", "LMP_TYPE", "XML_DATA_ITEM", "PNODE_RESMRID", "GRP_TYPE", "POS")
HOURLY = (*TIMES, "OPR_INTERVAL", *NODES, *FACTS, "MW", "GROUP")
REAL_TIME = (*TIMES, *NODES, *FACTS, "VALUE", "OPR_INTERVAL", "GROUP")
XML_FIELDS = {  # element of REPORT_DATA: the column that says the same
    "DATA_ITEM": "XML_DATA_ITEM",
    "RESOURCE_NAME": "NODE",
    "OPR_DATE": "OPR_DT",
    "INTERVAL_NUM": "INTERVAL_NUM",
    "INTERVAL_START_GMT": "INTERVALSTARTTIME_GMT",
    "INTERVAL_END_GMT": "INTERVALENDTIME_GMT",
    "VALUE": "VALUE",
}

Cells = dict[str, str]


# --- rows ---------------------------------------------------------------------------------------


def cells(lmp_type: str, price: str, *, start: datetime = START, node: str = NODE, run: str = "DAM", **spoiled: str):
    """Write one row whose labels agree, but for the cells that a test names."""
    minutes, local = MINUTES[run], start.astimezone(PACIFIC)
    hour = 25 if local.fold else local.hour + 1
    midnight = local.replace(hour=0, minute=0, fold=0).astimezone(UTC)
    row = {
        "INTERVALSTARTTIME_GMT": f"{start:{GMT}}",
        "INTERVALENDTIME_GMT": f"{start + timedelta(minutes=minutes):{GMT}}",
        "OPR_DT": f"{local:%Y-%m-%d}",
        "OPR_HR": str(hour) if minutes == 60 else f"{hour:02}",
        "OPR_INTERVAL": "0" if minutes == 60 else str(local.minute // minutes + 1),
        "INTERVAL_NUM": str((start - midnight) // timedelta(minutes=minutes) + 1),
        **dict.fromkeys(("NODE_ID_XML", "NODE_ID", "NODE", "PNODE_RESMRID"), node),
        "MARKET_RUN_ID": run,
        "LMP_TYPE": lmp_type,
        "XML_DATA_ITEM": ITEMS.get(lmp_type, f"{lmp_type}_PRC"),
        "GRP_TYPE": "ALL",
        "POS": "1",
        "GROUP": "1",
        **dict.fromkeys(("MW", "PRC", "VALUE"), price),
    }
    return {**row, **spoiled}


def interval(*, without: str = "", **changed) -> list[Cells]:
    """Write the four rows of one interval, perhaps without one of them."""
    return [cells(lmp_type, price, **changed) for lmp_type, price in PRICES.items() if lmp_type != without]


def hours(count: int, start: datetime = START, **changed) -> list[Cells]:
    """Write the rows of consecutive hours."""
    return [row for n in range(count) for row in interval(start=start + n * HOUR, **changed)]


# --- files --------------------------------------------------------------------------------------


def csv_file(rows: Iterable[Cells], columns: Sequence[str] = HOURLY, newline: str = "\n") -> bytes:
    lines = [",".join(columns), *(",".join(row[column] for column in columns) for row in rows)]
    return "".join(line + newline for line in lines).encode()


def xml_file(rows: Iterable[Cells], *, fields: Sequence[str] = tuple(XML_FIELDS), prefix: str = "") -> bytes:
    """Write one REPORT_ITEM with the market of the first row."""
    told = list(rows)
    run = told[0]["MARKET_RUN_ID"] if told else "DAM"
    header = elements({"REPORT": REPORTS.get(run, "PRC_LMP"), "MKT_TYPE": run, "INTERVAL": "ENDING"}, prefix)
    rows_told = [elements({field: row[XML_FIELDS[field]] for field in fields}, prefix) for row in told]
    body = "".join(f"<{prefix}REPORT_DATA>{row}</{prefix}REPORT_DATA>" for row in rows_told)
    return xml_report(
        f"<{prefix}REPORT_ITEM><{prefix}REPORT_HEADER>{header}</{prefix}REPORT_HEADER>{body}</{prefix}REPORT_ITEM>",
        prefix,
    )


def elements(fields: Cells, prefix: str = "") -> str:
    return "".join(f"<{prefix}{name}>{escape(text)}</{prefix}{name}>" for name, text in fields.items())


def xml_report(body: str, prefix: str = "") -> bytes:
    namespace = f'xmlns{":" if prefix else ""}{prefix[:-1]}="http://www.caiso.com/soa/OASISReport_v1.xsd"'
    opening = f"<{prefix}OASISReport {namespace}><{prefix}MessagePayload><{prefix}RTO>"
    closing = f"</{prefix}RTO></{prefix}MessagePayload></{prefix}OASISReport>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{opening}{body}{closing}\n'.encode()


def error_report(code: str | int, description: str = "words of OASIS", prefix: str = "m:") -> bytes:
    fields = elements({"ERR_CODE": str(code), "ERR_DESC": description}, prefix)
    return xml_report(f"<{prefix}ERROR>{fields}</{prefix}ERROR>", prefix)


def zip_file(*members: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        archive.comment = comment
        for name, member in members:
            archive.writestr(name, member)
    return content.getvalue()


ATLAS = b"PNODE_ID,PNODE_TYPE,EFF_START_DT,EFF_END_DT\nNODE_1_N001,,2009-03-31T00:00:00,2030-12-31T23:59:59\n"
LOAD_REPORT = xml_report("<REPORT_ITEM><REPORT_HEADER><REPORT>SLD_FCST</REPORT></REPORT_HEADER></REPORT_ITEM>")
THROTTLE_PAGE = b"<html><body><p>CAISO Acceptable Use Policy Violation.</p></body></html>"


# --- reading ------------------------------------------------------------------------------------


def read(file: Path, content: bytes, *, limit: int = MAX_INFLATED_BYTES) -> TidyFile:
    file.write_bytes(content)
    return read_file(file, limit=limit)


def refusal(
    file: Path,
    content: bytes,
    kind: type[OasisFileError],
    *,
    hint: str,
    member: str | None = None,
    rows: Sequence[int] = (),
    limit: int = MAX_INFLATED_BYTES,
) -> str:
    """Read a file that must be refused; check where and what to do; give the message."""
    with pytest.raises(kind) as caught:
        read(file, content, limit=limit)
    error = caught.value
    assert type(error) is kind
    assert (error.file, error.member, error.rows) == (file, member, tuple(rows))
    assert hint in error.hint
    assert str(error).startswith(str(file))
    return error.message
