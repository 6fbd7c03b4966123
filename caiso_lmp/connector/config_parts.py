"""The sections of a connector's configuration, each a strict, frozen model. Values only; nothing here acts.

The docstring below each option is what ``caiso-lmp config schema`` and editors show for it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from caiso_lmp.connector.schedule import check_cron
from caiso_lmp.errors import UsageError
from caiso_lmp.market import HUBS, parse_market
from caiso_lmp.schemas.oddities import IDENTITY_TOLERANCE, PLAUSIBLE

Mode = Literal["batch", "realtime", "hybrid"]


class Part(BaseModel):
    """What all sections have in common: no unknown keys, no silent conversions, no later changes."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )


def _told(error: UsageError) -> ValueError:
    """Say an error of ours in the words that pydantic passes on."""
    return ValueError(f"{error.message}; {error.hint}" if error.hint else error.message)


def _run_id(text: str) -> str:
    try:
        return parse_market(text).report.market_run_id
    except UsageError as error:
        raise _told(error) from error


def _cron(text: str) -> str:
    try:
        check_cron(text)
    except UsageError as error:
        raise _told(error) from error
    return text


def _listed(told: Any) -> Any:  # noqa: ANN401 - whatever a person wrote, before it is checked
    return list(told) if isinstance(told, tuple) else told


def _node_list(told: Any) -> Any:  # noqa: ANN401 - the same
    """Read ``hubs``, ``all``, one name or several."""
    if told == "hubs":
        return list(HUBS)
    return [told] if isinstance(told, str) else _listed(told)


def _sound_nodes(nodes: list[str]) -> list[str]:
    for node in nodes:
        if not node or node != node.strip() or "," in node:
            raise ValueError(f"{node!r} cannot be the name of a node; names have no commas and no outer blanks")
    if "all" in nodes and len(nodes) > 1:
        raise ValueError('"all" has every node already; leave out the other names')
    return list(dict.fromkeys(nodes))


def _text(told: Any) -> Any:  # noqa: ANN401 - the same
    return str(told) if isinstance(told, int) and not isinstance(told, bool) else told


RunId = Annotated[str, AfterValidator(_run_id), Field(examples=["DAM", "HASP", "RTPD", "RTM", "RUC"])]
Cron = Annotated[str, AfterValidator(_cron), Field(examples=["30 13 * * *"])]
Nodes = Annotated[
    list[str],
    BeforeValidator(_node_list, json_schema_input_type=str | list[str]),
    AfterValidator(_sound_nodes),
]
Names = Annotated[list[str], BeforeValidator(_listed)]
NumberText = Annotated[str, BeforeValidator(_text, json_schema_input_type=str | int), Field(pattern=r"^\d+$")]


class BatchWindow(Part):
    """Which trade dates a scheduled run makes complete."""

    days_back: int = Field(default=3, ge=0, le=366)
    """Trade dates before the day of the run."""
    days_ahead: int = Field(default=1, ge=0, le=1)
    """Trade dates after the day of the run, in day-ahead markets: their results come the day before."""
    max_catch_up_days: int = Field(default=31, ge=1, le=1200)
    """After downtime, how many trade dates back a run reaches at most."""
    retry_minutes: float = Field(default=15.0, ge=1, le=1440)
    """Pause before a run asks again for what is due and not there yet."""


class RealtimeWindow(Part):
    """How prices are followed as they appear."""

    poll_seconds: float = Field(default=60.0, ge=5, le=3600)
    """Pause before real-time prices that are due and not there yet are asked again."""
    day_ahead_poll_seconds: float = Field(default=300.0, ge=60, le=7200)
    """The same for day-ahead results, from 13:00 Pacific until they are there."""
    window_hours: float = Field(default=24.0, ge=1, le=240)
    """How far back one poll reaches after a gap; what is older is made up trade date by trade date."""
    overlap_minutes: int = Field(default=60, ge=0, le=1440)
    """How much before the newest known interval is asked again, to find what came late or was corrected."""


class MarketPlan(Part):
    """One market, with settings of its own where they differ from those of the connector."""

    market_run_id: RunId
    """OASIS's name of the market (DAM, HASP, RTPD, RTM, RUC), or ours (FMM, RTD)."""
    mode: Mode | None = None
    """How this market is followed; the connector's mode by default."""
    schedule: Cron | None = None
    """Cron expression in Pacific time; the connector's by default."""
    nodes: Nodes | None = None
    """Nodes of this market; the connector's by default."""
    batch: BatchWindow | None = None
    """Batch window of this market; the connector's by default."""
    realtime: RealtimeWindow | None = None
    """Realtime window of this market; the connector's by default."""


class Registry(Part):
    """The schema registry."""

    url: str
    """URL of the registry."""
    username: str | None = None
    """User name, if it asks for one."""
    password: SecretStr | None = None
    """Password: write ``${NAME}`` to take it from the environment."""


class Kafka(Part):
    """Where events go."""

    bootstrap_servers: str
    """Brokers, as ``host:port`` with commas between."""
    schema_registry: Registry | None = None
    """Registry that gives the ids of schemas."""
    encoding: Literal["confluent", "avro", "json"] | None = None
    """Encoding of the values: by default ``confluent`` where there is a registry, else ``avro``."""
    key: Literal["event_id", "node", "natural"] = "event_id"
    """What the key of a message is; ``natural`` is market run, node, interval start and component."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] | None = None
    """How to connect; plaintext by default."""
    sasl_mechanism: str | None = None
    """How to sign in, such as ``SCRAM-SHA-512``."""
    username: str | None = None
    """User name for it."""
    password: SecretStr | None = None
    """Password for it: write ``${NAME}`` to take it from the environment."""
    settings: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """Further settings of the producer, by the names of librdkafka."""


class Quality(Part):
    """Thresholds of the data-quality score. Prices past them are marked, never dropped."""

    min_score: float = Field(default=0.9, ge=0, le=1)
    """Records with a lower score have the validation status ``suspect``."""
    price_min: float = PLAUSIBLE[0]
    """Lowest price in $/MWh that counts as within range; negative prices are normal."""
    price_max: float = PLAUSIBLE[1]
    """Highest such price."""
    identity_tolerance: float = Field(default=IDENTITY_TOLERANCE, ge=0)
    """Largest difference in $/MWh between LMP and the sum of its components."""

    @model_validator(mode="after")
    def _range_runs_forward(self) -> Quality:
        if self.price_min >= self.price_max:
            raise ValueError("price_min must be less than price_max")
        return self


class CircuitBreaker(Part):
    """When to leave OASIS alone for a while."""

    failures: int = Field(default=5, ge=1)
    """Runs in a row that could not reach OASIS before the circuit opens."""
    reset_seconds: float = Field(default=600.0, ge=1)
    """How long nobody asks then; after it one run tries again."""


class Metrics(Part):
    """The port for Prometheus and for health checks."""

    enabled: bool = True
    """Whether the service opens the port."""
    host: str = "127.0.0.1"
    """Address to listen on; ``0.0.0.0`` for all."""
    port: int = Field(default=9108, ge=0, le=65535)
    """Port of ``/metrics``, ``/health/live`` and ``/health/ready``; 0 takes a free one."""
    max_minutes_behind: float = Field(default=180.0, gt=0)
    """How long after its publication time a price may be missing before the service is not ready."""


class Logging(Part):
    """What the service says about itself."""

    format: Literal["json", "text"] = "json"
    """One JSON object per line, or text for people."""
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """DEBUG shows each decision."""
    file: str | None = None
    """Log file, a new one each day; standard error by default."""
    retention_days: int = Field(default=30, ge=1)
    """How many daily log files are kept. Raw files are never deleted."""
