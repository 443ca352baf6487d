"""The recorder: collects the records of one check while it runs."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar, cast

from attrs import evolve

from customdb_contract.contract import Script
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript._actions import (
    ActionRun,
    ApiCall,
    LegacyAnswer,
    LegacyRequest,
    LegacyState,
    RunSituation,
)
from customdb_contract.transcript._arguments import as_recorded, fields_as_recorded
from customdb_contract.transcript._exchange import Escape, Exchange, Mark, Observation, Outcome, Situation
from customdb_contract.transcript._header import (
    UNKNOWN,
    ActionInfo,
    Handler,
    Header,
    Person,
    ScriptInfo,
    SourceFact,
    StopKind,
    StopReason,
)
from customdb_contract.transcript._masking import hide_headers, hide_named
from customdb_contract.transcript._records import (
    Actor,
    LogEntry,
    Operation,
    Record,
    Response,
    Store,
    StoreWrite,
)
from customdb_contract.transcript._shortening import MOST_OF_A_CALL, shortened, shortened_record
from customdb_contract.transcript._transcript import Transcript
from customdb_contract.transcript._values import RecordedError, Value

__all__ = ["Recorder"]

_Record = TypeVar("_Record", bound=Record)


class Recorder:
    """Collects what happens in a check, and returns a transcript of it at any time.

    One thread records; any other thread can add late events.

    Args:
        header: The truth that the check was given.
        registry: The known secrets. Outcomes arrive with these masked; here, values with the name of a secret follow,
            and the few texts from elsewhere. None stands for no secrets.
    """

    def __init__(self, header: Header, registry: SecretRegistry | None = None) -> None:
        self._header = header
        self._registry = registry or SecretRegistry()
        self._records: list[Record] = []
        self._lock = threading.Lock()

    @property
    def labels(self) -> Collection[str]:
        """The labels of the users known so far."""
        with self._lock:
            return [person.label for person in self._header.people]

    def know_scripts(self, scripts: Mapping[Script, ScriptInfo]) -> None:
        """Record which scripts the database has.

        Args:
            scripts: The scripts, and what is known about each without calling it.
        """
        with self._lock:
            infos = {script: self._masked_info(info) for script, info in scripts.items()}
            self._header = evolve(self._header, scripts=infos)

    def know_new_people(self, people: Sequence[Person]) -> None:
        """Record users that the check is going to create.

        Args:
            people: The users, with unused labels.
        """
        with self._lock:
            self._header = evolve(self._header, people=(*self._header.people, *people))

    def leave_behind(self, identifier: str) -> None:
        """Register a user who is about to be created; the user counts as left behind until removed.

        Args:
            identifier: The identifier by which you can find the user.
        """
        with self._lock:
            left = dict.fromkeys((*self._header.left_behind, identifier))
            self._header = evolve(self._header, left_behind=tuple(left))

    def removed(self, identifier: str) -> None:
        """Record that a created user no longer exists.

        Args:
            identifier: The identifier that was registered.
        """
        with self._lock:
            left = tuple(name for name in self._header.left_behind if name != identifier)
            self._header = evolve(self._header, left_behind=left)

    def record(
        self,
        script: Script,
        arguments: Sequence[object],
        *,
        person: str,
        situation: Situation,
        outcome: Outcome,
        caused_by: Operation | None = None,
    ) -> Exchange:
        """Add a call to the transcript.

        Args:
            script: The script that was called.
            arguments: Its arguments; secrets are `Secret` objects.
            person: The label of the user that the identifier stands for, or `unknown`.
            situation: What the call tried.
            outcome: The result. A very long one is shortened.
            caused_by: The operation that caused the call, or None.

        Returns:
            The exchange, with its number.
        """
        masked = shortened(self._masked_outcome(outcome))
        given = as_recorded(arguments, self._registry)
        cause = _number(caused_by)
        return self._add(lambda number: Exchange(number, script, given, person, situation, masked, caused_by=cause))

    def begin(
        self, name: str, arguments: Mapping[str, object], *, actor: Actor, connection: str, person: str = UNKNOWN
    ) -> Operation:
        """Add an operation that is about to begin to the transcript.

        Args:
            name: The operation, for example `log_in`.
            arguments: Its arguments by name; secrets are `Secret` objects.
            actor: Who does it.
            connection: The name of the connection.
            person: The label of the user that it is about, or `unknown`.

        Returns:
            The operation, which can cause other records; `end` sets its response.
        """
        given = fields_as_recorded(arguments, self._registry)
        masked = self._registry.mask(connection)
        return self._add(
            lambda number: shortened_record(Operation(number, name, actor, person, masked, given), MOST_OF_A_CALL)
        )

    def end(self, operation: Operation, response: Response) -> Operation:
        """Record the response of an operation.

        Args:
            operation: The operation.
            response: The response that the actor sees.

        Returns:
            The operation as it is now.
        """
        mask = self._registry.mask
        (shown,) = as_recorded((response.shown,), self._registry)
        masked = Response(response.succeeded, mask(response.message), shown, response.interrupted)
        ended = shortened_record(operation.ended(masked), MOST_OF_A_CALL)
        with self._lock:
            self._records[operation.number - 1] = ended
        return ended

    def write(
        self, store: Store, user_id: str, attributes: Mapping[str, object] | None, *, caused_by: Operation | None = None
    ) -> StoreWrite:
        """Add a write to one of Auth0's stores to the transcript.

        Args:
            store: The store.
            user_id: The key of the user.
            attributes: The written attributes; secrets are `Secret` objects. None if the user is removed.
            caused_by: The operation that caused it, or None.
        """
        written = None if attributes is None else fields_as_recorded(attributes, self._registry)
        key, cause = self._registry.mask(user_id), _number(caused_by)
        return self._add(
            lambda number: shortened_record(StoreWrite(number, store, key, written, cause), MOST_OF_A_CALL)
        )

    def know_action(self, info: ActionInfo) -> None:
        """Record which Action is checked.

        Args:
            info: What is known about it without running it.
        """
        mask = self._registry.mask
        masked = evolve(
            info,
            name=mask(info.name),
            problem=None if info.problem is None else mask(info.problem),
            source=self._masked_facts(info.source),
        )
        with self._lock:
            self._header = evolve(self._header, action=masked)

    def run(
        self,
        action: str,
        event: Mapping[str, object],
        outcome: Outcome,
        *,
        handler: Handler = Handler.EXECUTE,
        person: str = UNKNOWN,
        situation: RunSituation,
        legacy: LegacyState | None = None,
        follows: ActionRun | None = None,
        caused_by: Operation | None = None,
    ) -> ActionRun:
        """Add a run of an Action to the transcript; its actions follow, by `api_call` and `request`.

        Args:
            action: The name of the Action.
            event: Its event, without `secrets`; secrets are `Secret` objects.
            outcome: How it ended. A very long outcome is shortened.
            handler: The function that ran.
            person: The label of the user who logs in, or `unknown`.
            situation: Who logs in, and how.
            legacy: How the legacy system responds meanwhile; None if that is not under control.
            follows: The run whose writes the user has, or None.
            caused_by: The operation that caused it, or None.

        Returns:
            The run, with its number.
        """
        name, given, cause = self._registry.mask(action), fields_as_recorded(event, self._registry), _number(caused_by)
        masked, before = shortened(self._masked_outcome(outcome)), _number(follows)
        return self._add(
            lambda number: shortened_record(
                ActionRun(number, name, handler, person, situation, given, masked, legacy, before, cause),
                MOST_OF_A_CALL,
            )
        )

    def api_call(
        self, path: str, arguments: Sequence[Value], *, late: bool = False, caused_by: ActionRun | None = None
    ) -> ApiCall:
        """Add a call of `api` to the transcript.

        Args:
            path: Auth0's name of the call.
            arguments: Its arguments, as recorded values.
            late: Whether the call came after the handler's promise was resolved.
            caused_by: The run that made it, or None.
        """
        hidden, cause = self._hidden(arguments), _number(caused_by)
        return self._add(lambda number: shortened_record(ApiCall(number, path, hidden, late, cause), MOST_OF_A_CALL))

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: object = None,
        answer: LegacyAnswer | None = None,
        late: bool = False,
        caused_by: ActionRun | None = None,
    ) -> LegacyRequest:
        """Add a request that the stand-in for the legacy system received to the transcript.

        Args:
            method: The method, in capitals.
            url: The URL as the Action named it.
            headers: The headers, names in lower case.
            body: The body: what `json.loads` returned if it is JSON, otherwise its text; None if there was none.
            answer: The response, or None if there was none.
            late: Whether it came after the handler's promise was resolved.
            caused_by: The run that sent it, or None.
        """
        named, said, cause = self._registry.mask(url), hide_headers(headers, self._registry), _number(caused_by)
        sent, answered = as_recorded((body, None if answer is None else answer.body), self._registry)
        told = None if answer is None else evolve(answer, body=answered)
        return self._add(
            lambda number: shortened_record(
                LegacyRequest(number, method, named, said, sent, told, late, cause), MOST_OF_A_CALL
            )
        )

    def log(
        self,
        code: str,
        description: str = "",
        *,
        user_id: str | None = None,
        connection: str | None = None,
        inferred: bool = False,
        caused_by: Operation | None = None,
    ) -> LogEntry:
        """Add an entry of the tenant log to the transcript.

        Args:
            code: Auth0's code for what happened.
            description: The text of the entry.
            user_id: The key of the user that it names, or None.
            connection: The name of the connection that it names, or None.
            inferred: Whether Auth0 does not document this entry for what happened.
            caused_by: The operation that caused it, or None.
        """
        mask, cause = self._registry.mask, _number(caused_by)
        text, key = mask(description), None if user_id is None else mask(user_id)
        named = None if connection is None else mask(connection)
        return self._add(
            lambda number: shortened_record(LogEntry(number, code, text, key, named, inferred, cause), MOST_OF_A_CALL)
        )

    def _add(self, make: Callable[[int], _Record]) -> _Record:
        with self._lock:
            record = make(len(self._records) + 1)
            self._records.append(record)
        return record

    def _exchange(self, number: int) -> Exchange:
        return cast("Exchange", self._records[number - 1])

    def mark(self, number: int, mark: Mark) -> None:
        """Exclude an exchange from the rules.

        Args:
            number: The exchange's number.
            mark: Why.
        """
        with self._lock:
            exchange = self._exchange(number)
            self._records[number - 1] = evolve(exchange, marks=exchange.marks | {mark})

    def amend(
        self,
        number: int,
        arguments: Sequence[Value] | None = None,
        *,
        raised: RecordedError | None = None,
        escape: Escape = Escape.LATER,
        observation: Observation | None = None,
        output: str = "",
    ) -> Exchange:
        """Add what a script did after its outcome was recorded to its exchange.

        Args:
            number: The exchange's number.
            arguments: The arguments of the callback, or None if it was not called.
            raised: The exception that was raised in a task or a thread, or None. The first of several stays.
            escape: How it left the script.
            observation: What else was noticed, or None.
            output: What else it wrote.

        Returns:
            The exchange as it is now.
        """
        with self._lock:
            exchange = self._exchange(number)
            outcome = exchange.outcome
            if arguments is not None:
                outcome = evolve(outcome, callbacks=(*outcome.callbacks, self._hidden(arguments)))
            if raised is not None and outcome.raised is None:
                outcome = evolve(outcome, raised=raised, escape=escape)
            if observation is not None:
                outcome = evolve(outcome, observations=(*outcome.observations, self._masked(observation)))
            if output:
                outcome = evolve(outcome, output=outcome.output + output)
            amended = self._records[number - 1] = evolve(exchange, outcome=shortened(outcome))
            return amended

    def stop(self, reason: StopReason) -> None:
        """Record why the check ended before everything was checked.

        Args:
            reason: The reason. The first of several stays, except that an interruption is always recorded.
        """
        with self._lock:
            stays = self._header.stop_reason is not None and reason.kind is not StopKind.INTERRUPTED
            told = evolve(reason, message=self._registry.mask(reason.message))
            self._header = evolve(self._header, stop_reason=self._header.stop_reason if stays else told)

    def stop_also(self, reason: StopReason) -> None:
        """Record why the check of something else ended early, too: both reasons are kept, and the worse kind counts.

        Args:
            reason: The reason.
        """
        with self._lock:
            before = self._header.stop_reason
        if before is None:
            self.stop(reason)
            return
        kinds = {before.kind, reason.kind}
        kind = StopKind.SET_UP if StopKind.SET_UP in kinds else before.kind
        told = StopReason(kind, f"{before.message}; {self._registry.mask(reason.message)}")
        with self._lock:
            self._header = evolve(self._header, stop_reason=told)

    def transcript(self) -> Transcript:
        """Return what was recorded so far; later records do not change it."""
        with self._lock:
            return Transcript(self._header, tuple(self._records))

    def _hidden(self, arguments: Sequence[Value]) -> tuple[Value, ...]:
        return tuple(hide_named(argument, self._registry) for argument in arguments)

    def _masked_outcome(self, outcome: Outcome) -> Outcome:
        callbacks = tuple(map(self._hidden, outcome.callbacks))
        if callbacks == outcome.callbacks and not outcome.observations:
            return outcome
        return evolve(outcome, callbacks=callbacks, observations=tuple(map(self._masked, outcome.observations)))

    def _masked(self, observation: Observation) -> Observation:
        return evolve(observation, text=self._registry.mask(observation.text))

    def _masked_info(self, info: ScriptInfo) -> ScriptInfo:
        mask = self._registry.mask
        return evolve(
            info,
            signature=mask(info.signature),
            problem=None if info.problem is None else mask(info.problem),
            source=self._masked_facts(info.source),
        )

    def _masked_facts(self, source: Sequence[SourceFact] | None) -> tuple[SourceFact, ...] | None:
        mask = self._registry.mask
        return None if source is None else tuple(evolve(fact, text=mask(fact.text)) for fact in source)


def _number(cause: Operation | ActionRun | None) -> int | None:
    return None if cause is None else cause.number
