"""Every error of the package, in one tree. Exit code 2 for :class:`UsageError`, 1 for the rest.

    CaisoLmpError
    ├── UsageError                 wrong use or configuration: nothing was done
    │   └── UnknownNodeError       a node that does not exist
    ├── IncompletePricesError      prices that were asked for are missing
    ├── OasisFileError             one file is not a loadable set of prices
    │   ├── OasisAnswerError       OASIS answered with an error code instead of a report
    │   │   └── NoDataError        … with code 1000, "no data": a normal outcome
    │   ├── UnreadableFileError    the system does not let us read it
    │   ├── NotPricesError         an OASIS report, but not of locational marginal prices
    │   ├── NotOasisFileError      nothing that OASIS writes
    │   ├── HtmlPageError          a web page where a report should be (throttle or outage)
    │   ├── BrokenZipError         truncated, corrupt or unreadable archive
    │   ├── OversizedFileError     inflates past the stated limit
    │   ├── MixedMembersError      members that cannot be one answer
    │   ├── MissingColumnError     a column is absent, renamed or doubled
    │   ├── BrokenRowsError        lines or elements that cannot be read as rows
    │   ├── TimeContradictionError times and trading labels of a row disagree
    │   ├── ConflictingPricesError two different prices for one key
    │   └── PartialFileError       a whole price component is absent
    ├── RawStoreError              the folder of raw files cannot be read or written
    │   └── RawFileChangedError    a kept file is not what its manifest says
    ├── WarehouseError             the DuckDB file cannot be used as a warehouse
    │   └── WarehouseLockedError   another process kept it locked for the whole waiting time
    ├── EventsError                prices cannot be published as events
    │   ├── UnfitEventError        a row of prices from which no true event can be made
    │   ├── BrokerError            Kafka refuses what we send, or cannot be used
    │   │   ├── BrokerUnreachableError  no broker answers
    │   │   ├── TopicMissingError       the cluster has no such topic
    │   │   ├── NotAuthorizedError      the cluster does not let us in, or not do this
    │   │   ├── MessageTooLargeError    an event or a batch is larger than the topic allows
    │   │   └── FencedError             another exporter of the same warehouse has taken over
    │   ├── RegistryError          the schema registry refuses the schema, or cannot be reached
    │   └── OutboxBehindError      the topic has batches that the warehouse does not know
    └── ConnectorError             an extraction did not bring what must be there
        ├── ExtractionError        OASIS refused, or answered nothing where there must be something
        ├── NetworkError           OASIS could not be reached, or throttled beyond all retries
        └── ValidationError        what OASIS answered is broken

    IncompletePricesWarning        the same as a warning: what is there is given

Every error says what happened, where (file, member, rows), and what to do about it (``hint``).
It is not the place for normal outcomes inside the package: those are values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class CaisoLmpError(Exception):
    """Base of all errors of this package.

    Attributes:
        message: What happened, in one sentence.
        hint: What to do about it; empty when there is nothing to do.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(CaisoLmpError):
    """The question itself is wrong: an argument, an option or a setting."""


class UnknownNodeError(UsageError):
    """A node does not exist.

    Attributes:
        nodes: The names that are none.
        near: Nodes that may have been meant by the first of them, the likeliest first.
    """

    def __init__(self, message: str, *, hint: str = "", nodes: Sequence[str] = (), near: Sequence[str] = ()) -> None:
        super().__init__(message, hint=hint)
        self.nodes = tuple(nodes)
        self.near = tuple(near)


class IncompletePricesError(CaisoLmpError):
    """Prices that were asked for are missing, and the caller takes all or nothing.

    Attributes:
        missing: Stretches of trade dates that lack some; each reads as a sentence.
    """

    def __init__(self, message: str, *, hint: str = "", missing: Sequence[object] = ()) -> None:
        super().__init__(message, hint=hint)
        self.missing = tuple(missing)


class IncompletePricesWarning(UserWarning):
    """Prices that were asked for are missing: the answer has what is there.

    Attributes:
        message: What is missing.
        hint: How to complete it.
        missing: Stretches of trade dates that lack some; each reads as a sentence.
    """

    def __init__(self, message: str, *, hint: str = "", missing: Sequence[object] = ()) -> None:
        super().__init__(f"{message} ({hint})" if hint else message)
        self.message = message
        self.hint = hint
        self.missing = tuple(missing)


class OasisFileError(CaisoLmpError):
    """One file cannot be loaded.

    Attributes:
        file: The file as the caller named it; None while only its bytes are known.
        member: The member of the zip concerned, if one is.
        rows: Numbers of the rows concerned (the first data row is 1), the first few of them.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        file: Path | str | None = None,
        member: str | None = None,
        rows: Sequence[int] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.file = file
        self.member = member
        self.rows = tuple(rows)

    @property
    def place(self) -> str:
        """Where in the file: member and rows, as far as they are known."""
        own_name = Path(self.file).name if self.file is not None else None
        where = [f"member {self.member}"] if self.member and self.member != own_name else []
        if self.rows:
            where.append(f"row{'s' if len(self.rows) > 1 else ''} {', '.join(map(str, self.rows))}")
        return ", ".join(where)

    def __str__(self) -> str:
        where = [str(self.file)] if self.file is not None else []
        where += [self.place] if self.place else []
        return f"{', '.join(where)}: {super().__str__()}" if where else super().__str__()


class OasisAnswerError(OasisFileError):
    """OASIS answered with an error report.

    Attributes:
        code: The number in ``ERR_CODE`` (1001 … 1020), as published in the interface specification.
    """

    def __init__(
        self, message: str, *, code: int, hint: str = "", file: Path | str | None = None, member: str | None = None
    ) -> None:
        super().__init__(message, hint=hint, file=file, member=member)
        self.code = code


class NoDataError(OasisAnswerError):
    """OASIS has no data for this question (code 1000): not yet, no longer, or never."""


class UnreadableFileError(OasisFileError):
    """The file cannot be opened or read: permissions, or a fault of the disk."""


class NotPricesError(OasisFileError):
    """A report of OASIS that holds no locational marginal prices, such as a load forecast or the node atlas."""


class NotOasisFileError(OasisFileError):
    """The content is nothing that OASIS writes."""


class HtmlPageError(OasisFileError):
    """A web page stands where the report should be: OASIS was throttling or down when it was saved."""


class BrokenZipError(OasisFileError):
    """The archive is truncated or corrupt; every byte of a zip is accounted for before its prices are used."""


class OversizedFileError(OasisFileError):
    """The file inflates past the stated limit, which no answer of OASIS does."""


class MixedMembersError(OasisFileError):
    """The members of one zip cannot be one answer: prices beside errors, or several markets."""


class MissingColumnError(OasisFileError):
    """A column that the report must have is absent, renamed or there twice."""


class BrokenRowsError(OasisFileError):
    """Lines (CSV) or elements (XML) that cannot be read as rows, as in a file that was cut."""


class TimeContradictionError(OasisFileError):
    """The UTC times of a row contradict each other or its OPR_DT, OPR_HR or OPR_INTERVAL."""


class ConflictingPricesError(OasisFileError):
    """One file gives two different prices for one (market, node, interval start, component)."""


class PartialFileError(OasisFileError):
    """A whole component that the market publishes is absent: loading the rest would pass for complete."""


class RawStoreError(CaisoLmpError):
    """The folder of raw files cannot be read or written."""


class RawFileChangedError(RawStoreError):
    """A kept raw file is missing or no longer has the bytes its manifest names."""


class WarehouseError(CaisoLmpError):
    """The DuckDB file cannot be used as a warehouse of this version."""


class WarehouseLockedError(WarehouseError):
    """Another process held the warehouse for the whole waiting time."""


class EventsError(CaisoLmpError):
    """Prices cannot be published as events."""


class UnfitEventError(EventsError):
    """A row of prices from which no true event can be made: a null, a price that is no number, a wrong name."""


class BrokerError(EventsError):
    """Kafka refuses what we send, or cannot be used."""


class BrokerUnreachableError(BrokerError):
    """No broker answers, for as long as we waited."""


class TopicMissingError(BrokerError):
    """The cluster has no topic of this name."""


class NotAuthorizedError(BrokerError):
    """The cluster does not let us in, or does not let us do this."""


class MessageTooLargeError(BrokerError):
    """An event, or a batch of them, is larger than the topic allows."""


class FencedError(BrokerError):
    """Another exporter of the same warehouse and destination has taken over."""


class RegistryError(EventsError):
    """The schema registry refuses the schema or us, or cannot be reached."""


class OutboxBehindError(EventsError):
    """The topic has batches of this warehouse that the warehouse does not know: it is an older copy of itself."""


class ConnectorError(CaisoLmpError):
    """An extraction of a connector did not bring what must be there. What came is kept and used next time.

    Attributes:
        metadata: What is known of the extraction: requests, coverage, incomplete trade dates.
    """

    def __init__(self, message: str, *, hint: str = "", metadata: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, hint=hint)
        self.metadata = dict(metadata or {})


class ExtractionError(ConnectorError):
    """OASIS refused the question, or answered nothing where there must be something."""


class NetworkError(ConnectorError):
    """OASIS could not be reached, or throttled beyond all retries."""


class ValidationError(ConnectorError):
    """What OASIS answered is broken: damaged again and again, or prices that fail validation."""
