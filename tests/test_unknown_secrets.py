"""Undeclared secrets, recognised by their format or their name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry, kind_by_name, kinds_in

HASHES = (
    "$2b$12$abcdefghijklmnopqrstuuSWSIsR3I9ks8cUcO6XyH0OEvVKYd5Wm",
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG",
    "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
    "$5$rounds=5000$saltsalt$Wn1AcVKIKcnB0qcBUdNBCuNGYSNKQc6V8RZRkC7Yvk0",
    "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/",
    "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
    "$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk",
    "pbkdf2_sha256$260000$salt$Zx1lZ0xv8T0tD4SwQb5yC6+fA9F5b7yX2dGk1mY0T2Y=",
    "pbkdf2:sha256:260000$salt$5f4dcc3b5aa765d61d8327deb882cf99",
    "scrypt:32768:8:1$salt$5f4dcc3b5aa765d61d8327deb882cf99",
    "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
    "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr",
    "{CRYPT}$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
    "sha1$salt$5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
    "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
)
KEY = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n" + f"{'MIIEpAIBAAKCAQEA7Zk3Jd8h' * 2}\n" * 6
PEM = f"{KEY}-----END RSA PRIVATE KEY-----"
around = st.text(st.characters(codec="utf-8", exclude_characters="«»"), max_size=8)


def masked(text: str, *known: str) -> str:
    registry = SecretRegistry()
    for number, secret in enumerate(known):
        registry.add(Secret(secret), SecretRef(SecretKind.OTHER, f"{number}"))
    return registry.mask(text)


@pytest.mark.parametrize("hashed", HASHES)
@pytest.mark.parametrize("text", ["{}", "stored was {}", '{{"hash": "{}"}}', "a={};b"])
def test_the_hash_of_a_password_appears_nowhere(hashed: str, text: str) -> None:
    said = text.format(hashed)

    assert masked(said) == text.format("«password hash 1»")
    assert set(kinds_in(said)) == {SecretKind.PASSWORD_HASH}
    assert list(kinds_in(masked(said))) == [SecretKind.PASSWORD_HASH]


@given(st.sampled_from(HASHES), around, around)
def test_a_hash_is_masked_in_any_context(hashed: str, before: str, after: str) -> None:
    assert hashed[-20:] not in masked(f"{before} {hashed} {after}")


@pytest.mark.parametrize(
    "text",
    [
        "it costs $5$ or $10$",
        "${name} and $1",
        "the md5$ of it",
        "{SHA} is a scheme",
        "sha256 of the file",
        "a $2b$12$ prefix",
        "pbkdf2 with 1000 rounds",
        '{"a": {"b": "$c"}}',
        "https://example.com:8080/a@b",
        "https://user@example.com/",
        "mail ada@example.com: https://example.com",
        "-----BEGIN PRIVATE KEY----- is how such a file must begin, so that it can be read at all",
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n-----END PUBLIC KEY-----",
        "otpauth://totp/x",
    ],
)
def test_text_that_barely_resembles_a_secret_is_unchanged(text: str) -> None:
    assert masked(text) == text
    assert list(kinds_in(text)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgres://shop:hunter2@db.test/shop", "postgres://«credentials in a URL 1»@db.test/shop"),
        ("redis://:p@ss@db.test", "redis://«credentials in a URL 1»@db.test"),
        (r"{\"url\": \"https:\/\/u:p@h\"}", r"{\"url\": \"https:\/\/«credentials in a URL 1»@h\"}"),
        (
            "http://a:b@x, http://c:d@y, http://a:b@z",
            "http://«credentials in a URL 1»@x, http://«credentials in a URL 2»@y, http://«credentials in a URL 1»@z",
        ),
        (f"key: {PEM}, ok", "key: «private key 1», ok"),
        (f"key: {PEM}".replace("\n", "\\n"), "key: «private key 1»"),
        (f"key: {KEY}!", "key: «private key 1»!"),
        ("otpauth://totp/Shop:ada?secret=JBSWY3DPEHPK3PXP&issuer=Shop", "otpauth://«TOTP secret 1»&issuer=Shop"),
        ("said » and «", "said \u203a and \u2039"),
        ("said ««password hash 7»", "said \u2039«password hash 7»"),
        ("said «Bonjour» and «password hash 7»", "said \u2039Bonjour\u203a and «password hash 7»"),
    ],
)
def test_a_secret_by_its_format_is_replaced(text: str, expected: str) -> None:
    assert masked(text) == expected
    assert masked(expected) == expected


def test_two_secrets_that_differ_stay_different_and_equal_ones_stay_equal() -> None:
    registry = SecretRegistry()

    first, second, again = (registry.mask(HASHES[index]) for index in (0, 1, 0))

    assert (first, second, again) == ("«password hash 1»", "«password hash 2»", "«password hash 1»")


def test_secrets_without_end_take_no_memory_without_end() -> None:
    registry = SecretRegistry()

    markers = [registry.marker_of_unknown(SecretKind.NAMED, str(number)) for number in range(10_010)]

    assert markers[-1] == "«secret value 10001»"
    assert registry.marker_of_unknown(SecretKind.NAMED, "7") == "«secret value 8»"
    assert registry.marker_of_unknown(SecretKind.PASSWORD_HASH, "x") == "«password hash 1»"


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("password_hash", "5f4dcc3b5aa765d61d8327deb882cf99", SecretKind.PASSWORD_HASH),
        ("Salt", "x", SecretKind.NAMED),
        ("api-key", "x", SecretKind.NAMED),
        ("totp_secret", "JBSWY3DPEHPK3PXP", SecretKind.TOTP_SECRET),
        ("totpSecret", "jbswy3dp", SecretKind.NAMED),
        ("salt", "JBSWY3DP", SecretKind.NAMED),
        ("password", "", None),
        ("name", "5f4dcc3b5aa765d61d8327deb882cf99", None),
        ("password" * 100, "x", None),
    ],
)
def test_a_name_reveals_a_secret_value(name: str, value: str, kind: SecretKind | None) -> None:
    assert kind_by_name(name, value) is kind


@pytest.mark.parametrize(
    "piece",
    ["$", "md5$", "{SHA", "$5$a", "://a:", "://", "-----BEGIN PRIVATE KEY-----", "otpauth://", "\\", "%25", "«"],
)
def test_a_very_long_text_is_read_quickly(piece: str) -> None:
    # No time is measured: with a pattern of quadratic cost this test would take very long.
    assert masked(piece * (500_000 // len(piece)))
    assert masked(piece * (100_000 // len(piece)), "correct horse 7", "abcdef12")
