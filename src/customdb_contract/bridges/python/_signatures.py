"""The scripts of a database object: which exist, and how each one must be called."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter
from typing import Any, Final

from attrs import frozen

from customdb_contract.bridges.python._location import location_of_function
from customdb_contract.contract import CONTEXT_IS_OPTIONAL, Script
from customdb_contract.transcript import ScriptInfo

__all__ = ["Handler", "Manner", "find_handlers", "manner_of", "shown_signature", "signature_of"]

_POSITIONAL: Final = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_VARIADIC: Final[Mapping[object, str]] = {Parameter.VAR_POSITIONAL: "*", Parameter.VAR_KEYWORD: "**"}


@frozen
class Manner:
    """How a script must be called.

    Args:
        extras: The names of the arguments in addition to its own: `context`, `callback`.
        by_keyword: Those of the extras that can only be passed by name.
        info: What is known about the script without calling it.
    """

    extras: tuple[str, ...]
    by_keyword: frozenset[str]
    info: ScriptInfo


@frozen
class Handler:
    """A script, and how it is called.

    Args:
        function: The script itself.
        manner: How it must be called.
    """

    function: Callable[..., object]
    manner: Manner

    @property
    def has_callback(self) -> bool:
        """Whether it takes a callback instead of returning its result."""
        return "callback" in self.manner.extras

    @property
    def info(self) -> ScriptInfo:
        """What is known about it without calling it."""
        return self.manner.info

    def call(self, arguments: Sequence[object], values: Mapping[str, object]) -> object:
        """Call the script.

        Args:
            arguments: Its own arguments.
            values: Values of the extras, by name.
        """
        by_keyword = self.manner.by_keyword
        positional = [values[name] for name in self.manner.extras if name not in by_keyword]
        return self.function(*arguments, *positional, **{name: values[name] for name in by_keyword})


def find_handlers(database: object, *, script_context: bool) -> Mapping[Script, Handler]:
    """Return the scripts that a database object has as methods.

    Args:
        database: The object.
        script_context: Whether the connection gives scripts the extra `context`.
    """
    methods = ((script, getattr(database, script.value, None)) for script in Script)
    return {
        script: Handler(
            method,
            manner_of(script, signature_of(method), location_of_function(method), script_context=script_context),
        )
        for script, method in methods
        if callable(method)
    }


def manner_of(
    script: Script, signature: inspect.Signature | None, location: str | None, *, script_context: bool
) -> Manner:
    """Return how a script must be called.

    Args:
        script: The script.
        signature: Its parameters; None for some functions written in C, which do not show them.
        location: Its location.
        script_context: Whether the connection gives scripts the extra `context`.
    """
    parameters = [] if signature is None else list(signature.parameters.values())
    has_callback = _has_callback(parameters)
    if signature is not None and script in CONTEXT_IS_OPTIONAL:
        without = _extras(script_context=False, has_callback=has_callback)
        script_context = script_context and not _fits(script, signature, without)
    extras = _extras(script_context=script_context, has_callback=has_callback)
    keyword_only = {parameter.name for parameter in parameters if parameter.kind is Parameter.KEYWORD_ONLY}
    info = ScriptInfo(
        signature="" if signature is None else shown_signature(signature),
        problem=None if signature is None else _problem(script, signature, has_callback, script_context),
        location=location,
    )
    return Manner(extras, frozenset(extras) & keyword_only, info)


def signature_of(function: Callable[..., object]) -> inspect.Signature | None:
    """Return the parameters of a function; None if they are not available.

    Args:
        function: The function.
    """
    try:
        return inspect.signature(function)
    except Exception:  # noqa: BLE001 - an object that answers to every name runs code of its own here
        return None


def shown_signature(signature: inspect.Signature) -> str:
    """Return parameters as text, in parentheses and without their default values, which can be secret.

    Args:
        signature: The parameters.
    """
    return f"({', '.join(_shown(list(signature.parameters.values())))})"


def _has_callback(parameters: Sequence[Parameter]) -> bool:
    positional = [parameter.name for parameter in parameters if parameter.kind in _POSITIONAL]
    # `functools.partial` turns what follows a bound argument into keywords.
    return positional[-1:] == ["callback"] or any(
        parameter.name == "callback" and parameter.kind is Parameter.KEYWORD_ONLY for parameter in parameters
    )


def _extras(*, script_context: bool, has_callback: bool) -> tuple[str, ...]:
    return ("context",) * script_context + ("callback",) * has_callback


def _shown(parameters: Sequence[Parameter]) -> list[str]:
    shown: list[str] = []
    keywords_follow = False
    for parameter in parameters:
        if parameter.kind is Parameter.KEYWORD_ONLY and not keywords_follow:
            shown.append("*")
        keywords_follow = keywords_follow or parameter.kind in {Parameter.KEYWORD_ONLY, Parameter.VAR_POSITIONAL}
        default = "" if parameter.default is Parameter.empty else "=…"
        shown.append(f"{_VARIADIC.get(parameter.kind, '')}{parameter.name}{default}")
    return shown


def _problem(
    script: Script,
    signature: inspect.Signature,
    has_callback: bool,  # noqa: FBT001 - private
    script_context: bool,  # noqa: FBT001 - private
) -> str | None:
    if _fits(script, signature, _extras(script_context=script_context, has_callback=has_callback)):
        return None
    other = _extras(script_context=not script_context, has_callback=has_callback)
    taken = shown_signature(signature)
    returning = ", ".join((*script.argument_names, *_extras(script_context=script_context, has_callback=False)))
    calling = ", ".join((*script.argument_names, *_extras(script_context=script_context, has_callback=True)))
    problem = f"{script} takes {taken} but is called as {script}({returning}) or {script}({calling})"
    if script_context and _fits(script, signature, other):
        return f"{problem}: the connection has script_context on, so add the parameter context"
    if "context" in signature.parameters and _fits(script, signature, other):
        return f"{problem}: the connection has script_context off; turn it on, or remove the parameter context"
    return problem


def _fits(script: Script, signature: inspect.Signature, extras: Sequence[str]) -> bool:
    by_keyword = {
        parameter.name: None
        for parameter in signature.parameters.values()
        if parameter.kind is Parameter.KEYWORD_ONLY and parameter.name in extras
    }
    given: list[Any] = [None] * (len(script.argument_names) + len(extras) - len(by_keyword))
    try:
        signature.bind(*given, **by_keyword)
    except TypeError:
        return False
    return True
