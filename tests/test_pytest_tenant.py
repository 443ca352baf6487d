"""The pytest plugin on the export of a tenant: for each connection an item for each rule."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from customdb_contract.config import Configuration
from customdb_contract.rules import CATALOGUE
from customdb_contract.transcript import Transcript
from test_tenant_export import LOGIN, PEOPLE, connection

RULES = len(CATALOGUE)
ID = ("--customdb-select", "shared-user-id,missing-user-id")


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess("-W", "default", *arguments)


@pytest.fixture
def export(pytester: pytest.Pytester) -> Path:
    """Return an export with two connections, whose users have the same id."""
    folder = pytester.path / "tenant"
    connection(folder, "club", "bob@example.com", config=PEOPLE.replace("EMAIL", "bob@example.com"))
    connection(folder, "shop")
    (folder / "customdb.toml").write_text(PEOPLE.replace("EMAIL", "ada@example.com"), "utf-8")
    return folder


@pytest.mark.usefixtures("export")
def test_each_connection_has_an_item_for_each_rule(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_own(): pass")

    result = run(pytester, "--customdb-tenant", "tenant", *ID, "-v")

    result.assert_outcomes(failed=2, passed=3, deselected=2 * RULES - 4)
    result.stdout.fnmatch_lines(
        [
            "customdb-contract: *, tenant tenant",
            "tenant::club::missing-user-id PASSED*",
            "tenant::shop::shared-user-id FAILED*",
            "*_ club: shared-user-id _*",
            '  bob has the user_id "7", which ada of the connection shop also has; *',
            '  See it again: pytest --customdb-tenant "tenant" -k "club and shared-user-id"',
        ]
    )


@pytest.mark.usefixtures("export")
def test_the_command_that_a_failure_names_shows_it_again(pytester: pytest.Pytester) -> None:
    result = run(pytester, "--customdb-tenant", "tenant", "-k", "club and shared-user-id")

    result.assert_outcomes(failed=1, deselected=2 * RULES - 1)


@pytest.mark.usefixtures("export")
@pytest.mark.parametrize(
    ("options", "items"),
    [
        (["-o", "customdb_tenant=tenant"], 4),
        (["-o", "customdb_tenant=tenant", "-o", "customdb_collect=true"], 4),
        (["-o", "customdb_tenant=tenant", "test_own.py"], 0),
        (["--customdb-tenant=tenant", "."], 4),
        (["--customdb-tenant=tenant", "tenant", "test_own.py"], 4),
        ([], 0),
    ],
)
def test_an_export_is_collected_once_where_it_is_named(
    pytester: pytest.Pytester, options: Sequence[str], items: int
) -> None:
    pytester.makepyfile(test_own="def test_own(): pass")

    result = run(pytester, *ID, "--collect-only", "-q", *options)

    assert sum(line.startswith("tenant::") for line in result.stdout.lines) == items


@pytest.mark.usefixtures("export")
def test_each_connection_has_a_report_and_all_are_checked_once(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    observed: list[str] = []
    original = Configuration.observe

    def observe(configuration: Configuration) -> Transcript:
        observed.append(configuration.connection.name)
        return original(configuration)

    monkeypatch.setattr(Configuration, "observe", observe)

    run(pytester, "--customdb-tenant", "tenant", *ID, "--customdb-report", "json:out/report.json")

    assert observed == ["club", "shop"]
    for name in ("club", "shop"):
        report = json.loads((pytester.path / f"out/report-tenant-{name}.json").read_text("utf-8"))
        assert (report["connection"]["name"], report["exit_code"]) == (name, 1)


def test_a_yaml_file_is_an_export_too(pytester: pytest.Pytester) -> None:
    login = LOGIN.replace("EMAIL", "ada@example.com").replace('user_id: "7", ', "")
    (pytester.path / "login.js").write_text(login, "utf-8")
    (pytester.path / "tenant.yaml").write_text(
        "databases:\n  - {name: shop, options: {customScripts: {login: ./login.js}}}\n", "utf-8"
    )
    (pytester.path / "customdb.toml").write_text(PEOPLE.replace("EMAIL", "ada@example.com"), "utf-8")

    result = run(pytester, "--customdb-tenant", "tenant.yaml", *ID)

    result.assert_outcomes(failed=1, skipped=1, deselected=RULES - 2)
    result.stdout.fnmatch_lines(
        [
            '  See it again: pytest --customdb-tenant "tenant.yaml" -k "shop and missing-user-id"',
            "FAILED tenant.yaml::shop::missing-user-id*",
        ]
    )


def test_an_invalid_connection_is_a_set_up_error_for_all(pytester: pytest.Pytester, export: Path) -> None:
    connection(export, "tail", config="[check]\nhostile = false\n")

    result = run(pytester, "--customdb-tenant", "tenant", "--customdb-select", "missing-user-id")

    result.assert_outcomes(errors=3, deselected=3 * (RULES - 1))
    result.stdout.fnmatch_lines(["club: connection tail: *tail/customdb.toml: no known user was given: *"])
    result.stdout.fnmatch_lines(["shop: connection tail: *"])


def test_an_invalid_export_is_a_collection_error(pytester: pytest.Pytester, export: Path) -> None:
    (export / "database-connections/shop/database.json").write_text("{", "utf-8")

    result = run(pytester, "--customdb-tenant", "tenant")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*database-connections/shop/database.json is not JSON: *"])


def test_an_export_that_is_not_there_ends_the_run(pytester: pytest.Pytester) -> None:
    result = run(pytester, "--customdb-tenant", "tenant")

    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --customdb-tenant: there is no export {pytester.path / 'tenant'}"])


@pytest.mark.untraced
@pytest.mark.one_python
@pytest.mark.usefixtures("export")
def test_the_workers_of_xdist_find_it_too(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("-W", "default", "-n", "2", "--customdb-tenant", "tenant", *ID)

    result.assert_outcomes(failed=2, passed=2)
