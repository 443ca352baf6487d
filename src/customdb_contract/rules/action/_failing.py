"""Log-ins must continue whatever the state of the legacy system and the event."""

from collections.abc import Iterator
from typing import Final

from customdb_contract._pages import ACTION_API, ACTION_EVENT, ACTION_GUIDELINES
from customdb_contract.findings import Held, Severity, Violation
from customdb_contract.rules._rule import Comparison
from customdb_contract.rules.action._about import (
    ASKING,
    NO_ANSWER,
    RUNNING,
    action_rule,
)
from customdb_contract.transcript import (
    Ending,
    LegacyState,
    ObservedRun,
    RunSituation,
    Transcript,
    followed_runs,
    observed_runs,
    payload_of,
    sound_first_runs,
)

_OUTAGE: Final = "outage"
_BROKEN: Final = frozenset({Ending.RAISED, Ending.DIED})


def _ended(seen: ObservedRun) -> str:
    outcome = seen.outcome
    if outcome.ending is Ending.RAISED:
        return f"the Action threw {'an error' if outcome.raised is None else outcome.raised.name}"
    return "the Action ended its process" if outcome.ending is Ending.DIED else "the Action timed out"


def _is_required(transcript: Transcript) -> bool:
    return transcript.header.action is not None and transcript.header.action.metadata_required


@action_rule(severity=Severity.ERROR, needs=RUNNING, since="0.1.0", source=ACTION_GUIDELINES)
def action_fails_on_outage(transcript: Transcript) -> Iterator[Comparison]:
    """No user can log in during an outage of the legacy system.

    ## Why this matters
    The user is in Auth0, with a password, so the log-in does not need the legacy system. An Action that throws, or
    denies the log-in, turns every outage of the old system into an outage of the new one.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy outage: 500 {} -> raised Error "Request failed with status code 500"
        request GET "https://legacy.example.com/users/7" -> 500

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy outage: 500 {} -> done
        request GET "https://legacy.example.com/users/7" -> 500

    ## How to fix
    Catch every error of the request and of reading its response. Then return without a marker, so that the next log-in
    tries again. Deny the log-in only if `metadata_required` declares that no user may log in without metadata.
    """
    for seen in observed_runs(transcript):
        if seen.run.legacy is None or seen.run.legacy.family != _OUTAGE:
            continue
        if seen.run.legacy in NO_ANSWER and seen.outcome.ending is Ending.TIMED_OUT:
            # action-without-timeout reports how long it waits.
            continue
        if not seen.is_done:
            message = f"{_ended(seen)} in an outage of the legacy system ({seen.run.legacy}); let the log-in continue"
            yield Violation(message, seen.evidence, path=str(seen.run.legacy))
        elif seen.denial is not None and not _is_required(transcript):
            message = (
                f"the Action denied the log-in in an outage of the legacy system ({seen.run.legacy}); "
                "let the log-in continue"
            )
            yield Violation(message, (*seen.evidence, seen.denial), path=str(seen.run.legacy))
        else:
            yield Held(seen.evidence)


@action_rule(severity=Severity.ERROR, needs=ASKING, since="0.1.0", source=ACTION_GUIDELINES)
def action_marks_after_outage(transcript: Transcript) -> Iterator[Comparison]:
    """After an outage of the legacy system, the Action never requests the user's metadata again.

    ## Why this matters
    An Action that treats a failed request as "no metadata", and remembers that, makes the loss permanent.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy outage: 500 {} -> done
        request GET "https://legacy.example.com/users/7" -> 500
        api user.setAppMetadata("seen", true)
        run persist of ada in later-log-in legacy sound follows 1 {"user": {"app_metadata": {"seen": true}}} -> done

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy outage: 500 {} -> done
        request GET "https://legacy.example.com/users/7" -> 500
        run persist of ada in later-log-in legacy sound follows 1 {} -> done
        request GET "https://legacy.example.com/users/7" -> 200 with {"id": "7"}

    ## How to fix
    Set the marker only after a valid response of the legacy system: with metadata, or without any.
    """
    for earlier, later in followed_runs(observed_runs(transcript)):
        state = earlier.run.legacy
        if state is None or state.family != _OUTAGE or later.run.legacy is not LegacyState.SOUND or not earlier.asks:
            continue
        if later.asks:
            yield Held((earlier.run, later.run))
        else:
            message = (
                f"after an outage ({state}) the Action did not query the legacy system again at the next log-in; "
                "set the marker only after a valid response"
            )
            yield Violation(message, (*earlier.evidence, *later.evidence), path=str(state))


@action_rule(severity=Severity.ERROR, needs=RUNNING, since="0.1.0", source=ACTION_API)
def action_denies_login(transcript: Transcript) -> Iterator[Comparison]:
    """The Action denies the log-in of a user, although metadata is not declared as required.

    ## Why this matters
    The Action is there to repair metadata, but it locks out a user with the right password. A denial ends the flow, so
    later Actions don't run either, and it does not undo what was set.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy no-such-user {} -> done
        request GET "https://legacy.example.com/users/7" -> 404
        api access.deny("unknown to the shop")

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy no-such-user {} -> done
        request GET "https://legacy.example.com/users/7" -> 404

    ## How to fix
    Let the user log in. If no user may log in without metadata, set `metadata_required = true` in `[action]`, and deny
    only users of the connection who have none.
    """
    runs = observed_runs(transcript)
    payload = payload_of(runs)
    for seen in runs:
        if seen.run.legacy is not None and seen.run.legacy.family == _OUTAGE:
            continue
        is_elsewhere = seen.run.situation.family == "other-connection"
        has_metadata = bool(payload) and all(key in seen.metadata_before for key in payload)
        if seen.denial is None:
            yield Held((seen.run,))
        elif is_elsewhere or has_metadata or not _is_required(transcript):
            when = f"{seen.run.situation}, legacy system: {seen.run.legacy}"
            message = f"the Action denied the log-in ({when}); let the user log in"
            yield Violation(message, (*seen.evidence, seen.denial), path=str(seen.run.situation))


@action_rule(severity=Severity.ERROR, needs=RUNNING, since="0.1.0", source=ACTION_EVENT)
def action_needs_optional_fields(transcript: Transcript) -> Iterator[Comparison]:
    """The Action fails if the event lacks optional fields.

    ## Why this matters
    Every user has a `user_id`, and nothing else is certain. `event.user.app_metadata.plan` throws for a user without
    `app_metadata`, and no such user can log in.

    ## Violates
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy sound {"user": {"app_metadata": {}}} -> done
        api user.setAppMetadata("plan", "full")
        run persist of ada in minimal-event legacy sound {} -> raised TypeError "no app_metadata"

    ## Conforms
        person ada email=ada@example.com
        run persist of ada in first-log-in legacy sound {"user": {"app_metadata": {}}} -> done
        api user.setAppMetadata("plan", "full")
        run persist of ada in minimal-event legacy sound {} -> done

    ## How to fix
    Check each part before you read it: `event.user.app_metadata?.plan`, `event.user.identities ?? []`.
    """
    runs = observed_runs(transcript)
    if not any(seen.is_done for seen in sound_first_runs(runs)):
        return
    for seen in runs:
        if seen.run.situation is not RunSituation.MINIMAL_EVENT:
            continue
        if seen.outcome.ending in _BROKEN:
            raised = seen.outcome.raised
            got = None if raised is None else raised.message
            message = f"{_ended(seen)} for a minimal event; check optional fields before you read them"
            yield Violation(message, seen.evidence, path="event", got=got)
        elif seen.is_done:
            yield Held(seen.evidence)
