"""The scripts of an export that the Deploy CLI would deploy, and the messages about all others."""

import json
import logging
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from customdb_contract import Connection, KnownUser, check
from customdb_contract.bridges.node import NodeDatabase
from customdb_contract.config import load_config, of_options
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError

pytestmark = pytest.mark.one_python

SCRIPT = "function script() {}"
BOTH = {"login": "./login.js", "get_user": "./get_user.js"}


def export(folder: Path, *files: str, options: Mapping[str, object] | None = None, **document: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(SCRIPT, "utf-8")
    if options is not None or document:
        (folder / "database.json").write_text(json.dumps({"options": options or {}, **document}), "utf-8")
    return folder


def scripts_of(database: NodeDatabase) -> set[Script]:
    return {script for script in Script if hasattr(database, script)}


def test_only_scripts_that_are_named_count(tmp_path: Path) -> None:
    folder = export(tmp_path, "login.js", "get_user.js", options={"customScripts": {"login": "./login.js"}})

    database = NodeDatabase(folder)

    assert scripts_of(database) == {Script.LOGIN}
    said = "options.customScripts does not name get_user.js, so the Deploy CLI does not deploy it"
    assert database.ignored == (f"{folder}/database.json: {said}",)


def test_files_that_the_deploy_cli_skips_are_listed(tmp_path: Path) -> None:
    names = {"login": "./login.js", "getUser": "./getUser.js", "change_username": "./x.js"}
    folder = export(tmp_path, "login.js", "getUser.js", options={"customScripts": names})

    skipped, unnamed = NodeDatabase(folder).ignored

    assert "options.customScripts names getUser, change_username, which the Deploy CLI skips; the names that" in skipped
    assert "does not name getUser.js (the script is get_user.js), so the Deploy CLI does not deploy it" in unnamed


@pytest.mark.parametrize("options", [{}, {"customScripts": {}}, {"customScripts": {"getUser": "./get_user.js"}}])
def test_an_export_that_names_no_script_deploys_none(tmp_path: Path, options: Mapping[str, object]) -> None:
    folder = export(tmp_path, "login.js", "getUser.js", options=options)

    said = (
        "options.customScripts names none of the scripts, so the Deploy CLI deploys none. Name them: "
        '"customScripts": {"login": "./login.js", "get_user": "./get_user.js"}; '
        "ignored: getUser.js (the script is get_user.js), login.js"
    )
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        NodeDatabase(folder)


def test_an_export_without_scripts_at_all_names_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r'"\./get_user.js"\}$'):
        NodeDatabase(export(tmp_path, options={}))


def test_customization_that_is_off_calls_no_script(tmp_path: Path) -> None:
    options = {"enabledDatabaseCustomization": False, "customScripts": BOTH}
    folder = export(tmp_path, "login.js", "get_user.js", options=options)

    said = "options.enabledDatabaseCustomization is false, so Auth0 calls none of the scripts (login, get_user)"
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        NodeDatabase(folder)


def test_a_map_at_the_top_takes_precedence_in_a_folder(tmp_path: Path) -> None:
    folder = export(tmp_path, "login.js", "get_user.js", options={"customScripts": BOTH}, customScripts={})

    with pytest.raises(ConfigurationError, match=re.escape("database.json: customScripts names none")):
        NodeDatabase(folder)


def test_without_database_json_the_names_of_files_count(tmp_path: Path) -> None:
    files = ("login.js", "getUser.js", "deleteUser.js", "store.js", "login.test.ts", "double.js")
    folder = export(tmp_path, *files)
    (folder / "notes.txt").write_text("", "utf-8")

    database = NodeDatabase(folder, doubles={"store": folder / "double.js"})

    assert scripts_of(database) == {Script.LOGIN}
    [said] = database.ignored
    assert said.startswith(
        f"{folder}: ignored deleteUser.js (the script is delete.js), getUser.js (the script is get_user.js), "
        "login.test.ts, store.js; the names that count are login.js, get_user.js, create.js"
    )


def test_a_folder_of_other_spellings_alone_has_no_scripts(tmp_path: Path) -> None:
    folder = export(tmp_path, "getUser.js")

    with pytest.raises(ConfigurationError, match=r"none of the scripts: .*; ignored: getUser.js \(the script is get_"):
        NodeDatabase(folder)


def test_ignored_settings_are_listed_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    export(tmp_path / "shop", "login.js", "getUser.js")
    config = tmp_path / "customdb.toml"
    config.write_text('[database]\nscripts = "shop"\n[outage]\nconfiguration = { URL = "{fault_url}" }\n', "utf-8")

    with caplog.at_level(logging.WARNING, "customdb_contract"):
        load_config(config)
        of_options(scripts=tmp_path / "shop")

    assert len([message for message in caplog.messages if "ignored getUser.js" in message]) == 2


def test_a_check_that_cannot_begin_lists_missing_keys(tmp_path: Path) -> None:
    folder = export(tmp_path)
    (folder / "login.js").write_text("function login(a, b, callback) {\n  callback(new Error(configuration.URL));\n}")

    report = check(NodeDatabase(folder), [KnownUser(email="ada@example.com", password="right")], rehearse=False)

    stop = report.transcript.header.stop_reason
    assert stop is not None
    assert re.search(r"not set: configuration\.URL \(.*login\.js:2\)", stop.message)
    assert str(report).count("not set:") == 1


@pytest.mark.parametrize(
    ("attributes", "is_required"),
    [
        ({"username": {"identifier": {"active": True}}}, True),
        ({"username": {"identifier": {"active": False}}}, False),
        ({"email": {"identifier": {"active": True}}}, False),
    ],
)
def test_flexible_identifiers_show_whether_users_log_in_by_username(
    tmp_path: Path, attributes: object, *, is_required: bool
) -> None:
    options = {"customScripts": {"login": "login.js"}, "attributes": attributes}

    database = NodeDatabase(export(tmp_path, "login.js", options=options))

    assert database.connection.requires_username is is_required
    assert database.said == {"requires_username"}
    assert NodeDatabase(export(tmp_path, options=options | {"attributes": {}})).said == set()


def test_a_connection_without_passwords_is_reported(tmp_path: Path) -> None:
    methods = {"password": {"enabled": False}, "passkey": {"enabled": True}}
    options = {"customScripts": {"login": "login.js"}, "authentication_methods": methods}

    [said] = NodeDatabase(export(tmp_path, "login.js", options=options)).ignored

    assert (
        "authentication_methods.password is off, so no user can log in with a password and Auth0 does not call" in said
    )


def test_a_table_of_an_export_is_an_object(tmp_path: Path) -> None:
    options = {"customScripts": {"login": "login.js"}, "attributes": {"username": 7}}

    with pytest.raises(ConfigurationError, match=r"options\.attributes\.username must be an object$"):
        NodeDatabase(export(tmp_path, "login.js", options=options))


# A YAML file


TENANT = """
databases:
  - name: shop
    strategy: auth0
    options:
      import_mode: ##IMPORT##
      customScripts:
        login: ./databases/shop/login.js
        get_user: ./databases/shop/get_user.js
  - name: club
    options:
      enabledDatabaseCustomization: false
"""


def tenant(folder: Path, text: str = TENANT) -> Path:
    export(folder / "databases" / "shop", "login.js", "get_user.js", "changeEmail.js")
    (folder / "tenant.yaml").write_text(text, "utf-8")
    return folder / "tenant.yaml"


def test_a_connection_of_a_yaml_file_is_read_like_a_folder(tmp_path: Path) -> None:
    path = tenant(tmp_path)

    database = NodeDatabase(path, name="shop", keywords={"IMPORT": True})

    assert scripts_of(database) == {Script.LOGIN, Script.GET_USER}
    assert database.connection == Connection(name="shop", import_mode=True)
    [said] = database.ignored
    assert "tenant.yaml: databases[0]: options.customScripts does not name changeEmail.js (the script is" in said


def test_the_name_of_the_connection_chooses_one_of_a_yaml_file(tmp_path: Path) -> None:
    tenant(tmp_path)
    config = tmp_path / "customdb.toml"
    keywords = "keywords = { IMPORT = false }"
    config.write_text(f'[connection]\nname = "shop"\n[database]\nscripts = "tenant.yaml"\n{keywords}\n', "utf-8")

    assert load_config(config).connection == Connection(name="shop")


def test_a_yaml_file_with_one_connection_needs_no_name(tmp_path: Path) -> None:
    options = "{customScripts: {login: databases/shop/login.js}}"
    path = tenant(tmp_path, f"databases: [{{name: shop, options: {options}}}]")

    assert scripts_of(NodeDatabase(path)) == {Script.LOGIN}


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        (TENANT, None, "tenant.yaml has 2 databases: shop, club; choose one with [connection] name"),
        (TENANT, "shelf", "tenant.yaml has no database shelf; it has shop, club"),
        (TENANT, "club", "databases[1]: options.customScripts names none of the scripts"),
        ("databases: []", None, "tenant.yaml has no databases"),
        ("7", None, "tenant.yaml has no databases"),
        ("databases: 7", None, "tenant.yaml: databases[0] must be a table"),
        ("databases: [7]", None, "tenant.yaml: databases[0] must be a table"),
        ("databases: [", None, "tenant.yaml is not YAML: while parsing"),
        ("[" * 20_000, None, "tenant.yaml is nested too deeply"),
        ("##NAME##: 7", None, "tenant.yaml has keywords without a value: NAME"),
    ],
)
def test_a_broken_yaml_file_is_an_error(tmp_path: Path, text: str, name: str | None, said: str) -> None:
    path = tenant(tmp_path, text)

    with pytest.raises(ConfigurationError, match=re.escape(said)):
        NodeDatabase(path, name=name, keywords={"IMPORT": True})


def test_without_its_parser_a_yaml_file_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)

    with pytest.raises(ConfigurationError, match=r"pip install 'customdb-contract\[yaml\]'"):
        NodeDatabase(tenant(tmp_path, "databases: []"))
