"""Read a connector's configuration from YAML, show it, and describe it to editors."""

from __future__ import annotations

import importlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import yaml
from pydantic import SecretStr, TypeAdapter, ValidationError

from caiso_lmp.connector.config import CAISOConnectorConfig
from caiso_lmp.connector.config_problems import describe_problems
from caiso_lmp.connector.yaml_lines import LinedValues, Location, read_yaml
from caiso_lmp.errors import UsageError

HIDDEN: Final = "********"
SCHEMA_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_SECRET_NAME: Final = re.compile(r"password|secret|token|credential|user\.info|key\.pem|jaas", re.IGNORECASE)
_SIGN_IN: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://).*@", re.DOTALL)
_FROM_TEXT: Final[Mapping[str, TypeAdapter[Any]]] = {
    "int_type": TypeAdapter(int),
    "float_type": TypeAdapter(float),
    "bool_type": TypeAdapter(bool),
}


def read_config(path: Path | str, environment: Mapping[str, str] | None = None) -> CAISOConnectorConfig:
    """Read a configuration from a YAML file.

    Args:
        path: The file.
        environment: Where ``${NAME}`` is looked up; the environment of the process by default.

    Raises:
        UsageError: The file cannot be read or says something impossible; each problem is named with its line.
    """
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the configuration {path} cannot be read: {error}", hint="give the path of a YAML file"
        ) from error
    return parse_config(text, str(path), environment)


def parse_config(
    text: str, file: str = "config.yaml", environment: Mapping[str, str] | None = None
) -> CAISOConnectorConfig:
    """Read a configuration from YAML text; see :func:`read_config`."""
    read = read_yaml(text, file, os.environ if environment is None else environment)
    _import_plugins(read)
    try:
        return _validated(read)
    except ValidationError as error:
        message = describe_problems(error, CAISOConnectorConfig, read.place)
        raise UsageError(message, hint="see `caiso-lmp config schema` for every option") from error


def _validated(read: LinedValues) -> CAISOConnectorConfig:
    """Validate; what came from the environment is text and may stand for a number."""
    try:
        return CAISOConnectorConfig.checked(read.values)
    except ValidationError as error:
        texts = [(problem["loc"], problem["type"]) for problem in error.errors()]
        converted = [_convert(read, loc, kind) for loc, kind in texts if loc in read.from_environment]
        if not any(converted):
            raise
        return CAISOConnectorConfig.checked(read.values)


def _convert(read: LinedValues, location: Location, kind: str) -> bool:
    holder: Any = read.values
    for part in location:
        holder = holder[part]
    adapter = _FROM_TEXT.get(kind)
    try:
        value = adapter.validate_python(holder) if adapter else holder
    except ValidationError:
        return False
    read.put(location, value)
    return adapter is not None


def _import_plugins(read: LinedValues) -> None:
    """Import the modules that a configuration names, so that the transforms they register are known."""
    names = read.values.get("plugins")
    for n, name in enumerate(names if isinstance(names, list) else ()):
        try:
            importlib.import_module(str(name))
        except UsageError as error:
            raise UsageError(f"{read.place(('plugins', n))}{name}: {error.message}", hint=error.hint) from error
        except Exception as error:  # whatever a module of somebody else's does when it is imported
            raise UsageError(
                f"{read.place(('plugins', n))}the module {name} cannot be imported: {type(error).__name__}: {error}",
                hint="install it beside caiso_lmp, or correct its name",
            ) from error


def show_config(config: CAISOConnectorConfig, *, reveal: bool = False) -> str:
    """Write a configuration as YAML with every option resolved.

    Args:
        config: The configuration.
        reveal: Write secrets as they are, so that the text can be read again; they are hidden otherwise.
    """
    return yaml.safe_dump(resolved(config, reveal=reveal), sort_keys=False, allow_unicode=True, width=10_000)


def resolved(config: CAISOConnectorConfig, *, reveal: bool = False) -> dict[str, Any]:
    """Give every option as plain values; secrets are hidden unless they are to be revealed."""
    return {name: _plain(value, name, reveal=reveal) for name, value in config.model_dump(by_alias=True).items()}


def _plain(told: Any, name: str, *, reveal: bool) -> Any:  # noqa: ANN401 - any value of the model
    if isinstance(told, SecretStr):
        return told.get_secret_value() if reveal else HIDDEN
    if isinstance(told, dict):
        return {key: _plain(value, key, reveal=reveal) for key, value in told.items()}
    if isinstance(told, list):
        return [_plain(value, name, reveal=reveal) for value in told]
    if reveal or told is None:
        return told
    return HIDDEN if _SECRET_NAME.search(name) else _without_sign_in(told)


def _without_sign_in(told: Any) -> Any:  # noqa: ANN401 - any value of the model
    """Hide user and password in a URL, however oddly it is written."""
    return _SIGN_IN.sub(rf"\1{HIDDEN}@", told) if isinstance(told, str) else told


def config_schema() -> dict[str, Any]:
    """Give the JSON Schema of a configuration, for editors that complete and check YAML."""
    schema = CAISOConnectorConfig.model_json_schema(by_alias=True)
    plain = cast("dict[str, Any]", json.loads(json.dumps(schema)))
    return {"$schema": SCHEMA_DIALECT, **plain, "title": "caiso_lmp connector"}
