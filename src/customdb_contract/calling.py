"""Calls the scripts of a database and records each call; whatever a script does later is added to its record."""

from collections.abc import Mapping

from attrs import frozen

from customdb_contract.bridges import Bridge
from customdb_contract.contract import Script
from customdb_contract.interrupts import current_interrupts
from customdb_contract.transcript import Exchange, Operation, Outcome, Recorder, ScriptInfo, Situation, revealed

__all__ = ["Caller", "PlannedCall"]


@frozen
class PlannedCall:
    """A planned call.

    Args:
        script: The script.
        arguments: The arguments; secrets are `Secret` objects.
        person: The label of the person that the identifier stands for, or `unknown`.
        situation: What the call tries.
    """

    script: Script
    arguments: tuple[object, ...]
    person: str
    situation: Situation


class Caller:
    """Calls the scripts of one database and records what they do.

    Args:
        bridge: What runs the scripts. All of its calls must be made here, because late events only refer to call
            numbers.
        recorder: Where the calls are recorded.
    """

    def __init__(self, bridge: Bridge, recorder: Recorder) -> None:
        self._bridge = bridge
        self._recorder = recorder
        self._interrupts = current_interrupts()
        self._numbers: list[int | None] = []

    @property
    def scripts(self) -> Mapping[Script, ScriptInfo]:
        """The scripts that the database has."""
        return self._bridge.scripts

    @property
    def callback_can_throw(self) -> bool:
        """Whether a call can be given a callback that raises."""
        return self._bridge.callback_can_throw

    def call(
        self,
        planned: PlannedCall,
        *,
        context: Mapping[str, object] | None = None,
        throwing: bool = False,
        caused_by: Operation | None = None,
    ) -> Exchange:
        """Make a call and record it.

        Args:
            planned: The call.
            context: The extra argument, if the connection has it; None stands for an empty one.
            throwing: Whether the callback raises after it was called, if the bridge supports that.
            caused_by: The operation on the tenant that causes the call, or None.

        Raises:
            DatabaseOpeningError: When an earlier call timed out and the database could not be opened again.
        """
        return self._record(planned, self._make(planned, context, throwing=throwing), caused_by)

    def call_at_once(self, other: "Caller", planned: PlannedCall) -> tuple[Exchange, Exchange]:
        """Make a call twice at the same time, here and through another caller, and record both calls.

        Args:
            other: A caller for the same database, opened a second time.
            planned: The call.
        """
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only a check that creates twice needs it

        with ThreadPoolExecutor() as pool:
            mine = pool.submit(self._make, planned)
            others = pool.submit(other._make, planned)
        return self._record(planned, mine.result()), other._record(planned, others.result())  # noqa: SLF001 - see above

    def ask(self, script: Script, *arguments: object, context: Mapping[str, object] | None = None) -> Outcome:
        """Make a call that the transcript leaves out.

        Args:
            script: The script.
            arguments: The arguments; secrets are `Secret` objects.
            context: As for `call`.

        Raises:
            DatabaseOpeningError: When an earlier call timed out and the database could not be opened again.
        """
        outcome = self._bridge.call(script, revealed(arguments), context=context)
        self._numbers.append(None)
        return outcome

    def collect_late_events(self) -> None:
        """Add what calls did after they had ended to their records; call this before the bridge is closed.

        Raises:
            KeyboardInterrupt: When an interrupt is pending, because the script might still block the database.
        """
        self._interrupts.raise_if_pending()
        for event in self._bridge.late_events():
            number = self._numbers[event.call]
            if number is not None:
                self._recorder.amend(
                    number,
                    event.arguments,
                    raised=event.raised,
                    escape=event.escape,
                    observation=event.observation,
                    output=event.output,
                )

    def _make(
        self, planned: PlannedCall, context: Mapping[str, object] | None = None, *, throwing: bool = False
    ) -> Outcome:
        return self._bridge.call(planned.script, revealed(planned.arguments), context=context, throwing=throwing)

    def _record(self, planned: PlannedCall, outcome: Outcome, caused_by: Operation | None = None) -> Exchange:
        exchange = self._recorder.record(
            planned.script,
            planned.arguments,
            person=planned.person,
            situation=planned.situation,
            outcome=outcome,
            caused_by=caused_by,
        )
        self._numbers.append(exchange.number)
        return exchange
