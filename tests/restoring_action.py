"""The Action that restores metadata, in Python and as deployed, over a stand-in for the legacy system."""

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

from attrs import frozen

import customdb_contract
from customdb_contract.actions import METADATA_MAX_BYTES, Effects, JsonType, effects_of, persist_legacy_metadata
from customdb_contract.bridges.acting import ActionBridge, Performed
from customdb_contract.bridges.node import NodeAction
from customdb_contract.bridges.opening_actions import opened_action
from customdb_contract.bridges.python import PythonAction
from customdb_contract.faults import LegacyAnswers, LegacyResponse, LegacySystem, LegacyUser, ReceivedRequest
from customdb_contract.probes.acting import EMAIL, LEGACY_ID
from customdb_contract.probes.acting._events import event_of
from customdb_contract.secrets import Secret, SecretRegistry
from customdb_contract.transcript import Ending, Handler, LegacyState, RunSituation, Value

__all__ = [
    "ANSWERS",
    "APP",
    "CONNECTION",
    "EMPTY",
    "MARKED",
    "MARKER",
    "ODD",
    "RESTORES",
    "SECONDS",
    "TEMPLATE",
    "TOKEN",
    "USER",
    "LogIn",
    "Stand",
    "identity",
    "in_javascript",
    "in_python",
    "standing",
]

CONNECTION: Final = "legacy-shop"
MARKER: Final = "legacy_metadata_verified"
TOKEN: Final = "s3cr3t-t0k3n-of-the-shop"
SECONDS: Final = 1.0
"""The time limit of the Action: on a busy machine, a valid response may be slow, too."""
TEMPLATE: Final = Path(customdb_contract.__file__).parent / "templates" / "action"

RESTORES: Final[Mapping[str, JsonType]] = {
    "app_metadata.plan": "string",
    "app_metadata.limits": "object",
    "app_metadata.beta": "boolean",
    "user_metadata.seats": "number",
    "user_metadata.themes": "array",
}
APP: Final = {"plan": "full", "limits": {"daily": 9}, "beta": False}
USER: Final = {"seats": 0, "themes": ["dark"]}
MARKED: Final = {MARKER: True}

NOTHING: Final[Mapping[str, Value]] = {}

ODD: Final[Mapping[str, LegacyResponse]] = {
    "numeric-id": LegacyResponse(200, {"user_id": 7, "app_metadata": APP}),
    "no-id": LegacyResponse(200, {"app_metadata": APP}),
    "redirect": LegacyResponse(302, {"user_id": "redirect", "app_metadata": APP}),
    "created": LegacyResponse(201, {"user_id": "created", "app_metadata": APP}),
    "page-404": LegacyResponse(404, "<!DOCTYPE html><title>Not found</title>"),
    "text-metadata": LegacyResponse(200, {"user_id": "text-metadata", "app_metadata": "full"}),
    "list-metadata": LegacyResponse(200, {"user_id": "list-metadata", "user_metadata": [APP]}),
    "true-for-number": LegacyResponse(200, {"user_id": "true-for-number", "user_metadata": {"seats": True}}),
    "number-for-true": LegacyResponse(200, {"user_id": "number-for-true", "app_metadata": {"beta": 1}}),
    "list-for-object": LegacyResponse(200, {"user_id": "list-for-object", "app_metadata": {"limits": []}}),
    "nested": LegacyResponse(200, {"user_id": "nested", "user_metadata": {"themes": [{"a": [{"b.c": 1}]}]}}),
    "oversize": LegacyResponse(200, {"user_id": "oversize", "app_metadata": {"plan": "x" * METADATA_MAX_BYTES}}),
    "large-in-bytes": LegacyResponse(
        200, {"user_id": "large-in-bytes", "user_metadata": {"themes": ["\u00e4" * (METADATA_MAX_BYTES // 2)]}}
    ),
    "large-together": LegacyResponse(
        200, {"user_id": "large-together", "app_metadata": {"plan": "x" * 20_000, "limits": {"y": "y" * 20_000}}}
    ),
    "large-answer": LegacyResponse(
        200, {"user_id": "large-answer", "app_metadata": APP, "history": "x" * (8 * METADATA_MAX_BYTES)}
    ),
}
"""Unusable responses: nothing is set, and the next log-in sends the request again."""

EMPTY: Final[Mapping[str, LegacyResponse]] = {
    "empty-404": LegacyResponse(404),
    "json-404": LegacyResponse(404, {"user_id": "json-404", "app_metadata": APP}),
    "nothing": LegacyResponse(200, {"user_id": "nothing"}),
    "nulls": LegacyResponse(200, {"user_id": "nulls", "app_metadata": None, "user_metadata": {"seats": None}}),
    "others": LegacyResponse(200, {"user_id": "others", "app_metadata": {"email": "a@b.c", "$x": 1, "toString": 1}}),
}
"""Responses without anything to restore."""

ANSWERS: Final = LegacyAnswers(
    found=LegacyResponse(200, {"user_id": "{user_id}", "app_metadata": APP, "user_metadata": USER}),
    paths={f"/users/{name}": response for name, response in {**ODD, **EMPTY}.items()},
)


@frozen
class LogIn:
    """The effects of the Action in one log-in."""

    performed: Performed
    received: tuple[ReceivedRequest, ...]

    @property
    def effects(self) -> Effects:
        return effects_of([self.performed.calls])

    @property
    def written(self) -> Mapping[str, Mapping[str, Value]]:
        return {"app_metadata": self.effects.app_metadata, "user_metadata": self.effects.user_metadata}

    @property
    def did_nothing(self) -> bool:
        """Whether the user logs in and nothing else happens."""
        return self.performed.outcome.ending is Ending.DONE and not self.performed.calls


class Stand:
    """The Action, and the stand-in for its legacy system."""

    handler: Final = Handler.EXECUTE

    def __init__(self, bridge: ActionBridge, system: LegacySystem) -> None:
        self.bridge = bridge
        self.system = system

    def log_in(
        self,
        situation: RunSituation = RunSituation.FIRST_LOG_IN,
        state: LegacyState = LegacyState.SOUND,
        app: Mapping[str, Value] = NOTHING,
        user: Mapping[str, Value] = NOTHING,
        **changed: object,
    ) -> LogIn:
        metadata = {("app_metadata", name): value for name, value in app.items()}
        metadata |= {("user_metadata", name): value for name, value in user.items()}
        event = event_of(situation, metadata, connection=CONNECTION, logins=1)
        event["user"] = {**cast("dict[str, object]", event["user"]), **changed}
        self.system.answer(state)
        self.bridge.renew()
        performed = self.bridge.perform(self.handler, event, seconds=10)
        return LogIn(performed, self.system.received)


def identity(user_id: str) -> list[Mapping[str, object]]:
    return [{"connection": CONNECTION, "provider": "auth0", "user_id": user_id, "isSocial": False}]


def in_python(*required: str, **secrets: str) -> PythonAction:
    action = persist_legacy_metadata(
        connection=CONNECTION, restores=RESTORES, required=required, seconds=SECONDS, marker=MARKER
    )
    given: Mapping[str, str | Secret] = {"LEGACY_API_URL": "{legacy_url}/users/", "LEGACY_API_SECRET": Secret(TOKEN)}
    return PythonAction(action, secrets={**given, **secrets}, name="persist-legacy-metadata")


def in_javascript(folder: Path, *required: str, without: str = "", **secrets: str) -> NodeAction:
    """Return the deployed file, with a shorter time limit and without one part."""
    text = (TEMPLATE / "actions" / "persist-legacy-metadata" / "code.js").read_text(encoding="utf-8")
    assert without in text
    text = text.replace(without, "")
    assert text.count("TIMEOUT_MS = 3000;") == 1
    code = folder / "persist-legacy-metadata.js"
    code.write_text(text.replace("TIMEOUT_MS = 3000;", f"TIMEOUT_MS = {SECONDS * 1000:.0f};"), encoding="utf-8")
    given: Mapping[str, str | Secret] = {
        "LEGACY_CONNECTION": CONNECTION,
        "LEGACY_API_URL": "https://legacy.example.com/users/",
        "LEGACY_API_SECRET": Secret(TOKEN),
        "LEGACY_METADATA": json.dumps(dict(RESTORES)),
        "LEGACY_METADATA_REQUIRED": json.dumps(required),
    }
    return NodeAction(code, secrets={**given, **secrets})


@contextmanager
def standing(action: object) -> Generator[Stand]:
    """Open an Action over its own stand-in."""
    with (
        LegacySystem(ANSWERS, [LegacyUser(LEGACY_ID, EMAIL)]) as system,
        opened_action(action, mask=SecretRegistry(), legacy=system.address) as bridge,
    ):
        yield Stand(bridge, system)
