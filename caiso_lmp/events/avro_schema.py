"""The Avro schema of an event: the file of this package, or one that a user configured instead.

A configured schema may rename the record, leave fields out, or add fields that have defaults. It may not ask for
what an event does not say: that is refused here, before anything is published.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from caiso_lmp.errors import UsageError
from caiso_lmp.events.extra import import_extra

SCHEMA_FILE: Final = "raw_caiso_trade.avsc"
_SINGLE_OBJECT: Final = b"\xc3\x01"
_SAMPLE: Final = {  # what a configured schema must be able to hold
    "event_id": "b0834a79-86b5-5131-a944-c686bee7adb8",
    "occurred_at": 1_710_226_800_000_000,
    "tenant_id": "default",
    "schema_version": "1.0.0",
    "producer": "caiso-connector",
    "market": "CAISO",
    "node": "TH_NP15_GEN-APND",
    "lmp_type": "LMP",
    "price": 0.1,  # a float would not hold it
    "quantity": None,
    "market_run_id": "DAM",
    "interval_start": "2024-03-12T07:00:00Z",
    "interval_end": "2024-03-12T08:00:00Z",
    "trade_date": "2024-03-12",
    "revision": 1,
    "extraction_metadata": {
        "extraction_time": "2024-03-11T20:05:01.250000Z",
        "source": "oasis.caiso.com",
        "version": "",
        "raw_sha256": "",
    },
}


@dataclass(frozen=True)
class AvroSchema:
    """An Avro schema that events can be written with.

    Attributes:
        text: The schema as JSON, as it is registered.

    Raises:
        UsageError: It is no Avro schema, or events cannot be written with it.
    """

    text: str

    def __post_init__(self) -> None:
        fastavro = import_extra("fastavro")
        wrong = (ValueError, KeyError, TypeError, AttributeError, fastavro.schema.SchemaParseException)
        try:
            self._hold_a_sample()
        except (*wrong, fastavro.validation.ValidationError) as error:
            raise UsageError(
                f"events cannot be written with this Avro schema: {error!r}",
                hint=f"fields are those of the package's {SCHEMA_FILE}; a new one needs a default",
            ) from error

    def _hold_a_sample(self) -> None:
        """Write an event, check its types, and read it again: a float would cut prices without an error."""
        fastavro = import_extra("fastavro")
        stream = BytesIO()
        fastavro.schemaless_writer(stream, self.parsed, _SAMPLE)
        fastavro.validate(_SAMPLE, self.parsed, raise_errors=True)
        read = fastavro.schemaless_reader(BytesIO(stream.getvalue()), self.parsed, None)
        if read.get("price", _SAMPLE["price"]) != _SAMPLE["price"]:
            raise ValueError("a price would lose digits; its type must be double")

    @cached_property
    def fields(self) -> list[dict[str, Any]]:
        """The fields of the record as the text gives them."""
        return list(json.loads(self.text)["fields"])

    @cached_property
    def parsed(self) -> Any:  # noqa: ANN401  # fastavro's own form of a schema, opaque to us
        """The schema as fastavro reads it."""
        return import_extra("fastavro").parse_schema(json.loads(self.text))

    @cached_property
    def single_object_prefix(self) -> bytes:
        """What stands before a single object: C3 01 and the CRC-64-AVRO fingerprint, little-endian."""
        schema = import_extra("fastavro.schema")
        canonical = schema.to_parsing_canonical_form(json.loads(self.text))
        return _SINGLE_OBJECT + bytes.fromhex(schema.fingerprint(canonical, "CRC-64-AVRO"))


def read_avro_schema(path: Path | None = None) -> AvroSchema:
    """Read the package's schema, or the one in a file.

    Raises:
        UsageError: The file cannot be read, or is no schema for events.
    """
    if path is None:
        return AvroSchema(resources.files("caiso_lmp.events").joinpath(SCHEMA_FILE).read_text("utf-8"))
    try:
        return AvroSchema(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the Avro schema {path} cannot be read: {error}", hint="name a readable .avsc file"
        ) from error
    except UsageError as error:
        raise UsageError(f"{path}: {error.message}", hint=error.hint) from error
