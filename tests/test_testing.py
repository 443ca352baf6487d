"""`customdb_contract.testing` itself: names that are looked up on first use."""

import ast
import sys
from pathlib import Path

import pytest

from customdb_contract import testing


def test_every_public_name_can_be_had_and_is_imported_for_type_checkers() -> None:
    tree = ast.parse(Path(testing.__file__).read_text(encoding="utf-8"))
    imported = {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }

    assert imported == set(testing.__all__) == set(testing._HOME_OF)
    for name in testing.__all__:
        assert getattr(testing, name) is not None
    assert set(testing.__all__) <= set(dir(testing))


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'customdb_contract\.testing' has no attribute 'ContractSuit'"):
        getattr(testing, "ContractSuit")  # noqa: B009 - a type checker would refuse the plain form


def without(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # this makes an import fail
    monkeypatch.delitem(sys.modules, "customdb_contract.testing.suite", raising=False)
    monkeypatch.delitem(vars(testing), "ContractSuite", raising=False)


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "pytest")

    with pytest.raises(ModuleNotFoundError) as raised:
        getattr(testing, "ContractSuite")  # noqa: B009 - only looking it up is an expression

    assert str(raised.value) == "ContractSuite needs pytest: pip install 'customdb-contract[testing]'"


def test_another_missing_module_is_reported_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "customdb_contract.checking")

    with pytest.raises(ModuleNotFoundError, match=r"customdb_contract\.checking"):
        getattr(testing, "ContractSuite")  # noqa: B009 - only looking it up is an expression
