"""The package itself: names that are looked up on first use."""

import ast
from pathlib import Path

import pytest

import customdb_contract


def test_every_public_name_can_be_had_and_is_imported_for_type_checkers() -> None:
    tree = ast.parse(Path(customdb_contract.__file__).read_text(encoding="utf-8"))
    imported = {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }

    assert set(customdb_contract.__all__) == imported | {"__version__"}
    assert len(customdb_contract.__all__) == len(set(customdb_contract.__all__))
    for name in customdb_contract.__all__:
        assert getattr(customdb_contract, name) is not None


def test_dir_lists_every_name() -> None:
    assert set(customdb_contract.__all__) <= set(dir(customdb_contract))


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'customdb_contract' has no attribute 'chekc'"):
        getattr(customdb_contract, "chekc")  # noqa: B009 - a type checker would refuse the plain form
