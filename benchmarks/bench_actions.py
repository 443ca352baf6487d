"""The cost of running an Action, compared with a script in the same language, and of reloading one in JavaScript."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.timing import Measured, ratio
from customdb_contract.bridges.node import NodeAction, NodeDatabase
from customdb_contract.bridges.node._action_bridge import NodeActionBridge
from customdb_contract.bridges.python import PythonAction, PythonDatabase
from customdb_contract.connection import Connection
from customdb_contract.contract import Found, ProfileResult, Script
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry
from customdb_contract.transcript import Handler

_SCRIPT: Final = """
function getUser(email, callback) {
  callback(null, { user_id: '7', email, app_metadata: { plan: 'full' } });
}
"""
_ACTION: Final = """
exports.onExecutePostLogin = async (event, api) => {
  api.user.setAppMetadata('plan', { email: event.user.email, plan: 'full' });
};
"""
_EVENT: Final[Mapping[str, object]] = {
    "user": {"user_id": "auth0|7", "email": "ada@example.com", "app_metadata": {}, "user_metadata": {}},
    "connection": {"id": "con_7", "name": "legacy-shop", "strategy": "auth0"},
    "client": {"client_id": "7", "name": "Shop", "metadata": {}},
    "tenant": {"id": "shop"},
    "request": {"ip": "203.0.113.7", "method": "GET", "query": {}, "body": {}, "geoip": {}},
    "stats": {"logins_count": 1},
}
_TIME_LIMIT: Final = 20.0


class _Database:
    """A script in Python with the same result as the one in JavaScript."""

    def get_user(self, identifier: str) -> ProfileResult:
        """Return the profile."""
        return Found({"user_id": "7", "email": identifier, "app_metadata": {"plan": "full"}})


def _repair(event: Any, api: Any) -> None:
    """Do what the Action in JavaScript does."""
    api.user.set_app_metadata("plan", {"email": event.user.email, "plan": "full"})


def measure(*, brief: bool) -> Iterator[Measured]:
    """Yield the ratios.

    Args:
        brief: Whether a rough result is enough.
    """
    registry = SecretRegistry()
    registry.add(Secret("correct horse battery"), SecretRef(SecretKind.PASSWORD, "ada"))
    # Many short measurements, because on a busy machine some of them are undisturbed.
    number, repeat = (20, 8) if brief else (50, 40)
    yield _in_python(registry, number, repeat)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "get_user.js").write_text(_SCRIPT, encoding="utf-8")
        (Path(folder) / "repair.js").write_text(_ACTION, encoding="utf-8")
        database = NodeDatabase(folder).open_bridge(connection=Connection(), mask=registry, timeout=_TIME_LIMIT)
        action = NodeAction(Path(folder) / "repair.js").open_action(mask=registry)
        try:
            call = partial(database.call, Script.GET_USER, ("ada@example.com",))
            run = partial(action.perform, Handler.EXECUTE, _EVENT, seconds=_TIME_LIMIT)
            yield Measured(
                "a run of an Action in JavaScript, in calls of a script",
                ratio(run, call, number=number, repeat=repeat),
                at_most=1.5,
            )
            yield Measured(
                "a run of an Action in JavaScript that is loaded anew, in runs",
                ratio(partial(_renewed, action), run, number=number // 4, repeat=repeat // 4),
                at_most=30.0,
            )
        finally:
            database.close()
            action.close()


def _in_python(registry: SecretRegistry, number: int, repeat: int) -> Measured:
    database = PythonDatabase(_Database(), connection=Connection(), mask=registry)
    action = PythonAction(_repair).open_action(mask=registry)
    try:
        call = partial(database.call, Script.GET_USER, ("ada@example.com",))
        run = partial(action.perform, Handler.EXECUTE, _EVENT, seconds=_TIME_LIMIT)
        # Waking another thread can take any amount of time on a busy machine.
        measured = ratio(run, call, number=number, repeat=repeat, clock=time.process_time)
    finally:
        database.close()
        action.close()
    return Measured("a run of an Action in Python, in calls of a script", measured, at_most=1.5)


def _renewed(action: NodeActionBridge) -> None:
    action.renew()
    action.perform(Handler.EXECUTE, _EVENT, seconds=_TIME_LIMIT)
