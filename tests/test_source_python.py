"""The source of an Action in Python: requests without TLS, and cases that only look like one."""

import functools
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from customdb_contract.checking_actions import check_action
from customdb_contract.findings import Severity
from customdb_contract.source import read_python_action
from customdb_contract.transcript import FactKind, SourceFact

HOST = "legacy.example.com"
MODULE = f"""
import http.client, requests, urllib.request
BASE = "http://{HOST}"
SECURE: str = "https://{HOST}"
UNSET: str
BOTH, OTHER = BASE, BASE
ITSELF = ITSELF = f"{{ITSELF}}"
"""


def hosts(body: str, *, more: str = "", name: str = "restore") -> list[str]:
    text = f"{MODULE}\n{dedent(more)}\nasync def restore(event, api):\n{indent(dedent(body), '    ')}\n"
    facts = read_python_action(text, name=name, file_name="actions.py")
    assert {fact.kind for fact in facts} <= {FactKind.PLAIN_HTTP}
    return [fact.text for fact in facts]


@pytest.mark.parametrize(
    "call",
    [
        f'requests.get("http://{HOST}/users")',
        f'requests.get("HTTP://{HOST}")',
        f'requests.get(url="http://{HOST}?x=1")',
        f'requests.get(f"http://{HOST}/users/{{event.user.user_id}}")',
        'requests.get(f"{BASE}/users/{event.user.user_id}")',
        'requests.get(BASE + "/users")',
        'requests.get(BASE + "/users/" + event.user.user_id)',
        'requests.get("http://legacy.example.com/users/%s" % event.user.user_id)',
        "urllib.request.urlopen(urllib.request.Request(BASE))",
        f'await client.post("http://user@{HOST}:8080/users")',
        f'urlopen("http://{HOST}/")',
        f'http.client.HTTPConnection("{HOST}", 80)',
        f'http.client.HTTPConnection("{HOST}:80")',
    ],
)
def test_a_request_without_tls_names_its_host(call: str) -> None:
    assert hosts(call) == [HOST]


@pytest.mark.parametrize(
    "call",
    [
        f'requests.get("https://{HOST}/users")',
        'requests.get(f"{SECURE}/users")',
        "requests.get(event.secrets['LEGACY_API_URL'])",
        'requests.get(f"http://{event.secrets.host}/users")',
        'requests.get(f"http://legacy{event.secrets.domain}/users")',
        'requests.get("http://legacy%s/users" % event.secrets.domain)',
        'requests.get(f"{BASE!r}/users")',
        'requests.get("http://127.0.0.1:8080/users")',
        'requests.get("http://localhost/users")',
        'requests.get("http://shop.localhost/users")',
        'requests.get("http://[::1/users")',
        'requests.get("http:///users")',
        "requests.get(UNSET)",
        "requests.get(ITSELF)",
        "requests.get(7)",
        'print("http://legacy.example.com/users")',
        'api.id_token.set_custom_claim("http://legacy.example.com/plan", 1)',
        "http.client.HTTPConnection()",
        "http.client.HTTPConnection(host)",
        f'http.client.HTTPSConnection("{HOST}")',
        "(lambda url: url)(BASE)",
        f'NAMESPACE = "http://{HOST}/"',
    ],
)
def test_a_request_that_may_use_tls_is_no_finding(call: str) -> None:
    assert hosts(call) == []


def test_only_module_code_called_by_the_action_is_judged() -> None:
    more = """
    def ask(user_id):
        return again(user_id) or requests.get("http://asked.example.com/")

    def again(user_id):
        return ask(user_id)

    def another_action(event, api):
        requests.get("http://another.example.com/")

    class Restore:
        def __call__(self, event, api):
            requests.get("http://class.example.com/")
    """

    assert hosts("return ask(event.user.user_id)", more=more) == ["asked.example.com"]
    assert hosts("return None", more=more, name="Restore") == ["class.example.com"]
    assert hosts("return None", more=more, name="Nowhere") == []


@pytest.mark.parametrize("text", ["def restore(:", "\0"])
def test_a_text_that_python_does_not_understand_shows_nothing(text: str) -> None:
    assert read_python_action(text, name="restore", file_name="actions.py") == ()


def test_a_place_is_reported() -> None:
    text = 'def restore(event, api):\n    requests.get("http://legacy.example.com/")\n'

    assert read_python_action(text, name="restore", file_name="shop/actions.py") == (
        SourceFact(FactKind.PLAIN_HTTP, HOST, "shop/actions.py:2:5"),
    )


# In a check


def asks_in_the_clear(event: Any, _api: Any) -> None:
    if event.connection.name == "nowhere":
        urlopen("http://legacy.example.com/users")


def urlopen(url: str) -> str:
    return url


class Asks:
    def __call__(self, event: Any, api: Any) -> None:
        asks_in_the_clear(event, api)


@pytest.mark.parametrize("action", [asks_in_the_clear, Asks()])
def test_a_check_reports_it_with_its_place_and_no_other_source_rule(action: object) -> None:
    report = check_action(action, select=["plaintext-transport", "hardcoded-secret", "tls-not-verified"])

    [finding] = report.verdict("plaintext-transport").findings
    assert (finding.message, finding.severity) == (
        "the Action sends a request to legacy.example.com without TLS; use https",
        Severity.ERROR,
    )
    assert finding.location is not None
    assert Path(finding.location.split(":")[0]).name == Path(__file__).name
    for rule in ("hardcoded-secret", "tls-not-verified"):
        assert str(report.verdict(rule).reason).startswith("needs scripts in JavaScript")


@pytest.mark.parametrize("action", [functools.partial(asks_in_the_clear), eval("lambda event, api: None")])
def test_an_action_without_a_readable_source_is_still_checked(action: object) -> None:
    report = check_action(action, select=["plaintext-transport"])

    assert report.verdict("plaintext-transport").findings == ()


def test_an_action_with_a_removed_module_is_still_checked() -> None:
    def asks(event: Any, api: Any) -> None:
        asks_in_the_clear(event, api)

    asks.__module__ = "no.such.module"

    assert check_action(asks, select=["plaintext-transport"]).verdict("plaintext-transport").findings == ()
