"""What tests of state machines share: a machine on a database, with the settings that a suite has by default."""

from collections.abc import Callable
from typing import Any, TypeVar

from customdb_contract.testing.machines import DatabaseMachine, machine_on
from writing_shop import WritingShop

__all__ = ["empty_shop", "machine_of"]

_Machine = TypeVar("_Machine", bound=DatabaseMachine)


def machine_of(kind: type[_Machine], make: Callable[[], object], **settings: Any) -> type[_Machine]:
    given: dict[str, Any] = {
        "connection": None,
        "new_user": None,
        "outage": None,
        "timeout": 20.0,
        "select": (),
        "ignore": (),
        "waived": {},
        "fail_on": "error",
    }
    return machine_on(kind, make, **given | settings)


def empty_shop() -> WritingShop:
    return WritingShop(is_empty=True)
