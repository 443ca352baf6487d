"""Masking with encodings that are computed only when needed equals masking with all of them from the start."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.secrets import Secret, SecretForm, SecretKind, SecretRef, SecretRegistry, secrets_in
from customdb_contract.secrets._forms import encoded_texts, fewest_encoded

_ENCODERS: Final[Mapping[str, Callable[[bytes], str]]] = {
    "text": lambda raw: raw.decode("utf-8"),
    "upper case": lambda raw: raw.decode("utf-8").upper(),
    "UTF-16": lambda raw: raw.decode("utf-8").encode("utf-16-le").decode("latin-1"),
    "URL": lambda raw: "".join(f"%{byte:02x}" for byte in raw),
    "repr": lambda raw: repr(raw.decode("utf-8"))[1:-1],
    "Base64": lambda raw: base64.b64encode(raw).decode(),
    "Base64 behind a byte": lambda raw: base64.b64encode(b":" + raw).decode(),
    "Base64 between bytes": lambda raw: base64.urlsafe_b64encode(b"a:" + raw + b";").decode(),
    "hex": lambda raw: raw.hex(),
    "hex with blanks": lambda raw: raw.hex(" ").upper(),
    "MD5": lambda raw: hashlib.md5(raw).hexdigest(),
    "SHA-1 in Base64": lambda raw: base64.urlsafe_b64encode(hashlib.sha1(raw).digest()).decode(),
    "SHA-256": lambda raw: hashlib.sha256(raw).hexdigest().upper(),
}
_OUTER: Final[Mapping[str, Callable[[str], str]]] = {
    "as is": str,
    "in a URL": lambda text: quote(text, safe=""),
    "in a URL, every character": lambda text: "".join(f"%{byte:02X}" for byte in text.encode("utf-8")),
    "every other character escaped": lambda text: "".join(
        f"\\u{ord(character):04x}" if at % 2 and ord(character) < 0x10000 else character
        for at, character in enumerate(text)
    ),
}
_REFS: Final = tuple(
    SecretRef(SecretKind.PASSWORD, owner, form)
    for owner, form in (("ada", SecretForm.AS_IS), ("bob", SecretForm.CUT), ("cat, as MD5", SecretForm.AS_IS))
)
_MAY_HOLD_ANYTHING: Final = "\\" + "." * 1_001
"""A text with escapes of this length is not analysed: all forms of all secrets are computed for it."""

_LABELS: Final = [f"«{SecretRef(ref.kind, ref.owner, form).label}»" for ref in _REFS for form in SecretForm]

secrets = st.lists(
    st.sampled_from(("as MD5", "cut after", "deadbeef", "41414141", "%41beefed", "C:\\new\\x41"))
    | st.text(st.sampled_from("aB7+/ %\\»\0é\u4e2d"), min_size=6, max_size=24)
    | st.text(st.characters(codec="ascii"), min_size=6, max_size=24),
    min_size=1,
    max_size=3,
    unique=True,
)
noise = st.text(st.sampled_from("a0Ff%\\ux+/=- «»\0é"), max_size=8) | st.sampled_from(_LABELS)


@st.composite
def texts(draw: st.DrawFn, of: list[str]) -> str:
    """Draw a text with some forms of some secrets, each possibly encoded once more."""
    pieces = st.builds(
        lambda secret, encoder, outer: _OUTER[outer](_ENCODERS[encoder](secret.encode("utf-8"))),
        st.sampled_from(of),
        st.sampled_from(sorted(_ENCODERS)),
        st.sampled_from(sorted(_OUTER)),
    )
    filling = draw(st.sampled_from(("", "", "", "." * 1_001)))
    return filling.join(draw(st.lists(noise | pieces, min_size=1, max_size=4)))


def _knowing(secrets: list[str], *, at_once: bool) -> SecretRegistry:
    registry = SecretRegistry()
    for secret, ref in zip(secrets, _REFS, strict=False):
        registry.add(Secret(secret), ref)
        if at_once:
            registry.mask(_MAY_HOLD_ANYTHING)
    return registry


@given(data=st.data(), known=secrets, is_as_bytes=st.booleans())
def test_masking_with_lazy_encodings_equals_masking_with_all_of_them(
    data: st.DataObject, known: list[str], is_as_bytes: bool
) -> None:
    shown: Callable[[str], str] = (lambda text: repr(text.encode("utf-8"))) if is_as_bytes else str
    lazy, eager = _knowing(known, at_once=False), _knowing(known, at_once=True)

    for text in data.draw(st.lists(texts(known), min_size=1, max_size=3)):
        assert lazy.mask(shown(text)) == eager.mask(shown(text))


@pytest.mark.parametrize("encoder", sorted(_ENCODERS.keys() - {"upper case"}))
@pytest.mark.parametrize("outer", ["as is", "in a URL"])
@pytest.mark.parametrize("secret", ["secret", "Correct 7 horse battery"])
def test_an_encoded_secret_is_found_among_many(secret: str, encoder: str, outer: str) -> None:
    registry = _knowing(["Another 7 horse battery", secret, "Some 7 other horses"], at_once=False)
    encoded = _OUTER[outer](_ENCODERS[encoder](secret.encode("utf-8")))

    assert {ref.owner for ref in secrets_in(registry.mask(f"<{encoded}>"))} == {"bob"}


@pytest.mark.parametrize("width", [1, 2, 6])
def test_code_points_are_escapes_with_any_number_of_zeros(width: int) -> None:
    escaped = "".join(f"\\u{{{ord(letter):0{width}x}}}" for letter in "Correct 7 horse \U0001f40e")

    assert _knowing(["Correct 7 horse \U0001f40e"], at_once=False).mask(escaped) == _REFS[0].marker


@pytest.mark.parametrize("secret", ["secret", "secret7", "secret78"])
@pytest.mark.parametrize("before", ["", "a", "ab"])
@pytest.mark.parametrize("after", ["c", "cd", "cde"])
def test_all_characters_of_base64_that_hold_only_a_secret_are_masked(secret: str, before: str, after: str) -> None:
    encoded = base64.b64encode(f"{before}{secret}{after}".encode()).decode()
    # Each character holds six bits.
    start, end = -(-8 * len(before) // 6), 8 * len(before + secret) // 6

    masked = _knowing([secret], at_once=False).mask(encoded)
    assert masked == f"{encoded[:start]}{_REFS[0].marker}{encoded[end:]}"


@pytest.mark.parametrize("length", range(6, 40))
def test_the_minimum_length_is_that_of_the_shortest_encoding(length: int) -> None:
    secret = ("a7%" * 13)[:length]
    shortest = min(map(len, encoded_texts(secret)))

    assert shortest - 1 <= fewest_encoded(secret) <= shortest


def test_a_secret_that_was_forgotten_before_its_encodings_were_made_is_not_found() -> None:
    registry = _knowing(["Correct 7 horse battery", "Some 7 other horses"], at_once=False)
    text = f"%20{b'Correct 7 horse battery'.hex()}"
    registry.mask("%20")
    registry.forget(Secret("Correct 7 horse battery"), _REFS[0])

    assert registry.mask(text) == text
    assert registry.mask(f"%20{b'Some 7 other horses'.hex()}") == f"%20{_REFS[1].marker}"


def test_a_long_text_may_hold_any_secret() -> None:
    registry = _knowing(["Correct 7 horse battery", "Some 7 other horses"], at_once=False)
    text = f"{_MAY_HOLD_ANYTHING}{b'Some 7 other horses'.hex()}"

    assert registry.mask(text) == f"{_MAY_HOLD_ANYTHING}{_REFS[1].marker}"


def test_a_marker_stays_while_one_of_the_secrets_that_share_it_is_known() -> None:
    registry = _knowing(["Correct 7 horse battery"], at_once=False)
    registry.add(Secret("Some 7 other horses"), _REFS[0])
    registry.forget(Secret("Some 7 other horses"), _REFS[0])
    marker = f"«{_REFS[0].label}, as MD5»"

    assert registry.mask(marker) == marker
