"""Unknown ids look like those of the store."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customdb_contract.probes._unknown_ids import unknown_id_like

pytestmark = pytest.mark.one_python

_HEXADECIMAL = st.text("0123456789abcdef", min_size=12, max_size=40)


@given(st.uuids())
def test_another_uuid_is_made_of_a_uuid(model: uuid.UUID) -> None:
    made = unknown_id_like(str(model))

    assert made is not None
    assert made != str(model)
    assert len(str(uuid.UUID(made))) == len(made)


@given(_HEXADECIMAL)
def test_a_random_id_keeps_its_length_and_its_letters(model: str) -> None:
    made = unknown_id_like(model)

    assert made is not None
    assert len(made) == len(model)
    assert int(made, 16) >= 0


@given(st.sampled_from(["", "shop-", "u"]), st.integers(0, 9_999_999))
def test_a_number_that_is_counted_up_is_far_away(prefix: str, model: int) -> None:
    made = unknown_id_like(f"{prefix}{model}")

    assert made is not None
    assert made.startswith(prefix)
    assert 2_147_000_000 <= int(made.removeprefix(prefix)) < 2**31


@pytest.mark.parametrize("model", ["", "ada", "shop-a7b", "4294967296"])
def test_no_other_id_is_derived_from_an_opaque_id(model: str) -> None:
    assert unknown_id_like(model) is None
