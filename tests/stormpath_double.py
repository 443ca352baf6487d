"""A double of Stormpath's retired REST service, which no longer has a server to test with.

It follows the service's documentation for the operations that scripts need, with the statuses and codes of its
`errors.rst`: <https://github.com/stormpath/stormpath-documentation>.
"""

from base64 import b64decode
from collections.abc import Iterable
from threading import Lock
from typing import Any, Final

from customdb_contract import KnownUser
from customdb_contract.databases import BasicCredentials
from json_servers import Asked, Reply, hashed
from sql_stores import PASSWORDS

__all__ = ["API_KEY", "APPLICATION", "StormpathDouble"]

API_KEY: Final = BasicCredentials("6YQB0A8VXM0X8RVDPPLRHBI7J", "secret-of-the-key")
APPLICATION: Final = "/v1/applications/1gk4Dxzi6o4PbdlexaMple"
_ACCOUNTS: Final = "https://api.example.com/v1/accounts/"


def _error(status: int, code: int) -> Reply:
    return status, {
        "status": status,
        "code": code,
        "message": "what to show",
        "developerMessage": "more",
        "requestId": "x",
    }


def _same(one: str, other: str) -> bool:
    return one.isascii() == other.isascii() and one.lower() == other.lower()


def _matches(value: str, wanted: str) -> bool:
    """Compare as its attribute search does: without case, and with an asterisk at either end."""
    value, inner = value.lower(), wanted.strip("*").lower()
    starts, ends = wanted.startswith("*"), wanted.endswith("*")
    if starts and ends:
        return inner in value
    return value.endswith(inner) if starts else value.startswith(inner) if ends else value == inner


class StormpathDouble:
    """The accounts of one application."""

    def __init__(self, people: Iterable[KnownUser] = ()) -> None:
        self.accounts: list[dict[str, Any]] = []
        self._number = 0
        self._changing = Lock()
        for person in people:
            assert person.password is not None
            self._add(
                {
                    "email": person.email,
                    "username": person.username,
                    "password": person.password.reveal(),
                    "status": "DISABLED" if person.disabled else "ENABLED",
                    "givenName": person.profile.get("given_name"),
                    "emailVerificationStatus": "VERIFIED" if person.profile.get("email_verified") else "UNVERIFIED",
                    "customData": {"plan": "patron"},
                }
            )

    def _add(self, given: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        account = {
            "key": f"3apenYvL0Z9v9sp{self._number}",
            "email": given["email"],
            "username": given.get("username") or given["email"],
            "password": hashed(given["password"]),
            "status": given.get("status", "ENABLED"),
            "givenName": given.get("givenName"),
            "emailVerificationStatus": given.get("emailVerificationStatus", "UNVERIFIED"),
            "customData": given.get("customData", {}),
        }
        self.accounts.append(account)
        return account

    def find(self, name: str) -> dict[str, Any] | None:
        names = ("email", "username")
        return next((one for one in self.accounts if any(_same(one[at], name) for at in names)), None)

    def answer(self, asked: Asked) -> Reply:
        with self._changing:
            if asked.authorization != API_KEY.header:
                return _error(401, 401)
            own = tuple(APPLICATION.strip("/").split("/"))
            match asked.method, asked.path[: len(own)] == own, asked.path:
                case "POST", True, (*_, "loginAttempts"):
                    return self._log_in(asked.body)
                case "POST", True, (*_, "accounts"):
                    return self._create(asked.body)
                case "GET", True, (*_, "accounts"):
                    return self._search(asked)
                case method, False, ("v1", "accounts", key):
                    return self._account(method, key, asked)
                case _:
                    return _error(404, 404)

    def _log_in(self, body: Any) -> Reply:
        assert body["type"] == "basic"
        name, _, password = b64decode(body["value"]).decode().partition(":")
        account = self.find(name)
        if account is None:
            return _error(400, 7104)
        if not PASSWORDS.verify(password, account["password"]):
            return _error(400, 7100)
        codes = {"DISABLED": 7101, "UNVERIFIED": 7102}
        if account["status"] in codes:
            return _error(400, codes[account["status"]])
        return 200, {"account": {"href": _ACCOUNTS + account["key"]}}

    def _create(self, body: Any) -> Reply:
        if any(self.find(body[name]) for name in ("email", "username") if name in body):
            return _error(409, 2001)
        if len(body["password"]) < 2:
            return _error(400, 2007)
        return 201, self._shown(self._add(body), expanded=False)

    def _search(self, asked: Asked) -> Reply:
        (wanted,) = ((name, value) for name, value in asked.query.items() if name != "expand")
        found = [one for one in self.accounts if _matches(one[wanted[0]], wanted[1])]
        items = [self._shown(one, expanded="expand" in asked.query) for one in found[:25]]
        return 200, {"href": "", "offset": 0, "limit": 25, "size": len(found), "items": items}

    def _account(self, method: str, key: str, asked: Asked) -> Reply:
        account = next((one for one in self.accounts if one["key"] == key), None)
        if account is None:
            return _error(404, 404)
        if method == "DELETE":
            self.accounts.remove(account)
            return 204, None
        if method == "POST":
            others = [one for one in self.accounts if one is not account]
            names = [asked.body[name] for name in ("email", "username") if name in asked.body]
            if any(_same(one[at], name) for one in others for at in ("email", "username") for name in names):
                return _error(409, 2001)
            if len(asked.body.get("password", "long")) < 2:
                return _error(400, 2007)
            changed = {"password": hashed(asked.body["password"])} if "password" in asked.body else {}
            account.update({**asked.body, **changed})
        return 200, self._shown(account, expanded="expand" in asked.query)

    def _shown(self, account: dict[str, Any], *, expanded: bool) -> dict[str, Any]:
        href = _ACCOUNTS + account["key"]
        custom = {
            "createdAt": "2015-08-25T19:57:05.976Z",
            "modifiedAt": "2015-08-25T19:57:05.976Z",
            **account["customData"],
        }
        names = [account["givenName"]] if account["givenName"] else []
        return {
            **{name: value for name, value in account.items() if name not in {"key", "password"}},
            "href": href,
            "surname": None,
            "fullName": " ".join(names),
            "customData": {"href": f"{href}/customData", **(custom if expanded else {})},
        }
