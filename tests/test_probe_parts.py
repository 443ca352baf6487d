"""Parts of the probes: the users that a check creates, and comparisons of two records of the store."""

from collections.abc import Mapping, Sequence

import pytest

from customdb_contract import Connection, NewUser
from customdb_contract.contract import Script
from customdb_contract.probes import Truth, plan_users
from customdb_contract.probes.inspecting import compare_records
from customdb_contract.secrets import Secret, SecretRegistry
from customdb_contract.transcript import Person, Situation

pytestmark = pytest.mark.one_python

RECORD = {"email": "ada@example.com", "name": {"first": "Ada"}}
GIVEN = {"email": "ada@example.com", "username": "ada", "plan": "full", "password": Secret("Weaving patterns")}
ANSWERS = ({"plan": "full"}, {"plan": "free"}, {"note": "Weaving patterns", "n": 1}, {"x": {"plan": "full"}})


def truth_of(*labels: str) -> Truth:
    people = tuple(Person(label=label, email=f"{label}@example.com") for label in labels)
    return Truth(connection=Connection(), people=people, passwords={}, registry=SecretRegistry())


@pytest.mark.parametrize(
    ("before", "after", "seen"),
    [
        (None, None, ["inspected nothing"]),
        (RECORD, None, ["inspected nothing", "store-change the whole record"]),
        (None, RECORD, ["inspected a record", "store-change email", "store-change name.first"]),
        (RECORD, RECORD, ["inspected a record"]),
        (RECORD, {**RECORD, "name": {"first": "A"}}, ["inspected a record", "store-change name.first"]),
        (RECORD, {**RECORD, "a": 1}, ["inspected a record", "store-change a"]),
        ({**RECORD, "a": 1}, RECORD, ["inspected a record", "store-change a"]),
    ],
)
@pytest.mark.parametrize("script", [Script.LOGIN, Script.GET_USER])
def test_a_script_that_reads_leaves_a_record_as_it_was(
    script: Script, before: object, after: object, seen: Sequence[str]
) -> None:
    reported = [f"{one.kind} {one.text}" for one in compare_records(before, after, script, ("ada@example.com", "x"))]

    assert reported == seen


@pytest.mark.parametrize(
    ("script", "arguments", "after", "seen"),
    [
        (Script.CREATE, (GIVEN,), RECORD, []),
        (Script.CREATE, (GIVEN,), ANSWERS[0], ["stored-field plan"]),
        (Script.CREATE, (GIVEN,), ANSWERS[1], []),
        (Script.CREATE, (GIVEN,), ANSWERS[2], ["stored-password note"]),
        (Script.CREATE, (GIVEN,), ANSWERS[3], ["stored-field x.plan"]),
        (Script.CHANGE_PASSWORD, ("ada@example.com", Secret("Weaving patterns")), ANSWERS[2], ["stored-password note"]),
        (Script.CHANGE_PASSWORD, ("ada@example.com", Secret("Another pattern")), ANSWERS[2], []),
        (Script.VERIFY, ("ada@example.com",), ANSWERS[2], []),
    ],
)
def test_a_script_that_writes_stores_what_it_must(
    script: Script, arguments: Sequence[object], after: Mapping[str, object], seen: Sequence[str]
) -> None:
    reported = [f"{one.kind} {one.text}" for one in compare_records(None, after, script, arguments)]

    assert reported == ["inspected a record", *seen]


def test_created_users_have_unused_labels() -> None:
    made = plan_users(NewUser(), truth_of("new-1", "ada", "new-3"))

    assert [one.person.label for one in made] == ["new-2", *(f"new-{number}" for number in range(4, 13))]
    assert len({one.person.email for one in made}) == len(made)


def test_passwords_of_created_users_cover_bcrypts_limits() -> None:
    made = {one.situation: one for one in plan_users(NewUser(), truth_of())}
    lengths = {situation: len(one.password.reveal().encode()) for situation, one in made.items()}
    cut = made[Situation.OVERLONG_PASSWORD].cut_password

    assert lengths[Situation.LONGEST_PASSWORD] == 72
    assert lengths[Situation.OVERLONG_PASSWORD] == 90
    assert cut is not None
    assert len(cut.reveal()) == 72
    assert all(one.cut_password is None for situation, one in made.items() if lengths[situation] <= 72)
    assert lengths[Situation.WRITING] == len("Ff6*-") + 12
    assert made[Situation.BLANKS_IN_PASSWORD].password.reveal().strip(" ").startswith("Aa1! ")


@pytest.mark.parametrize("metadata", [{}, {"terms": True}])
def test_one_created_user_has_no_metadata_when_others_have_some(metadata: Mapping[str, object]) -> None:
    made = plan_users(NewUser(user_metadata=metadata), truth_of())

    without = [one.situation for one in made if "user_metadata" not in one.user]
    assert without == ([Situation.WITHOUT_METADATA] if metadata else [one.situation for one in made])
