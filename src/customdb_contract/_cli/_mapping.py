"""The mapping that `init --audit` proposes, by the names of the columns; nothing is guessed silently."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from attrs import frozen

__all__ = ["VARIABLE", "Proposal", "audit_configuration", "has_password", "proposed"]

VARIABLE: Final = "USERS_URL"
"""The environment variable for a URL that contains a password."""

_NAMES: Final[Mapping[str, Sequence[str]]] = {
    "user_id": (
        *("user_id", "userid", "id", "uuid", "user_uuid", "uid", "guid", "user_guid", "user_pk", "pk"),
        *("customer_id", "member_id", "account_id", "person_id"),
    ),
    "email": ("email", "email_address", "mail", "user_email", "e_mail", "mail_address", "primary_email", "login_email"),
    "email_verified": (
        *("email_verified", "email_confirmed", "is_email_verified", "is_email_confirmed", "mail_verified"),
        *("verified", "is_verified", "confirmed", "is_confirmed"),
    ),
    "username": ("username", "user_name", "login", "login_name", "user_login", "account_name", "uname", "handle"),
    "phone_number": (
        *("phone_number", "phone", "mobile_number", "mobile_phone", "mobile", "cell_phone", "cell", "telephone"),
        *("telephone_number", "tel", "phone_no", "msisdn"),
    ),
    "phone_verified": (
        *("phone_verified", "phone_number_verified", "phone_number_confirmed", "phone_confirmed"),
        *("is_phone_verified", "mobile_verified"),
    ),
    "name": ("name", "full_name", "display_name", "real_name"),
    "nickname": ("nickname", "nick", "nick_name", "user_nicename"),
    "given_name": ("given_name", "first_name", "forename", "fname", "first"),
    "family_name": ("family_name", "last_name", "surname", "lname", "last", "sn"),
    "picture": (
        *("picture", "picture_url", "avatar", "avatar_url", "photo", "photo_url", "profile_picture"),
        *("profile_image", "image_url"),
    ),
    "blocked": ("blocked", "is_blocked", "banned", "is_banned", "suspended", "is_suspended", "disabled", "is_disabled"),
    "user_metadata": ("user_metadata", "preferences", "prefs"),
    "app_metadata": ("app_metadata", "metadata"),
    "mfa_factors": ("mfa_factors",),
    "password_hash": (
        *("password_hash", "hashed_password", "encrypted_password", "password_digest", "passwd_hash", "pwd_hash"),
        *("password", "passwd", "pwd", "user_pass", "pass_hash", "pass"),
    ),
    "password_salt": ("password_salt", "salt", "pwd_salt"),
}
"""Common names of columns for each attribute, the likeliest first."""

_ALIKE: Final = {
    "email_verified": re.compile(
        r"(?:email_|mail_)?(?:verified|confirmed|confirmation|verification)_(?:at|on|date|time)"
    ),
    "phone_verified": re.compile(r"(?:phone|mobile)(?:_number)?_(?:verified|confirmed)_(?:at|on|date|time)"),
    "blocked": re.compile(r"(?:is_)?(?:active|enabled)|(?:blocked|banned|suspended|disabled|locked)_(?:at|on|until)"),
}
_HINTS: Final = {
    "email_verified": "a time, but email_verified is true or false: convert it in a query or a view",
    "phone_verified": "a time, but phone_verified is true or false: convert it in a query or a view",
    "blocked": "not the same as blocked, which is true or false: convert it in a query or a view",
}

_MOMENTS: Final = re.compile(r"!?(?:timestamp|date|time)\b")
_FLAGS: Final = frozenset({"email_verified", "phone_verified", "blocked"})
_REMARKS: Final = {
    "username": "only if it is not an e-mail",
    "user_metadata": "if each row contains a JSON object",
    "app_metadata": "if each row contains a JSON object",
}


@frozen(kw_only=True)
class Proposal:
    """A mapping suggested by the names of columns.

    Args:
        columns: The column of each attribute.
        others: Other columns that an attribute could be, by the attribute.
        left: The columns that are not mapped, each with its type and a hint, which can be empty.
    """

    columns: Mapping[str, str]
    others: Mapping[str, Sequence[str]]
    left: Sequence[tuple[str, str, str]]


def proposed(types: Mapping[str, str]) -> Proposal:
    """Return the columns of attributes, as far as their names suggest them.

    Args:
        types: The types of the columns, by their names.
    """
    columns: dict[str, str] = {}
    others: dict[str, Sequence[str]] = {}
    taken: set[str] = set()
    for attribute, names in _NAMES.items():
        ranks = {_plain(name): rank for rank, name in reversed(list(enumerate(names)))}
        fitting = [
            column
            for column, type_ in types.items()
            if column not in taken and _plain(column) in ranks and not (attribute in _FLAGS and _MOMENTS.match(type_))
        ]
        if fitting:
            first, *more = sorted(fitting, key=lambda column: ranks[_plain(column)])
            columns[attribute] = first
            taken.add(first)
            if more:
                others[attribute] = more
    left = [(column, type_, _hint(column, type_)) for column, type_ in types.items() if column not in taken]
    return Proposal(columns=columns, others=others, left=left)


def audit_configuration(source: str, proposal: Proposal, *, query: str | None = None, table: str = "audit") -> str:
    """Return a configuration table for a proposal.

    Args:
        source: The path or URL of the users.
        proposal: The proposal.
        query: The query that selects the users of a database, or None.
        table: The name of the table.
    """
    named = f"{{ env = {_text(VARIABLE)} }}" if has_password(source) else _text(source)
    lines = [f"[{table}]", f"source = {named}", *([] if query is None else [f"query = {_text(query)}"])]
    if "user_id" not in proposal.columns:
        lines.append('# user_id = "…"   # required, but no column looks like the key of the users')
    for attribute, column in proposal.columns.items():
        line = f"{attribute} = {_text(column)}"
        remarks = [_REMARKS[attribute]] if attribute in _REMARKS and attribute != column else []
        if attribute in proposal.others:
            remarks.append(f"or {', '.join(map(_text, proposal.others[attribute]))}")
        lines.append(f"{line}   # {'; '.join(remarks)}" if remarks else line)
    lines += _rest(proposal, table)
    return "\n".join(lines) + "\n"


def _rest(proposal: Proposal, table: str) -> Iterator[str]:
    from customdb_contract.transcript import printable

    if not proposal.left:
        return
    yield ""
    yield "# These columns are not mapped. If your scripts put them into the profile, map them:"
    yield f"# [{table}.app_metadata]"
    yield '# KEY = "COLUMN"'
    yield "#"
    for column, type_, hint in proposal.left:
        yield f"# - {_text(column)} ({printable(type_.removeprefix('!'))}){f': {hint}' if hint else ''}"


def _hint(column: str, type_: str) -> str:
    snaked = _snaked(column)
    for attribute, pattern in _ALIKE.items():
        if pattern.fullmatch(snaked):
            return _HINTS[attribute]
        if attribute in _FLAGS and _MOMENTS.match(type_) and _plain(column) in map(_plain, _NAMES[attribute]):
            return _HINTS[attribute]
    return ""


def _plain(name: str) -> str:
    """Return a name without case and punctuation: `EmailAddress` and `email_address` are the same."""
    return re.sub(r"[\W_]+", "", name).casefold()


def _snaked(name: str) -> str:
    return re.sub(r"[\W_]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)).casefold()


def has_password(source: str) -> bool:
    """Tell whether a source contains a password, and so must not be written to a file.

    Args:
        source: A path or a URL.
    """
    try:
        return "://" in source and urlsplit(source).password is not None
    except ValueError:
        return True  # A source that cannot be parsed is not written.


def _text(text: str) -> str:
    """Return a text as a basic TOML string that is safe to show on a terminal."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in quoted)
