"""Checks Auth0 custom database scripts against their contract, before production does.

Everything a test needs is here; a module is imported when one of its names is first used (PEP 562).
"""

# `python -m` loads this module before `__main__` can keep files in the working directory from hiding modules of the
# standard library, so import nothing here that Python has not loaded already.
TYPE_CHECKING = False

if TYPE_CHECKING:
    __version__: str
    from customdb_contract.actions import PostLoginAction as PostLoginAction
    from customdb_contract.actions import PostLoginApi as PostLoginApi
    from customdb_contract.actions import PostLoginEvent as PostLoginEvent
    from customdb_contract.bridges.python_process import PythonProcess as PythonProcess
    from customdb_contract.checking import check as check
    from customdb_contract.checking_actions import check_action as check_action
    from customdb_contract.connection import CONTRACT_DATE as CONTRACT_DATE
    from customdb_contract.connection import Connection as Connection
    from customdb_contract.connection import KnownUser as KnownUser
    from customdb_contract.connection import NewUser as NewUser
    from customdb_contract.contract import Callback as Callback
    from customdb_contract.contract import ChangeEmail as ChangeEmail
    from customdb_contract.contract import ChangePassword as ChangePassword
    from customdb_contract.contract import Create as Create
    from customdb_contract.contract import CustomDatabase as CustomDatabase
    from customdb_contract.contract import Declined as Declined
    from customdb_contract.contract import Delete as Delete
    from customdb_contract.contract import Done as Done
    from customdb_contract.contract import Failed as Failed
    from customdb_contract.contract import Found as Found
    from customdb_contract.contract import GetUser as GetUser
    from customdb_contract.contract import Login as Login
    from customdb_contract.contract import NotFound as NotFound
    from customdb_contract.contract import OperationResult as OperationResult
    from customdb_contract.contract import ProfileResult as ProfileResult
    from customdb_contract.contract import ScriptError as ScriptError
    from customdb_contract.contract import UnauthorizedError as UnauthorizedError
    from customdb_contract.contract import ValidationError as ValidationError
    from customdb_contract.contract import Verify as Verify
    from customdb_contract.contract import WrongUsernameOrPasswordError as WrongUsernameOrPasswordError
    from customdb_contract.findings import Finding as Finding
    from customdb_contract.findings import Report as Report
    from customdb_contract.findings import Severity as Severity
    from customdb_contract.findings import Verdict as Verdict
    from customdb_contract.profiles import Profile as Profile
    from customdb_contract.profiles import differences as differences
    from customdb_contract.profiles import normalize_profile as normalize_profile
    from customdb_contract.rules import judge as judge
    from customdb_contract.transcript import Exchange as Exchange
    from customdb_contract.transcript import Situation as Situation
    from customdb_contract.transcript import Transcript as Transcript

_HOMES = {
    "actions": ("PostLoginAction", "PostLoginApi", "PostLoginEvent"),
    "bridges.python_process": ("PythonProcess",),
    "checking": ("check",),
    "checking_actions": ("check_action",),
    "connection": ("CONTRACT_DATE", "Connection", "KnownUser", "NewUser"),
    "contract": (
        "Callback",
        "ChangeEmail",
        "ChangePassword",
        "Create",
        "CustomDatabase",
        "Declined",
        "Delete",
        "Done",
        "Failed",
        "Found",
        "GetUser",
        "Login",
        "NotFound",
        "OperationResult",
        "ProfileResult",
        "ScriptError",
        "UnauthorizedError",
        "ValidationError",
        "Verify",
        "WrongUsernameOrPasswordError",
    ),
    "findings": ("Finding", "Report", "Severity", "Verdict"),
    "profiles": ("Profile", "differences", "normalize_profile"),
    "rules": ("judge",),
    "transcript": ("Exchange", "Situation", "Transcript"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "CONTRACT_DATE",
    "Callback",
    "ChangeEmail",
    "ChangePassword",
    "Connection",
    "Create",
    "CustomDatabase",
    "Declined",
    "Delete",
    "Done",
    "Exchange",
    "Failed",
    "Finding",
    "Found",
    "GetUser",
    "KnownUser",
    "Login",
    "NewUser",
    "NotFound",
    "OperationResult",
    "PostLoginAction",
    "PostLoginApi",
    "PostLoginEvent",
    "Profile",
    "ProfileResult",
    "PythonProcess",
    "Report",
    "ScriptError",
    "Severity",
    "Situation",
    "Transcript",
    "UnauthorizedError",
    "ValidationError",
    "Verdict",
    "Verify",
    "WrongUsernameOrPasswordError",
    "__version__",
    "check",
    "check_action",
    "differences",
    "judge",
    "normalize_profile",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib import metadata  # noqa: PLC0415 - see above

        return metadata.version("customdb-contract")
    if name not in _HOME_OF:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module  # noqa: PLC0415 - see above

    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
