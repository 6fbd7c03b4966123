"""How to reach a Kafka cluster and a schema registry: from arguments, the environment and a YAML file.

Secrets are in these settings and nowhere else. What leaves this package as text (errors, logs) passes through
:meth:`KafkaSettings.without_secrets` first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from caiso_lmp.errors import UsageError

BOOTSTRAP_VARIABLE: Final = "KAFKA_BOOTSTRAP_SERVERS"
REGISTRY_VARIABLE: Final = "SCHEMA_REGISTRY_URL"

Setting = str | int | float | bool

_KAFKA_VARIABLE: Final = re.compile(r"KAFKA_((?:SECURITY|SASL|SSL)_\w+)")
_REGISTRY_VARIABLE: Final = re.compile(r"SCHEMA_REGISTRY_((?:BASIC|BEARER|SSL)_\w+)")
_REGISTRY: Final = "schema.registry"
_SECRET: Final = re.compile(r"password|secret|user\.info|token|key\.pem|jaas", re.IGNORECASE)
_REFERENCE: Final = re.compile(r"\$\{(\w+)\}")
_OURS: Final = frozenset(
    {
        "acks",
        "enable.idempotence",
        "isolation.level",
        "message.timeout.ms",
        "transactional.id",
        "delivery.report.only.error",
        "on_delivery",
        "error_cb",
        "logger",
    }
)


@dataclass(frozen=True)
class KafkaSettings:
    """Where a cluster and a registry are, and how to sign in.

    Attributes:
        bootstrap_servers: Brokers to ask first, ``host:port`` with commas between.
        properties: Further settings of the client, by the names of librdkafka: ``security.protocol``,
            ``sasl.username``, ``ssl.ca.location``, …; not shown when printed.
        registry_url: The schema registry; None if there is none.
        registry_properties: Further settings of its client, as ``basic.auth.user.info``; not shown when printed.

    Raises:
        UsageError: A property is one on which exactly-once delivery rests; that is set by this package.
    """

    bootstrap_servers: str
    properties: Mapping[str, Setting] = field(default_factory=dict, repr=False)
    registry_url: str | None = None
    registry_properties: Mapping[str, Setting] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        taken = sorted(self.properties.keys() & _OURS)
        if taken:
            raise UsageError(
                f"the Kafka setting {taken[0]!r} is not yours to set: delivery exactly once rests on it",
                hint="leave it out",
            )

    def client(self, **more: object) -> dict[str, Any]:
        """Give the configuration of a client."""
        return {**self.properties, "bootstrap.servers": self.bootstrap_servers, **more}

    def registry(self) -> dict[str, Any]:
        """Give the configuration of a client of the registry."""
        return {**self.registry_properties, "url": self.registry_url}

    def without_secrets(self, text: str) -> str:
        """Give a text in which no secret of these settings stands."""
        secrets = [
            str(value)
            for settings in (self.properties, self.registry_properties)
            for name, value in settings.items()
            if _SECRET.search(name) and str(value)
        ]
        secrets += [password for secret in secrets for _, _, password in [secret.partition(":")] if password]
        if self.registry_url and "@" in self.registry_url:
            secrets.append(self.registry_url.partition("//")[2].rpartition("@")[0])
        for secret in sorted(secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


def find_kafka_settings(
    environment: Mapping[str, str],
    *,
    bootstrap_servers: str | None = None,
    registry_url: str | None = None,
    file: Path | None = None,
) -> KafkaSettings:
    """Put settings together: what is given here, else the environment, else a file.

    Variables are ``KAFKA_BOOTSTRAP_SERVERS``, ``SCHEMA_REGISTRY_URL``, and ``KAFKA_SECURITY_…``, ``KAFKA_SASL_…``,
    ``KAFKA_SSL_…``, ``SCHEMA_REGISTRY_BASIC_…``, ``SCHEMA_REGISTRY_SSL_…``: ``KAFKA_SASL_PASSWORD`` is
    ``sasl.password``.

    Args:
        environment: Of the process.
        bootstrap_servers: Brokers, or None.
        registry_url: The registry, or None.
        file: A YAML file: a mapping of librdkafka's names, and ``schema.registry``, a mapping with ``url`` and
            what else its client needs. ``${NAME}`` in a text stands for a variable of the environment.

    Raises:
        UsageError: No broker is named, or the file cannot be read or is no such mapping.
    """
    told = {} if file is None else _read(file, environment)
    told_registry = told.pop(_REGISTRY, {})
    properties = {**told, **_from(environment, _KAFKA_VARIABLE)}
    of_registry = {**told_registry, **_from(environment, _REGISTRY_VARIABLE)}
    in_file = properties.pop("bootstrap.servers", "")
    url_in_file = of_registry.pop("url", None)
    servers = bootstrap_servers or environment.get(BOOTSTRAP_VARIABLE) or str(in_file)
    if not servers.strip():
        raise UsageError(
            "no Kafka broker is named", hint=f"give --bootstrap-servers HOST:PORT, or set {BOOTSTRAP_VARIABLE}"
        )
    url = registry_url or environment.get(REGISTRY_VARIABLE) or url_in_file
    return KafkaSettings(servers.strip(), properties, str(url) if url else None, of_registry)


def _from(environment: Mapping[str, str], pattern: re.Pattern[str]) -> dict[str, str]:
    matches = ((pattern.fullmatch(name), value) for name, value in environment.items())
    return {match[1].lower().replace("_", "."): value for match, value in matches if match and value}


def _read(file: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    try:
        told = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the settings {file} cannot be read: {error}", hint="name a readable YAML file") from error
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" in line {where.line + 1}" if where else ""
        raise UsageError(f"the settings {file} are no YAML{line}", hint="write lines of `name: value`") from None
    if not isinstance(told, dict) or not isinstance(told.get(_REGISTRY, {}), dict):
        raise UsageError(
            f"the settings {file} are no mapping", hint=f"write lines of `name: value`, and `{_REGISTRY}:`"
        )
    return {
        str(name): {key: _filled(text, key, file, environment) for key, text in value.items()}
        if name == _REGISTRY
        else _filled(value, name, file, environment)
        for name, value in told.items()
    }


def _filled(value: object, name: str, file: Path, environment: Mapping[str, str]) -> Setting:
    if isinstance(value, bool | int | float):
        return value
    if not isinstance(value, str):
        raise UsageError(f"{file}: the setting {name!r} is neither text nor number", hint="write `name: value`")
    missing = [variable for variable in _REFERENCE.findall(value) if variable not in environment]
    if missing:
        raise UsageError(f"{file}: {name} needs the variable {missing[0]}, which is not set", hint=f"set {missing[0]}")
    return _REFERENCE.sub(lambda match: environment[match[1]], value)
