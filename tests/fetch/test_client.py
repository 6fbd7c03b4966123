"""The client against a real HTTP server that misbehaves in every known way."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fake_time import FakeTime
from oasis_bodies import CSV, OUTAGE_PAGE, PRICES, THROTTLE_PAGE, error_xml, error_zip, zipped
from scripted_oasis import (
    Part,
    Stage,
    answer,
    cut,
    disconnect,
    hang,
    playing,
    redirect,
    reset,
    trickle_body,
    trickle_headers,
)

from caiso_lmp.errors import UsageError
from caiso_lmp.fetch.address import parse_address
from caiso_lmp.fetch.client import Limits, OasisClient
from caiso_lmp.fetch.downloads import Downloads
from caiso_lmp.fetch.outcome import AskSmaller, Delivered, GaveUp, NoData, Outcome, Partial, Refused, RetryKind
from caiso_lmp.fetch.request import Request, node_request
from caiso_lmp.fetch.retry import PACES, patience
from caiso_lmp.fetch.split import smaller
from caiso_lmp.fetch.throttle import Throttle
from caiso_lmp.market import Market
from caiso_lmp.trading_time import utc_window

ONE_DAY = node_request(Market.DAM, ["A"], *utc_window(date(2024, 3, 10)))
TWO_NODES = node_request(Market.DAM, ["A", "B"], *utc_window(date(2024, 3, 10)))
PATIENT = Limits()  # as towards OASIS: a slow machine fails no test
IMPATIENT = Limits(read_seconds=0.5, deadline_seconds=1.0)  # for servers that hang or trickle
PRICES_AND_ERROR = zipped(LMP__csv=CSV, MCC__xml=error_xml(1000))
NEVER_DONE = {hang, trickle_body, trickle_headers}
DELIVERED = answer(PRICES, Content_Disposition="inline; filename=prices.zip;")

Connect = Callable[..., Downloads]


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def connect(tmp_path: Path, fake_time: FakeTime) -> Iterator[Connect]:
    """Connect to a server; waiting takes no time and is noted, and no random number adds to it."""
    opened: list[Downloads] = []

    def to(base_url: str, limits: Limits = PATIENT, spacing: float = 0.0) -> Downloads:
        address = parse_address(base_url)
        throttle = Throttle(address, spacing, tmp_path, clock=fake_time.clock, jitter=lambda: 0.0)
        client = OasisClient(throttle, limits=limits, sleep=fake_time.sleep, chance=lambda: 0.0)
        opened.append(Downloads(client))
        return opened[-1]

    yield to
    for downloads in opened:
        downloads.close()


@pytest.fixture
def ask(connect: Connect) -> Callable[..., Outcome]:
    """Ask one question of a server that plays a script; give the outcome."""

    def play(*script: Part) -> Outcome:
        with playing(*script) as server:
            limits = PATIENT if NEVER_DONE.isdisjoint(script) else IMPATIENT
            return connect(server.base_url, limits).fetch(ONE_DAY).outcome

    return play


Ask = Callable[..., Outcome]


# --- answers ------------------------------------------------------------------------------------


def test_prices_arrive_with_all_that_a_manifest_needs(connect: Connect, fake_time: FakeTime) -> None:
    """An answer comes with its question, bytes, OASIS's name for it, its URL and when it was asked."""
    with playing(DELIVERED) as server:
        fetched = connect(server.base_url).fetch(ONE_DAY)
        assert fetched.outcome == Delivered(PRICES, ("prices.csv",), "prices.zip")
        assert (fetched.request, fetched.url, fetched.attempts) == (ONE_DAY, ONE_DAY.url(server.base_url), 1)
        assert fetched.fetched_at == datetime.fromtimestamp(fake_time.now, UTC)
        assert fetched.url.endswith(server.requests[0][0])


def test_the_client_says_another_name_if_told(tmp_path: Path, fake_time: FakeTime) -> None:
    """A connector names itself to OASIS, and gives up as often as it was told to."""
    with playing(disconnect) as server:
        throttle = Throttle(parse_address(server.base_url), 0.0, tmp_path, clock=fake_time.clock)
        client = OasisClient(throttle, sleep=fake_time.sleep, paces=patience(1, 2.0), user_agent="somebody/1.0")
        with Downloads(client) as downloads:
            outcome = downloads.fetch(ONE_DAY).outcome
        assert isinstance(outcome, GaveUp)
        assert [headers["User-Agent"] for _path, headers in server.requests] == ["somebody/1.0"] * 2


def test_the_client_says_who_it_is(connect: Connect) -> None:
    """Requests carry the name of this package, not that of a browser or a library."""
    with playing(DELIVERED) as server:
        connect(server.base_url).fetch(ONE_DAY)
        assert server.requests[0][1]["User-Agent"].startswith("caiso-lmp/")


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        (answer(error_zip(1000)), NoData),
        (answer(error_zip(1014)), NoData),
        (answer(error_zip(1001)), Refused),
        (answer(b"not found", 404), Refused),
    ],
)
def test_final_answers_are_asked_once(connect: Connect, part: Part, kind: type[Outcome]) -> None:
    """No data and refusals are outcomes at once: repeating cannot help."""
    with playing(part) as server:
        assert type(connect(server.base_url).fetch(ONE_DAY).outcome) is kind
        assert len(server.requests) == 1


def test_a_partial_answer_is_an_outcome(ask: Ask) -> None:
    """A mixture of prices and errors is handed on as such."""
    assert isinstance(ask(answer(PRICES_AND_ERROR)), Partial)


# --- trouble that passes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "waits"),
    [
        (answer(THROTTLE_PAGE, 429), [30]),
        (answer(THROTTLE_PAGE), [30]),
        (answer(b"", 403), [30]),
        (answer(b"", 429, Retry_After="50"), [50]),
        (answer(b"", 503), [10]),
        (answer(b"", 503, Retry_After="50"), [50]),
        (answer(OUTAGE_PAGE), [10]),
        (answer(error_zip(1010)), [10]),
        (answer(error_zip(1015)), [20]),
        (answer(PRICES[:-30]), [2]),
        (answer(b""), [2]),
        (cut(PRICES), [2]),
        (answer(b"no gzip", Content_Encoding="gzip"), [2]),
        (reset, [5]),
        (disconnect, [2]),
        (hang, [30]),
        (trickle_body, [30]),
        (answer(error_zip(1003)), [30]),
    ],
)
def test_trouble_is_met_at_its_own_pace(ask: Ask, fake_time: FakeTime, trouble: Part, waits: list[float]) -> None:
    """After each trouble the same question is asked again after the pause of its kind, and then answered."""
    outcome = ask(trouble, DELIVERED)
    assert isinstance(outcome, Delivered)
    assert outcome.content == PRICES
    assert fake_time.slept == pytest.approx(waits)


def test_all_troubles_in_a_row_end_in_prices(ask: Ask) -> None:
    """One question survives every trouble there is, one after the other."""
    troubles = (
        answer(THROTTLE_PAGE, 429),
        answer(b"", 503),
        answer(OUTAGE_PAGE),
        reset,
        cut(PRICES),
        answer(error_zip(1015)),
        answer(error_zip(1006)),
        hang,
    )
    assert isinstance(ask(*troubles, DELIVERED), Delivered)


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (answer(THROTTLE_PAGE, 429), RetryKind.THROTTLED),
        (answer(b"", 503), RetryKind.OUTAGE),
        (answer(error_zip(1010)), RetryKind.FAULT),
        (answer(error_zip(1015)), RetryKind.PREPARING),
        (answer(PRICES[:-30]), RetryKind.BROKEN),
        (reset, RetryKind.UNREACHABLE),
        (answer(error_zip(1003)), RetryKind.TIMED_OUT),
    ],
)
def test_trouble_that_stays_is_given_up(ask: Ask, trouble: Part, kind: RetryKind) -> None:
    """Patience ends after the attempts of each kind, and says after how many and why."""
    outcome = ask(trouble)
    assert isinstance(outcome, GaveUp)
    assert (outcome.kind, outcome.attempts) == (kind, PACES[kind].attempts)
    assert str(kind) in outcome.detail


def test_a_throttle_makes_the_others_wait(tmp_path: Path, fake_time: FakeTime) -> None:
    """While one client waits after a 429, every other one of this machine waits too."""
    seen: list[float] = []

    async def look_around(seconds: float) -> None:
        seen.append(Throttle(address, 0.0, tmp_path, clock=fake_time.clock).blocked_for())
        fake_time.pass_by(seconds)

    with playing(answer(THROTTLE_PAGE, 429), DELIVERED) as server:
        address = parse_address(server.base_url)
        throttle = Throttle(address, 0.0, tmp_path, clock=fake_time.clock, jitter=lambda: 0.0)
        with Downloads(OasisClient(throttle, sleep=look_around)) as downloads:
            downloads.fetch(ONE_DAY)
    assert seen == pytest.approx([30.0])


def test_nobody_there_is_unreachable(connect: Connect) -> None:
    """A port without a server ends in an outcome, not in an exception of the library."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    outcome = connect(f"http://127.0.0.1:{port}/oasisapi").fetch(ONE_DAY).outcome
    assert isinstance(outcome, GaveUp)
    assert outcome.kind is RetryKind.UNREACHABLE


# --- too much -----------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [hang, answer(error_zip(1003)), answer(error_zip(1017))])
def test_what_can_be_asked_smaller_is_not_repeated(connect: Connect, part: Part) -> None:
    """A question that times out and has parts is handed back at once, to be split."""
    with playing(part) as server:
        outcome = connect(server.base_url, IMPATIENT).fetch(TWO_NODES).outcome
        assert isinstance(outcome, AskSmaller)
        assert len(server.requests) == 1


@pytest.mark.parametrize("part", [trickle_body, trickle_headers])
def test_the_deadline_holds_while_bytes_trickle(connect: Connect, part: Part) -> None:
    """A byte in time again and again does not put off the deadline; the question is handed back to be split."""
    with playing(part) as server:
        started = time.monotonic()
        outcome = connect(server.base_url, IMPATIENT).fetch(TWO_NODES).outcome
        assert isinstance(outcome, AskSmaller)
        assert "no whole answer" in outcome.detail
        assert IMPATIENT.deadline_seconds <= time.monotonic() - started < 10 * IMPATIENT.deadline_seconds


def test_a_body_past_the_limit_is_refused(connect: Connect) -> None:
    """A body that never ends does not fill the memory: past the limit it is dropped and refused."""
    with playing(answer(b"PK" * 600_000)) as server:
        downloads = connect(server.base_url, limits=Limits(body_bytes=1_000_000))
        assert isinstance(downloads.fetch(ONE_DAY).outcome, Refused)
        assert len(server.requests) == 1


# --- where requests go --------------------------------------------------------------------------


def test_redirects_are_followed_in_turn(connect: Connect, fake_time: FakeTime) -> None:
    """A redirect is one more request, with a turn of its own."""
    with playing(redirect("/elsewhere?a=b"), DELIVERED) as server:
        downloads = connect(server.base_url, spacing=5.0)
        assert isinstance(downloads.fetch(ONE_DAY).outcome, Delivered)
        assert server.requests[1][0] == "/elsewhere?a=b"
        assert fake_time.slept == [5.0]
        assert downloads.tally.requests == 2


@pytest.mark.parametrize("location", ["http://oasis.example.org/oasisapi", "ftp://127.0.0.1/oasisapi"])
def test_redirects_out_of_https_are_refused(ask: Ask, location: str) -> None:
    """No redirect leads to another machine unprotected."""
    outcome = ask(redirect(location))
    assert isinstance(outcome, Refused)
    assert location in outcome.detail


def test_redirects_in_a_circle_end(connect: Connect) -> None:
    """A few redirects are enough."""
    with playing(redirect("/again")) as server:
        assert isinstance(connect(server.base_url).fetch(ONE_DAY).outcome, Refused)
        assert len(server.requests) == 4


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_certificates_are_verified(connect: Connect, tmp_path: Path) -> None:
    """A server whose certificate nobody vouches for gets no question."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*make.split(), *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with playing(DELIVERED) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        outcome = connect(server.base_url.replace("http:", "https:")).fetch(ONE_DAY).outcome
        assert isinstance(outcome, GaveUp)
        assert "CERTIFICATE_VERIFY_FAILED" in outcome.detail
        assert server.requests == []


def test_proxies_are_not_for_this_machine(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment does not come between us and a simulator."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert isinstance(ask(DELIVERED), Delivered)


# --- many at once -------------------------------------------------------------------------------


def day_requests(count: int) -> list[Request]:
    return [node_request(Market.DAM, ["A"], *utc_window(date(2024, 6, n + 1))) for n in range(count)]


def test_all_questions_are_answered_once(connect: Connect, fake_time: FakeTime) -> None:
    """Every question of the queue comes back exactly once, and starts keep their spacing."""
    questions = day_requests(12)
    with playing(DELIVERED) as server:
        downloads = connect(server.base_url, spacing=5.0)
        fetched = list(downloads.fetch_all(deque(questions)))
        assert sorted(each.request.key for each in fetched) == sorted(question.key for question in questions)
        assert len(server.requests) == 12
        assert sorted(each.fetched_at.timestamp() for each in fetched) == [
            fake_time.now - 5 * n for n in range(11, -1, -1)
        ]


def test_at_most_five_are_in_flight(connect: Connect) -> None:
    """Five questions download at once, and never a sixth, however many are submitted."""
    together = threading.Barrier(5)

    def wait_for_five(stage: Stage) -> None:
        together.wait(10)
        DELIVERED(stage)

    with playing(wait_for_five) as server:
        downloads = connect(server.base_url)
        futures = [downloads.submit(question) for question in day_requests(20)]
        assert all(isinstance(future.result(10).outcome, Delivered) for future in futures)
        assert server.most_at_once == 5


def test_questions_may_be_added_while_iterating(connect: Connect) -> None:
    """A question that is too large is replaced by its halves in the same run."""
    with playing(answer(error_zip(1008)), DELIVERED) as server:
        questions = deque([TWO_NODES])
        outcomes = []
        for fetched in connect(server.base_url).fetch_all(questions):
            outcomes.append(type(fetched.outcome))
            if isinstance(fetched.outcome, AskSmaller):
                questions.extend(smaller(fetched.request))
        assert outcomes == [AskSmaller, Delivered, Delivered]


def test_answers_that_nobody_takes_do_not_pile_up(connect: Connect) -> None:
    """While the caller is busy, no more is asked than may wait for it."""
    with playing(DELIVERED) as server:
        outcomes = connect(server.base_url).fetch_all(deque(day_requests(20)))
        next(outcomes)
        time.sleep(0.2)
        assert len(server.requests) == 5
        outcomes.close()


def test_the_tally_counts_what_happened(connect: Connect) -> None:
    """Requests, bytes and throttles are counted, repeats included."""
    with playing(answer(THROTTLE_PAGE, 429), answer(b"", 503), DELIVERED) as server:
        downloads = connect(server.base_url)
        downloads.fetch(ONE_DAY)
        tally = downloads.tally
        assert (tally.requests, tally.throttled) == (3, 1)
        assert tally.bytes == len(THROTTLE_PAGE) + len(PRICES)


# --- stopping -----------------------------------------------------------------------------------


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_closing_does_not_wait_for_a_hanging_server(connect: Connect) -> None:
    """Ctrl-C ends downloads at once, not after the timeouts of what is under way."""
    with playing(hang) as server:
        downloads = connect(server.base_url)
        future = downloads.submit(ONE_DAY)
        wait_until(lambda: bool(server.requests))
        started = time.monotonic()
        downloads.close()
        assert time.monotonic() - started < 5
        with pytest.raises(CancelledError):
            future.result()


def test_leaving_the_iteration_stops_the_rest(connect: Connect) -> None:
    """Who stops iterating leaves no request under way: the next question does not wait for the old ones."""
    with playing(DELIVERED, hang, hang, hang, hang, DELIVERED) as server:
        downloads = connect(server.base_url)
        outcomes = downloads.fetch_all(deque(day_requests(20)))
        next(outcomes)
        wait_until(lambda: len(server.requests) == 5)
        outcomes.close()
        futures = [downloads.submit(question) for question in day_requests(5)]
        assert all(isinstance(future.result(10).outcome, Delivered) for future in futures)


def test_closing_twice_is_closing_once(connect: Connect) -> None:
    """Closing again does no harm."""
    with playing(DELIVERED) as server, connect(server.base_url) as downloads:
        downloads.fetch(ONE_DAY)
        downloads.close()


def test_trouble_with_the_throttle_reaches_the_caller(connect: Connect, tmp_path: Path) -> None:
    """What goes wrong on this machine is an error of ours in the main thread, not silence in the background."""
    with playing(DELIVERED) as server:
        downloads = connect(server.base_url)
        tmp_path.joinpath(f"127.0.0.1-{server.server_port}.lock").mkdir()
        with pytest.raises(UsageError, match="state of the throttle"):
            downloads.fetch(ONE_DAY)
