"""The value that the process of a Python database reports, as the check records it."""

import json
from collections.abc import Callable

from customdb_contract._runner._reading import encode, encode_error
from customdb_contract.transcript import Value, from_json, mask_value

__all__ = ["told_by_runner", "told_error"]


def told_by_runner(value: object, mask: Callable[[str], str] = str) -> Value:
    return mask_value(from_json(json.loads(encode(value))), mask)


def told_error(error: BaseException) -> Value:
    return mask_value(from_json(json.loads(encode_error(error))), str)
