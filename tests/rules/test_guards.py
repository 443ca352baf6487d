"""Guards of rules: cases that look like a breach or a comparison and are neither."""

import pytest

from customdb_contract.findings import Status
from customdb_contract.rules import find_rule
from rules.judging import verdict

ADA = "person ada email=ada@example.com\n"
NEW = "person new email=new@example.com alias=moved@example.com new=on\n"
OTHER = "person other email=other@example.com new=on\n"
CREATED = 'create {"email": "new@example.com", "password": "«password of new»"} -> done\n'
CREATED_OTHER = 'create {"email": "other@example.com", "password": "«password of other»"} -> done\n'
NO = 'failed WrongUsernameOrPasswordError(null) "no"'
BOTH = NEW + OTHER + CREATED + CREATED_OTHER
RESET = 'change_password new@example.com "«new password of new»" -> done\n'
REFUSED_RESET = RESET.replace("done", "declined")
FAILED = 'failed Error "no such user"'
SOCKETS = 'get_user a{}@example.com -> not-found; noticed open-sockets "{}"   [unknown-user]\n'

LOG_IN = "operation log_in by user of ada on shop identifier=ada@example.com password="

SEVEN = ADA + 'get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com"}\n'

SAYS_NOTHING = {
    "metadata-not-json: of a text that was too long to record": ADA
    + 'get_user ada@example.com -> found {"user_id": "7", '
    + '"app_metadata": {"cv": {"$special": "long-text", "text": "x", "size": 90000}}}\n',
    "change-password-unknown-user: of a user who is there": NEW
    + CREATED
    + 'change_password new@example.com "«new password of new»" -> declined\n',
    "change-password-unknown-user: of a call that every user is refused": NEW
    + CREATED
    + f"change_password nobody@example.com «new password» -> {FAILED}   [writing]\n"
    + f'change_password new@example.com "«new password of new»" -> {FAILED}\n',
    "change-password-misreported: of a change to the password that the user has": NEW
    + CREATED
    + "change_password new@example.com «password of new» -> declined\n"
    + 'login new@example.com «password of new» -> found {"user_id": "7"}\n',
    "change-password-misreported: of a log-in with another spelling": NEW
    + CREATED
    + REFUSED_RESET
    + 'login NEW@example.com "«new password of new»" -> found {"user_id": "7"}   [writing of new]\n',
    "change-password-misreported: of a log-in after another write": NEW
    + CREATED
    + REFUSED_RESET
    + 'verify new@example.com -> done\nlogin new@example.com "«new password of new»" -> found {"user_id": "7"}\n',
    "login-null-result: of a script that ended its process": ADA
    + 'login ada@example.com "x" -> died   [wrong-password]\n',
    "verify-not-idempotent: of an e-mail that was not verified before": NEW
    + CREATED
    + "verify new@example.com -> declined\nverify new@example.com -> done\n",
    "verify-not-idempotent: of a call before that never ended": NEW
    + CREATED
    + "verify new@example.com -> timed-out\nverify new@example.com -> declined\n",
    "connection-leak: of a level that was there before the first call": "script get_user observed=on\n"
    + "".join(SOCKETS.format(number, number) for number in range(8)),
    "verify-not-reflected: of a user who was not found before": NEW
    + CREATED
    + "verify new@example.com -> done\nget_user new@example.com -> not-found\n",
    "verify-not-reflected: of another user who was not seen before": BOTH
    + 'verify new@example.com -> done\nget_user other@example.com -> found {"user_id": "8", "email_verified": true}\n',
    "delete-misreported: of a user who was deleted before": NEW
    + CREATED
    + 'get_user new@example.com -> found {"user_id": "shop-7"}\ndelete shop-7 -> done   [writing of new]\n'
    + f"delete shop-7 -> {FAILED}   [writing of new]\nget_user new@example.com -> not-found\n",
    "delete-ineffective: of another user who was not seen before": BOTH
    + 'get_user new@example.com -> found {"user_id": "shop-7"}\ndelete shop-7 -> done   [writing of new]\n'
    + "get_user other@example.com -> not-found\n",
    "delete-ineffective: of another user's wrong password": BOTH
    + 'get_user new@example.com -> found {"user_id": "shop-7"}\n'
    + 'login other@example.com «password of other» -> found {"user_id": "8"}\n'
    + "delete shop-7 -> done   [writing of new]\n"
    + f'login other@example.com "wrong" -> {NO}\n',
    "inconsistent-trimming: of a script that never ended": ADA
    + 'get_user ada@example.com -> found {"user_id": "7"}\n'
    + 'login ada@example.com «password of ada» -> found {"user_id": "7"}\n'
    + 'get_user " ada@example.com " -> found {"user_id": "7"}   [other-spelling: surrounding-blanks of ada]\n'
    + 'login " ada@example.com " «password of ada» -> timed-out   [other-spelling: surrounding-blanks of ada]\n',
    "inconsistent-trimming: of two scripts that never ended": ADA
    + 'get_user ada@example.com -> found {"user_id": "7"}\n'
    + 'login ada@example.com «password of ada» -> found {"user_id": "7"}\n'
    + 'get_user " ada@example.com " -> timed-out   [other-spelling: surrounding-blanks of ada]\n'
    + 'login " ada@example.com " «password of ada» -> timed-out   [other-spelling: surrounding-blanks of ada]\n',
    "change-password-hits-others: of another user who was seen before two writes": BOTH
    + 'get_user other@example.com -> found {"user_id": "8"}\n'
    + "verify new@example.com -> done\n"
    + RESET
    + "get_user other@example.com -> not-found\n",
    "change-password-hits-others: of the user's own old password": BOTH
    + 'login new@example.com «password of new» -> found {"user_id": "7"}\n'
    + RESET
    + f"login new@example.com «new password of new» -> {NO}\n",
    "change-password-hits-others: of another user's wrong password": BOTH
    + 'login other@example.com «password of other» -> found {"user_id": "8"}\n'
    + RESET
    + f'login other@example.com "wrong" -> {NO}\n',
    "verify-not-reflected: of somebody who was never created": BOTH
    + 'verify new@example.com -> done\nget_user stranger@example.com -> found {"user_id": "9"}   [unknown-user]\n',
    "email-not-lowercase: of an e-mail that is no text": "connection import_mode=on\n"
    + ADA
    + 'get_user ada@example.com -> found {"user_id": "7", "email": null}\n',
}
"""By rule and subject, transcripts in which the rule has nothing to compare."""

HOLDS = {
    "change-email-takes-over: a wrong password after a change that was refused": BOTH
    + 'login new@example.com «password of new» -> found {"user_id": "7"}\n'
    + "change_email new@example.com other@example.com true -> declined\n"
    + f'login new@example.com "wrong" -> {NO}\n',
    "change-email-takes-over: nobody was seen before a change that was refused": BOTH
    + "change_email new@example.com other@example.com true -> declined\nget_user new@example.com -> not-found\n",
    "create-duplicate-not-user-exists: a second argument of the error": BOTH.replace(CREATED_OTHER, "")
    + CREATED.replace("done", 'failed ValidationError("user_exists", "there is one") "no"')
    + CREATED_OTHER,
    "no-metadata-repair: more metadata than the script returned": f"connection import_mode=on\n{ADA}"
    "operation log_in by user of ada on shop identifier=ada@example.com -> succeeded interrupted before-metadata\n"
    'login ada@example.com «password of ada» -> found {"user_id": "7", "app_metadata": {"plan": "full"}}\n'
    "operation log_in by user of ada on shop identifier=ada@example.com -> succeeded\n"
    'store users auth0|7 {"app_metadata": {"plan": "full", "seen": true}}\n',
    "change-password-ineffective: a former password that the user has again": NEW
    + CREATED
    + RESET
    + "change_password new@example.com «password of new» -> done\n"
    + "login new@example.com «password of new» -> "
    + 'found {"user_id": "7"}\n',
    "url-injection: a reserved character, and no request that was seen": ADA
    + "get_user ada@example.com?x=1 -> not-found   [hostile: url]\n",
    "url-injection: a request for what has no reserved character": ADA
    + 'get_user ada2@example.com -> not-found; noticed request "GET /ada2@example.com"   [hostile: url]\n',
    "profile-too-large: letters that UTF-8 writes in two bytes": ADA
    + f'get_user ada@example.com -> found {{"user_id": "7", "name": "{"é" * 3000}"}}\n',
    "verify-not-reflected: the user's own verification": BOTH
    + 'get_user new@example.com -> found {"user_id": "7", "email_verified": false}\n'
    + 'verify new@example.com -> done\nget_user new@example.com -> found {"user_id": "7", "email_verified": true}\n',
    "delete-ineffective: another user who stays": BOTH
    + 'get_user new@example.com -> found {"user_id": "shop-7"}\nget_user other@example.com -> found {"user_id": "8"}\n'
    + 'delete shop-7 -> done   [writing of new]\nget_user other@example.com -> found {"user_id": "8"}\n',
    "change-password-ineffective: a password that never was the user's": NEW
    + CREATED
    + RESET
    + 'login new@example.com "«new password of new»" -> found {"user_id": "7"}\n'
    + 'login new@example.com "neither" -> found {"user_id": "7"}\n',
    "email-not-lowercase: an e-mail that is no text": "connection import_mode=on\n"
    + ADA
    + 'get_user ada@example.com -> found {"user_id": "7", "email": 7}\n',
    "inconsistent-error-identifier: the user's own name in another case": ADA
    + 'get_user ada@example.com -> found {"user_id": "7"}\n'
    + 'login ada@example.com "x" -> failed WrongUsernameOrPasswordError("ADA@example.com") "no"   [wrong-password]\n',
}
"""By rule and subject, transcripts in which the comparison passes once."""

BREAKS = {
    "invalid-metadata-key: two keys": ADA
    + 'get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"a.b": 1, "c.d": 2}}\n',
    "shared-user-id: somebody with the same e-mail in another store": 'elsewhere other bob "7" email=ADA@example.com\n'
    + SEVEN,
    "shared-user-id: somebody with another e-mail in another store": 'elsewhere other bob "7" email=bob@example.com\n'
    + SEVEN,
    "shared-user-id: somebody without an e-mail in another store": 'elsewhere other bob "7"\n' + SEVEN,
    "inconsistent-error-identifier: two users who are named, and two who are not": ADA
    + "person bob email=bob@example.com\n"
    + 'login ada@example.com "x" -> failed WrongUsernameOrPasswordError("ada@example.com") "no"   [wrong-password]\n'
    * 2
    + 'login bob@example.com "x" -> failed WrongUsernameOrPasswordError(null) "no"   [wrong-password]\n' * 2,
    "mismatched-profile: another name than the given one": ADA.replace("\n", ' profile={"name": "Ada"}\n')
    + 'get_user ada@example.com -> found {"user_id": "7", "email": "ada@example.com", "name": "Eva"}\n',
    "inconsistent-metadata-type: a field after one that the user had before": ADA
    + "person bob email=bob@example.com\n"
    + 'get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"visits": 3}}\n'
    + 'get_user bob@example.com -> found {"user_id": "8", "app_metadata": {"plan": "full"}}\n'
    + 'get_user bob@example.com -> found {"user_id": "8", "app_metadata": {"plan": "full", "visits": "0"}}\n',
    "inconsistent-metadata-type: a field after one without a value": ADA
    + "person bob email=bob@example.com\n"
    + 'get_user ada@example.com -> found {"user_id": "7", "app_metadata": {"plan": null, "visits": 3}}\n'
    + 'get_user bob@example.com -> found {"user_id": "8", "app_metadata": {"plan": null, "visits": "0"}}\n',
    "password-lost-in-migration: after a password that was never right": f"connection import_mode=on\n{ADA}"
    'login ada@example.com «password of ada» -> found {"user_id": "7"}\n'
    f"{LOG_IN}other -> succeeded\n"
    'login ada@example.com other -> found {"user_id": "7"}   [simulated]\n'
    f'{LOG_IN}neither -> refused "no"\n'
    f'{LOG_IN}«password of ada» -> refused "no"\n'
    'log fp "Wrong email or password." about auth0|7 on shop\n',
    "callback-inside-try: beside a call that never ended": "script get_user observed=on\n"
    + ADA
    + "get_user ada@example.com -> timed-out\n"
    + 'get_user ada@example.com -> found {"user_id": "7"}; '
    + 'called again -> failed Error "the result was refused"   [callback-throws]\n',
    "verify-not-reflected: a user who is not found since then": NEW
    + CREATED
    + 'get_user new@example.com -> found {"user_id": "7"}\nverify new@example.com -> done\n'
    + "get_user new@example.com -> not-found\n",
    "change-password-hits-others: another user who is not found since then": BOTH
    + 'get_user other@example.com -> found {"user_id": "8"}\n'
    + RESET
    + "get_user other@example.com -> not-found\n",
    "password-altered: a log-in after a look": BOTH.replace(CREATED, "").replace(CREATED_OTHER, "")
    + CREATED_OTHER
    + 'get_user other@example.com -> found {"user_id": "8"}\n'
    + 'login other@example.com «password of other» -> found {"user_id": "8"}\n'
    + CREATED.replace("done", "done   [writing: blanks-in-password]")
    + 'get_user new@example.com -> found {"user_id": "7"}\n'
    + f"login new@example.com «password of new» -> {NO}\n",
    "create-duplicate-not-user-exists: the right code in a wrong error": BOTH.replace(CREATED_OTHER, "")
    + CREATED.replace("done", 'failed Error("user_exists") "no"')
    + CREATED_OTHER,
    "inconsistent-error-identifier: another name": ADA
    + 'get_user ada@example.com -> found {"user_id": "7"}\n'
    + 'login ada@example.com "x" -> failed WrongUsernameOrPasswordError("wrong password") "no"   [wrong-password]\n',
    "profile-too-large: a text inside an array inside an object": ADA
    + 'get_user ada@example.com -> found {"user_id": "7", "x": {"y": [{"$special": "long-text", "text": "…", '
    + '"size": 90000}]}}\n',
    "connection-leak: eight calls after a level that stays": "script get_user observed=on\n"
    + "".join(SOCKETS.format(number, max(number, 3)) for number in range(12)),
}
"""By rule and subject, transcripts with one breach."""


def judged(subject: str, text: str) -> tuple[Status, int, int]:
    """Return the status, the number of findings, and the number of passing comparisons."""
    found = verdict(find_rule(subject.partition(":")[0]), text)
    return found.status, len(found.findings), found.held


@pytest.mark.parametrize("subject", SAYS_NOTHING)
def test_a_rule_does_not_apply(subject: str) -> None:
    assert judged(subject, SAYS_NOTHING[subject]) == (Status.NOT_APPLICABLE, 0, 0)


@pytest.mark.parametrize("subject", HOLDS)
def test_a_rule_passes_on_one_example(subject: str) -> None:
    assert judged(subject, HOLDS[subject]) == (Status.PASSED, 0, 1)


@pytest.mark.parametrize("subject", BREAKS)
def test_a_rule_breaks_on_one_example(subject: str) -> None:
    status, findings, _ = judged(subject, BREAKS[subject])

    assert (status, findings) == (Status.FAILED, 1)
