"""The package as users get it: the wheel, in an environment of its own, outside the repository.

Needs a package index, so `make test` leaves it to `make check`.
"""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LARGEST_INSTALL = 310_000_000  # bytes; Polars and DuckDB are nearly all of it
INSTALLERS = {"pip", "setuptools", "pkg_resources", "_distutils_hack"}
TOO_HEAVY = {"pandas", "numpy", "pyarrow"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=REPOSITORY)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, with_pip=True, clear=True)
    pip = (str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--constraint", str(REPOSITORY / "constraints.txt"), str(wheel), cwd=folder)
    return folder


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def packages_of(environment: Path) -> Path:
    (folder,) = (environment / "lib").glob("python*/site-packages")
    return folder


def test_wheel_has_the_package_and_nothing_else(wheel: Path) -> None:
    """Every file of the package is in the wheel, with the licence and the mark of typed packages."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    files = [
        path for path in (REPOSITORY / "caiso_lmp").rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]
    assert {str(path.relative_to(REPOSITORY)) for path in files} == {n for n in names if n.startswith("caiso_lmp/")}
    assert "caiso_lmp/py.typed" in names
    assert [name for name in names if name.endswith("licenses/LICENSE")]
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"caiso_lmp"}


def test_command_runs_from_the_wheel(clean: Path, tmp_path: Path) -> None:
    """The installed command works without the repository."""
    command = str(clean / "bin" / "caiso-lmp")
    assert "load" in run(command, "--help", cwd=tmp_path)
    assert "caiso-lmp load" in run(command, "load", "--help", cwd=tmp_path)


def test_without_the_extra_publishing_says_what_to_install(clean: Path) -> None:
    """The base install has nothing of Kafka; whoever makes events with it is told how to get the extra."""
    told = """
from caiso_lmp import UsageError
from caiso_lmp.events.form import Encoding, EventForm
try:
    EventForm(Encoding.JSON)
except UsageError as error:
    print(error.hint)
"""
    assert "pip install 'caiso-lmp[kafka]'" in run(str(clean / "bin" / "python"), "-c", told, cwd=clean)


def test_base_install_is_small(clean: Path) -> None:
    """Without extras there is no pandas, numpy or pyarrow, and all of it is under 310 MB."""
    installed = {path.name for path in packages_of(clean).iterdir()}
    assert "polars" in installed
    assert not installed & TOO_HEAVY
    counted = [path for path in packages_of(clean).iterdir() if path.name.partition("-")[0] not in INSTALLERS]
    size = sum(file.stat().st_size for path in counted for file in (path, *path.rglob("*")) if file.is_file())
    assert size < LARGEST_INSTALL
