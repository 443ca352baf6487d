"""Shared by tests of the simulated tenant: a shop with scripted answers, and store changes in words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import attrs
from attrs import define, field
from typing_extensions import override

from customdb_contract import Connection, KnownUser
from customdb_contract.bridges.flow import OnRedirect
from customdb_contract.contract import Script
from customdb_contract.tenant import InternalUser, Knobs, OperationOutcome, RootAttributes, Tenant, User
from writing_shop import Record, WritingShop

__all__ = ["ADA", "ADA_ID", "BEGUN", "PASSWORD", "Life", "Shop", "begun"]

ADA = "ada@example.com"
ADA_ID = "auth0|shop-7"
PASSWORD = "Weaving patterns"

SCRIPTS = tuple(script.value for script in Script)

_OF_TIME = frozenset({"created_at", "updated_at", "last_login"})


class Shop(WritingShop):
    """A correct shop whose profiles can have extra members and whose scripts can give prepared answers.

    Attributes:
        more: Extra members of the profiles.
        answers: The results that scripts return or raise instead of their own.
    """

    def __init__(self, *, is_empty: bool = False) -> None:
        super().__init__(is_empty=is_empty)
        self.more: dict[str, Any] = {}
        self.answers: dict[str, Callable[..., Any]] = {}

    @override
    def profile(self, row: Record) -> dict[str, object]:
        given = super().profile(row) | self.more
        return {name: value for name, value in given.items() if value is not ...}

    def _answer(self, script: str, *arguments: Any) -> Any:
        return (self.answers.get(script) or getattr(super(), script))(*arguments)

    @override
    def login(self, identifier: Any, password: Any) -> Any:
        return self._answer("login", identifier, password)

    @override
    def get_user(self, identifier: Any) -> Any:
        return self._answer("get_user", identifier)

    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        return self._answer("create", user)

    @override
    def verify(self, email: Any) -> Any:
        return self._answer("verify", email)

    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        return self._answer("change_password", email, new_password)

    @override
    def change_email(self, email: Any, new_email: Any, verified: Any) -> Any:
        return self._answer("change_email", email, new_email, verified)

    @override
    def delete(self, user_id: Any) -> Any:
        return self._answer("delete", user_id)


BEGUN: list["Life"] = []
"""The lives of the test that is running, in order."""


def _clock() -> Iterator[datetime]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    while True:
        yield at
        at += timedelta(seconds=1)


@define
class Life:
    """A tenant over one shop, and the effects of the last operation."""

    tenant: Tenant
    shop: Shop
    _users: Mapping[str, User] = field(factory=dict[str, User])
    _internal: Mapping[str, InternalUser] = field(factory=dict[str, InternalUser])

    def remember(self) -> None:
        """Remember the current state of the stores."""
        self._users, self._internal = dict(self.tenant.users), dict(self.tenant.internal_users)

    def changes(self) -> list[str]:
        """Describe the changes in the stores since then, except for times."""
        users = _changed("users", self._users, self.tenant.users)
        return [*users, *_changed("internal", self._internal, self.tenant.internal_users)]

    def migrate(self) -> OperationOutcome:
        return self.tenant.log_in(ADA, PASSWORD)

    def reset(self, password: str, email: str = ADA) -> OperationOutcome:
        (mail,) = self.tenant.request_password_reset(email).mails
        assert mail.ticket is not None
        return self.tenant.complete_password_reset(mail.ticket, password)


def _changed(store: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted({*before, *after}):
        if key not in after:
            yield f"{store} - {key}"
        elif key not in before:
            pending = getattr(after[key], "pending", None)
            yield f"{store} + {key}{f' pending {pending}' if pending else ''}"
        else:
            names = [
                attribute.name
                for attribute in attrs.fields(type(after[key]))
                if attribute.name not in _OF_TIME
                and getattr(before[key], attribute.name) != getattr(after[key], attribute.name)
            ]
            if names:
                yield f"{store} ~ {key}: {', '.join(names)}"


def begun(
    *,
    on: bool,
    shop: Shop | None = None,
    without: Sequence[str] = (),
    instead: Mapping[str, Any] | None = None,
    knobs: Knobs | None = None,
    users: Sequence[KnownUser] = (),
    root_attributes: RootAttributes = RootAttributes.ON_EACH_LOGIN,
    actions: Sequence[object] = (),
    on_redirect: OnRedirect = lambda _: {},
    timeout: float = 20.0,
    **settings: Any,
) -> Life:
    """Return a tenant with import mode on or off over a shop, some scripts of which may be missing; close it."""
    shop = shop or Shop()
    scripts = {name: getattr(shop, name) for name in SCRIPTS if name not in without}
    scripts.update(instead or {})
    times = _clock()
    tenant = Tenant(
        SimpleNamespace(**scripts),
        connection=Connection(import_mode=on, **settings),
        users=users,
        knobs=knobs,
        root_attributes=root_attributes,
        clock=lambda: next(times),
        actions=actions,
        on_redirect=on_redirect,
        timeout=timeout,
    )
    life = Life(tenant, shop)
    BEGUN.append(life)
    return life
