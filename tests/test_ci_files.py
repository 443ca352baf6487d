"""The files for a team's CI: the action, the pre-commit hook, the image, and the page about them."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "how-to" / "run-in-ci.md").read_text(encoding="utf-8")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: dict[str, dict[str, Any]] = {step["name"]: step for step in ACTION["runs"]["steps"]}
[HOOK] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

SHOP = """
from customdb_contract import Found, NotFound, WrongUsernameOrPasswordError

class Shop:
    def login(self, identifier, password):
        if (identifier.lower(), password) != ("ada@example.com", "pass phrase"):
            raise WrongUsernameOrPasswordError(None)
        return self.get_user(identifier)

    def get_user(self, identifier):
        if identifier.lower() != "ada@example.com":
            return NotFound()
        return Found({"user_id": USER_ID, "email": "ada@example.com"})
"""
CONFIG = """
[database]
python = "shop:Shop"

[[users]]
email = "ada@example.com"
password = "pass phrase"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a correct shop, the configuration of its check, and the commands on its own PATH."""
    (tmp_path / "shop.py").write_text(SHOP.replace("USER_ID", '"7"'))
    (tmp_path / "customdb.toml").write_text(CONFIG)
    (tmp_path / "bin").mkdir()
    command(tmp_path, "customdb-contract", f'exec {shlex.quote(sys.executable)} -m customdb_contract "$@"')
    return tmp_path


def command(folder: Path, name: str, script: str) -> None:
    path = folder / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def run(script: str, folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a script like GitHub's `shell: bash`."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )


def run_step(name: str, folder: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """Run a step of the action with its default inputs, except for the given ones."""
    inputs = {key: each["default"] for key, each in ACTION["inputs"].items()} | given
    values = {f"${{{{ inputs.{key} }}}}": value for key, value in inputs.items()}
    values["${{ github.action_path }}"] = "/action"
    environment = {key: values[value] for key, value in STEPS[name]["env"].items()}
    return run(STEPS[name]["run"], folder, environment | {"GITHUB_STEP_SUMMARY": str(folder / "summary.md")})


def test_the_composite_action_uses_each_input_and_interpolates_none_into_a_script() -> None:
    used = re.findall(r"inputs\.([a-z-]+)", json.dumps(ACTION["runs"]))

    assert set(used) == set(ACTION["inputs"])
    for step in STEPS.values():
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"
        assert all(re.search(rf"\${name}\b", step["run"]) for name in step["env"])


@pytest.mark.parametrize(
    ("given", "installed"),
    [
        ({}, "/action[node]"),
        ({"extras": "node,sql"}, "/action[node,sql]"),
        ({"version": "0.1.0"}, "customdb-contract[node]==0.1.0"),
        ({"version": "1; echo $HOME"}, "customdb-contract[node]==1; echo $HOME"),
    ],
)
def test_the_action_installs_its_own_version_or_another(given: dict[str, str], installed: str, folder: Path) -> None:
    command(folder, "python", 'printf "%s\\n" "$@" >installed')

    done = run_step("Install customdb-contract", folder, **given)

    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "installed").read_text() == f"-m\npip\ninstall\n--disable-pip-version-check\n{installed}\n"


def test_the_action_passes_with_correct_scripts_and_writes_every_report(folder: Path) -> None:
    done = run_step("Check", folder)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("::notice title=customdb-contract::ok: ")
    reports = folder / "customdb-reports"
    assert {path.name for path in reports.iterdir()} == {
        "customdb.sarif",
        "customdb.txt",
        "customdb.xml",
        "transcript.json",
    }
    assert json.loads((reports / "customdb.sarif").read_text())["version"] == "2.1.0"
    assert run_step("Add the report to the summary", folder).returncode == 0
    head, blank, *report = (folder / "summary.md").read_text().splitlines()
    assert (head, blank) == ("## customdb-contract", "")
    assert report == [f"    {line}" for line in (reports / "customdb.txt").read_text().splitlines()]


def test_the_action_fails_with_broken_scripts_and_accepts_arguments(folder: Path) -> None:
    (folder / "shop.py").write_text(SHOP.replace("USER_ID", '""'))
    (folder / "customdb.toml").rename(folder / "other file.toml")
    arguments = "--select\nprofile\n\n--fail-on=warning\n"

    done = run_step("Check", folder, config="other file.toml", format="json", reports="of/it", arguments=arguments)

    report = json.loads(done.stdout)
    assert (done.returncode, report["exit_code"]) == (1, 1)
    assert {verdict["group"] for verdict in report["verdicts"] if verdict["status"] == "failed"} == {"profile"}
    assert report["summary"]["deselected"] > 100
    assert (folder / "of" / "it" / "customdb.txt").read_text().startswith("not ok: ")


def test_the_action_adds_no_summary_without_a_report(folder: Path) -> None:
    done = run_step("Check", folder, config="no.toml")

    assert done.returncode == 2
    assert done.stderr.startswith("customdb-contract: no.toml cannot be read: ")
    assert run_step("Add the report to the summary", folder).returncode == 0
    assert not (folder / "summary.md").exists()
    assert STEPS["Add the report to the summary"]["if"] == "always() && inputs.summary == 'true'"


def test_the_page_has_every_input_of_the_action() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*?) ?\| (.*) \|$", PAGE, flags=re.MULTILINE)

    assert rows == [
        (name, f"`{given['default']}`" if given["default"] else "", lower(given["description"]).rstrip("."))
        for name, given in ACTION["inputs"].items()
    ]


def lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def test_the_hook_runs(folder: Path) -> None:
    entry = shlex.join([*shlex.split(HOOK["entry"]), *HOOK["args"]])

    done = run(entry, folder, {})

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("ok: ")
    assert HOOK["pass_filenames"] is False
    assert HOOK["language"] == "python"
    assert entry.split()[0] in PROJECT["scripts"]
    assert_extras(*HOOK["additional_dependencies"])


@pytest.mark.parametrize(
    ("path", "concerns_it"),
    [
        ("customdb.toml", True),
        ("legacy/customdb.toml", True),
        ("pyproject.toml", True),
        ("tenant/database-connections/legacy/login.js", True),
        ("tenant/databases/legacy/login.js", True),
        ("tenant/actions/restore/code.js", True),
        ("tenant.yaml", True),
        ("src/shop.js", False),
        ("customdb.toml.md", False),
        ("my-actions.md", False),
    ],
)
def test_the_hook_runs_for_relevant_files(path: str, concerns_it: bool) -> None:
    assert bool(re.search(HOOK["files"], path)) is concerns_it


def assert_extras(*requirements: str) -> None:
    for requirement in requirements:
        extras = re.findall(r"\[([a-z,]+)\]", requirement)
        assert extras
        assert set(extras[0].split(",")) <= set(PROJECT["optional-dependencies"]), requirement


def test_the_image_needs_only_files_of_its_context() -> None:
    instructions = [
        line.split() for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines() if line[:1].isupper()
    ]
    context = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [
        name
        for word, *names in instructions
        if word == "COPY" and not names[0].startswith("--from")
        for name in names[:-1]
    ]

    assert sorted(copied) == sorted(line[1:] for line in context if line.startswith("!"))
    assert all((ROOT / name).exists() for name in copied)
    assert {PROJECT["readme"], *PROJECT["license-files"]} <= set(copied), "hatchling reads them"
    assert context[0] == "*"
    assert_extras(*(" ".join(words) for words in instructions if words[:3] == ["RUN", "pip", "install"]))
    assert instructions[-1] == ["ENTRYPOINT", '["customdb-contract"]']


def test_the_page_names_the_modules_of_the_image() -> None:
    modules = json.loads((ROOT / "tests" / "drivers" / "package.json").read_text(encoding="utf-8"))["dependencies"]
    *names, last = sorted(modules)

    assert f"{', '.join(names)} and {last}" in " ".join(PAGE.split())


def test_files_beside_the_package_are_in_the_source_distribution() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = pyproject["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]

    assert {"/action.yml", "/.pre-commit-hooks.yaml", "/Dockerfile", "/.dockerignore"} <= set(included)
