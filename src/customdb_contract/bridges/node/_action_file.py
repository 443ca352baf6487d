"""An Action in the layout of the Auth0 Deploy CLI: `actions/NAME/code.js`, and `actions/NAME.json` beside its folder.

Source: <https://auth0.com/docs/deploy-monitor/deploy-cli-tool/available-resource-configuration-formats>.
"""

from pathlib import Path
from typing import Final, cast

from attrs import frozen

from customdb_contract.bridges.node._declared import Declared, declared_in
from customdb_contract.bridges.node._json_object import json_object
from customdb_contract.bridges.node._settings import shown
from customdb_contract.errors import ConfigurationError

__all__ = ["ActionFile", "read_action_file"]

_TRIGGER: Final = "post-login"
_CODE: Final = "code.js"


@frozen
class ActionFile:
    """The source of one Action.

    Args:
        name: The name of the Action.
        text: The contents of the file.
        file_name: The file, relative to the working directory if it is below that.
        problem: Why it is not an Action of the trigger post-login, or None.
        declared: The needs that its document declares; None if there is no document.
    """

    name: str
    text: str
    file_name: str
    problem: str | None = None
    declared: Declared | None = None


def read_action_file(path: Path) -> ActionFile:
    """Return the Action that a file contains or describes.

    Args:
        path: The source, or the JSON document with its name, the path of its source, its secrets and so on.

    Raises:
        ConfigurationError: When a file cannot be read, or the document does not describe an Action.
    """
    if path.suffix == ".json":
        return _described(path)
    if path.name != _CODE:
        return ActionFile(path.stem, _text(path), shown(path))
    folder = path.resolve().parent
    beside = folder.with_name(f"{folder.name}.json")
    return ActionFile(folder.name, _text(path), shown(path), declared=_declared_beside(beside))


def _declared_beside(path: Path) -> Declared | None:
    """Return the contents of a document that was not named; without keyword replacement, it can be invalid JSON."""
    try:
        return declared_in(json_object(_text(path), path), shown(path))
    except ConfigurationError:
        return None


def _described(path: Path) -> ActionFile:
    document = json_object(_text(path), path)
    name, code = document.get("name"), document.get("code")
    if not isinstance(code, str) or not code.strip():
        message = f"{path}: code must be the path of the Action's source, such as ./actions/{path.stem}/code.js"
        raise ConfigurationError(message)
    called = name if isinstance(name, str) and name else path.stem
    problem = _problem(document.get("supported_triggers"), shown(path))
    declared = declared_in(document, shown(path))
    source = _source(path, code)
    if source is not None:
        return ActionFile(called, _text(source), shown(source), problem, declared)
    if "exports" not in code:
        message = f"{path}: code names {code}, which does not exist"
        raise ConfigurationError(message)
    return ActionFile(called, code, shown(path), problem, declared)


def _source(path: Path, code: str) -> Path | None:
    """Return the file that `code` names, relative to the folder of `actions`, as the Deploy CLI writes it."""
    relative = code.replace("\\", "/")
    if "\n" in relative:
        return None
    candidates = (path.parent.parent / relative, path.parent / relative, path.parent / path.stem / Path(relative).name)
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _problem(triggers: object, file_name: str) -> str | None:
    """Return why an Action is not run after a log-in, or None if nothing says so."""
    listed = cast("list[object]", triggers) if isinstance(triggers, list) else []
    ids = [cast("dict[str, object]", trigger).get("id") for trigger in listed if isinstance(trigger, dict)]
    if not ids or _TRIGGER in ids:
        return None
    names = ", ".join(str(trigger) for trigger in ids)
    return f"{file_name}: supported_triggers has {names} but not {_TRIGGER}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise ConfigurationError(message) from None
