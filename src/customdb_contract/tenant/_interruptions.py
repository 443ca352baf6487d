"""Interruptions: the migration of a user consists of two writes, and can end between them."""

import random
from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

from customdb_contract.errors import ConfigurationError

__all__ = ["InterruptionPoint", "Interruptions", "interrupt_randomly", "never_interrupt"]


class InterruptionPoint(StrEnum):
    """The points at which a migration can be interrupted.

    Source: <https://auth0.com/docs/manage-users/user-migration/configure-automatic-migration-from-your-database>.
    """

    AFTER_INTERNAL_RECORD = "after-internal-record"
    """After the partial record in the internal store, so that the user is half-created: no search finds such a user,
    and a sign-up fails because the user already exists."""
    BEFORE_METADATA = "before-metadata"
    """After the root attributes of the full record: `user_metadata`, `app_metadata` and `mfa_factors` are lost,
    because no script runs for a migrated user. The user does not notice."""


Interruptions: TypeAlias = Callable[[InterruptionPoint], bool]
"""Called at each point that a migration reaches; returns whether it is interrupted there."""


def never_interrupt(_: InterruptionPoint) -> bool:
    """Interrupt nothing."""
    return False


def interrupt_randomly(probability: float, *, seed: int) -> Interruptions:
    """Return random interruptions that are the same for the same seed.

    Args:
        probability: The probability of an interruption at each point, from 0 to 1.
        seed: Any number.

    Raises:
        ConfigurationError: When the probability is not a number from 0 to 1.
    """
    if not 0 <= probability <= 1:
        message = f"the probability of an interruption must be a number from 0 to 1, got {probability!r}"
        raise ConfigurationError(message)
    chance = random.Random(seed)  # noqa: S311 - nothing secret depends on it

    def is_interrupted(_: InterruptionPoint) -> bool:
        return chance.random() < probability

    return is_interrupted
