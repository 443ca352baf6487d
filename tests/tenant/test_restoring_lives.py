"""Lives of users with the Action that restores metadata: in the end, the metadata are always right."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, cast

import pytest
from attrs import evolve
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from typing_extensions import override

from customdb_contract import Connection, KnownUser, judge
from customdb_contract.actions import (
    JsonType,
    LookUp,
    PostLoginApi,
    PostLoginEvent,
    persist_legacy_metadata,
)
from customdb_contract.findings import Status
from customdb_contract.tenant import InterruptionPoint, OperationOutcome, Tenant
from customdb_contract.testing.strategies import InMemoryDatabase
from customdb_contract.transcript import ActionRun, ApiCall, as_data, canonical

CONNECTION: Final = "legacy-shop"
PASSWORD: Final = "Weaving patterns"
MARKER: Final = "app_metadata.legacy_metadata_verified"

Action = Callable[[PostLoginEvent, PostLoginApi], Awaitable[None]]

RESTORES: Final[Mapping[str, JsonType]] = {
    "app_metadata.plan": "string",
    "app_metadata.limits": "object",
    "app_metadata.beta": "boolean",
    "user_metadata.themes": "array",
    "user_metadata.level": "number",
}
LEGACY: Final[Mapping[str, Mapping[str, Any]]] = {
    "ada": dict(zip(RESTORES, ["full", {"daily": 9}, True, ["dark", "wide"], 3], strict=True)),
    "bob": {"app_metadata.plan": "", "app_metadata.beta": False, "user_metadata.level": 0},
    "cyd": {},
}
PEOPLE: Final = st.sampled_from(sorted(LEGACY))
EDITS: Final = st.sampled_from([None, False, 0, "", "edited", {"edited": True}, ["edited"]])
FAILURES: Final = st.sampled_from([None, OSError("refused"), LookupError("mixed up")])
"""Failures of the legacy system: None means none, and LookupError a response about another user."""


def profile_of(name: str) -> dict[str, Any]:
    profile: dict[str, Any] = {"user_id": name, "email": f"{name}@example.com", "email_verified": True}
    for path, value in LEGACY[name].items():
        kind, _, key = path.partition(".")
        profile.setdefault(kind, {})[key] = value
    return profile


def shop() -> InMemoryDatabase:
    """Return the custom database, which migrates its users."""
    people = (KnownUser(email=f"{name}@example.com", password=PASSWORD, profile=profile_of(name)) for name in LEGACY)
    return InMemoryDatabase(people)


class RestoringLives(RuleBasedStateMachine):
    """Lives of three users with possibly interrupted migrations, and edits by an administrator in between."""

    @initialize()
    def begin(self) -> None:
        self.failure: Exception | None = None
        self.asked: list[str] = []
        self.edited: dict[str, dict[str, Any]] = {name: {} for name in LEGACY}
        self.restored: set[str] = set()
        self.tenant = Tenant(
            shop(), connection=Connection(name=CONNECTION, import_mode=True), actions=[self.action(self.look_up)]
        )

    def action(self, look_up: LookUp) -> Action:
        return persist_legacy_metadata(connection=CONNECTION, restores=RESTORES, look_up=look_up)

    async def look_up(self, user_id: str, secrets: Mapping[str, str]) -> object:
        self.asked.append(user_id)
        match self.failure:
            case None:
                return profile_of(user_id)
            case LookupError():
                return {**profile_of(user_id), "user_id": "somebody-else"}
            case error:
                raise error

    @rule(failure=FAILURES)
    def change_legacy_system(self, failure: Exception | None) -> None:
        self.failure = failure

    @rule(name=PEOPLE, point=st.none() | st.sampled_from(InterruptionPoint))
    def log_in(self, name: str, point: InterruptionPoint | None) -> None:
        self.lived(name, self.tenant.log_in(f"{name}@example.com", PASSWORD, interrupt=point))

    @rule(name=PEOPLE)
    def refresh(self, name: str) -> None:
        self.lived(name, self.tenant.refresh(f"auth0|{name}"))

    @rule(name=PEOPLE)
    def log_in_silently(self, name: str) -> None:
        self.lived(name, self.tenant.silent_log_in(f"auth0|{name}"))

    @rule(name=PEOPLE, path=st.sampled_from(sorted(RESTORES)), value=EDITS)
    def edit(self, name: str, path: str, value: Any) -> None:
        if f"auth0|{name}" not in self.tenant.users:
            return
        kind, _, key = path.partition(".")
        assert self.tenant.update_user(f"auth0|{name}", {kind: {key: value}}).succeeded
        self.edited[name][path] = value
        if value is None and name not in self.restored:
            # For a user who was never looked up, removed and lost metadata cannot be distinguished.
            del self.edited[name][path]

    def lived(self, name: str, outcome: OperationOutcome) -> None:
        """Note the result of a log-in: every existing user logs in, with at most one request."""
        assert len(self.asked) <= (name not in self.restored)
        self.asked.clear()
        user_id = f"auth0|{name}"
        assert outcome.succeeded is (user_id in self.tenant.users)
        if outcome.succeeded and (self.failure is None or MARKER in self.metadata_of(name)):
            self.restored.add(name)

    def metadata_of(self, name: str) -> dict[str, Any]:
        user = self.tenant.users[f"auth0|{name}"]
        kinds = {"app_metadata": user.app_metadata, "user_metadata": user.user_metadata}
        return {f"{kind}.{key}": as_data(value) for kind, of_kind in kinds.items() for key, value in of_kind.items()}

    @invariant()
    def metadata_are_those_of_the_legacy_system_and_edits(self) -> None:
        for name in self.restored:
            expected = {**LEGACY[name], **self.edited[name], MARKER: True}
            there = {path: value for path, value in expected.items() if value is not None}
            assert canonical(self.metadata_of(name)) == canonical(there)

    @invariant()
    def edits_stay(self) -> None:
        for name, edited in self.edited.items():
            for path, value in edited.items():
                assert canonical(self.metadata_of(name).get(path)) == canonical(value)

    @invariant()
    def metadata_are_written_once(self) -> None:
        records = self.tenant.transcript.records
        writing = {record.caused_by for record in records if isinstance(record, ApiCall)}
        runs = [record for record in records if isinstance(record, ActionRun) and record.number in writing]
        assert len(runs) == len(self.restored)

    @override
    def teardown(self) -> None:
        self.tenant.close()


def settled(max_examples: int) -> settings:
    return settings(
        max_examples=max_examples,
        stateful_step_count=20,
        phases=[Phase.generate],
        database=None,
        derandomize=True,
        deadline=None,
    )


def test_metadata_are_restored_once_and_edits_stay() -> None:
    run_state_machine_as_test(RestoringLives, settings=settled(max_examples=40))


# The same lives expose an Action that is almost right.


class TakesAnOutageForNothing(RestoringLives):
    @override
    async def look_up(self, user_id: str, secrets: Mapping[str, str]) -> object:
        return await super().look_up(user_id, secrets) if self.failure is None else None


class TrustsAnyAnswer(RestoringLives):
    @override
    async def look_up(self, user_id: str, secrets: Mapping[str, str]) -> object:
        if isinstance(self.failure, LookupError):
            return {**profile_of("ada"), "user_id": user_id}
        return await super().look_up(user_id, secrets)


class Overwrites(RestoringLives):
    @override
    def action(self, look_up: LookUp) -> Action:
        restore = super().action(look_up)

        async def without_looking(event: PostLoginEvent, api: PostLoginApi) -> None:
            marked = {
                key: value for key, value in (event.user.app_metadata or {}).items() if f"app_metadata.{key}" == MARKER
            }
            await restore(evolve(event, user=evolve(event.user, app_metadata=marked, user_metadata={})), api)

        return without_looking


class MarksNothing(RestoringLives):
    @override
    def action(self, look_up: LookUp) -> Action:
        restore = super().action(look_up)

        async def without_marker(event: PostLoginEvent, api: PostLoginApi) -> None:
            def note(path: str, arguments: tuple[object, ...]) -> None:
                if path == "user.setUserMetadata":
                    api.user.set_user_metadata(*cast("tuple[str, object]", arguments))
                elif f"app_metadata.{arguments[0]}" != MARKER:
                    api.user.set_app_metadata(*cast("tuple[str, object]", arguments))

            await restore(event, PostLoginApi(event, note))

        return without_marker


@pytest.mark.one_python
@pytest.mark.untraced
@pytest.mark.parametrize("machine", [TakesAnOutageForNothing, TrustsAnyAnswer, MarksNothing])
def test_an_action_that_is_almost_right_is_found(machine: type[RestoringLives]) -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=settled(max_examples=500))


@pytest.mark.parametrize("machine", [RestoringLives, Overwrites])
def test_an_edit_in_an_outage_is_one_that_stays(machine: type[RestoringLives]) -> None:
    lives = machine()
    lives.begin()
    lives.change_legacy_system(OSError("refused"))
    lives.log_in("ada", InterruptionPoint.BEFORE_METADATA)
    lives.edit("ada", "app_metadata.plan", "edited")
    lives.change_legacy_system(None)
    lives.refresh("ada")

    lives.metadata_are_written_once()
    if machine is RestoringLives:
        lives.edits_stay()
        lives.metadata_are_those_of_the_legacy_system_and_edits()
    else:
        with pytest.raises(AssertionError):
            lives.edits_stay()
    lives.teardown()


@pytest.mark.parametrize("restores", [True, False])
def test_an_interrupted_migration_loses_metadata_unless_it_is_restored(restores: bool) -> None:
    lives = RestoringLives()
    lives.begin()
    with Tenant(
        shop(),
        connection=Connection(name=CONNECTION, import_mode=True),
        users=[KnownUser(email="ada@example.com", password=PASSWORD)],
        actions=[lives.action(lives.look_up)] if restores else [],
    ) as tenant:
        tenant.log_in("ada@example.com", PASSWORD, interrupt=InterruptionPoint.BEFORE_METADATA)
        tenant.log_in("ada@example.com", PASSWORD)
        verdict = judge(tenant.transcript).verdict("no-metadata-repair")
    lives.teardown()

    assert verdict.status is (Status.PASSED if restores else Status.FAILED)
