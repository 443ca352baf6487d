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
from customdb_contract.rules.callback._source import (
    anonymous_function,
    callback_inside_try,
    delete_reads_empty_context,
    no_timeout_on_external_call,
    not_a_single_function,
    script_too_large,
    unavailable_module,
)

__all__ = [
    "anonymous_function",
    "callback_called_twice",
    "callback_inside_try",
    "callback_not_called",
    "callback_too_late",
    "configuration_written",
    "connection_leak",
    "context_without_organization",
    "delete_reads_empty_context",
    "error_not_an_error_object",
    "error_without_message",
    "no_timeout_on_external_call",
    "not_a_single_function",
    "result_beside_error",
    "script_too_large",
    "throws_synchronously",
    "unavailable_module",
    "uncaught_async_exception",
    "unhandled_error_event",
    "unhandled_rejection",
    "user_data_in_global",
    "work_after_callback",
    "wrong_arity",
]
