"""What is wrong with a configuration, said to a person: where, what, and the nearest valid name. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Location = tuple[int | str, ...]

_TYPES: Final = {
    "string_type": "text; write it in quotes",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping of names to values",
    "model_type": "a section with options of its own",
    "model_attributes_type": "a section with options of its own",
}


def describe_problems(
    error: ValidationError, model: type[BaseModel], place: Callable[[Location], str] = lambda _location: ""
) -> str:
    """Say each problem on a line of its own.

    Args:
        error: What pydantic found.
        model: The model that was to be made.
        place: Says where a location stands, as ``file.yaml:12: ``.
    """
    lines = [f"{place(problem['loc'])}{describe(problem, model)}" for problem in error.errors()]
    return "\n".join(dict.fromkeys(lines))


def describe(problem: ErrorDetails, model: type[BaseModel]) -> str:
    """Say one problem."""
    location, kind = problem["loc"], problem["type"]
    name = ".".join(str(part) for part in location)
    if kind in {"extra_forbidden", "unexpected_keyword_argument"}:
        return f"unknown option {name}{_nearest(location, model)}"
    if kind == "missing":
        return f"{name} is missing"
    if kind in _TYPES:
        return f"{name} must be {_TYPES[kind]}, not {_shown(problem['input'])}"
    if kind == "literal_error":
        return f"{name} is {_shown(problem['input'])}; it can be {problem['ctx']['expected']}{_near_value(problem)}"
    said = problem["msg"].removeprefix("Value error, ")
    said = said[:1].lower() + said[1:] if said.startswith(("Input", "String")) else said
    return f"{name}: {said}" if name else said


def _shown(told: Any) -> str:  # noqa: ANN401 - whatever a person wrote
    text = repr(told)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


_LONGEST_SHOWN: Final = 60


def _nearest(location: Location, model: type[BaseModel]) -> str:
    section = _section(location[:-1], model)
    known = sorted(_names(section)) if section is not None else []
    near = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; known are {', '.join(known)}" if known else ""


def _near_value(problem: ErrorDetails) -> str:
    known = [word.strip("'") for word in str(problem["ctx"]["expected"]).replace(" or ", ", ").split(", ")]
    near = difflib.get_close_matches(str(problem["input"]), known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


def _names(section: type[BaseModel]) -> Iterator[str]:
    for name, field in section.model_fields.items():
        yield field.alias or name


def _section(location: Location, model: type[BaseModel]) -> type[BaseModel] | None:
    """Find the model that stands at a location."""
    section: type[BaseModel] | None = model
    for part in location:
        if isinstance(part, str) and section is not None and part in section.model_fields:
            section = _model_in(section.model_fields[part].annotation)
    return section


def _model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - any annotation of a field
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner)) is not None), None)
