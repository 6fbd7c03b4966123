"""The configuration of a connector: one strict, frozen model. :mod:`config_file` reads it from YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from caiso_lmp.connector.config_parts import (
    BatchWindow,
    CircuitBreaker,
    Cron,
    Kafka,
    Logging,
    MarketPlan,
    Metrics,
    Mode,
    Names,
    Nodes,
    NumberText,
    Part,
    Quality,
    RealtimeWindow,
    RunId,
)
from caiso_lmp.connector.config_problems import describe_problems
from caiso_lmp.connector.transforms import check_transforms
from caiso_lmp.errors import UsageError
from caiso_lmp.events.destinations import DEFAULT_TOPIC
from caiso_lmp.fetch.address import OASIS_URL, parse_address
from caiso_lmp.fetch.plan import ALL_NODES
from caiso_lmp.fetch.plan import Nodes as PlannedNodes
from caiso_lmp.market import Market, parse_market

DEFAULT_TRANSFORMS: Final = ("sanitize_numeric", "standardize_timezone", "validate_required_fields")


def _market_plans(told: Any) -> Any:  # noqa: ANN401 - whatever a person wrote, before it is checked
    """Read a bare name of a market as a market without settings of its own."""
    if not isinstance(told, list | tuple):
        return told
    return [{"market_run_id": market} if isinstance(market, str) else market for market in told]


def _known_transforms(names: list[str]) -> list[str]:
    try:
        check_transforms(names)
    except UsageError as error:
        raise ValueError(f"{error.message}; {error.hint}") from error
    return names


def _base_url(url: str) -> str:
    try:
        parse_address(url)
    except UsageError as error:
        raise ValueError(f"{error.message}; {error.hint}") from error
    return url


class CAISOConnectorConfig(Part):
    """What a connector does: which markets and nodes, when, how politely, and where its events go.

    Raises:
        UsageError: An option is unknown, of the wrong type or impossible; the message names each, with the
            nearest valid name.

    Examples:
        >>> CAISOConnectorConfig(name="hubs", nodes="hubs", default_market_run_id="DAM").mode
        'batch'
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - checked by the model
        try:
            super().__init__(**options)
        except ValidationError as error:
            raise UsageError(
                describe_problems(error, type(self)), hint="see `caiso-lmp config schema` for every option"
            ) from error

    @classmethod
    def checked(cls, values: Mapping[str, Any]) -> Self:
        """Make a configuration from plain values, with pydantic's own error, which knows each place."""
        made = cls.__new__(cls)
        cls.__pydantic_validator__.validate_python(dict(values), self_instance=made)
        return made

    name: str = Field(default="caiso", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """Name of this connector: of its state, its transactions and its log lines."""
    version: str = "1.0.0"
    """Version of this configuration, for its owner."""
    market: Literal["CAISO"] = "CAISO"
    """The operator of the market."""
    mode: Mode = "batch"
    """Run on a schedule (batch), follow prices as they appear (realtime), or both (hybrid)."""
    schedule: Cron = "30 13 * * *"
    """When batch runs start: a cron expression in Pacific time."""
    enabled: bool = True
    """Whether `caiso-lmp run` does anything."""
    output_topic: str = Field(default=DEFAULT_TOPIC, pattern=r"^[A-Za-z0-9._-]{1,249}$")
    """Kafka topic of the events."""
    avro_schema: str | None = Field(default=None, alias="schema")
    """Path of the Avro schema of the events; the packaged one by default."""
    retries: int = Field(default=3, ge=0, le=100)
    """How often a run that could not reach OASIS or Kafka is repeated."""
    backoff_seconds: float = Field(default=30.0, ge=0)
    """Pause before the first repetition of a run; it doubles."""
    tenant_strategy: Literal["single", "multi"] = "single"
    """One tenant for all records, or the one that a record or a call names."""
    tenant_id: str = Field(default="default", min_length=1)
    """The tenant of records that name none."""
    transforms: Annotated[Names, AfterValidator(_known_transforms)] = Field(
        default_factory=lambda: list(DEFAULT_TRANSFORMS)
    )
    """Named steps that records go through, in this order."""
    plugins: Names = Field(default_factory=list)
    """Python modules that are imported first, such as ones that register transforms."""
    owner: str = ""
    """Who answers for this connector."""
    description: str = ""
    """What it is for."""
    tags: Names = Field(default_factory=list)
    """Words to find it by."""

    caiso_base_url: Annotated[str, AfterValidator(_base_url)] = OASIS_URL
    """Whom to ask."""
    caiso_timeout: float = Field(default=30.0, gt=0, le=600)
    """Longest silence of a connection in seconds; a whole answer may take 240 s by the wall clock."""
    caiso_rate_limit: float = Field(default=100.0, gt=0)
    """Most requests a minute; the rule of OASIS, one in five seconds, holds besides."""
    caiso_retry_attempts: int = Field(default=3, ge=0, le=50)
    """How often a request that met trouble is repeated."""
    caiso_backoff_factor: float = Field(default=2.0, ge=1, le=10)
    """By how much the pause between repetitions grows."""
    caiso_user_agent: str = Field(default="254Carbon/1.0", min_length=1, pattern=r"^[\x20-\x7e]+$")
    """How the connector names itself to OASIS."""
    oasis_version: Annotated[NumberText, Field(pattern=r"^(1|12)$")] = "12"
    """Version of the day-ahead report ``PRC_LMP``; the other reports have their own."""
    oasis_result_format: Annotated[NumberText, Field(pattern=r"^[56]$")] = "6"
    """Form of the answers: 6 for CSV, 5 for XML, which is larger."""
    default_market_run_id: RunId = "DAM"
    """The market of `extract()` without one, and of the service without ``markets``."""
    default_node: str | None = None
    """The node of `extract()` without one; ``nodes`` where this is null."""
    max_concurrent_requests: int = Field(default=5, ge=1, le=20)
    """Most requests unanswered at once."""

    nodes: Nodes = Field(default_factory=list)
    """Nodes that are followed: names, ``hubs`` (three trading hubs, four DLAPs) or ``all``."""
    markets: Annotated[list[MarketPlan], BeforeValidator(_market_plans)] = Field(default_factory=list)
    """Markets that are followed, each with settings of its own where it needs them."""
    data_dir: str | None = None
    """Folder of raw files and warehouse; found as by `caiso-lmp` otherwise."""
    batch: BatchWindow = Field(default_factory=BatchWindow)
    """Which trade dates batch runs make complete."""
    realtime: RealtimeWindow = Field(default_factory=RealtimeWindow)
    """How prices are followed as they appear."""
    kafka: Kafka | None = None
    """Where events go; without it nothing is published."""
    quality: Quality = Field(default_factory=Quality)
    """Thresholds of the data-quality score."""
    circuit_breaker: CircuitBreaker = Field(default_factory=CircuitBreaker)
    """When to leave OASIS alone for a while."""
    metrics: Metrics = Field(default_factory=Metrics)
    """The port for Prometheus and for health checks."""
    logging: Logging = Field(default_factory=Logging)
    """What the service says about itself."""

    @model_validator(mode="after")
    def _each_market_once(self) -> Self:
        runs = [plan.market_run_id for plan in self.markets]
        twice = {run for run in runs if runs.count(run) > 1}
        if twice:
            raise ValueError(f"markets has {', '.join(sorted(twice))} twice; give each market one entry")
        return self

    def with_options(self, options: Mapping[str, Any]) -> Self:
        """Give the configuration with some options replaced.

        Raises:
            UsageError: One of them is unknown or impossible.
        """
        told = self.model_dump(by_alias=True)
        return type(self)(**{**told, **options})

    @property
    def schema(self) -> str | None:  # type: ignore[override]  # pydantic's own `schema` is deprecated
        """Path of the Avro schema of the events; None for the packaged one."""
        return self.avro_schema

    def plans(self) -> list[MarketPlan]:
        """List the markets that are followed, with all settings filled in from those of the connector."""
        named = self.markets or [MarketPlan(market_run_id=self.default_market_run_id)]
        return [
            MarketPlan(
                market_run_id=plan.market_run_id,
                mode=plan.mode or self.mode,
                schedule=plan.schedule or self.schedule,
                nodes=plan.nodes if plan.nodes is not None else self.own_nodes(),
                batch=plan.batch or self.batch,
                realtime=plan.realtime or self.realtime,
            )
            for plan in named
        ]

    def own_nodes(self) -> list[str]:
        """List the nodes that are followed, else the default node, else none."""
        return self.nodes or ([self.default_node] if self.default_node else [])


def market_of(plan: MarketPlan) -> Market:
    """Give the market that a plan names."""
    return parse_market(plan.market_run_id)


def planned_nodes(nodes: list[str]) -> PlannedNodes:
    """Turn nodes of a configuration into those of a backfill.

    Raises:
        UsageError: There are none.
    """
    if not nodes:
        raise UsageError(
            "no node was asked for", hint='give a node, or set default_node or nodes ("hubs", "all" or names)'
        )
    return ALL_NODES if nodes == ["all"] else tuple(nodes)
