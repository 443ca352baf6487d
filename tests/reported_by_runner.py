"""The value that the process of a Python database reports, as the check records it."""

import json
from collections.abc import Callable

from customdb_contract._runner._reading import encode, encode_error
from customdb_contract.transcript import Value, from_json, mask_value

__all__ = ["reported_by_runner", "reported_error"]


def reported_by_runner(value: object, mask: Callable[[str], str] = str) -> Value:
    return mask_value(from_json(json.loads(encode(value))), mask)


def reported_error(error: BaseException) -> Value:
    return mask_value(from_json(json.loads(encode_error(error))), str)
