"""Bodies as OASIS sends them, built on the spot."""

from __future__ import annotations

import io
import zipfile

THROTTLE_PAGE = (
    b"<html><body><p>CAISO Acceptable Use Policy Violation. Please retry your request after 5 seconds."
    b"</p></body></html>"
)
OUTAGE_PAGE = b"<!DOCTYPE html><html><body><h1>Service unavailable</h1></body></html>"
CSV = b"INTERVALSTARTTIME_GMT,NODE,LMP_TYPE,MW\n2024-03-10T08:00:00-00:00,A,LMP,1.5\n"

_NEW_REPORT = """<?xml version="1.0" encoding="UTF-8"?>
<m:OASISReport xmlns:m="http://www.caiso.com/soa/OASISReport_v1.xsd"><m:MessagePayload><m:RTO><m:name>CAISO</m:name>
<m:ERROR><m:ERR_CODE>{code}</m:ERR_CODE><m:ERR_DESC>{words}</m:ERR_DESC></m:ERROR>
</m:RTO></m:MessagePayload></m:OASISReport>"""
_OLD_REPORT = """<?xml version="1.0"?><OASISReport xmlns="http://www.caiso.com/soa/OASISReport_v1.xsd"><MessagePayload>
<RTO><ERROR><ERR_CODE>{code}</ERR_CODE><ERR_DESC>{words}</ERR_DESC></ERROR></RTO></MessagePayload></OASISReport>"""


def zipped(**members: bytes) -> bytes:
    """Zip members; a double underscore in a name stands for the dot before its suffix."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return file.getvalue()


def error_xml(
    code: int | str, words: str = "No data returned for the specified selection", *, old: bool = False
) -> bytes:
    return (_OLD_REPORT if old else _NEW_REPORT).format(code=code, words=words).encode()


def error_zip(code: int | str, *, old: bool = False) -> bytes:
    return zipped(INVALID_REQUEST__xml=error_xml(code, old=old))


PRICES = zipped(prices__csv=CSV)
