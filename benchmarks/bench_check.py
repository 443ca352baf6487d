"""What a check costs beside the scripts."""

from collections.abc import Iterator

from benchmarks.timing import Measured, seconds
from customdb_contract import (
    Connection,
    Failed,
    Found,
    KnownUser,
    NotFound,
    ProfileResult,
    WrongUsernameOrPasswordError,
)
from customdb_contract.observing import observe
from customdb_contract.probes import Probing
from customdb_contract.rules import judge

_PASSWORDS = {f"p{number}@example.com": f"Secret word {number}" for number in range(5)}


class InMemory:
    """A correct database that costs next to nothing."""

    def login(self, identifier: str, password: str) -> ProfileResult:
        """Check a password."""
        if _PASSWORDS.get(identifier) != password:
            return Failed(WrongUsernameOrPasswordError(None, "no"))
        return self.get_user(identifier)

    def get_user(self, identifier: str) -> ProfileResult:
        """Find a user."""
        if identifier not in _PASSWORDS:
            return NotFound()
        return Found({"user_id": f"shop-{identifier[1]}", "email": identifier, "email_verified": True})


def measure(*, brief: bool) -> Iterator[Measured]:
    """Yield the ratios.

    Args:
        brief: Whether a rough answer will do.
    """
    users = [KnownUser(email=email, password=password) for email, password in _PASSWORDS.items()]
    lengths: list[int] = []

    def check() -> None:
        transcript = observe(InMemory(), users, Connection(), Probing(), progress=lambda _: None)
        judge(transcript)
        lengths.append(len(transcript.exchanges))

    taken = seconds(check, repeat=3 if brief else 9)
    yield Measured(
        "check of an in-memory database: its own cost per exchange, in milliseconds",
        taken / lengths[-1] * 1000,
        at_most=1.0,
    )
