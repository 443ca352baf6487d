"""Many short texts are found in another one with the same result as one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, rule

from customdb_contract.secrets._needles import Needles

texts = st.text("ab€", max_size=9)


class NeedlesMachine(RuleBasedStateMachine):
    """Needles are noted and forgotten; a dictionary is the model."""

    noted: Bundle[int] = Bundle("noted")

    def __init__(self) -> None:
        super().__init__()
        self.needles = Needles()
        self.model: dict[int, str] = {}

    @rule(target=noted, needle=texts)
    def add(self, needle: str) -> int:
        number = len(self.model)
        self.model[number] = needle
        self.needles.add(number, needle)
        return number

    @rule(number=consumes(noted))
    def remove(self, number: int) -> None:
        self.needles.remove(number, self.model[number])
        self.model[number] = "never to be found"

    @rule(text=st.one_of(texts, st.text("ab€", min_size=500, max_size=600)))
    def find(self, text: str) -> None:
        found = list(self.needles.found_in(text))

        assert sorted(found) == [number for number, needle in self.model.items() if needle in text]


TestNeedles = NeedlesMachine.TestCase


def test_removing_one_of_two_short_needles_keeps_the_other() -> None:
    needles = Needles()
    needles.add(0, "a€")
    needles.add(1, "b€")
    needles.remove(0, "a€")

    assert list(needles.found_in("a€b€")) == [1]


@given(st.lists(texts, min_size=1), st.data())
def test_needles_that_are_all_forgotten_leave_nothing(added: list[str], data: st.DataObject) -> None:
    needles = Needles()
    for number, needle in enumerate(added):
        needles.add(number, needle)
    for number in data.draw(st.permutations(range(len(added)))):
        needles.remove(number, added[number])

    assert list(needles.found_in("".join(added))) == []
    assert not needles._by_piece
    assert not needles._piece_of


@pytest.mark.parametrize("alike", ["password{}", "{}password", "pass{}word"])
def test_a_thousand_similar_needles_need_few_searches(alike: str) -> None:
    needles = Needles()
    for number in range(1_000):
        needles.add(number, alike.format(f"{number:04}"))
    text = f"It is {alike.format('0700')}."

    assert list(needles.found_in(text)) == [700]
    assert len(list(needles._candidates(text))) <= 3


@pytest.mark.parametrize("length", [3, 4, 5])
def test_a_needle_of_any_length_is_found_at_both_ends(length: int) -> None:
    needles = Needles()
    for number in range(9):
        needles.add(number, str(number) * length)

    needle = "7" * length
    assert [list(needles.found_in(text)) for text in (needle, f"a{needle}", f"{needle}a")] == [[7]] * 3
    assert list(needles.found_in("7" * (length - 1))) == []
