"""Scenarios of accounts: sign-up, password reset, change of e-mail, deletion."""

from typing import Final

from customdb_contract.contract import Script
from customdb_contract.rehearsal._scenario import READING, Needs, Scenario
from customdb_contract.rehearsal._stage import Stage

__all__ = ["ACCOUNTS"]


def _sign_up(stage: Stage) -> None:
    with stage.with_new_person() as person:
        stage.sign_up()
        stage.log_in(person.email, person.password)


def _sign_up_of_known_user(stage: Stage) -> None:
    stage.sign_up(stage.email)
    stage.log_in()


def _reset_before_first_log_in(stage: Stage) -> None:
    with stage.only_in_legacy_store() as (email, password):
        stage.reset(email, stage.new_person.new_password)
        stage.log_in(email, password)
        stage.log_in(email, stage.new_person.new_password)
        stage.log_in(email, stage.new_person.new_password)


def _change_of_email(stage: Stage) -> None:
    with stage.with_new_person() as person:
        created = stage.sign_up()
        if created.user is not None:
            stage.change_email(created.user, person.new_email)
            stage.log_in(person.new_email, person.password)
            stage.log_in(person.email, person.password)


def _deletion_and_return(stage: Stage) -> None:
    if stage.settings.import_mode:
        migrated = stage.log_in()
        if migrated.user is not None:
            stage.delete(migrated.user)
        stage.log_in()
        return
    with stage.with_new_person() as person:
        created = stage.sign_up()
        if created.user is not None:
            stage.delete(created.user)
            stage.log_in(person.email, person.password)
            stage.sign_up()


ACCOUNTS: Final = (
    Scenario(
        "sign-up",
        "A new user signs up and logs in.",
        _sign_up,
        importing=Needs(user=False, scripts=(Script.GET_USER,)),
        legacy=Needs.of_new_user(),
    ),
    Scenario(
        "sign-up-of-known-user",
        "A user of the legacy store signs up with the same e-mail, then logs in.",
        _sign_up_of_known_user,
        importing=Needs(),
        legacy=Needs(writing=(Script.CREATE,)),
    ),
    Scenario(
        "reset-before-first-log-in",
        "A user who has never logged in resets the password and logs in with the new one.",
        _reset_before_first_log_in,
        importing=Needs(writing=(Script.CHANGE_PASSWORD,), for_writing=(Script.CREATE,)),
        legacy=Needs.of_new_user(Script.CHANGE_PASSWORD),
    ),
    Scenario(
        "change-of-email",
        "An application changes a user's e-mail; the user logs in with the new one, then with the old one.",
        _change_of_email,
        importing=Needs(user=False, scripts=READING),
        legacy=Needs.of_new_user(Script.CHANGE_EMAIL),
    ),
    Scenario(
        "deletion-and-return",
        "An application deletes a user, who then logs in again.",
        _deletion_and_return,
        importing=Needs(),
        legacy=Needs.of_new_user(Script.DELETE),
    ),
)
