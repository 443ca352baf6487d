"""Scenarios of log-in: the first one, wrong passwords, interrupted migrations, and switching import mode."""

from functools import partial
from typing import Final

from customdb_contract.rehearsal._scenario import Needs, Scenario
from customdb_contract.rehearsal._stage import Stage
from customdb_contract.secrets import Secret
from customdb_contract.tenant import InterruptionPoint

__all__ = ["LOG_INS", "wrong_password_of"]


def wrong_password_of(stage: Stage) -> Secret:
    """Return a password that no user has.

    Args:
        stage: Where it will be typed.
    """
    return Secret(f"not {stage.new_person.password.reveal()}")


def _first_log_in(stage: Stage) -> None:
    stage.log_in()
    stage.log_in()


def _wrong_password(stage: Stage) -> None:
    wrong = wrong_password_of(stage)
    stage.log_in(password=wrong)
    stage.log_in()
    stage.log_in(password=wrong)


def _interrupted(point: InterruptionPoint, stage: Stage) -> None:
    stage.log_in(interrupt=point)
    stage.tenant.search(stage.email, connection=stage.connection)
    if point is InterruptionPoint.AFTER_INTERNAL_RECORD:
        stage.sign_up(stage.email)
    stage.log_in()


def _off_to_on(stage: Stage) -> None:
    if stage.settings.import_mode:
        stage.tenant.switch_import_mode(on=False, connection=stage.connection)
    stage.log_in()
    stage.tenant.switch_import_mode(on=True, connection=stage.connection)
    stage.log_in()
    stage.log_in()


def _on_to_off(stage: Stage) -> None:
    if not stage.settings.import_mode:
        stage.tenant.switch_import_mode(on=True, connection=stage.connection)
    stage.log_in()
    stage.tenant.switch_import_mode(on=False, connection=stage.connection)
    stage.log_in()


def _two_connections(stage: Stage) -> None:
    stage.log_in()
    stage.log_in(connection=stage.second)
    stage.log_in()


_INTERRUPTED: Final = {
    InterruptionPoint.AFTER_INTERNAL_RECORD: (
        "A migration is interrupted after its first write, so that the user is half-created: no search finds the user, "
        "and a sign-up is refused, until the next log-in."
    ),
    InterruptionPoint.BEFORE_METADATA: (
        "A migration is interrupted before the metadata is written: it is lost, and the user doesn't notice."
    ),
}

LOG_INS: Final = (
    Scenario(
        "first-log-in",
        "A user of the legacy store logs in for the first time, then again.",
        _first_log_in,
        importing=Needs(),
        legacy=Needs(),
    ),
    Scenario(
        "wrong-password",
        "A user types a wrong password before and after the first successful log-in.",
        _wrong_password,
        importing=Needs(),
        legacy=Needs(),
    ),
    *(
        Scenario(
            f"interrupted-{point}",
            _INTERRUPTED[point],
            partial(_interrupted, point),
            importing=Needs(),
            legacy=None,
        )
        for point in InterruptionPoint
    ),
    Scenario(
        "import-mode-switched-on",
        "A user logs in with import mode off, and again once it is on.",
        _off_to_on,
        importing=Needs(),
        legacy=Needs(),
    ),
    Scenario(
        "import-mode-switched-off",
        "A user is migrated, and logs in again once import mode is off.",
        _on_to_off,
        importing=Needs(),
        legacy=Needs(),
    ),
    Scenario(
        "two-connections",
        "A user logs in on one connection, then on another one over the same store.",
        _two_connections,
        importing=Needs(second=True),
        legacy=Needs(second=True),
    ),
)
