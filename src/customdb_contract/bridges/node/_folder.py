"""A connection as the Auth0 Deploy CLI keeps it: a folder with one file per script, and `database.json`.

Source: <https://auth0.com/docs/deploy-monitor/deploy-cli-tool/resource-specific-documentation> and, for keywords,
<https://auth0.com/docs/deploy-monitor/deploy-cli-tool/keyword-replacement>.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

from attrs import frozen

from customdb_contract.bridges.node._settings import shown
from customdb_contract.connection import Connection
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError

__all__ = ["ConnectionFolder", "ScriptFile", "read_folder"]

_DATABASE_FILE: Final = "database.json"
_KEYWORD: Final = re.compile(r"@@(?P<quoted>\w+)@@|##(?P<plain>\w+)##")
_OPTIONS: Final = {
    "import_mode": "import_mode",
    "requires_username": "requires_username",
    "enable_script_context": "script_context",
}


@frozen
class ScriptFile:
    """The source of one script.

    Args:
        text: What stands in the file, with keywords replaced.
        name: The file, relative to the working directory where it lies below that.
    """

    text: str
    name: str


@frozen
class ConnectionFolder:
    """What a folder of a connection holds.

    Args:
        scripts: The sources by script.
        connection: The settings of the connection, as `database.json` says.
        said: Which of the settings it says.
    """

    scripts: Mapping[Script, ScriptFile]
    connection: Connection
    said: frozenset[str]


def read_folder(folder: Path, keywords: Mapping[str, object]) -> ConnectionFolder:
    """Return what a folder of a connection holds.

    Args:
        folder: The folder.
        keywords: What the Deploy CLI would put in place of `##KEY##` (as it is) and `@@KEY@@` (as JSON).

    Raises:
        ConfigurationError: When there is no such folder, no script in it, a file cannot be read, or a keyword is
            not given.
    """
    if not folder.is_dir():
        message = f"{folder} is no folder: give one with login.js, get_user.js and so on, as the Deploy CLI exports it"
        raise ConfigurationError(message)
    database = folder / _DATABASE_FILE
    document = _document(database, keywords) if database.is_file() else dict[str, object]()
    options = _mapping(document.get("options", {}), database, "options")
    custom = _mapping(options.get("customScripts", {}), database, "options.customScripts")
    scripts = {script: _script(folder, script, custom, keywords) for script in Script}
    found = {script: file for script, file in scripts.items() if file is not None}
    if not found:
        names = ", ".join(f"{script}.js" for script in Script)
        message = f"{folder} has none of the scripts: {names}; give the folder of one connection"
        raise ConfigurationError(message)
    said = {key: _flag(options[key], key, database) for key in _OPTIONS if options.get(key) is not None}
    name = document.get("name")
    connection = Connection(
        name=name if isinstance(name, str) else Connection().name,
        import_mode=said.get("import_mode", False),
        requires_username=said.get("requires_username", False),
        script_context=said.get("enable_script_context", False),
    )
    return ConnectionFolder(found, connection, frozenset(_OPTIONS[key] for key in said))


def _document(path: Path, keywords: Mapping[str, object]) -> Mapping[str, object]:
    try:
        return _mapping(json.loads(_replaced(path, keywords)), path, "the document")
    except RecursionError:
        message = f"{path} is nested too deeply"
        raise ConfigurationError(message) from None
    except ValueError as error:
        message = f"{path} is no JSON: {error}"
        raise ConfigurationError(message) from None


def _mapping(value: object, path: Path, what: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        message = f"{path}: {what} must be an object"
        raise ConfigurationError(message)
    return cast("Mapping[str, object]", value)


def _flag(value: object, key: str, path: Path) -> bool:
    if not isinstance(value, bool):
        message = f"{path}: options.{key} must be true or false, and is {json.dumps(value):.40}"
        raise ConfigurationError(message)
    return value


def _script(
    folder: Path, script: Script, custom: Mapping[str, object], keywords: Mapping[str, object]
) -> ScriptFile | None:
    named = custom.get(script)
    if named is None:
        path = folder / f"{script}.js"
        return ScriptFile(_replaced(path, keywords), shown(path)) if path.is_file() else None
    if not isinstance(named, str):
        message = f"{folder / _DATABASE_FILE}: options.customScripts.{script} must be the name of a file"
        raise ConfigurationError(message)
    path = folder / named
    if not path.is_file():
        message = f"{folder / _DATABASE_FILE}: options.customScripts.{script} names {named}, and there is no such file"
        raise ConfigurationError(message)
    return ScriptFile(_replaced(path, keywords), shown(path))


def _replaced(path: Path, keywords: Mapping[str, object]) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise ConfigurationError(message) from None
    missing = {name for match in _KEYWORD.finditer(text) if (name := _name(match)) not in keywords}
    if missing:
        names = ", ".join(sorted(missing))
        message = f"{path} has keywords that are not given: {names}; give them under [database] keywords"
        raise ConfigurationError(message)

    def value(match: re.Match[str]) -> str:
        given = keywords[_name(match)]
        if match["plain"]:
            return given if isinstance(given, str) else json.dumps(given)
        return json.dumps(given)

    # The Deploy CLI takes quotes around @@KEY@@ for a part of the keyword.
    return _KEYWORD.sub(value, re.sub(r"""(["'])(@@\w+@@)\1""", r"\2", text))


def _name(match: re.Match[str]) -> str:
    return match["quoted"] or match["plain"]
