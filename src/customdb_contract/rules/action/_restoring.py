"""Whether an Action restores what is missing, once, and leaves alone what is there."""

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
    """The Action does not put metadata on a user who lacks them, although the legacy system answers with them.

    ## Why this matters
    A user whose migration was interrupted has no metadata in Auth0, and no script runs for that user again. Without a
    repair they are lost for good, and what depends on them, such as roles or a plan, is gone.

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
    Where the metadata are missing, ask the legacy system, and set them with `api.user.setAppMetadata` and
    `api.user.setUserMetadata` before the handler returns. `restores` in `[action]` names the paths that must be there.
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
                yield Violation(f"{path} is not there after the log-in", seen.evidence, path=path)
        elif is_first and not wanted and not payload:
            yield Violation(_nothing(seen), seen.evidence, path="metadata")
        else:
            yield Held(seen.evidence)


def _nothing(seen: ObservedRun) -> str:
    if not seen.is_done:
        return f"the run ended with {seen.outcome.ending}, and no metadata were set"
    if not seen.writes:
        return "no metadata were set, although the legacy system answered with some"
    return "what was set is the same as where the legacy system has no metadata, so none of them were restored"


@action_rule(severity=Severity.WARNING, needs=ASKING, since="0.1.0", source=ACTION_GUIDELINES)
def action_repeats_request(transcript: Transcript) -> Iterator[Comparison]:
    """The Action asks the legacy system again at the next log-in, although it has restored the metadata.

    ## Why this matters
    An Action runs at every log-in. A request each time makes every log-in wait for the legacy system, and depend on it
    for as long as the Action is there.

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
    Return at once where the metadata, or a marker that the Action sets beside them, are there.
    """
    for earlier, later in _restored(observed_runs(transcript)):
        if later.asks:
            message = "the legacy system is asked again at a later log-in, though the metadata were restored"
            yield Violation(message, (earlier.run, *later.evidence), path="requests")
        else:
            yield Held((earlier.run, later.run))


def _restored(runs: Sequence[ObservedRun]) -> Iterator[tuple[ObservedRun, ObservedRun]]:
    """Yield each later log-in of a user whose metadata were restored, behind the run that restored them."""
    for earlier, later in followed_runs(runs):
        is_later = later.run.situation in {RunSituation.LATER_LOG_IN, RunSituation.EDITED_METADATA}
        if is_later and earlier.run.legacy is LegacyState.SOUND and earlier.writes:
            yield earlier, later


@action_rule(severity=Severity.WARNING, needs=ASKING, since="0.1.0", source=ACTION_METADATA)
def action_takes_falsy_for_missing(transcript: Transcript) -> Iterator[Comparison]:
    """The Action takes metadata whose value is `false`, `0` or an empty text for missing.

    ## Why this matters
    `if (event.user.app_metadata.newsletter)` is false for a user who unsubscribed. The Action asks for that user at
    every log-in, and overwrites what Auth0 has.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in falsy-metadata: zero legacy sound {"user": {"app_metadata": {"level": 0}}} -> done
        request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7", "level": 3}
        api user.setAppMetadata("level", 3)

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in falsy-metadata: zero legacy sound {"user": {"app_metadata": {"level": 0}}} -> done

    ## How to fix
    Look whether the key is there, as with `"level" in event.user.app_metadata`, or for a marker.
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
            # What is replaced whatever it is, is not taken for missing.
            if key not in replaced:
                message = f"{_named(key)} is overwritten where its value is {value}"
                yield Violation(message, seen.evidence, path=_named(key), got=json_text(seen.writes[key]))
        if overwritten or (asks_again and always_asks):
            continue
        if asks_again and later is not None:
            message = f"the legacy system is asked at every log-in where the value is {value}"
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
    """The Action asks the legacy system again for a user of whom that knows nothing, at each log-in.

    ## Why this matters
    Users who signed up after the migration began are not in the legacy system, and others never had metadata. For each
    of them every log-in costs a request, for ever. `api.cache` does not help: it lasts 24 hours at the most, and
    another container has another one.

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
    Set a marker in `app_metadata` also when the legacy system knew nothing, and return at once where it is there.
    """  # noqa: E501 - one record is one line
    for earlier, later in followed_runs(observed_runs(transcript)):
        if earlier.run.legacy not in _EMPTY or later.run.legacy is not earlier.run.legacy or not earlier.asks:
            continue
        if earlier.denial is not None or not earlier.is_done:
            # Who was not let in may be asked for again.
            continue
        if later.asks:
            message = (
                f"the legacy system is asked again at the next log-in, though it had answered: {earlier.run.legacy}"
            )
            yield Violation(message, (*earlier.evidence, *later.evidence), path=str(earlier.run.legacy))
        else:
            yield Held((earlier.run, later.run))


@action_rule(severity=Severity.ERROR, needs=RUNNING, since="0.1.0", source=ACTION_API)
def action_not_idempotent(transcript: Transcript) -> Iterator[Comparison]:
    """Two runs of the Action leave other metadata than one.

    ## Why this matters
    A user may log in twice at the same time, in two browsers or tabs, and Auth0 runs the Action for each log-in. Where
    a run adds to what it finds, an array grows, or a counter is wrong.

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
    Compute each value from the answer of the legacy system alone, never from what the user has, and set it only where
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
        # What a run does not set stays what it was, or the other one of two at once sets it.
        after = {key: seen.writes[key] for key in expected if key in seen.writes}
        differing = [key for key in after if not agrees(expected[key], after[key])]
        for key in differing:
            message = f"{_named(key)} has another value after two runs than after one"
            evidence = (*first.evidence, *seen.evidence)
            wanted, got = json_text(expected[key]), json_text(after[key])
            yield Violation(message, evidence, path=_named(key), expected=wanted, got=got)
        if not differing:
            yield Held((first.run, seen.run))


def _is_plain_later(seen: ObservedRun) -> bool:
    return seen.run.situation is RunSituation.LATER_LOG_IN and seen.is_done


@action_rule(severity=Severity.ERROR, needs=RUNNING, since="0.1.0", source=ACTION_API)
def action_overwrites_metadata(transcript: Transcript) -> Iterator[Comparison]:
    """The Action replaces metadata that the user has in Auth0.

    ## Why this matters
    An administrator took a role away, or the user changed a setting, after the migration. The Action brings the old
    value back. A first-level key is replaced whole: setting one member of an object removes the others.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in edited-metadata legacy sound {"user": {"app_metadata": {"roles": []}}} -> done
        api user.setAppMetadata("roles", ["a"])

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in edited-metadata legacy sound {"user": {"app_metadata": {"roles": []}}} -> done
        api user.setAppMetadata("seen", true)

    ## How to fix
    Set only first-level keys that the user does not have, in `app_metadata` and in `user_metadata`.
    """
    runs = observed_runs(transcript)
    before = {later.run.number: earlier.metadata_after for earlier, later in followed_runs(runs)}
    for seen in runs:
        if seen.run.situation not in {RunSituation.EDITED_METADATA, RunSituation.PARTIAL_METADATA}:
            continue
        edited = _edited(seen.metadata_before, before.get(seen.run.number, {}))
        changed = [key for key in _changed(seen) if key in edited]
        for key in changed:
            message = f"{_named(key)} is in Auth0 already, and is replaced"
            was, now = json_text(edited[key]), json_text(seen.writes[key])
            yield Violation(message, seen.evidence, path=_named(key), expected=was, got=now)
        if not changed and edited:
            yield Held(seen.evidence)


def _edited(metadata: Mapping[MetadataKey, Value], before: Mapping[MetadataKey, Value]) -> Mapping[MetadataKey, Value]:
    """Return the metadata that have another value than an earlier run left."""
    return {key: value for key, value in metadata.items() if canonical(value) != canonical(before.get(key))}


def _changed(seen: ObservedRun) -> list[MetadataKey]:
    """Return which of the metadata that the user had a run gives another value, or removes."""
    had = seen.metadata_before
    return [key for key, value in seen.writes.items() if key in had and canonical(value) != canonical(had[key])]
