"""What it costs to run an Action in JavaScript, beside calling a script, and to load it anew."""

import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.timing import Measured, ratio
from customdb_contract.bridges.node import NodeAction, NodeDatabase
from customdb_contract.bridges.node._action_bridge import NodeActionBridge
from customdb_contract.connection import Connection
from customdb_contract.contract import Script
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
    "user": {"user_id": "auth0|7", "email": "ada@example.com", "app_metadata": {}, "user_metadata": {}}
}
_TIME_LIMIT: Final = 20.0


def measure(*, brief: bool) -> Iterator[Measured]:
    """Yield the ratios.

    Args:
        brief: Whether a rough answer will do.
    """
    registry = SecretRegistry()
    registry.add(Secret("correct horse battery"), SecretRef(SecretKind.PASSWORD, "ada"))
    number, repeat = (200, 5) if brief else (1000, 9)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "get_user.js").write_text(_SCRIPT, encoding="utf-8")
        (Path(folder) / "repair.js").write_text(_ACTION, encoding="utf-8")
        database = NodeDatabase(folder).open_bridge(connection=Connection(), mask=registry, timeout=_TIME_LIMIT)
        action = NodeAction(Path(folder) / "repair.js").open_action(mask=registry)
        try:
            call = partial(database.call, Script.GET_USER, ("ada@example.com",))
            run = partial(action.perform, Handler.EXECUTE, _EVENT, seconds=_TIME_LIMIT)
            yield Measured(
                "a run of an Action, in calls of a script",
                ratio(run, call, number=number, repeat=repeat),
                at_most=1.5,
            )
            yield Measured(
                "a run of an Action that is loaded anew, in runs",
                ratio(partial(_renewed, action), run, number=number // 10, repeat=repeat),
                at_most=30.0,
            )
        finally:
            database.close()
            action.close()


def _renewed(action: NodeActionBridge) -> None:
    action.renew()
    action.perform(Handler.EXECUTE, _EVENT, seconds=_TIME_LIMIT)
