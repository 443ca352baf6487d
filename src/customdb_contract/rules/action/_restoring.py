"""An Action must restore missing metadata, once, and leave existing metadata alone."""

from collections.abc import Iterator, Mapping, Sequence

from customdb_contract._pages import ACTION_API, ACTION_GUIDELINES, ACTION_METADATA
from customdb_contract.findings import Held, Severity, Violation
from customdb_contract.rules._rule import Comparison
from customdb_contract.rules.action._about import ASKING, RUNNING, action_rule
from customdb_contract.transcript import (
    LegacyState,
    MetadataKey,
    ObservedRun,
    RunSituation,
    Transcript,
    Value,
    agrees,
    canonical,
    followed_runs,
    json_text,
    observed_runs,
    payload_of,
    sound_first_runs,
    stable_writes,
)

_EMPTY = (LegacyState.NO_SUCH_USER, LegacyState.NO_METADATA)


def _named(key: MetadataKey) -> str:
    return ".".join(key)


@action_rule(
    severity=Severity.ERROR, needs=RUNNING, yields_to=("action-writes-too-late",), since="0.1.0", source=ACTION_METADATA
)
def action_restores_nothing(transcript: Transcript) -> Iterator[Comparison]:
    """The Action does not restore a user's missing metadata, although the legacy system returns it.

    ## Why this matters
    A user whose migration was interrupted has no metadata in Auth0, and no script runs for that user again. Without a
    repair it is lost for good, and with it everything that depends on it, such as roles or a plan.

    ## Violates
        action persist restores=app_metadata.plan
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy sound {} -> done
        request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}

    ## Conforms
        action persist restores=app_metadata.plan
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy sound {} -> done
        request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
        api user.setAppMetadata("plan", "full")

    ## How to fix
    If the metadata is missing, query the legacy system, and set it with `api.user.setAppMetadata` and
    `api.user.setUserMetadata` before the handler returns. `restores` in `[action]` lists the required paths.
    """
    runs = observed_runs(transcript)
    wanted = () if transcript.header.action is None else transcript.header.action.restores
    first, payload = {seen.run.number for seen in sound_first_runs(runs)}, payload_of(runs)
    for seen in runs:
        is_first = seen.run.number in first
        if not is_first and (seen.run.situation is not RunSituation.PARTIAL_METADATA or not wanted):
            continue
        missing = [path for path in wanted if not seen.has(path)]
        if missing:
            for path in missing:
                yield Violation(f"{path} is missing after the log-in; restore it", seen.evidence, path=path)
        elif is_first and not wanted and not payload:
            yield Violation(_nothing(seen), seen.evidence, path="metadata")
        else:
            yield Held(seen.evidence)


def _nothing(seen: ObservedRun) -> str:
    if not seen.is_done:
        return f"the run ended with {seen.outcome.ending}, and the Action set no metadata"
    if not seen.writes:
        return "the Action set no metadata, although the legacy system returned some; restore it"
    return "the Action set the same values as without legacy metadata, so it restored nothing; set the legacy values"


@action_rule(severity=Severity.WARNING, needs=ASKING, since="0.1.0", source=ACTION_GUIDELINES)
def action_repeats_request(transcript: Transcript) -> Iterator[Comparison]:
    """The Action queries the legacy system again at the next log-in, although it has restored the metadata.

    ## Why this matters
    An Action runs at every log-in. With a request each time, every log-in waits for the legacy system and depends on it
    for as long as the Action is deployed.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy sound {} -> done
        request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
        api user.setAppMetadata("plan", "full")
        run persist of ada in later-log-in legacy sound follows 1 {"user": {"app_metadata": {"plan": "full"}}} -> done
        request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy sound {} -> done
        request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "plan": "full"}
        api user.setAppMetadata("plan", "full")
        run persist of ada in later-log-in legacy sound follows 1 {"user": {"app_metadata": {"plan": "full"}}} -> done

    ## How to fix
    Return at once if the metadata, or a marker that the Action sets with it, is there.
    """
    for earlier, later in _restored(observed_runs(transcript)):
        if later.asks:
            message = (
                "the Action queried the legacy system again at a later log-in, although the metadata was restored; "
                "return early"
            )
            yield Violation(message, (earlier.run, *later.evidence), path="requests")
        else:
            yield Held((earlier.run, later.run))


def _restored(runs: Sequence[ObservedRun]) -> Iterator[tuple[ObservedRun, ObservedRun]]:
    """Yield each later log-in of a user whose metadata was restored, after the run that restored it."""
    for earlier, later in followed_runs(runs):
        is_later = later.run.situation in {RunSituation.LATER_LOG_IN, RunSituation.EDITED_METADATA}
        if is_later and earlier.run.legacy is LegacyState.SOUND and earlier.writes:
            yield earlier, later


@action_rule(severity=Severity.WARNING, needs=ASKING, since="0.1.0", source=ACTION_METADATA)
def action_takes_falsy_for_missing(transcript: Transcript) -> Iterator[Comparison]:
    """The Action treats metadata with the value `false`, `0` or an empty text as missing.

    ## Why this matters
    `if (event.user.app_metadata.newsletter)` is false for a user who unsubscribed. The Action queries the legacy system
    for that user at every log-in, and overwrites the value in Auth0.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in falsy-metadata: zero legacy sound {"user": {"app_metadata": {"level": 0}}} -> done
        request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "level": 3}
        api user.setAppMetadata("level", 3)

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in falsy-metadata: zero legacy sound {"user": {"app_metadata": {"level": 0}}} -> done

    ## How to fix
    Check whether the key exists, as with `"level" in event.user.app_metadata`, or check a marker.
    """
    runs = observed_runs(transcript)
    later_of = {earlier.run.number: later for earlier, later in followed_runs(runs)}
    edited = (seen for seen in runs if seen.run.situation is RunSituation.EDITED_METADATA)
    replaced = {key for seen in edited for key in _changed(seen)}
    always_asks = any(later.asks for _, later in _restored(runs))
    for seen in runs:
        if seen.run.situation.family != "falsy-metadata":
            continue
        value = seen.run.situation.partition(": ")[2]
        overwritten = [key for key in _changed(seen) if not seen.metadata_before[key]]
        later = later_of.get(seen.run.number)
        asks_again = seen.asks and later is not None and later.asks
        for key in overwritten:
            # A key that is replaced whatever its value is not treated as missing.
            if key not in replaced:
                message = f"the Action overwrote {_named(key)} when its value was {value}; check whether the key exists"
                yield Violation(message, seen.evidence, path=_named(key), got=json_text(seen.writes[key]))
        if overwritten or (asks_again and always_asks):
            continue
        if asks_again and later is not None:
            message = (
                f"the Action queried the legacy system at every log-in when the value was {value}; "
                "check whether the key exists"
            )
            yield Violation(message, (seen.run, *later.evidence), path="requests")
        elif seen.run.follows is None:
            yield Held((seen.run,))


@action_rule(
    severity=Severity.WARNING,
    needs=ASKING,
    yields_to=("action-writes-too-late",),
    since="0.1.0",
    source=ACTION_GUIDELINES,
)
def action_forgets_empty_answer(transcript: Transcript) -> Iterator[Comparison]:
    """The Action queries the legacy system at each log-in for a user without legacy metadata.

    ## Why this matters
    Users who signed up after the migration began are not in the legacy system, and others never had metadata. Each of
    their log-ins costs a request, forever. `api.cache` does not help: it lasts 24 hours at most, and each container has
    its own.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy no-such-user {} -> done
        request GET "https://legacy.example.com/users/7" -> 404
        run persist of ada in later-log-in legacy no-such-user follows 1 {} -> done
        request GET "https://legacy.example.com/users/7" -> 404

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy no-such-user {} -> done
        request GET "https://legacy.example.com/users/7" -> 404
        api user.setAppMetadata("seen", true)
        run persist of ada in later-log-in legacy no-such-user follows 1 {"user": {"app_metadata": {"seen": true}}} -> done

    ## How to fix
    Set a marker in `app_metadata` even if the legacy system returned nothing, and return at once if it is there.
    """  # noqa: E501 - one record is one line
    for earlier, later in followed_runs(observed_runs(transcript)):
        if earlier.run.legacy not in _EMPTY or later.run.legacy is not earlier.run.legacy or not earlier.asks:
            continue
        if earlier.denial is not None or not earlier.is_done:
            # A user whose log-in failed may be looked up again.
            continue
        if later.asks:
            message = (
                "the Action queried the legacy system again at the next log-in, although it had responded with "
                f"{earlier.run.legacy}; set a marker"
            )
            yield Violation(message, (*earlier.evidence, *later.evidence), path=str(earlier.run.legacy))
        else:
            yield Held((earlier.run, later.run))


@action_rule(severity=Severity.ERROR, needs=RUNNING, since="0.1.0", source=ACTION_API)
def action_not_idempotent(transcript: Transcript) -> Iterator[Comparison]:
    """Two runs of the Action leave different metadata than one.

    ## Why this matters
    A user may log in twice at the same time, in two browsers or tabs, and Auth0 runs the Action for each log-in. If a
    run adds to existing values, an array grows, or a counter is wrong.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy sound {} -> done
        api user.setAppMetadata("roles", ["a"])
        run persist of ada in later-log-in legacy sound follows 1 {"user": {"app_metadata": {"roles": ["a"]}}} -> done
        api user.setAppMetadata("roles", ["a", "a"])

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy sound {} -> done
        api user.setAppMetadata("roles", ["a"])
        run persist of ada in later-log-in legacy sound follows 1 {"user": {"app_metadata": {"roles": ["a"]}}} -> done
        api user.setAppMetadata("roles", ["a"])

    ## How to fix
    Compute each value from the legacy system's response alone, never from the user's current values, and set it only if
    it is missing.
    """
    runs = observed_runs(transcript)
    expected = stable_writes(runs)
    first = next(iter(sound_first_runs(runs)), None)
    if first is None or not expected:
        return
    repeated = [later for earlier, later in followed_runs(runs) if earlier is first and _is_plain_later(later)]
    at_once = [seen for seen in runs if seen.run.situation is RunSituation.AT_ONCE and seen.is_done]
    for seen in (*repeated, *at_once):
        # A value that a run does not set keeps its value, or the other of two simultaneous runs sets it.
        after = {key: seen.writes[key] for key in expected if key in seen.writes}
        differing = [key for key in after if not agrees(expected[key], after[key])]
        for key in differing:
            message = f"{_named(key)} has another value after two runs than after one; compute it from the response"
            evidence = (*first.evidence, *seen.evidence)
            wanted, got = json_text(expected[key]), json_text(after[key])
            yield Violation(message, evidence, path=_named(key), expected=wanted, got=got)
        if not differing:
            yield Held((first.run, seen.run))


def _is_plain_later(seen: ObservedRun) -> bool:
    return seen.run.situation is RunSituation.LATER_LOG_IN and seen.is_done


@action_rule(severity=Severity.ERROR, needs=RUNNING, since="0.1.0", source=ACTION_API)
def action_overwrites_metadata(transcript: Transcript) -> Iterator[Comparison]:
    """The Action replaces metadata that the user already has in Auth0.

    ## Why this matters
    After the migration, an administrator revoked a role, or the user changed a setting. The Action brings the old value
    back. A first-level key is replaced as a whole: setting one member of an object removes the others.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in edited-metadata legacy sound {"user": {"app_metadata": {"roles": []}}} -> done
        api user.setAppMetadata("roles", ["a"])

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in edited-metadata legacy sound {"user": {"app_metadata": {"roles": []}}} -> done
        api user.setAppMetadata("seen", true)

    ## How to fix
    Set only first-level keys that the user lacks, in `app_metadata` and in `user_metadata`.
    """
    runs = observed_runs(transcript)
    before = {later.run.number: earlier.metadata_after for earlier, later in followed_runs(runs)}
    for seen in runs:
        if seen.run.situation not in {RunSituation.EDITED_METADATA, RunSituation.PARTIAL_METADATA}:
            continue
        edited = _edited(seen.metadata_before, before.get(seen.run.number, {}))
        changed = [key for key in _changed(seen) if key in edited]
        for key in changed:
            message = f"the Action replaced {_named(key)}, which was already in Auth0; set only missing keys"
            was, now = json_text(edited[key]), json_text(seen.writes[key])
            yield Violation(message, seen.evidence, path=_named(key), expected=was, got=now)
        if not changed and edited:
            yield Held(seen.evidence)


def _edited(metadata: Mapping[MetadataKey, Value], before: Mapping[MetadataKey, Value]) -> Mapping[MetadataKey, Value]:
    """Return the metadata that differs from what an earlier run left."""
    return {key: value for key, value in metadata.items() if canonical(value) != canonical(before.get(key))}


def _changed(seen: ObservedRun) -> list[MetadataKey]:
    """Return the keys of the user's metadata that a run changes or removes."""
    had = seen.metadata_before
    return [key for key, value in seen.writes.items() if key in had and canonical(value) != canonical(had[key])]
