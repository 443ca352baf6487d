"""The command line: exit codes, output streams, and error messages."""

import json
import os
import re
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

import customdb_contract
from customdb_contract import __main__ as command
from customdb_contract._cli import _check, _output, main
from customdb_contract._help import COMMANDS
from customdb_contract.audit import AUDITED, Fate
from customdb_contract.bridges.node import NodeAction
from customdb_contract.reports import FORMATS
from customdb_contract.rules import CATALOGUE
from customdb_contract.secrets import SecretRegistry

SHOP = """
    import os, sys
    from customdb_contract import Failed, Found, NotFound, ScriptError, WrongUsernameOrPasswordError

    class Shop:
        user_id = "shop-7"

        def login(self, identifier, password):
            if (identifier.lower(), password) != ("ada@example.com", "pass phrase"):
                return Failed(WrongUsernameOrPasswordError(None, "no"))
            return self.get_user(identifier)

        def get_user(self, identifier):
            if str(identifier).lower() != "ada@example.com":
                return NotFound()
            return Found({"user_id": self.user_id, "email": "ada@example.com", "email_verified": True})

    class Numeric(Shop):
        user_id = ""

    class Down(Shop):
        def get_user(self, identifier):
            raise ScriptError("connection refused")
        def login(self, identifier, password):
            raise ScriptError("connection refused")

    class Bug:
        def __init__(self):
            raise RuntimeError
"""
CONFIG = """
    [connection]
    import_mode = true
    [database]
    python = "MODULE:Shop"
    [[users]]
    email = "ada@example.com"
    password = "pass phrase"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """Return the current folder: it has a shop and its configuration."""
    module = f"cli_shop_{abs(hash(request.node.nodeid))}"
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"{module}.py").write_text(textwrap.dedent(SHOP))
    (tmp_path / "customdb.toml").write_text(textwrap.dedent(CONFIG).replace("MODULE", module))
    return tmp_path


def module_of(folder: Path) -> str:
    return next(path.stem for path in folder.glob("cli_shop_*.py"))


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line, and return exit code, standard output and standard error."""

    def run_command(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            code = main(arguments)
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_command


# check


@pytest.mark.usefixtures("folder")
def test_a_correct_database_ends_with_0(run: Run) -> None:
    code, out, err = run("check")

    assert (code, err) == (0, "")
    assert re.match(r"ok: \d+ rules judged, none broken\n", out)


def test_a_broken_database_ends_with_1(run: Run, folder: Path) -> None:
    code, out, _ = run("check", "--python", f"{module_of(folder)}:Numeric")

    assert code == 1
    assert "error  missing-user-id" in out


def test_a_store_that_is_down_ends_with_3(run: Run, folder: Path) -> None:
    code, out, _ = run("check", "--python", f"{module_of(folder)}:Down")

    assert code == 3
    assert "connection refused" in out


def test_a_database_that_cannot_be_opened_ends_with_3(run: Run, folder: Path) -> None:
    code, out, _ = run("check", "--python", f"{module_of(folder)}:Bug")

    assert code == 3
    assert "RuntimeError" in out


def test_a_dry_run_of_a_database_that_cannot_be_opened_ends_with_3(run: Run, folder: Path) -> None:
    code, out, err = run("check", "--dry-run", "--python", f"{module_of(folder)}:Bug")

    assert (code, out) == (3, "")
    assert err.startswith("customdb-contract: the database could not be opened: RuntimeError")


@pytest.mark.usefixtures("folder")
def test_nothing_judged_ends_with_2(run: Run) -> None:
    code, out, _ = run("check", "--select", "retired-connection")

    assert code == 2
    assert out.startswith("not ok: no rule could be judged\n")


@pytest.mark.usefixtures("folder")
def test_an_unknown_rule_ends_with_2_before_anything_is_called(run: Run) -> None:
    code, out, err = run("check", "--ignore", "callback,unstable-userid")

    assert (code, out) == (2, "")
    assert err.startswith(
        "customdb-contract: ignore: there is no rule or group 'unstable-userid'; did you mean unstable-user-id"
    )


@pytest.mark.usefixtures("folder")
def test_only_selected_rules_are_judged(run: Run) -> None:
    code, out, _ = run("check", "--select", "outcome", "--select", "security", "--format", "json")

    document = json.loads(out)
    assert code == 0
    judged = {item["group"] for item in document["verdicts"] if item["status"] != "deselected"}
    assert judged == {"outcome", "security"}


def test_check_without_a_database_lists_the_options_that_name_one(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    code, out, err = run("check")

    assert (code, out) == (2, "")
    assert err == (
        "customdb-contract: no database to check: give --python MODULE:ATTRIBUTE or --scripts FOLDER, "
        "or --action FILE, or a customdb.toml with [database] python = … or scripts = …, "
        "or [action] code = … or python = …; `customdb-contract init` writes one\n"
    )


def test_a_person_can_be_named_without_a_configuration(run: Run, folder: Path) -> None:
    (folder / "customdb.toml").unlink()

    code, out, _ = run("check", "--python", f"{module_of(folder)}:Shop", "--user", "ada@example.com")

    assert code == 0
    assert "\n  a password (for " in out


@pytest.mark.usefixtures("folder")
def test_a_user_missing_from_the_configuration_is_an_error(run: Run) -> None:
    code, _, err = run("check", "--user", "eve@example.com", "--user", "ada@example.com")

    assert code == 3
    said = (
        "customdb-contract: --user eve@example.com is not one of the [[users]] in customdb.toml: no password is known"
    )
    assert err.splitlines() == [said]


@pytest.mark.usefixtures("folder")
def test_a_known_person_keeps_the_password_when_named(run: Run) -> None:
    code, out, _ = run("check", "--user", "ada@example.com")

    assert code == 0
    assert "login ada@example.com" not in out
    assert "\n  a password (for " not in out


@pytest.mark.untraced
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_can_be_printed_and_written(run: Run, folder: Path, name: str) -> None:
    code, out, _ = run("check", "--format", name)
    written, nothing, _ = run("check", "--format", name, "--output", "report.out")

    assert code == written == 0
    assert out
    assert nothing == ""
    assert (folder / "report.out").read_text(encoding="utf-8")


def test_a_file_that_cannot_be_written_ends_with_2(run: Run, folder: Path) -> None:
    code, _, err = run("check", "--output", str(folder / "no" / "such" / "folder"))

    assert code == 2
    assert err.endswith("cannot be written: No such file or directory\n")


def test_the_report_is_printed_if_the_transcript_cannot_be_written(run: Run, folder: Path) -> None:
    code, out, err = run("check", "--transcript", str(folder / "no" / "such" / "folder"))

    assert code == 2
    assert out.startswith("ok: ")
    assert err.endswith("cannot be written: No such file or directory\n")


@pytest.mark.usefixtures("folder")
def test_a_dry_run_prints_the_calls_and_calls_nothing(run: Run) -> None:
    code, out, _ = run("check", "--dry-run", "--max-time", "30")

    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "get_user ada@example.com   [known-user]"
    assert lines[-1] == f"{len(lines) - 1} calls, each at most 20 s; the check ends after 50 s at the latest"
    assert "pass phrase" not in out


@pytest.mark.usefixtures("folder")
def test_writing_scripts_are_called_only_on_request(run: Run) -> None:
    _, reading, _ = run("check", "--python", "writing_shop:WritingShop", "--dry-run")
    _, writing, _ = run("check", "--python", "writing_shop:WritingShop", "--dry-run", "--writes")

    assert "create" not in reading
    assert "\ncreate " in writing


@pytest.mark.usefixtures("folder")
def test_a_bug_in_the_library_does_not_look_like_a_broken_database(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise LookupError("nowhere")

    monkeypatch.setattr(_check, "configured", fail)

    code, out, err = run("check")

    assert (code, out) == (3, "")
    assert "LookupError: nowhere" in err
    assert err.endswith(
        "customdb-contract: this is a bug in customdb-contract, not in your scripts; please report it\n"
    )


class _Terminal:
    """A stream that claims to be a terminal."""

    def __init__(self) -> None:
        self.written: list[str] = []

    encoding = "ascii"

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.written.append(text)
        return len(text)

    def flush(self) -> None:
        pass


def test_progress_is_shown_on_a_terminal_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((1_000.0, 1_000.5, 1_001.0, 1_001.25))
    monkeypatch.setattr(_output, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    terminal = _Terminal()
    progress = _output.Progress(terminal)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a stand-in

    for _ in range(2):
        progress.show("1 calls; get_user, known-user")
        progress.clear()
    assert not terminal.written
    progress.show("1 calls; get_user, known-user")
    progress.clear()

    assert terminal.written == ["\r1 calls; get_user, known-user", f"\r{'':<29}\r"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("no_color", "colored"), [("", True), ("1", False)])
def test_colour_is_used_only_on_terminals_that_support_it(
    monkeypatch: pytest.MonkeyPatch, no_color: str, colored: bool
) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("NO_COLOR", no_color)

    assert main(["check"]) == 0
    assert ("\x1b[32mok\x1b[0m" in "".join(terminal.written)) is colored


# replay


@pytest.mark.usefixtures("folder")
def test_a_stored_check_is_judged_alike(run: Run) -> None:
    code, out, _ = run("check", "--transcript", "seen.json")
    again, replayed, _ = run("replay", "seen.json")

    assert again == code
    # A stored check takes no further settings.
    assert replayed == out[: out.index("rules not judged")].rpartition("\n")[0] + "\n"


@pytest.mark.usefixtures("folder")
def test_a_replay_takes_a_selection_and_a_format(run: Run) -> None:
    run("check", "--transcript", "seen.json")

    code, out, _ = run("replay", "seen.json", "--select", "callback", "--ignore", "wrong-arity", "--format", "json")

    assert code == 0
    assert json.loads(out)["summary"]["deselected"] > 50


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"\xff\xfe", "cannot be read: "),
        (b"{", "customdb-contract: "),
        (b"[]", "customdb-contract: "),
        (b'{"schema_version": 99}', "customdb-contract: "),
        (b"[" * 100_000, "customdb-contract: "),
    ],
    ids=["missing", "binary", "cut", "array", "version", "deep"],
)
def test_a_file_that_is_no_transcript_ends_with_2(
    run: Run, tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "seen.json"
    if content is not None:
        path.write_bytes(content)

    code, out, err = run("replay", str(path))

    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


# rules


def test_the_rules_are_listed(run: Run) -> None:
    code, out, _ = run("rules")

    assert code == 0
    assert out.splitlines()[-1].startswith(f"{len(CATALOGUE)} rules; ")


def test_a_rule_is_explained(run: Run) -> None:
    code, out, _ = run("rules", "unstable-user-id")

    assert code == 0
    assert out.startswith("unstable-user-id\n================\n")


def test_the_rules_as_json(run: Run) -> None:
    assert len(json.loads(run("rules", "--format", "json")[1])) == len(CATALOGUE)
    assert [item["name"] for item in json.loads(run("rules", "unstable-user-id", "--format", "json")[1])] == [
        "unstable-user-id"
    ]


OWN = ["unreadable-row", "unreachable-user", "missing-password", "unknown-password-format"]


@pytest.mark.parametrize("options", [[], ["--audit"]])
@pytest.mark.parametrize("name", OWN)
def test_a_rule_that_only_an_audit_has_is_explained(run: Run, name: str, options: list[str]) -> None:
    code, out, _ = run("rules", name, *options)

    (rule,) = (rule for rule in AUDITED if rule.name == name)
    assert code == 0
    assert out == (
        f"{name}\n{'=' * len(name)}\n\ngroup {rule.group}, severity {rule.severity}\nchecked by: audits only\n"
        f"what happens to the user: {rule.fate}\n\n{rule.docstring}\n"
    )
    assert rule.docstring.startswith(f"{rule.summary}\n\n## Why this matters\n")
    assert "\n\n## How to fix\n" in rule.docstring
    assert json.loads(run("rules", name, "--format", "json", *options)[1]) == [
        {
            "name": name,
            "group": rule.group,
            "severity": rule.severity,
            "fate": rule.fate,
            "docs": f"reference/rules/{name}.html",
        }
    ]


def test_the_rules_of_an_audit_are_listed_by_consequence(run: Run) -> None:
    code, out, _ = run("rules", "--audit")

    assert code == 0
    assert [line for line in out.splitlines()[:-1] if line and line[0] != " "] == list(Fate)
    named = [line.split()[0] for line in out.splitlines() if line.startswith("  ")]
    assert sorted(named) == sorted(rule.name for rule in AUDITED)
    assert out.endswith(f"\n\n{len(AUDITED)} audit rules; `customdb-contract rules NAME` explains one\n")
    assert len(json.loads(run("rules", "--audit", "--format", "json")[1])) == len(AUDITED)
    assert "missing-user-id" not in run("rules", "--audit", "migration")[1]


def test_a_rule_that_checks_have_too_has_one_page(run: Run) -> None:
    assert run("rules", "--audit", "invalid-email") == run("rules", "invalid-email")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing-pasword"], "there is no rule or group 'missing-pasword'; did you mean missing-password"),
        (["--audit", "missing-pasword"], "there is no rule 'missing-pasword'; did you mean missing-password"),
        (
            ["--audit", "wrong-arity"],
            "the rule 'wrong-arity' checks what scripts do, so it does not apply to an audit",
        ),
    ],
)
def test_a_rule_that_an_audit_does_not_have_is_an_error(run: Run, arguments: list[str], message: str) -> None:
    code, _, err = run("rules", *arguments)

    assert code == 2
    assert err.startswith(f"customdb-contract: {message}")


def test_an_unknown_rule_has_near_matches(run: Run) -> None:
    code, _, err = run("rules", "unstable-userid")

    assert code == 2
    message = "customdb-contract: there is no rule or group 'unstable-userid'; did you mean unstable-user-id"
    assert err.startswith(message)
    assert run("rules", "secuirty")[2] == (
        "customdb-contract: there is no rule or group 'secuirty'; did you mean security?\n"
    )


def test_a_rule_that_is_like_no_other(run: Run) -> None:
    assert run("rules", "zzzzz")[2].endswith("`customdb-contract rules` lists them\n")


# init


def test_init_writes_files_that_work(run: Run, folder: Path) -> None:
    module = module_of(folder)
    (folder / "customdb.toml").unlink()

    code, out, _ = run("init")

    config = folder / "customdb.toml"
    assert code == 0
    assert out.splitlines()[:2] == ["wrote customdb.toml", "wrote test_customdb.py"]
    text = config.read_text().replace("my_package.my_module:database", f"{module}:Shop")
    config.write_text(text.replace('{ env = "ADA_PASSWORD" }', '"pass phrase"'))
    done = _python("-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder))
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_init_overwrites_nothing(run: Run, folder: Path) -> None:
    code, out, err = run("init")

    assert (code, out) == (2, "")
    assert err == "customdb-contract: customdb.toml already exists; remove it first, or run init in another folder\n"
    (folder / "test_customdb.py").write_text("")
    assert run("init")[2] == (
        "customdb-contract: customdb.toml and test_customdb.py already exist; remove them first, "
        "or run init in another folder\n"
    )


@pytest.mark.one_python
def test_init_writes_an_action_as_the_deploy_cli_deploys_it(run: Run, folder: Path) -> None:
    (folder / "customdb.toml").unlink()

    code, out, _ = run("init", "--action")

    written = [
        "actions/persist-legacy-metadata/README.md",
        "actions/persist-legacy-metadata/code.js",
        "actions/persist-legacy-metadata.json",
        "customdb.toml",
    ]
    assert code == 0
    assert out.splitlines() == [
        *[f"wrote {Path(name)}" for name in written],
        "Follow actions/persist-legacy-metadata/README.md, then run: customdb-contract check",
    ]
    settings = tomllib.loads((folder / "customdb.toml").read_text())["action"]
    document = json.loads((folder / written[2]).read_text())
    assert {secret["name"] for secret in document["secrets"]} == settings["secrets"].keys()
    assert settings["restores"] == list(json.loads(settings["secrets"]["LEGACY_METADATA"]))
    action = NodeAction(folder / written[2], secrets=dict.fromkeys(settings["secrets"], ""))
    with closing(action.open_action(mask=SecretRegistry())) as bridge:
        assert (bridge.info.name, bridge.info.problem) == ("persist-legacy-metadata", None)


@pytest.mark.usefixtures("folder")
def test_init_of_an_action_overwrites_nothing(run: Run) -> None:
    code, out, err = run("init", "--action")

    assert (code, out) == (2, "")
    assert err == "customdb-contract: customdb.toml already exists; remove it first, or run init in another folder\n"
    assert not Path("actions").exists()


# The package itself


def test_the_version(run: Run) -> None:
    assert run("--version") == (0, f"customdb-contract {customdb_contract.__version__}\n", "")


def test_no_command_is_wrong_usage(run: Run) -> None:
    assert run()[0] == 2


def test_files_called_like_modules_of_pythons_own_are_not_imported(tmp_path: Path) -> None:
    for name in ("inspect", "dataclasses", "secrets", "signal", "json"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('not what was asked for')\n", "utf-8")

    ran = subprocess.run(
        [sys.executable, "-m", "customdb_contract", "rules", "missing-user-id"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("missing-user-id\n")


def _python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, env=os.environ | environment
    )


HELP = """\
usage: customdb-contract [-h] [--version] COMMAND ...

Check Auth0 custom database scripts against their contract.

options:
  -h, --help  show this help message and exit; after a COMMAND, its own
  --version   show the version and exit

commands:
  check       check a database's scripts, an Action, or both
  replay      judge a stored transcript again, without calling anything
  simulate    play the lives of users on a simulated Auth0 tenant
  audit       check every user of a store before you migrate
  rules       list the rules, or explain one
  init        write a commented customdb.toml and what goes with it
  schema      print the JSON Schema of customdb.toml, for editors
  completion  print shell completion for this command
"""


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_is_the_same_with_and_without_the_parser(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["customdb-contract", option])
    assert command.main() == 0
    assert capsys.readouterr().out == HELP

    assert main([option]) == 0
    assert capsys.readouterr().out == HELP


def test_help_imports_nothing() -> None:
    code = """if True:
        import sys
        before = set(sys.modules)
        from customdb_contract.__main__ import main
        sys.argv = ["customdb-contract", "--help"]
        main()
        sys.stderr.write(" ".join(sorted(set(sys.modules) - before)))
    """

    ran = _python("-c", code)

    assert ran.stdout == HELP
    assert ran.stderr == "customdb_contract customdb_contract.__main__ customdb_contract._help"


def test_help_into_a_closed_pipe_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    monkeypatch.setattr(sys, "argv", ["customdb-contract", "--help"])

    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert command.main() == 0


def test_help_needs_no_pydantic() -> None:
    code = """if True:
        import sys
        from customdb_contract._cli import main
        try:
            main(["--help"])
        finally:
            sys.stderr.write(" ".join(sys.modules))
    """

    ran = _python("-c", code)

    assert "usage: customdb-contract" in ran.stdout
    assert "pydantic" not in ran.stderr.split()


@pytest.mark.parametrize("command_name", sorted(COMMANDS))
def test_the_help_of_a_command_needs_no_other_one(command_name: str) -> None:
    code = f"""if True:
        import sys
        before = set(sys.modules)
        from customdb_contract._cli import main
        try:
            main([{command_name!r}, "--help"])
        finally:
            print(*set(sys.modules) - before, file=sys.stderr)
    """

    ran = _python("-c", code)

    assert ran.stdout.startswith(f"usage: customdb-contract {command_name} [-h]")
    imported = set(ran.stderr.split())
    own = {f"customdb_contract._cli._{name}" for name in COMMANDS} & imported
    assert own <= {f"customdb_contract._cli._{command_name}"}
    assert imported.isdisjoint({"attrs", "pydantic", "typing_extensions", "traceback"})


def test_importing_the_package_imports_nothing_else() -> None:
    ran = _python(
        "-c", "import sys, customdb_contract; print([m for m in sys.modules if m in ('pydantic', 'attrs', 'asyncio')])"
    )

    assert ran.stdout == "[]\n"


def test_it_runs_as_a_module() -> None:
    ran = _python("-m", "customdb_contract", "rules", "no-such-rule-at-all")

    assert ran.returncode == 2
    assert ran.stderr.startswith("customdb-contract: there is no rule")


def test_a_closed_pipe_is_no_error() -> None:
    command = [sys.executable, "-m", "customdb_contract", "rules"]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()

    assert (process.returncode, said) == (3, "")
