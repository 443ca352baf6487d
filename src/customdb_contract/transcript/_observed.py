"""The results of runs of Actions: each with what it did and what it left behind, for planning and judging."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final, TypeAlias
from urllib.parse import unquote_plus, urlsplit

from attrs import evolve, frozen

from customdb_contract.transcript._actions import ActionRun, ApiCall, LegacyRequest, LegacyState, RunSituation
from customdb_contract.transcript._exchange import Ending, Noticed, Outcome
from customdb_contract.transcript._header import Handler
from customdb_contract.transcript._records import Record
from customdb_contract.transcript._transcript import Transcript
from customdb_contract.transcript._values import Special, Value, canonical, json_text

__all__ = [
    "MetadataKey",
    "ObservedRun",
    "agrees",
    "followed_runs",
    "is_in_request",
    "is_in_url",
    "is_to_management_api",
    "observed_runs",
    "payload_of",
    "sound_first_runs",
    "stable_writes",
]

MetadataKey: TypeAlias = tuple[str, str]
"""A first-level key of metadata: `app_metadata` or `user_metadata`, and its name."""

_SETTERS: Final[Mapping[str, str]] = {
    "user.setAppMetadata": "app_metadata",
    "user.setUserMetadata": "user_metadata",
}
_LEFT_OUT: Final = frozenset({"undefined", "function", "symbol"})
"""The kinds of values in JavaScript that JSON leaves out."""

_MANAGEMENT_PATH: Final = "/api/v2/"
_AUTH0_HOST: Final = re.compile(r"(?:.+\.)?auth0\.com", re.IGNORECASE)


@frozen(slots=False)
class ObservedRun:
    """A run of an Action with everything that it did.

    Args:
        run: The run.
        calls: Its calls of `api`, in order, including late calls.
        requests: Its requests, in order, including late requests.
        resumed: The run after a redirect, whose calls and requests are included; None if there was none.
    """

    run: ActionRun
    calls: tuple[ApiCall, ...]
    requests: tuple[LegacyRequest, ...]
    resumed: ActionRun | None = None

    @cached_property
    def outcome(self) -> Outcome:
        """How it ended, including after a redirect, what it printed, and what was noticed."""
        first = self.run.outcome
        if self.resumed is None:
            return first
        last = self.resumed.outcome
        return evolve(
            last,
            output=first.output + last.output,
            observations=(*first.observations, *last.observations),
            # Each run has its own time limit.
            duration=max(first.duration, last.duration),
        )

    @cached_property
    def asked(self) -> tuple[LegacyRequest, ...]:
        """The requests to the legacy system: all but those to Auth0's Management API."""
        return tuple(request for request in self.requests if not is_to_management_api(request))

    @property
    def asks(self) -> bool:
        """Whether it asked the legacy system, even if the connection was refused."""
        sent = (*self.outcome.noticed(Noticed.REQUEST), *self.outcome.noticed(Noticed.LATE_REQUEST))
        return bool(self.asked) or (bool(sent) and not self.requests)

    @cached_property
    def metadata_before(self) -> Mapping[MetadataKey, Value]:
        """The metadata of the user before the run, by first-level key."""
        user = self.run.event.get("user")
        found: dict[MetadataKey, Value] = {}
        for kind in _SETTERS.values():
            metadata = user.get(kind) if isinstance(user, Mapping) else None
            if isinstance(metadata, Mapping):
                found.update({(kind, name): value for name, value in metadata.items()})
        return found

    @cached_property
    def set_calls(self) -> tuple[ApiCall, ...]:
        """The calls that write metadata, in time or late."""
        return tuple(call for call in self.calls if call.path in _SETTERS)

    @cached_property
    def writes(self) -> Mapping[MetadataKey, Value]:
        """What Auth0 writes because of the run, by first-level key; None removes one.

        Source: <https://auth0.com/docs/actions/reference/post-login/post-login-api-object>.
        """
        found: dict[MetadataKey, Value] = {}
        for call in self.set_calls:
            name, value = (*call.arguments, None, None)[:2]
            is_nothing = isinstance(value, Special) and value.kind == "undefined"
            if not call.late and isinstance(name, str) and not is_nothing:
                found[_SETTERS[call.path], name] = value
        return found

    @cached_property
    def metadata_after(self) -> Mapping[MetadataKey, Value]:
        """The metadata of the user after the run."""
        after = {**self.metadata_before, **self.writes}
        return {key: value for key, value in after.items() if value is not None and not _is_left_out(value)}

    @property
    def denial(self) -> ApiCall | None:
        """The call that denied the log-in, or None."""
        return next((call for call in self.calls if call.path == "access.deny" and not call.late), None)

    @property
    def is_done(self) -> bool:
        """Whether the handler's promise was resolved."""
        return self.outcome.ending is Ending.DONE

    @property
    def evidence(self) -> tuple[Record, ...]:
        """The run, its requests and its writes."""
        resumed = () if self.resumed is None else (self.resumed,)
        return (self.run, *resumed, *self.asked, *self.set_calls)

    @property
    def needs_the_other_side(self) -> bool:
        """Whether it reads the token that the user brings back from a redirect, which is not simulated."""
        return any(call.path == "redirect.validateToken" for call in self.calls)

    def has(self, path: str) -> bool:
        """Tell whether the user has metadata at a path after the run.

        Args:
            path: A path such as `app_metadata.plan.name`.
        """
        kind, _, rest = path.partition(".")
        name, *deeper = rest.split(".")
        value = self.metadata_after.get((kind, name))
        for part in deeper:
            value = value.get(part) if isinstance(value, Mapping) else None
        return value is not None

    def sent(self, text: str) -> LegacyRequest | None:
        """Return the first request to the legacy system that contains a text anywhere, or None.

        Args:
            text: An id or an e-mail.
        """
        return next((request for request in self.asked if text and is_in_request(text, request)), None)


def _is_left_out(value: Value) -> bool:
    return isinstance(value, Special) and value.kind in _LEFT_OUT


def is_to_management_api(request: LegacyRequest) -> bool:
    """Tell whether a request goes to Auth0's Management API.

    Args:
        request: The request.
    """
    host, path = host_and_path(request.url)
    return path.startswith(_MANAGEMENT_PATH) and _AUTH0_HOST.fullmatch(host) is not None


def host_and_path(url: str) -> tuple[str, str]:
    """Return the host and the path of a URL; empty if it has none or is not a URL.

    Args:
        url: The URL.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.hostname or "", parts.path


def is_in_url(text: str, url: str) -> bool:
    """Tell whether a URL contains a text, encoded or not, regardless of case.

    Args:
        text: The text.
        url: The URL.
    """
    return text.casefold() in unquote_plus(url).casefold()


def is_in_request(text: str, request: LegacyRequest) -> bool:
    """Tell whether a request contains a text: in its URL, its headers or its body.

    Args:
        text: The text.
        request: The request.
    """
    told = json_text([dict(request.headers), request.body])
    return is_in_url(text, request.url) or text.casefold() in unquote_plus(told).casefold()


def observed_runs(transcript: Transcript) -> Sequence[ObservedRun]:
    """Return the runs of Actions in a transcript, each with what it did, in order, and joined across a redirect.

    If an Action needs a token from elsewhere, the outcome of its log-in is unknown.

    Args:
        transcript: The transcript.
    """
    runs = [run for run in transcript.of_kind(ActionRun) if run.situation is not RunSituation.SIMULATED]
    resumed = {run.follows: run for run in runs if run.handler is Handler.CONTINUE}
    observed = (_observed(transcript, run, resumed.get(run.number)) for run in runs if run.handler is Handler.EXECUTE)
    return [seen for seen in observed if not seen.needs_the_other_side]


def _observed(transcript: Transcript, run: ActionRun, resumed: ActionRun | None) -> ObservedRun:
    done = [*transcript.caused_by(run), *(() if resumed is None else transcript.caused_by(resumed))]
    return ObservedRun(
        run,
        tuple(record for record in done if isinstance(record, ApiCall)),
        tuple(record for record in done if isinstance(record, LegacyRequest)),
        resumed,
    )


def sound_first_runs(runs: Sequence[ObservedRun]) -> Sequence[ObservedRun]:
    """Return the first log-ins of users while the legacy system works, one at a time.

    Args:
        runs: The runs of a transcript.
    """
    return _first_runs(runs, LegacyState.SOUND)


def _first_runs(runs: Sequence[ObservedRun], *states: LegacyState) -> Sequence[ObservedRun]:
    return [seen for seen in runs if seen.run.situation is RunSituation.FIRST_LOG_IN and seen.run.legacy in states]


def followed_runs(runs: Sequence[ObservedRun]) -> Iterator[tuple[ObservedRun, ObservedRun]]:
    """Yield each run whose user has the data that an earlier run stored, after that earlier run.

    Args:
        runs: The runs of a transcript.
    """
    by_number = {seen.run.number: seen for seen in runs}
    for seen in runs:
        if seen.run.follows in by_number:
            yield by_number[seen.run.follows], seen


def stable_writes(runs: Sequence[ObservedRun]) -> Mapping[MetadataKey, Value]:
    """Return what a first log-in writes while the legacy system works, without values that differ each time.

    A key whose whole value differs each time, such as a timestamp, has None.

    Args:
        runs: The runs of a transcript.
    """
    found = sound_first_runs(runs)
    stable = dict(found[0].writes) if found else {}
    for other in found[1:]:
        stable = {key: _common(value, other.writes.get(key)) for key, value in stable.items()}
    return stable


def payload_of(runs: Sequence[ObservedRun]) -> Mapping[MetadataKey, Value]:
    """Return what a first log-in restores: the `stable_writes` that are absent if there is nothing to restore.

    Args:
        runs: The runs of a transcript.
    """
    empty = _first_runs(runs, LegacyState.NO_METADATA, LegacyState.NO_SUCH_USER)
    written = next(iter(sound_first_runs(runs)), None)
    return {
        key: value
        for key, value in stable_writes(runs).items()
        if written is not None
        and written.writes[key] is not None
        and not any(key in seen.writes and agrees(value, seen.writes[key]) for seen in empty)
    }


def agrees(stable: Value, value: Value) -> bool:
    """Tell whether a value includes everything that is the same each time.

    Args:
        stable: A value without the parts that differ each time; None if all of it differs.
        value: The value.
    """
    return stable is None or canonical(_common(stable, value)) == canonical(stable)


def _common(one: Value, other: Value) -> Value:
    """Return what two values have in common: the parts of objects, and None where they differ."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        parts = {key: _common(value, other[key]) for key, value in one.items() if key in other}
        return {key: part for key, part in parts.items() if part is not None}
    return one if canonical(one) == canonical(other) else None
