"""What an Action stores, and when."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from customdb_contract._pages import ACTION_API, ACTION_LIMITS, ACTION_METADATA
from customdb_contract.findings import Held, Severity, Violation
from customdb_contract.profiles import RESERVED_APP_METADATA, metadata_key_problems
from customdb_contract.rules._rule import Comparison
from customdb_contract.rules.action._about import ASKING, NO_ANSWER, RUNNING, action_rule
from customdb_contract.transcript import (
    LegacyState,
    MetadataKey,
    Noticed,
    ObservedRun,
    Special,
    Transcript,
    Value,
    json_size,
    json_text,
    observed_runs,
    payload_of,
    sound_first_runs,
)

_MOST_BYTES: Final = 32_768
_INVALID: Final = "invalid"
_RESPONSE: Final = frozenset({"status", "headers"})
_WORD: Final = re.compile(r"[a-z]+|[A-Z][a-z]*")
_RIGHTS: Final = frozenset(
    {
        "role",
        "roles",
        "permission",
        "permissions",
        "privilege",
        "privileges",
        "scope",
        "scopes",
        "entitlement",
        "entitlements",
        "admin",
        "plan",
        "tier",
        "subscription",
    }
)


@action_rule(severity=Severity.ERROR, needs=ASKING, since="0.1.0", source=ACTION_METADATA)
def action_trusts_any_answer(transcript: Transcript) -> Iterator[Comparison]:
    """The Action stores another user's metadata from the legacy system.

    ## Why this matters
    A cache, a proxy or a search that returns the first hit responds with another user. The Action then gives this user
    the other user's roles.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy sound {} -> done
        request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "free"}
        api user.setAppMetadata("plan", "free")
        run persist of ada in first-log-in legacy invalid: somebody-else {} -> done
        request GET "https://legacy.example.com/users/7" -> 200 with {"id": "8", "plan": "full"}
        api user.setAppMetadata("plan", "full")

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy sound {} -> done
        request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "free"}
        api user.setAppMetadata("plan", "free")
        run persist of ada in first-log-in legacy invalid: somebody-else {} -> done
        request GET "https://legacy.example.com/users/7" -> 200 with {"id": "8", "plan": "full"}

    ## How to fix
    Compare the id in the response with the requested one, and ignore any other response.
    """
    runs = observed_runs(transcript)
    payload = payload_of(runs)
    for seen in runs:
        if seen.run.legacy is not LegacyState.SOMEBODY_ELSE or not seen.asked or not payload:
            continue
        stored = [key for key in payload if seen.writes.get(key) is not None]
        for key in stored:
            message = f"{'.'.join(key)} was stored from another user's response; compare the id in the response"
            yield Violation(message, seen.evidence, path=".".join(key), got=json_text(seen.writes[key]))
        if not stored:
            yield Held(seen.evidence)


@action_rule(severity=Severity.ERROR, needs=RUNNING, since="0.1.0", source=ACTION_LIMITS)
def action_stores_invalid_metadata(transcript: Transcript) -> Iterator[Comparison]:
    """The Action sets metadata that Auth0 does not store, or values that are not metadata.

    ## Why this matters
    Auth0 rejects reserved names, keys with a dot or a dollar sign, and more than 32 kB in one session, so the metadata
    is lost. A value of an unexpected type, such as an HTML page instead of an object, breaks the applications that read
    it.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy invalid: dotted-keys {} -> done
        api user.setAppMetadata("sub", {"a.b": 1})

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy invalid: dotted-keys {} -> done
        api user.setAppMetadata("sub", {"a": 1})

    ## How to fix
    Take only values with a known name and type from the response.
    """
    runs = observed_runs(transcript)
    sound = next(iter(sound_first_runs(runs)), None)
    expected = {} if sound is None else {key: sound.writes[key] for key in payload_of(runs)}
    for seen in runs:
        found = list(_problems(seen, expected))
        for key, problem in found:
            yield Violation(problem, seen.evidence, path=".".join(key))
        if seen.writes and not found:
            yield Held(seen.evidence)


def _problems(seen: ObservedRun, expected: Mapping[MetadataKey, Value]) -> Iterator[tuple[MetadataKey, str]]:
    for key, value in seen.writes.items():
        kind, name = key
        if kind == "app_metadata" and name in RESERVED_APP_METADATA:
            yield key, f"{kind}.{name} is a name that Auth0 reserves; choose another name"
        for problem in metadata_key_problems({name: value}, kind):
            yield key, f"{problem} is a key with a dot or a dollar sign, which Auth0 rejects; rename it"
        if _is_no_json(value):
            yield key, f"{kind}.{name} was set to a value that is not JSON; set JSON values only"
        elif isinstance(value, Mapping) and value.keys() >= _RESPONSE:
            yield key, f"{kind}.{name} is a whole response object; set the values in its body"
        elif _is_another_kind(seen, value, expected.get(key)):
            usual = _type_of(expected[key])
            yield (
                key,
                f"{kind}.{name} was set to {_type_of(value)}, but to {usual} after a valid response; check the type",
            )
    for kind in ("app_metadata", "user_metadata"):
        size = json_size({name: value for (of, name), value in seen.writes.items() if of == kind})
        if size > _MOST_BYTES:
            yield (kind, ""), f"the Action set more than {_MOST_BYTES:,} bytes of {kind} in one session; set less"


def _is_another_kind(seen: ObservedRun, value: Value, expected: Value) -> bool:
    is_comparable = seen.run.legacy is not None and seen.run.legacy.family == _INVALID
    return is_comparable and None not in (value, expected) and _type_of(value) != _type_of(expected)


def _type_of(value: Value) -> str:
    """Return the JSON type of a value, in words."""
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str() | Special():
            return "a string"
        case Mapping():
            return "an object"
        case _:
            return "an array"


def _is_no_json(value: Value) -> bool:
    if isinstance(value, Mapping):
        return any(map(_is_no_json, value.values()))
    if isinstance(value, list):
        return any(map(_is_no_json, value))
    return isinstance(value, Special) and not value.is_cut


@action_rule(severity=Severity.WARNING, needs=RUNNING, since="0.1.0", source=ACTION_API)
def action_grants_from_user_metadata(transcript: Transcript) -> Iterator[Comparison]:
    """The Action puts roles or permissions into `user_metadata`, which users can change themselves.

    ## Why this matters
    An application may let users write their `user_metadata` with their own token. An application that reads roles from
    there lets every user choose their own.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy sound {} -> done
        api user.setUserMetadata("roles", ["admin"])

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy sound {} -> done
        api user.setAppMetadata("roles", ["admin"])
        api user.setUserMetadata("theme", "dark")

    ## How to fix
    Set roles, permissions, plans and similar values with `api.user.setAppMetadata`.
    """
    for seen in observed_runs(transcript):
        written = {name: value for (kind, name), value in seen.writes.items() if kind == "user_metadata"}
        granting = [name for name in written if _grants(name, written[name])]
        for name in granting:
            message = f"user_metadata.{name} grants rights that the user can change; set it in app_metadata"
            yield Violation(message, seen.evidence, path=f"user_metadata.{name}")
        if seen.writes and not granting:
            yield Held(seen.evidence)


def _grants(name: str, value: Value) -> bool:
    """Tell whether a key, or one inside its value, names roles or permissions."""
    if value is None:
        return False
    if any(word.lower() in _RIGHTS for word in _WORD.findall(name)):
        return True
    return isinstance(value, Mapping) and any(_grants(key, item) for key, item in value.items())


@action_rule(severity=Severity.ERROR, needs=RUNNING, since="0.1.0", source=ACTION_API)
def action_writes_too_late(transcript: Transcript) -> Iterator[Comparison]:
    """The Action sets metadata, or still waits for a request, after its handler has returned.

    ## Why this matters
    Auth0 writes the metadata once, when the handler's promise is resolved. Values that are set later, in a callback or
    a promise that is not awaited, are lost without an error.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy sound {} -> done
        request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
        api user.setAppMetadata("plan", "full") late

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy sound {} -> done
        request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
        api user.setAppMetadata("plan", "full")

    ## How to fix
    `await` every promise in the handler, and turn functions with callbacks into promises.
    """
    for seen in observed_runs(transcript):
        late = next((call for call in seen.set_calls if call.late), None)
        # A request without a response may be abandoned, for example by a timeout that does not abort the client.
        is_running = seen.outcome.noticed(Noticed.STILL_RUNNING) and seen.run.legacy not in NO_ANSWER
        asks_late = any(request.late for request in seen.asked) or seen.outcome.noticed(Noticed.LATE_REQUEST)
        if late is not None:
            message = f"the Action called {late.path} after its handler had returned; await every promise"
            yield Violation(message, (seen.run, late), path=late.path)
        elif (is_running or asks_late) and seen.is_done:
            message = "a request of the Action was pending after its handler had returned; await every promise"
            yield Violation(message, seen.evidence, severity=Severity.WARNING, path="request")
        elif seen.is_done:
            yield Held((seen.run,))
