"""How `verify` ends."""

from collections.abc import Iterator

from customdb_contract._pages import VERIFY_TEMPLATE
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._writing import (
    contradicted,
    is_verified,
    judge_unknown_users,
    legacy_moments,
    seen_before,
    undocumented_result,
)
from customdb_contract.transcript import Ending, Transcript


@rule(
    group=Group.OUTCOME,
    severity=Severity.WARNING,
    scripts=(Script.VERIFY,),
    needs=(Need.LEGACY_MODE, Need.VERIFY, Need.WRITES),
    since="0.1.0",
    source=VERIFY_TEMPLATE,
)
def verify_result_type(transcript: Transcript) -> Iterator[Comparison]:
    """`verify` ends with something other than `true` or `false`, or returns `false` although it verifies.

    ## Why this matters
    Auth0 marks the e-mail as verified for exactly `true`. How it treats an object or an empty result is not documented.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        verify new@example.com -> invalid called with [null]

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        verify new@example.com -> done

    ## How to fix
    In JavaScript, end with `callback(null, true)`. In Python, return `Done()` or `Declined()`, or end with
    `callback(None, True)`.
    """
    for moment in legacy_moments(transcript, Script.VERIFY):
        exchange = moment.exchange
        if exchange.ending is Ending.INVALID:
            yield undocumented_result(exchange, "true or false", "callback(null, true)")
        elif exchange.ending in {Ending.DONE, Ending.DECLINED}:
            yield Held((exchange,))
    found_before = seen_before(transcript, Script.VERIFY)
    for moment in legacy_moments(transcript, Script.GET_USER, Script.LOGIN):
        verified, account, exchange = moment.latest_write, moment.account, moment.exchange
        if verified is None or account is None or account.number != moment.writes_to or not moment.is_right:
            continue
        seen = found_before.get(verified.number, {}).get(exchange.script)
        if seen is None or verified.ending is not Ending.DECLINED:
            continue
        if is_verified(seen) is False and is_verified(exchange) is True:
            message = "verify reported false, but the e-mail is verified; end with callback(null, true)"
            evidence = (seen, verified, exchange)
            yield contradicted(message, evidence, Script.VERIFY, "false", attribute="email_verified")


@rule(
    group=Group.OUTCOME,
    severity=Severity.WARNING,
    scripts=(Script.VERIFY,),
    needs=(Need.LEGACY_MODE, Need.VERIFY, Need.WRITES),
    since="0.1.0",
    source="good practice: mail scanners open links before the user does, so verify runs twice",
)
def verify_not_idempotent(transcript: Transcript) -> Iterator[Comparison]:
    """`verify` fails for a user whose e-mail is already verified.

    ## Why this matters
    Mail programs and scanners open links in advance. The user who clicks afterwards sees an error.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        verify new@example.com -> done
        verify new@example.com -> declined

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        verify new@example.com -> done
        verify new@example.com -> done

    ## How to fix
    Don't require `email_verified = false` in the update: `UPDATE users SET email_verified = true WHERE email = $1`.
    """
    for moment in legacy_moments(transcript, Script.VERIFY):
        exchange, account = moment.exchange, moment.account
        if account is None or not account.exists or not account.verified or account.last_write.script != Script.VERIFY:
            continue
        if exchange.ending is Ending.DONE:
            yield Held((account.last_write, exchange))
        elif exchange.ending in {Ending.DECLINED, Ending.FAILED}:
            message = "verify refused an e-mail that is already verified; end with callback(null, true) again"
            evidence = (account.last_write, exchange)
            yield Violation(message, evidence, path="ending", expected=Ending.DONE, got=exchange.ending)


@rule(
    group=Group.OUTCOME,
    severity=Severity.WARNING,
    scripts=(Script.VERIFY,),
    needs=(Need.LEGACY_MODE, Need.VERIFY, Need.WRITES),
    since="0.1.0",
    source="good practice: a script should not report success for a change that it did not make",
)
def verify_unknown_user_succeeds(transcript: Transcript) -> Iterator[Comparison]:
    """`verify` reports success for an unknown e-mail.

    ## Why this matters
    Auth0 reports to the user that the e-mail is verified, but at the next log-in it is not.

    ## Violates
        verify nobody@example.com -> done   [writing]

    ## Conforms
        verify nobody@example.com -> declined   [writing]

    ## How to fix
    Check how many rows were changed. In JavaScript: `callback(null, result.rowCount > 0)`. In Python, return
    `Declined()` if there were none.
    """
    message = "verify reported success for an unknown e-mail; end with callback(null, false)"
    yield from judge_unknown_users(legacy_moments(transcript, Script.VERIFY), {Ending.DONE}, message)
