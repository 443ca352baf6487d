"""A correct Action in Python, and Actions with one flaw each, with exactly the rules that must find it."""

import asyncio
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Final, cast

from typing_extensions import override

from customdb_contract.bridges.python import PythonAction
from customdb_contract.secrets import Secret

__all__ = [
    "CONNECTION",
    "MUTANTS",
    "RESTORING",
    "TOKEN",
    "UNUSUAL",
    "Overwrites",
    "ReadsATokenFromElsewhere",
    "Restoring",
    "action_of",
]

CONNECTION: Final = "legacy-shop"
MARKER: Final = "legacy_restored"
TOKEN: Final = "s3cr3t-t0k3n-of-the-shop"
SECONDS: Final = 1.0


def action_of(restoring: object) -> PythonAction:
    secrets: Mapping[str, str | Secret] = {
        "LEGACY_API_URL": "{legacy_url}",
        "LEGACY_API_SECRET": Secret(TOKEN),
    }
    return PythonAction(restoring, secrets=secrets, name="restore")


def members_of(value: object) -> dict[str, Any]:
    """Return the members of an object; no members for any other value."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


class NoAnswerError(Exception):
    """The legacy system gave no usable response."""


class Restoring:
    """Restores the metadata of each user of one connection once; a mutant overrides single steps."""

    def __call__(self, event: Any, api: Any) -> None:
        if not self.is_ours(event) or self.is_restored(event):
            return
        user_id = self.user_id_of(event)
        if user_id is None:
            return
        try:
            answer = self.asked(event, user_id)
        except NoAnswerError:
            self.on_outage(api)
            return
        if answer is None:
            self.on_unknown(api)
        elif self.is_about(answer, user_id):
            self.store(event, api, answer)

    def is_ours(self, event: Any) -> bool:
        return bool(event.connection.name == CONNECTION)

    def is_restored(self, event: Any) -> bool:
        return MARKER in self.app_metadata(event)

    def app_metadata(self, event: Any) -> Mapping[str, Any]:
        return event.user.app_metadata or {}

    def user_id_of(self, event: Any) -> str | None:
        found = [one.user_id for one in event.user.identities or () if one.connection == event.connection.name]
        return found[0] if found else None

    def path_of(self, event: Any, user_id: str) -> str:
        return f"/users/{urllib.parse.quote(user_id, safe='')}"

    def asked(self, event: Any, user_id: str) -> Any:
        request = urllib.request.Request(
            event.secrets["LEGACY_API_URL"] + self.path_of(event, user_id),
            headers={"Authorization": f"Bearer {event.secrets['LEGACY_API_SECRET']}"},
        )
        return self.read(request)

    def read(self, request: urllib.request.Request, seconds: float = SECONDS) -> Any:
        try:
            with urllib.request.urlopen(request, timeout=seconds) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 404:
                    return None
            raise NoAnswerError from None
        except (OSError, ValueError):
            raise NoAnswerError from None

    def is_about(self, answer: Any, user_id: str) -> bool:
        return "id" in members_of(answer) and bool(answer["id"] == user_id)

    def on_outage(self, api: Any) -> None:
        """Let the user log in, and try again at the next log-in."""

    def on_unknown(self, api: Any) -> None:
        api.user.set_app_metadata(MARKER, True)

    def store(self, event: Any, api: Any, answer: Any) -> None:
        plan = members_of(answer.get("sub")).get("plan")
        if isinstance(plan, str) and "plan" not in self.app_metadata(event):
            api.user.set_app_metadata("plan", plan)
        api.user.set_app_metadata(MARKER, True)


class RestoresNothing(Restoring):
    @override
    def store(self, event: Any, api: Any, answer: Any) -> None:
        api.user.set_app_metadata(MARKER, True)


class StoresNothing(Restoring):
    @override
    def store(self, event: Any, api: Any, answer: Any) -> None:
        pass


class IgnoresTheConnection(Restoring):
    @override
    def is_ours(self, event: Any) -> bool:
        return True

    @override
    def user_id_of(self, event: Any) -> str | None:
        return event.user.user_id.partition("|")[2] if len(event.user.identities) == 1 else super().user_id_of(event)


class AsksEveryTime(Restoring):
    @override
    def is_restored(self, event: Any) -> bool:
        return False


class TakesFalsyForMissing(Restoring):
    @override
    def is_restored(self, event: Any) -> bool:
        return bool(self.app_metadata(event).get("plan")) or MARKER in self.app_metadata(event)

    @override
    def store(self, event: Any, api: Any, answer: Any) -> None:
        if isinstance(answer.get("sub"), dict):
            api.user.set_app_metadata("plan", "full")
        api.user.set_app_metadata(MARKER, True)


class ForgetsUnknownUsers(Restoring):
    @override
    def on_unknown(self, api: Any) -> None:
        pass


class CountsRuns(Restoring):
    @override
    def __call__(self, event: Any, api: Any) -> None:
        if self.is_ours(event) and self.is_restored(event):
            api.user.set_app_metadata(MARKER, self.app_metadata(event)[MARKER] + 1)
        super().__call__(event, api)


class Overwrites(Restoring):
    @override
    def store(self, event: Any, api: Any, answer: Any) -> None:
        plan = members_of(answer.get("sub")).get("plan")
        if isinstance(plan, str):
            api.user.set_app_metadata("plan", plan)
        api.user.set_app_metadata(MARKER, True)


class LooksUpByEmail(Restoring):
    @override
    def asked(self, event: Any, user_id: str) -> Any:
        body = json.dumps({"email": event.user.email}).encode()
        return self.read(urllib.request.Request(event.secrets["LEGACY_API_URL"] + "/search", data=body, method="POST"))


class UsesThePrimaryIdentity(Restoring):
    @override
    def user_id_of(self, event: Any) -> str | None:
        return str(event.user.user_id.partition("|")[2])


class TrustsAnyAnswer(Restoring):
    @override
    def is_about(self, answer: Any, user_id: str) -> bool:
        return isinstance(answer, dict)


class WaitsForever(Restoring):
    @override
    def read(self, request: urllib.request.Request, seconds: float = 60.0) -> Any:
        return super().read(request, seconds=60.0)


class Retries(Restoring):
    @override
    def read(self, request: urllib.request.Request, seconds: float = SECONDS) -> Any:
        for _ in range(3):
            try:
                return super().read(request, seconds)
            except NoAnswerError:
                continue
        raise NoAnswerError


class Throws(Restoring):
    @override
    def on_outage(self, api: Any) -> None:
        raise NoAnswerError


class DeniesInAnOutage(Restoring):
    @override
    def on_outage(self, api: Any) -> None:
        api.access.deny("try again later")


class MarksAfterAnOutage(Restoring):
    @override
    def on_outage(self, api: Any) -> None:
        api.user.set_app_metadata(MARKER, True)


class DeniesTheUnknown(Restoring):
    @override
    def on_unknown(self, api: Any) -> None:
        super().on_unknown(api)
        api.access.deny("unknown")


class StoresTheWholeAnswer(Restoring):
    @override
    def store(self, event: Any, api: Any, answer: Any) -> None:
        if "sub" in answer and "legacy" not in self.app_metadata(event):
            api.user.set_app_metadata("legacy", answer["sub"])
        api.user.set_app_metadata(MARKER, True)


class StoresEveryKey(Restoring):
    @override
    def store(self, event: Any, api: Any, answer: Any) -> None:
        for name, value in members_of(answer.get("sub")).items():
            if name not in self.app_metadata(event):
                api.user.set_app_metadata(name, value)
        api.user.set_app_metadata(MARKER, True)


class GrantsFromUserMetadata(Restoring):
    @override
    def store(self, event: Any, api: Any, answer: Any) -> None:
        plan = members_of(answer.get("sub")).get("plan")
        if isinstance(plan, str) and "plan" not in (event.user.user_metadata or {}):
            api.user.set_user_metadata("plan", plan)
        api.user.set_app_metadata(MARKER, True)


class SendsTheEmailInTheUrl(Restoring):
    @override
    def path_of(self, event: Any, user_id: str) -> str:
        return f"{super().path_of(event, user_id)}?{urllib.parse.urlencode({'email': event.user.email or ''})}"


class NeedsAppMetadata(Restoring):
    @override
    def app_metadata(self, event: Any) -> Mapping[str, Any]:
        return {**event.user.app_metadata}


class AsksOnTokenRefresh(Restoring):
    @override
    def is_restored(self, event: Any) -> bool:
        return super().is_restored(event) and event.transaction.protocol != "oauth2-refresh-token"


class WritesTooLate:
    """Sets the same metadata as `Restoring`, but in a task that is never awaited."""

    async def __call__(self, event: Any, api: Any) -> None:
        given: list[tuple[str, Any]] = []
        noted = SimpleNamespace(set_app_metadata=lambda name, value: given.append((name, value)))
        Restoring()(event, SimpleNamespace(user=noted))

        async def later() -> None:
            await asyncio.sleep(0)
            for name, value in given:
                api.user.set_app_metadata(name, value)

        self.task = asyncio.get_running_loop().create_task(later())


# Correct but unusual


class Asynchronous:
    async def __call__(self, event: Any, api: Any) -> None:
        await asyncio.sleep(0)
        Restoring()(event, api)


class NotesWhen(Restoring):
    """Sets a marker with a different value each time."""

    @override
    def on_unknown(self, api: Any) -> None:
        api.user.set_app_metadata(MARKER, {"at": time.time_ns()})

    @override
    def store(self, event: Any, api: Any, answer: Any) -> None:
        super().store(event, api, answer)
        self.on_unknown(api)


class KeepsOneObject(Restoring):
    """Keeps all metadata under one key, which is also the marker."""

    @override
    def on_unknown(self, api: Any) -> None:
        api.user.set_app_metadata(MARKER, {})

    @override
    def is_restored(self, event: Any) -> bool:
        return MARKER in self.app_metadata(event)

    @override
    def store(self, event: Any, api: Any, answer: Any) -> None:
        plan = members_of(answer.get("sub")).get("plan")
        api.user.set_app_metadata(MARKER, {"plan": plan} if isinstance(plan, str) else {})


class AsksForPeopleOnly(Restoring):
    @override
    def is_restored(self, event: Any) -> bool:
        return super().is_restored(event) or event.transaction.protocol == "oauth2-refresh-token"


class SendsTheEmailToo(Restoring):
    @override
    def asked(self, event: Any, user_id: str) -> Any:
        body = json.dumps({"id": user_id, "email": event.user.email}).encode()
        return self.read(urllib.request.Request(event.secrets["LEGACY_API_URL"] + "/search", data=body, method="POST"))


class TriesTwice(Restoring):
    @override
    def read(self, request: urllib.request.Request, seconds: float = SECONDS) -> Any:
        try:
            return super().read(request, seconds)
        except NoAnswerError:
            return super().read(request, seconds)


class SetsBothKinds(Restoring):
    @override
    def store(self, event: Any, api: Any, answer: Any) -> None:
        plan = members_of(answer.get("sub")).get("plan")
        if isinstance(plan, str) and "theme" not in (event.user.user_metadata or {}):
            api.user.set_user_metadata("theme", plan)
        super().store(event, api, answer)


class WritesEverythingAgain(Restoring):
    """Sets existing metadata again, to the same value."""

    @override
    def __call__(self, event: Any, api: Any) -> None:
        if self.is_ours(event):
            for name, value in self.app_metadata(event).items():
                api.user.set_app_metadata(name, value)
        super().__call__(event, api)


class PrintsAndClaims(Restoring):
    @override
    def store(self, event: Any, api: Any, answer: Any) -> None:
        print("restored")
        api.id_token.set_custom_claim("https://shop.example.com/restored", True)
        super().store(event, api, answer)


class Redirecting(Restoring):
    """Restores the metadata after the user has agreed on another site."""

    @override
    def __call__(self, event: Any, api: Any) -> None:
        if self.is_ours(event) and not self.is_restored(event) and api.redirect.can_redirect():
            api.redirect.send_user_to("https://shop.example.com/terms")

    def on_continue_post_login(self, event: Any, api: Any) -> None:
        super().__call__(event, api)


class ReadsATokenFromElsewhere(Redirecting):
    """Restores nothing without a token from the other site, which no check provides."""

    @override
    def on_continue_post_login(self, event: Any, api: Any) -> None:
        options = {"secret": event.secrets["LEGACY_API_SECRET"], "tokenParameterName": "token"}
        if api.redirect.validate_token(options)["agreed"]:
            super().on_continue_post_login(event, api)


class OverwritesAfterARedirect(Redirecting, Overwrites):
    """Overwrites edited metadata."""


class ThrowsAfterARedirect(Redirecting, Throws):
    """Throws in an outage."""


class DeniesAfterARedirect(Redirecting, DeniesTheUnknown):
    """Denies the log-in of an unknown user."""


class ForgetsToGoOn(Restoring):
    """Redirects every user of the connection, and has no second function."""

    @override
    def __call__(self, event: Any, api: Any) -> None:
        if self.is_ours(event):
            api.redirect.send_user_to("https://shop.example.com/terms")


UNUSUAL: Final = (
    Redirecting,
    Asynchronous,
    NotesWhen,
    KeepsOneObject,
    AsksForPeopleOnly,
    SendsTheEmailToo,
    TriesTwice,
    SetsBothKinds,
    WritesEverythingAgain,
    PrintsAndClaims,
)

MUTANTS: Final[Mapping[type[object], frozenset[str]]] = {
    RestoresNothing: frozenset({"action-restores-nothing"}),
    StoresNothing: frozenset({"action-restores-nothing", "action-forgets-empty-answer"}),
    IgnoresTheConnection: frozenset({"action-ignores-connection"}),
    AsksEveryTime: frozenset(
        {
            "action-repeats-request",
            "action-forgets-empty-answer",
            "action-asks-on-token-refresh",
        }
    ),
    TakesFalsyForMissing: frozenset({"action-takes-falsy-for-missing"}),
    ForgetsUnknownUsers: frozenset({"action-forgets-empty-answer"}),
    Overwrites: frozenset({"action-overwrites-metadata"}),
    LooksUpByEmail: frozenset({"action-looks-up-by-email", "action-ignores-linked-identity"}),
    UsesThePrimaryIdentity: frozenset({"action-ignores-linked-identity"}),
    TrustsAnyAnswer: frozenset({"action-trusts-any-answer"}),
    Retries: frozenset({"action-retries-in-a-loop"}),
    Throws: frozenset({"action-fails-on-outage"}),
    DeniesInAnOutage: frozenset({"action-fails-on-outage"}),
    MarksAfterAnOutage: frozenset({"action-marks-after-outage"}),
    DeniesTheUnknown: frozenset({"action-denies-login"}),
    StoresTheWholeAnswer: frozenset({"action-stores-invalid-metadata"}),
    StoresEveryKey: frozenset({"action-stores-invalid-metadata"}),
    GrantsFromUserMetadata: frozenset({"action-grants-from-user-metadata"}),
    SendsTheEmailInTheUrl: frozenset({"action-identifier-in-url"}),
    NeedsAppMetadata: frozenset({"action-needs-optional-fields"}),
    AsksOnTokenRefresh: frozenset({"action-asks-on-token-refresh"}),
    WritesTooLate: frozenset({"action-writes-too-late"}),
    CountsRuns: frozenset({"action-not-idempotent"}),
    WaitsForever: frozenset({"action-without-timeout"}),
    OverwritesAfterARedirect: frozenset({"action-overwrites-metadata"}),
    ThrowsAfterARedirect: frozenset({"action-fails-on-outage"}),
    DeniesAfterARedirect: frozenset({"action-denies-login"}),
    ForgetsToGoOn: frozenset({"action-restores-nothing"}),
}


# In JavaScript


RESTORING = """\
const MARKER = 'legacy_restored';

exports.onExecutePostLogin = async (event, api) => {
  const metadata = event.user.app_metadata ?? {};
  if (event.connection.name !== 'legacy-shop' || MARKER in metadata) return;
  const identity = event.user.identities.find(({ connection }) => connection === event.connection.name);
  let answer = null;
  try {
    const url = `https://legacy.example.com/users/${encodeURIComponent(identity.user_id)}`;
    const headers = { Authorization: `Bearer ${event.secrets.LEGACY_API_SECRET}` };
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(300) });
    if (!response.ok && response.status !== 404) return;
    if (response.ok) {
      answer = await response.json();
      if (answer?.id !== identity.user_id) return;
    }
  } catch {
    return;
  }
  if (typeof answer?.sub?.plan === 'string' && !('plan' in metadata)) api.user.setAppMetadata('plan', answer.sub.plan);
  api.user.setAppMetadata(MARKER, true);
};
"""
