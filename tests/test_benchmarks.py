"""A benchmark lists the ratios it misses; a check measures again before it fails."""

import sys
from collections.abc import Iterator, Sequence
from types import ModuleType

import pytest
from benchmarks.holding import SLACK, TRIES, show
from benchmarks.timing import Measured

pytestmark = pytest.mark.one_python

NAME = "benchmarks_of_this_test"
SLOW = 10.0 * SLACK + 1
"""Above the bound of 10, even in a check."""


@pytest.fixture
def measuring(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, float]]:
    """Return a list for the results of the coming measurements, by name."""
    runs: list[dict[str, float]] = []
    module = ModuleType(NAME)

    def measure(*, brief: bool) -> Iterator[Measured]:
        for name, value in runs.pop(0).items():
            yield Measured(f"{name}, {'roughly' if brief else 'exactly'}", value, at_most=10.0)

    monkeypatch.setattr(module, "measure", measure, raising=False)
    monkeypatch.setitem(sys.modules, NAME, module)
    return runs


def names(lines: Sequence[str]) -> list[str]:
    return [line.partition(",")[0] for line in lines]


def test_a_ratio_that_is_met_is_measured_once(
    measuring: list[dict[str, float]], capsys: pytest.CaptureFixture[str]
) -> None:
    measuring[:] = [{"a call": 10.0 * SLACK}, {"a call": SLOW}]
    assert show(NAME, check=True) == []
    assert len(measuring) == 1
    assert capsys.readouterr().out.split() == ["a", "call,", "roughly", "20", "at", "most", "10"]


def test_a_check_fails_when_the_same_ratio_is_missed_each_time(measuring: list[dict[str, float]]) -> None:
    measuring[:] = [{"a call": SLOW, "a start": 1.0}] * TRIES
    assert names(show(NAME, check=True)) == ["a call"]
    assert measuring == []


def test_a_check_passes_if_one_try_meets_the_ratio(measuring: list[dict[str, float]]) -> None:
    measuring[:] = [{"a call": SLOW, "a start": 1.0}, {"a call": 1.0, "a start": SLOW}, {"a call": SLOW}]
    assert show(NAME, check=True) == []
    assert measuring == [{"a call": SLOW}]


def test_an_exact_measurement_is_made_once_and_forgives_nothing(
    measuring: list[dict[str, float]], capsys: pytest.CaptureFixture[str]
) -> None:
    measuring[:] = [{"a call": 10.1, "a start": 10.0}, {"a call": 1.0, "a start": 1.0}]
    [line] = show(NAME, check=False)
    assert line.split() == ["a", "call,", "exactly", "10.1", "at", "most", "10", "DOES", "NOT", "HOLD"]
    assert line in capsys.readouterr().out.splitlines()


def test_a_minimum_ratio_allows_the_slack() -> None:
    assert not Measured("throughput", 0.44, at_least=0.9).holds(SLACK)
    assert Measured("throughput", 0.45, at_least=0.9).holds(SLACK)
    assert not Measured("throughput", 0.89, at_least=0.9).holds()
