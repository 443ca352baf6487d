"""A folder in which an audit keeps how far it is, so that it can go on where it was interrupted.

It has the findings so far, and a line for each step that was done since, with the length that they had then. What was
written after the last such line is cut off.
"""

import hashlib
import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol, cast

from customdb_contract.audit._findings import UserFinding
from customdb_contract.audit._writing import as_line, as_row
from customdb_contract.errors import ConfigurationError
from customdb_contract.findings import Severity

__all__ = ["FolderState", "NoState", "State"]

_VERSION: Final = 1


class State(Protocol):
    """How far an audit is."""

    def findings(self) -> Iterator[UserFinding]:
        """Yield the findings of the steps that were done before."""
        ...

    def note(self, key: str) -> Any:
        """Return what was noted of a step, or None."""
        ...

    def keep(self, findings: Iterable[UserFinding]) -> None:
        """Keep findings of the step that is under way."""
        ...

    def done(self, key: str, value: object) -> None:
        """Note that a step is done, or how far it is."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class NoState:
    """The state of an audit that keeps none."""

    def findings(self) -> Iterator[UserFinding]:
        """Yield nothing."""
        return iter(())

    def note(self, key: str) -> None:
        """Return nothing."""

    def keep(self, findings: Iterable[UserFinding]) -> None:
        """Keep nothing."""

    def done(self, key: str, value: object) -> None:
        """Note nothing."""

    def close(self) -> None:
        """End nothing."""


class FolderState:
    """The state of an audit, in a folder.

    Args:
        folder: The folder; it is made where there is none.
        settings: What the audit is, by name: another one has another state.

    Raises:
        ConfigurationError: When the folder has the state of another audit, or none at all but other files.
    """

    def __init__(self, folder: Path, settings: Mapping[str, object]) -> None:
        self._folder = folder
        self._notes: dict[str, Any] = {}
        marks = {
            name: hashlib.sha256(repr(value).encode("utf-8", "surrogatepass")).hexdigest()
            for name, value in settings.items()
        }
        end = self._take_up({"version": _VERSION, **marks})
        self._findings = (folder / "findings.jsonl").open("ab")
        self._findings.truncate(end)
        self._steps = (folder / "steps.jsonl").open("a", encoding="utf-8")

    def _take_up(self, settings: Mapping[str, object]) -> int:
        """Read the state that there is, and return the length of its findings; begin one where there is none."""
        path = self._folder / "audit.json"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                if any(self._folder.iterdir()):
                    message = (
                        f"state: {self._folder} is not empty, and has no state of an audit: give a folder of its own"
                    )
                    raise ConfigurationError(message)
                path.write_text(json.dumps(settings), encoding="utf-8")
                return 0
            known = cast("dict[str, object]", dict(json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError) as error:
            if isinstance(error, ConfigurationError):
                raise
            raise self._unusable(error) from None
        others = sorted(name for name in {*known, *settings} if known.get(name) != settings.get(name))
        if others:
            message = (
                f"state: {self._folder} is that of another audit: {', '.join(others)} changed; "
                "give another folder, or remove it to begin anew"
            )
            raise ConfigurationError(message)
        return self._read_steps()

    def _read_steps(self) -> int:
        path, end, whole = self._folder / "steps.jsonl", 0, 0
        if path.exists():
            for line in path.read_bytes().splitlines(keepends=True):
                try:
                    step = cast("dict[str, Any]", json.loads(line))
                except ValueError:
                    break
                try:
                    self._notes[step["key"]] = step["value"]
                    end, whole = int(step["end"]), whole + len(line)
                except (KeyError, TypeError, ValueError) as error:
                    raise self._unusable(error) from None
            with path.open("r+b") as file:
                file.truncate(whole)
        return end

    def findings(self) -> Iterator[UserFinding]:
        """Yield the findings of the steps that were done before."""
        with (self._folder / "findings.jsonl").open(encoding="utf-8", newline="\n") as file:
            for line in file:
                try:
                    row: dict[str, Any] = json.loads(line)
                    severity, shared_with = Severity(row.pop("severity")), tuple(row.pop("shared_with"))
                    found = UserFinding(severity=severity, shared_with=shared_with, **row)
                except (AttributeError, KeyError, TypeError, ValueError) as error:
                    raise self._unusable(error) from None
                yield found

    def note(self, key: str) -> Any:
        """Return what was noted of a step, or None."""
        return self._notes.get(key)

    def keep(self, findings: Iterable[UserFinding]) -> None:
        """Keep findings of the step that is under way."""
        with self._writing():
            self._findings.writelines(as_line(as_row(finding)).encode() for finding in findings)

    def done(self, key: str, value: object) -> None:
        """Note that a step is done, or how far it is."""
        with self._writing():
            self._findings.flush()
            line = json.dumps({"key": key, "value": value, "end": self._findings.tell()})
            self._steps.write(f"{line}\n")
            self._steps.flush()

    def close(self) -> None:
        """End it."""
        with self._writing():
            self._findings.close()
            self._steps.close()

    @contextmanager
    def _writing(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            message = f"state: {self._folder} can't be written: {error.strerror or error}"
            raise ConfigurationError(message) from None

    def _unusable(self, error: Exception) -> ConfigurationError:
        message = f"state: {self._folder} can't be used ({type(error).__name__}): remove it to begin anew"
        return ConfigurationError(message)
