"""``caiso-lmp nodes``: what a person types and sees, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from caiso_lmp.cli import main
from caiso_lmp.simulator import Simulator

NP15 = "TH_NP15_GEN-APND"


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """Run ``caiso-lmp nodes …`` in a folder of the test's own: exit code, stdout, stderr."""
    monkeypatch.setenv("CAISO_LMP_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as left:
            main(["nodes", *arguments])
        printed = capfd.readouterr()
        assert "unexpected" not in printed.err, printed.err
        return left.value.code, printed.out, printed.err

    return run


@pytest.fixture
def updated(command, oasis_simulator: Simulator):
    """The same, after an update from a simulated OASIS."""
    code, out, _ = command("update", "--base-url", oasis_simulator.base_url, "--spacing", "0", "--date", "2026-03-17")
    assert (code, "50 nodes, 62 memberships" in out) == (0, True), out
    return command


def test_search_prints_a_table(updated) -> None:
    """Matches stand in a table; without any the exit code is 1, and there is a suggestion."""
    code, out, _ = updated("search", "np15_gen-")
    assert (code, [line.split()[:2] for line in out.splitlines()]) == (
        0,
        [["node", "node_type"], [NP15, "trading_hub"]],
    )
    code, out, err = updated("search", "TH_NP15_GEN-APMD")
    assert (code, out) == (1, "")
    assert NP15 in err


def test_search_as_json(updated) -> None:
    """``--json`` prints all that is known of each match."""
    code, out, _ = updated("search", "DLAP_*", "--type", "dlap", "--json")
    told = json.loads(out)
    assert (code, len(told)) == (0, 4)
    assert told[0] | {"node": "DLAP_PGAE-APND", "node_type": "dlap", "balancing_area": "CAISO"} == told[0]


def test_many_matches_are_cut_short_unless_asked(updated) -> None:
    """Forty rows by default, with the number left out; all of them with ``--verbose``."""
    assert "10 more" in updated("search", "*")[2]
    assert len(updated("search", "*", "--verbose")[1].splitlines()) == 51


def test_show_prints_what_is_known(updated) -> None:
    """A hub is shown with its members, a pnode with the hub it belongs to."""
    _, out, _ = updated("show", NP15)
    assert "trading_hub" in out
    member = out.partition(" members\n")[2].partition(",")[0].strip()
    _, out, _ = updated("show", member, "--json")
    told = json.loads(out)
    assert (told["trading_hub"], told["members"]) == (NP15, [])
    assert {group["group_type"] for group in told["groups"]} == {"trading_hub", "tac_area"}


def test_an_unknown_node_is_wrong_use(updated) -> None:
    """The error names the node that was meant."""
    code, out, err = updated("show", "th_np15")
    assert (code, out) == (2, "")
    assert f"did you mean {NP15}" in err


def test_before_the_first_update(command) -> None:
    """An empty catalogue says how to fill it."""
    code, _, err = command("show", NP15)
    assert code == 2
    assert "caiso-lmp nodes update" in err


def test_coordinates_are_kept(updated, tmp_path: Path) -> None:
    """Coordinates given once are there for every later command; wrong ones are refused before anything is asked."""
    places = tmp_path / "places.csv"
    places.write_text(f"node,latitude,longitude\n{NP15},38.5,-121.5\n")
    assert updated("update", "--offline", "--coordinates", str(places))[0] == 0
    assert json.loads(updated("show", NP15, "--json")[1])["latitude"] == 38.5
    places.write_text("node,latitude\n")
    code, _, err = updated("update", "--coordinates", str(places), "--base-url", "http://127.0.0.1:9")
    assert (code, "longitude" in err) == (2, True)


def test_a_failed_update_is_trouble(command, oasis_simulator: Simulator) -> None:
    """A list that does not come ends with exit code 1 and says which; the report is whole as JSON too."""
    oasis_simulator.tell_faults("1005")
    code, out, err = command("update", "--base-url", oasis_simulator.base_url, "--spacing", "0", "--json")
    told = json.loads(out)
    assert (code, [trouble["file"] for trouble in told["errors"]]) == (1, ["ATL_PNODE"])
    oasis_simulator.tell_faults("1005")
    code, _, err = command("update", "--base-url", oasis_simulator.base_url, "--spacing", "0")
    assert (code, "ATL_PNODE: " in err) == (1, True)


def test_lists_on_disk(command, tmp_path: Path) -> None:
    """Files are read instead of asking OASIS; a file that is none is wrong use."""
    assert command("update", str(tmp_path / "absent.csv"))[0] == 2
