"""Reading: other spellings of known identifiers, unknown users, and wrong passwords."""

import os
import unicodedata
from collections.abc import Collection, Iterator, Sequence

from customdb_contract.calling import PlannedCall
from customdb_contract.contract import Script
from customdb_contract.probes._plan import Truth
from customdb_contract.secrets import Secret, SecretForm, SecretKind, SecretRef
from customdb_contract.transcript import UNKNOWN, Person, Situation

__all__ = [
    "plan_other_spellings",
    "plan_plain_wrong_passwords",
    "plan_special_wrong_passwords",
    "plan_unknown_users",
    "unknown_email",
    "wrong_password",
]

_BCRYPT_BYTES = 72


def plan_other_spellings(truth: Truth, scripts: Sequence[Script]) -> Iterator[PlannedCall]:
    """Plan calls for each user by other spellings of the identifier, by username and by alias.

    Args:
        truth: The known users.
        scripts: The scripts that the database has.
    """
    for person in truth.people:
        for situation, identifier in _spellings(person):
            if Script.GET_USER in scripts:
                yield PlannedCall(Script.GET_USER, (identifier,), person.label, situation)
            if Script.LOGIN in scripts and person in truth.people_who_log_in:
                yield PlannedCall(Script.LOGIN, (identifier, truth.passwords[person.label]), person.label, situation)


def _spellings(person: Person) -> Iterator[tuple[Situation, str]]:
    own, *_ = person.identifiers
    seen = set(person.identifiers)
    candidates = [
        (Situation.LOWER_CASE, own.lower()),
        (Situation.UPPER_CASE, own.upper()),
        (Situation.SURROUNDING_BLANKS, f" {own} "),
        (Situation.UNICODE_FORM, unicodedata.normalize("NFD", own)),
        (Situation.UNICODE_FORM, unicodedata.normalize("NFC", own)),
    ]
    for situation, identifier in candidates:
        if identifier not in seen:
            seen.add(identifier)
            yield situation, identifier
    if person.username and person.username != own:
        yield Situation.USERNAME, person.username
    yield from ((Situation.ALIAS, alias) for alias in person.aliases if alias != own)


def plan_unknown_users(truth: Truth, scripts: Sequence[Script]) -> Iterator[PlannedCall]:
    """Plan calls for well-formed identifiers of no user: two e-mails, and a username if there are usernames.

    Args:
        truth: The known users.
        scripts: The scripts that the database has.
    """
    domains = [person.email.rpartition("@")[2] for person in truth.people if person.email and "@" in person.email]
    identifiers = [unknown_email("example.com"), unknown_email(domains[0] if domains else "example.com")]
    if truth.connection.requires_username:
        identifiers.append(f"nobody{os.urandom(4).hex()}")
    for identifier in identifiers:
        if Script.GET_USER in scripts:
            yield PlannedCall(Script.GET_USER, (identifier,), UNKNOWN, Situation.UNKNOWN_USER)
        if Script.LOGIN in scripts:
            yield PlannedCall(Script.LOGIN, (identifier, wrong_password()), UNKNOWN, Situation.UNKNOWN_USER)


def unknown_email(domain: str) -> str:
    """Return an e-mail address that no user has.

    Args:
        domain: The domain.
    """
    return f"nobody-{os.urandom(6).hex()}@{domain}"


def wrong_password() -> str:
    """Return a password that no user has; it is not a secret."""
    return f"Wrong-{os.urandom(6).hex()}"


def another_form(password: str) -> str | None:
    """Return the password in similar-looking characters, as another keyboard types it; None if there are none.

    Args:
        password: The password.
    """
    forms = (unicodedata.normalize(form, password) for form in ("NFD", "NFC"))
    return next((form for form in forms if form != password), None)


def plan_plain_wrong_passwords(truth: Truth, most: int, *, spared: Collection[str] = ()) -> Iterator[PlannedCall]:
    """Plan a log-in of each user with a random password, including users with unknown passwords.

    It comes before any other wrong password: if it is accepted, the others show nothing.

    Args:
        truth: The known users.
        most: The maximum number of wrong passwords for one user, so that no user is locked out.
        spared: The labels of users for whom one fewer is tried.
    """
    for person in truth.people:
        if most > (person.label in spared):
            arguments = (person.identifiers[0], wrong_password())
            yield PlannedCall(Script.LOGIN, arguments, person.label, Situation.WRONG_PASSWORD)


def plan_special_wrong_passwords(
    truth: Truth, most: int, *, hostile: bool, spared: Collection[str] = (), let_in: Collection[str] = ()
) -> Iterator[PlannedCall]:
    """Plan log-ins with passwords that a careless script accepts for the user's, the most revealing ones first.

    They are spread over the users.

    Args:
        truth: The known users.
        most: The maximum number of wrong passwords for one user, including the random one.
        hostile: Whether passwords that attempt injection are among them.
        spared: The labels of users for whom one fewer is tried.
        let_in: The labels of users for whom a random password was accepted.
    """
    people = [person for person in truth.people_who_log_in if person.label not in let_in]
    left = {person.label: most - 1 - (person.label in spared) for person in people}
    turn = 0
    for situation in (situation for situation in _TELLING_ORDER if hostile or situation.family != "hostile"):
        for offset in range(len(people)):
            person = people[(turn + offset) % len(people)]
            password = _variant(situation, person.label, truth)
            if left[person.label] > 0 and password is not None:
                left[person.label] -= 1
                turn += offset + 1
                yield PlannedCall(Script.LOGIN, (person.identifiers[0], password), person.label, situation)
                break


_TELLING_ORDER = (
    Situation.CUT_PASSWORD,
    Situation.EMPTY_PASSWORD,
    Situation.SQL,
    Situation.CASE_CHANGED_PASSWORD,
    Situation.ANOTHER_USERS_PASSWORD,
    Situation.BLANK_PADDED_PASSWORD,
    Situation.NUL_CUT_PASSWORD,
    Situation.BLANK_PASSWORD,
    Situation.LDAP,
    Situation.NOSQL,
)


_PLAIN_VARIANTS = {
    Situation.EMPTY_PASSWORD: "",
    Situation.BLANK_PASSWORD: "   ",
    Situation.SQL: "' OR '1'='1",
    Situation.LDAP: "*",
    Situation.NOSQL: '{"$ne": ""}',
}


def _variant(situation: Situation, label: str, truth: Truth) -> str | Secret | None:
    """Return the password of a situation for one user, or None if the user has no such variant."""
    own = truth.passwords[label].reveal()
    match situation:
        case Situation.CASE_CHANGED_PASSWORD:
            return _derived(own.swapcase(), own, label, SecretForm.CASE_CHANGED, truth)
        case Situation.BLANK_PADDED_PASSWORD:
            return _derived(f" {own} ", own, label, SecretForm.PADDED, truth)
        case Situation.NUL_CUT_PASSWORD:
            return _derived(f"{own}\0more", own, label, SecretForm.NUL_AND_MORE, truth)
        case Situation.CUT_PASSWORD:
            cut = own.encode("utf-8", "surrogatepass")[:_BCRYPT_BYTES].decode("utf-8", "ignore")
            return _derived(cut, own, label, SecretForm.CUT, truth)
        case Situation.ANOTHER_USERS_PASSWORD:
            others = (password for name, password in truth.passwords.items() if name != label)
            return next((password for password in others if password.reveal() != own), None)
        case _:
            return _PLAIN_VARIANTS[situation]


def _derived(variant: str, own: str, label: str, form: SecretForm, truth: Truth) -> Secret | None:
    if variant == own:
        return None
    secret = Secret(variant)
    truth.registry.add(secret, SecretRef(SecretKind.PASSWORD, label, form))
    return secret
