"""Shared by tests of rehearsals: settings over a correct shop, and the played operations in words."""

from collections.abc import Callable
from typing import Any

from customdb_contract import Connection
from customdb_contract.rehearsal import Performance, Setting, find_scenario, rehearse
from customdb_contract.transcript import Operation
from lives import Shop
from writing_shop import WritingShop, known_customer

__all__ = ["SIGN_UP", "one_shop", "operations", "played", "setting"]

SIGN_UP = "sign_up get_user create login"


def one_shop() -> Callable[[], Shop]:
    """Return a function that opens the same shop each time, like a database in a separate process."""
    shop = Shop()
    return lambda: shop


def setting(*, on: bool, **changes: Any) -> Setting:
    given: dict[str, Any] = {
        "database": one_shop(),
        "connection": Connection(import_mode=on),
        "users": (known_customer(),),
        "outage": lambda: WritingShop(is_down=True),
        "writes": True,
    }
    return Setting(**(given | changes))


def played(name: str, **changes: Any) -> Performance:
    (performance,) = rehearse(setting(**changes), [find_scenario(name)])
    return performance


def operations(performance: Performance) -> list[str]:
    by_connection: dict[str, list[str]] = {}
    for transcript in performance.transcripts:
        by_connection[transcript.connection.name] = []
        for operation in transcript.of_kind(Operation):
            scripts = [exchange.script for exchange in transcript.exchanges if exchange.caused_by == operation.number]
            assert operation.response is not None
            mark = "" if operation.response.succeeded else "!"
            by_connection[transcript.connection.name].append(" ".join([operation.name, *scripts]) + mark)
    return [by_connection[connection].pop(0) for connection in performance.order]
