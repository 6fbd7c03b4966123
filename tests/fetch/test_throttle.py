"""Turns and shared back-off, on a clock of our own."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path

import pytest
from fake_time import FakeTime
from hypothesis import given
from hypothesis import strategies as st

from caiso_lmp.errors import UsageError
from caiso_lmp.fetch import throttle as throttle_module
from caiso_lmp.fetch.address import parse_address
from caiso_lmp.fetch.throttle import ARRIVAL_MARGIN_SECONDS, Throttle
from caiso_lmp.fetch.throttle_state import ThrottleState, state_folder

LOOPBACK = parse_address("http://127.0.0.1:8123/oasisapi")
OASIS = parse_address()


class Process:
    """One program that asks: its own throttle over the shared folder and clock."""

    def __init__(self, folder: Path, time: FakeTime, spacing: float = 5.0) -> None:
        self.time = time
        self.throttle = Throttle(LOOPBACK, spacing, folder, clock=time.clock, jitter=lambda: 0.0)

    def start(self) -> float:
        reserved = self.throttle.reserve()
        while wait := self.throttle.try_start(reserved):
            self.time.pass_by(wait)
        return self.time.now


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def state_file(tmp_path: Path) -> Path:
    return tmp_path / f"{LOOPBACK.key}.json"


def test_the_first_request_starts_at_once(tmp_path: Path, time: FakeTime) -> None:
    """Without a past there is nothing to wait for."""
    Process(tmp_path, time).start()
    assert time.slept == []


def test_starts_are_a_spacing_apart(tmp_path: Path, time: FakeTime) -> None:
    """Two processes that take turns start exactly a spacing apart, whoever asks."""
    processes = [Process(tmp_path, time), Process(tmp_path, time)]
    starts = [processes[n % 2].start() for n in range(6)]
    assert [after - before for before, after in pairwise(starts)] == [5.0] * 5


def test_turns_come_in_the_order_of_asking(tmp_path: Path, time: FakeTime) -> None:
    """Reservations queue up: the one who asked first starts first, and nobody gets the same time."""
    throttle = Process(tmp_path, time).throttle
    assert [throttle.reserve() - time.now for _ in range(4)] == [0.0, 5.0, 10.0, 15.0]


def test_a_late_start_moves_those_behind_it(tmp_path: Path, time: FakeTime) -> None:
    """Spacing counts from the start as it happened, not as it was planned."""
    throttle = Process(tmp_path, time).throttle
    first, second = throttle.reserve(), throttle.reserve()
    time.now += 3
    assert throttle.try_start(first) == 0.0
    time.now += 4
    assert throttle.try_start(second) == pytest.approx(1.0)


def test_a_reservation_of_the_dead_costs_one_spacing(tmp_path: Path, time: FakeTime) -> None:
    """Who reserves and dies leaves one gap and blocks nobody."""
    living, dead = Process(tmp_path, time), Process(tmp_path, time)
    living.start()
    dead.throttle.reserve()
    before = time.now
    assert living.start() == before + 10.0


@given(
    steps=st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from(["start", "reserve", "pause", "refused", "answered", "damage"]),
            st.floats(0, 40),
        ),
        max_size=30,
    )
)
def test_no_course_of_events_brings_starts_closer(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str, float]]
) -> None:
    """Whatever four processes do, starts are never closer than the spacing, nor within a pause after a refusal."""
    time = FakeTime()
    folder = tmp_path_factory.mktemp("state")
    processes = [Process(folder, time) for _ in range(4)]
    starts, blocked_until = [time.now - 100], 0.0
    for who, what, seconds in steps:
        process = processes[who]
        match what:
            case "start":
                starts.append(process.start())
                assert starts[-1] >= blocked_until
            case "reserve":
                process.throttle.reserve()
            case "pause":
                time.now += seconds
            case "damage":
                (folder / f"{LOOPBACK.key}.json").write_bytes(b"{")
                blocked_until = 0.0
            case "refused":
                process.throttle.throttled(starts[-1])
                blocked_until = time.now + process.throttle.blocked_for()
            case _:
                process.throttle.succeeded(starts[-1])
    assert all(after - before >= 5.0 - 1e-6 for before, after in pairwise(starts))


# --- back-off -----------------------------------------------------------------------------------


def test_a_refusal_makes_all_wait(tmp_path: Path, time: FakeTime) -> None:
    """A 429 seen by one process pauses every other for thirty seconds, reservations made before included."""
    one, other = Process(tmp_path, time), Process(tmp_path, time)
    started = one.start()
    reserved = other.throttle.reserve()
    one.throttle.throttled(started)
    assert other.throttle.try_start(reserved) == pytest.approx(30.0)
    assert other.throttle.blocked_for() == pytest.approx(30.0)
    assert other.start() == started + 30.0


def test_pauses_double_up_to_ten_minutes(tmp_path: Path, time: FakeTime) -> None:
    """Refusal after refusal doubles the pause from 30 to 600 seconds."""
    process = Process(tmp_path, time)
    pauses = []
    for _ in range(7):
        process.throttle.throttled(process.start())
        pauses.append(process.throttle.blocked_for())
    assert pauses == pytest.approx([30, 60, 120, 240, 480, 600, 600])


def test_refusals_under_way_together_count_once(tmp_path: Path, time: FakeTime) -> None:
    """Five requests in flight that are all refused bring one pause, not five doublings."""
    process = Process(tmp_path, time)
    starts = [process.start() for _ in range(5)]
    for started in starts:
        process.throttle.throttled(started)
    assert process.throttle.blocked_for() == pytest.approx(30.0)


def test_success_takes_doublings_back_one_by_one(tmp_path: Path, time: FakeTime) -> None:
    """After a long pause an answer makes the next pause half as long, not short at once."""
    process = Process(tmp_path, time)
    for _ in range(4):
        process.throttle.throttled(process.start())  # 30, 60, 120, 240
    process.throttle.succeeded(process.start())
    process.throttle.throttled(process.start())
    assert process.throttle.blocked_for() == pytest.approx(240.0)


def test_old_successes_take_nothing_back(tmp_path: Path, time: FakeTime) -> None:
    """An answer to a request that started before the refusal says nothing about it."""
    process = Process(tmp_path, time)
    before, refused = process.start(), process.start()
    process.throttle.throttled(refused)
    process.throttle.succeeded(before)
    process.throttle.throttled(process.start())
    assert process.throttle.blocked_for() == pytest.approx(60.0)


def test_oasis_may_ask_for_a_longer_pause(tmp_path: Path, time: FakeTime) -> None:
    """Seconds from Retry-After lengthen the pause, but never past the longest."""
    process = Process(tmp_path, time)
    process.throttle.throttled(process.start(), after=45.0)
    assert process.throttle.blocked_for() == pytest.approx(45.0)
    process.throttle.throttled(process.start(), after=1e9)
    assert process.throttle.blocked_for() == pytest.approx(600.0)


def test_pauses_have_jitter(tmp_path: Path, time: FakeTime) -> None:
    """Machines behind one address do not come back at the same moment."""
    throttle = Throttle(LOOPBACK, 5.0, tmp_path, clock=time.clock, jitter=lambda: 0.5)
    throttle.throttled(time.now)
    assert throttle.blocked_for() == pytest.approx(33.0)


# --- what may happen to the state ---------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"x"',
        "{}",
        '{"last_start": NaN, "next_free": 0, "blocked_until": 0, "struck_at": 0, "strikes": 0}',
        '{"last_start": 0, "next_free": 0, "blocked_until": 0, "struck_at": 0, "strikes": -1}',
        '{"last_start": "a", "next_free": 0, "blocked_until": 0, "struck_at": 0, "strikes": 0}',
        "[" * 100_000,
        "\x00\xff",
    ],
)
def test_a_damaged_state_costs_one_spacing(tmp_path: Path, time: FakeTime, state_file: Path, text: str) -> None:
    """A state that cannot be read is taken for a start just now, and is whole again afterwards."""
    state_file.write_text(text, "latin-1")
    Process(tmp_path, time).start()
    assert time.slept == [5.0]
    assert json.loads(state_file.read_text())["last_start"] == time.now


@given(st.binary(max_size=60))
def test_no_content_of_the_state_blocks(scratch: Path, content: bytes) -> None:
    """Whatever stands in the state, the next request starts within a spacing."""
    time = FakeTime()
    scratch.with_name(f"{LOOPBACK.key}.json").write_bytes(content)
    Process(scratch.parent, time).start()
    assert sum(time.slept) <= 5.0


@pytest.mark.parametrize("name", ["next_free", "blocked_until", "last_start"])
def test_times_that_no_clock_wrote_are_forgotten(tmp_path: Path, time: FakeTime, state_file: Path, name: str) -> None:
    """A time years ahead holds nobody up for longer than a spacing."""
    state_file.write_text(json.dumps({**vars(ThrottleState()), name: time.now + 1e8}))
    Process(tmp_path, time).start()
    assert sum(time.slept) <= 5.0


def test_damage_while_waiting_costs_one_spacing(tmp_path: Path, time: FakeTime, state_file: Path) -> None:
    """A waiting process does not start to wait anew each time it finds the state damaged."""
    process = Process(tmp_path, time)
    reserved = process.throttle.reserve()
    state_file.write_bytes(b"")
    assert process.throttle.try_start(reserved) == pytest.approx(5.0)
    time.now += 5.0
    assert process.throttle.try_start(reserved) == 0.0


@pytest.mark.parametrize("back", [1.0, 300.0, 86_400.0])
def test_a_clock_set_back_costs_one_spacing(tmp_path: Path, time: FakeTime, back: float) -> None:
    """When the clock goes backwards the next start is a spacing away, not hours."""
    process = Process(tmp_path, time)
    process.start()
    reserved = process.throttle.reserve()
    time.now -= back
    assert process.throttle.try_start(reserved) <= 5.0
    time.now += 5.0
    assert process.throttle.try_start(reserved) == 0.0


def test_a_pause_survives_a_clock_set_back(tmp_path: Path, time: FakeTime) -> None:
    """What remains of a pause is kept when the clock goes back by an hour."""
    process = Process(tmp_path, time)
    process.throttle.throttled(process.start())
    time.now -= 3600
    assert process.throttle.try_start(process.throttle.reserve()) == pytest.approx(30.0)


# --- politeness ---------------------------------------------------------------------------------


def test_oasis_is_asked_every_five_seconds_at_most(tmp_path: Path, time: FakeTime) -> None:
    """Towards OASIS the spacing is five seconds and a little, because requests travel unevenly."""
    throttle = Throttle(OASIS, folder=tmp_path, clock=time.clock)
    assert throttle.reserve() == time.now
    assert throttle.reserve() - time.now == pytest.approx(5.0 + ARRIVAL_MARGIN_SECONDS)


@pytest.mark.parametrize("spacing", [4.99, 0.0, -1.0, float("nan"), float("inf")])
def test_impolite_spacings_are_refused(tmp_path: Path, spacing: float) -> None:
    """Nobody can ask OASIS faster than it allows, whatever the setting."""
    with pytest.raises(UsageError, match=r"too little for oasis\.caiso\.com"):
        Throttle(OASIS, spacing, tmp_path)


def test_a_simulator_may_be_asked_at_any_rate(tmp_path: Path, time: FakeTime) -> None:
    """On loopback the spacing may be nothing at all, but not negative."""
    process = Process(tmp_path, time, spacing=0.0)
    assert process.start() == process.start()
    with pytest.raises(UsageError, match="too little"):
        Throttle(LOOPBACK, -0.1, tmp_path)


def test_hosts_do_not_wait_for_each_other(tmp_path: Path, time: FakeTime) -> None:
    """The limit is per address: two hosts have a state each."""
    Throttle(OASIS, folder=tmp_path, clock=time.clock).reserve()
    Process(tmp_path, time).start()
    assert time.slept == []
    assert {file.name for file in tmp_path.glob("*.json")} == {"oasis.caiso.com.json", "127.0.0.1-8123.json"}


def test_a_folder_that_cannot_be_written_is_wrong_use(tmp_path: Path) -> None:
    """Where no state can be kept, nothing is asked; the message names the setting."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(UsageError, match="XDG_STATE_HOME"):
        Throttle(LOOPBACK, 0.0, blocked).reserve()


def test_a_lock_held_for_ever_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stopped holder is named as the trouble instead of waiting without end."""
    monkeypatch.setattr(throttle_module, "LOCK_SECONDS", 0.01)
    throttle = Throttle(LOOPBACK, 0.0, tmp_path)
    with throttle._locked(), pytest.raises(UsageError, match="the lock"):
        Throttle(LOOPBACK, 0.0, tmp_path).reserve()


@pytest.mark.parametrize(("value", "base"), [("/state", "/state"), ("relative", ""), ("", "")])
def test_the_state_is_kept_where_the_system_keeps_state(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str, base: str
) -> None:
    """XDG_STATE_HOME counts when it is an absolute path, else the usual folder in the user's home."""
    monkeypatch.setitem(os.environ, "XDG_STATE_HOME", value)
    monkeypatch.setitem(os.environ, "HOME", str(tmp_path))
    assert state_folder() == Path(base or tmp_path / ".local/state") / "caiso-lmp"
