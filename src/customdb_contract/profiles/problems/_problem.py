"""What is wrong with a profile, and what is known about its owner when it is judged."""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, TypeAlias

from attrs import frozen

from customdb_contract.severity import Severity

__all__ = ["Circumstances", "Owner", "Predicate", "Problem"]


@frozen(kw_only=True)
class Problem:
    """One thing that is wrong with a profile. No value of the profile is quoted: it can be personal or secret.

    Args:
        rule: The rule that reports it, for example `invalid-email`.
        path: What is wrong, for example `email` or `app_metadata.a.b`. If several attributes share the problem, their
            paths, separated by commas; `size` for the size of the whole profile.
        problem: What is wrong with it, worded to follow the path: `has 300 characters, and at most 255 are allowed`.
        severity: How bad it is.
        expected: What was expected, in words, or empty.
        got: What came instead, in words, or empty.
        returned: The same for a script that returned the profile, worded to follow `login returned`. `{expected}` and
            `{got}` stand for what differs from profile to profile.
    """

    rule: str
    path: str
    problem: str
    severity: Severity
    expected: str = ""
    got: str = ""
    returned: str


class Owner(Protocol):
    """The user that the profile belongs to, as far as that is known from elsewhere."""

    @property
    def email(self) -> str | None:
        """The e-mail as the store has it, or None if there is none."""
        ...

    @property
    def username(self) -> str | None:
        """The username, or None."""
        ...

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Everything that a script finds the user by."""
        ...


@frozen(kw_only=True)
class Circumstances:
    """What a profile is judged by, besides the profile itself.

    Args:
        import_mode: Whether "Import Users to Auth0" is on.
        requires_username: Whether every user of the connection has a username.
        owner: The user that the profile belongs to, or None if only the profile is known. An owner without an e-mail
            needs none in the profile, and a `user_id` can be derived from data outside the profile.
    """

    import_mode: bool
    requires_username: bool = False
    owner: Owner | None = None

    @property
    def refused(self) -> Severity:
        """The severity of what Auth0 rejects with import mode on."""
        return Severity.ERROR if self.import_mode else Severity.WARNING


Predicate: TypeAlias = Callable[[Mapping[str, object], Circumstances], Iterator[Problem | None]]
"""Judges a profile by one rule: yields a problem, or None, for each thing that the rule checks.

A predicate that yields nothing found nothing to check. The profile has JSON's types and `NotJson`, as `readable`
returns it and as a transcript has it.
"""
