"""`[action]` in a configuration and `--action`: valid contents, errors for everything else, and a common verdict."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from attrs import evolve

from customdb_contract._cli import main
from customdb_contract.bridges.node import NodeAction
from customdb_contract.bridges.python_process import PythonProcessAction
from customdb_contract.config import Configuration, load_config
from customdb_contract.errors import ConfigurationError
from customdb_contract.faults import LegacyAnswers, LegacyResponse
from customdb_contract.findings import Group, Report, Status
from customdb_contract.observing_actions import DEFAULT_ANSWERS
from customdb_contract.reports import FORMATS
from customdb_contract.rules import judge, judge_selected
from customdb_contract.transcript import ActionRun, Exchange, StopKind, Transcript

pytestmark = pytest.mark.one_python

SHOP = """
    from customdb_contract import Failed, Found, NotFound, WrongUsernameOrPasswordError

    class Shop:
        def login(self, identifier, password):
            if (identifier.lower(), password) != ("ada.lovelace@example.com", "pass phrase"):
                return Failed(WrongUsernameOrPasswordError(None, "no"))
            return self.get_user(identifier)

        def get_user(self, identifier):
            if str(identifier).lower() != "ada.lovelace@example.com":
                return NotFound()
            return Found({"user_id": "shop-7", "email": "ada.lovelace@example.com", "email_verified": True})

    class Gone:
        def __init__(self):
            raise RuntimeError("no such store")

    def nothing(event, api):
        return None

    def denies(event, api):
        api.access.deny("no")

    def raises_while_it_is_made():
        raise RuntimeError("no such Action")

    not_callable = 7
"""
NO_OP = "exports.onExecutePostLogin = async (event, api) => {};"
USERS = """
    [[users]]
    email = "ada.lovelace@example.com"
    password = "pass phrase"
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Write:
    """Write a configuration; beside it are the module `MODULE` with a shop and Actions, and an Action in JavaScript."""
    module = f"action_shop_{abs(hash(request.node.nodeid))}"
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"{module}.py").write_text(dedent(SHOP))
    code = tmp_path / "actions" / "restore" / "code.js"
    code.parent.mkdir(parents=True)
    code.write_text(NO_OP)

    def write_config(text: str) -> Path:
        path = tmp_path / "customdb.toml"
        path.write_text(dedent(text).replace("MODULE", module))
        return path

    return write_config


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line, and return exit code, standard output and standard error."""

    def run_command(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_command


def message_of(path: Path) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load_config(path)
    return str(raised.value)


def judged_groups(report: Report) -> set[Group]:
    return {each.rule.group for each in report.verdicts if each.status in {Status.PASSED, Status.FAILED}}


# The contents of a file


def test_every_setting_of_an_action_in_python_arrives(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGACY_API_SECRET", "s3cr3t-of-the-shop")
    path = write("""
        [action]
        python = "MODULE:nothing"
        secrets = { LEGACY_API_SECRET = { env = "LEGACY_API_SECRET" }, LEGACY_API_URL = "{legacy_url}" }
        environment = ["HOME"]
        metadata_required = true
        restores = ["app_metadata.LEGACY_METADATA.plan"]

        [action.legacy]
        found = { status = 201, body = { id = "{user_id}", seats = 3, price = 1.5, beta = true, roles = ["a"] } }
        not_found = { status = 200, body = "nobody" }
        empty = { body = { id = "{user_id}" } }
        paths = { "/oauth/token" = { body = { access_token = "t" } } }
        """)

    configuration = load_config(path)

    action = configuration.action
    assert action is not None
    assert isinstance(action.action, PythonProcessAction)
    assert action.metadata_required
    assert action.restores == ("app_metadata.LEGACY_METADATA.plan",)
    assert action.legacy == LegacyAnswers(
        found=LegacyResponse(201, {"id": "{user_id}", "seats": 3, "price": 1.5, "beta": True, "roles": ["a"]}),
        not_found=LegacyResponse(200, "nobody"),
        empty=LegacyResponse(200, {"id": "{user_id}"}),
        paths={"/oauth/token": LegacyResponse(200, {"access_token": "t"})},
    )
    assert configuration.database is None
    assert "s3cr3t" not in repr(configuration)


def test_every_setting_of_an_action_in_javascript_arrives(write: Write, tmp_path: Path) -> None:
    (tmp_path / "modules" / "node_modules").mkdir(parents=True)
    path = write(f"""
        [action]
        code = "actions/restore/code.js"
        node_modules = "modules/node_modules"
        environment = ["HOME"]
        node = "{sys.executable}"
        """)

    action = load_config(path).action

    assert action is not None
    assert isinstance(action.action, NodeAction)
    assert action.action.name == "restore"
    assert action.legacy == DEFAULT_ANSWERS
    assert not action.metadata_required
    assert action.restores == ()


def test_a_file_without_the_table_has_no_action(write: Write) -> None:
    assert load_config(write("")).action is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[action]",
            "[action] has neither code nor python: give the file of an Action in JavaScript, or module:attribute",
        ),
        (
            "[action]\ncode = 'code.js'\npython = 'shop:persist'",
            "[action] has both code and python: give only the one to check",
        ),
        (
            "[action]\npython = 'shop:persist'\nnode_modules = 'node_modules'",
            "[action] node_modules is for JavaScript: give code = the file of the Action, or leave it out",
        ),
        (
            "[action]\npython = 'shop:persist'\nnode = '/bin/node'",
            "[action] node is for JavaScript: give code = the file of the Action, or leave it out",
        ),
        (
            "[action]\npython = 'persist'",
            (
                "[action] 'persist' is not a reference to a Python object; "
                "write module:attribute, such as shop.legacy:database"
            ),
        ),
        (
            "[action]\npython = 'shop:persist'\nenvironment = ['NO_SUCH_VARIABLE']",
            "[action] the environment variable NO_SUCH_VARIABLE, which is passed to the scripts, is not set",
        ),
        (
            "[action]\npython = 'shop:persist'\nsecrets = { A = { env = 'NO_SUCH_VARIABLE' } }",
            "[action] secrets.A: the environment variable NO_SUCH_VARIABLE is not set",
        ),
        (
            "[action]\npython = 'shop:persist'\nrestores = ['plan']",
            (
                "[action] restores names 'plan', which is not a path of metadata: "
                "write app_metadata.plan, or a path below that"
            ),
        ),
        ("[action]\npyhton = 'shop:persist'", "[action] pyhton is not a known key; did you mean python?"),
        (
            "[action]\nlegacy = { fond = {} }",
            "[action] legacy.fond is not a known key; did you mean found?",
        ),
        (
            "[action.legacy]\nfound = { stauts = 200 }",
            "[action] legacy.found.stauts is not a known key; did you mean status?",
        ),
        (
            "[action.legacy.paths.'/token']\nanswer = 1",
            "[action] legacy.paths./token.answer is not a known key; known keys are status, body",
        ),
        (
            "[action]\nsecrets = { A = { name = 'B' } }",
            (
                "[action] secrets.A.env is missing\n"
                "{path}: [action] secrets.A.name is not a known key; known keys are env"
            ),
        ),
        (
            "[action]\nsecrets = { A = 7 }",
            "[action] secrets.A is wrong: input should be a valid string or must be a table",
        ),
        ("[action]\nlegacy = 7", "[action] legacy must be a table"),
        ("[action.legacy]\nfound = 7", "[action] legacy.found must be a table"),
        (
            "[action.legacy]\nfound = { status = 99 }",
            "[action] legacy.found.status is wrong: input should be greater than or equal to 200",
        ),
        (
            "[action.legacy]\nfound = { status = 600 }",
            "[action] legacy.found.status is wrong: input should be less than or equal to 599",
        ),
        (
            "[action]\npython = 'shop:persist'\n[action.legacy]\npaths = { 'oauth/token' = {} }",
            "[action.legacy] paths: oauth/token must begin with /, as the path of a request does",
        ),
        (
            "[action]\npython = 'shop:persist'\n[action.legacy]\nfound = { body = { since = [2026-11-28] } }",
            "[action.legacy] found: body has a date or a time, which JSON does not have; write it as a string",
        ),
        (
            "[action]\npython = 'shop:persist'\n[action.legacy.paths]\n'/t' = { body = { n = nan } }",
            (
                "[action.legacy] paths./t: body has a number that is not finite, which JSON does not have; "
                "write it as a string"
            ),
        ),
    ],
)
def test_an_error_in_an_action_table_names_its_key(write: Write, text: str, message: str) -> None:
    path = write(text)

    assert message_of(path) == f"{path}: {message}".replace("{path}", str(path))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("code = 'no/code.js'", "[action] {folder}/no/code.js cannot be read: No such file or directory"),
        (
            "code = 'actions/restore/code.js'\nnode_modules = 'no'",
            "[action] {folder}/no is not a folder named node_modules: give the one that npm install created",
        ),
    ],
)
def test_files_are_looked_up_from_the_folder_of_the_file(write: Write, table: str, message: str) -> None:
    path = write(f"[action]\n{table}")

    assert message_of(path) == f"{path}: {message}".replace("{folder}", str(path.parent))


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        ("denise", "MODULE has no attribute 'denise'; did you mean denies?"),
        ("zzz", "MODULE has no attribute 'zzz'"),
        ("not_callable", "an Action must be a function (event, api), or a function that returns one, got 7"),
    ],
)
def test_an_error_on_opening_the_action_names_the_file(write: Write, attribute: str, message: str) -> None:
    path = write(f"[action]\npython = 'MODULE:{attribute}'")
    module = next(path.parent.glob("action_shop_*.py")).stem

    with pytest.raises(ConfigurationError) as caught:
        load_config(path).check()

    assert str(caught.value) == f"{path}: {message}".replace("MODULE", module)


def test_a_module_that_cannot_be_imported_is_named(write: Write) -> None:
    path = write("[action]\npython = 'no_such_module_of_actions:persist'")

    with pytest.raises(ConfigurationError, match=r"no_such_module_of_actions cannot be imported from .*: Module"):
        load_config(path).check()


# The check


def test_an_action_alone_is_checked_without_known_users(write: Write) -> None:
    report = load_config(write("[action]\npython = 'MODULE:nothing'")).check()

    assert judged_groups(report) >= {Group.ACTION}
    assert report.transcript.exchanges == ()
    assert report.transcript.people == ()
    assert report.verdict("action-restores-nothing").status is Status.FAILED


def test_a_database_and_an_action_are_judged_in_one_report(write: Write) -> None:
    path = write(f"""
        [connection]
        name = "legacy-shop"
        import_mode = true
        [database]
        python = "MODULE:Shop"
        [action]
        python = "MODULE:nothing"
        {USERS}
        [check]
        waived = {{ action-restores-nothing = "it only logs, until May" }}
        rehearse = false
        """)
    shown: list[object] = []

    configuration = load_config(path)
    transcript = configuration.observe(progress=shown.append)
    report = judge_selected(transcript, configuration.selection())

    assert {type(record) for record in shown} == {Exchange, ActionRun}
    assert judged_groups(report) >= {Group.PROFILE, Group.ACTION}
    assert report.verdict("action-restores-nothing").status is Status.WAIVED
    assert report.ok, report
    # The user who logs in is fictitious, even though the store has one with the same e-mail.
    assert [person.label for person in transcript.people] == ["ada.lovelace"]
    assert {run.person for run in transcript.of_kind(ActionRun)} == {"ada.lovelace-2"}
    replayed = [Transcript.loads(transcript.dumps()), Transcript.parse(str(transcript))]
    assert replayed[0] == transcript
    expected = {verdict.rule.name for verdict in report.verdicts if verdict.findings}
    assert all({each.rule.name for each in judge(one).verdicts if each.findings} == expected for one in replayed)
    for render in FORMATS.values():
        assert "action-restores-nothing" in render(evolve(report, verdicts=judge(transcript).verdicts))


def test_the_text_covers_both(write: Write) -> None:
    path = write(f"""
        [database]
        python = "MODULE:Shop"
        [action]
        python = "MODULE:denies"
        {USERS}
        [check]
        rehearse = false
        """)

    text = FORMATS["text"](load_config(path).check())

    assert "known users: ada.lovelace@example.com\n" in text
    assert "runs of the Action denies\n" in text
    assert "(ada.lovelace" not in text


def test_a_database_or_action_is_checked_even_if_the_other_cannot_be(write: Write) -> None:
    path = write(f"""
        [database]
        python = "MODULE:Gone"
        [action]
        python = "MODULE:raises_while_it_is_made"
        {USERS}
        """)

    stopped = load_config(path).check().transcript.header.stop_reason

    assert stopped is not None
    assert stopped.kind is StopKind.SET_UP
    assert stopped.message.startswith("the database could not be opened: RuntimeError: no such store")
    assert "no such Action" in stopped.message

    report = load_config(write(path.read_text().replace("raises_while_it_is_made", "nothing"))).check()
    assert report.exit_code == 3
    assert report.verdict("action-restores-nothing").status is Status.FAILED


# The command line


def test_an_action_is_named_without_a_configuration(run: Run, write: Write) -> None:
    path = write("")
    module = next(path.parent.glob("action_shop_*.py")).stem
    path.unlink()

    code, out, _ = run("check", "--action", f"{module}:nothing", "--select", "action", "--format", "json")

    document = json.loads(out)
    assert code == 1
    assert document["action"] == {"name": "nothing"}
    assert document["people"] == []


def test_an_action_in_javascript_is_named_by_its_file(run: Run, write: Write) -> None:
    write("")

    code, out, _ = run("check", "--action", "actions/restore/code.js", "--format", "github")

    assert code == 1
    assert "::error title=action-restores-nothing,file=actions/restore/code.js,line=1::" in out


@pytest.mark.parametrize("named", ["no such thing", "C:\\actions", "shop:7"])
def test_a_name_without_an_action_is_an_error(run: Run, write: Write, named: str) -> None:
    write("").unlink()

    assert run("check", "--action", named) == (
        2,
        "",
        (
            f"customdb-contract: --action: {named} is neither a file nor a reference: "
            "give the JavaScript file of an Action, or module:attribute\n"
        ),
    )


def options(**given: Any) -> dict[str, Any]:
    return {"scripts": None, "python": None, "action": None} | given


def test_a_named_action_is_checked_alone_with_the_settings_of_the_file(write: Write) -> None:
    path = write(f"""
        [database]
        python = "MODULE:Shop"
        [action]
        code = "no/such/code.js"
        node_modules = "no"
        restores = ["app_metadata.plan"]
        {USERS}
        """)
    module = next(path.parent.glob("action_shop_*.py")).stem

    action = load_config(path, **options(action=f"{module}:denies"))
    database = load_config(path, **options(python=f"{module}:Shop"))
    both = load_config(path, **options(python=f"{module}:Shop", action=f"{module}:denies"))

    def subjects(configuration: Configuration) -> tuple[bool, bool]:
        return configuration.database is not None, configuration.action is not None

    assert (subjects(action), subjects(database), subjects(both)) == ((False, True), (True, False), (True, True))
    assert action.action is not None
    assert action.action.restores == ("app_metadata.plan",)


def test_a_dry_run_estimates_an_action_and_runs_nothing(run: Run, write: Write) -> None:
    write("[action]\npython = 'MODULE:nothing'")

    assert run("check", "--dry-run", "--max-time", "30") == (
        0,
        (
            "the Action runs for about 50 log-ins and reaches only a stand-in for the legacy system, on loopback\n"
            "0 calls, each at most 20 s; the check ends after 40.5 s at the latest\n"
        ),
        "",
    )


def test_a_dry_run_of_both_prints_the_calls_first(run: Run, write: Write) -> None:
    write(f"[database]\npython = 'MODULE:Shop'\n[action]\npython = 'MODULE:nothing'\n{dedent(USERS)}")

    code, out, _ = run("check", "--dry-run")

    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "get_user ada.lovelace@example.com   [known-user]"
    assert lines[-2].startswith("the Action runs for about 50 log-ins")
    assert lines[-1].endswith("the check ends after 80 s at the latest")


def test_a_simulation_needs_a_database(run: Run, write: Write) -> None:
    write("[action]\npython = 'MODULE:nothing'")

    code, _, err = run("simulate")

    assert code == 2
    assert err == (
        "customdb-contract: no database to check: give --python MODULE:ATTRIBUTE or --scripts FOLDER, "
        "or a customdb.toml with [database] python = … or scripts = …; `customdb-contract init` writes one\n"
    )
