"""Tries an extra in an environment with nothing else: `python extras.py EXTRA`, in an empty folder.

The extra `""` means no extra. Anything that doesn't work raises an exception.
"""

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

__all__ = ["TRIES", "main"]

_SHOP: Final = """\
from customdb_contract import Found, NotFound, WrongUsernameOrPasswordError


class Shop:
    def login(self, identifier, password):
        if (identifier.lower(), password) != ("ada@example.com", "pass phrase"):
            raise WrongUsernameOrPasswordError(None)
        return self.get_user(identifier)

    def get_user(self, identifier):
        if identifier.lower() != "ada@example.com":
            return NotFound()
        return Found({"user_id": "7", "email": "ada@example.com"})
"""
_USER: Final = '[[users]]\nemail = "ada@example.com"\npassword = "pass phrase"\n'
_CONFIGURATION: Final = f'[database]\npython = "extras_shop:Shop"\n\n{_USER}'
_SCRIPTS: Final = {
    "login": """\
function login(identifier, password, callback) {
  if (identifier.toLowerCase() !== "ada@example.com" || password !== "pass phrase")
    return callback(new WrongUsernameOrPasswordError(identifier));
  callback(null, { user_id: "7", email: "ada@example.com" });
}
""",
    "get_user": """\
function getUser(identifier, callback) {
  if (identifier.toLowerCase() !== "ada@example.com") return callback(null);
  callback(null, { user_id: "7", email: "ada@example.com" });
}
""",
}


def _run(*words: str) -> str:
    ran = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        message = f"{' '.join(words)} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}"
        raise RuntimeError(message)
    return ran.stdout


def _expect(*, holds: bool, what: object) -> None:
    if not holds:
        message = f"it is not as expected: {what!r}"
        raise RuntimeError(message)


def _write_shop() -> None:
    Path("extras_shop.py").write_text(_SHOP, encoding="utf-8")
    Path("customdb.toml").write_text(_CONFIGURATION, encoding="utf-8")


def _write_scripts() -> None:
    Path("scripts").mkdir(exist_ok=True)
    for name, text in _SCRIPTS.items():
        Path("scripts", f"{name}.js").write_text(text, encoding="utf-8")


def _nothing() -> None:
    _write_shop()
    said = _run("customdb_contract", "check", "--transcript", "transcript.json")
    _expect(holds=said.startswith("ok: "), what=said)
    _run("customdb_contract", "replay", "transcript.json", "--format", "sarif")
    _run("customdb_contract", "rules", "missing-user-id")
    _run("customdb_contract", "simulate", "--scenario", "first-log-in")


def _audit() -> None:
    from customdb_contract.audit import Columns, audit

    Path("users.csv").write_text("id,email\n7,ada@example.com\n8,ada\n", encoding="utf-8")
    report = audit("users.csv", Columns(user_id="id", email="email"), findings="findings.csv")
    _expect(holds="invalid-email" in Path("findings.csv").read_text(encoding="utf-8"), what=report)


def _completion() -> None:
    said = _run("customdb_contract", "completion", "bash")
    _expect(holds="--write-waivers" in said, what=said)


def _http() -> None:
    from customdb_contract import ScriptError
    from customdb_contract.databases import HttpDatabase, HttpEndpoints, HttpUsers

    with HttpDatabase("http://127.0.0.1:9", HttpEndpoints(), HttpUsers()) as database:
        try:
            found: object = database.get_user("ada@example.com")
        except ScriptError as error:
            found = error
    _expect(holds=isinstance(found, ScriptError) or type(found).__name__ == "Failed", what=found)


def _mongo() -> None:
    from customdb_contract.databases import MongoDatabase, MongoUsers
    from customdb_contract.passwords import Passwords

    users = MongoUsers(collection="users", user_id="_id", email="email", password="hash")  # noqa: S106 - a field's name
    with MongoDatabase("mongodb://127.0.0.1:9/shop", users, Passwords(), timeout=0.5):
        pass
    _passwords()


def _node() -> None:
    _write_scripts()
    Path("customdb.toml").write_text(f'[database]\nscripts = "scripts"\n\n{_USER}', encoding="utf-8")
    said = _run("customdb_contract", "check", "--select", "hardcoded-secret,mismatched-user-id")
    # The first rule reports something only if the source was read.
    _expect(holds=said.startswith("ok: 2 rules judged"), what=said)


def _passwords() -> None:
    from customdb_contract.passwords import Argon2id, Bcrypt, Passwords

    for algorithm in (Argon2id(), Bcrypt()):
        passwords = Passwords(new=algorithm)
        hashed = passwords.hash("pass phrase")
        _expect(holds=passwords.verify("pass phrase", hashed), what=algorithm)
        _expect(holds=not passwords.verify("another one", hashed), what=algorithm)


def _sql() -> None:
    import sqlite3

    from customdb_contract.databases import SqlDatabase, SqlUsers
    from customdb_contract.passwords import Passwords

    with sqlite3.connect("shop.sqlite3") as connection:
        connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, hash TEXT)")
        row = ("ada@example.com", Passwords().hash("pass phrase"))
        connection.execute("INSERT INTO users (email, hash) VALUES (?, ?)", row)
    connection.close()
    users = SqlUsers(table="users", user_id="id", email="email", password="hash", lower_case=True)  # noqa: S106 - a column's name
    with SqlDatabase("sqlite:///shop.sqlite3", users, Passwords()) as database:
        found = database.login("ada@example.com", "pass phrase")
    _expect(holds=type(found).__name__ == "Found", what=found)


def _testing() -> None:
    _write_shop()
    said = _run("pytest", "-q", "-p", "no:cacheprovider", "customdb.toml")
    _expect(holds=" passed" in said, what=said)
    from customdb_contract.testing import ContractSuite, strategies

    _expect(holds="profiles" in strategies.__all__, what=ContractSuite)


def _yaml() -> None:
    from customdb_contract.config import load_tenant

    _write_scripts()
    Path("tenant.yaml").write_text(
        "databases:\n  - name: shop\n    strategy: auth0\n    options:\n      import_mode: true\n"
        "      customScripts: {login: ./scripts/login.js, get_user: ./scripts/get_user.js}\n",
        encoding="utf-8",
    )
    Path("customdb.toml").write_text(_USER, encoding="utf-8")
    [configuration] = load_tenant(Path("tenant.yaml"))
    _expect(holds=configuration.connection.name == "shop", what=configuration)


TRIES: Final[Mapping[str, Callable[[], None]]] = {
    "": _nothing,
    "audit": _audit,
    "completion": _completion,
    "http": _http,
    "mongo": _mongo,
    "node": _node,
    "passwords": _passwords,
    "sql": _sql,
    "testing": _testing,
    "yaml": _yaml,
}
"""For each extra, a function that tries it."""


def main(extra: str) -> None:
    """Try an extra; with `all`, every extra.

    Args:
        extra: The name of the extra.
    """
    for name, attempt in TRIES.items():
        if extra in {name, "all"}:
            attempt()


if __name__ == "__main__":
    main(sys.argv[1])
