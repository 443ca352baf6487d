"""Public signatures match the approved ones: the name, kind and default of each parameter and field.

Distinguished are: parameters by position, by name (after `*`) or by either; coroutines; properties; which
classes are frozen, hashable, or compared by identity; the members of enumerations.
"""

import ast
import enum
import importlib
import inspect
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Final, get_origin

import attrs
import pytest
from typing_extensions import is_protocol, override

import customdb_contract
from decided import compare

pytestmark = pytest.mark.one_python

SOURCE: Final = Path(customdb_contract.__file__).parent
PLAIN: Final = (type(None), bool, int, float, str, bytes)
LONGEST: Final = 80
"""Characters of a tuple that is shown; of a longer one, and of another object, only what it is."""
LIMIT: Final = re.compile(
    r"_?(?:[A-Z\d]+_)*(SECONDS|TIME|TIMEOUT|AFTER|GRACE|MOST|MAX|LEAST|FEWEST|LONGEST|SHORTEST|LARGEST|HIGHEST|LOWEST|"
    r"SHOWN|SIZE|LENGTH|DEPTH|PIECE|CONNECTIONS|LIMIT)(_[A-Z\d]+)*(: Final)? = [\d(][^(]*$"
)
OPERATORS: Final = frozenset(f"__{name}__" for name in ("call", "enter", "aenter", "iter", "len", "contains", "bool"))


def _dotted(file: Path) -> str:
    parts = (SOURCE.name, *file.relative_to(SOURCE).with_suffix("").parts)
    return ".".join(part for part in parts if part != "__init__")


# The package itself looks names up in their modules; `tests/test_init.py` tests that.
MODULES: Final = [
    name for name in map(_dotted, sorted(SOURCE.rglob("*.py"))) if "._" not in name and name != SOURCE.name
]


def positional(folder: Path) -> Iterator[str]:
    """Yield each function, of all modules, that has parameters which can't be named, with these."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.args.posonlyargs:
                names = ", ".join(argument.arg for argument in node.args.posonlyargs)
                yield f"{file.relative_to(folder)}: {node.name}({names}, /)"


def described(module: ModuleType) -> Iterator[str]:
    """Yield a module's public interface, in lines."""
    offered = [getattr(module, name) for name in sorted(module.__all__)]
    below = {name for other in MODULES if other.startswith(f"{module.__name__}.") for name in _offers(other)}
    for name, value in zip(sorted(module.__all__), offered, strict=True):
        if name in below:
            yield f"{name}, as below"
        elif inspect.isclass(value) and get_origin(value) is None:
            yield f"class {name}{_made_by(value)}{''.join(_traits(value))}"
            yield from (f"  {line}" for line in _members(value, set(filter(inspect.isclass, offered)) - {value}))
        elif inspect.isfunction(value):
            yield _function(name, value)
        else:
            yield f"{name}: {_shown(value)}" if isinstance(value, PLAIN) else name


def _offers(module: str) -> Sequence[str]:
    return list(importlib.import_module(module).__all__)


def _made_by(value: type) -> str:
    if issubclass(value, enum.Enum):
        return f": {', '.join(f'{member.name}={member.value!r}' for member in value)}"
    is_plain_error = issubclass(value, Exception) and not _is_ours(value.__init__)
    return "" if is_protocol(value) or is_plain_error else _signature(value)


def _traits(value: type) -> Iterator[str]:
    if attrs.has(value):
        if value.__setattr__ is not object.__setattr__:
            yield ", frozen"
        if value.__eq__ is object.__eq__:
            yield ", compared by identity"
        for field in attrs.fields(value):
            yield from (f", {field.name} not in {trait}" for trait in ("repr", "eq") if getattr(field, trait) is False)


def _members(value: type, others: Collection[object]) -> Iterator[str]:
    """Yield the methods and properties of a class, except those listed for another class of the module."""
    for name in sorted(set(dir(value))):
        owner = next((base for base in value.__mro__ if name in vars(base)), None)
        if owner is None or owner in others or not _is_ours(owner):
            continue
        member = vars(owner)[name]
        if name.startswith("_") and name not in OPERATORS:
            continue
        if isinstance(member, property | cached_property):
            yield f"{name}: property"
        elif isinstance(member, classmethod | staticmethod):
            yield f"{type(member).__name__} {_function(name, member.__func__)}"
        elif inspect.isfunction(member):
            yield _function(name, member)


def _is_ours(value: object) -> bool:
    return getattr(value, "__module__", "").startswith(customdb_contract.__name__)


def _function(name: str, function: Callable[..., object]) -> str:
    waits = "async " if inspect.iscoroutinefunction(function) else ""
    abstract = ", abstract" if getattr(function, "__isabstractmethod__", False) else ""
    return f"{waits}{name}{_signature(function)}{abstract}"


def _signature(value: Callable[..., object]) -> str:
    signature = inspect.signature(value)
    parameters = [_without_type(parameter) for parameter in signature.parameters.values()]
    return str(signature.replace(parameters=parameters, return_annotation=signature.empty))


def _without_type(parameter: inspect.Parameter) -> inspect.Parameter:
    default = parameter.default if parameter.default is parameter.empty else _Default(parameter.default)
    return parameter.replace(annotation=parameter.empty, default=default)


class _Default:
    """A default with the same repr in each run."""

    def __init__(self, value: object) -> None:
        self._value = value

    @override
    def __repr__(self) -> str:
        return _shown(self._value)


def _shown(value: object) -> str:
    if isinstance(value, enum.Enum):
        return "new" if value is attrs.NOTHING else str(value)
    if isinstance(value, PLAIN) or (isinstance(value, tuple) and len(repr(value)) <= LONGEST):
        return repr(value)
    return f"<{getattr(value, '__qualname__', type(value).__name__)}>"


@pytest.mark.parametrize("module", MODULES)
def test_the_public_names_of_a_module_are_approved(request: pytest.FixtureRequest, module: str) -> None:
    compare(request.node, described(importlib.import_module(module)))


def test_only_what_others_call_by_position_has_parameters_without_a_name(request: pytest.FixtureRequest) -> None:
    compare(request.node, positional(SOURCE))


def test_limits_are_approved(request: pytest.FixtureRequest) -> None:
    # No other test would fail if a limit were doubled.
    limits = (
        f"{file.relative_to(SOURCE)}: {line.partition('  #')[0]}"
        for file in sorted(SOURCE.rglob("*.py"))
        for line in file.read_text(encoding="utf-8").splitlines()
        if LIMIT.match(line)
    )

    compare(request.node, limits)
