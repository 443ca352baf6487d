"""The state after `create`: Auth0 logs the new user in at once."""

from collections.abc import Iterator, Mapping
from typing import Final

from customdb_contract._pages import CREATE_TEMPLATE
from customdb_contract.contract import Script
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.profiles.problems import user_id_of
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._writing import REFUSALS, contradicted, legacy_moments, looks_after
from customdb_contract.transcript import Ending, Exchange, Moment, Noticed, Situation, Transcript, canonical, is_done

_ALTERED: Final[Mapping[Situation, str]] = {
    Situation.BLANKS_IN_PASSWORD: "with blanks inside and around it",
    Situation.UNICODE_PASSWORD: "with letters beyond ASCII",
    Situation.LONGEST_PASSWORD: "of 72 bytes",
    Situation.OVERLONG_PASSWORD: "of more than 72 bytes",
}


def _looks(transcript: Transcript) -> Iterator[tuple[Exchange, Moment]]:
    """Yield each create with the later calls that must find the account, up to the next write."""
    if not transcript.connection.import_mode:
        for created, moment in looks_after(transcript, Script.CREATE):
            if moment.is_right and moment.exchange.ending in {Ending.FOUND, *REFUSALS}:
                yield created, moment


def _is_by_email(moment: Moment) -> bool:
    return moment.account is not None and moment.exchange.identifier == moment.account.email


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.ERROR,
    scripts=(Script.CREATE, Script.LOGIN, Script.GET_USER),
    needs=(Need.LEGACY_MODE, Need.CREATE, Need.WRITES),
    since="0.1.0",
    source=CREATE_TEMPLATE,
)
def create_not_visible(transcript: Transcript) -> Iterator[Comparison]:
    """A user who was just created can't log in, or is not found.

    ## Why this matters
    Auth0 calls `login` right after `create`, with the same e-mail and password, and takes the profile from there. If
    that fails, the sign-up fails although the store has the user, so signing up again fails too.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        login new@example.com «password of new» -> failed WrongUsernameOrPasswordError(null) "no"

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com", "password": "«password of new»"} -> done
        login new@example.com «password of new» -> found {"user_id": "7"}

    ## How to fix
    Hash the password in `create` the way `login` compares it. Let both use the same primary server, because `login`
    follows at once.
    """
    for created, moment in _looks(transcript):
        exchange = moment.exchange
        if not _is_by_email(moment) or (created.situation in _ALTERED and exchange.script is Script.LOGIN):
            continue
        if exchange.ending is Ending.FOUND:
            yield Held((created, exchange))
        else:
            is_login = exchange.script is Script.LOGIN
            what = "refuses the new user; accept" if is_login else "does not find the new user; find"
            message = f"create reported success, but {exchange.script} {what} the user at once"
            yield Violation(message, (created, exchange), path="ending", expected=Ending.FOUND, got=exchange.ending)


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.WARNING,
    scripts=(Script.CREATE, Script.LOGIN),
    needs=(Need.LEGACY_MODE, Need.CREATE, Need.WRITES),
    since="0.1.0",
    source="good practice: a store keeps a password as it was typed, because the user can't know that it was changed",
)
def password_altered(transcript: Transcript) -> Iterator[Comparison]:
    """A password with blanks, with letters beyond ASCII or of 72 bytes and more does not work after it was set.

    ## Why this matters
    One of the two scripts trims, cuts or encodes the password differently. The user signs up and is locked out at once.

    ## Violates
        person first email=first@example.com new=on
        person new email=new@example.com new=on
        create {"email": "first@example.com", "password": "«password of first»"} -> done
        login first@example.com «password of first» -> found {"user_id": "6"}
        create {"email": "new@example.com", "password": "«password of new»"} -> done   [writing: blanks-in-password]
        login new@example.com «password of new» -> failed WrongUsernameOrPasswordError(null) "no"

    ## Conforms
        person first email=first@example.com new=on
        person new email=new@example.com new=on
        create {"email": "first@example.com", "password": "«password of first»"} -> done
        login first@example.com «password of first» -> found {"user_id": "6"}
        create {"email": "new@example.com", "password": "«password of new»"} -> done   [writing: blanks-in-password]
        login new@example.com «password of new» -> found {"user_id": "7"}

    ## How to fix
    Pass the password to the hash unchanged, as UTF-8, in both scripts. If the store can't take a password, reject it in
    `create` with a `ValidationError`: bcrypt takes 72 bytes, and some of its libraries raise an error beyond that.
    """
    is_ordinary_kept = False
    for created, moment in _looks(transcript):
        exchange = moment.exchange
        if exchange.script is not Script.LOGIN:
            continue
        kind = _ALTERED.get(created.situation)
        # If no password works, create-not-visible reports it.
        is_ordinary_kept |= kind is None and exchange.ending is Ending.FOUND
        if kind is None or not is_ordinary_kept:
            continue
        if exchange.ending is Ending.FOUND:
            yield Held((created, exchange))
        else:
            message = f"create accepted a password {kind}, but login rejects it; keep passwords as they are typed"
            yield Violation(message, (created, exchange), path="password", expected=Ending.FOUND, got=exchange.ending)


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.ERROR,
    scripts=(Script.CREATE, Script.LOGIN, Script.GET_USER),
    needs=(Need.LEGACY_MODE, Need.REQUIRES_USERNAME, Need.CREATE, Need.WRITES),
    since="0.1.0",
    source=CREATE_TEMPLATE,
)
def username_not_stored(transcript: Transcript) -> Iterator[Comparison]:
    """The connection requires usernames, but `create` does not store the given one.

    ## Why this matters
    The user can't log in with the chosen name, and another user can choose it too.

    ## Violates
        connection requires_username=on
        person new email=new@example.com username=newcomer new=on
        create {"email": "new@example.com", "username": "newcomer", "password": "«password of new»"} -> done
        get_user newcomer -> not-found

    ## Conforms
        connection requires_username=on
        person new email=new@example.com username=newcomer new=on
        create {"email": "new@example.com", "username": "newcomer", "password": "«password of new»"} -> done
        get_user newcomer -> found {"user_id": "7", "username": "newcomer"}

    ## How to fix
    Store `user.username`, with a unique index on `lower(username)`, and return it as `username`.
    """
    if not transcript.connection.requires_username:
        return
    for created, moment in _looks(transcript):
        exchange, account = moment.exchange, moment.account
        if account is None or account.username is None:
            continue
        if exchange.profile is not None:
            username = exchange.profile.get("username")
            if isinstance(username, str) and username.lower() == account.username.lower():
                yield Held((created, exchange))
            else:
                message = f"{exchange.script} doesn't return the username that create was given; store it and return it"
                yield contradicted(
                    message, (created, exchange), Script.CREATE, "the username of create", attribute="username"
                )
        elif not _is_by_email(moment):
            message = f"{exchange.script} doesn't find a new user by the username that create was given; look it up"
            yield contradicted(message, (created, exchange), Script.CREATE, Ending.FOUND)


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.WARNING,
    scripts=(Script.CREATE,),
    needs=(Need.LEGACY_MODE, Need.CREATE, Need.WRITES, Need.INSPECT),
    since="0.1.0",
    source=CREATE_TEMPLATE,
)
def create_stores_extra_fields(transcript: Transcript) -> Iterator[Comparison]:
    """`create` stores more than the e-mail, the username and the password.

    ## Why this matters
    A script that stores the whole object also stores the tenant, the client and every extra field that a client adds to
    a sign-up, such as `is_admin`.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com"} -> done; noticed inspected "a record"; noticed stored-field "tenant"

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com"} -> done; noticed inspected "a record"

    ## How to fix
    Name the columns: `{ email: user.email, password: hash }` instead of `{ ...user, password: hash }`.
    """
    for moment in legacy_moments(transcript, Script.CREATE):
        exchange = moment.exchange
        fields = exchange.outcome.noticed(Noticed.STORED_FIELD)
        if fields:
            names = ", ".join(fields)
            message = f"create stored {names}, which Auth0 only passes along; store only the columns that you name"
            yield Violation(message, (exchange,), path=names)
        elif is_done(exchange) and "a record" in exchange.outcome.noticed(Noticed.INSPECTED):
            yield Held((exchange,))


@rule(
    group=Group.CONSISTENCY,
    severity=Severity.WARNING,
    scripts=(Script.CREATE,),
    needs=(Need.LEGACY_MODE, Need.CREATE, Need.WRITES, Need.SECOND_OPENING),
    since="0.1.0",
    source="good practice: two sign-ups can arrive at the same time, and Auth0 does not serialise them",
)
def create_not_atomic(transcript: Transcript) -> Iterator[Comparison]:
    """Two sign-ups at the same time both succeed for the same e-mail.

    ## Why this matters
    Both calls looked for the user, both found none, and both wrote. It is then a matter of chance which of the two
    accounts a log-in reaches. The rule reports it only if the clean-up shows that the store has two accounts. If it has
    one, the second success was false, and `create-duplicate-not-user-exists` reports that.

    ## Violates
        person new email=new@example.com new=on
        create {"email": "new@example.com"} -> done   [writing: at-once]
        create {"email": "new@example.com"} -> done   [writing: at-once]
        get_user new@example.com -> found {"user_id": "7"}   [clean-up of new]
        delete 7 -> done   [clean-up of new]
        get_user new@example.com -> found {"user_id": "8"}   [clean-up of new]

    ## Conforms
        person new email=new@example.com new=on
        create {"email": "new@example.com"} -> done   [writing: at-once]
        create {"email": "new@example.com"} -> failed ValidationError("user_exists") "no"   [writing: at-once]

    ## How to fix
    Don't look up the user first: write, and let a unique index on `lower(email)` reject the second one.
    """
    by_email: dict[str, list[Exchange]] = {}
    for moment in legacy_moments(transcript, Script.CREATE):
        exchange, user = moment.exchange, moment.exchange.identifier
        if exchange.situation is Situation.AT_ONCE and isinstance(user, Mapping):
            by_email.setdefault(str(user.get("email")), []).append(exchange)
    for together in by_email.values():
        done = tuple(exchange for exchange in together if is_done(exchange))
        if len(done) > 1:
            seen = _removed_one_by_one(transcript, done[0])
            if len(seen) > 1:
                message = "two calls of create at the same time created the same user twice; let a unique index decide"
                yield Violation(message, (*done, *seen), path="ending", expected=Ending.FAILED, got=done[-1].ending)
        elif len(together) > 1:
            yield Held(tuple(together))


def _removed_one_by_one(transcript: Transcript, created: Exchange) -> tuple[Exchange, ...]:
    """Return the calls of the clean-up that found the e-mail of a new user, the first for each user_id."""
    user = created.identifier
    email = user.get("email") if isinstance(user, Mapping) else None
    found: dict[str, Exchange] = {}
    for exchange in transcript.select(Script.GET_USER, Situation.CLEAN_UP):
        if exchange.identifier == email and exchange.profile is not None:
            user_id = user_id_of(exchange.profile)
            if user_id is not None:
                found.setdefault(canonical(user_id), exchange)
    return tuple(found.values())
