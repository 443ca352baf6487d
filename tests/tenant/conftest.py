"""For all tests of the simulated tenant: each recorded life is compared with the approved one."""

from collections.abc import Generator

import pytest
from hypothesis import is_hypothesis_test

from decided import compare, recorded_in
from lives import BEGUN


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Compare the lives of a test with the approved ones, except for drawn values."""
    BEGUN.clear()
    result = yield
    if BEGUN and not is_hypothesis_test(pyfuncitem.obj):
        recorded = [life.tenant.transcript_of(name) for life in BEGUN for name in life.tenant.connections]
        compare(pyfuncitem, [line for transcript in recorded for line in recorded_in(transcript)])
    return result
