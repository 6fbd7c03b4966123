"""``caiso-lmp nodes``: which nodes there are, and what is known of each."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Final

import click
import polars as pl

from caiso_lmp.backfill.asked import Circumstances
from caiso_lmp.cli import options
from caiso_lmp.cli.entry import TROUBLE, cli
from caiso_lmp.cli.folder import open_folder
from caiso_lmp.cli.show import cell, print_json, table
from caiso_lmp.cli.terminal import console, notes
from caiso_lmp.errors import UsageError
from caiso_lmp.fetch.throttle import SPACING_SECONDS
from caiso_lmp.nodes.catalogue import NodeCatalogue
from caiso_lmp.nodes.coordinates import read_coordinates
from caiso_lmp.nodes.files import write_frame
from caiso_lmp.nodes.node_type import NodeType
from caiso_lmp.nodes.update import NodesReport, load_lists, update_nodes
from caiso_lmp.trading_time import parse_moment, trade_date_of

_SHOWN: Final = 40  # rows of a table without --verbose
_COLUMNS: Final = (
    "node",
    "node_type",
    "trading_hub",
    "balancing_area",
    "effective_from",
    "first_priced",
    "last_priced",
)
_PERIOD: Final = ("effective_from", "effective_to", "first_listed", "last_listed", "listed")


@cli.group(no_args_is_help=True)
def nodes() -> None:
    """Search the catalogue of nodes, show one, or update it from OASIS.

    \b
    Example:
      caiso-lmp nodes update
      caiso-lmp nodes search NP15
      caiso-lmp nodes show TH_NP15_GEN-APND
    """


@nodes.command()
@click.argument("pattern")
@click.option(
    "--type", "node_type", type=click.Choice([str(kind) for kind in NodeType]), help="Only nodes of this type."
)
@options.common
def search(pattern: str, node_type: str | None, data_dir: Path | None, as_json: bool, verbose: bool) -> int:
    """Find nodes by a part of their name, in any case, or by a pattern with * and ?.

    \b
    Example:
      caiso-lmp nodes search np15
      caiso-lmp nodes search 'DLAP_*' --json
      caiso-lmp nodes search PGAE --type slap
    """
    catalogue = _open(data_dir)
    found = catalogue.search(pattern, node_type)
    if as_json:
        print_json(found.to_dicts())
    elif found.height:
        shown = found if verbose else found.head(_SHOWN)
        rows = [[cell(row[name]) for name in _COLUMNS] for row in shown.iter_rows(named=True)]
        console().print(table(list(_COLUMNS), rows, left=_COLUMNS))
        if shown.height < found.height:
            notes().print(f"… and {found.height - shown.height:,} more: --verbose lists all", style="dim")
    else:
        near = catalogue.suggest(pattern)
        notes().print(f"no node matches {pattern!r}" + (f"; did you mean {' or '.join(near)}?" if near else ""))
    return 0 if found.height else TROUBLE


@nodes.command()
@click.argument("node")
@options.common
def show(
    node: str,
    data_dir: Path | None,
    as_json: bool,
    verbose: bool,  # noqa: ARG001 - read from the arguments by the entry point
) -> None:
    """Show what is known of one node: type, periods, hub, balancing area, and which prices there are of it.

    \b
    Example:
      caiso-lmp nodes show TH_NP15_GEN-APND
      caiso-lmp nodes show DLAP_SCE-APND --json
    """
    catalogue = _open(data_dir)
    known = catalogue.get(node)
    if known is None:
        near = catalogue.suggest(node)
        hint = f"did you mean {' or '.join(near)}?" if near else "`caiso-lmp nodes search PATTERN` finds names"
        raise UsageError(f"the catalogue has no node {node!r}", hint=hint)
    mine = pl.col("node") == node
    told = known | {
        "periods": catalogue.nodes.filter(mine).select(_PERIOD).to_dicts(),
        "groups": catalogue.members.filter(mine).drop("node").to_dicts(),
        "members": catalogue.members_of(node),
        "prices": catalogue.seen.filter(mine).drop("node").to_dicts(),
    }
    if as_json:
        print_json(told)
    else:
        _print_node(told)


def _print_node(told: dict[str, Any]) -> None:
    plain = [[name, _said(value)] for name, value in told.items() if not isinstance(value, list)]
    console().print(table(["", " "], plain, left=["", " "]))
    for name in ("periods", "groups", "prices"):
        if told[name]:
            headers = list(told[name][0])
            rows = [[_said(value) for value in row.values()] for row in told[name]]
            console().print(f"\n{name}", table(headers, rows, left=headers), sep="\n")
    if told["members"]:
        members = told["members"]
        more = f", … {len(members) - _SHOWN:,} more: --json lists all" if len(members) > _SHOWN else ""
        console().print(f"\n{len(members):,} members\n{', '.join(members[:_SHOWN])}{more}")


def _said(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else cell(value)


@nodes.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--date", "trade_date", help="List the nodes of this trade date. [default: today]")
@click.option(
    "--coordinates",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Join a CSV of yours with the columns node, latitude, longitude.",
)
@options.address
@click.option("--spacing", type=float, default=SPACING_SECONDS, show_default=True, help="Seconds between two starts.")
@click.option("--offline", is_flag=True, help="Ask nobody: build the catalogue again from the lists that are kept.")
@options.common
def update(  # noqa: PLR0917 - click passes options by name
    files: tuple[Path, ...],
    trade_date: str | None,
    coordinates: Path | None,
    base_url: str,
    spacing: float,
    offline: bool,
    data_dir: Path | None,
    as_json: bool,
    verbose: bool,
) -> int:
    """Ask OASIS which nodes there are, or read its lists from FILES, and build the catalogue again.

    Four requests. A node that is listed no more stays in the catalogue, with the last date on which it was.

    \b
    Example:
      caiso-lmp nodes update
      caiso-lmp nodes update --coordinates my_nodes.csv --offline
      caiso-lmp nodes update 20230917_20230918_ATL_PNODE_N_20230921_12_16_19_v1.csv
    """
    folder = open_folder(data_dir)
    given = None if coordinates is None else read_coordinates(coordinates)  # wrong ones before anything is asked
    if files:
        report = load_lists(files, folder)
    else:
        how = Circumstances(base_url=base_url, spacing=spacing, offline=offline)
        report = update_nodes(folder, how, trade_date=_date_of(trade_date))
    if given is not None:
        write_frame(folder, "coordinates", given)
        report.notes.append(f"{given.height:,} coordinates from {coordinates}")
    if as_json:
        print_json(report.to_json())
    else:
        _print_report(report, verbose=verbose)
    return TROUBLE if report.errors else 0


def _date_of(text: str | None) -> date | None:
    return None if text is None else trade_date_of(parse_moment(text))


def _print_report(report: NodesReport, *, verbose: bool) -> None:
    for name, rows in report.lists.items():
        console().print(f"{name}: {rows:,} rows")
    console().print(f"{report.nodes:,} nodes, {report.members:,} memberships")
    for what, names in (("added", report.added), ("retired", report.retired)):
        some = names if verbose else names[:3]
        if names:
            console().print(f"{len(names):,} {what}: {', '.join(some)}{', …' if len(some) < len(names) else ''}")
    for note in report.notes:
        notes().print(note, style="dim")
    for trouble in report.errors:
        notes().print(f"{trouble.file}: {trouble.message}", style="red")


def _open(data_dir: Path | None) -> NodeCatalogue:
    """Open the catalogue of the data folder, and say so where it was never updated."""
    catalogue = NodeCatalogue.open(open_folder(data_dir))
    if catalogue.newest_list is None:
        notes().print(
            "no list of nodes yet, only nodes with prices here; `caiso-lmp nodes update` fetches it", style="dim"
        )
    return catalogue
