"""What a service must know after a restart and the warehouse cannot tell: which scheduled runs are done.

One small JSON file beside the data, replaced as a whole. Lost, it costs one run that finds everything there.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from caiso_lmp.errors import UsageError
from caiso_lmp.settings import DataFolder


@dataclass
class ServiceState:
    """The memory of one connector.

    Attributes:
        file: Where it is kept.
        done: For each market run the scheduled moment up to which all runs are done.
    """

    file: Path
    done: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: DataFolder, name: str) -> Self:
        """Read the memory of a connector; a damaged file is as good as none."""
        file = folder.root / "connector" / f"{name}.json"
        try:
            told = json.loads(file.read_text("utf-8"))["batch_done"]
            done = {str(run): datetime.fromisoformat(text).astimezone(UTC) for run, text in told.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            done = {}
        return cls(file, done)

    def finish(self, run_id: str, fire: datetime) -> None:
        """Note that the runs of a market are done up to a scheduled moment.

        Raises:
            UsageError: It cannot be written.
        """
        self.done[run_id] = fire
        text = json.dumps({"batch_done": {run: moment.isoformat() for run, moment in sorted(self.done.items())}})
        unfinished = self.file.with_suffix(".new")
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.open("w", encoding="utf-8") as stream:
                stream.write(text + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            unfinished.replace(self.file)
        except OSError as error:
            raise UsageError(
                f"the state of the service cannot be kept in {self.file}: {error}", hint="check permissions and space"
            ) from error
