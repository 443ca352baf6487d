"""Environments with customdb-contract, one extra and nothing else, built from links to the installed packages.

Installing each extra would take CI minutes, and download packages that are already installed.
"""

import sys
import venv
from collections.abc import Collection
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["make_environment", "requirements_of"]


def requirements_of(name: str, extras: Collection[str]) -> dict[str, Distribution]:
    """Return a distribution and all its direct and indirect requirements, by name.

    Args:
        name: The name of the distribution.
        extras: The requested extras.
    """
    found: dict[str, Distribution] = {}
    asked: set[tuple[str, str]] = set()
    left = [(canonicalize_name(name), extra) for extra in ("", *extras)]
    while left:
        current, extra = left.pop()
        if (current, extra) in asked:
            continue
        asked.add((current, extra))
        found[current] = distribution(current)
        for text in found[current].requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                assert requirement.specifier.contains(distribution(requirement.name).version, prereleases=True), text
                left += [(canonicalize_name(requirement.name), more) for more in ("", *requirement.extras)]
    return found


def make_environment(folder: Path, *extras: str) -> Path:
    """Create an environment, and return its Python.

    Args:
        folder: The folder of the environment.
        extras: The extras to include.
    """
    venv.create(folder, symlinks=True)
    site = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    for installed in requirements_of("customdb-contract", extras).values():
        for top in sorted({file.parts[0] for file in installed.files or ()} - {"..", "__pycache__"}):
            link = site / top
            if not link.exists():
                link.symlink_to(Path(str(installed.locate_file(top))))
    return folder / "bin" / "python"
