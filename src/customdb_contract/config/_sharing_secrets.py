"""The secrets of all connections of a tenant, which the reports on each of them must not show."""

from collections.abc import Iterator, Sequence
from itertools import chain

from attrs import evolve

from customdb_contract.config._configuration import Configuration
from customdb_contract.config._databases import secret_of
from customdb_contract.config._tables import File, FromEnvironment, Setting
from customdb_contract.secrets import Secret, SecretKind, SecretRef

__all__ = ["masking_all", "secrets_told"]


def secrets_told(file: File, configuration: Configuration) -> Iterator[Secret]:
    """Yield the secrets that a file has, directly or in environment variables.

    Args:
        file: The tables of the file.
        configuration: The configuration made from them.
    """
    yield from (user.password for user in configuration.users if user.password is not None)
    yield from configuration.probing.secrets.values()
    databases = [file.database, *([file.outage] if file.outage is not None else [])]
    settings: Iterator[Setting] = chain.from_iterable(
        (*database.configuration.values(), *database.keywords.values()) for database in databases
    )
    in_action = file.action.secrets.values() if file.action is not None else ()
    yield from (secret_of(value) for value in chain(settings, in_action) if isinstance(value, FromEnvironment))


def masking_all(configurations: Sequence[tuple[Configuration, Sequence[Secret]]]) -> tuple[Configuration, ...]:
    """Return configurations that mask each other's secrets, too.

    Args:
        configurations: The configurations of a tenant, and the secrets of each.
    """
    return tuple(_masking(configuration, own, configurations) for configuration, own in configurations)


def _masking(
    configuration: Configuration,
    own: Sequence[Secret],
    configurations: Sequence[tuple[Configuration, Sequence[Secret]]],
) -> Configuration:
    # A connection's own secrets keep their names.
    seen = {secret.reveal() for secret in own}
    secrets = dict(configuration.probing.secrets)
    for other, theirs in configurations:
        for number, secret in enumerate(theirs, start=1):
            if secret.reveal() not in seen:
                seen.add(secret.reveal())
                owner = f"secret {number} of the connection {other.connection.name}"
                secrets[SecretRef(SecretKind.OTHER, owner).label] = secret
    return evolve(configuration, probing=evolve(configuration.probing, secrets=secrets))
