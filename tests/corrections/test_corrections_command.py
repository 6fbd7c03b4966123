"""``caiso-lmp corrections`` as a person runs it: tables, JSON, exit codes."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from caiso_lmp.cli import main
from caiso_lmp.market import Market
from caiso_lmp.simulator import Correction, Simulator, SimulatorSettings
from caiso_lmp.simulator.fixture import start_simulator
from caiso_lmp.trading_time import operating_hour, trade_date_of, utc_window

__all__ = ["start_simulator"]

HUB = "TH_NP15_GEN-APND"
HOUR = timedelta(hours=1)


class Ran(NamedTuple):
    """What a command did."""

    exit_code: int
    out: str
    err: str

    @property
    def told(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def simulator(start_simulator: Callable[[SimulatorSettings], Simulator]) -> Simulator:
    return start_simulator(SimulatorSettings(nodes=20))


@pytest.fixture
def run(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Run:
    """Run a command on a data folder of its own, against the simulator, without waiting."""
    monkeypatch.setenv("CAISO_LMP_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CAISO_LMP_BASE_URL", simulator.base_url)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def to_its_end(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as left:
            main([*arguments])
        printed = capfd.readouterr()
        assert "Traceback" not in printed.err
        assert "unexpected" not in printed.err, printed.err
        return Ran(int(left.value.code or 0), printed.out, printed.err)

    return to_its_end


@pytest.fixture
def corrected(run: Run, simulator: Simulator) -> datetime:
    """Fetch three trade dates of a hub, then let OASIS correct one hour of them; give its start."""
    assert run("backfill", "--node", HUB, "--days", "3", "--spacing", "0").exit_code == 0
    now = datetime.now(UTC)
    start = utc_window(trade_date_of(now) - timedelta(days=2))[0] + 6 * HOUR
    simulator.correct(Correction(Market.DAM, start, start + HOUR, -3.25, now, nodes=(HUB,)))
    simulator.correct(Correction(Market.RTD, start, start + HOUR, 2.0, now))
    return start


def test_what_was_corrected_is_shown(run: Run, corrected: datetime) -> None:
    """One table has the list as OASIS made it, held or not, another our prices, old and new; the exit code is 0."""
    shown = run("corrections", "--days", "3", "--spacing", "0")
    assert shown.exit_code == 0
    heads, dam, rtd, _, lmp, congestion = shown.out.splitlines()
    day, hour = trade_date_of(corrected), str(operating_hour(corrected))
    assert heads.split() == "market trade date hours intervals area published (Pacific) reason".split()  # noqa: SIM905
    assert dam.split()[:5] == ["DAM", str(day), hour, "1", "LOCAL"]
    assert rtd.split()[:5] == ["RTD", str(day), hour, "12", "SYSTEM"]
    for line, part in ((lmp, "lmp"), (congestion, "congestion")):
        assert HUB in line
        assert f"{corrected:%Y-%m-%dT%H:%MZ}" in line
        assert part in line
        assert line.endswith("-3.25000")
    assert "13 corrected intervals listed; 1 raw files were older, 1 answers fetched; 2 prices changed" in shown.err


def test_json_has_it_all(run: Run, corrected: datetime) -> None:
    """With --json stdout is one object: list, marks, reports, changes, errors."""
    told = run("corrections", "--json", "--spacing", "0").told
    assert set(told) == {"listed", "stale", "asked_again", "changes", "errors"}
    assert (len(told["listed"]), told["stale"], told["errors"]) == (13, 1, [])
    assert told["asked_again"][0]["revised"] == 1
    change = told["changes"][0]
    assert (change["market"], change["node"], change["component"]) == ("DAM", HUB, "lmp")
    assert change["interval_start"] == f"{corrected:%Y-%m-%dT%H:%M:%SZ}"
    assert round(change["new"] - change["old"], 5) == -3.25


def test_a_window_can_be_given(run: Run, corrected: datetime, simulator: Simulator) -> None:
    """--date and --days choose whose lists are read; by default it is the last fourteen trade dates."""
    simulator.log.clear()
    for window in (["--date", str(trade_date_of(corrected))], ["--days", "2"], []):
        run("corrections", *window, "--spacing", "0")
    asked = [entry.parameters.get("groupid") for entry in simulator.log.entries()]
    assert asked.count("PRC_CORR_GRP") == 1 + 2 + 14


def test_nothing_corrected(run: Run) -> None:
    """Without corrections there is no table and no trouble."""
    run("backfill", "--node", HUB, "--days", "1", "--spacing", "0")
    done = run("corrections", "--days", "2", "--spacing", "0")
    assert (done.exit_code, done.out) == (0, "")
    assert "0 corrected intervals listed" in done.err


def test_trouble_ends_with_1(run: Run, corrected: datetime, simulator: Simulator) -> None:
    """Lists, and corrected prices, that cannot be had are named, with what to do, and the exit code is 1."""
    day = trade_date_of(corrected)
    simulator.tell_faults("1001")
    unread = run("corrections", "--date", str(day), "--spacing", "0")
    assert unread.exit_code == 1
    assert f"corrections of {day}: refused" in unread.err
    assert "run it again later" in unread.err
    simulator.tell_faults(None, "1001")
    unasked = run("corrections", "--date", str(day), "--spacing", "0")
    assert unasked.exit_code == 1
    assert "1 answers could not be had again; they stay marked as stale" in unasked.err
    assert f"try: caiso-lmp backfill --market DAM --node {HUB} --date {day} --spacing 0\n" in unasked.err
    assert run("corrections", "--date", str(day), "--spacing", "0").exit_code == 0


@pytest.mark.usefixtures("corrected")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(run: Run, simulator: Simulator, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM, here while lists are read, end it with its report; the next run does what is left."""
    simulator.begin_outage("hang")
    earlier = len(simulator.log.entries())

    def kill_when_asked() -> None:
        while len(simulator.log.entries()) == earlier:
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    killer = threading.Thread(target=kill_when_asked)
    killer.start()
    stopped = run("corrections", "--days", "3", "--spacing", "0")
    killer.join()
    assert stopped.exit_code == 128 + number
    assert "stopped; run the same command again to go on" in stopped.err
    simulator.end_outage()
    done = run("corrections", "--days", "3", "--spacing", "0")
    assert (done.exit_code, "2 prices changed" in done.err) == (0, True)


def test_without_a_warehouse(run: Run, simulator: Simulator) -> None:
    """Before anything was loaded it ends with 1, says what to do, and asks nobody."""
    done = run("corrections", "--spacing", "0")
    assert done.exit_code == 1
    assert "there is no warehouse" in done.err
    assert simulator.log.entries() == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--days", "0"], "--days"),
        (["--days", "3", "--date", "2026-03-17"], "in two ways"),
        (["--date", "soon"], "not a date"),
        (["--start", "2026-03-17T03:00Z", "--end", "2026-03-18"], "cuts through"),
    ],
)
def test_wrong_windows_end_with_2(run: Run, arguments: list[str], words: str) -> None:
    """A window that cannot be is wrong use, said before anybody is asked."""
    done = run("corrections", *arguments)
    assert done.exit_code == 2
    assert words in done.err


def test_wrong_spacings_end_with_2(run: Run) -> None:
    """OASIS itself is never asked faster than every five seconds, and nobody at less than none."""
    run("backfill", "--node", HUB, "--days", "1", "--spacing", "0")
    for wrong in (["1", "--base-url", "https://oasis.caiso.com/oasisapi"], ["-1"]):
        done = run("corrections", "--spacing", *wrong)
        assert done.exit_code == 2
        assert "too little" in done.err
