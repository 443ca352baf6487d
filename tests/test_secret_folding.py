"""Folding: a text and all its escaped forms fold alike, and no core contains a character that may be in an escape."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.secrets._folding import FOREIGN, core, first_character, fold, is_escaped

pytestmark = pytest.mark.one_python

ESCAPES = (
    *("%{0:02x}", "%{0:02X}", "%25{0:02x}", "%252525{0:02x}"),
    *(r"\x{0:02x}", r"\u{0:04X}", r"\U{0:08x}", r"\\u{0:04x}", r"\u{{{0:x}}}", r"\u{{{0:06x}}}"),
)
TEXTS = st.text(st.sampled_from("aF7xu{}%\\ \xe9tz"), max_size=12)
ASCII = [chr(code) for code in range(1, 128) if chr(code) != "\\"]


@pytest.mark.parametrize("escape", ESCAPES)
def test_each_character_folds_as_its_escape_does(escape: str) -> None:
    for character in ASCII:
        escaped = escape.format(ord(character))

        assert is_escaped(escaped)
        assert fold(f"a{escaped}.b") == fold(f"a{character if character != '%' else '%25'}.b")
        assert first_character(f"a{escaped}.b", 1) == fold(f"a{escaped}.b")[1]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Caf\xe9 \u4e2d\u6587!", f"caf{FOREIGN} {FOREIGN}!"),
        ("%c3%a9\\u4e2d", FOREIGN),
        ("\x7f\x80", f"\x7f{FOREIGN}"),
        ("%7f%80", f"\x7f{FOREIGN}"),
        ("a+b c-d_e/f", "a b c d/e/f"),
        ("\b\f\n\r\t", "bfnrt"),
        (r"\b\f\n\r\t", "bfnrt"),
        ("a\0b\0", "ab"),
        ("a%00b", "ab"),
        ("100%", "100%"),
        ("%zz", "%zz"),
        ("%25252561", "a"),
        ("%2525252561", "%61"),
        (r"\\\\x41", "a"),
    ],
)
def test_a_text_is_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "first"), [("abc", "a"), ("%41bc", "a"), ("\\n", "n"), ("\\\\", ""), ("\\", ""), ("\0a", ""), ("%", "%")]
)
def test_the_first_character_is_that_of_the_whole_escape(text: str, first: str) -> None:
    assert first_character(text) == first


@pytest.mark.parametrize(
    ("form", "piece"),
    [
        ("Secret", "secret"),
        ("ab", ""),
        ("abc", ""),
        ("xyz", ""),
        ("tuv", "tuv"),
        ("%41tuv", "tuv"),
        ("short%but this is longer\\x", "t this is longer"),
        ("0123456789abcdef", "abcdef"),
    ],
)
def test_the_core_is_the_longest_piece_that_no_escape_swallows(form: str, piece: str) -> None:
    assert core(form) == piece


@given(TEXTS, TEXTS)
def test_the_core_stands_in_every_folded_text_with_the_form(form: str, before: str) -> None:
    assert core(form) in fold(f"{before}{form}%20")
