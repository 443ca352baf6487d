"""The plan of a probe: calls, and the truth about the users they are about."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from attrs import evolve, field, frozen

from customdb_contract.calling import PlannedCall
from customdb_contract.connection import Connection, KnownUser
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError
from customdb_contract.probes._unknown_ids import unknown_id_like
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry
from customdb_contract.transcript import (
    UNKNOWN,
    PasswordKnowledge,
    Person,
    Situation,
    as_recorded,
    hide_named,
    print_call,
    record,
)

__all__ = [
    "Truth",
    "UnknownIdLike",
    "UserIdOf",
    "UserIdOrUnknown",
    "plan_one_person",
    "plan_person",
    "print_planned_call",
    "with_user_ids",
]


@frozen
class UserIdOf:
    """Stands in a planned call for the `user_id` that the scripts return for a user.

    Args:
        label: The label of the user.
    """

    label: str


@frozen
class UnknownIdLike:
    """Stands in a planned call for an id that no user has, of the kind that the store assigns.

    Args:
        label: The label of the user whose id is the model.
    """

    label: str


@frozen
class UserIdOrUnknown:
    """Stands in a planned call for the `user_id` of a user, or for an id that no user has if there is none.

    Args:
        label: The label of the user.
        like: The label of the known user whose id is the model in that case.
    """

    label: str
    like: str


def with_user_ids(
    planned: PlannedCall, user_id_of: Callable[[str], str | None], known_id_of: Callable[[str], str | None]
) -> PlannedCall | None:
    """Return a planned call with the values filled in that earlier results showed, or None if they are unknown.

    Args:
        planned: The call.
        user_id_of: Returns the `user_id` of a user created by the check, by label, if known.
        known_id_of: Returns the `user_id` of a known user, which is a model for unused ids, and never used itself.
    """

    def filled(argument: object) -> object:
        if isinstance(argument, UserIdOf):
            return user_id_of(argument.label)
        if isinstance(argument, UnknownIdLike):
            model = user_id_of(argument.label)
            return None if model is None else unknown_id_like(model)
        if isinstance(argument, UserIdOrUnknown):
            model = known_id_of(argument.like)
            return user_id_of(argument.label) or (None if model is None else unknown_id_like(model))
        return argument

    arguments = tuple(map(filled, planned.arguments))
    return None if None in arguments else evolve(planned, arguments=arguments)


def print_planned_call(planned: PlannedCall, truth: "Truth") -> str:
    """Return a planned call as one line, in the notation of transcripts.

    Args:
        planned: The call.
        truth: The known users, and the known secrets.
    """
    # The notation's own marker, which would otherwise be masked as a forged one.
    shown = (
        _shown_as(argument) or recorded
        for argument, recorded in zip(planned.arguments, as_recorded(planned.arguments, truth.registry), strict=True)
    )
    return f"{print_call(planned.script, shown)}   [{planned.situation}]"


def _shown_as(argument: object) -> str | None:
    if isinstance(argument, UserIdOf | UserIdOrUnknown):
        return f"«user_id of {argument.label}»"
    if isinstance(argument, UnknownIdLike):
        return "«an unknown id»"
    return None


def plan_person(
    person: Person, truth: "Truth", scripts: Collection[Script], situation: Situation
) -> Iterator[PlannedCall]:
    """Plan get_user and then login for one user, with the first identifier and the right password.

    Args:
        person: The user.
        truth: The known users.
        scripts: The scripts that the database has.
        situation: What the calls try.
    """
    identifier = person.identifiers[0]
    if Script.GET_USER in scripts:
        yield PlannedCall(Script.GET_USER, (identifier,), person.label, situation)
    if Script.LOGIN in scripts and person.label in truth.passwords:
        yield PlannedCall(Script.LOGIN, (identifier, truth.passwords[person.label]), person.label, situation)


def plan_one_person(truth: "Truth", scripts: Collection[Script], situation: Situation) -> Iterator[PlannedCall]:
    """Plan get_user and then login for one known user, preferably one who can log in.

    Args:
        truth: The known users.
        scripts: The scripts that the database has.
        situation: What the calls try.
    """
    return plan_person(next(iter(truth.people_who_log_in or truth.people)), truth, scripts, situation)


@frozen(kw_only=True)
class Truth:
    """What a check knows for certain: the connection, and who is in the store.

    Args:
        connection: The settings of the connection.
        people: The known users, labelled.
        passwords: Their passwords, by label; users without a known password are absent.
        registry: The known secrets.
    """

    connection: Connection
    people: tuple[Person, ...]
    passwords: Mapping[str, Secret]
    registry: SecretRegistry = field(repr=False)

    @classmethod
    def of(cls, users: Sequence[KnownUser], connection: Connection, registry: SecretRegistry) -> "Truth":
        """Return the truth about the known users, and register their secrets.

        Args:
            users: The users who are in the store now.
            connection: The settings of the connection.
            registry: Where the secrets are registered.

        Raises:
            ConfigurationError: When there is no user, or two of them contradict each other.
        """
        _check(users, connection)
        labels = _labels(users)
        for identifier in (name for user in users for name in user.identifiers):
            registry.add_public(identifier)
        people = tuple(_person(user, label, registry) for user, label in zip(users, labels, strict=True))
        passwords = {label: user.password for user, label in zip(users, labels, strict=True) if user.password}
        for label, password in passwords.items():
            registry.add(password, SecretRef(SecretKind.PASSWORD, label))
        return cls(connection=connection, people=people, passwords=passwords, registry=registry)

    @property
    def people_who_log_in(self) -> tuple[Person, ...]:
        """The users whose log-in should work: a password is known, and they are not disabled."""
        return tuple(person for person in self.people if person.label in self.passwords and not person.disabled)


def _check(users: Sequence[KnownUser], connection: Connection) -> None:
    if not users:
        message = (
            "no known user was given: name at least one user who is in the store, "
            "for example KnownUser(email='ada@example.com', password=...) or a [[users]] table"
        )
        raise ConfigurationError(message)
    counted = Counter(name for user in users for name in set(user.identifiers))
    for identifier, times in counted.items():
        if times > 1:
            message = f"the identifier {identifier!r} is given to {times} known users; it can identify only one"
            raise ConfigurationError(message)
    for user in users:
        if user.organization is not None and not connection.script_context:
            message = (
                f"the known user {user.identifiers[0]!r} has an organization, which scripts receive only in context: "
                "turn on script_context"
            )
            raise ConfigurationError(message)
        given = (("email", user.email), ("username", user.username), ("phone_number", user.phone_number))
        for attribute, own in given:
            expected = user.profile.get(attribute)
            if isinstance(expected, str) and own is not None and expected.lower() != own.lower():
                message = f"the known user {own!r} contradicts itself: its profile says {attribute} = {expected!r}"
                raise ConfigurationError(message)


def _labels(users: Iterable[KnownUser]) -> list[str]:
    labels: list[str] = []
    for user in users:
        name = (user.email or user.username or user.phone_number or "").partition("@")[0] or "person"
        candidates = (name, *(f"{name}-{number}" for number in range(2, len(labels) + 3)))
        labels.append(next(label for label in candidates if label not in {*labels, UNKNOWN}))
    return labels


def _person(user: KnownUser, label: str, registry: SecretRegistry) -> Person:
    if user.password is None:
        password = PasswordKnowledge.NONE
    elif registry.is_masked_anywhere(user.password):
        password = PasswordKnowledge.KNOWN
    else:
        password = PasswordKnowledge.SHORT
    profile = hide_named(record(user.profile, registry.mask), registry)
    return Person(
        label=label,
        email=user.email,
        username=user.username,
        phone_number=user.phone_number,
        organization=user.organization,
        aliases=user.aliases,
        disabled=user.disabled,
        profile=profile if isinstance(profile, Mapping) else {},
        password=password,
    )
