"""What the processes of this machine remember together about one host: a small JSON file.

The file is a hint and no treasure: lost or damaged, it costs one spacing. It is replaced as a whole, so a
reader never sees half of it. All times are seconds of wall-clock time, the only clock that processes and
restarts share; that it may be set back is provided for.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

_APPLICATION: Final = "caiso-lmp"


@dataclass(frozen=True)
class ThrottleState:
    """The memory of one host.

    Attributes:
        last_start: When the last request started.
        next_free: First time that nobody has reserved.
        blocked_until: End of the pause after a refusal.
        struck_at: When that refusal came.
        strikes: How many refusals are not yet taken back by successes; each doubles the pause.
    """

    last_start: float = 0.0
    next_free: float = 0.0
    blocked_until: float = 0.0
    struck_at: float = -1.0  # before any start, by any clock
    strikes: int = 0

    def believable(self, now: float, longest_pause: float) -> ThrottleState:
        """Give the state as this clock would have written it, if the clock was set back since.

        A start in the future tells by how much. A pause longer than any, or a queue behind such a pause, is
        forgotten; the spacing after the last start stays.
        """
        back = max(self.last_start - now, 0.0)
        moved = replace(self, **{name: getattr(self, name) - back for name in _TIMES})
        if max(moved.blocked_until - now, (moved.next_free - now) / 2) > longest_pause:
            return replace(moved, blocked_until=0.0, next_free=0.0)
        return moved


_TIMES: Final = ("last_start", "next_free", "blocked_until", "struck_at")


def read_state(file: Path) -> ThrottleState | None:
    """Read the state: without a file nothing was ever asked; None if the file is damaged."""
    try:
        text = file.read_bytes()
    except FileNotFoundError:
        return ThrottleState()
    try:
        numbers = json.loads(text)
        last_start, next_free, blocked_until, struck_at = (float(numbers[name]) for name in _TIMES)
        state = ThrottleState(last_start, next_free, blocked_until, struck_at, int(numbers["strikes"]))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    sound = all(math.isfinite(getattr(state, name)) for name in _TIMES) and state.strikes >= 0
    return state if sound else None


def write_state(file: Path, state: ThrottleState) -> None:
    """Replace the state; the caller holds the lock."""
    written = file.with_suffix(".new")
    written.write_text(json.dumps(asdict(state)), "utf-8")
    written.replace(file)


def state_folder() -> Path:
    """Find the user's folder for state that outlives a run but is worth no backup.

    Source: XDG Base Directory Specification; a relative path there is to be ignored.
    """
    named = os.environ.get("XDG_STATE_HOME", "")
    base = Path(named) if Path(named).is_absolute() else Path.home() / ".local" / "state"
    return base / _APPLICATION
