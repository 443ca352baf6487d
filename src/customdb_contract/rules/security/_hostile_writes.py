"""Proof that a hostile identifier changed another user."""

from collections.abc import Iterator
from typing import Final

from attrs import field, frozen

from customdb_contract.contract import Script
from customdb_contract.findings import Held, Violation
from customdb_contract.rules._rule import Comparison
from customdb_contract.rules._sightings import is_denial
from customdb_contract.transcript import UNKNOWN, Ending, Exchange, Situation, Transcript, canonical

__all__ = ["READING", "judge_hostile_writes"]

READING: Final = (Script.LOGIN, Script.GET_USER)

_HARM: Final = {
    Script.VERIFY: "verified another user's e-mail",
    Script.CHANGE_PASSWORD: "changed another user's password",
    Script.CHANGE_EMAIL: "changed another user's e-mail",
    Script.DELETE: "deleted another user",
}
_NO_ANSWER: Final = frozenset({Ending.TIMED_OUT, Ending.DIED})
_REFUSED: Final = frozenset({Ending.DECLINED, Ending.FAILED})


@frozen
class _Attempt:
    """Hostile writes of one script and one kind, with the look-ups of users before and after.

    Args:
        writes: The writes.
        before: The look-ups just before, by script, user and arguments.
        after: The look-ups after them, up to the next write.
    """

    writes: list[Exchange]
    before: dict[tuple[str, ...], Exchange] = field(factory=dict[tuple[str, ...], Exchange])
    after: list[Exchange] = field(factory=list[Exchange])

    @property
    def kind(self) -> tuple[Script, Situation]:
        return self.writes[0].script, self.writes[0].situation


def judge_hostile_writes(transcript: Transcript, situation: Situation, what: str, advice: str) -> Iterator[Comparison]:
    """Judge the writes of a situation: no user has such an identifier, so no user may change.

    A store may have lost its users because a call ended its process, so missing users then prove nothing.

    Args:
        transcript: The transcript.
        situation: The situation.
        what: The identifier, in the words of the message.
        advice: The advice, in the words of the message.
    """
    for attempt in _attempts(transcript):
        script, tried = attempt.kind
        if tried is not situation:
            continue
        done = [write for write in attempt.writes if write.ending is Ending.DONE]
        harmed = next(_harmed(attempt), None)
        if harmed is not None:
            before, after = harmed
            message = f"{script} {_HARM[script]} for {what} as the identifier; {advice}"
            yield Violation(
                message,
                (before, *(done or attempt.writes), after),
                script=script,
                path="identifier",
                expected="no change",
                got="another user",
            )
        elif done and _refuses_strangers(transcript, script):
            message = (
                f"{script} reported success for {what} as the identifier, but refuses other unknown users; {advice}"
            )
            yield Violation(message, tuple(done), path="identifier", expected="a refusal", got=Ending.DONE)
        elif attempt.after:
            yield Held((*attempt.writes, *attempt.after))


def _attempts(transcript: Transcript) -> Iterator[_Attempt]:
    current: _Attempt | None = None
    seen: dict[tuple[str, ...], Exchange] = {}
    for exchange in transcript.judged:
        family, is_look = exchange.situation.family, exchange.script in READING
        if is_look and family == "writing" and exchange.person != UNKNOWN:
            if current is not None:
                current.after.append(exchange)
            seen[_key(exchange)] = exchange
        elif not is_look:
            is_further = current is not None and not current.after
            if current is not None and is_further and current.kind == (exchange.script, exchange.situation):
                current.writes.append(exchange)
                continue
            if current is not None:
                yield current
            is_hostile = family == "hostile"
            # Look-ups before a write without look-ups afterwards prove nothing about the next write.
            current = _Attempt([exchange], {} if is_further else dict(seen)) if is_hostile else None
            seen = {}
    if current is not None:
        yield current


def _key(look: Exchange) -> tuple[str, ...]:
    return (look.script, look.person, *map(canonical, look.arguments))


def _harmed(attempt: _Attempt) -> Iterator[tuple[Exchange, Exchange]]:
    """Yield the look-ups before and after of each user who changed in between."""
    if any(write.ending in _NO_ANSWER for write in attempt.writes):
        return
    script, _ = attempt.kind
    for after in attempt.after:
        before = attempt.before.get(_key(after))
        if before is None or before.profile is None:
            continue
        if script is Script.VERIFY:
            flags = [(look.profile or {}).get("email_verified") for look in (before, after)]
            is_harmed = flags == [False, True]
        else:
            is_harmed = is_denial(after)
        if is_harmed:
            yield before, after


def _refuses_strangers(transcript: Transcript, script: Script) -> bool:
    """Tell whether a script refuses unknown users with an ordinary identifier."""
    strangers = [call for call in transcript.select(script, "writing") if call.person == UNKNOWN]
    return bool(strangers) and all(call.ending in _REFUSED for call in strangers)
