"""How `delete` and `change_email` end."""

from collections.abc import Iterator
from itertools import pairwise

from customdb_contract._pages import DELETE_TEMPLATE, TEMPLATES
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._writing import (
    REFUSALS,
    contradicted,
    is_user_exists,
    judge_outages,
    legacy_moments,
    looks_after,
    undocumented_result,
)
from customdb_contract.transcript import Ending, Exchange, Moment, Transcript, canonical, is_done


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.CHANGE_EMAIL,),
    needs=(Need.LEGACY_MODE, Need.CHANGE_EMAIL, Need.WRITES),
    since="0.1.0",
    source=f"{TEMPLATES}/change-email",
)
def change_email_result_type(transcript: Transcript) -> Iterator[Comparison]:
    """`change_email` ends with something other than `true` or `false`.

    ## Why this matters
    Auth0 changes its own record only for `true`. If the store changed and Auth0 didn't, the next log-in creates a
    second user for the same account.

    ## Violates
        person new email=new@example.com alias=moved@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_email new@example.com moved@example.com true -> invalid called with [null, {"changed": 1}]

    ## Conforms
        person new email=new@example.com alias=moved@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        change_email new@example.com moved@example.com true -> done

    ## How to fix
    In JavaScript, end with `callback(null, true)`. In Python, return `Done()` or `Declined()`, or end with
    `callback(None, True)`.
    """
    for moment in legacy_moments(transcript, Script.CHANGE_EMAIL):
        exchange = moment.exchange
        if exchange.ending is Ending.INVALID:
            yield undocumented_result(exchange, "true or false", "callback(null, true) or callback(null, false)")
        elif exchange.ending in {Ending.DONE, Ending.DECLINED}:
            yield Held((exchange,))


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.DELETE, Script.GET_USER),
    needs=(Need.LEGACY_MODE, Need.DELETE, Need.WRITES),
    since="0.1.0",
    source=DELETE_TEMPLATE,
)
def delete_misreported(transcript: Transcript) -> Iterator[Comparison]:
    """`delete` reports success without reaching the store, an error after deleting the user, or neither.

    ## Why this matters
    Auth0 removes its own record when the script reports success. A user who is still in the store can log in, and Auth0
    creates them again. A user who is gone from the store but not from Auth0 stays there forever.

    ## Violates
        delete shop-7 -> done   [outage: refuse]

    ## Conforms
        delete shop-7 -> failed Error "connect ECONNREFUSED"   [outage: refuse]

    ## How to fix
    Pass the driver's error to the callback, and `null` only if the store has confirmed the deletion.
    """
    if transcript.connection.import_mode:
        return
    message = "delete reported success while the store was unreachable; report an error"
    yield from judge_outages(transcript, Script.DELETE, {Ending.DONE}, message)
    for deleted, look in _after_failed_deletes(transcript):
        if look.ending is Ending.NOT_FOUND:
            message = "delete reported an error, but the user is gone; report success if a row was deleted"
            yield Violation(
                message,
                (deleted, look),
                script=Script.DELETE,
                path="ending",
                expected=Ending.DONE,
                got=deleted.ending,
            )
    for moment in legacy_moments(transcript, Script.DELETE):
        exchange = moment.exchange
        if exchange.ending is Ending.INVALID:
            yield undocumented_result(exchange, "nothing", "callback(null), or return Done()", Severity.WARNING)


def _after_failed_deletes(transcript: Transcript) -> Iterator[tuple[Exchange, Exchange]]:
    """Yield each failed delete of an existing user, with the next get_user of the same e-mail."""
    failed: dict[str, Exchange] = {}
    for moment in legacy_moments(transcript, Script.DELETE, Script.GET_USER):
        exchange, account = moment.exchange, moment.account
        if account is None:
            continue
        if exchange.script is Script.GET_USER:
            deleted = failed.pop(account.email, None)
            if deleted is not None and moment.is_exact:
                yield deleted, exchange
        elif account.exists and exchange.ending is Ending.FAILED:
            failed[account.email] = exchange


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.DELETE, Script.GET_USER, Script.LOGIN),
    needs=(Need.LEGACY_MODE, Need.DELETE, Need.WRITES),
    since="0.1.0",
    source=DELETE_TEMPLATE,
)
def delete_ineffective(transcript: Transcript) -> Iterator[Comparison]:
    """`delete` reports success, but the user is still there, another user is gone, or the e-mail stays taken.

    ## Why this matters
    Often the id is compared with a number or an ObjectId and matches nothing. The user is gone from Auth0, logs in
    again, and Auth0 creates them again.

    If `delete` only marks the record, and `create` still reports `user_exists` for it, the user can never sign up
    again. This is a warning; a store that reserves e-mails forever should report a code of its own.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        get_user new@example.com -> found {"user_id": "shop-7"}
        delete shop-7 -> done   [writing of new]
        get_user new@example.com -> found {"user_id": "shop-7"}

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        get_user new@example.com -> found {"user_id": "shop-7"}
        delete shop-7 -> done   [writing of new]
        get_user new@example.com -> not-found

    ## How to fix
    Convert the id back to the type in the store (`Number(id)`, `new ObjectId(id)`), and check how many rows were
    deleted. If records are only marked, let `create` restore a marked one, or leave marked ones out of the unique
    index.
    """
    for deleted, moment in _looks_after_delete(transcript):
        exchange = moment.exchange
        is_own = moment.account is not None and moment.account.last_write is deleted
        if is_own and exchange.ending is Ending.FOUND:
            message = "delete reported success, but the user still exists; check how many rows were deleted"
            yield contradicted(message, (deleted, exchange), Script.DELETE, Ending.NOT_FOUND)
        elif not is_own and exchange.ending in REFUSALS:
            message = "after one user was deleted, another user is gone; delete only the record with the given id"
            yield contradicted(message, (deleted, exchange), Script.DELETE, Ending.FOUND)
        elif exchange.ending in {Ending.FOUND, *REFUSALS}:
            yield Held((deleted, exchange))
    yield from _sign_ups_after_delete(transcript)


def _sign_ups_after_delete(transcript: Transcript) -> Iterator[Comparison]:
    """Judge whether a user who was deleted, and is no longer found, can sign up again as before."""
    deleted: dict[str, Exchange] = {}
    missed: dict[str, Exchange] = {}
    for moment in legacy_moments(transcript, Script.DELETE, Script.GET_USER, Script.CREATE):
        exchange, account = moment.exchange, moment.account
        if exchange.script is Script.CREATE:
            user = canonical(exchange.identifier)
            # Another account may have signed up with the identifier, or got it, since.
            if user in deleted and user in missed and is_user_exists(exchange) and moment.clash is None:
                message = (
                    "delete reported success and get_user no longer finds the user, but create reports user_exists; "
                    "let the user sign up again"
                )
                evidence = (deleted[user], missed[user], exchange)
                yield Violation(
                    message,
                    evidence,
                    Severity.WARNING,
                    script=Script.DELETE,
                    path="create.ending",
                    expected=Ending.DONE,
                    got=exchange.ending,
                )
            elif user in deleted and is_done(exchange):
                yield Held((deleted.pop(user), exchange))
        elif account is not None:
            user = canonical(account.created.identifier)
            if exchange.script is Script.DELETE and account.exists and exchange.ending is Ending.DONE:
                deleted[user] = exchange
                missed.pop(user, None)
            elif user in deleted and moment.is_exact and exchange.ending is Ending.NOT_FOUND:
                missed[user] = exchange


def _looks_after_delete(transcript: Transcript) -> Iterator[tuple[Exchange, Moment]]:
    if transcript.connection.import_mode:
        return
    for deleted, moment in looks_after(transcript, Script.DELETE):
        account = moment.account
        if moment.is_exact and account is not None and account.exists is False:
            yield deleted, moment
    for moment in legacy_moments(transcript, Script.GET_USER, Script.LOGIN):
        written, account = moment.latest_write, moment.account
        if written is None or written.script is not Script.DELETE or written.ending is not Ending.DONE:
            continue
        is_anothers = account is not None and moment.is_right and moment.writes_to != account.number
        if is_anothers and moment.seen_just_before is not None:
            yield written, moment


@rule(
    group=Group.OUTCOME,
    severity=Severity.INFO,
    scripts=(Script.DELETE,),
    needs=(Need.LEGACY_MODE, Need.DELETE, Need.WRITES),
    since="0.1.0",
    source="good practice: Auth0 documents nothing about unknown ids, so they should all end in the same way",
)
def delete_unknown_user_inconsistent(transcript: Transcript) -> Iterator[Comparison]:
    """`delete` ends in different ways for unknown ids.

    ## Why this matters
    A client that retries after an interruption gets an error for one user and success for another. An id that existed
    before is a different case: a store may remember which users it deleted.

    ## Violates
        delete shop-98 -> done   [writing]
        delete shop-99 -> failed Error "no such user"   [writing]

    ## Conforms
        delete shop-98 -> done   [writing]
        delete shop-99 -> done   [writing]

    ## How to fix
    Report success for an unknown id: the user is gone, as requested.
    """
    unknown = [
        moment.exchange
        for moment in legacy_moments(transcript, Script.DELETE)
        if moment.account is None and moment.exchange.ending in {Ending.DONE, Ending.FAILED}
    ]
    for first, second in pairwise(unknown):
        if first.ending is second.ending:
            yield Held((first, second))
        else:
            message = "delete ends in different ways for unknown ids; report success for each"
            evidence = (first, second)
            yield Violation(message, evidence, path="ending", expected=first.ending, got=second.ending)


@rule(
    group=Group.OUTCOME,
    severity=Severity.ERROR,
    scripts=(Script.DELETE,),
    needs=(Need.LEGACY_MODE, Need.DELETE, Need.WRITES),
    yields_to=("delete-misreported",),
    since="0.1.0",
    source=DELETE_TEMPLATE,
)
def delete_rejects_own_user_id(transcript: Transcript) -> Iterator[Comparison]:
    """`delete` rejects the `user_id` that the other scripts return.

    ## Why this matters
    Auth0 passes the `user_id` that login returned, without the prefix `auth0|`. A script that expects another form
    can't delete any user.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        get_user new@example.com -> found {"user_id": "shop-7"}
        delete shop-7 -> failed Error "invalid id"   [writing of new]

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        get_user new@example.com -> found {"user_id": "shop-7"}
        delete shop-7 -> done   [writing of new]

    ## How to fix
    Build the `user_id` in one function, and parse it in another function next to it.
    """
    for moment in legacy_moments(transcript, Script.DELETE):
        exchange, account = moment.exchange, moment.account
        if account is None or not account.exists:
            continue
        if exchange.ending is Ending.FAILED:
            message = "delete rejected the user_id that the other scripts return; accept it in that form"
            yield Violation(message, (exchange,), path="ending", expected=Ending.DONE, got=exchange.ending)
        elif exchange.ending is Ending.DONE:
            yield Held((exchange,))
