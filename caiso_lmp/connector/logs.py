"""Structured log lines: one JSON object, or one line of text, for each request and each run."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path
from typing import Any, Final

from caiso_lmp.connector.config_parts import Logging
from caiso_lmp.errors import UsageError

_OWN: Final = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Give what a log call told beside its message."""
    return {name: value for name, value in vars(record).items() if name not in _OWN}


class JsonLines(logging.Formatter):
    """One JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **fields_of(record),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told, default=_plain, ensure_ascii=False)


class TextLines(logging.Formatter):
    """One line for people, with what the JSON has as name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        time = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        told = " ".join(f"{name}={_plain(value)}" for name, value in fields_of(record).items())
        line = f"{time} {record.levelname:<7} {record.getMessage()}" + (f"  {told}" if told else "")
        return line if not record.exc_info else f"{line}\n{self.formatException(record.exc_info)}"


def _plain(told: object) -> str:
    return told.isoformat() if isinstance(told, datetime | date) else str(told)


@contextmanager
def log_as_configured(told: Logging, *, verbose: bool = False) -> Iterator[None]:
    """Send what the package logs where the configuration says, while the block runs.

    Raises:
        UsageError: The log file cannot be written.
    """
    logger = logging.getLogger("caiso_lmp")
    handler = _handler(told)
    handler.setFormatter(JsonLines() if told.format == "json" else TextLines())
    level, propagate = logger.level, logger.propagate
    logger.setLevel("DEBUG" if verbose else told.level)
    logger.propagate = False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate
        handler.close()


def _handler(told: Logging) -> logging.Handler:
    if told.file is None:
        return logging.StreamHandler()
    file = Path(told.file).expanduser()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return TimedRotatingFileHandler(
            file, when="midnight", utc=True, backupCount=told.retention_days, encoding="utf-8"
        )
    except OSError as error:
        raise UsageError(
            f"the log file {file} cannot be written: {error}", hint="set logging.file to another"
        ) from error
