"""Configuration and fixtures of all tests."""

import gc
import os
import signal
import warnings
from collections.abc import Callable, Generator
from contextlib import ExitStack
from functools import cache

import coverage
import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings

from aspnet_stores import Store, running_store
from doubles.mongod import running_mongod_double
from measured_runner import measured_runner
from mongo_shop import MongoShop
from sql_stores import Engine, running

pytest_plugins = ["pytester"]

# A busy machine must not fail a test, and some scripts have to time out.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# A shell makes background processes ignore Ctrl-C, which some tests send.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Use more workers than processors, since many tests wait: for a time limit, or for a process that they started."""
    return (os.cpu_count() or 1) * 2


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure the JavaScript runner in its own tests, and pause measuring Python where it adds nothing.

    That is so during tests that are marked as `untraced`, and while Hypothesis searches: every branch is also taken in
    a test that says how, but for what is only drawn; tests of that are `traced`.
    """
    measured = coverage.Coverage.current()
    if measured is None:
        return (yield)
    with measured_runner(item):
        is_search = is_hypothesis_test(getattr(item, "obj", None)) and item.get_closest_marker("traced") is None
        if not (is_search or item.get_closest_marker("untraced")):
            return (yield)
        # Processes started by the test read this variable.
        settings_of_processes = os.environ.pop("COVERAGE_PROCESS_CONFIG")
        measured.stop()
        try:
            return (yield)
        finally:
            measured.start()
            os.environ["COVERAGE_PROCESS_CONFIG"] = settings_of_processes


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report an inapplicable rule at its file, once for all suites there: CI allows such skips in some files."""
    report = yield
    if isinstance(report.longrepr, tuple) and report.longrepr[2].startswith("Skipped: not applicable: "):
        report.longrepr = (str(item.path), 1, report.longrepr[2])
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the garbage collector close the many databases that a suite creates: nothing else closes them."""
    for item in items:
        if item.path.name.startswith("test_databases_"):
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Exclude the thousands of tests, which live until the end, from later garbage collections."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="class", autouse=True)
def collected(request: pytest.FixtureRequest) -> Generator[None]:
    """Collect garbage now, so that no later test is blamed for it."""
    yield
    if request.path.name.startswith("test_databases_"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.fixture(scope="session")
def open_engine(tmp_path_factory: pytest.TempPathFactory) -> Generator[Callable[[str], Engine]]:
    """Return a function that starts the database server of an engine, once; it ends with the tests."""
    with ExitStack() as servers:
        yield cache(lambda name: servers.enter_context(running(name, tmp_path_factory.mktemp("store"))))


@pytest.fixture(scope="session")
def mongo_shop() -> Generator[MongoShop]:
    """Return a shop on a test double of MongoDB, which ends with the tests."""
    with running_mongod_double() as double:
        yield MongoShop(double)


@pytest.fixture(scope="session")
def open_store(tmp_path_factory: pytest.TempPathFactory) -> Generator[Callable[[str], Store]]:
    """Return a function that starts, once, a store for the tables of ASP.NET; it ends with the tests."""
    with ExitStack() as servers:
        yield cache(lambda name: servers.enter_context(running_store(name, tmp_path_factory.mktemp("aspnet"))))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Save the coverage data: a worker that ends slowly, because of a script's leftover thread, is killed."""
    measured = coverage.Coverage.current()
    if measured is not None:
        measured.save()
