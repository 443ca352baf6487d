"""The e-mail in a profile, and whether it is verified."""

from collections.abc import Iterator

from customdb_contract._pages import PROFILE_STRUCTURE, VERIFY_TEMPLATE
from customdb_contract.findings import Group, Need, Severity
from customdb_contract.profiles import problems
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules.profile._judging import judge_profiles
from customdb_contract.transcript import Transcript


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), since="0.1.0", source=PROFILE_STRUCTURE)
def invalid_email(transcript: Transcript) -> Iterator[Comparison]:
    """A profile has no e-mail, or one that is no e-mail address.

    ## Why this matters
    With import mode on, Auth0 refuses a profile without a valid e-mail: the person cannot log in. With import mode off,
    no mail ever reaches them. At most 64 characters may stand before the `@`, and 254 in all.

    ## Violates
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada at example.com"}

    ## Conforms
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}

    ## How to fix
    Return the e-mail of the record as it is, under the name `email`. Clean the records before the migration.
    """
    yield from judge_profiles(transcript, problems.invalid_email)


@rule(
    group=Group.PROFILE,
    severity=Severity.WARNING,
    needs=(Need.IMPORT_MODE, Need.GET_USER),
    since="0.1.0",
    source=PROFILE_STRUCTURE,
)
def email_not_lowercase(transcript: Transcript) -> Iterator[Comparison]:
    """With import mode on, a profile has an e-mail with upper-case letters.

    ## Why this matters
    Auth0 stores imported e-mails in lower case. What compares Auth0's e-mail with that of the legacy store, a later
    lookup for instance, then misses.

    ## Violates
        connection import_mode=on
        person ada email=Ada@example.com
        get_user Ada@example.com -> found {"user_id": "7", "email": "Ada@example.com"}

    ## Conforms
        connection import_mode=on
        person ada email=Ada@example.com
        get_user Ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}

    ## How to fix
    Return it in lower case: `row.email.lower()`.
    """
    yield from judge_profiles(transcript, problems.email_not_lowercase)


@rule(group=Group.PROFILE, severity=Severity.ERROR, needs=(Need.GET_USER,), since="0.1.0", source=PROFILE_STRUCTURE)
def email_verified_not_boolean(transcript: Transcript) -> Iterator[Comparison]:
    """`email_verified` is 1, 0 or a text instead of true or false.

    ## Why this matters
    Auth0 stores what it gets. `"false"` and `"0"` are texts that count as true in JavaScript, so people pass for
    verified who are not.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "email_verified": 1}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "email_verified": true}

    ## How to fix
    Convert the column. In Python: `bool(row.verified)`. In JavaScript: `row.verified === 1`.
    """
    yield from judge_profiles(transcript, problems.email_verified_not_boolean)


@rule(group=Group.PROFILE, severity=Severity.WARNING, needs=(Need.GET_USER,), since="0.1.0", source=VERIFY_TEMPLATE)
def missing_email_verified(transcript: Transcript) -> Iterator[Comparison]:
    """A profile with an e-mail doesn't say whether it is verified.

    ## Why this matters
    Auth0 then takes it for unverified: everybody gets a verification mail at the first log-in, and with import mode off
    stays unverified for ever, because only these scripts can say otherwise.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "email_verified": false}

    ## How to fix
    Return `email_verified` from both scripts, from what the store knows.
    """
    yield from judge_profiles(transcript, problems.missing_email_verified)
