"""What holds for all tests of rules: each verdict that one reaches is decided."""

from collections.abc import Generator

import pytest
from hypothesis import is_hypothesis_test

from decided import compare, verdicts_of
from rules.judging import REACHED


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Compare what a test has found with what was decided, but for what is only drawn."""
    REACHED.clear()
    result = yield
    if REACHED and not is_hypothesis_test(pyfuncitem.obj):
        compare(pyfuncitem, verdicts_of(REACHED))
    return result
