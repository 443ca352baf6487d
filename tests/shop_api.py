"""A shop's accounts behind its own REST API: an HTTP store with all seven operations, and its mapping.

`HttpDatabase` and the scripts of `init --template http` expect this API by default.
"""

from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any, Final

from customdb_contract import KnownUser
from customdb_contract.databases import BearerToken, HttpEndpoints, HttpUsers
from json_servers import Asked, Reply, hashed
from sql_stores import PASSWORDS

__all__ = ["ENDPOINTS", "TOKEN", "USERS", "ShopApi"]

TOKEN: Final = BearerToken("token-of-the-shop")

ENDPOINTS: Final = HttpEndpoints()

USERS: Final = HttpUsers(
    user_id_prefix="shop-",
    username="username",
    blocked="closed",
    app_metadata={"plan": "plan"},
    user_metadata={"language": "language"},
    fields={"given_name": "name"},
)


def _same(one: object, other: object) -> bool:
    return (
        isinstance(one, str)
        and isinstance(other, str)
        and one.isascii() == other.isascii()
        and one.lower() == other.lower()
    )


class ShopApi:
    """The users and the responses; requests are validated, as an API does."""

    def __init__(self, people: Iterable[KnownUser] = ()) -> None:
        self.users: list[dict[str, Any]] = []
        self.before: Callable[[Asked], Reply | None] = lambda asked: None
        self._number = 0
        self._changing = Lock()
        for person in people:
            self._add(
                person.email,
                person.username,
                person.password.reveal() if person.password else "",
                email_verified=bool(person.profile.get("email_verified")),
                closed=person.disabled,
                name=person.profile.get("given_name"),
                plan="patron",
                language="en",
            )

    def _add(self, email: str | None, username: str | None, password: str, **more: Any) -> dict[str, Any]:
        self._number += 1
        user = {
            "id": self._number,
            "email": email,
            "username": username,
            "password": hashed(password),
            "email_verified": more.get("email_verified", False),
            "closed": more.get("closed", False),
            "name": more.get("name"),
            "plan": more.get("plan"),
            "language": more.get("language"),
        }
        self.users.append(user)
        return user

    def find(self, name: object) -> dict[str, Any] | None:
        return next((user for user in self.users if _same(user["email"], name) or _same(user["username"], name)), None)

    def answer(self, asked: Asked) -> Reply:
        with self._changing:
            special = self.before(asked)
            if special is not None:
                return special
            if asked.authorization != TOKEN.header:
                return 401, {"error": "invalid_token"}
            match asked.method, asked.path:
                case "POST", ("login",):
                    return self._log_in(asked.body)
                case "POST", ("users",):
                    return self._create(asked.body)
                case "DELETE", ("users", key):
                    return self._delete(key)
                case (("GET" | "PATCH"), ("users", name)):
                    user = self.find(name)
                    if user is None:
                        return 404, {"error": "no_such_user"}
                    return (200, _shown(user)) if asked.method == "GET" else self._patch(user, asked.body)
                case _:
                    return 405, {"error": "no_such_operation"}

    def _log_in(self, body: Any) -> Reply:
        user = self.find(body["identifier"])
        if user is None or not PASSWORDS.verify(body["password"], user["password"]):
            return 401, {"error": "wrong_credentials"}
        return (403, {"error": "blocked"}) if user["closed"] else (200, _shown(user))

    def _create(self, body: Any) -> Reply:
        email, username = body.get("email"), body.get("username")
        if any(name is not None and self.find(name) for name in (email, username)):
            return 409, {"error": "user_exists"}
        return 201, _shown(self._add(email, username, body["password"]))

    def _patch(self, user: dict[str, Any], body: Any) -> Reply:
        other = self.find(body.get("email"))
        if other is not None and other is not user:
            return 409, {"error": "user_exists"}
        assert body.keys() <= {"email", "email_verified", "password"}
        user.update({**body, "password": hashed(body["password"])} if "password" in body else body)
        return 200, _shown(user)

    def _delete(self, key: str) -> Reply:
        before = len(self.users)
        self.users = [user for user in self.users if str(user["id"]) != key]
        return (404, {"error": "no_such_user"}) if len(self.users) == before else (204, None)


def _shown(user: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in user.items() if name != "password"}
