"""The bridge to an Action in Python: a function `(event, api)`."""

import inspect
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from attrs import field, frozen
from typing_extensions import override

from customdb_contract._runner._opening import entered
from customdb_contract.actions import ActionCache, PostLoginApi, PostLoginEvent, SeenCall
from customdb_contract.bridges.acting import ActionBridge, Performed
from customdb_contract.bridges.placeholders import LEGACY_URL, fill
from customdb_contract.bridges.python._hosting import Host
from customdb_contract.bridges.python._location import location_of_function
from customdb_contract.bridges.python._signatures import shown_signature, signature_of
from customdb_contract.bridges.python._threads import has_busy_threads
from customdb_contract.bridges.python._watching import Watched
from customdb_contract.errors import ConfigurationError
from customdb_contract.secrets import Secret, SecretKind, SecretRef, SecretRegistry
from customdb_contract.source import read_python_action
from customdb_contract.transcript import ActionInfo, Ending, Handler, Mask, Noticed, Observation, SourceFact, record

if TYPE_CHECKING:
    from customdb_contract.bridges.python._worker import Worker
    from customdb_contract.faults import LegacyAddress

__all__ = ["PythonAction", "PythonActionBridge"]

_CONTINUE: Final = "on_continue_post_login"
_LATE_SECONDS: Final = 0.3
_STEP_SECONDS: Final = 0.005
_STOPPING_SECONDS: Final = 2.0
_NO_SECRETS: Final[Mapping[str, str | Secret]] = {}


@frozen
class PythonAction:
    """A post-login Action in Python, with its secrets.

    Args:
        action: A function `(event, api)`, sync or async, or a function or class without arguments that returns one. Its
            result can also be awaitable, or a context manager. After a redirect, an Action with a method
            `on_continue_post_login` continues with that.
        secrets: The Action's `event.secrets`. A value can be a `Secret`, and `{legacy_url}` in it stands for the
            address of the stand-in for the legacy system.
        name: Its name; None stands for that of the function or class.
    """

    action: object
    secrets: Mapping[str, str | Secret] = field(default=_NO_SECRETS, kw_only=True, repr=False)
    name: str | None = field(default=None, kw_only=True)

    def open_action(self, *, mask: SecretRegistry, legacy: "LegacyAddress | None" = None) -> ActionBridge:
        """Open the bridge.

        Args:
            mask: The known secrets; those of the Action are added.
            legacy: The stand-in for the legacy system, or None.

        Raises:
            ConfigurationError: When it cannot be called.
            DatabaseOpeningError: When a function that creates the Action raises, or takes too long.
        """
        if not callable(self.action):
            message = (
                f"an Action must be a function (event, api), or a function that returns one, got {self.action!r:.80}"
            )
            raise ConfigurationError(message)
        for name, value in self.secrets.items():
            if isinstance(value, Secret):
                mask.add(value, SecretRef(SecretKind.CONFIGURATION, name))
        addresses = {} if legacy is None else {LEGACY_URL: legacy.url}
        secrets = {name: _text_of(fill(value, addresses)) for name, value in self.secrets.items()}
        return PythonActionBridge(self.action, self.name or _name_of(self.action), secrets, mask=mask)


class PythonActionBridge(ActionBridge):
    """An Action in Python, with its own thread and its own event loop.

    A function that creates the Action is called on that thread, and again for `renew`, and after a run that timed out.
    A function that is the Action itself cannot be loaded again: only its cache is emptied.

    Args:
        action: The Action, or a function that creates it.
        name: Its name.
        secrets: The Action's `event.secrets`.
        mask: The known secrets.
        opening_timeout: Seconds that creating or closing the Action may take.

    Raises:
        DatabaseOpeningError: When a function that creates the Action raises, or takes too long.
    """

    def __init__(
        self,
        action: Callable[..., object],
        name: str,
        secrets: Mapping[str, str],
        *,
        mask: SecretRegistry,
        opening_timeout: float = 60.0,
    ) -> None:
        self._source = action
        self._name = name
        self._secrets = dict(secrets)
        self._mask = mask.mask
        self._is_made_here = _makes_one(action)
        self._action: object = action
        self._cache = ActionCache()
        self._host = Host(
            f"the Action {name}",
            self._make,
            is_made_anew=self._is_made_here,
            mask=self._mask,
            opening_timeout=opening_timeout,
        )

    @property
    @override
    def info(self) -> ActionInfo:
        action = self._action
        location = location_of_function(action) if callable(action) else None
        # Only requests without TLS are searched for, so a source without any counts as unread.
        shown = () if location is None else _plain_requests(action, location)
        return ActionInfo(
            name=self._name,
            problem=_problem(action, self._mask),
            location=location,
            handlers=tuple(handler for handler in Handler if _handler_of(action, handler) is not None),
            source=shown or None,
        )

    @override
    def perform(self, handler: Handler, event: Mapping[str, object], *, seconds: float) -> Performed:
        worker = self._host.worker
        typed = PostLoginEvent.from_json({**event, "secrets": self._secrets})
        run = _Run(self._mask)
        api = PostLoginApi(typed, run.note, self._cache)
        with self._host.watching(run):
            try:
                in_time = self._host.run(
                    worker, partial(run.run, worker, _handler_of(self._action, handler), typed, api), seconds
                )
                # What is left is not waited for, but the outcome must mention it.
                if in_time and run.goes_on:
                    in_time = self._host.run(worker, partial(run.wait_for_rest, worker), _STOPPING_SECONDS)
            finally:
                performed = run.close()
            if not in_time:
                self._host.stop(worker)
        return performed

    @override
    def renew(self) -> None:
        self._cache = ActionCache()
        if self._is_made_here:
            self._host.renew()

    @override
    def close(self) -> None:
        self._host.close()

    def _make(self, worker: "Worker") -> None:
        if self._is_made_here:
            self._action, close = entered(cast("Any", self._source)(), lambda: worker)
            worker.on_end.callback(close)


class _Run(Watched):
    """One run of a handler."""

    def __init__(self, mask: Mask) -> None:
        super().__init__(mask)
        self._calls: list[SeenCall] = []
        self.goes_on = True

    def note(self, path: str, arguments: tuple[object, ...]) -> None:
        recorded = tuple(record(argument, self._mask) for argument in arguments)
        with self._lock:
            if not self._is_closed:
                self._calls.append(SeenCall(path, recorded, late=self._ending is not None))

    def run(self, worker: "Worker", action: object, event: PostLoginEvent, api: PostLoginApi) -> None:
        with self.entered():
            try:
                returned = cast("Any", action)(event, api)
                if inspect.isawaitable(returned):
                    worker.complete(self._awaited(returned))
                self._end(Ending.DONE)
            except BaseException as error:  # noqa: BLE001 - also SystemExit is an ending of an Action
                self._raise(error)
        self.goes_on = self._is_under_way(worker)

    async def _awaited(self, returned: Awaitable[object]) -> None:
        await returned
        # Tasks go on before the loop stops: whatever they do is already late.
        self._end(Ending.DONE)

    def wait_for_rest(self, worker: "Worker") -> None:
        """Wait a moment for the remaining tasks and threads; this runs on the worker's thread."""
        until = time.perf_counter() + _LATE_SECONDS
        while self._is_under_way(worker):
            if time.perf_counter() > until:
                break
            worker.pause(_STEP_SECONDS)
        # A thread can be idle for good: only a task is certain to go on.
        self.goes_on = bool(worker.pending_tasks)

    def _is_under_way(self, worker: "Worker") -> bool:
        return bool(worker.pending_tasks) or has_busy_threads(self.raised_elsewhere)

    def close(self) -> Performed:
        """Return what was observed so far; anything later is lost."""
        still = Observation(Noticed.STILL_RUNNING, f"{_LATE_SECONDS:g} s")
        with self._lock:
            goes_on = self.goes_on and self._ending is Ending.DONE
            return Performed(self._outcome(observations=(still,) if goes_on else ()), tuple(self._calls))


def _plain_requests(action: object, location: str) -> tuple[SourceFact, ...]:
    """Return the facts that the source of an Action shows; none if it is not available."""
    defined = action if inspect.isfunction(action) else type(action)
    try:
        text = inspect.getsource(sys.modules[defined.__module__])
    except (OSError, TypeError, LookupError):
        return ()
    name = defined.__qualname__.partition(".")[0]
    return read_python_action(text, name=name, file_name=location.rpartition(":")[0])


def _text_of(setting: object) -> str:
    return setting.reveal() if isinstance(setting, Secret) else str(setting)


def _name_of(action: object) -> str:
    name = getattr(action, "__name__", None)
    return name if isinstance(name, str) else type(action).__name__


def _problem(action: object, mask: Mask) -> str | None:
    """Return why an Action cannot be run, or None."""
    if not callable(action):
        return f"the Action must be a function (event, api), got a value of the type {mask(type(action).__name__)}"
    signature = signature_of(action)
    if signature is None or _fits(signature, 2):
        return None
    return f"the Action takes {mask(shown_signature(signature))} but is called as action(event, api)"


def _handler_of(action: object, handler: Handler) -> object:
    """Return the function of an Action that is one of its handlers; None if its class has no such method."""
    if handler is Handler.EXECUTE:
        return action
    return getattr(action, _CONTINUE) if callable(getattr(type(action), _CONTINUE, None)) else None


def _makes_one(action: Callable[..., object]) -> bool:
    signature = signature_of(action)
    return signature is not None and not _fits(signature, 2) and _fits(signature, 0)


def _fits(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return False
    return True
