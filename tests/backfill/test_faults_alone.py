"""Every fault and every error code of OASIS, one at a time: once, and without end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from backfills import HUBS, IMPATIENT, Backfills, true_prices

from caiso_lmp.market import OASIS_CODES, CodeKind
from caiso_lmp.simulator import FaultSettings
from caiso_lmp.simulator.faults import Fault

FAULTS = [str(fault) for fault in Fault]
CODES = [str(code) for code in OASIS_CODES]
REFUSALS = {str(code) for code, known in OASIS_CODES.items() if known.kind is CodeKind.REFUSED}
QUICK = {"hang_seconds": 0.05, "trickle_seconds": 0.001, "trickle_pieces": 3}
SILENT = {"hang_seconds": 60.0, "trickle_seconds": 0.2}
Start = Callable[..., Backfills]

# What a report says where the same trouble comes without end.
ALWAYS = {
    "429": "throttled",
    "html": "throttled",
    "503": "unreachable",
    "outage-page": "unreachable",
    "hang": "broken",
    "trickle": "broken",
    "cut": "broken",
    "crc": "broken",
    "reset": "unreachable",
    "empty-zip": "broken",
    "missing-component": "partial",
    **dict.fromkeys(REFUSALS, "refused"),
    **{str(code): "unreachable" for code, known in OASIS_CODES.items() if known.kind != CodeKind.REFUSED},
    "1000": "unknown_node",
    "1014": "beyond_retention",
}
HARMLESS = {"duplicate-rows", "truncated-nodes", "missing-hour"}  # smaller questions bring the rest
A_CODE_OF_EACH_KIND = ["1000", "1001", "1003", "1010", "1014", "1015", "1017"]


@pytest.mark.parametrize(
    "trouble",
    FAULTS + [code if code in A_CODE_OF_EACH_KIND else pytest.param(code, marks=pytest.mark.check) for code in CODES],
)
def test_one_trouble_is_overcome(backfills: Backfills, trouble: str) -> None:
    """After one bad answer the prices are those of a faultless OASIS; what it refused comes with the next run."""
    backfills.simulator._door.faults.settings = FaultSettings(**QUICK)
    backfills.simulator.tell_faults(trouble)
    report = backfills.run()
    if trouble in REFUSALS:
        assert {day.reason for day in report.incomplete} == {"refused"}
        assert report.errors[0].error == "refused"
        report = backfills.run()
    assert report.incomplete == []
    assert backfills.prices().equals(true_prices(HUBS))
    backfills.whole()


@pytest.mark.check
@pytest.mark.parametrize("trouble", FAULTS + A_CODE_OF_EACH_KIND)
def test_one_trouble_with_a_file_of_all_nodes_is_overcome(start_backfills: Start, trouble: str) -> None:
    """The same for files of all nodes: no fault hides in a file whose nodes only OASIS knows."""
    backfills = start_backfills(nodes=HUBS, faults=FaultSettings(**QUICK))
    backfills.simulator.tell_faults(None, trouble)
    report = backfills.run("all")
    if report.incomplete:
        assert trouble in {*REFUSALS, "1000", "1014"}
        backfills.pass_by(seconds=1)
        report = backfills.run("all", refresh=True)
    assert report.incomplete == []
    assert backfills.prices().equals(true_prices(HUBS).with_columns(ghg=backfills.prices()["ghg"]))
    backfills.whole()


@pytest.mark.check
@pytest.mark.parametrize("trouble", FAULTS + A_CODE_OF_EACH_KIND)
def test_endless_trouble_is_reported_and_nothing_bad_is_kept(start_backfills: Start, trouble: str) -> None:
    """The report names every trade date with the reason; what is stored and loaded is true; the next run heals it."""
    backfills = start_backfills(faults=FaultSettings({trouble: 1.0}, **QUICK))
    report = backfills.run()
    expected = set() if trouble in HARMLESS else {ALWAYS[trouble]}
    assert {day.reason for day in report.incomplete} == expected
    assert len(report.incomplete) == (0 if trouble in HARMLESS else 2)
    truth = true_prices(HUBS)
    if trouble not in HARMLESS:
        assert backfills.raw_files() == 0
        assert backfills.prices().is_empty()
    backfills.simulator._door.faults.settings = FaultSettings()
    backfills.pass_by(days=31)
    backfills.run(refresh=trouble == "1014")
    assert backfills.prices().equals(truth)


@pytest.mark.parametrize("trouble", ["hang", "trickle"])
def test_silence_is_asked_smaller(start_backfills: Start, trouble: str) -> None:
    """A server that never finishes is left after the deadline, and asked for fewer days at once."""
    backfills = start_backfills(faults=FaultSettings(**SILENT))
    backfills.limits = IMPATIENT
    backfills.simulator.tell_faults(trouble)
    assert backfills.run().incomplete == []
    first, smaller = list(dict.fromkeys(question.parameters["enddatetime"] for question in backfills.asked()))[:2]
    assert smaller < first
    assert backfills.prices().equals(true_prices(HUBS))


def test_trouble_without_hope_ends_the_run(start_backfills: Start) -> None:
    """When OASIS is down the other questions are not even asked; each trade date is in the report, with one error."""
    backfills = start_backfills(faults=FaultSettings({"503": 1.0}))
    report = backfills.run(days=1, markets=("DAM", "FMM", "RTD", "HASP", "RUC"))
    assert len(report.incomplete) == 5
    assert {day.reason for day in report.incomplete} == {"unreachable"}
    assert report.requests["failed"] == report.requests["planned"] == 5
    assert report.errors
    assert "503" in report.errors[0].message
