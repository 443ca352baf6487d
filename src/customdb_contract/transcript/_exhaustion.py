"""The errors of a store that accepts no more connections or calls: they depend on how much was asked of it."""

import re
from enum import StrEnum
from typing import Final

from customdb_contract.transcript._exchange import Exchange
from customdb_contract.transcript._values import RecordedError

__all__ = ["Exhaustion", "exhaustion_of"]


class Exhaustion(StrEnum):
    """What a store has run out of."""

    CONNECTIONS = "connections"
    RATE = "calls"


_MOST_TEXT: Final = 10_000

_CONNECTIONS: Final = re.compile(
    # MySQL: 1040, 1203, 1226 - https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html
    r"too many connections|ER_CON_COUNT_ERROR|max_user_connections|ER_TOO_MANY_USER_CONNECTIONS"
    # PostgreSQL: 53300 - https://www.postgresql.org/docs/current/errcodes-appendix.html
    r"|too many clients already|remaining connection slots are reserved|too_?many_?connections"
    # SQL Server: 17809, 10928 and 10936 - https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues
    r"|maximum number of '?\d+'? (?:user )?connections"
    r"|the (?:session|login)s? limit for the (?:database|elastic pool) is"
    # MongoDB, and Oracle: ORA-00020, ORA-12519
    r"|too many open connections|maximum number of processes \(\d+\) exceeded|ORA-12519"
    # Pools whose connections a script never gives back: SQLAlchemy, knex, MongoDB's drivers
    r"|QueuePool limit of size|Timeout acquiring a connection\. The pool is probably full"
    r"|timed? ?out while checking out a connection from (?:the )?connection pool",
    re.IGNORECASE,
)
_RATE: Final = re.compile(
    r"too many requests|rate[ _-]?limit(?:ed)?\b|\b(?:status(?: code)?|HTTP(?:/[\d.]+)?|code)[ :=]{0,3}429\b",
    re.IGNORECASE,
)


def exhaustion_of(exchange: Exchange) -> Exhaustion | None:
    """Return what a store has run out of, according to the error that a script ended with, or None.

    Args:
        exchange: A call that failed.
    """
    error = exchange.outcome.raised or exchange.outcome.error
    if not isinstance(error, RecordedError):
        return None
    text = f"{error.name}: {error.message[:_MOST_TEXT]}\n{exchange.outcome.output[:_MOST_TEXT]}"
    if _CONNECTIONS.search(text):
        return Exhaustion.CONNECTIONS
    return Exhaustion.RATE if _RATE.search(text) else None
