"""A legacy store behind HTTP, for scripts in JavaScript: it is correct, and each mutant misuses it in its own way."""

import json
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from typing_extensions import override

from customdb_contract import KnownUser

__all__ = ["TOKEN", "USERS", "serving"]

TOKEN: Final = "token-of-the-legacy-store"

_PEOPLE: Final = (
    {"id": "u-1001", "email": "ada@example.com", "name": "Ada Lovelace", "verified": True, "disabled": False},
    {"id": "u-1002", "email": "bob@example.com", "name": "Bob Kahn", "verified": False, "disabled": False},
    {"id": "u-1003", "email": "cyd@example.com", "name": "Cyd Charisse", "verified": True, "disabled": True},
)
_PASSWORDS: Final = {
    "ada@example.com": "Correct horse battery 1" + "0" * 60,
    "bob@example.com": "Staple Correct 2",
    "cyd@example.com": "Singin in the Rain 3",
}

USERS: Final = (
    KnownUser(
        email="ada@example.com", password=_PASSWORDS["ada@example.com"], profile={"app_metadata": {"plan": "reader"}}
    ),
    KnownUser(email="bob@example.com", password=_PASSWORDS["bob@example.com"], profile={"email_verified": False}),
    KnownUser(email="cyd@example.com", password=_PASSWORDS["cyd@example.com"], disabled=True),
)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: two of them wait for each other (RFC 896, RFC 1122).
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        if self._path() == "/users":
            self._answer(200, {"users": [person for person in _PEOPLE if _is(person, query.get("email", [""])[-1])]})
        elif self._path() == "/everybody":
            self._answer(200, {"users": _PEOPLE})
        else:
            self._answer(404, {"error": "no such path"})

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        given: Any = json.loads(self.rfile.read(length) or b"{}")
        if self._path() == "/login":
            self._log_in(given)
        elif self._path() == "/sql":
            self._query(given["sql"])
        else:
            self._answer(200, {})

    def _log_in(self, given: Any) -> None:
        person = next((person for person in _PEOPLE if _is(person, given.get("email"))), None)
        password = given.get("password")
        if person is None:
            self._answer(401, {"error": "wrong credentials", "reason": "unknown"})
        elif password != _PASSWORDS[str(person["email"])]:
            self._answer(401, {"error": "wrong credentials", "reason": "password"})
        elif person["disabled"]:
            self._answer(401, {"error": "wrong credentials", "reason": "disabled"})
        else:
            self._answer(200, {"user": person})

    def _query(self, sql: str) -> None:
        """Run a query composed by a script, as only a badly designed interface allows."""
        with sqlite3.connect(":memory:") as store:
            store.row_factory = sqlite3.Row
            store.execute("CREATE TABLE users (id, email, name, verified, disabled, password)")
            store.executemany(
                "INSERT INTO users VALUES (?, ?, ?, ?, ?, ?)",
                [(*person.values(), _PASSWORDS[str(person["email"])]) for person in _PEOPLE],
            )
            try:
                rows = [dict(row) for row in store.execute(sql).fetchall()]
                self._answer(200, {"users": rows})
            except (sqlite3.Error, UnicodeError) as error:
                self._answer(500, {"error": str(error)})
        store.close()

    def _path(self) -> str:
        return urlsplit(self.path).path

    def _answer(self, status: int, document: object) -> None:
        if self.headers.get("authorization") != f"Bearer {TOKEN}":
            status, document = 401, {"error": "unauthorized"}
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


def _is(person: Any, email: object) -> bool:
    return isinstance(email, str) and str(person["email"]) == email.strip().lower()


@contextmanager
def serving() -> Generator[str]:
    """Run the store, and yield its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
