"""The shape of the package, kept by tests: who may import whom, what is public, which errors exist.

Everything is read from the source with ``ast``; nothing of the package runs except in a process of its own.
"""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from caiso_lmp import errors

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "caiso_lmp"
TESTS = REPOSITORY / "tests"

# --- the house ----------------------------------------------------------------------------------

# From the door to the cellar: a module imports only from storeys below its own. `docs/design.md` draws it.
STOREYS = ("cli", "connector", "tools", "stories", "rooms", "facts", "errors")
STOREY_OF = {
    "cli": "cli",
    "connector": "connector",
    **dict.fromkeys(("prices", "nodes", "analysis", "charts", "market_report"), "tools"),
    **dict.fromkeys(("fetch", "pipeline", "schemas", "warehouse", "events"), "rooms"),
    **dict.fromkeys(("market", "trading_time", "settings"), "facts"),
    "errors": "errors",
}
FRONT_DOOR = {"caiso_lmp", "caiso_lmp.public"}
SIMULATOR = "simulator"
SIMULATOR_IMPORTS = {SIMULATOR, "market", "trading_time", "errors"}

# A library, and the only part of the package that may import it.
OWNERS = {
    "duckdb": "caiso_lmp.warehouse",
    "httpx": "caiso_lmp.fetch.client",
    "confluent_kafka": "caiso_lmp.events",
    "cronsim": "caiso_lmp.connector",
    "prometheus_client": "caiso_lmp.connector",
    "pydantic": "caiso_lmp.connector",
    "yaml": ("caiso_lmp.connector", "caiso_lmp.events.kafka_settings"),
    "fastavro": "caiso_lmp.events",
    "polars_hash": "caiso_lmp.events",
    "pyarrow": "caiso_lmp.events",
    "pyruhvro": "caiso_lmp.events",
    "click": "caiso_lmp.cli",
    "rich": ("caiso_lmp.cli", "caiso_lmp.prices.progress"),
    "altair": "caiso_lmp.charts",
    "vl_convert": "caiso_lmp.charts",
    "jinja2": "caiso_lmp.charts",
    "highspy": "caiso_lmp.analysis.battery_solver",
}
# What nothing of ours imports; polars frames reach DuckDB and the disk without them.
NEVER = {"pandas", "numpy"}


def modules() -> dict[str, Path]:
    """Find every module of the package by its dotted name."""
    return {dotted_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def dotted_name(path: Path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def house_part(module: str) -> str:
    """Name the folder or flat module of the house in which a module stands; "" for the package itself."""
    return [*module.split("."), ""][1]


def storey(module: str) -> str:
    part = house_part(module)
    if part == "cli" or part.startswith("cli_"):
        return "cli"
    return STOREY_OF.get(part, "stories")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def imports_of(path: Path, known: frozenset[str]) -> Iterator[str]:
    """Yield the dotted name of all that a module imports, wherever in the file and in whatever way."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_extra", "import_module")):
            yield from (name.value for name in node.args if isinstance(name, ast.Constant))
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = absolute(node, path)
            for alias in node.names:
                submodule = f"{source}.{alias.name}"
                yield submodule if submodule in known else source


def absolute(node: ast.ImportFrom, path: Path) -> str:
    if not node.level:
        return node.module or ""
    package = dotted_name(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    package = package[: len(package) - node.level + 1]
    return ".".join([*package, *([node.module] if node.module else [])])


@cache
def imports() -> dict[str, frozenset[str]]:
    known = frozenset(modules())
    return {module: frozenset(imports_of(path, known)) for module, path in modules().items()}


def inner_imports() -> Iterator[tuple[str, str]]:
    for module, targets in imports().items():
        yield from ((module, target) for target in sorted(targets) if target.partition(".")[0] == "caiso_lmp")


def within(module: str, part: str) -> bool:
    return module == part or module.startswith((f"{part}.", f"{part}_"))


def test_imports_go_one_way() -> None:
    """A module imports only from storeys below its own, or from its own part of the house."""
    wrong = []
    for module, target in inner_imports():
        if module in FRONT_DOOR or SIMULATOR in (house_part(module), house_part(target)):
            continue
        above, below = STOREYS.index(storey(module)), STOREYS.index(storey(target))
        same_part = house_part(module) == house_part(target)
        neighbours = above == below and storey(module) in {"cli", "tools", "stories", "facts"}
        if not (above < below or same_part or neighbours):
            wrong.append(f"{module} ({storey(module)}) imports {target} ({storey(target)})")
    assert not wrong


def test_no_module_imports_the_front_door() -> None:
    """Inside the package nothing is imported from ``caiso_lmp`` itself: that would turn the house round."""
    assert {m for m, target in inner_imports() if target in FRONT_DOOR} == {"caiso_lmp"}


def test_rooms_do_not_import_each_other() -> None:
    """A room knows only itself, the facts and the errors: the stories hand values between rooms."""
    wrong = [
        f"{module} imports {target}"
        for module, target in inner_imports()
        if storey(module) == "rooms" == storey(target) and house_part(module) != house_part(target)
    ]
    assert not wrong


def test_imports_make_no_circle() -> None:
    """No module needs itself, however far round."""
    waiting = {
        module: {target for source, target in inner_imports() if source == module} - {module} for module in modules()
    }
    while ready := {module for module, targets in waiting.items() if not targets & waiting.keys()}:
        waiting = {module: targets for module, targets in waiting.items() if module not in ready}
    assert not waiting


def test_the_simulator_stands_apart() -> None:
    """The simulator shares facts and errors with the package, no code that it is used to test."""
    wrong = [
        f"{module} imports {target}"
        for module, target in inner_imports()
        if (house_part(module) == SIMULATOR and house_part(target) not in SIMULATOR_IMPORTS)
        or (house_part(target) == SIMULATOR and house_part(module) != SIMULATOR and storey(module) != "cli")
    ]
    assert not wrong


@pytest.mark.parametrize("library", OWNERS)
def test_each_library_has_one_owner(library: str) -> None:
    """A library with side effects is imported in one place, which alone translates its errors."""
    users = {module for module, targets in imports().items() for target in targets if within_library(target, library)}
    owners = OWNERS[library] if isinstance(OWNERS[library], tuple) else (OWNERS[library],)
    assert not {user for user in users if not any(within(user, owner) for owner in owners)}


def test_nothing_needs_pandas_or_numpy() -> None:
    """No module imports what only heavier neighbours need."""
    assert not [(m, t) for m, targets in imports().items() for t in targets for n in NEVER if within_library(t, n)]


def within_library(target: str, library: str) -> bool:
    return target.partition(".")[0] == library


def test_only_the_command_line_prints() -> None:
    """Nothing but the command line writes to the terminal."""
    wrong = [
        f"{module}:{node.lineno}"
        for module, path in modules().items()
        if storey(module) != "cli"
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print")
        or (isinstance(node, ast.Attribute) and ast.unparse(node) in {"sys.stdout", "sys.stderr"})
    ]
    assert not wrong


def test_every_module_says_what_it_is() -> None:
    """Each module opens with a docstring."""
    assert not [module for module, path in modules().items() if not (ast.get_docstring(tree_of(path)) or "").strip()]


# --- the public names ---------------------------------------------------------------------------


def documented_names() -> set[str]:
    """Read the first column of the tables in ``docs/python.md``."""
    page = (REPOSITORY / "docs" / "python.md").read_text("utf-8")
    return set(re.findall(r"^\| `(\w+)", page, re.MULTILINE))


def test_public_names_are_the_documented_ones() -> None:
    """``caiso_lmp.__all__`` and the tables of ``docs/python.md`` name the same things, and all exist."""
    package = importlib.import_module("caiso_lmp")
    assert set(package.__all__) == documented_names()
    assert not [name for name in package.__all__ if not hasattr(package, name)]
    assert not set(package.__all__) - set(dir(package))
    assert not hasattr(package, "nonsense")


NAME_PROBE = """
import sys
import caiso_lmp
assert not {"polars", "duckdb", "httpx", "pandera", "pydantic"} & sys.modules.keys(), "imports more than its name"
from caiso_lmp import analysis
assert "caiso_lmp.public" not in sys.modules, "a module brings all public names"
import caiso_lmp.backfill.story, caiso_lmp.publish.story
assert callable(caiso_lmp.backfill) and callable(caiso_lmp.publish), "a package took the name of a function"
assert caiso_lmp.errors.UsageError is caiso_lmp.UsageError
from caiso_lmp import *
assert get_lmp is caiso_lmp.get_lmp
"""


def test_public_names_come_when_they_are_used(tmp_path: Path) -> None:
    """Importing the package is quick, and functions keep their names, whatever is imported in whatever order."""
    probe = subprocess.run(
        [sys.executable, "-W", "error", "-c", NAME_PROBE], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (probe.returncode, probe.stdout, probe.stderr) == (0, "", "")


def test_every_error_is_public() -> None:
    """Whoever calls the package can catch each of its errors by a public name."""
    assert not {error.__name__ for error in error_classes()} - set(importlib.import_module("caiso_lmp").__all__)


IMPORT_PROBE = """
import logging, os, sys, threading, warnings
import httpx  # imports click and rich where they are installed: its doing, not ours
import pandera  # imports numpy where it is installed: the same
import polars  # sets a variable for its memory allocator: the same
theirs = set(sys.modules)
before = dict(os.environ), list(warnings.filters), logging.root.level
import caiso_lmp
from caiso_lmp import get_lmp  # now all is imported
assert (dict(os.environ), list(warnings.filters), logging.root.level) == before, "changed the process"
assert not logging.root.handlers, "configured logging"
assert not [h for h in logging.getLogger("caiso_lmp").handlers if type(h) is not logging.NullHandler]
assert threading.active_count() == 1, "started a thread"
ours = sys.modules.keys() - theirs
assert not {"pandas", "numpy", "pyarrow", "altair", "click", "highspy", "rich", "caiso_lmp.simulator"} & ours
assert not {"confluent_kafka", "fastavro", "polars_hash", "pyruhvro"} & ours
"""


def test_importing_has_no_side_effect(tmp_path: Path) -> None:
    """``import caiso_lmp`` prints nothing, writes nothing, and leaves logging and the process alone."""
    probe = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_PROBE], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (probe.returncode, probe.stdout, probe.stderr) == (0, "", "")
    assert not list(tmp_path.iterdir())


# --- the errors ---------------------------------------------------------------------------------


def error_classes() -> list[type[errors.CaisoLmpError]]:
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    return [cls for cls in classes if issubclass(cls, errors.CaisoLmpError)]


def test_the_error_tree_is_drawn_as_it_is() -> None:
    """The tree at the top of ``errors.py`` has every class, under its parent, in the order of the file."""
    drawn = re.findall(r"^    ([│├└─ ]*)(\w+Error)", errors.__doc__ or "", re.MULTILINE)
    path: list[str] = []
    parents = []
    for lines, name in drawn:
        del path[len(lines) // 4 :]
        parents.append((name, path[-1] if path else "Exception"))
        path.append(name)
    assert parents == depth_first(errors.CaisoLmpError)


def depth_first(cls: type) -> list[tuple[str, str]]:
    own = [child for child in error_classes() if child.__bases__[0] is cls]
    return [(cls.__name__, cls.__bases__[0].__name__), *(line for child in own for line in depth_first(child))]


def test_errors_are_defined_in_one_file() -> None:
    """No other module defines an exception: the tree is the whole truth."""
    wrong = [
        f"{module}.{node.name}"
        for module, path in modules().items()
        if house_part(module) != "errors"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef) and any(ast.unparse(b).endswith(("Error", "Exception")) for b in node.bases)
    ]
    assert not wrong


def test_every_error_is_raised_by_some_test() -> None:
    """Each error that the package makes is expected by name in a test: by ``raises`` or in a report."""
    made = {name for path in files_that_raise() for name in used_names(path)}
    expected = {name for path in files_of_tests() for name in expected_names(path)}
    ours = {error.__name__ for error in error_classes()}
    assert not (ours & made) - expected


def test_no_error_is_left_over() -> None:
    """Each error without children is made somewhere in the package."""
    made = {name for path in files_that_raise() for name in used_names(path)}
    parents = {error.__bases__[0] for error in error_classes()}
    assert not {error.__name__ for error in error_classes() if error not in parents} - made


def test_all_tests_can_run_in_one_process() -> None:
    """Modules of tests have names of their own, and no conftest is imported: which one came would be chance."""
    names = [path.stem for path in TESTS.rglob("*.py") if path.name != "conftest.py"]
    assert [name for name in names if names.count(name) > 1] == []
    importing = [path for path in TESTS.rglob("*.py") if "conftest" in imports_of(path, frozenset({"conftest"}))]
    assert importing == []


def files_of_tests() -> list[Path]:
    return [path for path in sorted(TESTS.rglob("*.py")) if path != Path(__file__).resolve()]


def files_that_raise() -> list[Path]:
    return [path for path in modules().values() if path != PACKAGE / "errors.py"]


def used_names(path: Path) -> Iterator[str]:
    """Yield each name that a module uses as a value; what it only catches or imports is no use."""
    caught = {
        id(name)
        for handler in ast.walk(tree_of(path))
        if isinstance(handler, ast.ExceptHandler) and handler.type is not None
        for name in ast.walk(handler.type)
    }
    for node in ast.walk(tree_of(path)):
        if id(node) in caught:
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def expected_names(path: Path) -> Iterator[str]:
    """Yield names and texts of a test module: ``raises(errors.X)``, ``{"error": "X"}``, parameters."""
    yield from used_names(path)
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
