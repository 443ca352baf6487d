"""The bookshop's HTTP API for accounts, which the scripts in JavaScript call. It runs until it is interrupted."""

import argparse
import json
import signal
import socket
import sqlite3
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import compare_digest
from threading import Lock, Thread
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from typing_extensions import override

from correct import NOBODYS_HASH, Bookshop, password_matches
from create_store import ensure_store
from customdb_contract import ScriptError

__all__ = ["PORT", "TOKEN", "main", "serving"]

PORT: Final = 8642
TOKEN: Final = "invented-token-of-the-bookshop"
"""It gives access only to made-up accounts, so it can be in this file."""

_MOST_BYTES: Final = 100_000
_PROFILES: Final = "/profiles/"


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, store: Path, port: int) -> None:
        self.store = store
        self._connections: set[Any] = set()
        self._changing = Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    @override
    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changing:
            self._connections.add(request)
        super().process_request(request, client_address)

    @override
    def shutdown_request(self, request: Any) -> None:
        with self._changing:
            self._connections.discard(request)
        super().shutdown_request(request)

    @override
    def server_close(self) -> None:
        # Clients keep connections open for their next request, and a thread would wait for it.
        with self._changing:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        super().server_close()

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that disconnects before it gets its answer isn't an error of the server.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: two packets would wait for each other (RFC 896, RFC 1122).
    wbufsize = -1
    disable_nagle_algorithm = True
    # Seconds that a connection can stay idle.
    timeout = 30

    @override
    def setup(self) -> None:
        super().setup()
        # An SQLite connection belongs to one thread, and so does an HTTP connection here.
        self._shop = Bookshop(self.server.store if isinstance(self.server, _Server) else Path())

    @override
    def finish(self) -> None:
        self._shop.__exit__()
        with suppress(OSError):
            super().finish()

    def do_GET(self) -> None:
        """Answer `GET /accounts?login=…` and `GET /profiles/{user_id}`."""
        path, _, query = self.path.partition("?")
        is_profile = path.startswith(_PROFILES)
        if self._body() is None:
            return
        if not self._is_allowed() or not (is_profile or path == "/accounts"):
            self._refuse()
            return
        with self._errors():
            if is_profile:
                self._answer_profile(unquote(path.removeprefix(_PROFILES)))
            else:
                self._answer_accounts(_logins(query))

    def _answer_accounts(self, logins: Sequence[str]) -> None:
        """Answer with the accounts that have this e-mail or username: none or one."""
        if len(logins) != 1:
            self._answer(400, {"error": "bad_request"})
            return
        customer = self._shop.customer(logins[0])
        self._answer(200, {"accounts": [] if customer is None else [_account(customer)]})

    def _answer_profile(self, user_id: str) -> None:
        """Answer with the profile as the scripts return it, for an Action that restores metadata."""
        profile = self._shop.profile(user_id)
        if profile is None:
            self._answer(404, {"error": "no_such_user"})
        else:
            self._answer(200, profile)

    def do_POST(self) -> None:
        """Answer `POST /sessions` with the account whose e-mail or username and password are in the body."""
        body = self._body()
        if body is None:
            return
        if not self._is_allowed() or self.path != "/sessions":
            self._refuse()
            return
        login, password = _credentials(body)
        if login is None or password is None:
            self._answer(400, {"error": "bad_request"})
            return
        with self._errors():
            customer = self._shop.customer(login)
            matches = password_matches(password, NOBODYS_HASH if customer is None else customer["password_hash"])
            if customer is None or not matches:
                self._answer(401, {"error": "invalid_credentials"})
            elif customer["disabled"]:
                self._answer(403, {"error": "account_closed"})
            else:
                self._answer(200, {"account": _account(customer)})

    def _body(self) -> bytes | None:
        """Read the body in any case: an unread rest would be treated as the next request."""
        length = self.headers.get("Content-Length", "0")
        is_length = length.isascii() and length.isdigit() and len(length) <= len(str(_MOST_BYTES))
        if "Transfer-Encoding" in self.headers or not is_length or int(length) > _MOST_BYTES:
            self.close_connection = True
            self._answer(413, {"error": "too_large"})
            return None
        return self.rfile.read(int(length))

    @override
    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer invalid requests and other methods in JSON, too."""
        self.close_connection = True
        self._answer(code, {"error": HTTPStatus(code).name.lower()})

    def _is_allowed(self) -> bool:
        given = self.headers.get("Authorization", "")
        return compare_digest(given.encode("utf-8", "replace"), f"Bearer {TOKEN}".encode())

    def _refuse(self) -> None:
        if self._is_allowed():
            self._answer(404, {"error": "not_found"})
        else:
            self._answer(401, {"error": "unauthorized"})

    @contextmanager
    def _errors(self) -> Generator[None]:
        try:
            yield
        except (ScriptError, UnicodeError):
            self._answer(500, {"error": "internal_error"})

    def _answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Print nothing, because addresses contain e-mails."""


def _logins(query: str) -> list[str]:
    try:
        return parse_qs(query, keep_blank_values=True, max_num_fields=20).get("login", [])
    except ValueError:
        return []


def _credentials(body: bytes) -> tuple[str | None, str | None]:
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        return None, None
    given = document if isinstance(document, dict) else {}
    login, password = given.get("login"), given.get("password")
    return (login if isinstance(login, str) else None), (password if isinstance(password, str) else None)


def _account(customer: sqlite3.Row) -> dict[str, object]:
    names = ("id", "email", "username", "first_name", "last_name", "language", "membership")
    flags = ("email_verified", "disabled", "newsletter")
    return {name: customer[name] for name in names} | {name: bool(customer[name]) for name in flags}


@contextmanager
def serving(store: Path, port: int = 0) -> Generator[str]:
    """Run the API and yield its address.

    Args:
        store: The shop's SQLite file.
        port: The port on 127.0.0.1; 0 means any free port.

    Raises:
        OSError: If the port is in use.
    """
    server = _Server(store, port)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main() -> None:
    """Run the API until ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=PORT, help=f"default: {PORT}")
    with serving(ensure_store(), parser.parse_args().port) as address, suppress(KeyboardInterrupt):
        print(f"{address} until ctrl-C", flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
