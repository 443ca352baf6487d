"""What tests of state machines share: a machine on a database, with the settings that a suite has by default."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from customdb_contract import Transcript
from customdb_contract.errors import ContractBrokenError
from customdb_contract.testing.machines import DatabaseMachine, machine_on
from writing_shop import WritingShop

__all__ = ["empty_shop", "machine_of", "noting", "sequence_in"]

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


def noting(machine: type[_Machine], broken: list[ContractBrokenError]) -> type[_Machine]:
    """Return a machine that notes each breach to which it comes, on the way to the one that it tells."""
    judge = machine.judge

    def noted(self: _Machine) -> None:
        try:
            judge(self)
        except ContractBrokenError as error:
            broken.append(error)
            raise

    return cast("type[_Machine]", type("Noting", (machine,), {"judge": noted}))


def sequence_in(error: ContractBrokenError) -> Transcript:
    return Transcript.parse(str(error).partition("judges it again:\n\n")[2])
