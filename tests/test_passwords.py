"""Checking stored passwords, and hashing new ones."""

import subprocess
import sys
import traceback
from typing import Final

import pytest
from attrs import field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from customdb_contract.errors import ConfigurationError, UnknownPasswordFormatError, UnusablePasswordError
from customdb_contract.passwords import (
    UNMISTAKABLE,
    Argon2id,
    Bcrypt,
    Check,
    DjangoPbkdf2,
    NewFormat,
    PasswordFormat,
    Passwords,
    PlainDigest,
    Stored,
)

_QUICK: Final[tuple[NewFormat, ...]] = (Bcrypt(cost=4), Argon2id(memory=8, passes=1))
_SECRET: Final = "correct horse battery staple"


@frozen
class Counting:
    """A format of one text, which records the passwords it checks."""

    asked: list[str]
    name: str = "counting"
    sample: Stored = field(default=Stored("counted"))

    def read(self, text: str, _salt: str | None) -> Check | None:
        return self.check if text == "counted" else None

    def check(self, password: str) -> bool:
        self.asked.append(password)
        return True


@pytest.mark.parametrize("new", _QUICK, ids=lambda new: new.name)
@settings(max_examples=25)
@given(password=st.text(min_size=1, max_size=18), other=st.text(max_size=18))
def test_only_the_new_password_matches(new: NewFormat, password: str, other: str) -> None:
    passwords = Passwords(new=new)
    try:
        text = passwords.hash(password)
    except UnusablePasswordError:
        assert (isinstance(new, Bcrypt) and "\0" in password) or any("\ud800" <= one <= "\udfff" for one in password)
    else:
        assert passwords.verify(password, text)
        assert passwords.verify(other, text) is (other == password)
        assert password not in text or len(password) < 4


@pytest.mark.parametrize(("new", "prefix"), [(_QUICK[0], "$2b$04$"), (_QUICK[1], "$argon2id$v=19$m=8,t=1,p=1$")])
def test_new_passwords_are_bcrypt_or_argon2id_and_salted(new: NewFormat, prefix: str) -> None:
    texts = {Passwords(new=new).hash(_SECRET) for _ in range(3)}
    assert len(texts) == 3
    assert all(text.startswith(prefix) for text in texts)


def test_by_default_new_passwords_are_argon2id_as_owasp_recommends() -> None:
    assert Passwords().hash(_SECRET).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert Passwords(new=Bcrypt()).hash(_SECRET).startswith("$2b$12$")


def test_no_other_format_is_allowed_for_new_passwords() -> None:
    with pytest.raises(TypeError):
        Passwords(new=DjangoPbkdf2())  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - that is the test


@pytest.mark.parametrize("new", _QUICK, ids=lambda new: new.name)
@pytest.mark.parametrize(
    ("password", "message"),
    [("", "must have 1 to 4096 bytes"), ("x" * 4097, "must have 1 to 4096"), ("\ud800" + _SECRET, "of UTF-8")],
)
def test_a_password_that_cannot_be_stored_is_refused(new: NewFormat, password: str, message: str) -> None:
    with pytest.raises(UnusablePasswordError, match=message) as caught:
        Passwords(new=new).hash(password)
    assert _SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("password", "message"),
    [(_SECRET * 3, "longer than the 72 bytes"), ("é" * 37, "longer than the 72"), (f"{_SECRET}\0", "a NUL character")],
)
def test_bcrypt_hashes_nothing_that_it_would_cut(password: str, message: str) -> None:
    with pytest.raises(UnusablePasswordError, match=message) as caught:
        Passwords(new=Bcrypt()).hash(password)
    assert _SECRET not in str(caught.value)


def test_argon2id_hashes_what_bcrypt_would_cut() -> None:
    passwords = Passwords(new=_QUICK[1])
    text = passwords.hash(_SECRET * 3 + "\0")
    assert passwords.verify(_SECRET * 3 + "\0", text)
    assert not passwords.verify(_SECRET * 3, text)


@pytest.mark.parametrize(
    "stored", [None, "", b"", " ", "!", "*", "*0", "*1", "*0  ", "!$2b$04$", b"!", Stored(None)], ids=repr
)
@given(password=st.text(max_size=8) | st.sampled_from(["!", "*0", "*1", "*"]))
@settings(max_examples=20)
def test_a_row_without_a_password_never_matches(stored: Stored | str | bytes | None, password: str) -> None:
    assert Passwords(new=_QUICK[1]).verify(password, stored) is False


@pytest.mark.parametrize(
    "text",
    [
        # Hashes of an empty password: passlib 1.7.4, test_handlers.py, _bcrypt.py and _scrypt.py.
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy",
        "$P$7JaFQsPzJSuenezefD/3jHgt5hVfNH0",
        "$scrypt$ln=4,r=1,p=1$$d9ZXYjhleyA7GcpCwYoEl/FrSETjB0ro39/6P+3iFEI",
        "{MD5}1B2M2Y8AsgTpgAmY7PhCfg==",
    ],
)
@pytest.mark.parametrize("password", ["", "\ud800", "x" * 4097])
def test_an_empty_or_impossible_password_never_matches(text: str, password: str) -> None:
    assert Passwords().verify(password, text) is False


def test_a_long_password_costs_nothing() -> None:
    asked: list[str] = []
    passwords = Passwords([Counting(asked)], typical="counted")
    assert not passwords.verify("x" * 4097, "counted")
    assert not passwords.verify_nobody("x" * 4097)
    assert asked == []
    assert passwords.verify("x" * 4096, "counted")


def test_an_unknown_user_costs_as_much_as_a_known_one() -> None:
    asked: list[str] = []
    passwords = Passwords([Counting(asked)], typical="counted")
    assert passwords.verify_nobody("one") is False
    assert passwords.verify("two", None) is False
    assert passwords.verify("three", "!") is False
    assert asked == ["one", "two", "three"]


@pytest.mark.parametrize("new", _QUICK, ids=lambda new: new.name)
def test_by_default_an_unknown_user_costs_as_much_as_a_new_password(new: NewFormat) -> None:
    passwords = Passwords([], new=new)
    assert passwords.typical == new.sample
    assert passwords.verify_nobody(_SECRET) is False
    assert str(new.sample.text).startswith(passwords.hash(_SECRET)[:7])


def test_typical_must_be_in_an_accepted_format() -> None:
    with pytest.raises(ConfigurationError, match="typical: the stored password is in none of the accepted formats"):
        Passwords(typical="5f4dcc3b5aa765d61d8327deb882cf99")
    assert (
        Passwords([PlainDigest("md5")], typical=Stored("5f4dcc3b5aa765d61d8327deb882cf99")).verify_nobody("x") is False
    )


def test_rows_may_be_bytes() -> None:
    passwords = Passwords(new=_QUICK[0])
    assert passwords.verify(_SECRET, passwords.hash(_SECRET).encode())


def test_new_is_accepted_once() -> None:
    declared = Bcrypt(longer="cut")
    passwords = Passwords([declared], new=Bcrypt(cost=4))
    assert passwords.verify("x" * 80, passwords.hash("x" * 72))
    assert Passwords([PlainDigest("md5")], new=Bcrypt(cost=4)).verify("x", Bcrypt(cost=4).hash("x"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "secret of ada",
            r"^the stored password of the row with the key 7 is in none of the accepted formats",
        ),
        ("secret of ada  ", "it ends in spaces, as in a fixed-length column"),
        ("$2b$12$cut", r"\(bcrypt, Argon2, .*\): it may have been cut, or declare its format"),
        (f"pbkdf2_sha256$99999999$secret${'A' * 43}=", "is in the format of Django's PBKDF2, but it needs 99999999"),
    ],
)
def test_an_error_names_the_row_and_shows_nothing_of_it(text: str, message: str) -> None:
    with pytest.raises(UnknownPasswordFormatError, match=message) as caught:
        Passwords().verify(_SECRET, Stored(text, "the salt"), key=7)
    shown = "".join(traceback.format_exception(caught.value))
    assert text not in shown.replace("text = ", "")
    assert all(one not in str(caught.value) for one in (text, _SECRET, "the salt", "AAAA", "cut$"))


def test_an_error_without_a_key_and_with_a_huge_one() -> None:
    with pytest.raises(UnknownPasswordFormatError, match=r"^the stored password is in none"):
        Passwords().verify(_SECRET, "nonsense")
    with pytest.raises(UnknownPasswordFormatError) as caught:
        Passwords().verify(_SECRET, "nonsense", key="k" * 10_000)
    assert len(str(caught.value)) < 1000


def test_no_repr_shows_the_stored_hash() -> None:
    stored = Stored("text of the row", "salt of the row")
    passwords = Passwords([PlainDigest("md5")], typical=Stored("5f4dcc3b5aa765d61d8327deb882cf99", "salt"))
    assert repr(stored) == "Stored()"
    assert "5f4dcc" not in repr(passwords)
    assert "PlainDigest" in repr(passwords)


@pytest.mark.parametrize("cost", [3, 17, 31])
def test_a_cost_that_bcrypt_does_not_have_or_that_takes_too_long_is_refused(cost: int) -> None:
    with pytest.raises(ValueError, match="cost"):
        Bcrypt(cost=cost)


@pytest.mark.parametrize(
    ("memory", "passes", "lanes", "message"),
    [
        (2**22, 1, 1, "cannot be checked again"),
        (2**20, 5, 1, "in all passes"),
        (8, 1, 2, "needs 16 KiB of memory for 2 lanes"),
    ],
)
def test_settings_of_argon2id_that_could_not_be_checked_are_refused(
    memory: int, passes: int, lanes: int, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Argon2id(memory=memory, passes=passes, lanes=lanes)


@pytest.mark.parametrize(
    ("module", "library", "new"), [("bcrypt", "bcrypt", Bcrypt()), ("argon2", "argon2-cffi", Argon2id())]
)
def test_a_library_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, module: str, library: str, new: NewFormat
) -> None:
    passwords = Passwords(new=new)
    for name in [name for name in sys.modules if name.partition(".")[0] == module]:
        monkeypatch.setitem(sys.modules, name, None)
    wanted = rf"a password needs {library}, which is not installed: pip install 'customdb-contract\[passwords\]'"
    for call in (
        lambda: passwords.hash("x"),
        lambda: passwords.verify_nobody("x"),
        lambda: passwords.verify("x", None),
    ):
        with pytest.raises(ConfigurationError, match=wanted):
            call()
    assert passwords.verify("helloworld", "{SHA}at+xg6SiyUovktq1redipHiJpaE=")


def test_the_libraries_are_imported_when_they_are_needed() -> None:
    code = "import sys, customdb_contract.passwords as p; p.Passwords(); print({'bcrypt', 'argon2'} & {*sys.modules})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"


def test_a_custom_format() -> None:
    own: PasswordFormat = Counting([])
    assert Passwords([*UNMISTAKABLE, own]).verify("anything", "counted")
