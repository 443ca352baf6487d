"""Each format accepts what its system stores, and rejects everything else."""

import base64
import hashlib
import struct
from contextlib import suppress
from itertools import permutations
from typing import Final

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.errors import ConfigurationError, UnknownPasswordFormatError
from customdb_contract.passwords import (
    UNMISTAKABLE,
    Argon2id,
    AspNetIdentityV2,
    AspNetIdentityV3,
    AspNetMembership,
    Bcrypt,
    DjangoDigest,
    DjangoPbkdf2,
    Ldap,
    NodeScrypt,
    PasswordFormat,
    Passwords,
    PlainDigest,
    SaltedDigest,
    Stored,
    WerkzeugDigest,
    WordPress,
)
from password_rows import JOOMLA, MAGENTO_0, MAGENTO_1, MAGENTO_LONG_AGO, ROWS, Row

_DECLARED: Final[list[PasswordFormat]] = [
    AspNetIdentityV2(),
    AspNetIdentityV3(),
    AspNetMembership("SHA1"),
    AspNetMembership("HMACSHA256"),
    DjangoDigest(),
    JOOMLA,
    MAGENTO_0,
    MAGENTO_1,
    MAGENTO_LONG_AGO,
    NodeScrypt(),
    PlainDigest("md5"),
    PlainDigest("sha256", digits="base64"),
    WerkzeugDigest(),
]
_EXPENSIVE: Final = (
    "$argon2d$",
    "argon2$argon2id$",
    "pbkdf2_",
    "scrypt$",
    "$2a$10$",
    "bcrypt$$2a$10",
    "AQAAAAEAA9CQ",
    "$argon2id$v=19$m=65536",
)
_CHEAP: Final = [row for row in ROWS if not row.text.startswith(_EXPENSIVE)]
"""The formats that are checked in milliseconds, for the searches."""


def passwords_of(form: PasswordFormat) -> Passwords:
    return Passwords([form], new=Argon2id() if isinstance(form, Bcrypt) else Bcrypt())


def lets_in(row: Row) -> bool:
    """Whether the row's password is accepted; an unknown format is not."""
    try:
        return passwords_of(row.form).verify(row.password, row.stored, key=7)
    except UnknownPasswordFormatError:
        return False


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
def test_a_published_row_matches_its_password_and_no_other(row: Row) -> None:
    passwords = passwords_of(row.form)
    assert row.source
    assert passwords.verify(row.password, row.stored, key=7)
    for other in (row.password + "x", row.password[:-1], row.password.swapcase() + "x", "x"):
        assert not passwords.verify(other, row.stored, key=7)


@pytest.mark.parametrize("row", [row for row in ROWS if row.form in UNMISTAKABLE], ids=lambda row: row.label)
def test_the_default_reads_every_unmistakable_row(row: Row) -> None:
    assert Passwords().verify(row.password, row.text, key=7)


@pytest.mark.parametrize("form", [*UNMISTAKABLE, *_DECLARED], ids=lambda form: form.name)
def test_a_sample_is_read_by_its_format_and_no_other_unmistakable_one(form: PasswordFormat) -> None:
    assert passwords_of(form).verify("password", form.sample) is False
    if form not in UNMISTAKABLE:
        assert Passwords([*UNMISTAKABLE, form]).verify("password", form.sample) is False


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
def test_no_truncated_row_matches(row: Row) -> None:
    cuts = {row.text[:-1], row.text[:-4], row.text[: len(row.text) // 2], row.text[1:], row.text[4:]}
    for text in cuts:
        assert not lets_in(evolve(row, text=text))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
def test_no_lengthened_row_matches(row: Row) -> None:
    for text in (row.text + " ", row.text + "\n", row.text + "0", row.text + "=", " " + row.text, row.text * 2):
        assert not lets_in(evolve(row, text=text))


@given(st.sampled_from(_CHEAP), st.integers(min_value=0), st.characters(codec="utf-8"))
def test_no_row_with_another_character_matches(row: Row, place: int, character: str) -> None:
    place %= len(row.text)
    text = row.text[:place] + character + row.text[place + 1 :]
    # The same bytes are written differently: a scheme's name in another case, another of bcrypt's names for itself.
    same = text.casefold() == row.text.casefold() and isinstance(row.form, Ldap) and place < row.text.index("}")
    same |= (
        text.startswith(("$2a$", "$2b$", "$2y$", "bcrypt$$2", "bcrypt_sha256$$2")) and place < 16 and character in "aby"
    )
    same |= text == row.text
    assert same or not lets_in(evolve(row, text=text))


@given(st.sampled_from(_CHEAP), st.data())
def test_no_row_without_a_part_matches(row: Row, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(row.text) - 1))
    end = data.draw(st.integers(start + 1, len(row.text)))
    assert not lets_in(evolve(row, text=row.text[:start] + row.text[end:]))


@given(st.sampled_from(_CHEAP), st.data())
def test_no_row_with_extra_text_matches(row: Row, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(row.text)))
    more = data.draw(st.text(min_size=1, max_size=8))
    text = row.text[:place] + more + row.text[place:]
    assert not lets_in(evolve(row, text=text))


_PIECES: Final = (
    "$2b$ 04 31 99 $ : = , $argon2id$v=19$ m=8 t=1 p=1 m=4294967295 {SSHA} {MD5} pbkdf2_sha256 scrypt $scrypt$ln= r=8"
    f" 16384 9999999999 0 1 $P$ $H$B z $wp$2y$ . pbkdf2:sha256: {'A' * 22} {'a' * 32} {'0' * 64} AAAA md5 sha1 argon2"
    " bcrypt ! * \0 \ud800"
).split(" ")


@given(
    st.lists(st.sampled_from(_PIECES), max_size=12).map("".join) | st.text() | st.binary(max_size=64),
    st.text(max_size=8) | st.none(),
)
def test_any_stored_password_ends_in_an_answer_or_the_documented_error(text: str | bytes, salt: str | None) -> None:
    passwords = Passwords([*UNMISTAKABLE, DjangoDigest(), JOOMLA, AspNetIdentityV3(), AspNetMembership("SHA1")])
    with suppress(UnknownPasswordFormatError):
        assert passwords.verify("password", Stored(text, salt), key=7) is False


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$2b$17$" + "." * 53, "bcrypt, but it needs 17 as the cost of bcrypt, and at most 16"),
        ("$2b$31$" + "." * 53, "at most 16 are allowed"),
        ("$argon2id$v=19$m=2097153,t=1,p=1$c29tZXNhbHQ$AJFIsNZTMKTAewB4+ETN1A", "2097153 KiB of memory"),
        ("$argon2id$v=19$m=65536,t=65,p=1$c29tZXNhbHQ$AJFIsNZTMKTAewB4+ETN1A", "KiB that Argon2 fills in all passes"),
        ("$argon2id$v=19$m=65536,t=1,p=65$c29tZXNhbHQ$AJFIsNZTMKTAewB4+ETN1A", "65 lanes"),
        (f"pbkdf2_sha256$10000001$salt${'A' * 43}=", "10000001 iterations of PBKDF2, and at most 10000000"),
        (f"pbkdf2:sha1:9999999999$salt${'a' * 40}", "iterations of PBKDF2"),
        (f"$pbkdf2$9999999999$AAAA${'A' * 27}", "iterations of PBKDF2"),
        (f"$scrypt$ln=21,r=8,p=1$AAAA${'A' * 43}", "blocks of memory for scrypt"),
        (f"$scrypt$ln=99,r=8,p=1$AAAA${'A' * 43}", "blocks of memory for scrypt"),
        (f"scrypt:16384:8:65${'s' * 8}${'a' * 128}", "blocks that scrypt fills in all"),
        ("$P$H12345678L6Lpt4BxNotVIMILOa9u81", "19 as the cost of phpass, and at most 18"),
        ("$wp$2y$20$" + "." * 53, "cost of bcrypt"),
    ],
)
def test_a_hash_that_costs_too_much_is_not_computed(text: str, message: str) -> None:
    with pytest.raises(UnknownPasswordFormatError, match=message):
        Passwords().verify("password", text, key=7)


@pytest.mark.parametrize(
    "text",
    [
        "$1$salt$qJH7.N4xYta3aEG/dfqo/0",  # crypt(3): MD5
        "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc8",  # crypt(3): SHA-256
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJuesI68OTLiBFdcbYEdFCoEOfaS35inz1",
        "ab1Hv2Lg7ltQo",  # crypt(3): DES; https://docs.python.org/3.12/library/crypt.html is gone from Python 3.13
        "$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e",  # a broken bcrypt
        "$2$05$......................J2ihDv8vVf7QZ9BsaRrKyqs2tkn55Yq",
        "$2b$03$" + "." * 53,
        "$2b$05$" + "." * 21 + "/" + "." * 31,  # bits that are not used, and not zero
        "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19",  # MySQL's PASSWORD(), which begins as crypt's failures do
        "md5$seasalt$3f86d0d3d465b7b458c231bf3555c0e3",  # Django's or Werkzeug's
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "14d21b49b0f13e2acba962b6b0039edd:haJK0yTvBXTNMh76xwEw5RYEVpJsN8us",  # Joomla's or Magento's
        "pbkdf2:sha256$salt$" + "a" * 64,  # the number of iterations in that version of Werkzeug
        "$argon2id$v=19$m=15,t=1,p=2$c29tZXNhbHQ$AJFIsNZTMKTAewB4+ETN1A",  # less than 8 KiB for each lane
        "$argon2id$v=19$m=16,t=1,p=1$c29tZXNhbHQ$AJFIsA",  # four bytes, which are quickly guessed
        "$argon2id$v=19$m=16,t=1,p=1$c29t$AJFIsNZTMKTAewB4+ETN1A",
        "$scrypt$ln=1,r=0,p=1$AAAA$" + "A" * 43,
        f"scrypt:1000:8:1$salt${'a' * 128}",  # no power of two
        f"scrypt:1:8:1$salt${'a' * 128}",
        "$P$412345678L6Lpt4BxNotVIMILOa9u80",  # fewer rounds than phpass does
        "$P$B12345678L6Lpt4BxNotVIMILOa9u8z",  # bits that are not used, and not zero
        f"$P$B12345678{'.' * 21}2",  # the first of these bits
        "{SSHA}at+xg6SiyUovktq1redipHiJpaE=",  # no salt
        "{SHA}0H+zTv8o4MR4H43n03eCsvw1luG8LdB7",  # a salt
        "{SHA}at+xg6SiyUovktq1",
        "{CLEARTEXT}password",
        "password",
        b"\xff\xfe",
        "x" * 5000,
        f"pbkdf2_sha256$1$\ud800${'A' * 43}=",
    ],
)
def test_a_format_that_is_not_unmistakable_is_an_error(text: str | bytes) -> None:
    with pytest.raises(UnknownPasswordFormatError, match="of the row with the key 'ada'"):
        Passwords().verify("password", text, key="ada")


@pytest.mark.parametrize(
    ("form", "stored"),
    [
        (AspNetMembership("SHA1"), Stored("Vz9mJxudAR4ZVJTNI4W+oH7m3X0=")),
        (AspNetMembership("SHA1"), Stored("Vz9mJxudAR4ZVJTNI4W+oH7m3X0=", "")),
        (AspNetMembership("SHA1"), Stored("Vz9mJxudAR4ZVJTNI4W+oH7m3X0=", "no base64")),
        (AspNetMembership("HMACSHA256"), Stored("Vz9mJxudAR4ZVJTNI4W+oH7m3X0=", "wZdnRVXWcvXZKY6HJmJqUg==")),
        (AspNetIdentityV3(), "AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4A="),  # too short: PasswordHasherTest.cs
        (AspNetIdentityV3(key_size=16), "AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHwAAAAAAAAAAAA"),
        (AspNetIdentityV3(key_size=16), "AQAAAAMAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw"),  # algorithm 3
        (AspNetIdentityV3(key_size=16), "AQAAAAIAAAAAAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw"),  # 0 iterations
        (AspNetIdentityV3(key_size=16), "AQAAAAIAAAAyAAAAD+Mwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw"),  # 15 of salt
        (AspNetIdentityV2(), "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggE="),
        (AspNetIdentityV2(), "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJgAAAAAAAAAAAAA="),
        (AspNetIdentityV2(), "AQABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg=="),
        (DjangoDigest(), "sha256$salt$" + "a" * 64),
        (DjangoDigest(), "md5$salt$" + "a" * 40),
        (WerkzeugDigest(), "whirlpool$salt$" + "a" * 40),
        (WerkzeugDigest(), "md5$salt$" + "a" * 40),
        (WerkzeugDigest(), "plain$$default"),
        (NodeScrypt(), "abcd:" + "a" * 126),
        (NodeScrypt(), "salt:" + "a" * 128),
        (NodeScrypt(), ":" + "a" * 128),
        (NodeScrypt(), "abcd:" + "a" * 128 + ":"),
        (JOOMLA, "14d21b49b0f13e2acba962b6b0039edd:"),
        (JOOMLA, "14D21b49b0f13e2acba962b6b0039edd:salt"),
        (SaltedDigest(algorithm="md5", layout="{hash}", order="salt password"), "67a1e09bb1f83f5007dc119c14d663aa"),
        (PlainDigest("md5"), "5f4dcc3b5aa765d61d8327deb882cf9"),
        (PlainDigest("md5", digits="base64"), "X03MO1qnZdYdgyfeuILP"),
        (PlainDigest("md5", digits="base64"), "X03MO1qnZdYdgyfeuILPmR=="),  # bits that are not used, and not zero
    ],
)
def test_a_row_that_is_not_whole_is_an_error(form: PasswordFormat, stored: Stored | str) -> None:
    with pytest.raises(UnknownPasswordFormatError, match="in none of the accepted formats"):
        passwords_of(form).verify("my password", stored, key=7)


def test_digits_may_be_upper_case_as_sql_server_writes_them() -> None:
    assert passwords_of(PlainDigest("md5")).verify("password", "5F4DCC3B5AA765D61D8327DEB882CF99")


def test_a_digest_in_base64_and_in_utf_16() -> None:
    # printf password | openssl dgst -md5 -binary | base64, and with iconv -t utf-16le before; none is published.
    assert passwords_of(PlainDigest("md5", digits="base64")).verify("password", "X03MO1qnZdYdgyfeuILPmQ==")
    wide = PlainDigest("md5", encoding="utf-16-le")
    assert passwords_of(wide).verify("password", "b081dbe85e1ec3ffc3d4e7d0227400cd")
    salted = SaltedDigest(algorithm="md5", layout="{salt}${hash}", order="salt password", digits="base64")
    assert passwords_of(salted).verify("word", "pass$X03MO1qnZdYdgyfeuILPmQ==")


def test_the_salt_may_be_hashed_as_text_and_stored_after_the_key() -> None:
    # RFC 7914, section 12, with the salt NaCl; as text, its digits are what is hashed.
    text = (
        "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
        "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640:4e61436c"
    )
    by_bytes = NodeScrypt(n=1024, p=16, salt="bytes", first="key")
    assert passwords_of(by_bytes).verify("password", text)
    assert by_bytes.sample.text == f"{bytes(range(64)).hex()}:{bytes(range(16)).hex()}"
    assert not passwords_of(NodeScrypt(n=1024, p=16, first="key")).verify("password", text)


def test_wordpress_trims_and_an_empty_password_still_does_not_match() -> None:
    # The password of the second is empty: passlib 1.7.4, test_handlers.py.
    assert Passwords().verify(" test12345\n", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0")
    assert not Passwords().verify("  ", "$P$7JaFQsPzJSuenezefD/3jHgt5hVfNH0")
    assert not Passwords().verify(" test", "$H$9isfrtKXWqrz8PvztXlL3.daw4U0zI1")


@pytest.mark.parametrize(
    ("password", "text"),
    [
        # Everything after 72 bytes is ignored, according to https://www.openwall.com/crypt/; the first is its vector.
        (
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
            "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
        ),
        (("0123456789" * 26)[:255], "$2a$04$R1lJ2gkNaoPGdafE.H.16.1MKHPvmKwryeulRe225LKProWYwt9Oi"),
    ],
)
def test_bcrypt_refuses_what_is_longer_than_72_bytes_unless_it_is_declared(password: str, text: str) -> None:
    assert not Passwords().verify(password, text)
    assert Passwords().verify(password[:72], text)
    assert Passwords([Bcrypt(longer="cut")]).verify(password, text)
    assert not Passwords([Bcrypt(longer="cut")]).verify("x" + password, text)


def test_bcrypt_counts_bytes_not_characters() -> None:
    text = Bcrypt(cost=4).hash("é" * 36)
    assert Passwords().verify("é" * 36, text)
    assert not Passwords().verify("é" * 37, text)


@pytest.mark.parametrize("longer", ["refused", "cut"])
def test_a_nul_never_matches_bcrypt(longer: str) -> None:
    # In C what follows the NUL is ignored: crypt_checkpass(3).
    passwords = Passwords([Bcrypt(longer="cut" if longer == "cut" else "refused")])
    text = Bcrypt(cost=4).hash("secret")
    assert not passwords.verify("secret\0and more", text)
    assert not passwords.verify("secret\0", text)


def test_the_two_readings_of_a_text_differ() -> None:
    text = "sha1$seasalt$cff36ea83f5706ce9aa7454e63e431fc726b2dc8"
    assert passwords_of(DjangoDigest()).verify("lètmein", text)
    assert not passwords_of(WerkzeugDigest()).verify("lètmein", text)


_CLASHES: Final = [
    {DjangoDigest().name, WerkzeugDigest().name},
    {JOOMLA.name, MAGENTO_LONG_AGO.name},
    {JOOMLA.name, MAGENTO_0.name},
    {JOOMLA.name, NodeScrypt().name},
    {MAGENTO_LONG_AGO.name, MAGENTO_0.name},
    {MAGENTO_LONG_AGO.name, NodeScrypt().name},
    {AspNetMembership("HMACSHA256").name, PlainDigest("sha256", digits="base64").name},
]


@pytest.mark.parametrize(("one", "other"), [*permutations(_DECLARED, 2)], ids=lambda form: form.name)
def test_formats_that_read_the_same_texts_cannot_be_declared_together(
    one: PasswordFormat, other: PasswordFormat
) -> None:
    if {one.name, other.name} in _CLASHES:
        with pytest.raises(ConfigurationError, match=r"accepts: .* and .* cannot be distinguished in a row"):
            Passwords([one, other])
    else:
        assert Passwords([one, other]).accepts == (one, other)


def test_a_row_that_two_formats_read_is_an_error() -> None:
    # Neither sample has the colon that these two differ in.
    forms = [
        SaltedDigest(algorithm="md5", layout="{hash}-{salt}", order="salt password"),
        SaltedDigest(algorithm="md5", layout="{salt}-{hash}", order="salt password"),
    ]
    text = f"{'a' * 32}-{'b' * 32}"
    with pytest.raises(
        UnknownPasswordFormatError, match=r"the key 7 is in the format of .*\{hash\}-.* and of .*-\{hash\}"
    ):
        Passwords(forms).verify("password", text, key=7)


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ("{salt}", r"layout must have \{hash\} once"),
        ("{hash}:{hash}", r"layout must have \{hash\} once"),
        ("{hash}:{salt}:{salt}", r"\{salt\} at most once"),
        ("{hash}{salt}", "nothing between hash and salt"),
    ],
)
def test_a_layout_that_cannot_be_read_is_refused(layout: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        SaltedDigest(algorithm="md5", layout=layout, order="salt password")


@pytest.mark.parametrize(
    ("n", "r", "message"),
    [(1000, 8, "must be a power of two"), (1, 8, "there is no scrypt"), (2**24, 8, "blocks of memory")],
)
def test_settings_that_scrypt_does_not_have_are_refused(n: int, r: int, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        NodeScrypt(n=n, r=r)


def test_the_costs_of_django_6_and_werkzeug_3_are_within_the_limits() -> None:
    # Django 6.0 does 1,200,000 iterations; OpenSSL's own limit is below the 32 MiB that Werkzeug's scrypt needs.
    assert not passwords_of(DjangoPbkdf2()).verify("x", f"pbkdf2_sha256$1200000$salt${'A' * 43}=")
    assert not Passwords().verify("x", f"scrypt:32768:8:1$salt${'a' * 128}")


@pytest.mark.parametrize(("length", "read"), [(4096, True), (4097, False)])
def test_a_row_is_read_up_to_4096_characters(length: int, read: bool) -> None:
    salt = "s" * (length - len(f"pbkdf2_sha256$1$${'A' * 43}="))
    key = base64.b64encode(hashlib.pbkdf2_hmac("sha256", b"x", salt.encode(), 1)).decode()
    text = f"pbkdf2_sha256$1${salt}${key}"
    assert len(text) == length
    assert lets_in(Row(DjangoPbkdf2(), "x", text, "made here")) is read


def test_the_least_costs_are_read() -> None:
    assert not Passwords().verify("x", f"$P$5{'.' * 30}")
    assert not Passwords().verify("x", f"$2b$04${'.' * 53}")
    one = base64.b64encode(struct.pack(">BIII", 1, 1, 1, 16) + bytes(48)).decode()
    assert not passwords_of(AspNetIdentityV3()).verify("x", one)
    assert not passwords_of(AspNetIdentityV3(key_size=16)).verify("x", AspNetIdentityV3(key_size=16).sample)


def test_wordpress_may_have_bcrypt_and_argon2_as_they_are() -> None:
    assert Passwords([WordPress(), Bcrypt()]).verify("é" * 3, Bcrypt(cost=4).hash("é" * 3))
