import base64
import copy
import hashlib
import html
import json
import pickle
from collections.abc import Callable, Mapping
from itertools import count
from typing import Final
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from customdb_contract.secrets import SHORTEST_MASKED_ANYWHERE, Secret, SecretKind, SecretRef, SecretRegistry
from customdb_contract.secrets._reference import NUMBERED
from customdb_contract.secrets._replacing import Replacement

MARKER: Final = "«password of ada»"
"""The duration of an example means nothing: the machine may be busy."""

PASSWORD: Final = 'Correct "horse"/battery\\+stäple\n'

ENCODERS: Final[Mapping[str, Callable[[str], str]]] = {
    "plain": str,
    "json": lambda text: json.dumps(text)[1:-1],
    "json, not ASCII only": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "json within json": lambda text: json.dumps(json.dumps(text))[3:-3],
    "json, as PHP writes it": lambda text: json.dumps(text)[1:-1].replace("/", r"\/"),
    "repr": lambda text: repr(text)[1:-1],
    "ascii": lambda text: ascii(text)[1:-1],
    "repr of bytes": lambda text: repr(text.encode())[2:-1],
    "URL": lambda text: quote(text, safe=""),
    "path": quote,
    "form": quote_plus,
    "encodeURIComponent": lambda text: quote(text, safe="!'()*~"),
    "encodeURI": lambda text: quote(text, safe="!'()*~;/?:@&=+$,#"),
    "URLSearchParams": lambda text: quote_plus(text, safe="*"),
    "lower-case URL": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "URL within URL": lambda text: quote(quote(text, safe=""), safe=""),
    "URL within JSON": lambda text: json.dumps(quote(text))[1:-1],
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 without padding": lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
    "base64 in a URL": lambda text: quote(base64.b64encode(text.encode()).decode(), safe=""),
    "base64 in JSON of PHP": lambda text: base64.b64encode(text.encode()).decode().replace("/", r"\/"),
}

CHARACTER_ENCODERS: Final[tuple[Callable[[str], str], ...]] = (
    str,
    lambda character: "".join(f"%{byte:02X}" for byte in character.encode()),
    lambda character: "".join(f"%{byte:02x}" for byte in character.encode()),
    lambda character: json.dumps(character)[1:-1],
    lambda character: "".join(f"\\u{unit:04x}" for unit in _units(character)),
    lambda character: "".join(f"\\u{unit:04X}" for unit in _units(character)),
    lambda character: f"\\U{ord(character):08x}",
    lambda character: f"\\u{{{ord(character):x}}}",
    lambda character: f"\\x{ord(character):02x}" if ord(character) < 256 else character,
    lambda character: "+" if character == " " else character,
)

awkward = st.sampled_from("\\\"'/+%=& \n\t\r\b\f\x00«»aA7\xe9€\U0001f600")
secret_texts = st.text(awkward | st.characters(codec="utf-8"), min_size=SHORTEST_MASKED_ANYWHERE, max_size=30)
any_text = st.text(awkward | st.characters(codec="utf-8"), max_size=20)


def _units(character: str) -> list[int]:
    raw = character.encode("utf-16-be")
    return [int.from_bytes(raw[at : at + 2]) for at in range(0, len(raw), 2)]


def knowing(*secrets: str, public: tuple[str, ...] = ()) -> SecretRegistry:
    """Return a registry whose secrets are the passwords of ada, bob and so on."""
    registry = SecretRegistry()
    for text in public:
        registry.add_public(text)
    for secret, name in zip(secrets, ("ada", "bob", "cat"), strict=False):
        registry.add(Secret(secret), SecretRef(SecretKind.PASSWORD, name))
    return registry


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret(PASSWORD)

    assert secret.reveal() == PASSWORD
    assert f"{secret!r} {secret} {[secret]}" == "Secret('…') … [Secret('…')]"


def test_secrets_are_values() -> None:
    secret = Secret(PASSWORD)

    assert secret == Secret(PASSWORD)
    assert secret != Secret("another")
    assert len({secret, Secret(PASSWORD)}) == 1
    assert copy.deepcopy(secret) == secret
    assert pickle.loads(pickle.dumps(secret)) == secret


def test_a_marker_is_a_label_between_guillemets() -> None:
    assert SecretRef(SecretKind.PASSWORD, "ada").marker == MARKER


@given(text=any_text)
def test_without_secrets_masking_changes_only_guillemets(text: str) -> None:
    registry = SecretRegistry()
    changed = text.translate({ord("«"): "\u2039", ord("»"): "\u203a"})

    assert registry.mask(text) == changed
    assert registry.mask_argument(text) == changed


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize(("before", "after"), [("", ""), ("said: ", ", sorry"), ('{"p":"', '"}')])
def test_a_secret_is_recognised_in_every_encoding(encoder: str, before: str, after: str) -> None:
    encoded = ENCODERS[encoder](PASSWORD)

    assert knowing(PASSWORD).mask(before + encoded + after) == before + MARKER + after


@pytest.mark.parametrize("secret", ["\\00000", "\\u0041bcdef", "%41bcdefg"])
@pytest.mark.parametrize(
    "encode", [pytest.param(CHARACTER_ENCODERS[1], id="URL"), pytest.param(CHARACTER_ENCODERS[4], id="JSON")]
)
def test_a_secret_that_looks_like_an_escape_is_recognised(secret: str, encode: Callable[[str], str]) -> None:
    encoded = "".join(map(encode, secret))

    assert knowing(secret).mask(f"said: {encoded}!") == f"said: {MARKER}!"


@example(secret="\\00000", before="", after="", encoder="URL")
@given(secret=secret_texts, before=any_text, after=any_text, encoder=st.sampled_from(sorted(ENCODERS)))
def test_no_form_of_a_secret_survives_in_any_text_around_it(secret: str, before: str, after: str, encoder: str) -> None:
    assume(secret not in MARKER)
    form = ENCODERS[encoder](secret)

    masked = knowing(secret).mask(before + form + after)

    assert MARKER in masked
    assert form not in masked


@given(
    pieces=st.lists(
        st.tuples(awkward | st.characters(codec="utf-8"), st.sampled_from(CHARACTER_ENCODERS)), min_size=6, max_size=20
    ),
    before=any_text,
    after=any_text,
)
def test_a_secret_is_recognised_whichever_of_its_characters_are_escaped(
    pieces: list[tuple[str, Callable[[str], str]]], before: str, after: str
) -> None:
    secret = "".join(character for character, _ in pieces)
    # Whether two backslashes are one or two depends on what wrote them, so one way is used for all.
    assume("\\" not in secret)

    masked = knowing(secret).mask(before + "".join(encode(character) for character, encode in pieces) + after)

    assert MARKER in masked


@given(secret=secret_texts, before=st.binary(max_size=20), after=st.binary(max_size=20), is_for_urls=st.booleans())
def test_a_secret_is_recognised_in_base64_of_something_longer(
    secret: str, before: bytes, after: bytes, is_for_urls: bool
) -> None:
    encode = base64.urlsafe_b64encode if is_for_urls else base64.b64encode

    masked = knowing(secret).mask(encode(before + secret.encode() + after).decode())

    assert masked.count(MARKER) == 1
    # The rest has whole characters of the text beside the secret, and less than a byte of the secret at each end.
    assert len(masked) - len(MARKER) <= 4 * (len(before) + len(after)) / 3 + 8


def test_a_password_is_recognised_in_a_basic_authorization_header() -> None:
    header = f"Basic {base64.b64encode(b'ada@example.com:correct horse').decode()}"

    masked = knowing("correct horse").mask(header)

    assert header == "Basic YWRhQGV4YW1wbGUuY29tOmNvcnJlY3QgaG9yc2U="
    assert masked == f"Basic YWRhQGV4YW1wbGUuY29tOm{MARKER}U="


@pytest.mark.parametrize("secret", ["correct horse", "correct horse!", "correct horse!!"])
def test_base64_is_masked_up_to_its_end(secret: str) -> None:
    padded = base64.b64encode(secret.encode()).decode()

    masked = [knowing(secret).mask(f"({text})") for text in (padded, padded.rstrip("="))]

    assert masked == [f"({MARKER})"] * 2


@given(secret=secret_texts, text=any_text)
@example(secret="password", text="password")
def test_masking_again_changes_nothing(secret: str, text: str) -> None:
    assume(not set("«»") & set(secret))
    registry = knowing(secret)
    masked = registry.mask(f"{text}{secret}{text}")

    assert registry.mask(masked) == masked


def test_a_letter_of_two_units_may_be_escaped() -> None:
    secret = "stäple\N{GRINNING FACE}battery"

    assert knowing(secret).mask(f"<{json.dumps(secret)[1:-1]}>") == f"<{MARKER}>"


@pytest.mark.parametrize("kind", sorted(NUMBERED))
def test_a_marker_stays_though_a_secret_is_a_word_of_it(kind: SecretKind) -> None:
    word, marker = kind.prefix.strip(), f"«{kind.prefix}7»"

    assert knowing(word).mask(f"{marker} {word}") == f"{marker} {MARKER}"


@given(text=st.text(st.characters(codec="ascii"), max_size=50))
def test_a_text_without_a_secret_stays_as_it_is(text: str) -> None:
    assert knowing("päßwörter", "☃☃☃☃☃☃").mask(text) == text


@pytest.mark.parametrize(
    "text", ["Correct horse", "correct  horse", "correct hors", "correct%21horse", "tcerroc esroh"]
)
def test_text_that_only_resembles_a_secret_is_unchanged(text: str) -> None:
    assert knowing("correct horse").mask(text) == text


def test_a_secret_is_replaced_as_often_as_it_occurs() -> None:
    assert knowing("hunter2").mask("hunter2 hunter2hunter2") == f"{MARKER} {MARKER}{MARKER}"


def test_the_cache_keeps_a_limited_number_of_short_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customdb_contract.secrets._replacing._MOST_REMEMBERED", 2)
    replacement = Replacement(lambda kind, _: kind)
    for text in ("first", "second", "x" * 201):
        assert replacement(text) == text

    assert replacement.remembered == {"first": "first", "second": "second"}
    replacement("third")

    assert replacement.remembered == {"third": "third"}


def test_texts_too_short_for_any_secret_stay_cached_when_secrets_change() -> None:
    replacement = Replacement(lambda kind, _: kind)
    texts = ("email", "«OTHER»", "a%62", "a\\x62", "hunter", "hunter2")
    replacement.add("hunter2", SecretRef(SecretKind.OTHER, "first"), anywhere=True)
    for text in texts:
        replacement(text)
    replacement.keep("ada@example.com")

    assert replacement.remembered == {"email": "email", "hunter": "hunter"}
    replacement.add("hunter", SecretRef(SecretKind.OTHER, "second"), anywhere=True)

    assert replacement.remembered == {}
    assert [replacement(text) for text in ("email", "hunter")] == ["email", "«second»"]


def test_the_cache_of_kept_texts_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("customdb_contract.secrets._replacing._MOST_LASTING", 2)
    replacement = Replacement(lambda kind, _: kind)
    for text in ("first", "second", "third"):
        replacement(text)
    replacement.keep("ada@example.com")

    assert replacement.remembered == {"third": "third"}


@given(secrets=st.lists(secret_texts, min_size=1, max_size=3, unique=True), text=any_text)
def test_masking_does_not_depend_on_what_was_masked_before_the_secrets_were_known(
    secrets: list[str], text: str
) -> None:
    registry, texts = SecretRegistry(), (text, *secrets)
    for secret, name in zip(secrets, ("ada", "bob", "cat"), strict=False):
        assert len(list(map(registry.mask, texts))) == len(texts)
        registry.add(Secret(secret), SecretRef(SecretKind.PASSWORD, name))

    assert list(map(registry.mask, texts)) == list(map(knowing(*secrets).mask, texts))


@pytest.mark.parametrize("order", [1, -1])
def test_the_longest_secret_wins_where_several_begin(order: int) -> None:
    registry = SecretRegistry()
    for secret, label in (("x" * 72, "the first 72 bytes"), ("x" * 80, "all"))[::order]:
        registry.add(Secret(secret), SecretRef.parse(label))

    assert registry.mask("x" * 80) == "«all»"
    assert registry.mask("x" * 79) == f"«the first 72 bytes»{'x' * 7}"
    assert registry.mask(base64.b64encode(b"x" * 80).decode()) == "«all»"


@given(secrets=st.lists(secret_texts, min_size=2, max_size=3, unique=True), joint=any_text)
def test_several_secrets_are_masked_in_one_text(secrets: list[str], joint: str) -> None:
    masked = knowing(*secrets).mask(joint.join(secrets))

    markers = [SecretRef(SecretKind.PASSWORD, name).marker for name in ("ada", "bob", "cat")]
    for part in markers:
        masked = masked.replace(part, "\ue000")
    assert [secret for secret in secrets if secret in masked and "\ue000" not in secret] == []


def test_the_first_label_of_a_secret_stays() -> None:
    assert knowing("hunter2", "hunter2").mask("hunter2") == MARKER


def test_a_secret_added_later_is_masked_afterwards() -> None:
    registry = knowing("hunter2")
    assert registry.mask("hunter2 hunter3") == f"{MARKER} hunter3"

    registry.add(Secret("hunter3"), SecretRef.parse("token"))

    assert registry.mask("hunter2 hunter3") == f"{MARKER} «token»"


@given(secret=st.text(max_size=SHORTEST_MASKED_ANYWHERE - 1), text=any_text)
def test_a_short_secret_is_masked_only_as_a_whole_argument(secret: str, text: str) -> None:
    # Guillemets of a script become single ones, so that it can forge no marker.
    assume(not set("«»") & set(text + secret))
    registry = knowing(secret)

    assert registry.mask(text + secret) == text + secret
    assert registry.mask_argument(secret) == (MARKER if secret else "")
    assert not registry.is_masked_anywhere(Secret(secret))


def test_length_is_counted_in_characters() -> None:
    assert not SecretRegistry().is_masked_anywhere(Secret("\U0001f600" * 5))
    assert SecretRegistry().is_masked_anywhere(Secret("\U0001f600" * 6))


def test_a_secret_that_is_a_public_identifier_is_masked_only_as_a_whole_argument() -> None:
    registry = knowing("ada@example.com", public=("ada@example.com",))

    assert not registry.is_masked_anywhere(Secret("ada@example.com"))
    assert registry.mask("ada@example.com is in") == "ada@example.com is in"
    assert registry.mask_argument("ada@example.com") == MARKER


def test_an_identifier_may_become_public_later() -> None:
    registry = knowing("lovelace")
    assert registry.mask("lovelace") == MARKER

    registry.add_public("lovelace")

    assert registry.mask("lovelace") == "lovelace"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("lovelace@example.com", "lovelace@example.com"),
        ("Lovelace@Example.com", "Lovelace@Example.com"),
        ("mail=lovelace%40example.com&password=lovelace", f"mail=lovelace%40example.com&password={MARKER}"),
        ("lovelace lovelace@example.com lovelace", f"{MARKER} lovelace@example.com {MARKER}"),
        ("lovelace@example.org", f"{MARKER}@example.org"),
    ],
)
def test_a_secret_within_a_public_identifier_does_not_garble_it(text: str, masked: str) -> None:
    registry = knowing("lovelace", public=("ada@example.com", "lovelace@example.com"))

    assert registry.mask(text) == masked


def test_a_secret_that_goes_beyond_a_public_identifier_is_masked() -> None:
    registry = knowing("example.com7", "lovelace", public=("lovelace@example.com",))

    assert registry.mask("lovelace@example.com7") == f"lovelace@{MARKER}"


def test_an_argument_that_holds_more_than_a_secret_is_masked_inside() -> None:
    assert knowing("hunter2").mask_argument("hunter2 ") == f"{MARKER} "


def test_escapes_without_end_are_searched_in_passing() -> None:
    registry = knowing("\\" * 20 + "x", "%" * 20 + "x")

    for text in ("\\" * 20_000, "%25" * 20_000, "%" * 20_000, "\\u005c" * 5_000):
        assert registry.mask(text) == text


@pytest.mark.parametrize("secret", ["]^-[&&~~||", "(?:.*)+$", "{0,}{1}", "«password of bob»", "ünïcödé", "\ud800 lone"])
def test_no_character_of_a_secret_means_anything_to_the_search(secret: str) -> None:
    registry = knowing(secret)

    assert registry.mask(f"<{secret}>") == f"<{MARKER}>"
    assert registry.mask("aaaaaaaaaa bbbbb") == "aaaaaaaaaa bbbbb"


def test_an_encoding_that_is_not_known_is_not_claimed() -> None:
    text = html.escape("<horse>&co")

    assert knowing("<horse>&co").mask(text) == text


@pytest.mark.parametrize(
    ("encode", "form"),
    [
        (lambda raw: raw.hex(), ""),
        (lambda raw: raw.hex().upper(), ""),
        (lambda raw: raw.hex(" "), ""),
        (lambda raw: hashlib.md5(raw).hexdigest(), ", as MD5"),
        (lambda raw: hashlib.sha1(raw).hexdigest().upper(), ", as SHA-1"),
        (lambda raw: hashlib.sha256(raw).hexdigest(), ", as SHA-256"),
        (lambda raw: base64.b64encode(hashlib.md5(raw).digest()).decode(), ", as MD5"),
        (lambda raw: base64.b64encode(hashlib.sha1(raw).digest()).decode(), ", as SHA-1"),
        (lambda raw: base64.urlsafe_b64encode(hashlib.sha256(raw).digest()).decode().rstrip("="), ", as SHA-256"),
    ],
    ids=count(),
)
@pytest.mark.parametrize("secret", [PASSWORD, "hunter2", "\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e"])
def test_a_digest_of_a_secret_is_recognised(encode: Callable[[bytes], str], form: str, secret: str) -> None:
    assert knowing(secret).mask(f"<{encode(secret.encode())}>") == f"<«password of ada{form}»>"


@given(
    secret=secret_texts,
    encoding=st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "latin-1"]),
    before=any_text,
    after=any_text,
)
def test_a_secret_is_recognised_in_bytes_that_were_read_as_latin_1(
    secret: str, encoding: str, before: str, after: str
) -> None:
    raw = secret.encode(encoding, "replace")
    assume(raw.decode(encoding) == secret)

    assert MARKER in knowing(secret).mask(f"{before}{raw.decode('latin-1')}{after}")


@pytest.mark.parametrize("text", ["HUNTER2-BOB", "Hunter2-bob"])
def test_a_secret_with_a_digit_is_recognised_in_upper_and_lower_case(text: str) -> None:
    assert knowing("hunter2-bob").mask(text) == MARKER
    assert knowing("hunter-bob").mask(text.replace("2", "")) == text.replace("2", "")


@pytest.mark.parametrize("before", ["", "%", "\\", "%2", "\\u00", "%25", "\\x", "100%", "C:\\", "\\U0000", "\\\\"])
@pytest.mark.parametrize("after", ["", "%41", "\\n", "0", "%", "\\u0041", "\\"])
@pytest.mark.parametrize("secret", ["41beef-7f", "u0041-horse", "new%41horse", "25252525", "x41\\u0041z", "deadbeef"])
def test_text_beside_a_secret_never_hides_it(before: str, secret: str, after: str) -> None:
    assert MARKER in knowing(secret).mask(f"{before}{secret}{after}")


@given(secret=secret_texts, other=secret_texts, text=any_text)
def test_masking_in_any_order_and_again_reveals_nothing(secret: str, other: str, text: str) -> None:
    registry = knowing(secret, other)
    assume(not set("«»") & set(secret + other))

    masked = registry.mask(f"{text}{secret}{text}{other}")

    assert registry.mask(masked) == masked


def test_a_text_that_is_full_of_secrets_is_masked_quickly() -> None:
    # No time is measured: with a search of quadratic cost this test would take very long.
    secrets = [f"{number}-correct-horse-{number}" for number in range(40)]
    registry = SecretRegistry()
    for secret in secrets:
        registry.add(Secret(secret), SecretRef.parse("token"))

    assert registry.mask(" ".join(secrets) * 300) == " ".join(["«token»"] * 40) * 300
