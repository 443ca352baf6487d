"""Whether a call that ended badly counts as a breach, and with which severity."""

from collections.abc import Iterator

from customdb_contract.contract import Script
from customdb_contract.findings import Severity
from customdb_contract.rules._runs import is_missing_module
from customdb_contract.transcript import Exchange, Situation, Transcript

__all__ = ["could_be_asked", "observed_calls", "severity_of"]


def could_be_asked(exchange: Exchange) -> bool:
    """Tell whether Auth0 could make this call: UTF-8 can encode the identifier, and the callback and all modules work.

    Args:
        exchange: The call.
    """
    # An exception of the callback is not the script's.
    if exchange.situation is Situation.CALLBACK_THROWS:
        return False
    # Auth0 passes delete only ids that the scripts returned, so an exception for a hostile one does not matter.
    if exchange.script is Script.DELETE and exchange.situation.family == "hostile":
        return False
    raised = exchange.outcome.raised
    if raised is not None and is_missing_module(raised):
        return False
    texts = (argument for argument in exchange.arguments if isinstance(argument, str))
    return not any("\ud800" <= character <= "\udfff" for text in texts for character in text)


def severity_of(exchange: Exchange) -> Severity | None:
    """Return the severity of an undocumented ending: a warning if the identifier was hostile.

    Args:
        exchange: The call.
    """
    return Severity.WARNING if exchange.situation.family == "hostile" else None


def observed_calls(transcript: Transcript) -> Iterator[Exchange]:
    """Return the calls of scripts whose other activities are recorded too, beside the callback.

    Args:
        transcript: What the scripts did.
    """
    scripts = {script for script, info in transcript.header.scripts.items() if info.observed}
    return (exchange for exchange in transcript.judged if exchange.script in scripts)
