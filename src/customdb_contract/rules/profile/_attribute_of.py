"""One attribute of every profile, looked at in the same way."""

from collections.abc import Callable, Iterator

from customdb_contract.findings import Held, Severity, Violation
from customdb_contract.rules._rule import Comparison
from customdb_contract.rules._sightings import sightings
from customdb_contract.rules._wording import kind_of
from customdb_contract.transcript import Special, Transcript, Value

__all__ = ["judge_attribute", "strict_severity", "text_problem"]


def judge_attribute(
    transcript: Transcript, name: str, problem_of: Callable[[Value], str | None], severity: Severity
) -> Iterator[Comparison]:
    """Judge one attribute wherever it is there.

    Args:
        transcript: What the scripts did.
        name: The attribute.
        problem_of: Returns what is wrong with its value, or None.
        severity: That of a finding.
    """
    for exchange in sightings(transcript):
        value = (exchange.profile or {}).get(name)
        if value is None or (isinstance(value, Special) and value.kind == "undefined"):
            continue
        problem = problem_of(value)
        if problem:
            message = f"{exchange.script} returned {name} that {problem}"
            yield Violation(message, (exchange,), severity, path=name, got=kind_of(value))
        else:
            yield Held((exchange,))


def text_problem(value: Value, problem_of: Callable[[str], str | None]) -> str | None:
    """Return what is wrong with a value that must be text, or None.

    Args:
        value: The value.
        problem_of: Returns what is wrong with the text, or None.
    """
    return problem_of(value) if isinstance(value, str) else f"is {kind_of(value)} instead of text"


def strict_severity(transcript: Transcript) -> Severity:
    """Return the severity of what Auth0 refuses with import mode on.

    Args:
        transcript: What the scripts did, and the settings of their connection.
    """
    return Severity.ERROR if transcript.connection.import_mode else Severity.WARNING
