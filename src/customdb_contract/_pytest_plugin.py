"""The pytest plugin. It is loaded in every run, so it imports what a contract needs only when there is one."""

import importlib.metadata
import os
import re
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

from customdb_contract.reports import FORMATS
from customdb_contract.testing._run import MARKER, run_of

if TYPE_CHECKING:
    from customdb_contract.testing.configured import ConfigurationFile
    from customdb_contract.testing.exported import ExportFile, ExportFolder

_FILE: Final = "customdb.toml"
_NAMED: Final = "customdb*.toml"
"""The endings of a file that is read as a configuration when it is named on the command line."""
_PRINTED: Final = "customdb_printed"
"""The key under which an xdist worker passes its reports on."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and an ini option for each."""
    group = parser.getgroup("customdb-contract", "Auth0 custom databases")
    group.addoption(
        "--customdb-config", metavar="FILE", help="check the database of this customdb.toml, one item per rule"
    )
    group.addoption(
        "--customdb-tenant",
        metavar="FOLDER",
        help="check every custom database in this export of the Auth0 Deploy CLI, one item per rule and database",
    )
    group.addoption(
        "--customdb-select",
        action="append",
        metavar="NAMES",
        help="judge only these rules or groups, separated by commas",
    )
    group.addoption(
        "--customdb-ignore", action="append", metavar="NAMES", help="skip these rules or groups, separated by commas"
    )
    *most, last = FORMATS
    group.addoption(
        "--customdb-report",
        action="append",
        metavar="FORMAT:FILE",
        help=f"write the report to a file, as {', '.join(most)} or {last}; can be repeated",
    )
    parser.addini("customdb_config", "like --customdb-config, in a run that names no files", type="string", default="")
    parser.addini("customdb_tenant", "like --customdb-tenant, in a run that names no files", type="string", default="")
    parser.addini("customdb_select", "like --customdb-select", type="args", default=[])
    parser.addini("customdb_ignore", "like --customdb-ignore", type="args", default=[])
    parser.addini("customdb_report", "like --customdb-report, one per line", type="linelist", default=[])
    parser.addini("customdb_collect", f"check every {_FILE} that is found", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Read the options, so that a wrong one ends the run before it begins."""
    config.addinivalue_line("markers", f"{MARKER}(rule): a rule of the contract of Auth0 custom databases")
    for name, path in (("config", _config_file(config)), ("tenant", _export(config))):
        if path is None:
            continue
        if not (path.is_file() or (name == "tenant" and path.is_dir())):
            message = f"--customdb-{name}: there is no {'file' if name == 'config' else 'export'} {path}"
            raise pytest.UsageError(message)
        if str(path) not in config.args:
            config.args.append(str(path))
    select, ignore = _names(config, "customdb_select"), _names(config, "customdb_ignore")
    if select or ignore:
        run_of(config).deselected = _deselected(select, ignore)
    _targets(config)


def pytest_report_header(config: pytest.Config) -> str:
    """Show the version, and the connection or tenant that is checked."""
    header = f"customdb-contract: {importlib.metadata.version('customdb-contract')}"
    path, export = _config_file(config), _export(config)
    if path is not None:
        header = f"{header}, connection {_connection_name(path)}"
    return header if export is None else f"{header}, tenant {export.name}"


@pytest.hookimpl(tryfirst=True)
def pytest_collect_directory(path: Path, parent: pytest.Collector) -> "ExportFolder | None":
    """Collect the folder of an export that was named."""
    if path != _export(parent.config):
        return None
    from customdb_contract.testing.exported import ExportFolder

    return ExportFolder.from_parent(parent, path=path)  # pyright: ignore[reportUnknownMemberType]  # pytest's


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "ConfigurationFile | ExportFile | None":
    """Collect a configuration file or an export that was named, or all files if the ini file says so."""
    if file_path == _export(parent.config):
        from customdb_contract.testing.exported import ExportFile

        return ExportFile.from_parent(parent, path=file_path)  # pyright: ignore[reportUnknownMemberType]  # pytest's
    if file_path.suffix != ".toml" or not _is_wanted(file_path, parent):
        return None
    from customdb_contract.testing.configured import ConfigurationFile

    return ConfigurationFile.from_parent(parent, path=file_path)  # pyright: ignore[reportUnknownMemberType]  # pytest's


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the rules that the options exclude."""
    deselected = run_of(config).deselected
    if not deselected:
        return
    gone = [item for item in items if _rule_of(item) in deselected]
    if gone:
        config.hook.pytest_deselected(items=gone)
        items[:] = [item for item in items if _rule_of(item) not in deselected]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the findings of a report that a test asserted, as in `assert report.ok, report`."""
    outcome = yield
    # Anyone who has a report has imported this module.
    if call.excinfo is not None and "customdb_contract.findings" in sys.modules:
        from customdb_contract.testing._asserted import asserted_reports

        outcome.sections += [("customdb-contract", str(report)) for report in asserted_reports(call.excinfo)]
    return outcome


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Print the reports; an xdist worker passes them to the process that started it, which writes them."""
    config = session.config
    targets = _targets(config)
    if not targets:
        return
    run = run_of(config)
    for name, report in run.reports.items():
        run.printed[name] = [FORMATS[name_of_format](report) for name_of_format, _ in targets]
    handed_over: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if handed_over is not None:
        handed_over[_PRINTED] = run.printed
        return
    for number, (_, path) in enumerate(targets):
        texts = {name: texts[number] for name, texts in run.printed.items()}
        for name, text in texts.items():
            _write(path if len(texts) == 1 else _beside(path, name), text)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the reports of an xdist worker; if several workers checked the same suite, keep the first worker's."""
    for name, texts in getattr(node, "workeroutput", {}).get(_PRINTED, {}).items():
        run_of(node.config).printed.setdefault(name, texts)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say that there was nothing to report, because an old file would be mistaken for a new one."""
    targets = _targets(config)
    if targets and not run_of(config).printed:
        files = ", ".join(str(path) for _, path in targets)
        terminalreporter.write_line(f"customdb-contract: nothing was checked, so no report was written to {files}")


def _config_file(config: pytest.Config) -> Path | None:
    """Return the configuration file of this run, or None."""
    return _named_path(config, "customdb_config")


def _export(config: pytest.Config) -> Path | None:
    """Return the export of a tenant that this run checks, or None."""
    return _named_path(config, "customdb_tenant")


def _named_path(config: pytest.Config, name: str) -> Path | None:
    """Return the value of an option, or None; the ini file counts when no files are named."""
    option: str | None = config.getoption(name)
    if option is not None:
        return Path(os.path.normpath(config.invocation_params.dir / option))
    named = str(config.getini(name))
    path = Path(os.path.normpath(config.rootpath / named))
    # An xdist worker is given every file of the run by name, including this one.
    names_files = config.args_source is pytest.Config.ArgsSource.ARGS and str(path) not in config.args
    return path if named and not names_files else None


def _is_wanted(path: Path, parent: pytest.Collector) -> bool:
    if path == _config_file(parent.config):
        return True
    if path.match(_NAMED) and parent.session.isinitpath(path):
        return True
    return path.name == _FILE and bool(parent.config.getini("customdb_collect"))


def _connection_name(path: Path) -> str:
    """Return the name of the connection in a configuration file; errors in the file are reported later."""
    import tomllib

    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        document = {}
    tables = document.get("tool", {}).get("customdb-contract", {}) if path.name == "pyproject.toml" else document
    return f"{tables.get('connection', {}).get('name', 'without a name')} ({path.name})"


def _given(config: pytest.Config, name: str) -> Sequence[str]:
    """Return the values of an option that can be repeated, or else those of its ini option."""
    return cast("Sequence[str]", config.getoption(name) or config.getini(name))


def _names(config: pytest.Config, option: str) -> list[str]:
    return [name for value in _given(config, option) for name in value.replace(",", " ").split()]


def _deselected(select: Sequence[str], ignore: Sequence[str]) -> frozenset[str]:
    from customdb_contract.errors import ConfigurationError
    from customdb_contract.rules import CATALOGUE, select_rules

    try:
        selection = select_rules(select=select, ignore=ignore)
    except ConfigurationError as error:
        message = f"--customdb-{error}"
        raise pytest.UsageError(message) from None
    return frozenset(rule.info.name for rule in CATALOGUE) - selection.judged


def _rule_of(item: pytest.Item) -> str | None:
    marker = item.get_closest_marker(MARKER)
    return None if marker is None else marker.args[0]


def _targets(config: pytest.Config) -> list[tuple[str, Path]]:
    """Return the formats and files that reports are written to."""
    values = _given(config, "customdb_report")
    if not values:
        return []
    base = config.invocation_params.dir if config.getoption("customdb_report") else config.rootpath
    targets: list[tuple[str, Path]] = []
    for value in values:
        name, _, file = value.partition(":")
        if name not in FORMATS or not file:
            message = (
                f"--customdb-report: expected FORMAT:FILE, where FORMAT is one of {', '.join(FORMATS)}; got {value!r}"
            )
            raise pytest.UsageError(message)
        targets.append((name, base / file))
    return targets


def _beside(path: Path, name: str) -> Path:
    """Return the path for one of several reports: `report.xml` becomes `report-test_shop.py-TestShop.xml`."""
    suffix = re.sub(r"[^\w.]+", "-", name)
    return path.with_name(f"{path.stem}-{suffix}{path.suffix}")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        pytest.exit(f"--customdb-report: {path} cannot be written: {error.strerror}", pytest.ExitCode.USAGE_ERROR)
