"""The state after `change_email` and `verify`."""

from collections.abc import Collection, Iterator

from customdb_contract._pages import CHANGE_EMAIL_TEMPLATE, TEMPLATES
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._wording import kind_of
from customdb_contract.rules._writing import (
    REFUSALS,
    contradicted,
    is_verified,
    judge_unknown_users,
    legacy_moments,
    looks_after,
    seen_before,
)
from customdb_contract.transcript import Ending, Exchange, Moment, Transcript

_SCRIPTS = (Script.CHANGE_EMAIL, Script.GET_USER, Script.LOGIN)
_NEEDS = (Need.LEGACY_MODE, Need.CHANGE_EMAIL, Need.WRITES)


def _looks(transcript: Transcript) -> Iterator[tuple[Exchange, Moment]]:
    """Yield each successful change of an e-mail with the later look-ups of both, up to the next write."""
    for moment in legacy_moments(transcript, Script.GET_USER, Script.LOGIN):
        written = moment.latest_write
        if written is None or written.script is not Script.CHANGE_EMAIL or written.ending is not Ending.DONE:
            continue
        owner = moment.former or moment.account
        if owner is not None and owner.number == moment.writes_to and moment.exchange.ending in _ANSWERS:
            yield written, moment


_ANSWERS = frozenset({Ending.FOUND, *REFUSALS})


def _logged_in_before(transcript: Transcript) -> Collection[int]:
    """Return the changes of an e-mail just before which the same user logged in.

    Only then is a refused log-in due to the change: an earlier write may have changed the password unnoticed.
    """
    found = seen_before(transcript, Script.CHANGE_EMAIL)
    return {number for number, seen in found.items() if Script.LOGIN in seen}


def _is_only_flag(written: Exchange) -> bool:
    return str(written.identifier).lower() == str(written.argument(1)).lower()


def _contradicts_flag(written: Exchange, exchange: Exchange) -> bool:
    """Tell whether email_verified in a profile differs from what was written."""
    flag = written.argument(2)
    said = (exchange.profile or {}).get("email_verified")
    return isinstance(flag, bool) and isinstance(said, bool) and said is not flag


def _flag_contradicted(message: str, written: Exchange, look: Exchange) -> Violation:
    expected = kind_of(written.argument(2))
    return contradicted(message, (written, look), Script.CHANGE_EMAIL, expected, attribute="email_verified")


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.ERROR,
    scripts=_SCRIPTS,
    needs=_NEEDS,
    yields_to=("change-email-no-op", "wrong-users-profile"),
    since="0.1.0",
    source=CHANGE_EMAIL_TEMPLATE,
)
def change_email_ineffective(transcript: Transcript) -> Iterator[Comparison]:
    """After `change_email` reports success, the new e-mail does not work, or the old one still does.

    ## Why this matters
    Auth0 and the store have different e-mails: the next log-in fails or creates a second user, and the next owner of
    the old address can reset the password.

    ## Violates
        person new email=new@example.com alias=moved@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_email new@example.com moved@example.com true -> done
        get_user moved@example.com -> found {"user_id": "7"}
        get_user new@example.com -> found {"user_id": "7"}

    ## Conforms
        person new email=new@example.com alias=moved@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_email new@example.com moved@example.com true -> done
        get_user moved@example.com -> found {"user_id": "7", "email_verified": true}
        get_user new@example.com -> not-found

    ## How to fix
    Update the row in place, together with the `verified` flag: `SET email = $2, email_verified = $3 WHERE id = …`.
    """
    logged_in = _logged_in_before(transcript)
    for written, moment in _looks(transcript):
        exchange = moment.exchange
        if _is_only_flag(written):
            continue
        is_found = exchange.ending is Ending.FOUND
        if moment.former is not None and is_found:
            message = f"change_email reported success, but {exchange.script} still finds the old e-mail; replace it"
            yield contradicted(message, (written, exchange), Script.CHANGE_EMAIL, Ending.NOT_FOUND)
        elif moment.former is None and moment.is_right and not is_found:
            if exchange.script is Script.LOGIN and written.number not in logged_in:
                continue
            email = moment.account is not None and exchange.identifier == moment.account.email
            what = "the new e-mail" if email else "the username any longer"
            message = f"change_email reported success, but {exchange.script} does not find {what}; update the row"
            yield contradicted(message, (written, exchange), Script.CHANGE_EMAIL, Ending.FOUND)
        elif moment.is_right and _contradicts_flag(written, exchange):
            message = (
                f"change_email reported success, but email_verified of {exchange.script} is not the given value; "
                "store the third argument"
            )
            yield _flag_contradicted(message, written, exchange)
        elif moment.former is not None or moment.is_right:
            yield Held((written, exchange))


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.ERROR,
    scripts=_SCRIPTS,
    needs=_NEEDS,
    since="0.1.0",
    source=CHANGE_EMAIL_TEMPLATE,
)
def change_email_no_op(transcript: Transcript) -> Iterator[Comparison]:
    """`change_email` reports success but changes nothing.

    ## Why this matters
    Auth0 shows the new e-mail, but the next log-in with it fails. A log-in with the old e-mail creates a second user.

    ## Violates
        person new email=new@example.com alias=moved@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_email new@example.com moved@example.com true -> done
        get_user moved@example.com -> not-found
        get_user new@example.com -> found {"user_id": "7"}

    ## Conforms
        person new email=new@example.com alias=moved@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_email new@example.com moved@example.com true -> done
        get_user moved@example.com -> found {"user_id": "7"}
        get_user new@example.com -> not-found

    ## How to fix
    Write the script, or remove it: without it Auth0 reports that the e-mail can't be changed.
    """
    missing: dict[tuple[int, Script], Exchange] = {}
    for written, moment in _looks(transcript):
        exchange = moment.exchange
        if _is_only_flag(written):
            continue
        look = (written.number, exchange.script)
        if moment.former is None:
            if exchange.ending is Ending.FOUND:
                yield Held((written, exchange))
            elif moment.is_right:
                missing[look] = exchange
        elif look in missing and exchange.ending is Ending.FOUND:
            message = "change_email reported success, but only the old e-mail is found; update the row"
            evidence = (written, missing[look], exchange)
            yield contradicted(message, evidence, Script.CHANGE_EMAIL, Ending.NOT_FOUND)


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.ERROR,
    scripts=(Script.CHANGE_EMAIL,),
    needs=_NEEDS,
    since="0.1.0",
    source="good practice: an e-mail belongs to one user, so no other user can take it",
)
def change_email_takes_over(transcript: Transcript) -> Iterator[Comparison]:
    """`change_email` gives a user the e-mail of another user.

    ## Why this matters
    The e-mail then belongs to two users, and a password reset by one of them reaches the other's account.

    ## Violates
        person new email=new@example.com new=on
        person other email=other@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        create {"email": "other@example.com", "password": "«password of other»"} -> done
        change_email new@example.com other@example.com true -> done

    ## Conforms
        person new email=new@example.com new=on
        person other email=other@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        create {"email": "other@example.com", "password": "«password of other»"} -> done
        change_email new@example.com other@example.com true -> declined

    ## How to fix
    Let a unique index on `lower(email)` reject it, and end with `callback(null, false)` or an error.
    """
    refused: set[int] = set()
    for moment in legacy_moments(transcript, Script.CHANGE_EMAIL, Script.GET_USER, Script.LOGIN):
        exchange, account, clash = moment.exchange, moment.account, moment.clash
        if account is None or not account.exists:
            continue
        if exchange.script is not Script.CHANGE_EMAIL:
            yield from _lost_by_refusal(moment, refused)
        elif clash is None or not clash.exists:
            continue
        elif exchange.ending is Ending.DONE:
            message = "change_email gave one user the e-mail of another; reject it"
            yield Violation(message, (exchange,), path="ending", expected=Ending.DECLINED, got=exchange.ending)
        elif exchange.ending in {Ending.DECLINED, Ending.FAILED}:
            refused.add(exchange.number)
            yield Held((exchange,))


def _lost_by_refusal(moment: Moment, refused: Collection[int]) -> Iterator[Comparison]:
    """Yield a violation if a user was found before a rejected change of an e-mail, but not after it."""
    exchange, written, seen = moment.exchange, moment.latest_write, moment.seen_just_before
    if written is None or written.number not in refused or seen is None or not moment.is_right:
        return
    if exchange.ending in REFUSALS:
        message = (
            f"after change_email rejected another user's e-mail, {exchange.script} no longer finds a user; "
            "change nothing when it rejects an e-mail"
        )
        yield contradicted(message, (seen, written, exchange), Script.CHANGE_EMAIL, Ending.FOUND)


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.WARNING,
    scripts=_SCRIPTS,
    needs=_NEEDS,
    yields_to=("wrong-users-profile",),
    since="0.1.0",
    source=CHANGE_EMAIL_TEMPLATE,
)
def change_email_verified_only(transcript: Transcript) -> Iterator[Comparison]:
    """`change_email` to the user's own e-mail fails, hides the user, or does not set the `verified` flag.

    ## Why this matters
    Auth0 makes this call when an administrator marks an e-mail as verified or unverified. A script that checks whether
    the new e-mail is free rejects it.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_email new@example.com new@example.com true -> declined

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_email new@example.com new@example.com true -> done
        get_user new@example.com -> found {"user_id": "7", "email_verified": true}

    ## How to fix
    Ignore the user's own row when you check whether the new e-mail is free, and write `verified` each time.
    """
    for moment in legacy_moments(transcript, Script.CHANGE_EMAIL):
        exchange = moment.exchange
        if moment.account is not None and moment.account.exists and _is_only_flag(exchange):
            if exchange.ending in {Ending.DECLINED, Ending.FAILED}:
                message = "change_email rejected the user's own e-mail; set whether it is verified, and report success"
                yield Violation(message, (exchange,), path="ending", expected=Ending.DONE, got=exchange.ending)
            elif exchange.ending is Ending.DONE:
                yield Held((exchange,))
    logged_in = _logged_in_before(transcript)
    for written, moment in _looks(transcript):
        exchange = moment.exchange
        if _is_only_flag(written) and moment.is_right:
            if exchange.ending in REFUSALS:
                if exchange.script is Script.LOGIN and written.number not in logged_in:
                    continue
                message = (
                    f"after change_email to the same address, {exchange.script} no longer finds the user; "
                    "only set whether the e-mail is verified"
                )
                yield contradicted(message, (written, exchange), Script.CHANGE_EMAIL, Ending.FOUND)
            elif _contradicts_flag(written, exchange):
                message = (
                    f"change_email reported success, but email_verified of {exchange.script} did not change; "
                    "store the third argument"
                )
                yield _flag_contradicted(message, written, exchange)


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.WARNING,
    scripts=(Script.CHANGE_EMAIL,),
    needs=_NEEDS,
    since="0.1.0",
    source="good practice: a script should not report success for a change that it did not make",
)
def change_email_unknown_user(transcript: Transcript) -> Iterator[Comparison]:
    """`change_email` reports success for an unknown e-mail.

    ## Why this matters
    Auth0 then has an e-mail that the store does not know, and the user can't log in with either.

    ## Violates
        change_email nobody@example.com moved@example.com true -> done   [writing]

    ## Conforms
        change_email nobody@example.com moved@example.com true -> declined   [writing]

    ## How to fix
    Check how many rows were changed. In JavaScript: `callback(null, result.rowCount > 0)`. In Python, return
    `Declined()` if there were none.
    """
    message = "change_email reported success for an unknown e-mail; end with callback(null, false)"
    yield from judge_unknown_users(legacy_moments(transcript, Script.CHANGE_EMAIL), {Ending.DONE}, message)


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.ERROR,
    scripts=(Script.VERIFY, Script.GET_USER, Script.LOGIN),
    needs=(Need.LEGACY_MODE, Need.VERIFY, Need.WRITES),
    yields_to=("wrong-users-profile",),
    since="0.1.0",
    source=f"{TEMPLATES}/verify",
)
def verify_not_reflected(transcript: Transcript) -> Iterator[Comparison]:
    """After `verify`, a script does not return `email_verified: true`, refuses the user, or verifies another user.

    ## Why this matters
    The result of `verify` does not change the user in Auth0; only the next profile does. Without it the user stays
    unverified forever, however often they click the link.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        verify new@example.com -> done
        get_user new@example.com -> found {"user_id": "7", "email_verified": false}

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        verify new@example.com -> done
        get_user new@example.com -> found {"user_id": "7", "email_verified": true}

    ## How to fix
    Store it in `verify`, for this user only, and return it from `login` and `get_user`.
    """
    if transcript.connection.import_mode:
        return
    found_before = seen_before(transcript, Script.VERIFY)
    # A script that never returns it is reported by missing-email-verified.
    saying = {exchange.script for exchange in transcript.judged if is_verified(exchange) is not None}
    for written, moment in looks_after(transcript, Script.VERIFY):
        exchange = moment.exchange
        before = found_before[written.number].get(exchange.script)
        if moment.is_right and before is not None and exchange.ending in REFUSALS:
            message = f"verify reported success, but {exchange.script} has refused the user since then"
            yield contradicted(message, (before, written, exchange), Script.VERIFY, Ending.FOUND)
        if not moment.is_right or exchange.profile is None or exchange.script not in saying:
            continue
        if is_verified(exchange) is True:
            yield Held((written, exchange))
        else:
            message = f"verify reported success, but {exchange.script} does not return email_verified = true; store it"
            yield contradicted(message, (written, exchange), Script.VERIFY, "true", attribute="email_verified")
    yield from _verified_by_another(transcript)


def _verified_by_another(transcript: Transcript) -> Iterator[Comparison]:
    for moment in legacy_moments(transcript, Script.GET_USER, Script.LOGIN):
        verified, account, exchange = moment.latest_write, moment.account, moment.exchange
        if verified is None or verified.script is not Script.VERIFY or account is None or exchange.profile is None:
            continue
        seen = moment.seen_just_before
        if moment.writes_to == account.number or seen is None:
            continue
        before, after = is_verified(seen), is_verified(exchange)
        if isinstance(before, bool) and isinstance(after, bool) and before is not after:
            state = "verified" if after else "unverified"
            message = f"verify of one user's e-mail also made another user's e-mail {state}; update one row only"
            evidence = (seen, verified, exchange)
            yield contradicted(message, evidence, Script.VERIFY, kind_of(before), attribute="email_verified")
