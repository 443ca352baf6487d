"""What `init` finds in the folder: an export of the Auth0 Deploy CLI, its keywords, and what its scripts read."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from attrs import frozen

from customdb_contract._cli._output import read
from customdb_contract.errors import ConfigurationError

__all__ = ["Found", "configuration_for_python", "configuration_for_scripts", "found_in"]

_EXPORTS: Final = ("database-connections", "tenant.yaml", "tenant.yml")
_MAPPINGS: Final = "AUTH0_KEYWORD_REPLACE_MAPPINGS"
"""Source: <https://auth0.com/docs/deploy-monitor/deploy-cli-tool/keyword-replacement>."""

_READ: Final = re.compile(r"""\bconfiguration(?:\?)?(?:\.([A-Za-z_$][\w$]*)|\[\s*["']([^"'\n]+)["']\s*\])""")
_VARIABLE: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_PYTHON: Final = "my_package.my_module:database"


_Opened = TypeVar("_Opened")


@frozen(kw_only=True)
class Found:
    """Scripts in JavaScript, and the settings that they need.

    Args:
        path: The folder of the connection, or the YAML file of the export, relative to the current folder.
        name: The name of the connection; None if the path has only one.
        settings: The keys of `configuration` that the scripts read.
        keywords: The values that the Deploy CLI puts in place of keywords, as far as its configuration has them.
        unknown: Keywords without a value.
        others: The names of other connections with scripts.
        export: The export that the connection is a part of; None if its folder was given.
    """

    path: Path
    name: str | None = None
    settings: Sequence[str] = ()
    keywords: Mapping[str, object] = {}
    unknown: Sequence[str] = ()
    others: Sequence[str] = ()
    export: Path | None = None


def found_in(folder: Path, scripts: Path | None) -> Found | None:
    """Return the given scripts, or those of an export in a folder or directly below it; None if there are none.

    Args:
        folder: The current folder.
        scripts: The folder of a connection, or None to search for one.

    Raises:
        ConfigurationError: When the export cannot be read, or has no scripts that Auth0 would call.
    """
    from customdb_contract.bridges.node import NodeDatabase, custom_connections

    if scripts is not None:
        keywords = dict(_keywords(folder))
        # Connections that cannot be checked are reported here, and not by the first check.
        _, unknown = _with_unknown(lambda given: NodeDatabase(scripts, keywords=given), keywords)
        return Found(path=scripts, settings=_settings(scripts), keywords=keywords, unknown=unknown)
    export = next(filter(_is_export, (folder, *sorted(path for path in folder.iterdir() if path.is_dir()))), None)
    if export is None:
        return None
    keywords = {**dict(_keywords(export)), **dict(_keywords(folder))}
    (first, *others), unknown = _with_unknown(lambda given: custom_connections(export, lambda _: given)[0], keywords)
    name = None if first.path.is_dir() or not others else first.name
    _, unknown = _with_unknown(lambda given: NodeDatabase(first.path, name=name, keywords=given), keywords, unknown)
    return Found(
        path=first.path.relative_to(folder),
        name=name,
        settings=_settings(first.folder),
        keywords=keywords,
        unknown=unknown,
        others=[other.name for other in others],
        export=export.relative_to(folder),
    )


def configuration_for_scripts(template: str, found: Found) -> str:
    """Return a `customdb.toml` for scripts in JavaScript.

    Args:
        template: The commented configuration.
        found: The scripts.
    """
    named = "" if found.name is None else f"name = {_text(found.name)}\n"
    lines = [
        "[connection]                       # the settings come from the export; override them here",
        f'{named}# features = ["signup", "reset"]   # legacy mode: what the tenant offers, so which scripts there are',
        "# deletion_is_final = true         # users deleted in Auth0 must not come back: the scripts refuse them",
        "",
        "[database]",
        f"scripts = {_text(found.path.as_posix())}",
        '# node_modules = "tenant/node_modules"     # the modules that the scripts require, if not next to them',
    ]
    if found.settings:
        lines += ["", "[database.configuration]           # what the scripts read; here from environment variables"]
        lines += [f"{_key(name)} = {{ env = {_text(_as_variable(name))} }}" for name in found.settings]
    if found.keywords or found.unknown:
        lines += ["", f"[database.keywords]                # same as {_MAPPINGS} in the Deploy CLI's configuration"]
        lines += [
            f"{_key(name)} = {_keyword(name, value)}"
            for name, value in found.keywords.items()
            if isinstance(value, str | int | float)
        ]
        lines += [f"{_key(name)} = {{ env = {_text(_as_variable(name))} }}" for name in found.unknown]
    return _with_database(template, "\n".join(lines) + "\n\n")


def configuration_for_python(template: str, reference: str) -> str:
    """Return a `customdb.toml` for a database in Python.

    Args:
        template: The commented configuration.
        reference: The database, as `module:attribute`.
    """
    return template.replace(f'"{_PYTHON}"', _text(reference))


def _with_database(template: str, tables: str) -> str:
    """Return a configuration with the tables of connection and database replaced."""
    start, end = template.index("[connection]"), template.index("# The same database with an unreachable store")
    return template[:start] + tables + template[end:]


def _with_unknown(
    open_with: Callable[[Mapping[str, object]], _Opened], keywords: Mapping[str, object], unknown: Sequence[str] = ()
) -> tuple[_Opened, Sequence[str]]:
    """Return what opens only where each keyword has a value, with those that have none."""
    from customdb_contract.bridges.node import MissingKeywordsError

    while True:
        try:
            return open_with({**keywords, **dict.fromkeys(unknown, "")}), unknown
        except MissingKeywordsError as error:
            unknown = (*unknown, *error.names)


def _is_export(folder: Path) -> bool:
    return any((folder / name).exists() for name in _EXPORTS)


def _settings(folder: Path) -> Sequence[str]:
    """Return the keys of `configuration` that the scripts of a folder read, in order."""
    names: dict[str, None] = {}
    for path in sorted(folder.glob("*.js")) if folder.is_dir() else ():
        for attribute, key in _READ.findall(read(path)):
            names[attribute or key] = None
    return tuple(names)


def _keywords(folder: Path) -> Iterator[tuple[str, object]]:
    """Yield the keyword mappings of the Deploy CLI's configuration files."""
    for path in sorted(folder.glob("*config*.json")):
        try:
            document: Any = json.loads(read(path))
        except (ConfigurationError, ValueError, RecursionError):
            continue  # It can be the configuration of anything.
        mappings = cast("dict[str, Any]", document).get(_MAPPINGS) if isinstance(document, dict) else None
        if isinstance(mappings, dict):
            yield from cast("dict[str, object]", mappings).items()


def _keyword(name: str, value: str | float) -> str:
    """Return a keyword's value as TOML; a value that can be secret comes from the environment."""
    from customdb_contract.profiles import is_secret_name

    if is_secret_name(name):
        return f"{{ env = {_text(_as_variable(name))} }}"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _as_variable(name: str) -> str:
    return name if _VARIABLE.fullmatch(name) else re.sub(r"\W", "_", name, flags=re.ASCII)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(text: str) -> str:
    """Return a text as a basic TOML string, whose escapes are those of JSON, except for the character DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
