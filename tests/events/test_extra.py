"""What a user is told whose machine lacks a library of an extra."""

from __future__ import annotations

import sys

import pytest

from caiso_lmp import UsageError
from caiso_lmp.events.extra import import_extra


@pytest.mark.parametrize(
    ("module", "hint"),
    [
        ("confluent_kafka.admin", "install the extra: pip install 'caiso-lmp[kafka]'"),
        ("polars_hash", "install the extra: pip install 'caiso-lmp[connector]', or to publish events pip install"),
    ],
)
def test_a_missing_library_is_named_with_its_extra(module: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hint has the smallest extra that holds the library."""
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError) as caught:
        import_extra(module)
    assert (caught.value.hint or "").startswith(hint)
