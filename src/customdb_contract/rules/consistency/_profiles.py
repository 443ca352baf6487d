"""The rule that compares the profiles of each user, path by path."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, cast

from attrs import field, frozen

from customdb_contract._pages import LOGIN_TEMPLATE
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.profiles import (
    RESERVED_ROOT_ATTRIBUTES,
    Difference,
    differences,
    is_secret_name,
    repair_profile,
)
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import are_comparable, metadata_by_person, sightings_by_person
from customdb_contract.transcript import Exchange, Person, RecordedError, Special, Transcript, Value

_METADATA: Final = ("user_metadata", "app_metadata")
_WEIGHTY: Final = frozenset({"email", "mfa_factors", *_METADATA})
_NOTHING: Final = "nothing"
_BOOLEANS: Final = frozenset({"true", "false"})


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.ERROR,
    needs=(Need.GET_USER, Need.PASSWORD),
    since="0.1.0",
    source=LOGIN_TEMPLATE,
)
def mismatched_profile(transcript: Transcript) -> Iterator[Comparison]:
    """`login` and `get_user` return different profiles of one user, or ones that differ from the expected profile.

    ## Why this matters
    With import mode on, Auth0 imports the profile from either script: from login or, after a password reset, from
    get_user. Attributes that only one of them returns are lost for good for some users. Values that change between two
    calls of the same script (a last-login time, a signed URL) are not compared, and reported as info.

    ## Violates
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"plan": "free"}}
        login ada@example.com «password of ada» -> found {"user_id": "7", "app_metadata": {"plan": "full"}}

    ## Conforms
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"plan": "full"}}
        login ada@example.com «password of ada» -> found {"user_id": "7", "app_metadata": {"plan": "full"}}

    ## How to fix
    Build the profile in one function that both scripts call.
    """
    by_script = [sightings_by_person(transcript, script) for script in (Script.GET_USER, Script.LOGIN)]
    left_out = _left_out(transcript)
    mismatches: dict[tuple[str, Severity, Script], _Grouped] = {}
    for person in transcript.people:
        seen = [own for found in by_script if (own := _own(found.get(person.label, ()), person))]
        volatile = {path: pair for own in seen for path, pair in _volatile(transcript, own)}
        for path, pair in volatile.items():
            if path != "user_id":
                message = f"{path} differs between two calls of {pair[0].script} and is not compared"
                yield Violation(message, pair, Severity.INFO, path=path)
        is_pair = len(seen) > 1 and are_comparable(seen[0], seen[1])
        first = [own[0] for own in seen]
        for comparison in _Comparing(transcript, person, first, volatile, left_out, is_pair=is_pair).all():
            if isinstance(comparison, Held):
                yield comparison
            else:
                key = (comparison.subject, comparison.severity, comparison.evidence[-1].script)
                mismatches.setdefault(key, _Grouped(comparison, [])).evidence.extend(comparison.evidence)
    for (subject, severity, script), one in mismatches.items():
        shown = one.example
        yield Violation(
            f"{subject}: {shown.example}",
            tuple(one.evidence),
            severity,
            script,
            path=shown.difference.path,
            expected=shown.difference.second,
            got=shown.difference.first,
        )


def _left_out(transcript: Transcript) -> Collection[tuple[Script, str]]:
    """Return which scripts leave out which metadata for some user, as far as another rule reports it."""
    if not transcript.connection.import_mode:
        return frozenset()
    return {
        (script, kind)
        for kind, telling, _ in metadata_by_person(transcript)
        for script in (Script.GET_USER, Script.LOGIN)
        if telling and script not in telling
    }


@frozen
class _Grouped:
    """A mismatch that is reported once for all users: an example, and the calls."""

    example: "_Mismatch"
    evidence: list[Exchange]


@frozen
class _Mismatch:
    """One path that differs for one user."""

    subject: str
    example: str
    evidence: tuple[Exchange, ...]
    severity: Severity
    difference: Difference


def _own(seen: Sequence[Exchange], person: Person) -> Sequence[Exchange]:
    """Return the sightings by the user's own identifier, without other users' profiles, which another rule reports."""
    emails = {str(email).lower() for email in (*person.identifiers, person.profile.get("email")) if email}
    return [
        exchange
        for exchange in seen
        if exchange.situation.family != "other-spelling"
        and (not person.email or _email(exchange.profile or {}) in {*emails, None})
    ]


def _email(profile: Mapping[str, Value]) -> str | None:
    email = profile.get("email")
    return email.strip().lower() if isinstance(email, str) else None


def _attributes(profile: Mapping[str, Value], transcript: Transcript) -> Mapping[str, object]:
    """Return a profile as Auth0 imports it; upper case in the e-mail and empty metadata make no difference."""
    plain = {name: _plain(value) for name, value in profile.items()}
    email = _email(profile)
    lowered = plain if email is None else {**plain, "email": email}
    attributes = repair_profile(lowered, import_mode=transcript.connection.import_mode).attributes
    return {name: value for name, value in attributes.items() if name not in _METADATA or not _is_empty(value)}


def _is_empty(value: object) -> bool:
    """Tell whether metadata is empty: without keys, or with null everywhere."""
    return isinstance(value, Mapping) and not any(
        item is not None for item in cast("Mapping[str, object]", value).values()
    )


def _plain(value: Value) -> object:
    """Return a recorded value without parts that JSON cannot represent, which another rule reports."""
    match value:
        case Special("undefined" | "float"):
            return None
        case Special():
            return value.text
        case None | bool() | int() | float() | str() | RecordedError():
            return value
        case Mapping():
            return {name: _plain(item) for name, item in value.items()}
        case _:
            return [_plain(item) for item in value]


def _compared(transcript: Transcript, first: Exchange, second: Exchange) -> Sequence[Difference]:
    return differences(*(_attributes(exchange.profile or {}, transcript) for exchange in (first, second)))


def _volatile(transcript: Transcript, seen: Sequence[Exchange]) -> Iterator[tuple[str, tuple[Exchange, Exchange]]]:
    """Yield the paths that change between two calls of one script, with two calls that show it."""
    for later in seen[1:]:
        for difference in _compared(transcript, seen[0], later):
            # In a growing list, the same item has another index each time.
            path = difference.path.partition("[")[0]
            if path != "email" and not _is_in(path, transcript.header.ignore_fields):
                yield path, (seen[0], later)


def _is_in(path: str, paths: Collection[str]) -> bool:
    return any(path == other or path.startswith((f"{other}.", f"{other}[")) for other in paths)


@frozen
class _Comparing:
    """The comparisons for one user.

    Args:
        transcript: The transcript.
        person: The user.
        seen: The first sighting by each script.
        volatile: Paths that no two calls agree on.
        left_out: Which scripts leave out which kind of metadata, which another rule reports.
        is_pair: Whether the profiles of both scripts can be compared.
    """

    transcript: Transcript
    person: Person
    seen: Sequence[Exchange]
    volatile: Collection[str]
    left_out: Collection[tuple[Script, str]]
    is_pair: bool = field(kw_only=True)

    def all(self) -> Iterator[Held | _Mismatch]:
        """Compare the profiles with the expected one and with each other, as far as each was seen."""
        between = _compared(self.transcript, *self.seen) if self.is_pair else ()
        wrong: set[str] = set()
        if self.person.profile:
            ids_differ = any(difference.path == "user_id" for difference in between)
            for exchange in self.seen:
                found = self._with_truth(exchange, ids_differ=ids_differ)
                wrong |= {difference.path for difference in found}
                for difference in found:
                    example = f"for {self.person.label} expected {{expected}}, got {{got}}"
                    subject = f"{exchange.script} returned another {difference.path} than the expected profile has"
                    yield _Mismatch(subject, example, (exchange,), Severity.ERROR, difference)
                if not found:
                    yield Held((exchange,))
        if self.is_pair:
            pair = tuple(sorted(self.seen, key=lambda exchange: exchange.number))
            differing = [one for one in between if self._counts(one) and not self._is_reported_elsewhere(one)]
            for difference in differing:
                if difference.path not in wrong:
                    example = f"for {self.person.label} get_user returned {{got}}, but login {{expected}}"
                    subject = f"login and get_user disagree on {difference.path}"
                    yield _Mismatch(subject, example, pair, self._severity(difference), difference)
            if not differing:
                yield Held(pair)

    def _with_truth(self, exchange: Exchange, *, ids_differ: bool) -> Sequence[Difference]:
        raw = exchange.profile or {}
        named = {"user_id" if name == "id" else name for name in self.person.profile}
        repaired = _attributes(self.person.profile, self.transcript)
        expected = {name: value for name, value in repaired.items() if name in named}
        # What Auth0 generates is still absent from the script's own profile.
        absent = {name for name, value in expected.items() if value is None and raw.get(name) is None}
        attributes = {name: value for name, value in _attributes(raw, self.transcript).items() if name not in absent}
        return [
            difference
            for difference in differences(_restricted(attributes, expected), expected)
            if self._counts(difference)
            and not self._is_reported_alone(exchange.script, difference)
            and not (difference.path == "user_id" and (ids_differ or difference.first == _NOTHING))
        ]

    def _severity(self, difference: Difference) -> Severity:
        is_weighty = _root(difference.path) in _WEIGHTY
        return Severity.ERROR if is_weighty and self.transcript.connection.import_mode else Severity.WARNING

    def _counts(self, difference: Difference) -> bool:
        return not _is_in(difference.path, (*self.transcript.header.ignore_fields, *self.volatile))

    def _is_reported_alone(self, script: Script, difference: Difference) -> bool:
        """Tell whether a rule about a single profile, or about metadata in one script only, reports the difference."""
        match difference.path:
            case "email":
                return not difference.first.startswith('"')
            case "email_verified":
                return difference.first not in _BOOLEANS or (difference.first, difference.second) == ("true", "false")
            case "app_metadata" | "user_metadata":
                return difference.first == _NOTHING and (script, difference.path) in self.left_out
            case _:
                return False

    def _is_reported_elsewhere(self, difference: Difference) -> bool:
        """Tell whether another rule reports the difference: about ids, single profiles, or metadata in one script."""
        path = difference.path
        values = {difference.first, difference.second}
        match path:
            case "user_id":
                return True
            case "email":
                return not all(value.startswith('"') for value in values)
            case "email_verified":
                return not values <= _BOOLEANS
            case "app_metadata" | "user_metadata":
                return _NOTHING in values and any((script, path) in self.left_out for script in Script)
            case _:
                is_secret = _NOTHING in values and "." not in path and is_secret_name(path)
                return is_secret or _root(path) in RESERVED_ROOT_ATTRIBUTES


def _root(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _restricted(value: Mapping[str, object], expected: Mapping[str, object]) -> dict[str, object]:
    """Return what the expected profile names; attributes that it doesn't name are not compared."""
    named: dict[str, object] = {}
    for name, wanted in expected.items():
        own = value.get(name)
        if isinstance(wanted, Mapping) and isinstance(own, Mapping):
            named[name] = _restricted(cast("Mapping[str, object]", own), cast("Mapping[str, object]", wanted))
        else:
            named[name] = own
    return named
