"""The assertions for a team's own tests."""

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import NoReturn

import pytest
from typing_extensions import override

from customdb_contract import (
    Connection,
    Found,
    KnownUser,
    NotFound,
    ProfileResult,
    ScriptError,
    WrongUsernameOrPasswordError,
)
from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError, ContractBrokenError
from customdb_contract.rules import CATALOGUE
from customdb_contract.testing import assert_consistent, assert_contract

EMAILS = ("ada@example.com", "grace@example.com", "joan@example.com")
USERS = [KnownUser(email=email, password="correct Horse battery") for email in EMAILS]


class Directory:
    """A correct database that has users but no passwords."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get_user(self, identifier: str) -> ProfileResult:
        self.asked.append(identifier)
        return Found(self.profile(identifier)) if identifier in EMAILS else NotFound()

    def profile(self, email: str) -> dict[str, object]:
        return {"user_id": f"shop-{EMAILS.index(email)}", "email": email, "email_verified": True}


class Shop(Directory):
    def login(self, identifier: str, password: str) -> ProfileResult:
        if identifier not in EMAILS or password != "correct Horse battery":
            raise WrongUsernameOrPasswordError(None, "wrong e-mail or password")
        return Found(self.profile(identifier))


class Shared(Shop):
    @override
    def profile(self, email: str) -> dict[str, object]:
        return super().profile(email) | {"user_id": "shop-7"}


# assert_contract


def test_a_database_that_keeps_the_contract_is_asserted() -> None:
    report = assert_contract(Shop(), USERS, connection=Connection(import_mode=False), ignore=["email-not-lowercase"])

    assert report.ok


def test_a_database_that_breaks_the_contract_fails_with_the_text_of_the_report() -> None:
    with pytest.raises(AssertionError) as raised:
        assert_contract(Shared(), USERS, select=["shared-user-id"])

    assert isinstance(raised.value, ContractBrokenError)
    text = str(raised.value)
    assert text.startswith("not ok: 1 rule judged, 1 broken (1 error)\n")
    assert "\nerror  shared-user-id\n" in text
    assert text.endswith(f"\n{len(CATALOGUE) - 1} rules not judged ({len(CATALOGUE) - 1} deselected).\n")


def test_the_settings_are_those_of_check() -> None:
    with pytest.raises(ConfigurationError, match="there is no rule or group 'profil'"):
        assert_contract(Shop(), USERS, select=["profil"])
    with pytest.raises(TypeError, match="selected"):
        assert_contract(Shop(), USERS, selected=["profile"])


# assert_consistent


def test_only_known_users_are_looked_up_twice() -> None:
    directory = Directory()

    report = assert_consistent(directory, EMAILS)

    assert directory.asked == [*EMAILS, *EMAILS]
    assert report.verdict("unstable-user-id").held == len(EMAILS)
    assert report.transcript.select(Script.LOGIN) == ()


@pytest.mark.parametrize("connection", [None, Connection(import_mode=True)])
def test_login_is_not_called_even_if_present(connection: Connection | None) -> None:
    class NoLogin(Shop):
        @override
        def login(self, identifier: str, password: str) -> NoReturn:
            raise AssertionError

    report = assert_consistent(NoLogin(), EMAILS, connection=connection)

    assert report.transcript.connection == (connection or Connection())


def test_an_id_that_people_share_fails() -> None:
    with pytest.raises(ContractBrokenError, match="\nerror  shared-user-id\n"):
        assert_consistent(Shared(), EMAILS)

    assert_consistent(Shared(), EMAILS, ignore=["shared-user-id"])


def test_an_id_that_changes_fails() -> None:
    class Unstable(Directory):
        @override
        def profile(self, email: str) -> dict[str, object]:
            return super().profile(email) | {"user_id": f"shop-{len(self.asked)}"}

    with pytest.raises(ContractBrokenError, match="\nerror  unstable-user-id\n"):
        assert_consistent(Unstable(), EMAILS)


def test_a_warning_fails_on_request() -> None:
    class Mutable(Directory):
        @override
        def profile(self, email: str) -> dict[str, object]:
            return super().profile(email) | {"user_id": email}

    assert_consistent(Mutable(), EMAILS)
    with pytest.raises(ContractBrokenError, match="\nwarning  mutable-user-id\n"):
        assert_consistent(Mutable(), EMAILS, fail_on="warning")


def test_users_who_are_not_found_are_named() -> None:
    sample = [f"nobody-{number}@example.com" for number in range(7)]

    with pytest.raises(ContractBrokenError) as raised:
        assert_consistent(Directory(), [EMAILS[0], *sample[:2]])
    assert str(raised.value) == (
        "get_user does not find 2 of 3: nobody-0@example.com, nobody-1@example.com. "
        "Every user in the sample must be in the store that the database reads\n"
        "   2  get_user nobody-0@example.com -> not-found"
    )
    with pytest.raises(ContractBrokenError, match=r"does not find 7 of 7: .*nobody-4@example\.com and 2 more\. "):
        assert_consistent(Directory(), sample)


def test_users_for_whom_the_script_fails_are_named() -> None:
    class Partly(Directory):
        @override
        def get_user(self, identifier: str) -> ProfileResult:
            if identifier == EMAILS[1]:
                raise ScriptError("no such row")
            return super().get_user(identifier)

    with pytest.raises(ContractBrokenError) as raised:
        assert_consistent(Partly(), [*EMAILS, "nobody@example.com"])
    assert str(raised.value).startswith(
        "get_user does not find 1 of 4: nobody@example.com; get_user fails for 1 of 4: grace@example.com. "
        "Every user in the sample must be in the store that the database reads\n"
        "   6  get_user nobody@example.com -> not-found\n"
        '   2  get_user grace@example.com -> failed ScriptError "no such row"'
    )


def test_a_sample_that_takes_too_long_fails() -> None:
    class Slow(Directory):
        @override
        def get_user(self, identifier: str) -> ProfileResult:
            time.sleep(0.05)
            return super().get_user(identifier)

    with pytest.raises(ContractBrokenError, match=r"\nThe check ended early \(time\): "):
        assert_consistent(Slow(), EMAILS, max_time=0.08)


def test_a_database_that_cannot_be_opened_fails() -> None:
    @contextmanager
    def database() -> Generator[Directory]:
        raise OSError("no such file")
        yield Directory()

    with pytest.raises(ContractBrokenError, match=r"\nThe check ended early \(set-up\): (.|\n)*no such file"):
        assert_consistent(database, EMAILS)


@pytest.mark.parametrize(
    ("database", "emails", "message"),
    [
        (Directory(), [], "the sample is empty: give e-mails of users who are in the store"),
        (Directory(), "ada@example.com", "emails must be a list of e-mails, got 'ada@example.com'"),
        (Directory(), [*EMAILS, EMAILS[0]], "the identifier 'ada@example.com' is given to 2 known users; *"),
        (type("LoginOnly", (), {"login": Shop.login})(), EMAILS, "the database has no get_user"),
        (object(), EMAILS, "the database has none of the scripts: *"),
    ],
)
def test_unusable_input_is_an_error(database: object, emails: Sequence[str], message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        assert_consistent(database, emails)

    pytest.LineMatcher([str(raised.value)]).fnmatch_lines([message])
