from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from customdb_contract.secrets import Secret, SecretForm, SecretKind, SecretRef, SecretRegistry, is_marker, secrets_in

references = st.builds(
    SecretRef,
    st.sampled_from(SecretKind),
    st.text(st.sampled_from("«»\\, ada") | st.characters(codec="utf-8"), max_size=12)
    | st.builds(
        "{}{}{}".format,
        st.sampled_from(["", "password of ", "new password of ", "keyword ", "secret value "]),
        st.text("a, \\u«", max_size=3),
        st.sampled_from(["", ", as MD5", ", case changed, as SHA-1"]),
    ),
    st.sampled_from(SecretForm),
)


@given(references)
@example(SecretRef(SecretKind.OTHER, ""))
@example(SecretRef(SecretKind.OTHER, "password of ada"))
@example(SecretRef(SecretKind.PASSWORD, "ada, as MD5"))
def test_a_marker_names_its_secret(secret: SecretRef) -> None:
    assert SecretRef.parse(secret.label) == secret
    assert list(secrets_in(f"a {secret.marker}» «b")) == [secret]
    assert is_marker(secret.marker)


@given(st.lists(references, max_size=3), st.text(st.characters(codec="utf-8", exclude_characters="«»"), max_size=5))
def test_secrets_are_found_in_order(secrets: list[SecretRef], joint: str) -> None:
    assert list(secrets_in(joint.join(secret.marker for secret in secrets))) == secrets


@pytest.mark.parametrize(
    ("secret", "marker"),
    [
        (SecretRef(SecretKind.PASSWORD, "ada"), "«password of ada»"),
        (SecretRef(SecretKind.PASSWORD, "ada", SecretForm.CUT), "«password of ada, cut after 72 bytes»"),
        (SecretRef(SecretKind.NEW_PASSWORD, "new-1"), "«new password of new-1»"),
        (SecretRef(SecretKind.CONFIGURATION, "TOKEN"), "«configuration TOKEN»"),
        (SecretRef(SecretKind.KEYWORD, "KEY", SecretForm.SHA256), "«keyword KEY, as SHA-256»"),
        (SecretRef(SecretKind.OTHER, "API token, staging"), "«API token, staging»"),
        (SecretRef(SecretKind.OTHER, "keyword x"), r"«\u006beyword x»"),
        (SecretRef(SecretKind.OTHER, "a, as MD5"), r"«a\u002c as MD5»"),
        (SecretRef(SecretKind.PASSWORD_HASH, "1"), "«password hash 1»"),
        (SecretRef(SecretKind.URL_CREDENTIALS, "2"), "«credentials in a URL 2»"),
    ],
)
def test_markers_are_readable(secret: SecretRef, marker: str) -> None:
    assert secret.marker == marker


@pytest.mark.parametrize("text", ["", "«a»«b»", "a «b»", "«a", "a»"])
def test_a_text_longer_than_a_marker_is_no_marker(text: str) -> None:
    assert not is_marker(text)


def test_a_secret_is_forgotten_by_the_reference_under_which_it_was_noted() -> None:
    registry = SecretRegistry()
    known, typed = SecretRef(SecretKind.PASSWORD, "ada"), SecretRef(SecretKind.PASSWORD, "ada, typed 1")
    registry.add(Secret("correct horse"), known)

    registry.forget(Secret("correct horse"), typed)
    assert registry.mask("correct horse") == known.marker

    registry.forget(Secret("correct horse"), known)
    assert registry.mask("correct horse") == "correct horse"


secrets = st.lists(st.text('ab7%\\" ', min_size=6, max_size=8), min_size=1, max_size=6, unique=True)


@given(secrets, st.data())
def test_a_forgotten_secret_leaves_no_trace(known: list[str], data: st.DataObject) -> None:
    kept = data.draw(st.sets(st.sampled_from(known)))
    public = data.draw(st.sets(st.sampled_from([*known, f"{known[0]}@example.com"])))
    changed, fresh = SecretRegistry(), SecretRegistry()
    for text in public:
        fresh.add_public(text)
    for number, value in enumerate(known):
        ref = SecretRef(SecretKind.OTHER, f"{number}")
        changed.add(Secret(value), ref)
        if value in kept:
            fresh.add(Secret(value), ref)
    for text in public:
        changed.add_public(text)
    for number, value in enumerate(known):
        if value not in kept:
            changed.forget(Secret(value), SecretRef(SecretKind.OTHER, f"{number}"))
    pieces = st.sampled_from([*known, *(quote(value) for value in known), *public, "«other 0»", "-"])
    text = "".join(data.draw(st.lists(pieces, max_size=6)))

    assert changed.mask(text) == fresh.mask(text)
