"""`[check] inspect`: the store is looked into by SQL, or by a command that prints JSON."""

import json
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy

from customdb_contract.config import Configuration, load_config
from customdb_contract.errors import ConfigurationError
from customdb_contract.secrets import Secret, SecretKind, SecretRef

BY_SQL = """
[check.inspect]
sql = "SELECT id, password FROM users WHERE email = :identifier"
url = { env = "STORE_URL" }
"""


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Configuration]:
    store = tmp_path / "store.sqlite3"
    connection = sqlite3.connect(store)
    connection.execute("CREATE TABLE users (id, email, password)")
    rows = [(7, "ada@example.com", b"\x00"), (8, "bob@example.com", "x"), (9, "bob@example.com", "y")]
    connection.executemany("INSERT INTO users VALUES (?, ?, ?)", rows)
    connection.commit()
    connection.close()
    monkeypatch.setenv("STORE_URL", f"sqlite:///{store}")

    def load_text(text: str) -> Configuration:
        path = tmp_path / "customdb.toml"
        path.write_text(text, "utf-8")
        return load_config(path)

    return load_text


def inspected(configuration: Configuration, identifier: str) -> object:
    assert configuration.probing.inspect is not None
    return configuration.probing.inspect(identifier)


def test_without_it_nothing_is_looked_into(load: Callable[[str], Configuration]) -> None:
    assert load("").probing.inspect is None


def test_sql_returns_the_row_of_a_user(load: Callable[[str], Configuration]) -> None:
    configuration = load(BY_SQL)

    assert inspected(configuration, "ada@example.com") == {"id": 7, "password": b"\x00"}
    assert inspected(configuration, "nobody' OR 1=1 --") is None
    with pytest.raises(ConfigurationError, match=r"^sql found several rows$"):
        inspected(configuration, "bob@example.com")


def test_the_password_of_an_address_is_a_secret(
    load: Callable[[str], Configuration], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load(BY_SQL).probing.secrets == {}
    url = sqlalchemy.make_url("postgresql://somebody:s3cret-word@localhost/shop")
    # No driver need be there to see what is kept of the address.
    monkeypatch.setattr(sqlalchemy, "create_engine", lambda *_, **__: SimpleNamespace(url=url))
    [(label, secret)] = load(BY_SQL).probing.secrets.items()

    assert secret == Secret("s3cret-word")
    assert SecretRef.parse(label) == SecretRef(SecretKind.CONFIGURATION, "inspect")


def by_command(code: str, *arguments: str) -> str:
    return f"[check]\ninspect = {{ command = {json.dumps([sys.executable, '-c', code, *arguments])} }}"


def test_a_command_prints_the_record_of_a_user(load: Callable[[str], Configuration], tmp_path: Path) -> None:
    code = "import json, os, sys; print(json.dumps({'id': sys.argv[1], 'in': os.getcwd()}))"

    assert inspected(load(by_command(code, "of={identifier}")), "-x; ada") == {"id": "of=-x; ada", "in": str(tmp_path)}


@pytest.mark.parametrize("code", ["", "print('null')"])
def test_a_command_that_prints_nothing_knows_nobody(load: Callable[[str], Configuration], code: str) -> None:
    assert inspected(load(by_command(code, "{identifier}")), "ada") is None


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("print(7)", "must print a JSON object, or null$"),
        ("print('no JSON')", "must print a JSON object, or null$"),
        ("print('[' * 100_000)", "must print a JSON object, or null$"),
        ("exit('no store')", "ended with exit code 1: no store$"),
        ("exit(3)", "ended with exit code 3$"),
    ],
)
def test_a_command_that_fails_is_told(load: Callable[[str], Configuration], code: str, said: str) -> None:
    configuration = load(by_command(code, "{identifier}"))

    with pytest.raises(ConfigurationError, match=said):
        inspected(configuration, "ada")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "[check] inspect must have sql and url, or command"),
        ('sql = "SELECT 1 WHERE :identifier"', "[check] inspect must have sql and url, or command"),
        ('url = "sqlite://"', "[check] inspect must have sql and url, or command"),
        ('sql = ":identifier"\nurl = "a"\ncommand = []', "[check] inspect must have sql and url, or command"),
        ('sql = "SELECT x::identifier"\nurl = "sqlite://"', "[check] inspect: sql must contain :identifier, which"),
        ('sql = ":identifier"\nurl = "s3cret"', "[check] inspect: url cannot be used: ArgumentError; give an address"),
        (
            'sql = ":identifier"\nurl = "nodriver://x"',
            "inspect: url cannot be used: NoSuchModuleError; give an",
        ),
        ('sql = ":identifier"\nurl = { env = "UNSET_URL" }', "[check] inspect.url: the environment variable UNSET_URL"),
        ("command = []", "[check] inspect: command must be a program with {identifier} in one of its arguments"),
        ('command = ["{identifier}"]', "[check] inspect: command must be a program with {identifier} in one of its"),
        ("sqll = 1", "[check] inspect.sqll is not a known key; did you mean sql?"),
    ],
)
def test_what_is_wrong_is_said(load: Callable[[str], Configuration], table: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(f"[check.inspect]\n{table}")

    assert said in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_without_sqlalchemy_the_extra_is_named(
    load: Callable[[str], Configuration], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)

    with pytest.raises(ConfigurationError, match=r"pip install 'customdb-contract\[sql\]'$"):
        load(BY_SQL)
