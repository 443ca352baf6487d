"""The JSON Schema of a configuration: it has the constraints of the tables, and the descriptions of their page."""

import copy
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from runpy import run_path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from customdb_contract._cli import main
from customdb_contract.config import configuration_schema
from customdb_contract.config._tables import TABLES, File  # pyright: ignore[reportPrivateUsage]  # what it is made of
from test_docs import PAGES, ROOT

pytestmark = pytest.mark.one_python

SCHEMA = configuration_schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
SHIPPED = sorted(
    path
    for folder in ("examples", "src")
    for path in (ROOT / folder).rglob("*.toml")
    if path.name.startswith("customdb") and "node_modules" not in path.parts
)
SHOWN = [
    pytest.param(block, id=f"{page.relative_to(ROOT).as_posix()}-{number}")
    for page in [*PAGES, ROOT / "README.md"]
    for number, block in enumerate(
        re.findall(r"^```toml\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    )
]

FULL = """
[connection]
name = "legacy-shop"
import_mode = true
requires_username = true
script_context = true
features = ["signup", "delete"]
deletion_is_final = true

[database]
python = "shop.legacy:database"
scripts = "tenant/database-connections/legacy"
configuration = { text = "a", flag = true, whole = 1, number = 1.5, token = { env = "TOKEN" } }
keywords = { TOKEN = { env = "TOKEN" } }
node_modules = "node_modules"
hosts = { "api.example.com" = "127.0.0.1:8080" }
doubles = { pg = "doubles/pg.js" }
environment = ["LANG"]
node = "/usr/bin/node"

[outage]
configuration = { url = "{fault_url}" }

[action]
code = "actions/restore/code.js"
python = "shop.legacy:restore"
secrets = { URL = "{legacy_url}", TOKEN = { env = "TOKEN" } }
node_modules = "node_modules"
environment = ["LANG"]
node = "/usr/bin/node"
metadata_required = true
restores = ["app_metadata.plan"]

[action.legacy]
found = { status = 200, body = { id = "{user_id}" } }
not_found = { status = 404, body = "nobody" }
empty = { body = [] }
paths = { "/oauth/token" = { body = { access_token = "t" } } }

[[users]]
email = "ada@example.com"
username = "ada"
phone_number = "+4930123456"
organization = "org_1"
password = { env = "ADA_PASSWORD" }
aliases = ["ada"]
disabled = true
profile = { app_metadata = { plan = "full" } }

[new_user]
email = "new-{unique}@example.com"
username = "new{unique}"
password = "{unique}!"
phone_number = "+49{unique}"
user_metadata = { a = 1 }
app_metadata = { a = 1 }
organization = "org_1"
fields = { a = 1 }

[check]
waived = { mutable-user-id = "until May" }
require = ["security"]
ignore_fields = ["app_metadata.seen"]
fail_on = "warning"
timeout = 20
max_time = 60.5
writes = true
hostile = false
wrong_passwords = 0
settle = 0
rehearse = false
inspect = { sql = "select 1", url = { env = "URL" }, command = ["look", "{identifier}"], python = "shop:look" }

[audit]
source = { env = "USERS" }
table = "users"
query = "select * from users"
user_id = "id"
email = "mail"
email_verified = "confirmed"
username = "login"
phone_number = "phone"
phone_verified = "phone_ok"
name = "full_name"
nickname = "nick"
given_name = "first"
family_name = "last"
picture = "avatar"
blocked = "locked"
user_metadata = "settings"
app_metadata = { plan = "plan" }
mfa_factors = "factors"
others = { department = "dept" }
password_hash = "hash"
password_salt = "salt"
password_formats = ["bcrypt"]
python = "shop.legacy:profile_of"
environment = ["SHOP_REGION"]
memory = "8GB"
"""
OTHERS: list[Any] = [
    *("text", "", True, False, 0, 1, -1, 200, 600, 86401, 2.5, -0.5),
    *([], ["text"], [1], [{}], {}),
    *({"env": "NAME"}, {"env": 1}, {"env": "NAME", "other": 1}, {"other": "text"}, {"a": {"env": "NAME"}}),
]


def places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the locations of the values in a document, the document itself first."""
    yield at
    keys: list[Any] = list(value) if isinstance(value, dict) else []
    for key in keys or (range(len(value)) if isinstance(value, list) else ()):
        yield from places(value[key], (*at, key))


def is_read(document: object) -> bool:
    try:
        File.model_validate(document)
    except ValidationError:
        return False
    return True


def test_the_shipped_schema_matches_the_tables_and_the_page() -> None:
    generated = run_path(str(ROOT / "docs" / "configuration_schema.py"))["schema_text"]()
    shipped = ROOT / "src" / "customdb_contract" / "config" / "customdb.schema.json"

    assert shipped.read_text(encoding="utf-8") == generated, "run: make schema"


def test_it_is_a_json_schema_that_explains_every_table_and_every_key() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    text = json.dumps(SCHEMA)

    assert "$ref" not in text
    assert "](" not in text
    keys: dict[str, Any] = {}
    for name in filter(None, TABLES):
        table: Any = SCHEMA
        for part in name.split("."):
            table = table["properties"][part]
        assert table["description"], name
        inner = [table, table.get("items"), table.get("additionalProperties"), *table.get("anyOf", ())]
        keys[name] = next(each["properties"] for each in inner if isinstance(each, dict) and "properties" in each)
        assert list(keys[name]) == list(TABLES[name].model_fields)
        assert all(key["description"] for key in keys[name].values()), name
    assert keys["check"]["fail_on"] == {
        "description": "the lowest severity that fails the check",
        "default": "error",
        "enum": ["error", "warning"],
        "type": "string",
    }
    assert keys["outage"]["hosts"] == keys["database"]["hosts"]
    assert "see “Check the JavaScript files that Auth0 runs”" in keys["outage"]["hosts"]["description"]
    assert keys["action.legacy.paths"] == keys["action.legacy.found"]


@pytest.mark.untraced
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_it_accepts_every_configuration_of_the_examples_and_the_templates(path: Path) -> None:
    VALIDATOR.validate(tomllib.loads(path.read_text(encoding="utf-8")))


@pytest.mark.untraced
@pytest.mark.parametrize("block", SHOWN)
def test_it_accepts_every_configuration_of_the_documentation(block: str) -> None:
    VALIDATOR.validate(tomllib.loads(block))


@pytest.mark.untraced
def test_the_schema_accepts_and_refuses_the_same_as_the_tables() -> None:
    full = tomllib.loads(FULL)
    given = {table: set(full[table]) for table in ("connection", "database", "action", "new_user", "check", "audit")}
    assert given == {table: set(TABLES[table].model_fields) for table in given}, "a key is missing in FULL"
    VALIDATOR.validate(full)
    accepted = refused = 0
    for *above, last in filter(None, places(full)):
        for other in OTHERS:
            document = copy.deepcopy(full)
            container: Any = document
            for key in above:
                container = container[key]
            container[last] = other
            is_accepted = is_read(document)
            assert VALIDATOR.is_valid(document) is is_accepted, (above, last, other)
            accepted, refused = accepted + is_accepted, refused + (not is_accepted)
            if isinstance(container, dict):
                del container[last]
                container[f"{last}n"] = other
                assert VALIDATOR.is_valid(document) is is_read(document), (above, last, other)
    assert min(accepted, refused) > 500


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"check": {"fail_onn": "error"}}, "Additional properties are not allowed ('fail_onn' was unexpected)"),
        ({"check": {"fail_on": "info"}}, "'info' is not one of ['error', 'warning']"),
        ({"check": {"timeout": 0}}, "0 is less than or equal to the minimum of 0"),
        ({"users": {}}, "{} is not of type 'array'"),
        ({"chek": {}}, "Additional properties are not allowed ('chek' was unexpected)"),
    ],
)
def test_the_error_names_the_cause(document: Any, message: str) -> None:
    [error] = VALIDATOR.iter_errors(document)

    assert error.message == message


def test_the_schema_of_pyproject_covers_one_table_only() -> None:
    validator = jsonschema.Draft7Validator(configuration_schema(in_pyproject=True))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    validator.validate(project)
    validator.validate({**project, "tool": {"customdb-contract": tomllib.loads(FULL), "other": 1}})
    [error] = validator.iter_errors({"tool": {"customdb-contract": {"check": {"fail_onn": 1}}}})
    assert list(error.path) == ["tool", "customdb-contract", "check"]
    jsonschema.Draft7Validator.check_schema(validator.schema)


@pytest.mark.parametrize(("options", "in_pyproject"), [([], False), (["--pyproject"], True)])
def test_the_command_prints_it(options: list[str], in_pyproject: bool, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", *options]) == 0

    printed = capsys.readouterr()
    assert json.loads(printed.out) == configuration_schema(in_pyproject=in_pyproject)
    assert (printed.out[-1], printed.err) == ("\n", "")
    assert printed.out.isascii()


def test_the_command_writes_it_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "customdb.schema.json"

    assert main(["schema", "--output", str(path)]) == 0
    assert json.loads(path.read_text(encoding="utf-8")) == configuration_schema()
    assert main(["schema", "--output", str(tmp_path)]) == 2
    assert capsys.readouterr() == ("", f"customdb-contract: {tmp_path} cannot be written: Is a directory\n")
