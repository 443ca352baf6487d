"""`PostLoginEvent`: Auth0's event, read and written without loss."""

import copy
import typing
from collections.abc import Mapping
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customdb_contract.actions import EventIdentity, EventPart, PostLoginEvent
from customdb_contract.errors import ConfigurationError
from events import an_event, minimal_event

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=3,
)
OBJECTS = st.dictionaries(st.text(), JSON, max_size=3)
SCALARS: Mapping[object, st.SearchStrategy[Any]] = {
    str: st.text(),
    bool: st.booleans(),
    int: st.integers(),
    float: st.floats(allow_nan=False) | st.integers(),
}


def documented(hint: Any) -> st.SearchStrategy[Any]:
    """Return values of the type that Auth0 documents."""
    arguments = typing.get_args(hint)
    match typing.get_origin(hint):
        case None if isinstance(hint, type) and issubclass(hint, EventPart):
            return documents(hint)
        case None:
            return SCALARS[hint]
        case kind if kind is tuple:
            return st.lists(documented(arguments[0]), max_size=2)
        case kind if kind is Mapping:
            return OBJECTS
        case _:
            return documented(arguments[0])


@st.composite
def documents(draw: st.DrawFn, cls: type[EventPart]) -> dict[str, Any]:
    """Draw a document: the required keys are valid, and some of the optional ones are invalid."""
    attributes = {attribute.name: attribute for attribute in attrs.fields(cls) if attribute.name != "extra"}
    always = [name for name, attribute in attributes.items() if attribute.default is attrs.NOTHING]
    others = [name for name in attributes if name not in always]
    document: dict[str, Any] = {name: draw(documented(attributes[name].type)) for name in always}
    for name in draw(st.lists(st.sampled_from([*others, "more", "extra"]), max_size=3, unique=True)):
        known = documented(attributes[name].type) if name in attributes else JSON
        document[name] = draw(known | JSON)
    return document


@pytest.mark.traced
@settings(max_examples=50)
@given(documents(PostLoginEvent))
def test_a_document_is_read_and_written_without_loss(document: dict[str, Any]) -> None:
    before = copy.deepcopy(document)
    event = PostLoginEvent.from_json(document)

    written = event.to_json()

    assert written == document == before
    assert PostLoginEvent.from_json(written) == event


def test_attributes_have_auth0s_names() -> None:
    event = an_event(
        user={
            "user_id": "google|1",
            "app_metadata": {"plan": {"name": "full"}},
            "identities": [{"connection": "google-oauth2", "isSocial": True, "profileData": {"email": "a@b.c"}}],
        },
        transaction={"protocol": "oauth2-refresh-token", "prompt": ["none"]},
        stats={"logins_count": 3},
        secrets={"KEY": "a secret"},
        authentication={
            "methods": [{"name": "pwd"}],
            "riskAssessment": {"assessments": {"NewDevice": {"code": "match"}}},
        },
    )

    assert event.user.app_metadata == {"plan": {"name": "full"}}
    assert event.user.identities == (
        EventIdentity(connection="google-oauth2", isSocial=True, profileData={"email": "a@b.c"}),
    )
    assert event.transaction is not None
    assert (event.transaction.protocol, event.transaction.prompt) == ("oauth2-refresh-token", ("none",))
    assert event.stats.logins_count == 3
    assert event.secrets["KEY"] == "a secret"
    assert event.authentication is not None
    assert event.authentication.riskAssessment is not None
    assert event.authentication.riskAssessment.assessments is not None
    assert event.authentication.riskAssessment.assessments.NewDevice is not None
    assert event.authentication.riskAssessment.assessments.NewDevice.code == "match"


def test_an_attribute_that_auth0_omits_is_none() -> None:
    event = an_event()

    assert (event.user.email, event.user.app_metadata, event.user.identities, event.transaction) == (None,) * 4
    assert not hasattr(event.user, "nothing")


def test_undocumented_attributes_are_kept_separately() -> None:
    user = an_event(user={"user_id": "auth0|7", "email": None, "name": 7, "identities": [{"user_id": 7}, b"x"]}).user

    assert (user.email, user.name, user.identities) == (None, None, None)
    assert user.extra == {"email": None, "name": 7, "identities": [{"user_id": 7}, b"x"]}


def test_an_event_shares_nothing_with_its_documents() -> None:
    document = minimal_event(secrets={}, user={"user_id": "auth0|7", "app_metadata": {"a": [1]}, "later": [1]})
    event = PostLoginEvent.from_json(document)
    document["user"]["app_metadata"]["a"].append(2)
    event.to_json()["user"]["later"].append(2)

    assert event.user.app_metadata == {"a": [1]}
    assert event.user.extra == {"later": [1]}


def test_its_repr_shows_no_secrets() -> None:
    assert "a secret" not in repr(an_event(secrets={"KEY": "a secret"}))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({}, "event.secrets is missing; Auth0 always sends it"),
        ({"secrets": {}, "user": {}}, "event.user.user_id is missing; Auth0 always sends it"),
        ({"secrets": {}, "user": {"user_id": 7}}, "event.user.user_id must be a string, got a whole number"),
        ({"secrets": {}, "user": []}, "event.user must be an object, got a list"),
        ({"secrets": None}, "event.secrets must be an object, got null"),
        (
            {"secrets": {}, "stats": {"logins_count": {}}},
            "event.stats.logins_count must be a whole number, got an object",
        ),
        (
            {"secrets": {}, "stats": {"logins_count": 1.5}},
            "event.stats.logins_count must be a whole number, got a number",
        ),
        ({"secrets": {}, "tenant": {"id": True}}, "event.tenant.id must be a string, got true or false"),
        ({"secrets": {}, "tenant": {"id": b""}}, "event.tenant.id must be a string, got bytes"),
    ],
)
def test_attributes_that_auth0_always_sends_are_required(parts: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        PostLoginEvent.from_json(minimal_event(**parts))

    assert str(caught.value) == message
