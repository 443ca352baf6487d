"""A user who logged in must stay in the legacy store, and be found there, until Auth0 has the whole user."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from attrs import frozen

from customdb_contract._pages import AUTOMATIC_MIGRATION
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._sightings import is_denial
from customdb_contract.rules.migration._evidence import calls_by_person, operations_by_person
from customdb_contract.transcript import WHOLE_RECORD, Ending, Exchange, Noticed, Person, Transcript

_BOTH: Final = (Script.GET_USER, Script.LOGIN)
_FEWEST_DENIALS: Final = 3
_FEWEST_DENIALS_OF_ONE: Final = 2


@rule(
    group=Group.MIGRATION,
    severity=Severity.ERROR,
    scripts=(Script.LOGIN, Script.GET_USER),
    needs=(Need.GET_USER, Need.PASSWORD),
    yields_to=("migration-marker-hides-user",),
    since="0.1.0",
    source=AUTOMATIC_MIGRATION,
)
def login_deletes_user(transcript: Transcript) -> Iterator[Comparison]:
    """`login` removes the user from the legacy store, and neither script finds the user any longer.

    ## Why this matters
    Auth0 stores the user after the script has ended. If that is interrupted, the user is in neither store and can't be
    restored. With import mode off the user can never log in again.

    The check then logs in no further user.

    ## Violates
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}
        login ada@example.com «password of ada» -> found {"user_id": "7"}
        get_user ada@example.com -> not-found   [repeated]
        login ada@example.com «password of ada» -> failed WrongUsernameOrPasswordError(null) "no"   [repeated]
        get_user ada@example.com -> not-found   [repeated]

    ## Conforms
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}
        login ada@example.com «password of ada» -> found {"user_id": "7"}
        get_user ada@example.com -> found {"user_id": "7"}   [repeated]

    ## How to fix
    Keep the row, and remove it weeks later, once the user is known to be in Auth0. A mark for migrated users must not
    make either script refuse the user.
    """
    for exchange in transcript.select(Script.LOGIN):
        if WHOLE_RECORD in exchange.outcome.noticed(Noticed.STORE_CHANGE):
            message = "login removed the user from the legacy store; keep the row until Auth0 has the user"
            yield Violation(message, (exchange,), path=WHOLE_RECORD)
        elif exchange.outcome.noticed(Noticed.INSPECTED):
            yield Held((exchange,))
    for _, asked in _asked(transcript):
        yield from _judge_staying(asked)


def _asked(transcript: Transcript) -> Iterator[tuple[Person, Sequence[Exchange]]]:
    """Yield the calls of both scripts for a user, with the right password, until Auth0 deletes the user."""
    done = operations_by_person(transcript)
    made = calls_by_person(transcript.select(None, "known-user", "repeated"))
    for person in transcript.people:
        deletions = (one.number for one in done.get(person.label, ()) if one.name == "delete_user")
        end = next(deletions, len(transcript.records) + 1)
        calls = made.get(person.label, ())
        yield person, [one for one in calls if one.script in _BOTH and one.number < end]


def _judge_staying(asked: Sequence[Exchange]) -> Iterator[Comparison]:
    """Judge whether a user whom both scripts found is still known after the last log-in.

    One refusal may be an unstable store; repeated refusals by both scripts prove its state.
    """
    logins = [exchange for exchange in asked if exchange.script is Script.LOGIN and exchange.profile is not None]
    looks = [exchange for exchange in asked if exchange.script is Script.GET_USER and exchange.profile is not None]
    if not logins or not looks or looks[0].number > logins[-1].number:
        return
    login = logins[-1]
    later = [exchange for exchange in asked if exchange.number > login.number]
    denials = [exchange for exchange in later if is_denial(exchange)]
    if looks[-1].number > login.number:
        yield Held((login, looks[-1]))
    elif len(denials) == len(later) >= _FEWEST_DENIALS and {exchange.script for exchange in denials} == {*_BOTH}:
        message = (
            "since the user logged in, neither script finds them any longer; keep the row, and find users "
            "who have logged in"
        )
        yield _denied(message, (looks[0], login, *denials))


def _denied(
    message: str, evidence: tuple[Exchange, ...], severity: Severity | None = None, script: Script = Script.LOGIN
) -> Violation:
    last = evidence[-1].ending
    return Violation(message, evidence, severity, script, path="ending", expected=Ending.FOUND, got=last)


@rule(
    group=Group.MIGRATION,
    severity=Severity.ERROR,
    scripts=(Script.LOGIN, Script.GET_USER),
    needs=(Need.GET_USER, Need.PASSWORD),
    since="0.1.0",
    source=AUTOMATIC_MIGRATION,
)
def migration_marker_hides_user(transcript: Transcript) -> Iterator[Comparison]:
    """After a user's first log-in, a script no longer finds or accepts the user, who is still in the store.

    ## Why this matters
    Auth0 stores the user after `login` has ended. If that is interrupted, the user has to log in again, or reset the
    password, to be migrated. A mark such as "has moved" that hides the user prevents both. With import mode off no user
    moves, so it is an error: the user can't log in a second time.

    ## Violates
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}
        login ada@example.com «password of ada» -> found {"user_id": "7"}
        get_user ada@example.com -> not-found   [repeated]
        login ada@example.com «password of ada» -> found {"user_id": "7"}   [repeated]
        get_user ada@example.com -> not-found   [repeated]

    ## Conforms
        connection import_mode=on
        person ada email=ada@example.com
        get_user ada@example.com -> found {"user_id": "7"}
        login ada@example.com «password of ada» -> found {"user_id": "7"}
        get_user ada@example.com -> found {"user_id": "7"}   [repeated]
        login ada@example.com «password of ada» -> found {"user_id": "7"}   [repeated]

    ## How to fix
    Let `login` record at most the time of the log-in, and let both scripts ignore it. Mark migrated users later, when
    Auth0 has the user: in a post-login Action, or in a job that queries the Management API.
    """
    severity = Severity.WARNING if transcript.connection.import_mode else Severity.ERROR
    for person, asked in _asked(transcript):
        stretch = _after_first_login(asked)
        if stretch is None or _tried_wrongly(transcript, person, stretch):
            continue
        hiding = stretch.hiding
        if len(hiding) == len(_BOTH) and (stretch.is_still_there or transcript.connection.deletion_is_final):
            message = "since the user logged in, both scripts refuse them; find every user who is still in the store"
            yield _denied(message, stretch.evidence(hiding), severity)
        elif len(hiding) == 1:
            (script,) = hiding
            fails = "accepts them" if script is Script.LOGIN else "finds them"
            message = f"since the user logged in, {script} no longer {fails}; find users who have logged in"
            yield _denied(message, stretch.evidence(hiding), severity, script)
        yield from (Held((stretch.login, found)) for found in stretch.finds if not hiding)


@frozen
class _Stretch:
    """The calls for one user around the first successful log-in.

    Args:
        before: Those before it.
        login: The log-in.
        later: Those after it.
    """

    before: Sequence[Exchange]
    login: Exchange
    later: Sequence[Exchange]

    @property
    def hiding(self) -> tuple[Script, ...]:
        """The scripts that found the user before, and refuse the user in each call since."""
        denying = tuple(script for script in _BOTH if all(is_denial(one) for one in self.later if one.script is script))
        denied = tuple(script for script in denying if any(one.script is script for one in self.later))
        fewest = _FEWEST_DENIALS if len(denied) == len(_BOTH) else _FEWEST_DENIALS_OF_ONE
        denials = sum(one.script in denied for one in self.later)
        was_known = self._known_before is not None or denied == (Script.LOGIN,)
        is_mixed = any(is_denial(one) for one in self.later if one.script not in denied)
        return denied if denials >= fewest and was_known and not is_mixed else ()

    @property
    def _known_before(self) -> Exchange | None:
        return next((one for one in self.before if one.script is Script.GET_USER and one.profile is not None), None)

    @property
    def is_still_there(self) -> bool:
        """Whether the store still has a record, if a refusal was followed by a look into it."""
        seen = {text for one in self.later if is_denial(one) for text in one.outcome.noticed(Noticed.INSPECTED)}
        return seen == {"a record"}

    @property
    def finds(self) -> Sequence[Exchange]:
        """The first call of each script since that found the user."""
        found = {one.script: one for one in reversed(self.later) if one.profile is not None}
        return sorted(found.values(), key=lambda one: one.number)

    def evidence(self, hiding: Collection[Script]) -> tuple[Exchange, ...]:
        """Return the calls which prove that some scripts hide the user.

        Args:
            hiding: The scripts.
        """
        known = () if self._known_before is None else (self._known_before,)
        return (*known, self.login, *(one for one in self.later if one.script in hiding))


def _after_first_login(asked: Sequence[Exchange]) -> _Stretch | None:
    for place, exchange in enumerate(asked):
        if exchange.script is Script.LOGIN and exchange.profile is not None:
            return _Stretch(asked[:place], exchange, asked[place + 1 :])
    return None


def _tried_wrongly(transcript: Transcript, person: Person, stretch: _Stretch) -> bool:
    """Tell whether wrong passwords came before the first refusal, so that a lock can be its reason."""
    refused = next((one for one in stretch.later if one.script is Script.LOGIN and is_denial(one)), None)
    return refused is not None and any(
        stretch.login.number < one.number < refused.number
        for one in transcript.select(Script.LOGIN)
        if one.person == person.label and one.situation.family not in _RIGHT
    )


_RIGHT: Final = frozenset({"known-user", "repeated"})
