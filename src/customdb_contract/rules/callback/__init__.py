"""The rules of the group `callback`: every call ends exactly once, in time, and in a way that Auth0 documents."""

from customdb_contract.rules.callback._calling import (
    callback_called_twice,
    callback_not_called,
    callback_too_late,
    error_not_an_error_object,
    error_without_message,
    result_beside_error,
    throws_synchronously,
    uncaught_async_exception,
    wrong_arity,
)
from customdb_contract.rules.callback._container import (
    configuration_written,
    connection_leak,
    context_without_organization,
    unhandled_error_event,
    unhandled_rejection,
    user_data_in_global,
    work_after_callback,
)

__all__ = [
    "callback_called_twice",
    "callback_not_called",
    "callback_too_late",
    "configuration_written",
    "connection_leak",
    "context_without_organization",
    "error_not_an_error_object",
    "error_without_message",
    "result_beside_error",
    "throws_synchronously",
    "uncaught_async_exception",
    "unhandled_error_event",
    "unhandled_rejection",
    "user_data_in_global",
    "work_after_callback",
    "wrong_arity",
]
