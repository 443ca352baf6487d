"""Shared by tests of state machines: a machine on a database, with the default settings of a suite."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from typing_extensions import override

from customdb_contract import ScriptError, Transcript
from customdb_contract.errors import ContractBrokenError
from customdb_contract.testing.machines import DatabaseMachine, machine_on
from writing_shop import WritingShop

__all__ = ["empty_shop", "machine_of", "noting", "sequence_in", "strict_shop"]

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


class StrictShop(WritingShop):
    """Accepts only passwords of an unusual form."""

    @override
    def create(self, user: Mapping[str, Any]) -> Any:
        self._refuse_unusual(user["password"])
        return super().create(user)

    @override
    def change_password(self, email: Any, new_password: Any) -> Any:
        self._refuse_unusual(new_password)
        return super().change_password(email, new_password)

    def _refuse_unusual(self, password: str) -> None:
        if not re.fullmatch("shop=[a-z0-9]{12}=", password):
            raise ScriptError(f"{password} is not a password of the shop")


def strict_shop() -> WritingShop:
    return StrictShop(is_empty=True)


def empty_shop() -> WritingShop:
    return WritingShop(is_empty=True)


def noting(machine: type[_Machine], broken: list[ContractBrokenError]) -> type[_Machine]:
    """Return a machine that notes each breach it meets on the way to the one it reports."""
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
