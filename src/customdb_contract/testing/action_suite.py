"""`ActionSuite`: the contract of a post-login Action as a test class, with one pytest item per rule."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Final

import pytest
from typing_extensions import override

from customdb_contract.checking_actions import check_action
from customdb_contract.findings import Report
from customdb_contract.probes import DEFAULT_MAX_TIME
from customdb_contract.rules import CATALOGUE
from customdb_contract.testing._given import connection_of, given_of, legacy_of
from customdb_contract.testing._making import report_of
from customdb_contract.testing._suites import parameters_of, put_back, refuse_misshapen, refuse_replaced
from customdb_contract.testing.outcomes import conclude

__all__ = ["ActionSuite"]

_RULES: Final = tuple(rule.info.name for rule in CATALOGUE if rule.info.judges_actions)
_OURS: Final = ("test_rule", "report")
"""What a subclass must not override."""

_SETTINGS: Final = ("waived", "select", "ignore", "require", "fail_on", "max_time", "metadata_required", "restores")
_LISTS: Final = ("select", "ignore", "require", "restores")


class ActionSuite:
    """A post-login Action as a test class: subclass it, and every rule about Actions is a pytest item.

    A subclass has the fixture `action` (as a method, or in a conftest.py, with any scope), which returns what
    `check_action` accepts: a function `(event, api)`, a `PythonAction`, or a `NodeAction`. It can override the fixtures
    `connection` and `legacy`, which return None by default. Its own tests can use the fixture `report`.

    The Action runs in every situation once per class, when the first of its items runs. A broken rule fails, a rule
    that could not be judged is skipped, a waived rule is expected to fail, and a rule with only warnings issues a
    `ContractWarning`. If the check cannot be carried out, the set-up of the first item is an error; the other items are
    skipped.

    Attributes:
        metadata_required: Whether the Action is meant to deny a log-in without metadata.
        restores: Paths that a repair must restore, such as `app_metadata.plan`.
        waived: Rules that may fail, each with the reason.
        select: Names of rules or groups to judge; empty stands for all.
        ignore: Names of rules or groups not to judge.
        require: Groups that must have been judged.
        fail_on: The lowest severity that fails: `error` or `warning`.
        max_time: Seconds that the whole check may take.
    """

    __test__: ClassVar[bool] = False

    metadata_required: ClassVar[bool] = False
    restores: ClassVar[Collection[str]] = ()
    waived: ClassVar[Mapping[str, str]] = {}
    select: ClassVar[Collection[str]] = ()
    ignore: ClassVar[Collection[str]] = ()
    require: ClassVar[Collection[str]] = ()
    fail_on: ClassVar[str] = "error"
    max_time: ClassVar[float] = DEFAULT_MAX_TIME

    _replaced: ClassVar[tuple[str, ...]] = ()

    @override
    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "__test__" not in vars(cls):
            cls.__test__ = True
        cls._replaced = (*cls._replaced, *put_back(cls, ActionSuite, _OURS))

    @pytest.fixture
    def connection(self) -> Any:
        """The settings of the connection of the legacy users; None stands for Auth0's defaults."""
        return None

    @pytest.fixture
    def legacy(self) -> Any:
        """How the legacy system responds, as `LegacyAnswers`; None stands for the default of `check_action`."""
        return None

    @pytest.fixture
    def report(self, request: pytest.FixtureRequest) -> Report:
        """The report on the Action, made when it is first used."""

        def make(deselected: Collection[str]) -> Report:
            refuse_replaced(self._replaced)
            return check_action(**_keywords_of_check(type(self), request, deselected))

        return report_of(request.node, request.node.getparent(pytest.Class), make)

    @pytest.mark.parametrize("rule", parameters_of(_RULES))
    def test_rule(self, rule: str, report: Report, request: pytest.FixtureRequest) -> None:
        """The Action passes the rule."""
        conclude(request.node, report, rule)


def _keywords_of_check(
    suite: type[ActionSuite], request: pytest.FixtureRequest, deselected: Collection[str]
) -> dict[str, Any]:
    """Return the arguments for `check_action`: the fixtures and the attributes of a suite."""
    settings: dict[str, Any] = {name: getattr(suite, name) for name in _SETTINGS}
    refuse_misshapen(settings, lists=_LISTS, tables=("waived",))
    settings["ignore"] = {*settings["ignore"], *deselected}
    return {
        "action": given_of(request, "action"),
        "connection": connection_of(request),
        "legacy": legacy_of(request),
        **settings,
    }
