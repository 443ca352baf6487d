"""Profiles are created in the order of their rows, one for each row."""

import threading
from contextlib import ExitStack

from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.audit._making import maker_of
from customdb_contract.bridges.making import NotMade, Row


def test_a_slow_row_costs_no_other_row_its_profile() -> None:
    released = threading.Event()

    def profile_of(row: Row) -> dict[str, object]:
        if row["id"] == 2:
            released.wait()
        return {"user_id": row["id"]}

    with ExitStack() as at_end:
        made = list(maker_of(profile_of, 0.5, at_end).made_of([{"id": number} for number in range(1, 5)]))
    released.set()

    assert made == [
        {"user_id": 1},
        NotMade("took more than 0.5 seconds in profile_of"),
        {"user_id": 3},
        {"user_id": 4},
    ]


@given(st.lists(st.integers()))
def test_each_row_has_one_profile_in_order(numbers: list[int]) -> None:
    with ExitStack() as at_end:
        maker = maker_of(lambda row: {"user_id": row["id"]}, 30, at_end)

        assert list(maker.made_of([{"id": number} for number in numbers])) == [{"user_id": n} for n in numbers]
