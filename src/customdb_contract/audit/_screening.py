"""Selects the rows that may break a rule, by expressions that every engine supports: sometimes too many, never too few.

The predicates of `profiles.problems` judge the selected rows, so an expression only has to miss no breach. Dialects of
regular expressions differ (RE2, POSIX, Java), so the patterns use only what all of them support: classes, repetition,
alternatives and `^`. The end of a text is written in the dialect of the engine.

Most rows break no rule, and each search through a text takes time. So all patterns for a column are first searched for
at once: this is the gate of the column. Only if it finds something are they searched for one by one.
"""

import functools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from attrs import evolve, frozen

from customdb_contract.audit._engines import Expression, Table, end_of_text, import_ibis
from customdb_contract.audit._users import FALSE, ODD, TRUE, Field, Kind, Users
from customdb_contract.profiles import NAME_MAX, NICKNAME_MAX, RESERVED_APP_METADATA, ROOT_PROFILE_NAMES
from customdb_contract.profiles.problems import problems_of
from customdb_contract.secrets import SECRET_NAMES

__all__ = ["SCREENS", "SUSPECTED", "Screening", "suspected", "suspicious"]

SUSPECTED: Final = "row:suspected"
"""The column of bits for the rules that a row may break."""

_NOT_ASCII: Final = "[^ -~]"
"""Finds any character that is not printable ASCII, including a line break."""

_LABEL: Final = "[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?"
_EMAIL: Final = f"^[A-Za-z0-9_+-]+([.][A-Za-z0-9_+-]+)*@({_LABEL}[.])+{_LABEL}"
_EMAIL_MAX: Final = 63
"""Up to this length, no part of an e-mail can be too long."""
_PHONE: Final = "^[+][0-9]{1,15}"
_PICTURE: Final = "^https?://[A-Za-z0-9.-][!-~]*"
_USER_ID_MAX: Final = 128
_USERNAME_MAX: Final = 128
_ACCIDENTS: Final = ("undefined", "null", "None", "NaN", "nan", "[object Object]")
_SHORTEST_PART: Final = 5
_NEARLY_TOO_LARGE: Final = 8_192

_SECRET: Final = "[$«]|[{][SsMmCcBbPpAa][A-Za-z0-9_-]*[}]|PRIVATE KEY|otpauth:|:[^ ]*:[^ ]*@"  # noqa: S105 - a pattern
"""Finds anything that may be a secret by its format."""


def _spelled(name: str) -> str:
    """Return a pattern for a name as `names_secret` reads it: in any case, with any dashes and underscores."""
    return "[_-]*" + "".join(f"[{letter}{letter.upper()}][_-]*" for letter in name)


_SECRET_KEY: Final = '"(' + "|".join(_spelled(name) for name in sorted(SECRET_NAMES)) + ')" *:'
_ACCESS_KEY: Final = (
    '"_*('
    + "|".join(
        "".join(f"[{letter}{letter.upper()}]_*" for letter in name)
        for name in (
            "role",
            "roles",
            "permission",
            "permissions",
            "admin",
            "isadmin",
            "scope",
            "scopes",
            "plan",
            "entitlements",
        )
    )
    + ')" *:'
)
_APP_KEY: Final = '"(' + "|".join(sorted(RESERVED_APP_METADATA | ROOT_PROFILE_NAMES)) + ')" *:'
_GENERATED_KEY: Final = '"([0-9]{3}|[0-9a-fA-F]{8})[^"]*" *:'
_BAD_KEY: Final = '"[^"]*[.$][^"]*" *:'


def _json() -> tuple[str, str, str]:
    """Return patterns for valid JSON with few levels: an object, a value, the start of an object."""
    text = '"[ !#-\\[\\]-\U0010ffff]*"'
    # Limiting the digits would make it several times as large, and as much slower in PostgreSQL.
    number = "-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9][0-9]?)?"
    scalar = f"({text}|{number}|true|false|null)"

    def joined(one: str) -> str:
        return f"({one} *(, *{one} *)*)?"

    value = scalar
    for _ in range(2):
        value = f"({scalar}|\\[ *{joined(value)}\\]|[{{] *{joined(f'{text} *: *{value}')}[}}])"
    pair = f"{text} *: *{value}"
    return f"^ *[{{] *{joined(pair)}[}}] *", f"^ *{value} *", f"^ *[{{] *({pair} *, *)*"


_JSON_OBJECT, _JSON_VALUE, _FIRST_PAIRS = _json()
_LONG_NUMBER: Final = r"(^|[:,\[ -])[0-9]{19}"
"""Finds a number that may be too large to be read exactly."""
_MOST_OF_JAVA: Final = 400
"""Java matches repeated groups by recursion, and its stack overflows in texts longer than this."""

_HEX_OF_TEXT: Final = "([2-7][0-9A-Fa-f])"
_BASE64_OF_TEXT: Final = "([A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-])"
"""Two and four characters that encode one and three ASCII characters."""

_PLAIN: Final[Mapping[str, str]] = {
    "email": _EMAIL.replace("A-Z", ""),
    "phone_number": _PHONE,
    "picture": "^https?://[A-Za-z0-9.-][A-Za-z0-9./_?=&%+~#,;-]*",
}
"""Patterns for the usual texts of a column, in which no screen can find anything."""


@frozen
class Part:
    """A condition for a row to break a rule, if it depends on one text only.

    Args:
        expression: The condition.
        column: The name of the field with the text; it must be in `_PLAIN` if there is no pattern.
        pattern: Finds something in the text whenever the condition is true.
    """

    expression: Expression
    column: str = ""
    pattern: str = ""


@frozen
class Screening:
    """The input of a screen.

    Args:
        users: The users, and their columns.
        import_mode: Whether import mode is on for the connection.
        requires_username: Whether every user of the connection has a username.
    """

    users: Users
    import_mode: bool
    requires_username: bool

    def column(self, name: str) -> Expression:
        """Return the column of an attribute, or None if there is none.

        Args:
            name: The name of the field.
        """
        return self.users.table[name] if name in self.users.table.columns else None

    def odd(self, name: str) -> list[Expression]:
        """Return a list with the condition that an attribute has the wrong type; an empty one if it cannot.

        Args:
            name: The name of the field.
        """
        column = self.column(f"{name}{ODD}")
        return [] if column is None else [column.notnull()]

    def found(self, name: str, pattern: str) -> Part:
        """Return the condition that a pattern finds something in a text.

        Args:
            name: The name of the field with the text.
            pattern: The pattern.
        """
        return Part(self.users.table[name].re_search(pattern), name, pattern)

    def unlike(self, name: str, pattern: str) -> Expression:
        """Return the condition that a pattern does not match the whole text.

        Args:
            name: The name of the field with the text.
            pattern: The pattern, which begins with `^`.
        """
        whole = f"{pattern}{end_of_text(self.users.engine)}"
        return self.grouped(name, lambda text: ~text.re_search(whole))

    def grouped(self, name: str, condition: Callable[[Expression], Expression]) -> Expression:
        """Return a condition whose patterns repeat groups; it is true for any text that is too long for Java.

        Args:
            name: The name of the field with the text.
            condition: Returns the condition for a text.
        """
        text = self.users.table[name]
        if self.users.engine != "pyspark":
            return condition(text)
        # Spark evaluates an expression even for rows that a condition excludes.
        return import_ibis().ifelse(text.length() > _MOST_OF_JAVA, True, condition(text.left(_MOST_OF_JAVA)))  # noqa: FBT003 - a value

    def fields(self, *kinds: Kind) -> Iterable[Field]:
        """Yield fields of the profile.

        Args:
            kinds: The kinds of the fields; none stands for all.
        """
        for one in self.users.fields:
            if one.parent != "password" and (not kinds or one.kind in kinds):
                yield one


Parts: TypeAlias = Sequence[Expression | Part]

Screen: TypeAlias = Callable[[Screening], Parts | None]
"""Returns conditions, one of which is true for a row that breaks the rule; None if nothing can be checked."""


def suspicious(screening: Screening, rules: Iterable[str]) -> Table | None:
    """Return the rows that may break one of the rules, with the column `SUSPECTED`; None if no rule can be broken.

    Args:
        screening: The input of the screens.
        rules: The names of the rules.
    """
    screens = {rule: list(map(_as_part, parts)) for rule in rules if (parts := SCREENS[rule](screening))}
    if not screens:
        return None
    every = [part for parts in screens.values() for part in parts]
    gates, ifelse = _gates(screening, every), import_ibis().ifelse
    marks = [ifelse(_any_of(parts, gates).fill_null(False), _BITS[rule], 0) for rule, parts in screens.items()]  # noqa: FBT003 - of SQL
    table = screening.users.table
    return table.filter(_any_of(every, gates)).mutate(**{SUSPECTED: functools.reduce(operator.add, marks)})


def _as_part(part: Expression | Part) -> Part:
    return part if isinstance(part, Part) else Part(part)


def _gates(screening: Screening, parts: Iterable[Part]) -> dict[str, Expression]:
    """Return, for each column with parts, the condition that one of them can be true at all."""
    patterns: dict[str, dict[str, None]] = {}
    for part in parts:
        patterns.setdefault(part.column, {})[part.pattern] = None
    gates: dict[str, Expression] = {}
    for column, wanted in patterns.items():
        if column in _PLAIN:
            gates[column] = screening.unlike(column, _PLAIN[column])
        elif column:
            gates[column] = screening.users.table[column].re_search("|".join(wanted))
    return gates


def _any_of(parts: Iterable[Part], gates: Mapping[str, Expression]) -> Expression:
    """Return the condition that one of the parts is true; engines evaluate duplicates, so there are none."""
    found: dict[str, dict[object, Expression]] = {}
    for part in parts:
        found.setdefault(part.column, {})[part.expression.op()] = part.expression
    return _any(
        gates[column] & _any(some.values()) if column else _any(some.values()) for column, some in found.items()
    )


def suspected(marks: int) -> list[str]:
    """Return the names of the rules that a row may break.

    Args:
        marks: The value of the row in the column `SUSPECTED`.
    """
    return [rule for rule, bit in _BITS.items() if marks & bit]


def _any(parts: Iterable[Expression]) -> Expression:
    return functools.reduce(lambda one, other: one | other, parts)


def _only(*names: str) -> Callable[[Callable[[Screening], Parts]], Screen]:
    """Make a screen return None if none of the attributes has a column."""

    def decorate(screen: Callable[[Screening], Parts]) -> Screen:
        def guarded(screening: Screening) -> Parts | None:
            return screen(screening) if any(map(screening.users.has, names)) else None

        return guarded

    return decorate


@_only("user_id")
def _missing_user_id(screening: Screening) -> Parts:
    user_id = screening.column("user_id")
    return [user_id.isnull() | (user_id == "")]


@_only("user_id")
def _user_id_not_a_string(screening: Screening) -> Parts:
    return screening.odd("user_id")


@_only("user_id")
def _invalid_user_id(screening: Screening) -> Parts:
    user_id = screening.column("user_id")
    return [screening.found("user_id", "[^!-~]"), user_id.length() > _USER_ID_MAX, user_id.isin(_ACCIDENTS)]


@_only("user_id")
def _prefixed_user_id(screening: Screening) -> Parts:
    return [screening.column("user_id").startswith("auth0|")]


@_only("email", "username", "phone_number")
def _mutable_user_id(screening: Screening) -> Parts:
    user_id = screening.column("user_id")
    # Beyond ASCII, engines and Python differ in lower case, and in the number of bytes of a character.
    found: list[Expression | Part] = [screening.found("user_id", f"{_NOT_ASCII}|[0-9A-Fa-f]{{32}}")]
    for name in ("email", "username", "phone_number"):
        value = screening.column(name)
        if value is not None:
            found.append(_may_be_made_of(user_id, value))
    return found


_HEX_RUNS: Final = ((5, 5), (8, 8))
_BASE64_RUNS: Final = ((5, 1), (9, 3), (15, 5))
"""Minimum lengths of a text, each with the number of groups of two or four characters that it has when encoded."""


def _may_be_made_of(user_id: Expression, value: Expression) -> Expression:
    """Return the condition that an id may contain a value, as it is, in Base64 or as hexadecimal digits."""
    ifelse, size = import_ibis().ifelse, value.length()
    is_long = size >= _SHORTEST_PART
    may_be_hex = is_long & (user_id.length() >= 2 * size)
    may_be_base64 = is_long & (3 * user_id.length() >= 4 * size)
    for least, groups in _HEX_RUNS:
        may_be_hex &= (size < least) | user_id.re_search(f"{_HEX_OF_TEXT}{{{groups}}}")
    for least, groups in _BASE64_RUNS:
        may_be_base64 &= (size < least) | user_id.re_search(f"{_BASE64_OF_TEXT}{{{groups}}}")
    is_within = ifelse(is_long, user_id.lower().contains(value.lower()), user_id.lower() == value.lower())
    # Beyond ASCII, see `_mutable_user_id`. Lower-casing can make a text longer, never shorter.
    return (user_id.length() >= size) & _any([is_within, value.re_search(_NOT_ASCII), may_be_hex, may_be_base64])


@_only("email")
def _invalid_email(screening: Screening) -> Parts:
    email = screening.column("email")
    return [
        email.isnull(),
        Part(screening.unlike("email", _EMAIL), "email"),
        email.length() > _EMAIL_MAX,
        *screening.odd("email"),
    ]


@_only("email")
def _email_not_lowercase(screening: Screening) -> Parts:
    return [screening.found("email", "[A-Z]|[^ -~]")] if screening.import_mode else []


def _no_boolean(screening: Screening, name: str) -> list[Expression]:
    column = screening.column(name)
    type_ = column.type()
    if type_.is_integer():
        return [column.notin((0, 1)), *screening.odd(name)]
    if type_.is_string():
        return [column.notin((*TRUE, *FALSE)), *screening.odd(name)]
    return screening.odd(name)


@_only("email_verified")
def _email_verified_not_boolean(screening: Screening) -> Parts:
    return _no_boolean(screening, "email_verified")


def _missing_email_verified(screening: Screening) -> Parts | None:
    email, verified = screening.column("email"), screening.column("email_verified")
    if email is None or verified is None:
        return None
    return [_any([email.notnull(), *screening.odd("email")]) & verified.isnull()]


@_only("username")
def _invalid_username(screening: Screening) -> Parts:
    username = screening.column("username")
    found = [
        username == "",
        username.length() > _USERNAME_MAX,
        screening.found("username", "[^A-Za-z0-9^$.!`#+'~_-]"),
        *screening.odd("username"),
    ]
    if not screening.import_mode:
        return []
    return [*found, username.isnull()] if screening.requires_username else found


@_only("name", "given_name", "family_name", "nickname")
def _invalid_name(screening: Screening) -> Parts:
    found: list[Expression] = []
    for name in ("name", "given_name", "family_name", "nickname"):
        column = screening.column(name)
        if column is not None:
            most = NICKNAME_MAX if name == "nickname" else NAME_MAX
            found += [column == "", column.length() > most, *screening.odd(name)]
    return found


@_only("phone_number", "phone_verified")
def _invalid_phone_number(screening: Screening) -> Parts:
    number = screening.column("phone_number")
    found: list[Expression | Part] = []
    if number is not None:
        is_odd = screening.unlike("phone_number", _PHONE)
        found += [Part(is_odd, "phone_number"), *screening.odd("phone_number")]
    if screening.users.has("phone_verified"):
        found += _no_boolean(screening, "phone_verified")
    return found


@_only("picture")
def _invalid_picture(screening: Screening) -> Parts:
    is_odd = screening.unlike("picture", _PICTURE)
    return [Part(is_odd, "picture"), *screening.odd("picture")]


@_only("mfa_factors")
def _invalid_mfa_factors(screening: Screening) -> Parts:
    return [screening.column("mfa_factors").notnull()]


def _by_name(*rules: str) -> Screen:
    """Return a screen for attributes and keys of metadata that break a rule by their name alone."""

    def screen(screening: Screening) -> Parts | None:
        fields = [one for one in screening.fields() if one.is_named]
        return [screening.users.table[one.name].notnull() for one in fields if _is_odd_name(one, rules)] or None

    return screen


_SAMPLES: Final[tuple[object, ...]] = ("text", {"any": "text"})


def _is_odd_name(one: Field, rules: Sequence[str]) -> bool:
    for value in _SAMPLES:
        attribute = {one.key: value}
        profile: Mapping[str, object] = {one.parent: attribute} if one.parent else attribute
        if any(problem.rule in rules for problem in problems_of(profile, import_mode=True)):
            return True
    return False


@_only("user_metadata", "app_metadata")
def _invalid_metadata_key(screening: Screening) -> Parts:
    return [
        *_by_name_in(screening, "invalid-metadata-key"),
        *_finding(screening, _BAD_KEY),
        *_unsure(screening),
    ]


def _finding(screening: Screening, pattern: str, *roots: str) -> Iterable[Part]:
    """Yield the conditions that a pattern finds something in the JSON of metadata."""
    return (screening.found(one.name, pattern) for one in _json_of(screening, *roots))


def _finding_first(screening: Screening, pattern: str, root: str) -> Iterable[Part]:
    """Yield the conditions that a pattern finds a key of metadata at the top level."""
    for one in _json_of(screening, root):
        if not one.is_named:
            found = screening.found(one.name, pattern)
            is_first = screening.grouped(one.name, lambda text: text.re_search(f"{_FIRST_PAIRS}{pattern}"))
            yield evolve(found, expression=found.expression & is_first)


def _by_name_in(screening: Screening, *rules: str) -> Parts:
    return _by_name(*rules)(screening) or ()


_METADATA: Final = ("user_metadata", "app_metadata")


def _json_of(screening: Screening, *roots: str) -> list[Field]:
    """Return the fields of metadata, in both roots or only the given ones, whose columns contain JSON."""
    roots = roots or _METADATA
    return [one for one in screening.fields(Kind.JSON) if (one.parent or one.name) in roots]


def _unsure(screening: Screening, *roots: str) -> Parts:
    """Return the conditions that metadata may be invalid JSON, or contain escapes, which patterns cannot read."""
    return [part for one in _json_of(screening, *roots) for part in _unsure_of(screening, one)]


def _unsure_of(screening: Screening, one: Field) -> Parts:
    sure = _JSON_VALUE if one.is_named else _JSON_OBJECT
    return [screening.unlike(one.name, sure), screening.found(one.name, _LONG_NUMBER)]


@_only("app_metadata")
def _names_in_app_metadata(screening: Screening) -> Parts:
    return [
        *_by_name_in(screening, "reserved-app-metadata", "metadata-shadows-profile"),
        *_finding_first(screening, _APP_KEY, "app_metadata"),
        *_unsure(screening, "app_metadata"),
    ]


@_only("user_metadata")
def _access_in_user_metadata(screening: Screening) -> Parts:
    return [
        *_by_name_in(screening, "access-in-user-metadata"),
        *_finding_first(screening, _ACCESS_KEY, "user_metadata"),
        *_unsure(screening, "user_metadata"),
    ]


@_only("user_metadata", "app_metadata")
def _metadata_not_json(screening: Screening) -> Parts:
    return [*_unsure(screening), *_not_finite(screening, *_METADATA)]


def _not_finite(screening: Screening, *parents: str) -> list[Expression]:
    columns = [screening.users.table[one.name] for one in screening.fields(Kind.VALUE) if one.parent in parents]
    return [column.isnan() | column.isinf() for column in columns if column.type().is_floating()]


@_only("user_metadata", "app_metadata")
def _dynamic_metadata_keys(screening: Screening) -> Parts:
    found = [
        *_by_name_in(screening, "dynamic-metadata-keys"),
        *_finding(screening, _GENERATED_KEY),
        *_unsure(screening),
    ]
    user_id = screening.column("user_id")
    for one in _json_of(screening):
        text = screening.users.table[one.name]
        # Most ids do not occur in it, and adding quotes to each takes longer than searching for it.
        found.append(text.contains(user_id) & text.contains('"' + user_id + '"'))
    return found


def _undefined_attribute(screening: Screening) -> Parts | None:
    return [*_not_finite(screening, ""), *_odd_others(screening)] or None


def _odd_others(screening: Screening) -> Parts:
    """Return the conditions that attributes may be invalid JSON, such as with numbers that JSON does not have."""
    others = [one for one in screening.fields(Kind.JSON) if one.is_named and not one.parent]
    return [part for one in others for part in _unsure_of(screening, one)]


def _secret_in_profile(screening: Screening) -> Parts:
    found = [
        *_by_name_in(screening, "secret-in-profile"),
        *(part for one in screening.fields(Kind.JSON) for part in _unsure_of(screening, one)),
    ]
    for one in screening.fields():
        column = screening.users.table[one.name]
        if column.type().is_string():
            found.append(screening.found(one.name, _SECRET))
            if one.kind is Kind.JSON:
                # The lower case of this letter, KELVIN SIGN, is `k`.
                found.append(screening.found(one.name, f"{_SECRET_KEY}|\u212a"))
        found += screening.odd(one.name)
    return found


def _size_bound(screening: Screening, widening: Callable[[Expression], Expression | int]) -> Expression:
    """Return the maximum size of a profile as JSON, in bytes.

    Args:
        screening: The input of the screen.
        widening: Returns the maximum number of bytes for a character of a text.
    """
    ibis = import_ibis()
    parts: list[Expression] = []
    for one in screening.fields():
        for name in (one.name, f"{one.name}{ODD}"):
            column = screening.column(name)
            if column is None:
                continue
            overhead = 6 * len(one.key) + 40
            if column.type().is_string():
                parts.append((column.length() * widening(column)).fill_null(0) + overhead)
            else:
                parts.append(ibis.literal(overhead + 60))
    return sum(parts[1:], parts[0])


def _profile_too_large(screening: Screening) -> Parts:
    ifelse = import_ibis().ifelse
    # A control character takes 6 bytes, and a number such as 1e15 becomes four times as long.
    rough = _size_bound(screening, lambda _: 6)
    bound = _size_bound(screening, lambda text: ifelse(text.re_search("[^ -~]|[0-9][eE]"), 6, 2))
    # Most texts are so short that the search can be skipped.
    return [(rough > _NEARLY_TOO_LARGE) & (bound > _NEARLY_TOO_LARGE)]


@_only("email", "username", "phone_number")
def _unreachable_user(screening: Screening) -> list[Expression]:
    columns = [screening.column(name) for name in ("email", "username", "phone_number")]
    missing = [column.isnull() | (column == "") for column in columns if column is not None]
    return [functools.reduce(lambda one, other: one & other, missing)]


SCREENS: Final[Mapping[str, Screen]] = {
    "missing-user-id": _missing_user_id,
    "user-id-not-a-string": _user_id_not_a_string,
    "invalid-user-id": _invalid_user_id,
    "prefixed-user-id": _prefixed_user_id,
    "mutable-user-id": _mutable_user_id,
    "invalid-email": _invalid_email,
    "email-not-lowercase": _email_not_lowercase,
    "email-verified-not-boolean": _email_verified_not_boolean,
    "missing-email-verified": _missing_email_verified,
    "invalid-username": _invalid_username,
    "invalid-name": _invalid_name,
    "invalid-phone-number": _invalid_phone_number,
    "invalid-picture": _invalid_picture,
    "invalid-mfa-factors": _invalid_mfa_factors,
    "reserved-root-attribute": _by_name("reserved-root-attribute"),
    "undefined-attribute": _undefined_attribute,
    "profile-too-large": _profile_too_large,
    "idp-token-in-profile": _by_name("idp-token-in-profile"),
    "reserved-app-metadata": _names_in_app_metadata,
    "invalid-metadata-key": _invalid_metadata_key,
    "metadata-not-json": _metadata_not_json,
    "legacy-metadata-name": _by_name("legacy-metadata-name"),
    "metadata-shadows-profile": _names_in_app_metadata,
    "dynamic-metadata-keys": _dynamic_metadata_keys,
    "access-in-user-metadata": _access_in_user_metadata,
    "secret-in-profile": _secret_in_profile,
    "unreachable-user": _unreachable_user,
}
"""The screen of each rule that checks one profile."""

_BITS: Final = {rule: 1 << place for place, rule in enumerate(SCREENS)}
