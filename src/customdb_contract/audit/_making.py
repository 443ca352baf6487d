"""Profiles that `profile_of` creates: on a thread of this process, or in a separate process."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Final, Protocol

from attrs import define, field, frozen

from customdb_contract.bridges.making import NotMade, ProfileOf, Row, profile_made
from customdb_contract.bridges.python_process import PythonProcessFunction
from customdb_contract.interrupts import current_interrupts

__all__ = ["Maker", "maker_of"]

_LOOK_SECONDS: Final = 0.25


class Maker(Protocol):
    """Creates profiles from rows."""

    def made_of(self, rows: Sequence[Row]) -> Iterator[Mapping[str, object] | NotMade]:
        """Yield the profile of each row, in order."""
        ...


def maker_of(profile_of: ProfileOf | PythonProcessFunction, timeout: float, at_end: ExitStack) -> Maker:
    """Return the maker for a function.

    Args:
        profile_of: The function.
        timeout: Seconds that one row may take.
        at_end: Closes what is opened for it.

    Raises:
        ConfigurationError: If there is no such function.
        DatabaseOpeningError: If its process does not start.
    """
    if not isinstance(profile_of, PythonProcessFunction):
        return _ThreadMaker(profile_of, timeout)
    bridge = profile_of.open_function(seconds=timeout)
    at_end.callback(bridge.close)
    return bridge


@define
class _Progress:
    made: list[Mapping[str, object] | NotMade] = field(factory=list[Mapping[str, object] | NotMade])
    since: float = field(factory=time.monotonic)
    ended: threading.Event = field(factory=threading.Event)
    left_behind: bool = False


@frozen
class _ThreadMaker:
    """Creates profiles from rows on a thread; if a row takes too long, the thread is abandoned."""

    profile_of: ProfileOf
    timeout: float

    def made_of(self, rows: Sequence[Row]) -> Iterator[Mapping[str, object] | NotMade]:
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
                yield NotMade(f"took more than {self.timeout:g} seconds in profile_of")
                left = left[1:]

    def _make(self, rows: Sequence[Row], progress: _Progress) -> None:
        for row in rows:
            if progress.left_behind:
                return
            progress.since = time.monotonic()
            progress.made.append(profile_made(self.profile_of, row))
        progress.ended.set()
