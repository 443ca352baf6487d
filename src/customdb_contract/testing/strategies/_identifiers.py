"""Strategies for user identifiers and passwords."""

import string
from collections.abc import Collection
from typing import Final, cast

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

from customdb_contract.profiles import EMAIL_LOCAL_MAX, USERNAME_MAX, email_problem
from customdb_contract.testing.strategies._arguments import check_flag, check_sizes

__all__ = ["RESERVED_DOMAINS", "emails", "passwords", "phone_numbers", "user_ids", "usernames"]

RESERVED_DOMAINS: Final = ("example.com", "example.org", "example.net", "shop.test", "mail.shop.test")
"""Reserved domains: mail to them is never delivered. Source: <https://www.rfc-editor.org/rfc/rfc2606>."""

_LETTERS: Final = string.ascii_lowercase
_FOREIGN_LETTERS: Final = "äéñøžλж中"
_FOREIGN_DOMAIN: Final = "bücher.test"
_LONGEST_PASSWORD: Final = 1_000


def emails(
    *, domains: Collection[str] = RESERVED_DOMAINS, upper_case: bool = False, international: bool = False
) -> st.SearchStrategy[str]:
    """Return a strategy for e-mail addresses that Auth0 accepts.

    It is several times as fast as `hypothesis.strategies.emails`, and uses only reserved domains. The addresses begin
    with a letter, which no drawn `user_id` does, and shrink to `a@example.com`.

    Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.

    Args:
        domains: The domains, at least one; the first is the simplest.
        upper_case: Whether upper-case letters are allowed. With import mode on, Auth0 stores e-mails in lower case.
        international: Whether letters beyond ASCII are allowed, even in the domain.

    Raises:
        InvalidArgument: When an argument has another type, or there is no such domain.
    """
    check_flag("upper_case", upper_case)
    check_flag("international", international)
    names = _checked_domains(domains)
    letters = _LETTERS + (_FOREIGN_LETTERS if international else "")
    if upper_case:
        letters += letters.upper()
    if international:
        names = (*names, _FOREIGN_DOMAIN)
    return st.builds(
        _address,
        st.sampled_from(letters),
        st.text(f"{letters}{string.digits}_+-.", max_size=EMAIL_LOCAL_MAX - 1),
        st.sampled_from(names),
    )


def _checked_domains(domains: object) -> tuple[str, ...]:
    values = tuple(cast("Collection[object]", domains)) if isinstance(domains, Collection) else ()
    names = tuple(value for value in values if isinstance(value, str) and email_problem(f"a@{value}") is None)
    # The longest local part must fit before each of them.
    fits = all(email_problem(f"{'a' * EMAIL_LOCAL_MAX}@{name}") is None for name in names)
    if isinstance(domains, str) or not names or len(names) < len(values) or not fits:
        message = f"domains={domains!r} must be domains such as 'example.com', at least one, of at most 189 characters"
        raise InvalidArgument(message)
    return names


def _address(first: str, rest: str, domain: str) -> str:
    # A dot has no dot next to it, and is not at an end: filtering others out is quicker than drawing parts to join.
    local = ".".join(part for part in f"{first}{rest}".split(".") if part)
    return f"{local}@{domain}"


def usernames(*, min_size: int = 1, max_size: int = 15, upper_case: bool = False) -> st.SearchStrategy[str]:
    """Return a strategy for usernames that Auth0 accepts.

    They begin with a letter, which no drawn `user_id` does, and have no `@`, so that none is an e-mail address. They
    shrink to `a`.

    Source: <https://auth0.com/docs/authenticate/database-connections/require-username>.

    Args:
        min_size: Minimum number of characters, 1 or more.
        max_size: Maximum number of characters, up to 128; a connection allows 15 unless configured otherwise.
        upper_case: Whether upper-case letters are allowed. With import mode on, Auth0 stores usernames in lower case.

    Raises:
        InvalidArgument: When an argument has another type or is out of range.
    """
    check_sizes("size", 1, min_size, max_size, USERNAME_MAX)
    check_flag("upper_case", upper_case)
    letters = string.ascii_letters if upper_case else _LETTERS
    rest = st.text(f"{letters}{string.digits}^$.!`-#+'~_", min_size=min_size - 1, max_size=max_size - 1)
    return st.builds("{}{}".format, st.sampled_from(letters), rest)


def phone_numbers() -> st.SearchStrategy[str]:
    """Return a strategy for phone numbers in the form of E.164: `+` and 1 to 15 digits. They shrink to `+1`.

    Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.
    """
    return st.integers(1, 10**15 - 1).map("+{}".format)


def passwords(*, min_size: int = 8, max_size: int = 72, international: bool = False) -> st.SearchStrategy[str]:
    """Return a strategy for passwords: by default with the characters and the length that Auth0 documents.

    Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure>.

    Args:
        min_size: Minimum number of characters, 1 or more. A check recognizes passwords of six or more inside other
            text.
        max_size: Maximum number of characters, up to 1000. Auth0 accepts up to 72 bytes; a legacy store can have more.
        international: Whether any printable character can occur, including spaces, as in a legacy store.

    Raises:
        InvalidArgument: When an argument has another type or is out of range.
    """
    check_sizes("size", 1, min_size, max_size, _LONGEST_PASSWORD)
    check_flag("international", international)
    documented = st.characters(min_codepoint=33, max_codepoint=126)
    printable = st.characters(exclude_categories=["Cs", "Cc"])
    return st.text(printable if international else documented, min_size=min_size, max_size=max_size)


def user_ids() -> st.SearchStrategy[str]:
    """Return a strategy for a `user_id` as stores have it: a number, one with the store's name, or an ObjectId.

    None of them is derived from a drawn e-mail, username or phone number, because users can change these. They shrink
    to `1`.

    Source: <https://auth0.com/docs/manage-users/user-accounts/user-profiles/normalized-user-profiles>.
    """
    numbers = st.integers(1, 2**63 - 1)
    # An ObjectId begins with the time in seconds, and so, for decades, with a digit.
    object_ids = st.builds("6{:023x}".format, st.integers(0, 16**23 - 1))
    return numbers.map(str) | numbers.map("shop|{}".format) | object_ids
