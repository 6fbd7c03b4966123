"""``caiso-lmp verify``: are the raw files and the warehouse what they say they are?"""

from __future__ import annotations

from pathlib import Path

from caiso_lmp.cli import options
from caiso_lmp.cli.entry import TROUBLE, cli
from caiso_lmp.cli.folder import open_folder
from caiso_lmp.cli.show import print_json, table
from caiso_lmp.cli.terminal import console, notes
from caiso_lmp.verify import verify_archive


@cli.command()
@options.common
def verify(data_dir: Path | None, as_json: bool, verbose: bool) -> int:  # noqa: ARG001 - read by the entry point
    """Check raw files against their hashes and the warehouse against the raw files.

    \b
    Example:
      caiso-lmp verify
    """
    folder = open_folder(data_dir)
    checked = verify_archive(folder)
    if as_json:
        print_json({"raw_files": checked.raw_files, "findings": [vars(finding) for finding in checked.findings]})
    elif checked.findings:
        rows = [[finding.check, finding.subject, finding.message] for finding in checked.findings]
        console().print(table(["check", "what", "finding"], rows, left=["check", "what", "finding"]))
    if checked.findings:
        notes().print(f"{len(checked.findings)} findings", style="bold red")
        return TROUBLE
    notes().print(f"all well: {checked.raw_files} raw files, the warehouse and its coverage agree", style="green")
    return 0
