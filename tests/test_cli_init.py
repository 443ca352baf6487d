"""The files that `init` writes into a folder, depending on its content."""

import json
import sys
import textwrap
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract._cli import main
from customdb_contract._cli._surroundings import Found, configuration_for_python, configuration_for_scripts, found_in
from customdb_contract.config import load_config
from customdb_contract.config._modules import modules_for
from customdb_contract.errors import ConfigurationError
from customdb_contract.testing.strategies import awkward_texts

TEMPLATE = (Path(sys.modules["customdb_contract"].__path__[0]) / "templates" / "customdb.toml").read_text("utf-8")
LOGIN = """\
function login(email, password, callback) {
  const url = configuration.API_URL + configuration['api token'] + configuration?.REGION + configuration.API_URL;
  callback(new WrongUsernameOrPasswordError(email));
}
"""
GET_USER = "function getByEmail(email, callback) { callback(null, null); }\n"
USERS = "\n\n[[users]]\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ADA_PASSWORD", "weaving algebraic patterns")
    return tmp_path


def connection(export: Path, name: str, **options: object) -> Path:
    scripts = export / "database-connections" / name
    scripts.mkdir(parents=True)
    (scripts / "login.js").write_text(LOGIN)
    (scripts / "get_user.js").write_text(GET_USER)
    customized = {"customScripts": {"login": "./login.js", "get_user": "./get_user.js"}}
    described = {"name": name, "strategy": "auth0", "options": {"enabledDatabaseCustomization": True} | customized}
    described["options"] = described["options"] | options  # type: ignore[operator]  # both are tables
    (scripts / "database.json").write_text(json.dumps(described))
    return scripts


def init(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(["init", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_an_empty_folder_is_set_up_for_a_database_in_python(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "src").mkdir()

    code, out, _ = init(capsys)

    assert code == 0
    assert out.splitlines() == [
        "wrote customdb.toml",
        "wrote test_customdb.py",
        "Fill in customdb.toml, then run: customdb-contract check",
    ]
    assert (folder / "customdb.toml").read_text() == TEMPLATE


@pytest.mark.parametrize("export", [".", "tenant"])
def test_the_scripts_of_an_export_are_found(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path, export: str
) -> None:
    scripts = connection(folder / export, "shop", import_mode=True)

    code, out, _ = init(capsys)

    path = scripts.relative_to(folder)
    assert code == 0
    assert out.splitlines() == [
        "wrote customdb.toml",
        f"Using the scripts in {path}.",
        "Fill in customdb.toml, then run: customdb-contract check",
    ]
    written = tomllib.loads((folder / "customdb.toml").read_text())
    assert written["database"] == {
        "scripts": path.as_posix(),
        "configuration": {
            "API_URL": {"env": "API_URL"},
            "api token": {"env": "api_token"},
            "REGION": {"env": "REGION"},
        },
    }
    assert not written["connection"]
    for name in ("API_URL", "api_token", "REGION"):
        monkeypatch.setenv(name, "x")
    loaded = load_config(folder / "customdb.toml")
    assert loaded.connection.import_mode
    assert loaded.connection.name == "shop"


def test_further_connections_are_named(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    for name in ("shop", "forum", "club"):
        connection(folder / "tenant", name)

    _, out, _ = init(capsys)

    assert out.splitlines()[1:3] == [
        "Using the scripts in tenant/database-connections/club.",
        "Other connections: forum, shop. To check all of them: customdb-contract check --tenant tenant",
    ]


def test_one_connection_of_an_export_in_yaml_is_named(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "login.js").write_text(LOGIN)
    script = "      customScripts: {login: ./login.js}\n"
    databases = "".join(
        f"  - name: {name}\n    strategy: auth0\n    options:\n      enabledDatabaseCustomization: true\n{script}"
        for name in ("shop", "forum")
    )
    (folder / "tenant.yaml").write_text(f"databases:\n{databases}")

    init(capsys)

    written = tomllib.loads((folder / "customdb.toml").read_text())
    assert written["connection"] == {"name": "shop"}
    assert written["database"]["scripts"] == "tenant.yaml"


def test_keywords_of_the_deploy_cli_are_taken_over(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    scripts = connection(folder, "shop")
    (scripts / "get_user.js").write_text(
        GET_USER.replace("null, null", "null, '##STAGE##' || @@FLAG@@ || '##DB_PASSWORD##'")
    )
    mappings = {"STAGE": "test «»\x7f", "FLAG": True, "DB_PASSWORD": "hunter2", "LIST": ["a"]}
    (folder / "config.json").write_text(json.dumps({"AUTH0_KEYWORD_REPLACE_MAPPINGS": mappings}))
    (folder / "config-dev.json").write_text("[]")
    (folder / "tsconfig.json").write_text("// not even JSON")

    code, _, err = init(capsys)

    assert (code, err) == (0, "")
    text = (folder / "customdb.toml").read_text()
    assert tomllib.loads(text)["database"]["keywords"] == {
        "STAGE": "test «»\x7f",
        "FLAG": True,
        "DB_PASSWORD": {"env": "DB_PASSWORD"},
    }
    assert "hunter2" not in text


@pytest.mark.parametrize("arguments", [(), ("--scripts", "tenant/database-connections/shop")])
def test_keywords_without_a_value_come_from_the_environment(
    capsys: pytest.CaptureFixture[str], folder: Path, arguments: Sequence[str]
) -> None:
    scripts = connection(folder / "tenant", "shop")
    (scripts / "get_user.js").write_text(GET_USER.replace("null, null", "null, '##STAGE##' || @@FLAG@@ || '##URL##'"))
    (scripts / "login.js").write_text(LOGIN.replace("(email))", "('##OTHER##'))"))
    config = folder / ("config.json" if arguments else "tenant/config.json")
    config.write_text(json.dumps({"AUTH0_KEYWORD_REPLACE_MAPPINGS": {"STAGE": "test"}}))

    code, _, err = init(capsys, *arguments)

    assert (code, err) == (0, "")
    written = tomllib.loads((folder / "customdb.toml").read_text())
    assert written["database"]["keywords"] == {"STAGE": "test"} | {
        name: {"env": name} for name in ("FLAG", "URL", "OTHER")
    }


def test_the_folder_of_a_connection_can_be_given(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    connection(folder / "tenant", "shop")
    (folder / "scripts").mkdir()
    (folder / "scripts" / "login.js").write_text("function login(email, password, callback) {}")

    code, _, _ = init(capsys, "--scripts", "scripts")

    written = tomllib.loads((folder / "customdb.toml").read_text())
    assert code == 0
    assert written["database"] == {"scripts": "scripts"}
    assert not (folder / "test_customdb.py").exists()


def test_a_folder_without_scripts_is_refused_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "scripts").mkdir()

    code, out, err = init(capsys, "--scripts", "scripts")

    assert (code, out) == (2, "")
    assert err.startswith("customdb-contract: scripts has none of the scripts: login.js, get_user.js")
    assert not (folder / "customdb.toml").exists()


def test_a_database_in_python_can_be_given(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    connection(folder, "shop")

    code, out, _ = init(capsys, "--python", "shop.legacy:database")

    assert code == 0
    assert out.splitlines()[:2] == ["wrote customdb.toml", "wrote test_customdb.py"]
    assert tomllib.loads((folder / "customdb.toml").read_text())["database"] == {"python": "shop.legacy:database"}


def test_an_invalid_reference_is_refused_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    code, out, err = init(capsys, "--python", "shop")

    assert (code, out) == (2, "")
    assert err == (
        "customdb-contract: 'shop' is not a reference to a Python object; write module:attribute, "
        "such as shop.legacy:database\n"
    )
    assert not list(folder.iterdir())


def test_an_export_without_enabled_scripts_is_an_error(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    connection(folder, "shop", enabledDatabaseCustomization=False)

    code, _, err = init(capsys)

    assert code == 2
    assert "has no custom database: Auth0 calls no scripts of its 1 connections" in err


def test_unreadable_scripts_are_reported(folder: Path) -> None:
    scripts = connection(folder, "shop")
    (scripts / "verify.js").write_bytes(b"\xff")

    with pytest.raises(ConfigurationError, match=r"verify\.js cannot be read"):
        found_in(Path(), scripts)


@given(
    st.lists(awkward_texts().filter(bool), unique=True, max_size=4),
    st.dictionaries(awkward_texts(), st.booleans() | awkward_texts(), max_size=4),
    awkward_texts(),
    st.none() | awkward_texts(),
)
def test_a_configuration_with_any_names_can_be_read(
    settings: list[str], keywords: dict[str, object], path: str, name: str | None
) -> None:
    writable = (*settings, *keywords, *map(str, keywords.values()), path, name or "")
    if any("\ud800" <= character <= "\udfff" or character == "\0" for text in writable for character in text):
        return
    found = Found(path=Path("x") / path.replace("/", "_"), name=name, settings=settings, keywords=keywords)

    written = tomllib.loads(configuration_for_scripts(TEMPLATE, found))

    assert written["database"]["scripts"] == found.path.as_posix()
    assert written["connection"] == ({} if name is None else {"name": name})
    assert list(written["database"].get("configuration", {})) == settings
    assert written["database"].get("keywords", {}).keys() == keywords.keys()
    assert written["users"]


def test_a_reference_is_put_into_the_template() -> None:
    assert tomllib.loads(configuration_for_python(TEMPLATE, "a:b"))["database"]["python"] == "a:b"


# node_modules


@pytest.mark.parametrize(
    ("scripts", "found"),
    [
        ("tenant/database-connections/shop", "tenant/node_modules"),
        ("tenant/database-connections/club", "tenant/database-connections/club/node_modules"),
        ("other/shop", "node_modules"),
        ("../elsewhere", "node_modules"),
    ],
)
def test_the_nearest_modules_are_found(folder: Path, scripts: str, found: str) -> None:
    for modules in (
        "../node_modules",
        "node_modules",
        "tenant/node_modules",
        "tenant/database-connections/club/node_modules",
    ):
        (folder / "project" / modules).mkdir(parents=True)
    project = folder / "project"

    assert modules_for(None, project / scripts, project) == project / found
    assert modules_for("given", project / scripts, project) == project / "given"


def test_no_modules_are_looked_for_above_the_configuration(folder: Path) -> None:
    (folder / "node_modules").mkdir()
    (folder / "project" / "scripts").mkdir(parents=True)

    assert modules_for(None, folder / "project" / "scripts", folder / "project") is None


def test_scripts_require_modules_that_no_key_names(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    module = folder / "node_modules" / "left"
    module.mkdir(parents=True)
    (module / "index.js").write_text("exports.user_id = 'shop-7';")
    scripts = folder / "scripts"
    scripts.mkdir()
    (scripts / "get_user.js").write_text(
        textwrap.dedent("""\
            function getByEmail(email, callback) {
              if (email.toLowerCase() !== 'ada@example.com') return callback(null);
              callback(null, { user_id: require('left').user_id, email: 'ada@example.com', email_verified: true });
            }
            """)
    )

    judged = "throws-synchronously,missing-user-id"
    code = main(["check", "--scripts", "scripts", "--user", "ada@example.com", "--select", judged, "-q"])

    assert (code, capsys.readouterr().out) == (0, "ok: 2 rules judged, none broken\n")
