"""The rules about the `user_id` of one profile."""

from collections.abc import Iterator, Sequence

from customdb_contract._pages import ACTION_LIMITS, DELETE_TEMPLATE, GET_USER_TEMPLATE, NORMALIZED_PROFILES
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Need, Severity, Violation
from customdb_contract.profiles import problems
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import sightings, sightings_in_outages
from customdb_contract.rules.profile._judging import judge_profiles
from customdb_contract.transcript import Exchange, Transcript


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), since="0.1.0", source=NORMALIZED_PROFILES)
def missing_user_id(transcript: Transcript) -> Iterator[Comparison]:
    """A profile has no `user_id`.

    ## Why this matters
    `user_id` is the one mandatory attribute: Auth0 keys its own record of the user on it. Without one, Auth0 can't
    match the next log-in with the user.

    Auth0 falls back to `id` if there is no `user_id`. Both work, but the documentation of the scripts mentions only
    `user_id`, so `id` alone is an info.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"email": "ada@example.com"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "shop-7", "email": "ada@example.com"}

    ## How to fix
    Return the primary key of the record as text.

    ```python
    Found({"user_id": f"shop-{row.id}", "email": row.email})
    ```
    """
    named_id: set[Script] = set()
    for found in judge_profiles(transcript, problems.missing_user_id, _shown_anywhere(transcript)):
        if isinstance(found, Violation) and found.severity is Severity.INFO and found.blamed is not None:
            # A script that returns id does so for every user.
            if found.blamed in named_id:
                continue
            named_id.add(found.blamed)
        yield found


def _shown_anywhere(transcript: Transcript) -> Sequence[Exchange]:
    """Return the calls that returned the profile of a known user, including those during an outage."""
    return (*sightings(transcript), *sightings_in_outages(transcript))


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), since="0.1.0", source=NORMALIZED_PROFILES)
def user_id_not_a_string(transcript: Transcript) -> Iterator[Comparison]:
    """A `user_id` is a number or another value that is not a text.

    ## Why this matters
    The Management API accepts only text. A number may come back as text, so `7` and `"7"` no longer match; an ObjectId
    or a buffer is serialised in a form that you don't control.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": 7, "email": "ada@example.com"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}

    ## How to fix
    Convert it. In Python: `str(row.id)`. In JavaScript: `row.id.toString()`.
    """
    yield from judge_profiles(transcript, problems.user_id_not_a_string)


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), since="0.1.0", source=ACTION_LIMITS)
def invalid_user_id(transcript: Transcript) -> Iterator[Comparison]:
    """A `user_id` has white space, is too long, or is the name of a missing value.

    ## Why this matters
    The Management API accepts at most 255 characters and no white space; from 128 characters on, accounts can't be
    linked. `"undefined"` or `"None"` means that the column has another name than the script expects, so every user gets
    the same id.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "undefined", "email": "ada@example.com"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "shop-7", "email": "ada@example.com"}

    ## How to fix
    Return the primary key of the record, and check the name of its column.
    """
    yield from judge_profiles(transcript, problems.invalid_user_id, _shown_anywhere(transcript))


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.GET_USER,), since="0.1.0", source=DELETE_TEMPLATE)
def prefixed_user_id(transcript: Transcript) -> Iterator[Comparison]:
    """A `user_id` starts with `auth0|`.

    ## Why this matters
    Auth0 adds `auth0|` to every `user_id` of a database connection, so the id becomes `auth0|auth0|…`. The delete
    script receives the id without the prefix.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "auth0|7", "email": "ada@example.com"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}

    ## How to fix
    Return the id without the prefix.
    """
    yield from judge_profiles(transcript, problems.prefixed_user_id)


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.GET_USER,), since="0.1.0", source=GET_USER_TEMPLATE)
def mutable_user_id(transcript: Transcript) -> Iterator[Comparison]:
    """A `user_id` is derived from the e-mail, the username or the phone number, which can change.

    ## Why this matters
    `user_id` must never change. When a user's e-mail changes, Auth0 sees a new user, and the old one keeps the
    metadata, the roles and the linked accounts. The same applies to an id that is the e-mail in Base64 or as a hash.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "shop|ada@example.com", "email": "ada@example.com"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "shop|7", "email": "ada@example.com"}

    ## How to fix
    Use a key that never changes: the primary key of the record. If there is none, add a column with a random key.
    """
    yield from judge_profiles(transcript, problems.mutable_user_id)
