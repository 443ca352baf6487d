"""Scenarios of outages: what happens while the legacy store is unreachable, and afterwards."""

from typing import Final

from customdb_contract.contract import Script
from customdb_contract.rehearsal._scenario import Needs, Scenario
from customdb_contract.rehearsal._stage import Stage

__all__ = ["OUTAGES"]


def _log_in(stage: Stage) -> None:
    with stage.broken():
        stage.log_in()
    stage.log_in()
    with stage.broken():
        stage.log_in()


def _sign_up(stage: Stage) -> None:
    with stage.with_new_person():
        with stage.broken():
            stage.sign_up()
        stage.sign_up()


def _reset(stage: Stage) -> None:
    with stage.only_in_legacy_store() as (email, _):
        with stage.broken():
            stage.reset(email, stage.new_person.new_password)
        asked = stage.ask_for_reset(email)
        with stage.broken():
            stage.complete_reset(asked, stage.new_person.new_password)
        stage.reset(email, stage.new_person.new_password)
        stage.log_in(email, stage.new_person.new_password)


def _change_of_email(stage: Stage) -> None:
    with stage.with_new_person() as person:
        created = stage.sign_up()
        if created.user is not None:
            with stage.broken():
                stage.change_email(created.user, person.new_email)
            stage.change_email(created.user, person.new_email)


def _deletion(stage: Stage) -> None:
    with stage.with_new_person():
        created = stage.sign_up()
        if created.user is not None:
            with stage.broken():
                stage.delete(created.user)
            stage.delete(created.user)


_IMPORTING: Final = Needs(user=False, outage=True)

OUTAGES: Final = (
    Scenario(
        "outage-during-log-in",
        "A user logs in three times: during an outage, after it, and during another one.",
        _log_in,
        importing=Needs(outage=True),
        legacy=Needs(outage=True),
    ),
    Scenario(
        "outage-during-sign-up",
        "A new user signs up twice: during an outage and after it.",
        _sign_up,
        importing=_IMPORTING,
        legacy=Needs.of_new_user(outage=True),
    ),
    Scenario(
        "outage-during-reset",
        "A user asks for a password reset and opens its link, each during an outage and after it.",
        _reset,
        importing=Needs(writing=(Script.CHANGE_PASSWORD,), for_writing=(Script.CREATE,), outage=True),
        legacy=Needs.of_new_user(Script.CHANGE_PASSWORD, outage=True),
    ),
    Scenario(
        "outage-during-change-of-email",
        "An application changes a user's e-mail twice: during an outage and after it.",
        _change_of_email,
        importing=_IMPORTING,
        legacy=Needs.of_new_user(Script.CHANGE_EMAIL, outage=True),
    ),
    Scenario(
        "outage-during-deletion",
        "An application deletes a user twice: during an outage and after it.",
        _deletion,
        importing=_IMPORTING,
        legacy=Needs.of_new_user(Script.DELETE, outage=True),
    ),
)
