"""Messages of stores that accept no more connections or calls, and messages that mean something else."""

import json

import pytest

from customdb_contract.transcript import Exhaustion, Transcript, exhaustion_of

CONNECTIONS, RATE = Exhaustion.CONNECTIONS, Exhaustion.RATE


@pytest.mark.parametrize(
    ("said", "exhausted"),
    [
        ("ER_CON_COUNT_ERROR: Too many connections", CONNECTIONS),
        ('(1040, "Too many connections")', CONNECTIONS),
        ("User shop already has more than 'max_user_connections' active connections", CONNECTIONS),
        ("User 'shop' has exceeded the 'max_user_connections' resource (current value: 5)", CONNECTIONS),
        ("sorry, too many clients already", CONNECTIONS),
        ("remaining connection slots are reserved for roles with the SUPERUSER attribute", CONNECTIONS),
        ('too many connections for role "shop"', CONNECTIONS),
        ("Could not connect because the maximum number of '5' user connections has already been reached.", CONNECTIONS),
        ("Resource ID: 2. The session limit for the database is 300 and has been reached.", CONNECTIONS),
        ("Resource ID: 3. The logins limit for the elastic pool is 60 and has been reached.", CONNECTIONS),
        ("connection refused because there are too many open connections: 5", CONNECTIONS),
        ("Timed out while checking out a connection from connection pool", CONNECTIONS),
        ("ORA-00020: maximum number of processes (150) exceeded", CONNECTIONS),
        ("QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00", CONNECTIONS),
        ("Knex: Timeout acquiring a connection. The pool is probably full.", CONNECTIONS),
        ("429 Client Error: Too Many Requests for url: http://127.0.0.1/users", RATE),
        ("Request failed with status code 429", RATE),
        ("the store answered with HTTP 429", RATE),
        ("API rate limit exceeded", RATE),
        ("the store cannot be reached", None),
        ("no user with id 429", None),
        ("connection terminated unexpectedly", None),
        ("status code 4290", None),
        ("the store doesn't elaborate on many connections", None),
    ],
)
def test_an_error_names_the_exhausted_resource(said: str, exhausted: Exhaustion | None) -> None:
    [exchange] = Transcript.parse(f"get_user a -> failed Error {json.dumps(said)}   [unknown-user]").exchanges

    assert exhaustion_of(exchange) is exhausted


def test_it_may_be_printed_only_or_be_the_name_of_a_class() -> None:
    [raised] = Transcript.parse("get_user a -> raised TooManyConnectionsError x   [unknown-user]").exchanges
    [answered] = Transcript.parse('get_user a -> failed "Too many connections"   [unknown-user]').exchanges

    assert exhaustion_of(raised) is CONNECTIONS
    assert exhaustion_of(answered) is None
