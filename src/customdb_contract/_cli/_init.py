"""`customdb-contract init`: writes the files that a check starts with."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from customdb_contract._cli._output import print_text, write
from customdb_contract._cli._templates import DATABASES, database_files
from customdb_contract.errors import ConfigurationError

__all__ = ["add_init"]

_TEMPLATES: Final = Path(__file__).parents[1] / "templates"
_CONFIG: Final = Path("customdb.toml")
_DATABASE: Final = {_CONFIG: "customdb.toml", Path("test_customdb.py"): "test_customdb.py.txt"}
_ACTION: Final = "action"
_AUDIT: Final = "customdb-audit.toml"


def add_init(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: The parser of the command.
    """
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--template",
        choices=DATABASES,
        metavar="SYSTEM",
        help=f"write JavaScript scripts for a system, in the layout of the Deploy CLI: {', '.join(DATABASES)}",
    )
    what.add_argument(
        "--action",
        action="store_true",
        help="write a post-login Action that restores metadata, in the layout of the Deploy CLI",
    )
    what.add_argument(
        "--scripts", type=Path, metavar="FOLDER", help="write a customdb.toml for the scripts of a connection"
    )
    what.add_argument(
        "--python", metavar="MODULE:ATTRIBUTE", help="write a customdb.toml and a test for a database in Python"
    )
    what.add_argument(
        "--audit",
        metavar="SOURCE",
        help="propose which column of a file or a database maps to which attribute, to audit its users",
    )
    parser.add_argument("--query", metavar="SQL", help="with --audit: the query that selects the users of a database")
    parser.set_defaults(run=_init)


def _init(options: argparse.Namespace) -> int:
    if options.query is not None and options.audit is None:
        message = "--query requires --audit SOURCE with the URL of a database"
        raise ConfigurationError(message)
    if options.audit is not None:
        _propose_audit(options.audit, options.query)
    elif options.template is not None:
        _write(database_files(options.template))
        print("Follow README.md, then run: customdb-contract check")
    elif options.action:
        _write(_action_files())
        print("Follow actions/persist-legacy-metadata/README.md, then run: customdb-contract check")
    else:
        _write_configuration(options.scripts, options.python)
    return 0


def _write_configuration(scripts: Path | None, python: str | None) -> None:
    """Write a configuration that fits the folder, and a test if the database is in Python."""
    from customdb_contract._cli._surroundings import configuration_for_python, configuration_for_scripts, found_in

    texts = _texts(_DATABASE)
    found = None if python is not None else found_in(Path(), scripts)
    if found is not None:
        _write({_CONFIG: configuration_for_scripts(texts[_CONFIG], found)})
        print(f"Using the scripts in {found.path}.")
        if found.others:
            print(
                f"Other connections: {', '.join(found.others)}. To check all of them: customdb-contract check --tenant",
                found.export,
            )
    elif python is not None:
        from customdb_contract.bridges.references import parted

        parted(python)
        _write({**texts, _CONFIG: configuration_for_python(texts[_CONFIG], python)})
    else:
        _write(texts)
    print("Fill in customdb.toml, then run: customdb-contract check")


def _propose_audit(source: str, query: str | None) -> None:
    """Write a configuration for an audit, or print the table to add to an existing one."""
    from customdb_contract._cli._mapping import VARIABLE, audit_configuration, has_password, proposed
    from customdb_contract.audit import column_types
    from customdb_contract.config import find_config

    proposal = proposed(column_types(source, query=query))
    known = find_config(Path())
    if known is None:
        [begun] = _texts({_CONFIG: _AUDIT}).values()
        _write({_CONFIG: f"{begun}\n{audit_configuration(source, proposal, query=query)}"})
    else:
        table = "audit" if known.name == _CONFIG.name else "tool.customdb-contract.audit"
        print_text(f"# Add this to {known}:\n\n{audit_configuration(source, proposal, query=query, table=table)}\n")
    if has_password(source):
        print(f"The password was left out: set the environment variable {VARIABLE} to the URL.")
    print(f"Check [audit] in {known or _CONFIG}, then run: customdb-contract audit --sample 1000")


def _action_files() -> Mapping[Path, str]:
    files = sorted(path for path in (_TEMPLATES / _ACTION).rglob("*") if path.is_file())
    return _texts({path.relative_to(_TEMPLATES / _ACTION): str(path.relative_to(_TEMPLATES)) for path in files})


def _texts(templates: Mapping[Path, str]) -> Mapping[Path, str]:
    return {path: (_TEMPLATES / name).read_text(encoding="utf-8") for path, name in templates.items()}


def _write(files: Mapping[Path, str]) -> None:
    """Write files, or none if one of them exists.

    Raises:
        ConfigurationError: When one of them exists.
    """
    existing = [str(path) for path in files if path.exists()]
    if existing:
        exist, them = ("exists", "it") if len(existing) == 1 else ("exist", "them")
        message = f"{' and '.join(existing)} already {exist}; remove {them} first, or run init in another folder"
        raise ConfigurationError(message)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, text)
        print(f"wrote {path}")
