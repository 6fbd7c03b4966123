"""The configuration: defaults, lines of problems, nearest names, the environment, secrets, the JSON Schema."""

from __future__ import annotations

import string
from contextlib import suppress
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from caiso_lmp import CAISOConnectorConfig, UsageError, read_config
from caiso_lmp.connector.config_check import check_config
from caiso_lmp.connector.config_file import HIDDEN, config_schema, parse_config, resolved, show_config
from caiso_lmp.connector.config_parts import MarketPlan
from caiso_lmp.connector.transforms import known_transforms
from caiso_lmp.fetch.plan import ALL_NODES
from caiso_lmp.market import HUBS

RUN_IDS = ["DAM", "HASP", "RTPD", "RTM", "RUC"]


def problem(text: str, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        parse_config(text, "caiso.yaml", environment or {})
    return caught.value.message


def test_the_defaults_are_those_that_are_documented() -> None:
    """Who configures nothing gets the published defaults of every option about OASIS."""
    config = CAISOConnectorConfig()
    assert config.caiso_base_url == "https://oasis.caiso.com/oasisapi"
    assert (config.caiso_timeout, config.caiso_rate_limit, config.caiso_retry_attempts) == (30, 100, 3)
    assert (config.caiso_backoff_factor, config.caiso_user_agent) == (2.0, "254Carbon/1.0")
    assert (config.oasis_version, config.oasis_result_format) == ("12", "6")
    assert (config.default_market_run_id, config.default_node, config.max_concurrent_requests) == ("DAM", None, 5)
    assert (config.market, config.mode, config.enabled, config.schema) == ("CAISO", "batch", True, None)


def test_every_problem_is_named_with_its_line() -> None:
    """A file with many faults is told all of them at once, each with file and line."""
    told = problem(
        "name: caiso\nversion: 1.0\nmode: hybird\nmarkets:\n  - market_run_id: DAMM\n  - market_run_id: DAM\n"
        "    schedul: x\ntransforms: [sanitise_numeric]\nkafka:\n  bootstrap: x\n"
    ).splitlines()
    assert {line.split(": ")[0] for line in told} == {f"caiso.yaml:{n}" for n in (2, 3, 5, 7, 8, 9, 10)}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nmae: x", "caiso.yaml:1: unknown option nmae; did you mean name?"),
        ("name: x\nmode: hybird", "did you mean hybrid?"),
        ("caiso_timeout: '30'", "caiso.yaml:1: caiso_timeout must be a number, not '30'"),
        ("enabled: 1", "enabled must be true or false, not 1"),
        ("default_market_run_id: DMA", "did you mean DAM?"),
        ("transforms: [sanitise_numeric]", "did you mean sanitize_numeric?"),
        ("transforms: [sanitize_numeric, sanitize_numeric]", "listed twice"),
        ("schedule: 61 * * * *", "no cron expression (Bad minute)"),
        ("schedule: '* * * *'", "4 fields instead of 5"),
        ("schedule: 0 0 31 2 *", "no cron expression"),
        ("metrics:\n  prot: 1", "caiso.yaml:2: unknown option metrics.prot; did you mean port?"),
        ("markets: [DAM, DAM]", "markets has DAM twice"),
        ("nodes: [A, all]", '"all" has every node already'),
        ("caiso_base_url: ftp://x", "caiso.yaml:1: caiso_base_url"),
        ("name: a\nname: b", "caiso.yaml:2: name is there twice, first on line 1"),
        ("a: [", "caiso.yaml:1: this is no YAML"),
        ("- a", "no mapping"),
        ("name: !!python/object:os.system x", "this value cannot be read"),
        ("name: &a [*a]", "this anchor holds itself"),
        ("name: ${NAME}", "caiso.yaml:1: the environment variable NAME is not set"),
        ("name: ${NA-ME}", "names no variable"),
        ("quality: {price_min: 1, price_max: 0}", "price_min must be less than price_max"),
        ("plugins: [no_such_module_of_ours]", "cannot be imported"),
        ("plugins: ['']", "caiso.yaml:1: the module  cannot be imported: ValueError"),
        ("plugins: [.x]", "cannot be imported: TypeError"),
        ("kafka: x", "kafka must be a section"),
    ],
)
def test_a_problem_says_what_to_write(text: str, told: str) -> None:
    """Each kind of mistake has a message that names the place and, where there is one, the nearest valid name."""
    assert told in problem(text)


def test_python_gets_the_same_messages() -> None:
    """A configuration made in Python is refused by the error tree too, not by another library's errors."""
    with pytest.raises(UsageError, match="unknown option mod; did you mean mode"):
        CAISOConnectorConfig(mod="batch")


def test_a_file_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    """A missing file and bytes that are no text are told as such."""
    with pytest.raises(UsageError, match="cannot be read"):
        read_config(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read"):
        read_config(tmp_path / "bytes.yaml")


# --- the environment and secrets ----------------------------------------------------------------

HIDING_YAML = """
name: caiso
metrics: {port: "${PORT}"}
kafka:
  bootstrap_servers: ${BROKERS}
  password: ${PASSWORD}
  settings: {ssl.key.password: "${PASSWORD}", linger.ms: 20}
  schema_registry: {url: "https://me:${PASSWORD}@registry:8081", password: "${PASSWORD}"}
"""
SECRETS = {"PORT": "9200", "BROKERS": "a:9092", "PASSWORD": "s3cret: [x"}


def test_variables_are_text_that_may_stand_for_a_number() -> None:
    """``${NAME}`` fills in text that is never read as YAML, and becomes a number where a number must be."""
    config = parse_config(HIDING_YAML, environment=SECRETS)
    assert config.metrics.port == 9200
    assert config.kafka is not None
    assert config.kafka.password is not None
    assert config.kafka.password.get_secret_value() == SECRETS["PASSWORD"]
    assert "metrics.port must be a whole number" in problem(HIDING_YAML, SECRETS | {"PORT": "many"})


def test_secrets_are_hidden_wherever_they_stand() -> None:
    """Neither the shown configuration nor its repr has the password, in a URL or a setting of the producer."""
    config = parse_config(HIDING_YAML, environment=SECRETS)
    assert SECRETS["PASSWORD"] not in show_config(config) + str(resolved(config))
    assert show_config(config).count(HIDDEN) == 4
    assert "linger.ms: 20" in show_config(config)


# --- what it means ------------------------------------------------------------------------------


def test_markets_take_what_they_lack_from_the_connector() -> None:
    """A market without a schedule, mode or nodes has those of the connector; a bare name is a market."""
    config = parse_config(
        "nodes: hubs\nmode: hybrid\nmarkets:\n  - DAM\n  - {market_run_id: FMM, schedule: 0 1 * * *, nodes: [A]}\n"
    )
    first, second = config.plans()
    assert (first.market_run_id, first.mode, first.schedule, first.nodes) == (
        "DAM",
        "hybrid",
        "30 13 * * *",
        list(HUBS),
    )
    assert (second.market_run_id, second.mode, second.schedule, second.nodes) == ("RTPD", "hybrid", "0 1 * * *", ["A"])
    assert MarketPlan(market_run_id="RTD").market_run_id == "RTM"
    assert ALL_NODES  # the selection that "all" becomes


def test_check_wants_nodes_and_a_schema_that_fits(tmp_path: Path) -> None:
    """A service that would follow nothing, or whose schema is not there or no schema, is refused before it starts."""
    with pytest.raises(UsageError, match="no node is followed in DAM"):
        check_config(CAISOConnectorConfig(), "a.yaml")
    with pytest.raises(UsageError, match="is not there"):
        check_config(CAISOConnectorConfig(nodes="hubs", schema="none.avsc"), "a.yaml")
    (tmp_path / "bad.avsc").write_text("{}")
    with pytest.raises(UsageError, match=r"bad\.avsc"):
        check_config(CAISOConnectorConfig(nodes="hubs", schema=str(tmp_path / "bad.avsc")), "a.yaml")
    check_config(CAISOConnectorConfig(nodes="hubs"), "a.yaml")


# --- properties ---------------------------------------------------------------------------------

words = st.text(string.ascii_letters + string.digits + " ._:#-'\"{}[]é$", max_size=20)
names = st.text(string.ascii_letters + string.digits, min_size=1, max_size=20)
numbers = st.floats(min_value=1, max_value=500, allow_nan=False)
crons = st.builds("{} {} * * *".format, st.integers(0, 59), st.integers(0, 23))
nodes = st.lists(names.filter(lambda name: name not in {"hubs", "all"}), max_size=4) | st.sampled_from(["hubs", "all"])


@st.composite
def options(draw: st.DrawFn) -> dict[str, Any]:
    runs = draw(st.lists(st.sampled_from(RUN_IDS), unique=True, max_size=5))
    maybe: dict[str, st.SearchStrategy[Any]] = {
        "name": names,
        "version": words,
        "mode": st.sampled_from(["batch", "realtime", "hybrid"]),
        "schedule": crons,
        "enabled": st.booleans(),
        "schema": st.none() | words,
        "retries": st.integers(0, 100),
        "tenant_strategy": st.sampled_from(["single", "multi"]),
        "transforms": st.lists(st.sampled_from(known_transforms()), unique=True),
        "owner": words,
        "description": words,
        "tags": st.lists(words, max_size=3),
        "caiso_timeout": numbers,
        "caiso_rate_limit": numbers,
        "oasis_version": st.sampled_from(["1", "12"]),
        "default_node": st.none() | names,
        "nodes": nodes,
        "markets": st.just([{"market_run_id": run, "schedule": draw(crons)} for run in runs]),
        "kafka": st.fixed_dictionaries({"bootstrap_servers": words, "password": st.none() | words}),
        "realtime": st.fixed_dictionaries({"overlap_minutes": st.integers(0, 1440)}),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(maybe))))
    return {name: draw(maybe[name]) for name in sorted(chosen)}


@given(options())
def test_a_configuration_round_trips(told: dict[str, Any]) -> None:
    """What is shown with its secrets, read again, is the same configuration; nothing is lost on the way to YAML."""
    config = CAISOConnectorConfig(**told)
    text = show_config(config, reveal=True)
    escaped = {"$": "$"}  # a lone dollar is text; only ${NAME} is a variable
    assert parse_config(text, environment=escaped) == config


@given(options())
def test_the_json_schema_takes_what_the_model_takes(told: dict[str, Any]) -> None:
    """An editor with the JSON Schema does not mark what the connector accepts."""
    shown = yaml.safe_load(show_config(CAISOConnectorConfig(**told), reveal=True))
    jsonschema.validate(shown, config_schema())


@given(st.text(max_size=200))
def test_no_text_raises_anything_but_wrong_use(text: str) -> None:
    """Whatever stands in the file, the answer is a configuration or a message."""
    with suppress(UsageError):
        parse_config(text, environment={})
