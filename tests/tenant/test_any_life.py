"""Operations in any order: the stores stay consistent, and a migrated user stays the same."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customdb_contract import ScriptError, judge
from customdb_contract.errors import UndocumentedOperationError
from customdb_contract.tenant import InterruptionPoint, OperationOutcome
from lives import ADA, PASSWORD, Life, begun
from writing_shop import known_customer

EMAILS = st.sampled_from([ADA, "ADA@example.com", "grace@example.com", "new@example.com"])
PASSWORDS = st.sampled_from([PASSWORD, "Punched cards 9", "Nanosecond wire"])
POINTS = st.none() | st.sampled_from(InterruptionPoint)

Step = Callable[[Life], OperationOutcome | None]


def on_a_user(operation: Callable[[Life, str], OperationOutcome]) -> st.SearchStrategy[Step]:
    """Draw an operation on one of the tenant's current users."""

    def step(place: int) -> Step:
        def do(life: Life) -> OperationOutcome | None:
            keys = list(life.tenant.users)
            return operation(life, keys[place % len(keys)]) if keys else None

        return do

    return st.integers(0, 3).map(step)


def breaking(script: str, error: Exception | None) -> Step:
    def do(life: Life) -> None:
        def failing(*_: object) -> object:
            assert error is not None
            raise error

        life.shop.answers.clear()
        if error is not None:
            life.shop.answers[script] = failing

    return do


STEPS: st.SearchStrategy[Step] = st.one_of(
    st.builds(
        lambda email, password, point: lambda life: life.tenant.log_in(email, password, interrupt=point),
        EMAILS,
        PASSWORDS,
        POINTS,
    ),
    st.builds(lambda email, password: lambda life: life.tenant.sign_up(email, password), EMAILS, PASSWORDS),
    st.builds(lambda email, password: lambda life: life.tenant.create_user(email, password), EMAILS, PASSWORDS),
    st.builds(lambda email, password: lambda life: _reset(life, email, password), EMAILS, PASSWORDS),
    st.builds(lambda email: lambda life: life.tenant.delete_connection_user(email), EMAILS),
    st.builds(lambda on: lambda life: life.tenant.switch_import_mode(on=on), st.booleans()),
    st.builds(
        breaking,
        st.sampled_from(["login", "get_user", "create", "change_password", "change_email", "delete", "verify"]),
        st.sampled_from([None, ScriptError("down"), LookupError("broken")]),
    ),
    on_a_user(lambda life, user_id: life.tenant.verify_email(user_id)),
    on_a_user(lambda life, user_id: life.tenant.delete_user(user_id)),
    on_a_user(lambda life, user_id: life.tenant.change_password(user_id, "Nanosecond wire")),
    on_a_user(lambda life, user_id: life.tenant.change_email(user_id, "grace@example.com", verified=True)),
    on_a_user(lambda life, user_id: life.tenant.change_username(user_id, "lovelace")),
    on_a_user(lambda life, user_id: life.tenant.update_user(user_id, {"blocked": False, "app_metadata": {"a": 1}})),
)


def _reset(life: Life, email: str, password: str) -> OperationOutcome:
    asked = life.tenant.request_password_reset(email)
    ticket = asked.mails[0].ticket if asked.mails else None
    return asked if ticket is None else life.tenant.complete_password_reset(ticket, password)


def check_stores(life: Life, *, was_always_on: bool) -> None:
    users, internal = life.tenant.users, life.tenant.internal_users
    for key, user in users.items():
        assert key == user.user_id == f"auth0|{user.identities[0].user_id}"
        assert user.created_at <= user.updated_at
        assert (user.last_login is None) == (user.logins_count == 0)
    for key, record in internal.items():
        assert key == record.user_id
        assert (record.pending is None) == (key in users)
        if record.pending is None:
            assert (record.email, record.username) == (users[key].email, users[key].username)
    if was_always_on:
        emails = [record.email for record in internal.values()]
        assert len(set(emails)) == len(emails)
        assert users.keys() <= internal.keys()


@settings(max_examples=60)
@given(st.booleans(), st.booleans(), st.lists(STEPS, max_size=12))
def test_the_stores_stay_consistent(on: bool, is_ada_known: bool, steps: list[Step]) -> None:
    life = begun(on=on, users=[known_customer()] if is_ada_known else [])
    was_always_on, is_correct = on, True
    with life.tenant as tenant:
        for step in steps:
            logged = len(tenant.log)
            life.remember()
            try:
                outcome = step(life)
            except UndocumentedOperationError:
                assert life.changes() == []
                continue
            was_always_on &= tenant.connections["custom-database"].import_mode
            check_stores(life, was_always_on=was_always_on)
            if outcome is not None:
                assert tenant.log[logged:][-len(outcome.log) or len(tenant.log) :] == outcome.log
                assert outcome.succeeded or outcome.refusal is not None or outcome.interrupted is not None
                if outcome.succeeded and outcome.user is not None:
                    assert outcome.user == tenant.users[outcome.user.user_id]
            is_correct &= not life.shop.answers
    report = judge(tenant.transcript)
    if is_correct:
        assert [(verdict.rule.name, verdict.findings) for verdict in report.verdicts if verdict.findings] == []


@settings(max_examples=20)
@given(st.lists(st.tuples(EMAILS, PASSWORDS), max_size=6))
def test_a_migrated_user_stays_the_same_and_runs_no_script(typed: list[tuple[str, str]]) -> None:
    life = begun(on=True)
    with life.tenant as tenant:
        migrated = life.migrate().user
        assert migrated is not None
        for email, password in typed:
            outcome = tenant.log_in(email, password)
            if email.lower() == ADA:
                assert outcome.calls == ()
                assert outcome.succeeded == (password == PASSWORD)
        now = tenant.users[migrated.user_id]
    kept = ("user_id", "email", "app_metadata", "user_metadata", "identities", "created_at")
    assert [getattr(now, name) for name in kept] == [getattr(migrated, name) for name in kept]


@settings(max_examples=20)
@given(st.lists(st.just(InterruptionPoint.AFTER_INTERNAL_RECORD) | st.none(), max_size=4))
def test_a_migration_interrupted_any_number_of_times_ends_like_an_uninterrupted_one(
    points: list[InterruptionPoint | None],
) -> None:
    life = begun(on=True)
    life.shop.more = {"app_metadata": {"plan": "full"}}
    with life.tenant as tenant:
        for point in points:
            tenant.log_in(ADA, PASSWORD, interrupt=point)
        user = life.migrate().user
        assert user is not None
    assert (user.user_id, user.email, user.app_metadata) == ("auth0|shop-7", ADA, {"plan": "full"})
    assert tenant.half_created == ()
    assert len(tenant.users) == len(tenant.internal_users) == 1


@pytest.mark.parametrize("username", ["lovelace", "countess"])
def test_a_reset_after_a_log_in_without_import_mode_keeps_the_username(username: str) -> None:
    life = begun(on=False, users=[known_customer()])
    with life.tenant as tenant:
        user = tenant.log_in(ADA, PASSWORD).user
        assert user is not None
        tenant.switch_import_mode(on=True)
        if username != user.username:
            assert tenant.change_username(user.user_id, username).succeeded
        assert _reset(life, ADA, "Punched cards 9").succeeded

        [record] = tenant.internal_users.values()
        changed = tenant.users[user.user_id]
        assert (record.email, record.username) == (changed.email, changed.username) == (ADA, username)
        assert tenant.log_in(ADA, "Punched cards 9").succeeded
