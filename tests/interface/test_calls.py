"""What a check calls is decided: each script's calls in order, with their situations, but for what is drawn.

The shop answers as it should, so the calls are those of a database with which nothing is wrong.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from customdb_contract import Connection, NewUser, Transcript, check
from customdb_contract.probes.hostile import collisions, payloads
from decided import compare, shown
from writing_shop import WritingShop, known_customer

pytestmark = pytest.mark.one_python

DRAWN: Final = re.compile(
    r"(?<=customdb-)\w{8}|(?<=nobody-)\w{12}|(?<=nobody)\w{8}|(?<=Wrong-)\w+|(?<=shop-2147)\d+", re.IGNORECASE
)
CHECKS: Final[dict[str, dict[str, Any]]] = {
    "reading": {"connection": Connection(import_mode=True)},
    "reading with usernames": {"connection": Connection(requires_username=True), "hostile": False},
    "writing": {
        "connection": Connection(features=["signup", "reset", "verify", "change_email", "delete"]),
        "writes": True,
        "hostile": False,
        "new_user": NewUser(user_metadata={"terms": True}),
    },
    "an outage": {"outage": WritingShop(is_down=True), "hostile": False, "wrong_passwords": 1},
}


def called(transcript: Transcript) -> Iterator[str]:
    """Yield the calls of a check, each with its arguments and its situation."""
    for exchange in transcript.exchanges:
        call = f"{exchange.situation} of {exchange.person}: {exchange.script} {exchange.arguments}"
        yield shown(DRAWN.sub("…", call))


@pytest.mark.parametrize("name", CHECKS)
def test_what_a_check_calls(request: pytest.FixtureRequest, name: str) -> None:
    report = check(WritingShop(), [known_customer()], rehearse=False, **CHECKS[name])

    compare(request.node, called(report.transcript))


@pytest.mark.parametrize("identifier", ["ada.lovelace@example.com", "Strauß@example.com", "k", "ß@x"])
def test_hostile_identifiers(request: pytest.FixtureRequest, identifier: str) -> None:
    hostile = (f"{situation}: {payload}" for situation, payload in payloads(identifier))

    compare(request.node, map(shown, (*hostile, *collisions(identifier))))
