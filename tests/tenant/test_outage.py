"""An unreachable store in the middle of a life: the user's error, the log entries, and the findings of rules."""

import urllib.error
import urllib.request
from types import SimpleNamespace
from typing import Any

import pytest
from typing_extensions import override

from customdb_contract import Connection, Done, Found, NotFound, ProfileResult, ScriptError, judge
from customdb_contract.errors import ConfigurationError, DatabaseOpeningError
from customdb_contract.tenant import LogCode, Tenant
from customdb_contract.transcript import Ending, Situation
from lives import ADA, PASSWORD, Shop
from writing_shop import DOWN, WritingShop, known_customer


def tenant_over(shop: Any, outage: object, *, on: bool = True, **settings: Any) -> Tenant:
    return Tenant(shop, connection=Connection(import_mode=on), outage=outage, **settings)


def test_a_log_in_fails_while_the_store_is_unreachable_and_works_afterwards() -> None:
    with tenant_over(Shop(), WritingShop(is_down=True), users=[known_customer()]) as tenant:
        with tenant.outage():
            refused = tenant.log_in(ADA, PASSWORD)
        entered = tenant.log_in(ADA, PASSWORD)

    assert refused.refusal is not None
    assert (refused.refusal.description, [entry.code for entry in refused.log]) == (DOWN, [LogCode.FAILED_LOGIN])
    assert entered.succeeded
    assert [exchange.situation for exchange in tenant.transcript.exchanges] == [
        Situation.OUTAGE,
        Situation.KNOWN_USER,
    ]
    assert [exchange.ending for exchange in tenant.transcript.exchanges] == [Ending.FAILED, Ending.FOUND]
    assert judge(tenant.transcript).failures == ()


def test_a_migrated_user_logs_in_during_an_outage() -> None:
    with tenant_over(Shop(), WritingShop(is_down=True)) as tenant:
        tenant.log_in(ADA, PASSWORD)
        with tenant.outage():
            assert tenant.log_in(ADA, PASSWORD).succeeded


def test_an_outage_of_a_tenant_is_judged_by_the_rules_about_outages() -> None:
    class Forgetful(WritingShop):
        @override
        def get_user(self, identifier: Any) -> Any:
            return NotFound()

    with tenant_over(Shop(), Forgetful(is_down=True)) as tenant, tenant.outage():
        outcome = tenant.sign_up(ADA, "Punched cards 9")

    assert outcome.succeeded
    assert [verdict.rule.name for verdict in judge(tenant.transcript).failures] == ["outage-as-not-found"]


def test_a_write_during_an_outage_leaves_nothing_certain() -> None:
    with tenant_over(Shop(is_empty=True), WritingShop(is_down=True), on=False) as tenant:
        created = tenant.sign_up(ADA, PASSWORD).user
        assert created is not None
        with tenant.outage():
            assert not tenant.delete_user(created.user_id).succeeded
        assert tenant.log_in(ADA, PASSWORD).succeeded

    assert judge(tenant.transcript).failures == ()


def test_a_script_that_the_outage_database_lacks_is_not_called() -> None:
    with tenant_over(Shop(), SimpleNamespace(get_user=Shop().get_user)) as tenant, tenant.outage():
        outcome = tenant.log_in(ADA, PASSWORD)

    assert outcome.refusal is not None
    assert outcome.refusal.description == "the outage database has no script login"
    assert outcome.calls == ()


def test_without_an_outage_database_there_is_no_outage() -> None:
    with tenant_over(Shop(), None) as tenant, pytest.raises(ConfigurationError) as raised, tenant.outage():
        pass

    assert (
        str(raised.value) == "the connection custom-database has no outage database: give the tenant one with outage="
    )


def test_a_second_connection_has_an_outage_of_its_own() -> None:
    with tenant_over(Shop(), WritingShop(is_down=True)) as tenant:
        tenant.add_connection(Shop(is_empty=True), Connection(name="second"), outage=WritingShop(is_down=True))
        with tenant.outage("second"):
            assert not tenant.sign_up("new@example.com", PASSWORD, connection="second").succeeded
            assert tenant.log_in(ADA, PASSWORD, connection="custom-database").succeeded


def test_late_events_of_an_outage_database_are_recorded() -> None:
    class Twice:
        def get_user(self, identifier: Any, callback: Any) -> None:
            callback(LookupError("down"))
            callback(LookupError("down"))

        def login(self, identifier: Any, password: Any) -> Any:
            return Done()

    with tenant_over(Shop(), Twice()) as tenant, tenant.outage():
        tenant.sign_up(ADA, PASSWORD)

    assert "callback-called-twice" in [verdict.rule.name for verdict in judge(tenant.transcript).failures]


@pytest.mark.parametrize(("outage", "error"), [(object(), ConfigurationError), (lambda: 1 / 0, DatabaseOpeningError)])
def test_an_outage_database_that_cannot_be_opened_is_an_error(outage: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        tenant_over(Shop(), outage)


class RemoteShop:
    """A database behind an interface whose address it receives."""

    def __init__(self, url: str) -> None:
        self.url = url

    def login(self, identifier: str, password: str) -> ProfileResult:
        return self.get_user(identifier)

    def get_user(self, identifier: str) -> ProfileResult:
        try:
            with urllib.request.urlopen(self.url, timeout=5):
                return Found({"user_id": "7", "email": identifier})
        except urllib.error.HTTPError as error:
            message = f"status {error.code}"
            raise ScriptError(message) from None


def test_a_store_can_be_unreachable_in_a_chosen_way() -> None:
    with tenant_over(Shop(), RemoteShop) as tenant, tenant.outage(way=Situation.STATUS_503) as way:
        outcome = tenant.log_in(ADA, PASSWORD)

    assert outcome.refusal is not None
    assert outcome.refusal.description == "status 503"
    assert [exchange.situation for exchange in tenant.transcript.exchanges] == [Situation.STATUS_503] == [way]


def test_a_store_has_only_the_outages_that_its_database_makes_possible() -> None:
    with (
        tenant_over(Shop(), WritingShop(is_down=True)) as tenant,
        pytest.raises(ConfigurationError) as raised,
        tenant.outage(way=Situation.STATUS_503),
    ):
        pass

    assert str(raised.value) == "the store cannot be unreachable by 'outage: 503'; choose from outage"
