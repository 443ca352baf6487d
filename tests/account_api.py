"""A legacy API on loopback with everything that scripts do: correct, in memory, and gone when the tests are over."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Lock, Thread
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from attrs import define, field
from typing_extensions import override

__all__ = ["Account", "serving_accounts"]

_NOBODY: Final[tuple[int, dict[str, object]]] = (404, {"error": "no_such_user"})
_LONGEST: Final = 254


@define
class Account:
    """A user of the legacy system."""

    id: str
    email: str
    password: str
    email_verified: bool = False
    blocked: bool = False
    plan: str = "free"

    def shown(self) -> dict[str, object]:
        """Return what the API tells of the user."""
        return {"id": self.id, "email": self.email, "email_verified": self.email_verified, "plan": self.plan}


@define
class _Accounts:
    token: str
    accounts: list[Account]
    lock: Lock = field(factory=Lock)
    numbers: Any = field(factory=lambda: count(1000))

    def answer(self, method: str, target: str, given: dict[str, Any]) -> tuple[int, dict[str, object]]:
        path = urlsplit(target).path
        with self.lock:
            match method, path.split("/")[1:]:
                case "GET", ["users"]:
                    found = self.find(parse_qs(urlsplit(target).query).get("email", [""])[-1])
                    return (200, found.shown()) if found else _NOBODY
                case "POST", ["login"]:
                    return self.log_in(given)
                case "POST", ["users"]:
                    return self.create(given)
                case "PUT", ["users", what]:
                    return self.change(what, given)
                case "DELETE", ["users", user_id]:
                    gone = [one for one in self.accounts if one.id == unquote(user_id)]
                    self.accounts = [one for one in self.accounts if one not in gone]
                    return (200, {}) if gone else _NOBODY
                case _:
                    return 404, {"error": "no_such_path"}

    def find(self, email: object) -> Account | None:
        wanted = _lowered(email)
        return next((one for one in self.accounts if _lowered(one.email) == wanted), None)

    def log_in(self, given: dict[str, Any]) -> tuple[int, dict[str, object]]:
        found = self.find(given.get("email"))
        if found is None or not found.password or found.password != given.get("password"):
            return 401, {"error": "wrong_credentials"}
        return (403, {"error": "blocked"}) if found.blocked else (200, found.shown())

    def create(self, given: dict[str, Any]) -> tuple[int, dict[str, object]]:
        if self.find(given["email"]):
            return 409, {"error": "user_exists"}
        if len(given["email"]) > _LONGEST or "@" not in given["email"]:
            return 422, {"error": "invalid_email"}
        made = Account(f"api-{next(self.numbers)}", given["email"], given["password"])
        self.accounts.append(made)
        return 201, made.shown()

    def change(self, what: str, given: dict[str, Any]) -> tuple[int, dict[str, object]]:
        found = self.find(given["email"])
        if found is None:
            return _NOBODY
        if what == "verified":
            found.email_verified = True
        elif what == "password":
            found.password = given["password"]
        elif self.find(given["new_email"]) not in (None, found):
            return 409, {"error": "user_exists"}
        else:
            found.email, found.email_verified = given["new_email"], given["verified"]
        return 200, {}


def _lowered(email: object) -> str:
    """Return an e-mail in lower case, but for letters that would become plain ones."""
    return "".join(one if one > "\x7f" and one.lower() <= "\x7f" else one.lower() for one in str(email).strip())


@contextmanager
def serving_accounts(token: str, *accounts: Account) -> Generator[str]:
    """Serve a legacy API; the value is its address.

    Args:
        token: The bearer token that it wants.
        accounts: Who is there.
    """
    store = _Accounts(token, list(accounts))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet: two of them wait for each other (RFC 896, RFC 1122).
        wbufsize = -1
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
            if self.headers.get("authorization") == f"Bearer {store.token}":
                status, body = store.answer(self.command, self.path, given)
            else:
                status, body = 401, {"error": "wrong_token"}
            written = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - the names that http.server calls

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Write nothing to standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
