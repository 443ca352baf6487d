"""The parts of a tenant, and the state that it keeps."""

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime

from attrs import define, field, frozen

from customdb_contract.bridges.acting import ActionBridge
from customdb_contract.bridges.flow import FLOW_SECONDS, OnRedirect
from customdb_contract.connection import Connection
from customdb_contract.tenant._interruptions import Interruptions
from customdb_contract.tenant._knobs import Knobs, RootAttributes
from customdb_contract.tenant._log import LogEntry
from customdb_contract.tenant._outcomes import Mail
from customdb_contract.tenant._scripts import Scripts
from customdb_contract.tenant._stores import Store as Records
from customdb_contract.tenant._typed import TypedPasswords
from customdb_contract.tenant._users import InternalUser, User

__all__ = ["Attached", "State"]


@define
class Attached:
    """A connection of the tenant.

    Args:
        settings: Its settings as they are now.
        root_attributes: When the root attributes of a user are taken from a script.
        scripts: The scripts of its database.
        passwords: Registers the passwords that users type.
    """

    settings: Connection
    root_attributes: RootAttributes
    scripts: Scripts
    passwords: TypedPasswords

    @property
    def name(self) -> str:
        """The name of the connection."""
        return self.settings.name


@frozen(kw_only=True)
class State:
    """The state of a tenant.

    Args:
        knobs: How it behaves where the sources conflict.
        clock: Returns the time.
        interruptions: Whether a migration is interrupted at a point.
        actions: The post-login Actions, in order.
        action_seconds: Seconds that they may take together.
        on_redirect: Decides what happens to a user that one of them redirects.
        users: The user records.
        internal: The internal stores of all connections.
        log: The tenant log.
        mails: The e-mails that were sent.
        used_tickets: The numbers of the password resets that are used or void.
        numbers: Numbers for the users that Auth0 creates itself.
        order: The connection of each operation, in the order in which they began.
    """

    knobs: Knobs
    clock: Callable[[], datetime]
    interruptions: Interruptions
    actions: tuple[ActionBridge, ...] = ()
    action_seconds: float = FLOW_SECONDS
    on_redirect: OnRedirect = lambda _: {}
    users: Records[User] = field(factory=Records[User])
    internal: Records[InternalUser] = field(factory=Records[InternalUser])
    log: list[LogEntry] = field(factory=list[LogEntry])
    mails: list[Mail] = field(factory=list[Mail])
    used_tickets: set[int] = field(factory=set[int])
    numbers: Iterator[int] = field(factory=lambda: itertools.count(1))
    order: list[str] = field(factory=list[str])
