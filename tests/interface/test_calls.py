"""The calls of a check match the approved ones: each script's calls in order, with their situations.

Randomly drawn values are left out. The shop is correct, so these are the calls of a correct database.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import pytest

from customdb_contract import Connection, NewUser, Transcript, check
from customdb_contract.probes.acting._events import event_of
from customdb_contract.probes.hostile import collisions, payloads
from customdb_contract.transcript import MetadataKey, RunSituation, Value
from decided import compare, shown
from writing_shop import WritingShop, known_customer

pytestmark = pytest.mark.one_python

DRAWN: Final = re.compile(
    r"(?<=customdb-)(?:\w{10}x?\b|\w{8})|(?<=nobody-)\w{12}|(?<=nobody)\w{8}|(?<=Wrong-)\w+|(?<=shop-2147)\d+",
    re.IGNORECASE,
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
    "lives": {"connection": Connection(import_mode=True), "hostile": False, "wrong_passwords": 2, "rehearse": True},
    "lives without wrong passwords": {"hostile": False, "wrong_passwords": 0, "rehearse": True, "writes": True},
    "an outage": {"outage": WritingShop(is_down=True), "hostile": False, "wrong_passwords": 1},
}


def called(transcript: Transcript) -> Iterator[str]:
    """Yield the calls of a check, each with its arguments and its situation."""
    for exchange in transcript.exchanges:
        call = f"{exchange.situation} of {exchange.person}: {exchange.script} {exchange.arguments}"
        yield shown(DRAWN.sub("…", call))


@pytest.mark.parametrize("name", CHECKS)
def test_the_calls_of_a_check(request: pytest.FixtureRequest, name: str) -> None:
    settings: dict[str, Any] = {"rehearse": False, **CHECKS[name]}
    report = check(WritingShop(), [known_customer()], **settings)

    compare(request.node, called(report.transcript))


@pytest.mark.parametrize("identifier", ["ada.lovelace@example.com", "Strauß@example.com", "k", "ß@x"])
def test_hostile_identifiers(request: pytest.FixtureRequest, identifier: str) -> None:
    hostile = (f"{situation}: {payload}" for situation, payload in payloads(identifier))

    compare(request.node, map(shown, (*hostile, *collisions(identifier))))


@pytest.mark.parametrize("situation", RunSituation)
def test_events_of_log_ins(request: pytest.FixtureRequest, situation: RunSituation) -> None:
    metadata: dict[MetadataKey, Value] = {("app_metadata", "plan"): "full", ("user_metadata", "x"): [1]}
    event = event_of(situation, metadata, connection="a-shop", logins=3)
    usual = dict(leaves(event_of(RunSituation.LATER_LOG_IN, {}, connection="a-shop", logins=3)))
    own = dict(leaves(event))

    changed = [f"{path}: {value!r}" for path, value in own.items() if usual.get(path) != value]
    compare(request.node, [*changed, *(f"without {path}" for path in usual if path not in own)])


def test_the_event_of_a_usual_log_in(request: pytest.FixtureRequest) -> None:
    event = event_of(RunSituation.LATER_LOG_IN, {}, connection="a-shop", logins=3)

    compare(request.node, [f"{path}: {value!r}" for path, value in leaves(event)])


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield each value in an event, with its path."""
    if isinstance(value, Mapping) and value:
        for name, inner in cast("Mapping[str, object]", value).items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(cast("list[object]", value)):
            yield from leaves(inner, f"{path}[{number}]")
    else:
        yield path, value
