"""The bookshop's interface for accounts: what the scripts in JavaScript call. It runs until it is interrupted."""

import argparse
import json
import signal
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import compare_digest
from threading import Thread
from typing import Final
from urllib.parse import parse_qs, urlsplit

from typing_extensions import override

from correct import Bookshop, password_matches
from create_store import ensure_store
from customdb_contract import ScriptError

__all__ = ["PORT", "TOKEN", "main", "serving"]

PORT: Final = 8642
TOKEN: Final = "invented-token-of-the-bookshop"
"""It opens nothing but invented accounts, so it may stand here."""

_MOST_BYTES: Final = 100_000


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, store: Path, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.store = store


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet: two of them wait for each other (RFC 896, RFC 1122).
    wbufsize = -1
    disable_nagle_algorithm = True

    @override
    def setup(self) -> None:
        super().setup()
        # A connection of SQLite belongs to one thread, and so does a connection of HTTP here.
        self._shop = Bookshop(self.server.store if isinstance(self.server, _Server) else Path())

    @override
    def finish(self) -> None:
        self._shop.__exit__()
        with suppress(OSError):
            super().finish()

    def do_GET(self) -> None:
        """Answer `GET /accounts?login=…` with the accounts that have this e-mail or username: none, or one."""
        address = urlsplit(self.path)
        if not self._is_allowed() or address.path != "/accounts":
            self._refuse()
            return
        logins = parse_qs(address.query, keep_blank_values=True).get("login", [])
        if len(logins) != 1:
            self._answer(400, {"error": "bad_request"})
            return
        with self._errors():
            customer = self._shop.customer(logins[0])
            self._answer(200, {"accounts": [] if customer is None else [_account(customer)]})

    def do_POST(self) -> None:
        """Answer `POST /sessions` with the account whose e-mail or username and password stand in the body."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MOST_BYTES:
            self.close_connection = True
            self._answer(413, {"error": "too_large"})
            return
        body = self.rfile.read(int(length))
        if not self._is_allowed() or self.path != "/sessions":
            self._refuse()
            return
        login, password = _credentials(body)
        if login is None or password is None:
            self._answer(400, {"error": "bad_request"})
            return
        with self._errors():
            customer = self._shop.customer(login)
            if customer is None or not password_matches(password, customer["password_hash"]):
                self._answer(401, {"error": "invalid_credentials"})
            elif customer["disabled"]:
                self._answer(403, {"error": "account_closed"})
            else:
                self._answer(200, {"account": _account(customer)})

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
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: addresses have e-mails in them."""


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
    """Run the interface; the value is its address.

    Args:
        store: The shop's SQLite file.
        port: The port on 127.0.0.1; 0 stands for any that is free.

    Raises:
        OSError: When the port is taken.
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
    """Run the interface until ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=PORT, help=f"default: {PORT}")
    with serving(ensure_store(), parser.parse_args().port) as address, suppress(KeyboardInterrupt):
        print(f"{address} until ctrl-C", flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
