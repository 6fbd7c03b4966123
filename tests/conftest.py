"""What all tests share: how hard Hypothesis tries, and a folder for files that a property reads once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

EXAMPLES = 40
# No deadline and no complaint about slowness: machines that run tests do other things too.
PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("quick", max_examples=EXAMPLES // 4, **PATIENT)
settings.register_profile("default", max_examples=EXAMPLES, **PATIENT)
settings.register_profile("soak", max_examples=50 * EXAMPLES, **PATIENT)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file name that the examples of a property overwrite; a fixture per test would mix examples up."""
    return tmp_path_factory.mktemp("scratch") / "answer"
