"""The scripts that `init --template` writes, assembled from the common parts of all stores and those of one store."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

__all__ = ["DATABASES", "database_files"]

_FOLDER: Final = Path(__file__).parents[1] / "templates" / "databases"
_SCRIPTS: Final = Path("database-connections", "legacy")
_STORE: Final = "store.js"
_PART: Final = re.compile(r"^// @part (\w+)(.*)\n", re.MULTILINE)
_WANTED: Final = re.compile(r"^ *// @parts (.+)\n", re.MULTILINE)
_WRITING: Final = "create"

DATABASES: Final = (
    "asp-net-simple-membership",
    "asp-net-universal-providers",
    "azure-sql",
    "http",
    "mongodb",
    "mysql",
    "plain-javascript",
    "postgresql",
    "sql-server",
    "stormpath",
)
"""The systems for which there are scripts."""

_BUILT_ON: Final = {
    "asp-net": "sql-server",
    "asp-net-simple-membership": "asp-net",
    "asp-net-universal-providers": "asp-net",
    "azure-sql": "sql-server",
}
"""The templates that take the parts and files they don't have themselves from another folder."""


def database_files(name: str) -> Mapping[Path, str]:
    """Return the files of a template: scripts in the layout of the Deploy CLI, a configuration and an explanation.

    Args:
        name: One of `DATABASES`.
    """
    own = [_FOLDER / each for each in _foundations(name)]
    parts = {part: text for folder in (_FOLDER, *own) for part, text in _parts(folder / _STORE).items()}
    sources = {path.stem: path for folder in (_FOLDER, *own) for path in (folder / "scripts").glob("*.js")}
    scripts = {
        script: _put_together(text, parts)
        for script, path in sorted(sources.items())
        if _wanted(text := path.read_text(encoding="utf-8")) <= parts.keys()
    }
    others = {path.name: path for folder in own for path in folder.iterdir() if path.is_file() and path.name != _STORE}
    return {
        _SCRIPTS / "database.json": _settings(scripts),
        **{_SCRIPTS / f"{script}.js": text for script, text in scripts.items()},
        **{Path(other): path.read_text(encoding="utf-8") for other, path in sorted(others.items())},
    }


def _foundations(name: str) -> Sequence[str]:
    """Return a template after those that it is based on, whose files and functions it can replace."""
    return [*(_foundations(_BUILT_ON[name]) if name in _BUILT_ON else ()), name]


def _parts(path: Path) -> dict[str, tuple[Sequence[str], str]]:
    """Return the functions in a file by name: the names of the functions that each calls, and its text."""
    _, *found = _PART.split(path.read_text(encoding="utf-8"))
    pieces = zip(found[::3], found[1::3], found[2::3], strict=True)
    return {name: (needs.split(), text.strip("\n")) for name, needs, text in pieces}


def _wanted(script: str) -> set[str]:
    return {name for match in _WANTED.finditer(script) for name in match[1].split()}


def _put_together(script: str, parts: Mapping[str, tuple[Sequence[str], str]]) -> str:
    """Return a script with the names of functions replaced by the functions themselves."""

    def with_needs(names: Sequence[str]) -> Iterator[str]:
        for name in names:
            yield name
            yield from with_needs(parts[name][0])

    def texts(match: re.Match[str]) -> str:
        names = dict.fromkeys(with_needs(match[1].split()))
        return "\n\n".join(parts[name][1] for name in names) + "\n"

    return _WANTED.sub(texts, script)


def _settings(scripts: Mapping[str, str]) -> str:
    """Return `database.json`. A store that cannot be written to is only useful for a migration."""
    options = {
        "enabledDatabaseCustomization": True,
        "import_mode": _WRITING not in scripts,
        "requires_username": False,
        "customScripts": {script: f"./{script}.js" for script in scripts},
    }
    written = {"name": "legacy", "strategy": "auth0", "enabled_clients": list[str](), "options": options}
    return json.dumps(written, indent=2) + "\n"
