"""The folder of npm modules that scripts use by default: the nearest one, as Node itself searches for it."""

from pathlib import Path
from typing import Final

__all__ = ["modules_for"]

_MODULES: Final = "node_modules"


def modules_for(given: str | None, scripts: Path, folder: Path) -> Path | None:
    """Return the folder `node_modules` that scripts use, or None if there is none.

    Args:
        given: The folder in the configuration, which is used as it is.
        scripts: The folder of the scripts, or a file in it.
        folder: The folder of the configuration; folders above it are not searched.
    """
    if given is not None:
        return folder / given
    scripts, root = scripts.resolve(), folder.resolve()
    above = [one for one in (scripts, *scripts.parents) if one.is_relative_to(root)] or [root]
    return next((modules for one in above if (modules := one / _MODULES).is_dir()), None)
