"""Strategies for the settings of a connection, and for the users in a legacy store."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from hypothesis import strategies as st

from customdb_contract.connection import FEATURES, Connection, KnownUser
from customdb_contract.testing.strategies import _profiles
from customdb_contract.testing.strategies._arguments import flags, strategy_or
from customdb_contract.testing.strategies._identifiers import passwords

__all__ = ["connections", "keep_their_passwords", "known_users"]

_SPELLINGS: Final[tuple[Callable[[str], str], ...]] = (str.lower, str.capitalize, str.upper)
_LONG_PASSWORD: Final = 100
"""Beyond the 72 bytes that bcrypt reads."""


def connections(
    *,
    import_mode: bool | None = None,
    requires_username: bool | None = None,
    script_context: bool | None = None,
    names: st.SearchStrategy[str] | None = None,
) -> st.SearchStrategy[Connection]:
    """Return a strategy for the settings of a connection.

    Args:
        import_mode: Whether import mode is on; None stands for both.
        requires_username: Whether users have a username in addition to their e-mail; None stands for both.
        script_context: Whether the scripts get the argument `context`; None stands for both.
        names: A strategy for the name, which is only displayed; None stands for the default name.

    Raises:
        InvalidArgument: When an argument has another type.
    """
    return st.builds(
        Connection,
        name=strategy_or("names", names, lambda: st.just(Connection().name)),
        import_mode=flags("import_mode", import_mode),
        requires_username=flags("requires_username", requires_username),
        script_context=flags("script_context", script_context),
        features=st.lists(st.sampled_from(FEATURES), unique=True),
        deletion_is_final=st.booleans(),
    )


def known_users(
    *, disabled: bool | None = None, profiles: st.SearchStrategy[dict[str, object]] | None = None
) -> st.SearchStrategy[KnownUser]:
    """Return a strategy for users in a legacy store.

    Every user has a password like those in legacy stores: some are longer than Auth0's limit, some have spaces and
    letters of other scripts. No profile contains it. Some e-mails differ in case from the profile's, because stores
    keep what was typed at the sign-up.

    Args:
        disabled: Whether the users are disabled; None stands for both.
        profiles: A strategy for the profile that the scripts must return for a user, with an `email`; None stands for
            `profiles()`.

    Raises:
        InvalidArgument: When an argument has another type.
    """
    return st.builds(
        _known_user,
        strategy_or("profiles", profiles, _profiles.profiles),
        st.sampled_from(_SPELLINGS),
        passwords() | passwords(max_size=_LONG_PASSWORD, international=True),
        flags("disabled", disabled),
    ).filter(lambda user: keep_their_passwords([user]))


def keep_their_passwords(users: Sequence[KnownUser]) -> bool:
    """Tell whether no profile contains a user's password, which a check would rightly consider a leak.

    Hypothesis likes to draw the same text twice, so this is not as rare as it looks.

    Args:
        users: The users of one store.
    """
    told = json.dumps([dict(user.profile) for user in users], default=str).lower()
    passwords = (json.dumps(user.password.reveal()).lower()[1:-1] for user in users if user.password)
    return not any(password in told for password in passwords)


def _known_user(
    profile: Mapping[str, object],
    spell: Callable[[str], str],
    password: str,
    disabled: bool,  # noqa: FBT001 - drawn in this order
) -> KnownUser:
    email, username = profile["email"], profile.get("username")
    return KnownUser(
        email=spell(str(email)),
        username=username if isinstance(username, str) else None,
        password=password,
        disabled=disabled,
        profile=profile,
    )
