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
    """A profile has no e-mail address, or an invalid one.

    ## Why this matters
    With import mode on, Auth0 rejects a profile without a valid e-mail, and the user can't log in. With import mode
    off, the user receives no e-mail. The part before the `@` has at most 64 characters, the whole address 254.

    ## Violates
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada at example.com"}

    ## Conforms
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}

    ## How to fix
    Return the record's e-mail unchanged as `email`. Clean the records before the migration.
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
    """With import mode on, an e-mail in a profile has upper-case letters.

    ## Why this matters
    Auth0 stores imported e-mails in lower case. A later comparison with the e-mail in the legacy store, such as a
    look-up, then fails.

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
    """`email_verified` is a number or a text instead of true or false.

    ## Why this matters
    Auth0 stores the value as it is. `"false"` and `"0"` are texts, which count as true in JavaScript, so unverified
    users pass as verified.

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
    """A profile with an e-mail has no `email_verified`.

    ## Why this matters
    Auth0 then considers the e-mail unverified: every user gets a verification e-mail at the first log-in. With import
    mode off they stay unverified forever, because only these scripts can return another value.

    ## Violates
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}

    ## Conforms
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "email_verified": false}

    ## How to fix
    Return `email_verified` from both scripts, with the value in the store.
    """
    yield from judge_profiles(transcript, problems.missing_email_verified)
