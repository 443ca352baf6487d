"""The cost of the state machine on a tenant, in addition to Hypothesis, which draws the steps, and the scripts."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from typing_extensions import override

from benchmarks.bench_machine import new_shop
from benchmarks.timing import Measured, ratio
from customdb_contract.connection import Connection, NewUser
from customdb_contract.contract import Script, ScriptError
from customdb_contract.testing import TenantMachine
from customdb_contract.testing._acting import passwords_of, people_of

_Call = tuple[Script, tuple[Any, ...]]


class _Noting:
    """A shop that records the calls of its scripts."""

    def __init__(self, shop: Any, calls: list[_Call]) -> None:
        self._shop = shop
        for script in Script:
            setattr(self, script.value, partial(self._call, calls, script))

    def __enter__(self) -> Any:
        self._shop.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._shop.__exit__()

    def _call(self, calls: list[_Call], script: Script, *arguments: Any) -> Any:
        calls.append((script, arguments))
        return getattr(self._shop, script.value)(*arguments)


class _Ours(TenantMachine):
    """The machine on the bookshop's store: a new SQLite file for each example, and passwords hashed by bcrypt."""

    @override
    def fresh_database(self) -> object:
        return new_shop


class _Noted(TenantMachine):
    """The same, once, to record its calls by example and database."""

    examples: ClassVar[list[list[list[_Call]]]] = []

    def __init__(self) -> None:
        self.examples.append([])
        super().__init__()

    @override
    def fresh_database(self) -> object:
        calls: list[_Call] = []
        self.examples[-1].append(calls)
        return lambda: _Noting(new_shop(), calls)


class _Idle:
    """A tenancy that does nothing, so that the machine measures only Hypothesis."""

    has_outage = False
    half_created = ()

    def __init__(self) -> None:
        self.tenant = self
        self.lives = {"first": None}
        self.people = people_of(NewUser(), requires_username=False)
        self.passwords = passwords_of(NewUser())
        self.connections = {"first": Connection()}

    def connect(self, *_: object) -> None:
        self.lives["second"] = None

    def connection(self, _: int) -> str:
        return "first"

    def user(self, *_: object) -> tuple[()]:
        return ()

    def knows(self, *_: object) -> bool:
        return False

    def email_of(self, name: str) -> str:
        return str(self.people[name].email)

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


class _Bare(_Ours):
    """The equivalent written by hand: as many steps with the same choices, and the same calls."""

    examples: ClassVar[Iterator[list[list[_Call]]]]

    def __init__(self) -> None:
        RuleBasedStateMachine.__init__(self)
        self._switches = 0
        self._tenancy: Any = _Idle()

    @override
    def teardown(self) -> None:
        _repeat(next(self.examples, []))


def _repeat(example: list[list[_Call]]) -> None:
    for calls in example:
        with new_shop() as shop:
            for script, arguments in calls:
                _make(getattr(shop, script.value), arguments)


def _make(script: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    try:
        script(*arguments)
    except ScriptError:
        return


def measure(*, brief: bool) -> Iterator[Measured]:
    """Yield the ratio.

    Args:
        brief: Whether a rough result is enough.
    """
    chosen = settings(
        max_examples=5 if brief else 50,
        stateful_step_count=50,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    def run(machine: type[RuleBasedStateMachine]) -> None:
        run_state_machine_as_test(seed(2026)(machine), settings=chosen)

    def run_bare() -> None:
        _Bare.examples = iter(_Noted.examples)
        run(_Bare)
        # Hypothesis can have tried more examples of the other machine.
        for example in _Bare.examples:
            _repeat(example)

    run(_Noted)
    yield Measured(
        "TenantMachine over the bookshop's SQLite store, in times of a bare one that makes the same calls",
        ratio(partial(run, _Ours), run_bare, repeat=2 if brief else 5, clock=time.process_time),
        # A fifth of the cost beyond the calls is judging each example.
        at_most=1.5,
    )
