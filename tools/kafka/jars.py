"""Fetch what a broker and a schema registry need, with Maven, into ``build/kafka``: once, about 160 MB."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent.parent / "build" / "kafka"
BROKER_JARS = FOLDER / "broker"
REGISTRY_APP = FOLDER / "registry"
FETCHED = FOLDER / "fetched.txt"  # written last

JAVA = 17  # the oldest that Kafka 4's broker and this registry run on
REGISTRY = "io.apicurio:apicurio-registry-app:3.0.9:tar.gz:all"  # newer lines need Java 21
# This old version of the plugin takes one archive as it is, without reading the pom files of its parents.
GET = "org.apache.maven.plugins:maven-dependency-plugin:2.8:get"


class NotHereError(Exception):
    """Java, Maven or the jars are not on this machine; the text says what to do."""


def fetch() -> None:
    """Fetch what is not here yet.

    Raises:
        NotHereError: Maven is missing, or an artifact is not to be had.
    """
    if missing_jars() is None:
        return
    if shutil.which("mvn") is None:
        raise NotHereError("Maven is not installed (Debian: apt-get install maven)")
    for older in (BROKER_JARS, REGISTRY_APP):
        shutil.rmtree(older, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    maven("-f", str(HERE / "pom.xml"), "package", f"-Dfolder={FOLDER}")
    archive = FOLDER / "registry.tar.gz"
    maven(GET, f"-Dartifact={REGISTRY}", "-Dtransitive=false", f"-Ddest={archive}")
    with tarfile.open(archive) as packed:
        packed.extractall(REGISTRY_APP, filter="data")
    archive.unlink()
    FETCHED.write_text(wanted(), "utf-8")


def maven(*arguments: str) -> None:
    """Run Maven and tell its first complaint."""
    told = subprocess.run(["mvn", "-B", "-q", *arguments], capture_output=True, text=True, check=False, cwd=FOLDER)
    if told.returncode:
        complaints = [line for line in told.stdout.splitlines() if "ERROR" in line] or [told.stderr]
        raise NotHereError(f"Maven failed: {complaints[0]}")


def wanted() -> str:
    """Say what is to be fetched; other versions are fetched anew."""
    return f"{REGISTRY}\n{(HERE / 'pom.xml').read_text('utf-8')}"


def missing_jars() -> str | None:
    """Say that something has not been fetched yet; None if all is here."""
    if FETCHED.exists() and FETCHED.read_text("utf-8") == wanted():
        return None
    return "the jars of Kafka are not here: run `make kafka-jars`"


def missing_java() -> str | None:
    """Say why Java cannot be used; None if it can."""
    hint = f"Java {JAVA} or newer is needed (Debian: apt-get install openjdk-{JAVA}-jre-headless)"
    try:
        told = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return hint
    version = re.search(r'version "(\d+)', told.stderr)
    return None if version and int(version[1]) >= JAVA else hint


def missing() -> str | None:
    """Say why no broker can be started here; None if one can."""
    return missing_java() or missing_jars()
