"""The parts of your own tests: a contract suite for pytest, assertions, strategies, and state machines.

A name is looked up when it is first used (PEP 562), so that each one imports only what it needs itself.
"""

import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from customdb_contract.testing import strategies as strategies
    from customdb_contract.testing.action_suite import ActionSuite as ActionSuite
    from customdb_contract.testing.assertions import assert_consistent as assert_consistent
    from customdb_contract.testing.assertions import assert_contract as assert_contract
    from customdb_contract.testing.lives import TenantMachine as TenantMachine
    from customdb_contract.testing.machine import CustomDatabaseMachine as CustomDatabaseMachine
    from customdb_contract.testing.machines import run_machine as run_machine
    from customdb_contract.testing.outcomes import ContractWarning as ContractWarning
    from customdb_contract.testing.suite import ContractSuite as ContractSuite

_HOME_OF = {
    "ActionSuite": "action_suite:ActionSuite",
    "ContractSuite": "suite:ContractSuite",
    "ContractWarning": "outcomes:ContractWarning",
    "CustomDatabaseMachine": "machine:CustomDatabaseMachine",
    "TenantMachine": "lives:TenantMachine",
    "assert_consistent": "assertions:assert_consistent",
    "assert_contract": "assertions:assert_contract",
    "run_machine": "machines:run_machine",
    "strategies": "strategies:",
}

__all__ = [
    "ActionSuite",
    "ContractSuite",
    "ContractWarning",
    "CustomDatabaseMachine",
    "TenantMachine",
    "assert_consistent",
    "assert_contract",
    "run_machine",
    "strategies",
]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    try:
        value: object = pkgutil.resolve_name(f"{__name__}.{_HOME_OF[name]}")
    except ModuleNotFoundError as error:
        if error.name not in {"pytest", "hypothesis"}:
            raise
        message = f"{name} needs {error.name}: pip install 'customdb-contract[testing]'"
        raise ModuleNotFoundError(message, name=error.name) from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
