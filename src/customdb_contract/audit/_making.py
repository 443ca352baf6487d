"""Profiles made by a team's own function, which may raise, return anything, or take for ever."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from attrs import define, field, frozen

from customdb_contract.audit._columns import ProfileOf, Row
from customdb_contract.interrupts import current_interrupts
from customdb_contract.profiles.problems import readable

__all__ = ["Failed", "Made", "Maker"]

_LOOK_SECONDS: Final = 0.25
_UNREADABLE: Final = "made profile_of return a mapping that cannot be read, or whose keys are not text"


@frozen
class Failed:
    """No profile was made of a row.

    Args:
        problem: Why, in words that follow `the row`.
    """

    problem: str


@frozen
class Made:
    """A row and the profile that was made of it.

    Args:
        row: The row.
        profile: The profile, or why there is none.
    """

    row: Row
    profile: Mapping[str, object] | Failed


@define
class _Progress:
    made: list[Made] = field(factory=list[Made])
    since: float = field(factory=time.monotonic)
    ended: threading.Event = field(factory=threading.Event)
    left_behind: bool = False


@frozen
class Maker:
    """Makes profiles of rows, on a thread: one that takes too long is left behind with its row.

    Args:
        profile_of: The function.
        timeout: Seconds that one row may take.
    """

    profile_of: ProfileOf
    timeout: float

    def made_of(self, rows: Sequence[Row]) -> Iterator[Made]:
        """Yield what is made of rows, in their order.

        Args:
            rows: The rows.
        """
        left = list(rows)
        interrupts = current_interrupts()
        while left:
            progress = _Progress()
            thread = threading.Thread(target=self._make, args=(left, progress), daemon=True)
            thread.start()
            while not interrupts.wait(progress.ended, _LOOK_SECONDS):
                if time.monotonic() - progress.since > self.timeout:
                    break
            progress.left_behind = True
            made = list(progress.made)
            yield from made
            left = left[len(made) :]
            if left:
                yield Made(left[0], Failed(f"took more than {self.timeout:g} seconds in profile_of"))
                left = left[1:]

    def _make(self, rows: Sequence[Row], progress: _Progress) -> None:
        for row in rows:
            if progress.left_behind:
                return
            progress.since = time.monotonic()
            progress.made.append(Made(row, self._profile(row)))
        progress.ended.set()

    def _profile(self, row: Row) -> Mapping[str, object] | Failed:
        try:
            profile = self.profile_of(row)
            if isinstance(profile, Mapping):
                read = readable(cast("Mapping[str, object]", profile))
                return read if read or not profile else Failed(_UNREADABLE)
        except BaseException as error:  # noqa: BLE001 - it may raise anything, and this is its thread
            return Failed(f"made profile_of raise {type(error).__name__}")
        return Failed(f"made profile_of return {type(profile).__name__} instead of a mapping")
