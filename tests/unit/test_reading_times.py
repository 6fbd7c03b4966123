"""Times and trading labels: read as UTC, checked against each other, refused where they contradict."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from small_reports import GMT, HOUR, MINUTES, START, cells, csv_file, hours, interval, read, refusal, xml_file

from caiso_lmp.errors import TimeContradictionError

NOBODY = "nobody can tell which of them is right"
SPRING = datetime(2024, 3, 10, 8, tzinfo=UTC)  # Pacific midnights of the two days that change the clock
AUTUMN = datetime(2024, 11, 3, 7, tzinfo=UTC)
RUNS = sorted(MINUTES)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answer"


def contradiction(file: Path, content: bytes, rows: list[int]) -> str:
    """Read a file whose times must be refused; give the label that is named first, and all that is told."""
    message = refusal(file, content, TimeContradictionError, hint=NOBODY, member="answer", rows=rows)
    assert " contradicts " in message
    return message


def steps(run: str, first: datetime, minutes: int) -> list[datetime]:
    """List the starts of consecutive intervals."""
    length = timedelta(minutes=MINUTES[run])
    return [first + n * length for n in range(timedelta(minutes=minutes) // length)]


# --- times that are read ------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["-00:00", "+00:00", "Z", ""])
def test_every_way_to_write_utc_is_utc(file: Path, zone: str) -> None:
    """The columns are called GMT: with any mark of UTC, or none, they are in UTC."""
    prices = read(file, csv_file(interval()).replace(b"-00:00", zone.encode())).prices
    assert prices["interval_start"].to_list() == [START]
    assert prices["interval_end"].to_list() == [START + HOUR]
    assert prices["interval_start_local"][0].isoformat() == "2024-07-02T01:00:00-07:00"


@pytest.mark.parametrize("hour", ["2", "02", "002"])
def test_operating_hours_may_be_padded(file: Path, hour: str) -> None:
    """Day-ahead hours are written 2, real-time hours 02; both are the second."""
    for run in RUNS:
        assert read(file, csv_file(interval(run=run, OPR_HR=hour))).prices["operating_hour"].to_list() == [2]


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(("midnight", "count"), [(SPRING, 23), (AUTUMN, 25), (datetime(2024, 7, 2, 7, tzinfo=UTC), 24)])
@pytest.mark.parametrize("render", [csv_file, xml_file])
def test_a_whole_day_reads_in_every_market(file: Path, run: str, midnight: datetime, count: int, render) -> None:
    """All intervals of days of 23, 24 and 25 hours are accepted with their labels, in both forms."""
    starts = steps(run, midnight, 60 * count)
    prices = read(file, render([row for start in starts for row in interval(start=start, run=run)])).prices
    assert prices["interval_start"].to_list() == starts
    assert prices["trade_date"].unique().to_list() == [midnight.date()]
    expected = {23: [1, 2, *range(4, 25)], 24: [*range(1, 25)], 25: [1, 2, 25, *range(3, 25)]}[count]
    assert prices["operating_hour"].unique(maintain_order=True).to_list() == expected
    per_hour = 60 // MINUTES[run]
    numbers = [0] if per_hour == 1 else list(range(1, per_hour + 1))
    assert prices["operating_interval"].to_list() == numbers * count


# --- times that cannot be read ------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2024-07-02",
        "2024-07-02 08:00:00",
        "2024-07-02T08:00",
        "2024-07-02T08:00:00-07:00",
        "2024-07-02T08:00:00.5Z",
        "2024-07-02T24:00:00-00:00",
        "2024-02-30T08:00:00-00:00",
        "0000-07-02T08:00:00-00:00",
        "-001-07-02T08:00:00-00:00",
        "10000-07-02T08:00:00-00:00",
    ],
)
@pytest.mark.parametrize("render", [csv_file, xml_file])
def test_a_start_that_is_no_utc_time_is_refused(file: Path, text: str, render) -> None:
    """Half a time, another zone, a day that does not exist: none of them is guessed."""
    rows = [*interval(), *interval(node="NODE_2_N001", INTERVALSTARTTIME_GMT=text)]
    message = contradiction(file, render(rows), [5, 6, 7, 8])
    assert message.startswith("INTERVAL_START_GMT contradicts ")
    assert message.endswith(": the start is not a UTC time")


# --- labels that contradict ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "text", "named"),
    [
        ("INTERVALENDTIME_GMT", f"{START + 2 * HOUR:{GMT}}", "INTERVAL_END_GMT"),
        ("INTERVALENDTIME_GMT", f"{START:{GMT}}", "INTERVAL_END_GMT"),
        ("INTERVALENDTIME_GMT", f"{START - HOUR:{GMT}}", "INTERVAL_END_GMT"),
        ("INTERVALENDTIME_GMT", "", "INTERVAL_END_GMT"),
        ("OPR_DT", "2024-07-01", "OPR_DT"),
        ("OPR_DT", "2024-07-03", "OPR_DT"),
        ("OPR_DT", "07/02/2024", "OPR_DT"),
        ("OPR_DT", "", "OPR_DT"),
        ("OPR_HR", "1", "OPR_HR"),
        ("OPR_HR", "3", "OPR_HR"),
        ("OPR_HR", "8", "OPR_HR"),
        ("OPR_HR", "25", "OPR_HR"),
        ("OPR_HR", "two", "OPR_HR"),
        ("OPR_HR", "2.0", "OPR_HR"),
        ("OPR_HR", "", "OPR_HR"),
        ("OPR_INTERVAL", "1", "OPR_INTERVAL"),
        ("OPR_INTERVAL", "", "OPR_INTERVAL"),
    ],
)
def test_a_label_that_contradicts_the_start_is_refused(file: Path, column: str, text: str, named: str) -> None:
    """One wrong label in one row refuses the file; the message names the label, what was said and what is true."""
    rows = [*hours(2, start=START - HOUR), *interval(node="NODE_2_N001")]
    rows[6] = {**rows[6], column: text}
    message = contradiction(file, csv_file(rows), [7])
    assert message.startswith(f"{named} contradicts interval_start_gmt=2024-07-02T08:00:00-00:00, ")
    assert f"{named.lower()}={text or 'None'}" in message
    assert message.endswith(": that start is in operating hour 2 of 2024-07-02")


@pytest.mark.parametrize(
    ("run", "wrong"),
    [
        *(("RTPD", number) for number in "0245"),
        *(("HASP", number) for number in "02"),
        *(("RTM", number) for number in ("0", "2", "13")),
        *(("RUC", number) for number in "12"),
    ],
)
def test_an_interval_of_another_part_of_the_hour_is_refused(file: Path, run: str, wrong: str) -> None:
    """OPR_INTERVAL counts from 1 within the hour, and is 0 in hourly markets."""
    content = csv_file(interval(run=run, OPR_INTERVAL=wrong))
    assert contradiction(file, content, [1, 2, 3, 4]).startswith("OPR_INTERVAL ")


@pytest.mark.parametrize(("run", "minutes"), [("DAM", 30), ("RUC", 15), ("RTPD", 5), ("HASP", 20), ("RTM", 3)])
@pytest.mark.parametrize("render", [csv_file, xml_file])
def test_a_start_off_the_grid_is_refused(file: Path, run: str, minutes: int, render) -> None:
    """Intervals start at whole multiples of their length, whatever their labels say."""
    content = render(interval(run=run, start=START + timedelta(minutes=minutes)))
    assert contradiction(file, content, [1, 2, 3, 4]).startswith("INTERVAL_START_GMT ")


@pytest.mark.parametrize(("run", "other"), [("DAM", "RTPD"), ("RTPD", "RTM"), ("RTM", "HASP")])
def test_intervals_of_another_length_are_refused(file: Path, run: str, other: str) -> None:
    """A report whose intervals have the length of another market's contradicts its market."""
    content = csv_file(interval(run=other, MARKET_RUN_ID=run))
    assert contradiction(file, content, [1, 2, 3, 4]).startswith("INTERVAL_END_GMT ")


def test_at_most_five_rows_are_named(file: Path) -> None:
    """A file whose every row is wrong does not fill the screen; the first of them is told."""
    message = contradiction(file, csv_file([*hours(2), *hours(9, OPR_DT="2024-07-09", node="Z")]), [9, 10, 11, 12, 13])
    assert "opr_dt=2024-07-09, opr_hr=2" in message


# --- the days that change the clock -------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "right", "wrong"),
    [
        (SPRING + 1 * HOUR, "2", ("1", "3")),
        (SPRING + 2 * HOUR, "4", ("3", "2", "25")),
        (SPRING + 22 * HOUR, "24", ("23", "25")),
        (AUTUMN + 1 * HOUR, "2", ("1", "25", "3")),
        (AUTUMN + 2 * HOUR, "25", ("2", "3", "1")),
        (AUTUMN + 3 * HOUR, "3", ("4", "25", "2")),
        (AUTUMN + 24 * HOUR, "24", ("25", "23")),
    ],
)
@pytest.mark.parametrize("run", RUNS)
def test_hours_around_the_change_have_one_label(
    file: Path, run: str, start: datetime, right: str, wrong: tuple[str, ...]
) -> None:
    """In spring hour 3 is missing, in autumn the repeated hour is 25: every other label is refused."""
    prices = read(file, csv_file(interval(run=run, start=start, OPR_HR=right))).prices
    assert prices["operating_hour"].to_list() == [int(right)]
    for label in wrong:
        message = contradiction(file, csv_file(interval(run=run, start=start, OPR_HR=label)), [1, 2, 3, 4])
        assert message.startswith("OPR_HR contradicts ")
        repeated = " (the repeated hour)" if right == "25" else ""
        assert f"operating hour {right}{repeated} of " in message


@pytest.mark.parametrize("midnight", [SPRING, AUTUMN, SPRING + 23 * HOUR, AUTUMN + 25 * HOUR])
def test_the_hours_around_midnight_belong_to_their_days(file: Path, midnight: datetime) -> None:
    """The trade date changes at Pacific midnight, before and after the change of the clock."""
    before, after = (midnight - HOUR, midnight)
    days = read(file, csv_file([*interval(start=before), *interval(start=after)])).prices["trade_date"].to_list()
    assert days == [midnight.date() - timedelta(days=1), midnight.date()]
    for start, day in ((before, days[1]), (after, days[0])):
        assert contradiction(file, csv_file(interval(start=start, OPR_DT=str(day))), [1, 2, 3, 4]).startswith("OPR_DT ")


# --- INTERVAL_NUM of XML ------------------------------------------------------------------------


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("wrong", [-1, 0, 1])
def test_a_number_of_another_interval_is_refused(file: Path, run: str, wrong: int) -> None:
    """INTERVAL_NUM counts from 1 over the day; off by one it is of another interval."""
    number = 60 // MINUTES[run] + 1  # of the first interval of the second hour
    content = xml_file([*interval(run=run), *interval(run=run, node="Z", INTERVAL_NUM=str(number + wrong))])
    if wrong:
        message = contradiction(file, content, [5, 6, 7, 8])
        assert message.startswith("INTERVAL_NUM contradicts ")
        assert f"interval_num={number + wrong}" in message
    else:
        assert read(file, content).prices.height == 2


@pytest.mark.parametrize(
    ("start", "accepted", "refused"),
    [
        (SPRING + 2 * HOUR, (3, 4), (2, 5)),
        (SPRING + 22 * HOUR, (23, 24), (22, 25)),
        (AUTUMN + 2 * HOUR, (3, 25), (2, 4)),
        (AUTUMN + 3 * HOUR, (4, 3), (5, 25)),
        (AUTUMN + 24 * HOUR, (25, 24), (23, 26)),
    ],
)
def test_both_ways_to_count_a_changed_day_are_accepted(
    file: Path, start: datetime, accepted: tuple[int, ...], refused: tuple[int, ...]
) -> None:
    """The specification leaves open whether numbers count intervals or follow the hours' labels; no third way."""
    for number in accepted:
        assert read(file, xml_file(interval(start=start, INTERVAL_NUM=str(number)))).prices.height == 1
    for number in refused:
        content = xml_file(interval(start=start, INTERVAL_NUM=str(number)))
        assert contradiction(file, content, [1, 2, 3, 4]).startswith("INTERVAL_NUM ")


@pytest.mark.parametrize("text", ["", "two", "2.0"])
def test_a_number_that_is_none_is_refused(file: Path, text: str) -> None:
    """An interval that nobody counted is not checked, so it is not read."""
    content = xml_file([*interval(), cells("MGHG", "0", INTERVAL_NUM=text)])
    assert contradiction(file, content, [5]).startswith("INTERVAL_NUM ")


@pytest.mark.parametrize(("column", "text"), [("OPR_DT", "2024-07-03"), ("INTERVALENDTIME_GMT", f"{START:{GMT}}")])
def test_other_labels_of_xml_are_checked_too(file: Path, column: str, text: str) -> None:
    """Trade date and end are compared with the start in both forms."""
    message = contradiction(file, xml_file([*hours(2), cells("MGHG", "0", **{column: text})]), [9])
    assert message.startswith({"OPR_DT": "OPR_DT ", "INTERVALENDTIME_GMT": "INTERVAL_END_GMT "}[column])
