"""The pytest plugin: options, configuration files as items, reports, and nothing at all in other runs."""

import ast
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import customdb_contract
from customdb_contract import _pytest_plugin
from customdb_contract.reports import FORMATS
from customdb_contract.rules import CATALOGUE
from customdb_contract.testing import _run, configured, exported
from suites import SHOP, write_suite

RULES = len(CATALOGUE)
PROFILE_RULES = sum(rule.info.group == "profile" for rule in CATALOGUE)


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    # The warning filters of this run would apply here.
    return pytester.runpytest_inprocess("-W", "default", *arguments)


@pytest.fixture
def file(pytester: pytest.Pytester) -> Path:
    """A configuration file in a folder below, with its database beside it."""
    folder = pytester.mkdir("shop")
    (folder / "shop_of_plugin.py").write_text(SHOP)
    path = folder / "customdb.toml"
    write_configuration(path)
    return path


def write_configuration(path: Path, *, database: str = "Shop", check: str = "") -> None:
    path.write_text(f"""
[connection]
name = "legacy-shop"

[database]
python = "shop_of_plugin:{database}"

[[users]]
email = "ada@example.com"
password = "correct Horse battery"

[check]
{check}
""")


# A run without a contract


def test_it_imports_nothing_that_such_a_run_does_not_need(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import sys

        def pytest_unconfigure():
            print("LOADED", *sorted({name.partition(".")[0] for name in sys.modules}))
            print("OURS", *sorted(name for name in sys.modules if name.startswith("customdb_contract")))
        """
    )
    pytester.makepyfile("def test_nothing(): pass")

    with_plugin = pytester.runpytest_subprocess("-s", "-p", "no:hypothesispytest", "-p", "no:xdist", "-p", "no:anyio")
    without = pytester.runpytest_subprocess(
        "-s", "-p", "no:hypothesispytest", "-p", "no:xdist", "-p", "no:anyio", "-p", "no:customdb_contract"
    )

    assert loaded(with_plugin, "OURS") == {
        "customdb_contract",
        "customdb_contract._pytest_plugin",
        "customdb_contract.reports",
        "customdb_contract.testing",
        "customdb_contract.testing._run",
    }
    assert loaded(with_plugin, "LOADED") - loaded(without, "LOADED") <= {"customdb_contract", *sys.stdlib_module_names}
    assert not loaded(with_plugin, "LOADED") & {"attrs", "hypothesis", "pydantic"}


def loaded(result: pytest.RunResult, word: str) -> set[str]:
    [line] = [line for line in result.outlines if line.startswith(f"{word} ")]
    return set(line.split()[1:])


@pytest.mark.parametrize("module", [_pytest_plugin, _run, configured, exported])
def test_it_uses_the_public_interface_of_pytest_alone(module: object) -> None:
    tree = ast.parse(Path(str(getattr(module, "__file__", ""))).read_text(encoding="utf-8"))
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert not any(str(name).startswith("_pytest") for name in names)


def test_the_header_shows_the_version(pytester: pytest.Pytester) -> None:
    run(pytester).stdout.fnmatch_lines([f"customdb-contract: {customdb_contract.__version__}"])


# Configuration files as items


def test_a_named_file_is_one_item_for_each_rule(pytester: pytest.Pytester, file: Path) -> None:
    result = run(pytester, "shop/customdb.toml", "-v", "-rs")

    outcomes = result.parseoutcomes()
    assert outcomes["passed"] > 40
    assert outcomes["passed"] + outcomes["skipped"] == RULES
    result.stdout.fnmatch_lines(["shop/customdb.toml::unstable-user-id PASSED*", "*not applicable: needs *outage*"])


def test_a_named_rule_of_a_file_is_one_item(pytester: pytest.Pytester, file: Path) -> None:
    run(pytester, f"{file}::unstable-user-id").assert_outcomes(passed=1)
    run(pytester, str(file), "-k", "unstable-user-id").assert_outcomes(passed=1, deselected=RULES - 1)


def test_the_items_have_the_same_outcomes_as_in_a_suite(pytester: pytest.Pytester, file: Path) -> None:
    write_configuration(file, database="Unstable", check='waived = { mutable-user-id = "until May" }')

    result = run(pytester, str(file))

    assert result.parseoutcomes()["failed"] == 2
    result.stdout.fnmatch_lines(
        [
            "  the waiver of mutable-user-id is out of date: the rule passes now; remove the waiver (until May)",
            '  See it again: pytest "shop/customdb.toml::mutable-user-id"',
            "error  unstable-user-id",
            '  See it again: pytest "shop/customdb.toml::unstable-user-id"',
        ]
    )


def test_a_failure_can_be_reproduced_from_the_folder_where_pytest_was_started(
    pytester: pytest.Pytester, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_configuration(file, database="Unstable")
    arguments = (f"{file}::unstable-user-id", "--rootdir", str(pytester.path))

    monkeypatch.chdir(file.parent)
    run(pytester, *arguments).stdout.fnmatch_lines(['  See it again: pytest "customdb.toml::unstable-user-id"'])
    monkeypatch.chdir(pytester.mkdir("other"))
    run(pytester, *arguments).stdout.fnmatch_lines([f'  See it again: pytest "{file}::unstable-user-id"'])


def test_a_warning_points_to_the_file(pytester: pytest.Pytester, file: Path) -> None:
    write_configuration(file, database="Mutable")

    run(pytester, str(file)).stdout.fnmatch_lines([f"*{file}:1: ContractWarning: warning  mutable-user-id"])


@pytest.mark.usefixtures("file")
def test_a_file_that_is_not_named_is_left_alone(pytester: pytest.Pytester) -> None:
    assert run(pytester).ret is pytest.ExitCode.NO_TESTS_COLLECTED


def test_every_file_is_collected_when_the_ini_file_asks_for_it(pytester: pytest.Pytester, file: Path) -> None:
    (file.parent / "customdb-other.toml").write_text("")

    result = run(pytester, "-o", "customdb_collect=true", "--collect-only", "-q")

    assert f"{RULES} tests collected" in result.stdout.str()


def test_another_toml_file_is_not_collected(pytester: pytest.Pytester) -> None:
    pytester.makefile(".toml", other="")

    assert run(pytester, "other.toml").ret is pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize(
    "named",
    [
        ["--customdb-config", "shop/my.toml"],
        ["--customdb-config", "shop/../shop/my.toml"],
        ["-o", "customdb_config=shop/my.toml"],
    ],
)
def test_an_option_accepts_a_file_of_any_name(named: Sequence[str], pytester: pytest.Pytester, file: Path) -> None:
    file.rename(file.with_name("my.toml"))
    pytester.makepyfile("def test_own(): pass")

    result = run(pytester, *named)

    assert sum(result.parseoutcomes().values()) == RULES + 1
    result.stdout.fnmatch_lines(["customdb-contract: *, connection legacy-shop (my.toml)"])


def test_files_in_the_ini_file_are_ignored_if_the_run_names_its_files(pytester: pytest.Pytester, file: Path) -> None:
    own = pytester.makepyfile("def test_own(): pass")

    run(pytester, "-o", f"customdb_config={file}", str(own)).assert_outcomes(passed=1)


@pytest.mark.untraced
@pytest.mark.one_python
def test_the_workers_of_xdist_find_it_too(pytester: pytest.Pytester, file: Path) -> None:
    file.rename(file.with_name("my.toml"))
    pytester.makeini("[pytest]\ncustomdb_config = shop/my.toml\ncustomdb_select = profile\n")

    outcomes = pytester.runpytest_subprocess("-n2", "-q").parseoutcomes()

    assert set(outcomes) == {"passed", "skipped"}
    assert sum(outcomes.values()) == PROFILE_RULES


def test_a_file_that_is_named_twice_is_collected_once(pytester: pytest.Pytester, file: Path) -> None:
    result = run(pytester, "--customdb-config", str(file), "shop/customdb.toml", "-o", "customdb_collect=true", "shop")

    assert sum(result.parseoutcomes().values()) == RULES

    result = run(pytester, "--customdb-config", str(file), str(pytester.path / file))

    assert sum(result.parseoutcomes().values()) == RULES


def test_a_file_that_is_not_there_ends_the_run(pytester: pytest.Pytester) -> None:
    result = run(pytester, "--customdb-config", "no.toml")

    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --customdb-config: there is no file *no.toml"])


def test_a_pyproject_can_be_named(pytester: pytest.Pytester, file: Path) -> None:
    text = re.sub(r"^(\[+)", r"\1tool.customdb-contract.", file.read_text(), flags=re.MULTILINE)
    (file.parent / "pyproject.toml").write_text(text)

    result = run(pytester, "--customdb-config", "shop/pyproject.toml")

    assert result.parseoutcomes()["passed"] > 40
    result.stdout.fnmatch_lines(["customdb-contract: *, connection legacy-shop (pyproject.toml)"])


def test_an_action_is_judged_too(pytester: pytest.Pytester, file: Path) -> None:
    (file.parent / "action_of_plugin.py").write_text("def nothing(event, api):\n    return None\n")
    file.write_text("[action]\npython = 'action_of_plugin:nothing'\n")

    result = run(pytester, str(file), "--customdb-select", "action")

    result.stdout.fnmatch_lines(["FAILED shop/customdb.toml::action-restores-nothing*"])
    assert result.parseoutcomes()["failed"] == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[database", "*customdb.toml is not TOML: *"),
        ("[chekc]", "*customdb.toml: [[]chekc] is not a known key; did you mean check?"),
        ("", "*customdb.toml: no database to check: give [[]database] python or scripts, or [[]action] code or python"),
        (
            "[database]\npython = 'no_such:Shop'\n[[users]]\nemail = 'ada@example.com'",
            "*customdb.toml: no_such cannot be imported from *",
        ),
        ("[database]\npython = 'shop_of_plugin:Shop'", "*customdb.toml: no known user was given: *"),
        (
            "[database]\npython = 'shop_of_plugin:Shop'\n[check]\nrequire = ['safety']",
            "require: there is no group 'safety'; *",
        ),
    ],
)
def test_an_invalid_file_is_a_set_up_error(text: str, problem: str, pytester: pytest.Pytester, file: Path) -> None:
    file.write_text(text)

    result = run(pytester, "--customdb-config", str(file), "-k", "missing-user-id or missing-script")

    result.assert_outcomes(errors=1, skipped=1, deselected=RULES - 2)
    result.stdout.fnmatch_lines(
        ["customdb-contract: *, connection without a name (customdb.toml)", f"customdb.toml: {problem}"]
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED


# Choosing rules


@pytest.mark.one_python
@pytest.mark.untraced
@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--customdb-select", "profile"], PROFILE_RULES),
        (["--customdb-select", "unstable-user-id,shared-user-id", "--customdb-select", "missing-user-id"], 3),
        (["--customdb-ignore", "profile"], RULES - PROFILE_RULES),
        (["--customdb-select=profile", "--customdb-ignore=unstable-user-id"], PROFILE_RULES - 1),
        (["-o", "customdb_select=unstable-user-id shared-user-id"], 2),
        (["-o", "customdb_ignore=unstable-user-id"], RULES - 1),
    ],
)
def test_rules_are_deselected_in_files_and_in_suites(
    options: Sequence[str], left: int, pytester: pytest.Pytester, file: Path
) -> None:
    write_suite(pytester, "def test_own(self): pass")

    outcomes = run(pytester, *options, "test_shop.py", str(file)).parseoutcomes()

    assert outcomes.pop("deselected") == 2 * (RULES - left)
    assert sum(outcomes.values()) == 2 * left + 1


def test_tests_that_are_no_rules_are_kept(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_own(): pass")

    run(pytester, "--customdb-select", "profile").assert_outcomes(passed=1)


@pytest.mark.parametrize("option", ["select", "ignore"])
def test_an_unknown_rule_ends_the_run(option: str, pytester: pytest.Pytester) -> None:
    result = run(pytester, f"--customdb-{option}", "unstable-userid")

    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: --customdb-{option}: there is no rule or group 'unstable-userid'; did you mean unstable-user-id*"]
    )


def test_deselecting_a_more_specific_rule_moves_its_findings_to_no_other(
    pytester: pytest.Pytester,
) -> None:
    """The verdicts are those of the whole run."""
    write_suite(pytester, database="Unstable()")

    outcomes = run(pytester, "--customdb-select", "mismatched-user-id").parseoutcomes()

    assert "failed" not in outcomes


# Reports


def test_the_formats_in_the_help_are_those_there_are(pytester: pytest.Pytester) -> None:
    text = " ".join(run(pytester, "--help").stdout.str().split())

    assert "as text, json, junit, sarif, github or html;" in text
    assert list(FORMATS) == ["text", "json", "junit", "sarif", "github", "html"]


def test_reports_are_written_in_every_format(pytester: pytest.Pytester) -> None:
    write_suite(pytester, database="Unstable()")
    options = [f"--customdb-report={name}:out/report.{name}" for name in FORMATS]

    run(pytester, *options, "-k", "unstable-user-id")

    folder = pytester.path / "out"
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"report.{name}" for name in FORMATS)
    document = json.loads((folder / "report.json").read_text())
    assert document["summary"]["failed"] == 1
    assert "unstable-user-id" in (folder / "report.junit").read_text()


def test_the_ini_file_names_reports_too_from_the_root(pytester: pytest.Pytester, file: Path) -> None:
    pytester.makeini("[pytest]\ncustomdb_report =\n    json:report.json\n    text:report.txt\n")

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(file.parent)
        run(pytester, "customdb.toml", "--rootdir", str(pytester.path), "-c", str(pytester.path / "tox.ini"))

    assert {path.name for path in pytester.path.glob("report.*")} == {"report.json", "report.txt"}


def test_several_suites_have_a_report_each(pytester: pytest.Pytester, file: Path) -> None:
    write_suite(pytester)

    run(pytester, "--customdb-report", "json:report.json", "test_shop.py", "shop/customdb.toml")

    assert {path.name for path in pytester.path.glob("report*")} == {
        "report-test_shop.py-TestShop.json",
        "report-shop-customdb.toml.json",
    }


@pytest.mark.one_python
def test_under_xdist_the_reports_of_the_workers_are_one(pytester: pytest.Pytester) -> None:
    write_suite(pytester, database="Unstable()")

    result = pytester.runpytest_subprocess(
        "-n2", "-q", "--customdb-report=json:report.json", "--customdb-config=c.toml"
    )
    assert result.ret is pytest.ExitCode.USAGE_ERROR

    pytester.path.joinpath("c.toml").write_text("")
    result = pytester.runpytest_subprocess(
        "-n2", "-q", "--customdb-report=json:report.json", "--customdb-config=c.toml"
    )

    assert result.parseoutcomes()["failed"] == 1
    # One error in each process that ran rules; the others are skipped.
    assert result.parseoutcomes()["errors"] in {1, 2}
    assert [path.name for path in pytester.path.glob("report*")] == ["report.json"]
    assert json.loads((pytester.path / "report.json").read_text())["summary"]["failed"] == 1


def test_the_first_report_of_a_suite_is_kept(pytester: pytest.Pytester) -> None:
    config = pytester.parseconfigure()

    class Worker:
        def __init__(self, **output: object) -> None:
            self.config = config
            self.workeroutput = output

    for output in ({_pytest_plugin._PRINTED: {"a": ["first"]}}, {_pytest_plugin._PRINTED: {"a": ["second"]}}, {}):
        _pytest_plugin.pytest_testnodedown(Worker(**output))

    assert _run.run_of(config).printed == {"a": ["first"]}


def test_a_run_that_checked_nothing_is_reported(pytester: pytest.Pytester) -> None:
    run(pytester, "--customdb-report", "json:report.json").stdout.fnmatch_lines(
        [f"customdb-contract: nothing was checked, so no report was written to {pytester.path / 'report.json'}"]
    )


@pytest.mark.parametrize("value", ["sarfi:report", "json", "json:"])
def test_a_wrong_report_ends_the_run(value: str, pytester: pytest.Pytester) -> None:
    result = run(pytester, "--customdb-report", value)

    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: --customdb-report: expected FORMAT:FILE, where FORMAT is one of {', '.join(FORMATS)}; got {value!r}"]
    )


def test_a_report_that_cannot_be_written_fails_the_run(pytester: pytest.Pytester) -> None:
    write_suite(pytester)
    pytester.mkdir("report.json")

    result = run(pytester, "--customdb-report", "json:report.json", "-k", "unstable-user-id")

    assert result.ret is pytest.ExitCode.USAGE_ERROR
    assert re.search(r"--customdb-report: .*report\.json cannot be written: Is a directory", str(result.stderr))
