"""A folder in which an audit stores its progress, to resume after an interruption.

It contains the findings so far, and a line for each completed step with the length of the findings at that time.
Findings written after the last such line are cut off.
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
    """The progress of an audit."""

    def findings(self) -> Iterator[UserFinding]:
        """Yield the findings of the steps that were completed before."""
        ...

    def note(self, key: str) -> Any:
        """Return the value stored for a step, or None."""
        ...

    def keep(self, findings: Iterable[UserFinding]) -> None:
        """Store findings of the current step."""
        ...

    def done(self, key: str, value: object) -> None:
        """Store that a step is completed, or its progress."""
        ...

    def close(self) -> None:
        """Close the state."""
        ...


class NoState:
    """The state of an audit that stores nothing."""

    def findings(self) -> Iterator[UserFinding]:
        """Yield nothing."""
        return iter(())

    def note(self, key: str) -> None:
        """Return nothing."""

    def keep(self, findings: Iterable[UserFinding]) -> None:
        """Store nothing."""

    def done(self, key: str, value: object) -> None:
        """Store nothing."""

    def close(self) -> None:
        """Close nothing."""


class FolderState:
    """The state of an audit, in a folder.

    Args:
        folder: The folder; it is created if it does not exist.
        settings: The settings that identify the audit, by name: an audit with other settings needs another folder.

    Raises:
        ConfigurationError: If the folder contains the state of another audit, or other files.
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
        """Read the stored state, or create a new one, and return the length of its findings."""
        path = self._folder / "audit.json"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                if any(self._folder.iterdir()):
                    message = f"state: {self._folder} is not empty, and contains no audit state: use an empty folder"
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
                f"state: {self._folder} belongs to another audit: {', '.join(others)} changed; "
                "use another folder, or remove this one to start again"
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
        """Yield the findings of the steps that were completed before."""
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
        """Return the value stored for a step, or None."""
        return self._notes.get(key)

    def keep(self, findings: Iterable[UserFinding]) -> None:
        """Store findings of the current step."""
        with self._writing():
            self._findings.writelines(as_line(as_row(finding)).encode() for finding in findings)

    def done(self, key: str, value: object) -> None:
        """Store that a step is completed, or its progress."""
        with self._writing():
            self._findings.flush()
            line = json.dumps({"key": key, "value": value, "end": self._findings.tell()})
            self._steps.write(f"{line}\n")
            self._steps.flush()

    def close(self) -> None:
        """Close the state."""
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
        message = f"state: {self._folder} can't be used ({type(error).__name__}): remove it to start again"
        return ConfigurationError(message)
