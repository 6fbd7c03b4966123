"""The schema may grow: who reads with the first version and who wrote with it stay served."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import avro.schema
import pytest
from fastavro.read import SchemaResolutionError
from hypothesis import given
from plain_event import SCHEMA, SCHEMA_FILE, plain_event, read_avro, write_avro
from published_frames import PRICE, prices

from caiso_lmp.events.avro_schema import read_avro_schema
from caiso_lmp.events.record import EVENT, SCHEMA_VERSION

# As it was first published; never edit it.
FIRST = json.loads((Path(__file__).parent / "raw_caiso_trade_first_version.avsc").read_text("utf-8"))


def changed(**field: Any) -> dict[str, Any]:
    """Give the first version with one more field."""
    return FIRST | {"fields": [*FIRST["fields"], field]}


@given(prices())
def test_readers_of_today_read_what_was_written_first(price: dict[str, Any]) -> None:
    """An event written with the first version is read with today's, whole."""
    event = plain_event(price)
    read = read_avro(write_avro(event, FIRST), FIRST, SCHEMA)
    assert {name: read[name] for name in event} == event


@given(prices())
def test_readers_of_the_first_version_read_what_is_written_today(price: dict[str, Any]) -> None:
    """An event written today is read with the first version, whole."""
    first = {field["name"] for field in FIRST["fields"]}
    event = plain_event(price)
    read = read_avro(write_avro(event), SCHEMA, FIRST)
    assert read == {name: value for name, value in event.items() if name in first}


def test_a_field_of_the_first_version_never_goes_or_changes() -> None:
    """Names, types and defaults of the first version are there today."""

    def without_doc(field: dict[str, Any]) -> str:
        return json.dumps({name: part for name, part in field.items() if name != "doc"}, sort_keys=True)

    today = {field["name"]: field for field in SCHEMA["fields"]}
    for field in FIRST["fields"]:
        if field["name"] == "extraction_metadata":
            parts = {part["name"]: part for part in today[field["name"]]["type"]["fields"]}
            for part in field["type"]["fields"]:
                assert without_doc(parts[part["name"]]) == without_doc(part)
        else:
            assert without_doc(today[field["name"]]) == without_doc(field)


def test_what_was_added_since_has_a_default() -> None:
    """A field that the first version has not must have a default."""
    first = {field["name"] for field in FIRST["fields"]}
    assert not [field for field in SCHEMA["fields"] if field["name"] not in first and "default" not in field]


def test_a_field_without_default_would_be_noticed() -> None:
    """The reading that these tests rely on fails for a field without default, and not for one with it."""
    written = write_avro(plain_event(PRICE), FIRST)
    with pytest.raises(SchemaResolutionError):
        read_avro(written, FIRST, changed(name="added", type="string"))
    assert read_avro(written, FIRST, changed(name="added", type="string", default="none"))["added"] == "none"


def test_the_file_names_the_fields_of_an_event() -> None:
    """The file and the frame have the same fields in the same order, and the version written is the file's."""
    assert [field["name"] for field in SCHEMA["fields"]] == EVENT.names()
    defaults = {field["name"]: field.get("default") for field in SCHEMA["fields"]}
    assert defaults["schema_version"] == SCHEMA_VERSION


def test_every_field_says_what_it_is() -> None:
    """Whoever finds the schema in a registry reads there what each field means."""
    metadata = next(field for field in SCHEMA["fields"] if field["name"] == "extraction_metadata")
    fields = [field for field in SCHEMA["fields"] if field is not metadata] + metadata["type"]["fields"]
    assert not [field["name"] for field in fields if not field.get("doc")]


def test_the_fingerprint_is_the_one_other_readers_look_for() -> None:
    """The fingerprint of a single object is the one that Apache's own Avro library computes."""
    schema = avro.schema.parse(SCHEMA_FILE.read_text("utf-8"))
    fingerprint = schema.fingerprint("CRC-64-AVRO")
    assert read_avro_schema().single_object_prefix == b"\xc3\x01" + fingerprint
