"""For all tests of rules: each verdict is compared with the approved one."""

from collections.abc import Generator

import pytest
from hypothesis import is_hypothesis_test

from decided import compare, verdicts_of
from rules.judging import REACHED


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Compare a test's findings with the approved ones, except for drawn values."""
    REACHED.clear()
    result = yield
    if REACHED and not is_hypothesis_test(pyfuncitem.obj):
        compare(pyfuncitem, verdicts_of(REACHED))
    return result
