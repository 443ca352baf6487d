"""The points on which Auth0's sources conflict or say nothing, as settings with a default each."""

from enum import StrEnum
from typing import TypeVar

from attrs import Attribute, field, frozen

from customdb_contract.errors import ConfigurationError

__all__ = ["Knobs", "NullLogin", "ReloginMetadata", "RootAttributes"]

_Choice = TypeVar("_Choice", bound=StrEnum)


class RootAttributes(StrEnum):
    """When Auth0 takes name, nickname, given_name, family_name and picture from a script: `set_user_root_attributes`.

    Source: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/login>.
    """

    ON_EACH_LOGIN = "on_each_login"
    ON_FIRST_LOGIN = "on_first_login"
    NEVER_ON_LOGIN = "never_on_login"


class ReloginMetadata(StrEnum):
    """How the metadata in Auth0 changes when Login returns metadata again, with import mode off."""

    REPLACE_KEY = "replace_key"
    """Each first-level key that Login returns replaces the one in Auth0, as a PATCH would; the others stay."""
    MERGE = "merge"
    """Metadata that Login returns is merged at every depth."""
    FIRST_LOGIN_ONLY = "first_login_only"
    """Metadata is stored when the record is created, and never again."""


class NullLogin(StrEnum):
    """The result of a log-in for which Login called `callback(null)`."""

    UNKNOWN_USER = "unknown_user"
    """A failed log-in of an unknown user: `fu`."""
    FAILURE = "failure"
    """A failed log-in like any other: `f`."""


def _is_flag(_: object, attribute: "Attribute[bool]", value: object) -> None:
    if not isinstance(value, bool):
        message = f"Knobs: {attribute.name} must be True or False, got {value!r}"
        raise ConfigurationError(message)


def _relogin_metadata(value: str) -> ReloginMetadata:
    return _choice(ReloginMetadata, "off_metadata_on_relogin", value)


def _null_login(value: str) -> NullLogin:
    return _choice(NullLogin, "login_null_result", value)


def _choice(choices: type[_Choice], name: str, value: str) -> _Choice:
    try:
        return choices(value)
    except ValueError:
        message = f"Knobs: {name} must be one of {', '.join(choices)}, got {value!r}"
        raise ConfigurationError(message) from None


@frozen(kw_only=True)
class Knobs:
    """How the simulated tenant behaves where Auth0's sources conflict or say nothing.

    Args:
        import_login_calls_get_user: K1. Whether, with import mode on, Get User runs before Login. Off by default: the
            page on automatic migration names only Login
            (<https://auth0.com/docs/manage-users/user-migration/configure-automatic-migration-from-your-database>).
            Against it: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/get-user> says
            that Get User also runs when a user attempts to log in, and with Identifier First + Biometrics it does.
        import_reset_calls_change_password: K2. Whether, with import mode on, a reset before the first log-in runs
            Change Password if the database has it. On by default: the support article "Password Reset Before First
            Login with Automatic Migration Enabled" requires the script. Against it:
            <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/change-password> says that it
            is used in a legacy authentication scenario only.
        verify_result_updates_profile: K3. Whether the result of Verify changes `email_verified` in Auth0. Off by
            default: <https://auth0.com/docs/authenticate/database-connections/custom-db/templates/verify> says that
            Auth0's profile doesn't change whatever is returned. Against it: <https://community.auth0.com/t/135210>.
        change_email_get_user_twice: K4. Whether Get User runs for the new identifier as well as for the old one before
            a change. On by default: <https://community.auth0.com/t/183190>. The docs mention one run.
        off_first_login_creates_record: K5. Whether, with import mode off, the first log-in creates a user record in
            Auth0. On by default: <https://auth0.com/docs/authenticate/database-connections/custom-db>. An older page on
            the anatomy of the scripts says that none is created.
        off_metadata_on_relogin: K6. How metadata changes that Login returns again, with import mode off. Not
            documented; `replace_key` is how custom social connections handle theirs
            (<https://community.auth0.com/t/119726>).
        on_wrong_pwd_migrated_falls_back: K7. Whether a migrated user's wrong password is tried with Login. Off by
            default: "Auth0 will not query your database again"
            (<https://auth0.com/docs/manage-users/user-accounts/user-profiles/update-user-profiles-using-your-database>).
        login_null_result: K8. The result of a log-in for which Login called `callback(null)`. By default, a failed
            log-in of an unknown user: the page on automatic migration uses it for a retired store, and names no log
            code.
        stale_user_id_in_reset_link: K9. Whether a reset fails if Get User returns another user_id than when the reset
            was requested. On by default: a draft of the docs says that the link then appears to have expired.

    Raises:
        ConfigurationError: When a value has the wrong type.
    """

    import_login_calls_get_user: bool = field(default=False, validator=_is_flag)
    import_reset_calls_change_password: bool = field(default=True, validator=_is_flag)
    verify_result_updates_profile: bool = field(default=False, validator=_is_flag)
    change_email_get_user_twice: bool = field(default=True, validator=_is_flag)
    off_first_login_creates_record: bool = field(default=True, validator=_is_flag)
    off_metadata_on_relogin: ReloginMetadata = field(default=ReloginMetadata.REPLACE_KEY, converter=_relogin_metadata)
    on_wrong_pwd_migrated_falls_back: bool = field(default=False, validator=_is_flag)
    login_null_result: NullLogin = field(default=NullLogin.UNKNOWN_USER, converter=_null_login)
    stale_user_id_in_reset_link: bool = field(default=True, validator=_is_flag)
