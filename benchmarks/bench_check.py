"""The cost of a check in addition to the scripts."""

from collections.abc import Iterator

from benchmarks.timing import Measured, seconds
from customdb_contract import Connection, KnownUser
from customdb_contract.observing import observe
from customdb_contract.probes import Probing
from customdb_contract.rules import judge
from customdb_contract.testing.strategies import InMemoryDatabase


def measure(*, brief: bool) -> Iterator[Measured]:
    """Yield the ratios.

    Args:
        brief: Whether a rough result is enough.
    """
    users = [KnownUser(email=f"p{number}@example.com", password=f"Secret word {number}") for number in range(5)]
    lengths: list[int] = []

    def check() -> None:
        transcript = observe(InMemoryDatabase(users), users, Connection(), Probing(), progress=lambda _: None)
        judge(transcript)
        lengths.append(len(transcript.exchanges))

    taken = seconds(check, repeat=3 if brief else 9)
    yield Measured(
        "check of an in-memory database: its own cost per exchange, in milliseconds",
        taken / lengths[-1] * 1000,
        at_most=1.0,
    )
