"""``caiso-lmp export``: prices as files for other tools."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from caiso_lmp.cli import options
from caiso_lmp.cli.entry import cli
from caiso_lmp.cli.folder import open_warehouse, say_before_archive
from caiso_lmp.cli.show import print_json
from caiso_lmp.cli.terminal import notes
from caiso_lmp.warehouse.export import FORMATS


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--format", "file_format", type=click.Choice(sorted(FORMATS)), default="parquet", show_default=True)
@options.markets
@options.window
@options.as_of
@options.common
def export(  # noqa: PLR0917 - click passes options by name
    folder: Path,
    file_format: str,
    markets: tuple[str, ...],
    start: str | None,
    end: str | None,
    trade_date: str | None,
    days: int | None,
    as_of: str | None,
    data_dir: Path | None,
    as_json: bool,
    verbose: bool,
) -> None:
    """Write prices to FOLDER, one file per market and month of trade dates.

    Without a window everything is written. FOLDER must not exist yet; it appears whole or not at all.

    \b
    Example:
      caiso-lmp export prices/ --market DAM
      caiso-lmp export march/ --format csv --start 2024-03-01 --end 2024-04-01
    """
    any_window = start or end or trade_date or days
    window = options.chosen_window(start, end, trade_date, days, datetime.now(UTC)) if any_window else (None, None)
    written: list[tuple[Path, int]] = []

    def note(path: Path, rows: int) -> None:
        written.append((path, rows))
        if verbose:
            notes().print(f"{path}  {rows:,}")

    moment = options.chosen_moment(as_of)
    warehouse = open_warehouse(data_dir)
    rows = warehouse.export(
        folder,
        file_format=file_format,
        markets=options.chosen_markets(markets, ()),
        start=window[0],
        end=window[1],
        as_of=moment,
        on_file=note,
    )
    if not rows:
        notes().print("no prices in this window; see `caiso-lmp status`", style="yellow")
    say_before_archive(warehouse, moment)
    notes().print(f"wrote {rows:,} intervals in {len(written)} files to {folder}")
    if as_json:
        print_json({"rows": rows, "files": [{"file": str(path), "rows": count} for path, count in written]})
