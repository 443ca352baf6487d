"""What is wrong with a profile, and what is known beside it when it is judged."""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, TypeAlias

from attrs import frozen

from customdb_contract.severity import Severity

__all__ = ["Circumstances", "Owner", "Predicate", "Problem"]


@frozen(kw_only=True)
class Problem:
    """One thing that is wrong with one profile. No value of the profile is quoted: it may be personal or secret.

    Args:
        rule: The rule that reports it, for example `invalid-email`.
        path: What is wrong, for example `email` or `app_metadata.a.b`. Where several attributes have the problem in
            common, their paths, with commas between them; `size` for that of the whole profile.
        problem: What is wrong with it, in words that follow the path: `has 300 characters, and at most 255 are
            allowed`.
        severity: How bad it is.
        expected: What was expected, in words, or empty.
        got: What came instead, in words, or empty.
        returned: The same for a script that returned the profile, in words that follow `login returned`. `{expected}`
            and `{got}` stand for what differs from profile to profile.
    """

    rule: str
    path: str
    problem: str
    severity: Severity
    expected: str = ""
    got: str = ""
    returned: str


class Owner(Protocol):
    """Whose profile it is, as far as that is known from elsewhere."""

    @property
    def email(self) -> str | None:
        """The e-mail as the store has it, or None where there is none."""
        ...

    @property
    def username(self) -> str | None:
        """The username, or None."""
        ...

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Everything by which a script finds the user."""
        ...


@frozen(kw_only=True)
class Circumstances:
    """What a profile is judged by, beside itself.

    Args:
        import_mode: Whether "Import Users to Auth0" is on.
        requires_username: Whether every user of the connection has a username.
        owner: Whose profile it is, or None where nothing but the profile is known. Who has no e-mail needs none in the
            profile, and a `user_id` may be made of what the profile does not say.
    """

    import_mode: bool
    requires_username: bool = False
    owner: Owner | None = None

    @property
    def refused(self) -> Severity:
        """The severity of what Auth0 refuses with import mode on."""
        return Severity.ERROR if self.import_mode else Severity.WARNING


Predicate: TypeAlias = Callable[[Mapping[str, object], Circumstances], Iterator[Problem | None]]
"""What judges a profile by one rule: it yields a problem, or None, for each thing that the rule looks at.

A predicate that yields nothing found nothing to look at. The profile has JSON's types and `NotJson`, as
`readable` returns it and as it stands in a transcript.
"""
