"""The rules about `user_metadata` and `app_metadata`, and about secrets in a profile."""

from collections.abc import Iterator, Mapping
from typing import Final

from customdb_contract._pages import LOGIN_TEMPLATE, METADATA_FIELDS
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.profiles import problems
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._secrets import texts_in
from customdb_contract.rules._sightings import sightings
from customdb_contract.rules._wording import kind_of
from customdb_contract.rules.profile._judging import judge_profile, judge_profiles
from customdb_contract.secrets import TOLD, secrets_in
from customdb_contract.transcript import Exchange, Special, Transcript, Value

_KINDS: Final = ("user_metadata", "app_metadata")


def _metadata(transcript: Transcript) -> Iterator[tuple[Exchange, str, Mapping[str, Value]]]:
    """Yield each metadata object of each sighting, with its name."""
    for exchange in sightings(transcript):
        for kind in _KINDS:
            value = (exchange.profile or {}).get(kind)
            if isinstance(value, Mapping):
                yield exchange, kind, value


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), since="0.1.0", source=METADATA_FIELDS)
def reserved_app_metadata(transcript: Transcript) -> Iterator[Comparison]:
    """`app_metadata` has a key that Auth0 reserves.

    ## Why this matters
    Auth0 rejects keys such as `email`, `user_id` or `blocked` in `app_metadata`, and the metadata is lost.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"blocked": false}}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"legacy_blocked": false}}

    ## How to fix
    Rename the key, or leave it out: usually it belongs at the root of the profile.
    """
    yield from judge_profiles(transcript, problems.reserved_app_metadata)


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), since="0.1.0", source=METADATA_FIELDS)
def invalid_metadata_key(transcript: Transcript) -> Iterator[Comparison]:
    """A key in metadata contains `.` or `$`.

    ## Why this matters
    Auth0 accepts no such keys at any depth: the metadata is lost, or the log-in fails.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "user_metadata": {"shop.test": {"seen": true}}}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "user_metadata": {"sites": [{"name": "shop.test"}]}}

    ## How to fix
    Rename the key, or make it a value: use an array of objects instead of an object with names as keys.
    """
    yield from judge_profiles(transcript, problems.invalid_metadata_key)


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), since="0.1.0", source=METADATA_FIELDS)
def metadata_not_json(transcript: Transcript) -> Iterator[Comparison]:
    """Metadata is not an object, or contains a value that JSON cannot represent.

    ## Why this matters
    Auth0 stores objects of JSON values. A date, a decimal or a binary value is serialised on the way, in a form that
    you don't control, and changes its type.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "app_metadata": "plan=full"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"plan": "full"}}

    ## How to fix
    Return an object, and convert its values: dates to ISO 8601, decimals to numbers or text.
    """
    yield from judge_profiles(transcript, problems.metadata_not_json)


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.GET_USER,), since="0.1.0", source=LOGIN_TEMPLATE)
def legacy_metadata_name(transcript: Transcript) -> Iterator[Comparison]:
    """A profile has `metadata` at its root instead of `app_metadata`.

    ## Why this matters
    `metadata` was the name until 2019. Today Auth0 treats it like any other attribute, and `app_metadata` stays empty.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "metadata": {"plan": "full"}}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"plan": "full"}}

    ## How to fix
    Rename it to `app_metadata`, or to `user_metadata` if users may edit it.
    """
    yield from judge_profiles(transcript, problems.legacy_metadata_name)


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.GET_USER,), since="0.1.0", source=METADATA_FIELDS)
def metadata_shadows_profile(transcript: Transcript) -> Iterator[Comparison]:
    """`app_metadata` has a key that is also an attribute of the profile.

    ## Why this matters
    Auth0 merges `app_metadata` into the root of the profile in Rules and Actions, where it can override the attribute.
    Code that checks a username there, for example, then checks a value that the user doesn't have.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"username": "root"}}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"legacy_username": "root"}}

    ## How to fix
    Rename the key.
    """
    yield from judge_profiles(transcript, problems.metadata_shadows_profile)


@rule(group=Group.PROFILE, severity=Severity.INFO, needs=(Need.GET_USER,), since="0.1.0", source=METADATA_FIELDS)
def dynamic_metadata_keys(transcript: Transcript) -> Iterator[Comparison]:
    """A key in metadata is an id, an e-mail or a date, and differs from user to user.

    ## Why this matters
    Auth0 requires static keys: each new key becomes a field of its own, and you can't search users by it.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"orders": {"2024-05-01": 3}}}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"orders": [{"day": "2024-05-01"}]}}

    ## How to fix
    Make the id a value: use an array of objects instead of an object with ids as keys.
    """
    yield from judge_profiles(transcript, problems.dynamic_metadata_keys)


@rule(
    group=Group.PROFILE,
    severity=Severity.WARNING,
    needs=(Need.GET_USER, Need.SECOND_USER),
    since="0.1.0",
    source=METADATA_FIELDS,
)
def inconsistent_metadata_type(transcript: Transcript) -> Iterator[Comparison]:
    """A metadata field has different types for different users.

    ## Why this matters
    Auth0 requires one type per field. With two types you can't search users by the field, and Actions that read it fail
    for some users.

    ## Violates
        person ada email=ada@example.com
        person bob email=bob@example.com
        get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"visits": 3}}
        get_user bob@example.com -> found {"user_id": "8", "app_metadata": {"visits": "none"}}

    ## Conforms
        person ada email=ada@example.com
        person bob email=bob@example.com
        get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"visits": 3}}
        get_user bob@example.com -> found {"user_id": "8", "app_metadata": {"visits": 0}}

    ## How to fix
    Convert the value to one type; leave the field out if there is no value.
    """
    first_seen: dict[tuple[str, str], tuple[Exchange, str]] = {}
    for exchange, kind, metadata in _metadata(transcript):
        for name, value in metadata.items():
            if value is None:
                continue
            type_ = kind_of(value) if isinstance(value, Special) else _json_type(value)
            key = (exchange.script, f"{kind}.{name}")
            first, expected = first_seen.setdefault(key, (exchange, type_))
            if first.person == exchange.person:
                continue
            if type_ == expected:
                yield Held((first, exchange))
            else:
                message = f"{exchange.script} returned {key[1]} as {expected} for one user, but as {type_} for another"
                yield Violation(message, (first, exchange), path=key[1], expected=expected, got=type_)


def _json_type(value: Value) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "an object" if isinstance(value, Mapping) else "an array"


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.GET_USER,), since="0.1.0", source=METADATA_FIELDS)
def access_in_user_metadata(transcript: Transcript) -> Iterator[Comparison]:
    """`user_metadata` contains roles or permissions.

    ## Why this matters
    Users can edit their own `user_metadata`: an application that reads permissions from it lets users choose them.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "user_metadata": {"roles": ["reader"]}}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "user_metadata": {"color": "red"}}

    ## How to fix
    Move it to `app_metadata`.
    """
    yield from judge_profiles(transcript, problems.access_in_user_metadata)


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), since="0.1.0", source=LOGIN_TEMPLATE)
def secret_in_profile(transcript: Transcript) -> Iterator[Comparison]:
    """A profile contains a password, a hash or another secret.

    ## Why this matters
    Auth0 stores the secret, shows it to every administrator of the tenant, and passes it on to applications and logs. A
    suspicious name alone is a warning; a known password or a hash format is an error.

    ## Violates
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7", "password": "«password of ada»"}

    ## Conforms
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7", "email": "ada@example.com"}

    ## How to fix
    List the attributes to return instead of returning the whole row.
    """
    for exchange in transcript.judged:
        has_profile = exchange.profile is not None
        judged = judge_profile(transcript, exchange, problems.secret_in_profile) if has_profile else ()
        violations = [found for found in judged if isinstance(found, Violation)]
        violations += _secrets_in_other_results(exchange)
        yield from violations
        if has_profile and not violations:
            yield Held((exchange,))


def _secrets_in_other_results(exchange: Exchange) -> Iterator[Violation]:
    """Judge results that are not a profile, and results of further callbacks."""
    results = [arguments[1:] for arguments in exchange.outcome.callbacks]
    if exchange.profile is not None:
        results[0] = ()
    if any(secret.kind in TOLD for text in texts_in(results) for secret in secrets_in(text)):
        message = f"{exchange.script} returned a password or another secret; return no secrets"
        yield Violation(message, (exchange,), path="result")
