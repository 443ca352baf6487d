"""The folder of npm modules that scripts use where nobody names one: the nearest, as Node itself looks for it."""

from pathlib import Path
from typing import Final

__all__ = ["modules_for"]

_MODULES: Final = "node_modules"


def modules_for(given: str | None, scripts: Path, folder: Path) -> Path | None:
    """Return the folder `node_modules` that scripts use, or None when there is none.

    Args:
        given: What the configuration says; it is taken as it is.
        scripts: The folder of the scripts, or a file in it.
        folder: The folder of the configuration: above it, nothing is looked for.
    """
    if given is not None:
        return folder / given
    scripts, root = scripts.resolve(), folder.resolve()
    above = [one for one in (scripts, *scripts.parents) if one.is_relative_to(root)] or [root]
    return next((modules for one in above if (modules := one / _MODULES).is_dir()), None)
