"""YAML text → plain values, each with the line on which it stands. Safe: no tags, no objects, no double keys.

``${NAME}`` in a value is taken from the environment after the YAML is read, so what a variable holds is text and
never structure. The only module that imports PyYAML's reader.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from caiso_lmp.errors import UsageError

Location = tuple[int | str, ...]
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_ANY_DOLLAR_BRACE: Final = re.compile(r"\$\{[^}]*\}?")


@dataclass
class LinedValues:
    """What a YAML file says.

    Attributes:
        file: Its name, for messages.
        values: The mapping at its top.
        lines: The line, from 1, of each location; of an option that is the line of its name.
        from_environment: Locations whose text came from the environment, wholly or in part.
    """

    file: str
    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[Location, int] = field(default_factory=dict)
    from_environment: set[Location] = field(default_factory=set)

    def place(self, location: Location) -> str:
        """Say where a location stands; what is missing stands where its section begins."""
        known = next((location[:n] for n in range(len(location), 0, -1) if location[:n] in self.lines), ())
        return f"{self.file}:{self.lines.get(known, 1)}: "

    def put(self, location: Location, value: object) -> None:
        """Replace the value at a location."""
        holder: Any = self.values
        for part in location[:-1]:
            holder = holder[part]
        holder[location[-1]] = value


def read_yaml(text: str, file: str, environment: Mapping[str, str]) -> LinedValues:
    """Read YAML whose top is a mapping.

    Raises:
        UsageError: It is no YAML, no mapping, has a key twice, or names a variable that is not set.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise _broken(error, file) from error
    if not isinstance(root, yaml.MappingNode):
        raise UsageError(f"{file}: it is no mapping of options to values", hint="begin with a line such as name: caiso")
    reader = _Reader(LinedValues(file), environment)
    reader.read.values = reader.mapping(root, ())
    return reader.read


def _broken(error: yaml.YAMLError, file: str) -> UsageError:
    mark = getattr(error, "problem_mark", None)
    where = f"{file}:{mark.line + 1}" if mark is not None else file
    what = getattr(error, "problem", None) or str(error).partition("\n")[0]
    return UsageError(f"{where}: this is no YAML: {what}", hint="check indentation, colons and quotes on that line")


class _Reader:
    """Walks the nodes of one file."""

    def __init__(self, read: LinedValues, environment: Mapping[str, str]) -> None:
        self.read = read
        self._environment = environment
        self._constructor = yaml.SafeLoader("")
        self._open: list[yaml.Node] = []

    def mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = self._key(key_node), key_node.start_mark.line + 1
            if key in values:
                first = self.read.lines[*location, key]
                raise UsageError(
                    f"{self.read.file}:{line}: {key} is there twice, first on line {first}", hint="leave one out"
                )
            self.read.lines[*location, key] = line
            values[key] = self._value(value_node, (*location, key))
        return values

    def _key(self, node: yaml.Node) -> str:
        if isinstance(node, yaml.ScalarNode) and node.tag != "tag:yaml.org,2002:merge":
            return str(node.value)
        raise UsageError(
            f"{self.read.file}:{node.start_mark.line + 1}: this is no name of an option", hint="write name: value"
        )

    def _value(self, node: yaml.Node, location: Location) -> Any:  # noqa: ANN401 - whatever YAML can say
        if node in self._open:
            raise UsageError(
                f"{self.read.file}:{node.start_mark.line + 1}: this anchor holds itself", hint="write it out"
            )
        self._open.append(node)
        try:
            if isinstance(node, yaml.MappingNode):
                return self.mapping(node, location)
            if isinstance(node, yaml.SequenceNode):
                return [self._item(item, (*location, n)) for n, item in enumerate(node.value)]
            return self._scalar(node, location)
        finally:
            self._open.pop()

    def _item(self, node: yaml.Node, location: Location) -> Any:  # noqa: ANN401 - the same
        self.read.lines[location] = node.start_mark.line + 1
        return self._value(node, location)

    def _scalar(self, node: yaml.Node, location: Location) -> Any:  # noqa: ANN401 - the same
        text = str(node.value)
        if _ANY_DOLLAR_BRACE.search(text):
            self.read.from_environment.add(location)
            return self._filled_in(text, location)
        try:
            return self._constructor.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            what = getattr(error, "problem", None) or str(error)
            raise UsageError(
                f"{self.read.place(location)}this value cannot be read: {what}", hint="write plain values, no tags"
            ) from error

    def _filled_in(self, text: str, location: Location) -> str:
        wrong = [word for word in _ANY_DOLLAR_BRACE.findall(text) if not _VARIABLE.fullmatch(word)]
        if wrong:
            raise UsageError(
                f"{self.read.place(location)}{wrong[0]} names no variable", hint="write ${NAME}, letters, digits and _"
            )
        missing = [name for name in _VARIABLE.findall(text) if name not in self._environment]
        if missing:
            raise UsageError(
                f"{self.read.place(location)}the environment variable {missing[0]} is not set",
                hint=f"set it before: export {missing[0]}=…",
            )
        return _VARIABLE.sub(lambda found: self._environment[found[1]], text)
