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
    `user_id` is the one mandatory attribute: Auth0 keys its own record of the user on it. Without one there is nothing
    that the next log-in could be matched with.

    Auth0 takes `id` where there is no `user_id`. Both work, but the pages of the scripts document `user_id` only, so
    `id` alone is reported as information.

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
            # One script that says id says so of everybody.
            if found.blamed in named_id:
                continue
            named_id.add(found.blamed)
        yield found


def _shown_anywhere(transcript: Transcript) -> Sequence[Exchange]:
    """Return the calls that returned the profile of a known person, also those for which the store was unreachable."""
    return (*sightings(transcript), *sightings_in_outages(transcript))


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), since="0.1.0", source=NORMALIZED_PROFILES)
def user_id_not_a_string(transcript: Transcript) -> Iterator[Comparison]:
    """A `user_id` is a number or another value that is no text.

    ## Why this matters
    The Management API knows text only. A number may come back as text, so that `7` and `"7"` no longer match where they
    are compared; an ObjectId or a buffer becomes whatever its serialisation makes of it.

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
    The Management API accepts no white space and at most 255 characters; from 128 on, accounts cannot be linked under
    it. `"undefined"` or `"None"` means that a column has another name than the script thinks: everybody gets
    the same id.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "undefined", "email": "ada@example.com"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "shop-7", "email": "ada@example.com"}

    ## How to fix
    Return the primary key of the record; check the name of its column.
    """
    yield from judge_profiles(transcript, problems.invalid_user_id, _shown_anywhere(transcript))


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.GET_USER,), since="0.1.0", source=DELETE_TEMPLATE)
def prefixed_user_id(transcript: Transcript) -> Iterator[Comparison]:
    """A `user_id` starts with `auth0|`.

    ## Why this matters
    Auth0 puts `auth0|` in front of every `user_id` of a database connection, so it becomes `auth0|auth0|…`; and the
    delete script is given the id without the prefix.

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
    """A `user_id` is made of the e-mail, the username or the phone number, which people can change.

    ## Why this matters
    `user_id` must never change. When somebody's e-mail does, Auth0 sees a new user, and the old one keeps the metadata,
    the roles and the linked accounts. The same holds for an id that is the e-mail in Base64 or as a hash.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "shop|ada@example.com", "email": "ada@example.com"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "shop|7", "email": "ada@example.com"}

    ## How to fix
    Use a key that stays: the primary key of the record. Where there is none, add a column with a random one.
    """
    yield from judge_profiles(transcript, problems.mutable_user_id)
