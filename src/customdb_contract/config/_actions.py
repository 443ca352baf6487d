"""The Action that a configuration file names, with its description of the legacy system."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from attrs import evolve

from customdb_contract.bridges.python_process import PythonProcessAction
from customdb_contract.config._databases import secret_of
from customdb_contract.config._json import json_problem
from customdb_contract.config._modules import modules_for
from customdb_contract.config._tables import ActionTable, FromEnvironment, LegacyTable, ResponseTable, Text
from customdb_contract.errors import ConfigurationError
from customdb_contract.faults import LegacyAnswers, LegacyResponse
from customdb_contract.observing_actions import DEFAULT_ANSWERS, CheckedAction
from customdb_contract.secrets import Secret

__all__ = ["action_of", "named_action"]

_OF_JAVASCRIPT: Final = ("node_modules", "node")
_REFERENCE: Final = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_SUFFIXES: Final = frozenset({".js", ".cjs", ".mjs", ".json"})


def action_of(table: ActionTable, folder: Path, where: str) -> CheckedAction:
    """Return the Action that a table names.

    Args:
        table: The table `[action]`.
        folder: The folder of the file.
        where: The place of the table, for messages.

    Raises:
        ConfigurationError: When the Action cannot be used; the message says where the problem is.
    """
    if table.code is not None and table.python is not None:
        message = f"{where} has both code and python: give only the one to check"
        raise ConfigurationError(message)
    if table.code is None and table.python is None:
        message = f"{where} has neither code nor python: give the file of an Action in JavaScript, or module:attribute"
        raise ConfigurationError(message)
    for key in _OF_JAVASCRIPT:
        if table.python is not None and key in table.model_fields_set:
            message = f"{where} {key} is for JavaScript: give code = the file of the Action, or leave it out"
            raise ConfigurationError(message)
    secrets = _secrets(table.secrets, where)
    legacy = DEFAULT_ANSWERS if table.legacy is None else _answers(table.legacy)
    try:
        return CheckedAction(
            action=_action(table, secrets, folder),
            legacy=legacy,
            metadata_required=table.metadata_required,
            restores=tuple(table.restores),
        )
    except ConfigurationError as error:
        message = f"{where} {error}"
        raise ConfigurationError(message) from None


def named_action(named: str, table: ActionTable, folder: Path) -> CheckedAction:
    """Return the Action named on the command line, with the settings that a table gives for it.

    Args:
        named: A JavaScript file, or `module:attribute`; both are looked up from the working directory.
        table: The table `[action]` of the configuration, empty if there is none.
        folder: The folder of the file.

    Raises:
        ConfigurationError: When it is neither; the message says so.
    """
    path = Path(named)
    is_file = path.suffix in _SUFFIXES or path.is_file()
    if not is_file and not _REFERENCE.fullmatch(named):
        message = (
            f"--action: {named} is neither a file nor a reference: give the JavaScript file of an Action, "
            "or module:attribute"
        )
        raise ConfigurationError(message)
    kept = table.model_fields_set - {"code", "python"} - (frozenset() if is_file else frozenset(_OF_JAVASCRIPT))
    surroundings = {name: getattr(table, name) for name in kept}
    if is_file:
        given = ActionTable.model_construct(code=str(path.resolve()), **surroundings)
        return action_of(given, folder, "--action:")
    return action_of(ActionTable.model_construct(python=named, **surroundings), Path(), "--action:")


def _action(table: ActionTable, secrets: Mapping[str, str | Secret], folder: Path) -> object:
    if table.python is not None:
        return PythonProcessAction(table.python, secrets=secrets, folder=folder, environment=table.environment)
    # Code for Node is loaded only for an Action in JavaScript.
    from customdb_contract.bridges.node import NodeAction  # noqa: PLC0415

    return NodeAction(
        folder / str(table.code),
        secrets=secrets,
        node_modules=modules_for(table.node_modules, folder / str(table.code), folder),
        environment=table.environment,
        node=table.node,
    )


def _secrets(table: Mapping[str, Text], where: str) -> Mapping[str, str | Secret]:
    """Return the Action's `event.secrets`; only values from the environment are masked."""
    secrets: dict[str, str | Secret] = {}
    for name, value in table.items():
        try:
            secrets[name] = secret_of(value) if isinstance(value, FromEnvironment) else value
        except ConfigurationError as error:
            message = f"{where} secrets.{name}: {error}"
            raise ConfigurationError(message) from None
    return secrets


def _answers(table: LegacyTable) -> LegacyAnswers:
    for path in table.paths:
        if not path.startswith("/"):
            message = f"[action.legacy] paths: {path} must begin with /, as the path of a request does"
            raise ConfigurationError(message)
    given = {
        name: _response(response, name)
        for name in ("found", "not_found", "empty")
        if (response := getattr(table, name)) is not None
    }
    paths = {path: _response(response, f"paths.{path}") for path, response in table.paths.items()}
    return evolve(DEFAULT_ANSWERS, **given, paths=paths)


def _response(table: ResponseTable, name: str) -> LegacyResponse:
    problem = json_problem(table.body)
    if problem:
        message = f"[action.legacy] {name}: body has {problem}, which JSON does not have; write it as a string"
        raise ConfigurationError(message)
    return LegacyResponse(table.status, table.body)
