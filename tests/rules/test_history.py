"""The history: the facts about each account after each call, and the account that a call is about.

Below each call: its account, with the facts before the call, and then the facts about each account after it.
"""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import dedent

import pytest

from customdb_contract import Transcript
from customdb_contract.contract import Script
from customdb_contract.transcript import Account, Exchange, History, Moment
from decided import compare

pytestmark = pytest.mark.one_python

PEOPLE = """\
person new email=new@example.com username=newcomer alias=moved@example.com new=on
person other email=other@example.com new=on
"""
NAMES = ("new@example.com", "newcomer", "moved@example.com", "other@example.com", "third@example.com")
IDS = ("7", "8")


def history_of(calls: Sequence[str]) -> Iterator[str]:
    """Yield calls, each with the history's facts before and after it, in lines."""
    history = History()
    written = (call if "   [" in call else f"{call}   [writing of new]" for call in calls)
    for call, exchange in zip(calls, Transcript.parse("\n".join([PEOPLE, *written])).exchanges, strict=True):
        moment = history.add(exchange)
        yield call
        yield f"  {'not judged' if moment is None else ', '.join(_moment(moment))}"
        found = {name: history.find(name.upper()) for name in NAMES}
        accounts = {account.number: account for account in found.values() if account is not None}
        for number, account in sorted(accounts.items()):
            names = [name for name, other in found.items() if other is account]
            names += [user_id for user_id in IDS if history.find_by_id(user_id) is account]
            yield f"  {number} {' '.join(names)}: {', '.join(_account(account, history.sightings_of(account)))}"
        former = [name for name in NAMES if found[name] is None and history.knows(name.upper())]
        if former:
            yield f"  formerly {' '.join(former)}"


def _moment(moment: Moment) -> Iterator[str]:
    if moment.account is not None:
        yield f"about {moment.account.number}{' exactly' if moment.is_exact else ''}"
    for name, account in {"formerly": moment.former, "clashing with": moment.clash}.items():
        if account is not None:
            yield f"{name} {account.number}"
    for name, is_so in {"right": moment.is_right, "nobody's": moment.is_nobodys}.items():
        if is_so:
            yield name
    for name, call in {
        "after": moment.latest_write,
        "and": moment.write_before,
        "follows": moment.follows,
        "seen before by": moment.seen_just_before,
    }.items():
        if call is not None:
            yield f"{name} {call.number}"
    if moment.writes_to is not None:
        yield f"which wrote {moment.writes_to}"


def _account(account: Account, seen: Mapping[Script, Exchange]) -> Iterator[str]:
    yield f"{ {True: 'there', False: 'gone', None: 'unsure'}[account.exists] } since {account.last_write.number}"
    if account.password:
        yield f"password {account.password}"
    if account.former_passwords:
        yield f"no longer {' '.join(account.former_passwords)}"
    if account.verified is not None:
        yield "verified" if account.verified else "unverified"
    if account.maybe_passwords:
        yield f"maybe {' '.join(account.maybe_passwords)}"
    if account.maybe_email:
        yield f"maybe {account.maybe_email}"
    if seen:
        yield f"seen by {' '.join(str(call.number) for call in seen.values())}"


NEW = 'create {"email": "new@example.com", "username": "newcomer", "password": "«p»"} -> done'
OTHER = 'create {"email": "other@example.com", "password": "«o»"} -> done'
CASES = {
    "created": f"""
        {NEW}
        login new@example.com «p» -> found {{"user_id": "7"}}
        get_user NEWCOMER -> found {{"user_id": "7"}}
        get_user newcomer -> found {{"id": "7"}}
        login new@example.com «wrong» -> failed WrongUsernameOrPasswordError(null) "no"
        {OTHER}
        get_user other@example.com -> found {{"user_id": "8"}}
        get_user new@example.com -> found {{"user_id": "7"}}
    """,
    "created twice": f"""
        {NEW}
        create {{"email": "NEW@example.com", "password": "«o»"}} -> failed ValidationError("user_exists") "no"
        create {{"email": "third@example.com", "username": "newcomer", "password": "«o»"}} -> failed Error "no"
        create {{"email": "third@example.com", "password": "«o»"}} -> failed ValidationError("user_exists") "no"
        create {{"email": "NEW@example.com", "password": "«o»"}} -> done
        create {{"email": "third@example.com", "password": "«o»"}} -> failed Error "no"
        create {{"email": "other@example.com", "password": "«o»"}} -> invalid called with [null, false]
    """,
    "created, perhaps": """
        create {"email": "new@example.com", "password": "«p»"} -> invalid called with [null, 7]
        get_user new@example.com -> not-found
        login new@example.com «p» -> found {"user_id": "7"}
        create {"email": "other@example.com"} -> invalid called with [null, 7]
        get_user other@example.com -> found {"user_id": "8"}
        create {"username": "newcomer"} -> done
        create {"email": "third@example.com", "password": "«o»"} -> found {"user_id": "9"}
    """,
    "verified": f"""
        {NEW}
        verify new@example.com -> declined
        verify new@example.com -> done
        verify new@example.com -> failed Error "no"
        verify third@example.com -> done
        get_user new@example.com -> found {{"user_id": "7"}}
        delete "7" -> done
        verify new@example.com -> done
    """,
    "another password": f"""
        {NEW}
        login new@example.com «p» -> found {{"user_id": "7"}}
        change_password new@example.com "«q»" -> done
        login new@example.com «q» -> found {{"user_id": "7"}}
        login new@example.com «p» -> failed WrongUsernameOrPasswordError(null) "no"
        change_password new@example.com "«r»" -> done
        change_password new@example.com "«p»" -> done
        change_password new@example.com "«p»" -> declined
        change_password new@example.com "«p»" -> failed Error "no"
        change_password third@example.com "«p»" -> done
    """,
    "another password, perhaps": f"""
        {NEW}
        change_password new@example.com "«q»" -> invalid called with [null, 7]
        login new@example.com «r» -> found {{"user_id": "7"}}
        get_user newcomer -> found {{"user_id": "7"}}
        login newcomer «q» -> found {{"user_id": "7"}}
        change_password new@example.com "«q»" -> invalid called with [null, 7]
        login new@example.com «p» -> found {{"user_id": "7"}}
        change_password new@example.com 7 -> invalid called with [null, 7]
    """,
    "another e-mail": f"""
        {NEW}
        {OTHER}
        change_email new@example.com moved@example.com true -> done
        get_user new@example.com -> not-found
        get_user moved@example.com -> found {{"user_id": "7"}}
        change_email moved@example.com MOVED@example.com false -> done
        change_email moved@example.com other@example.com true -> failed ValidationError("user_exists") "no"
        change_email moved@example.com third@example.com true -> declined
        change_email moved@example.com new@example.com "yes" -> done
        change_email new@example.com other@example.com true -> done
    """,
    "another e-mail that is found as before": f"""
        {NEW}
        change_email new@example.com moved@example.com true -> done
        get_user new@example.com -> found {{"user_id": "7"}}
    """,
    "another e-mail, perhaps": f"""
        {NEW}
        change_email new@example.com moved@example.com true -> invalid called with [null, 7]
        get_user third@example.com -> found {{"user_id": "7"}}
        get_user moved@example.com -> found {{"user_id": "7"}}
        login moved@example.com «p» -> found {{"user_id": "7"}}
        change_email moved@example.com new@example.com true -> failed Error "no"
        get_user new@example.com -> found {{"user_id": "7"}}
    """,
    "another e-mail of nobody": f"""
        {NEW}
        {OTHER}
        get_user new@example.com -> found {{"user_id": "7"}}
        delete "7" -> done
        change_email new@example.com other@example.com true -> done
        change_email new@example.com third@example.com true -> failed Error "no"
        change_email new@example.com third@example.com true -> done
        get_user third@example.com -> found {{"user_id": "7"}}
    """,
    "deleted": f"""
        {NEW}
        {OTHER}
        get_user new@example.com -> found {{"user_id": "7"}}
        get_user other@example.com -> found {{"user_id": "8"}}
        delete "7" -> done
        get_user new@example.com -> not-found
        delete "7" -> done
        delete "8" -> failed Error "no"
        get_user other@example.com -> found {{"user_id": "8"}}
        create {{"email": "new@example.com", "password": "«q»"}} -> done
        get_user new@example.com -> found {{"user_id": "7"}}
    """,
    "somebody whose id was never seen is deleted": f"""
        {NEW}
        {OTHER}
        get_user new@example.com -> found {{"user_id": "7"}}
        delete "8" -> done
        get_user new@example.com -> found {{"user_id": "7"}}
    """,
    "lost": f"""
        {NEW}
        login new@example.com «p» -> found {{"user_id": "7"}}
        get_user newcomer -> not-found
        get_user newcomer -> not-found
        get_user new@example.com -> not-found
        login new@example.com «p» -> found {{"user_id": "7"}}
    """,
    "not judged": f"""
        {NEW}
        {OTHER}
        get_user new@example.com -> found {{"user_id": "7"}}
        get_user new@example.com -> found {{"user_id": "8"}}   [known-user of new]
        get_user new@example.com -> found {{"user_id": "8"}}   [outage: refuse of new]
        get_user new@example.com -> found {{"user_id": "8"}}   [clean-up of new]
        login new@example.com «p» -> found {{"user_id": "8"}}   [writing of new, unstable-store]
        change_password new@example.com "«q»" -> done   [outage: refuse of new]
    """,
}


@pytest.mark.parametrize("name", CASES)
def test_invariants_after_each_call(request: pytest.FixtureRequest, name: str) -> None:
    compare(request.node, history_of(dedent(CASES[name]).split("\n")[1:-1]))
