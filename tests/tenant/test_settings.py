"""Knobs and interruptions: invalid values, and repeatable randomness."""

from typing import Any

import pytest

from customdb_contract.errors import ConfigurationError
from customdb_contract.tenant import InterruptionPoint, Knobs, NullLogin, ReloginMetadata, interrupt_randomly


def test_the_defaults_of_the_knobs() -> None:
    assert Knobs() == Knobs(
        import_login_calls_get_user=False,
        import_reset_calls_change_password=True,
        verify_result_updates_profile=False,
        change_email_get_user_twice=True,
        off_first_login_creates_record=True,
        off_metadata_on_relogin=ReloginMetadata.REPLACE_KEY,
        on_wrong_pwd_migrated_falls_back=False,
        login_null_result=NullLogin.UNKNOWN_USER,
        stale_user_id_in_reset_link=True,
    )


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        (
            {"import_login_calls_get_user": "yes"},
            "Knobs: import_login_calls_get_user must be True or False, got 'yes'",
        ),
        (
            {"off_metadata_on_relogin": "keep"},
            "Knobs: off_metadata_on_relogin must be one of replace_key, merge, first_login_only, got 'keep'",
        ),
        ({"login_null_result": 7}, "Knobs: login_null_result must be one of unknown_user, failure, got 7"),
    ],
)
def test_a_knob_refuses_unknown_values(knobs: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Knobs(**knobs)
    assert str(caught.value) == message


def test_the_same_seed_interrupts_the_same() -> None:
    def drawn(seed: int) -> list[bool]:
        interruptions = interrupt_randomly(0.5, seed=seed)
        return [interruptions(InterruptionPoint.BEFORE_METADATA) for _ in range(50)]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert {True, False} == set(drawn(1))


@pytest.mark.parametrize(("probability", "expected"), [(0, False), (1, True)])
def test_certain_chances(probability: float, expected: bool) -> None:
    interruptions = interrupt_randomly(probability, seed=1)
    assert all(interruptions(point) is expected for point in InterruptionPoint for _ in range(20))


@pytest.mark.parametrize("probability", [-0.1, 1.1, float("nan")])
def test_no_probability(probability: float) -> None:
    with pytest.raises(ConfigurationError) as caught:
        interrupt_randomly(probability, seed=1)
    assert str(caught.value) == (
        f"the probability of an interruption must be a number from 0 to 1, got {probability!r}"
    )
