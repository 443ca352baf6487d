"""The stores find their records, and merging keeps the same values as Auth0."""

from datetime import UTC, datetime

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.profiles import generated_picture
from customdb_contract.secrets import Secret
from customdb_contract.tenant import Identity, User
from customdb_contract.tenant._changes import changes
from customdb_contract.tenant._hashing import PasswordHash
from customdb_contract.tenant._metadata import merged_deeply, patched
from customdb_contract.tenant._people import People
from customdb_contract.tenant._stores import Store
from customdb_contract.transcript import Derived

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = ("1", "2", "3")
NAMES = st.sampled_from(["a@example.com", "A@example.com", "b@example.com", "ada"])
CHANGES = st.lists(st.tuples(st.sampled_from(KEYS), st.none() | st.tuples(st.none() | NAMES, st.none() | NAMES)))


def user(key: str, email: str | None = None, username: str | None = None) -> User:
    connection = "one" if key != "3" else "two"
    identity = Identity(connection=connection, user_id=key)
    return User(
        user_id=key,
        connection=connection,
        identities=(identity,),
        created_at=NOW,
        updated_at=NOW,
        email=email,
        username=username,
    )


@given(CHANGES)
def test_a_store_finds_like_a_list(changes: list[tuple[str, tuple[str | None, str | None] | None]]) -> None:
    store, listed = Store[User](), dict[str, User]()
    for key, names in changes:
        if names is not None:
            listed[key] = user(key, *names)
            store.put(listed[key])
        elif key in listed:
            del listed[key]
            store.remove(key)

        assert dict(store.records) == listed
        assert {key: store.get(key) for key in KEYS} == {key: listed.get(key) for key in KEYS}
        for connection in ("one", "two", "none"):
            of_it = [record for record in listed.values() if record.connection == connection]
            assert sorted(record.user_id for record in store.of(connection)) == sorted(r.user_id for r in of_it)
            assert store.find(connection, None) == ()
            for name in ("a@EXAMPLE.com", "b@example.com", "ada", "nobody"):
                holders = {
                    record.user_id
                    for record in of_it
                    if name.lower() in {(record.email or "").lower(), (record.username or "").lower()}
                }
                found = [record.user_id for record in store.find(connection, name)]
                assert set(found) == holders
                assert len(found) == len(holders)


def test_a_record_that_keeps_its_names_keeps_its_place() -> None:
    store = Store[User]()
    store.put(user("1", "a@example.com"))
    store.put(user("2", "a@example.com"))
    store.put(evolve(user("1", "a@example.com"), logins_count=1))
    assert [record.user_id for record in store.find("one", "a@example.com")] == ["1", "2"]


def test_a_record_without_an_identifier_is_not_found() -> None:
    store = Store[User]()
    store.put(user("1", None))

    assert store.find("one", None) == ()


VALUES = st.recursive(
    st.none() | st.integers(0, 2) | st.sampled_from("xyz"),
    lambda below: st.dictionaries(st.sampled_from("abc"), below, max_size=3) | st.lists(below, max_size=2),
    max_leaves=6,
)
METADATA = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)
STORED = METADATA.map(lambda metadata: {name: value for name, value in metadata.items() if value is not None})


@given(STORED, METADATA)
def test_a_patch_replaces_first_level_keys_and_null_removes_one(
    before: dict[str, object], changes: dict[str, object]
) -> None:
    kept = dict(before)
    after = patched(before, changes)  # type: ignore[arg-type]  # drawn values are recorded ones
    for name in "abc":
        if name not in changes:
            assert after.get(name) == before.get(name)
        elif changes[name] is None:
            assert name not in after
        else:
            assert after[name] == changes[name]
    assert before == kept
    assert patched(after, changes) == after  # type: ignore[arg-type]  # see above


@given(STORED, METADATA)
def test_a_deep_merge_loses_nothing_that_the_new_value_does_not_replace(
    before: dict[str, object], changes: dict[str, object]
) -> None:
    after = merged_deeply(before, changes)  # type: ignore[arg-type]  # drawn values are recorded ones
    assert set(after) == {*before, *changes}
    for name, value in changes.items():
        former = before.get(name)
        if isinstance(former, dict) and isinstance(value, dict):
            assert set(after[name]) == {*former, *value}  # type: ignore[arg-type]  # an object, like both
        else:
            assert after[name] == value
    assert merged_deeply(after, changes) == after  # type: ignore[arg-type]  # see above


def test_a_hash_matches_its_password_and_shows_nothing() -> None:
    hashed = PasswordHash.of(Secret("Weaving patterns"))
    assert hashed.matches(Secret("Weaving patterns"))
    assert not hashed.matches(Secret("weaving patterns"))
    assert hashed != PasswordHash.of(Secret("Weaving patterns"))
    assert "Weaving" not in repr(hashed)


def test_a_hash_looks_at_72_bytes_as_bcrypt_does() -> None:
    hashed = PasswordHash.of(Secret("é" * 36 + "more"))
    assert hashed.matches(Secret("é" * 36 + "other"))
    assert not hashed.matches(Secret("é" * 35))


def test_a_write_shows_its_changes_and_a_generated_picture() -> None:
    before = user("1", "A@example.com")
    own, generated = "https://example.com/ada.png", generated_picture("A@example.com")

    assert changes(None, before) == {"connection": "one", "email": "A@example.com"}
    assert changes(before, before) == {}
    assert changes(before, evolve(before, last_login=NOW, picture=own)) == {"picture": own}
    assert changes(before, evolve(before, picture=generated)) == {"picture": Derived(generated, "a@example.com")}
    assert changes(before, evolve(before, email=None, picture=generated)) == {"email": None, "picture": generated}
    assert changes(evolve(before, picture=generated), evolve(before, picture=generated, name="Ada")) == {"name": "Ada"}


def test_namesakes_get_labels_of_their_own() -> None:
    people = People([], {}, taken=["ada-3"])
    made = [people.new_person(f"ada@{domain}.example", None) for domain in "abcd"]

    assert [person.label for person in made if person] == ["ada", "ada-2", "ada-4", "ada-5"]
    assert people.new_person("ada@a.example", None) is None
