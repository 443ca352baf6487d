"""The state after `change_password`."""

from collections.abc import Iterator

from customdb_contract._pages import CHANGE_PASSWORD_TEMPLATE, GET_USER_TEMPLATE
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._writing import REFUSALS, contradicted, judge_user_ids, looks_after, moments
from customdb_contract.transcript import Ending, Transcript

_BOTH = (Script.LOGIN, Script.GET_USER)


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.ERROR,
    scripts=(Script.CHANGE_PASSWORD, *_BOTH),
    needs=(Need.CHANGE_PASSWORD, Need.WRITES),
    since="0.1.0",
    source=CHANGE_PASSWORD_TEMPLATE,
)
def change_password_ineffective(transcript: Transcript) -> Iterator[Comparison]:
    """After `change_password` reports success, the new password does not work, or the old one still does.

    ## Why this matters
    Users reset a password because they forgot it, or because someone else knows it. Either the user stays locked out,
    or the attacker doesn't.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_password new@example.com "«new password of new»" -> done
        login new@example.com "«new password of new»" -> failed WrongUsernameOrPasswordError(null) "no"

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_password new@example.com "«new password of new»" -> done
        login new@example.com "«new password of new»" -> found {"user_id": "7"}
        login new@example.com "«password of new»" -> failed WrongUsernameOrPasswordError(null) "no"

    ## How to fix
    Hash the new password as `create` does, wait for the update before you call the callback, and report success only if
    a row was changed.
    """
    for written, moment in looks_after(transcript, Script.CHANGE_PASSWORD):
        exchange, account = moment.exchange, moment.account
        if account is None or not moment.is_exact or exchange.ending not in {Ending.FOUND, *REFUSALS}:
            continue
        is_found = exchange.ending is Ending.FOUND
        is_former = exchange.script is Script.LOGIN and exchange.argument(1) in account.former_passwords
        if moment.is_right and not is_found:
            what = "the new password does not work" if exchange.script is Script.LOGIN else "the user is not found"
            message = f"change_password reported success, but {what}; report success only after the update"
            yield Violation(message, (written, exchange), path="ending", expected=Ending.FOUND, got=exchange.ending)
        elif is_former and is_found:
            message = "change_password reported success, but the old password still works; replace it"
            yield Violation(message, (written, exchange), path="ending", expected=Ending.FAILED, got=exchange.ending)
        elif moment.is_right or is_former:
            yield Held((written, exchange))


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.ERROR,
    scripts=(Script.CHANGE_PASSWORD, *_BOTH),
    needs=(Need.CHANGE_PASSWORD, Need.WRITES),
    since="0.1.0",
    source="good practice: a password belongs to one user",
)
def change_password_hits_others(transcript: Transcript) -> Iterator[Comparison]:
    """`change_password` for one user locks another user out.

    ## Why this matters
    An update with too wide a condition (a missing WHERE, a LIKE, the wrong tenant) locks every user out, and gives one
    user access to every account.

    ## Violates
        person new email=new@example.com new=on
        person other email=other@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        create {"email": "other@example.com", "password": "«password of other»"} -> done
        login other@example.com «password of other» -> found {"user_id": "8"}
        change_password new@example.com "«new password of new»" -> done
        login other@example.com «password of other» -> failed WrongUsernameOrPasswordError(null) "no"

    ## Conforms
        person new email=new@example.com new=on
        person other email=other@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        create {"email": "other@example.com", "password": "«password of other»"} -> done
        login other@example.com «password of other» -> found {"user_id": "8"}
        change_password new@example.com "«new password of new»" -> done
        login other@example.com «password of other» -> found {"user_id": "8"}

    ## How to fix
    Update by the primary key, or by the whole lower-cased e-mail: `UPDATE users SET … WHERE lower(email) = lower($1)`.
    """
    for moment in moments(transcript, *_BOTH):
        exchange, account, written = moment.exchange, moment.account, moment.latest_write
        if account is None or written is None or written.script is not Script.CHANGE_PASSWORD:
            continue
        if not moment.is_right or moment.writes_to == account.number:
            continue
        seen = moment.seen_just_before
        if seen is not None and exchange.ending is Ending.FOUND:
            yield Held((written, exchange))
        elif seen is not None and exchange.ending in REFUSALS:
            message = "change_password of one user locked another user out; update one row only"
            yield contradicted(message, (seen, written, exchange), Script.CHANGE_PASSWORD, Ending.FOUND)


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.ERROR,
    scripts=(Script.CHANGE_PASSWORD, Script.GET_USER),
    needs=(Need.CHANGE_PASSWORD, Need.WRITES),
    since="0.1.0",
    source=GET_USER_TEMPLATE,
)
def password_reset_changes_user(transcript: Transcript) -> Iterator[Comparison]:
    """`get_user` returns another `user_id` after a password reset than before.

    ## Why this matters
    Auth0 calls get_user when the user requests the reset and again when they open the link. A different id in between
    makes the reset fail, or creates a second user.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        get_user new@example.com -> found {"user_id": "7"}
        get_user new@example.com -> found {"user_id": "7"}
        change_password new@example.com "«new password of new»" -> done
        get_user new@example.com -> found {"user_id": "7-2"}

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        get_user new@example.com -> found {"user_id": "7"}
        get_user new@example.com -> found {"user_id": "7"}
        change_password new@example.com "«new password of new»" -> done
        get_user new@example.com -> found {"user_id": "7"}

    ## How to fix
    Derive the `user_id` from the primary key alone, not from a value that a reset changes.
    """
    yield from judge_user_ids(transcript, (Script.CHANGE_PASSWORD,), (Script.GET_USER,))
