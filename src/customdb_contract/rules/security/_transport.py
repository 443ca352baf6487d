"""The rule about credentials on their way to the store."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from customdb_contract._pages import LOGIN_TEMPLATE
from customdb_contract.findings import Group, Held, Need, Severity, Violation
from customdb_contract.rules._facts import untried
from customdb_contract.rules._rule import Comparison, rule
from customdb_contract.rules._secrets import is_typed_password
from customdb_contract.secrets import TOLD, secrets_in
from customdb_contract.transcript import FactKind, Noticed, ObservedRun, Transcript, observed_runs


@rule(
    group=Group.SECURITY,
    severity=Severity.ERROR,
    actions=True,
    needs=(Need.REQUESTS,),
    since="0.1.0",
    source=LOGIN_TEMPLATE,
)
def plaintext_transport(transcript: Transcript) -> Iterator[Comparison]:
    """Credentials or profiles are readable on the way: without TLS, or in a URL.

    ## Why this matters
    Without TLS anyone on the network can read the password. A password in a URL is also in the logs of every server and
    proxy on the way, even with TLS. `http` to the machine itself, such as `http://127.0.0.1:8080`, is no finding,
    because no one else is on that path. A driver with `mongodb://`, `postgres://` and the like encrypts only if it is
    asked to, so such an address is a finding if nothing in the source mentions TLS.

    The same applies to the requests of an Action, and to the secrets that it sends; for an Action in Python, the source
    shows where they go.

    ## Violates
        script login observed=on
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7"}; noticed request "POST http://shop.example.com/sessions"

    ## Conforms
        script login observed=on
        person ada email=ada@example.com
        login ada@example.com «password of ada» -> found {"user_id": "7"}; noticed request "POST https://shop.example.com/sessions"

    ## How to fix
    Use `https`, and send the password in the body of a POST request. Set `tls=true`, `sslmode=verify-full` or the
    equivalent option of your driver.
    """
    for exchange in transcript.judged:
        requests = (*exchange.outcome.noticed(Noticed.REQUEST), *exchange.outcome.noticed(Noticed.LATE_REQUEST))
        if not requests:
            continue
        problems = {problem for problem in map(_problem, requests) if problem}
        for where, problem in sorted(problems):
            yield Violation(f"{exchange.script} {problem}", (exchange,), path=where)
        if not problems:
            yield Held((exchange,))
    for script, info in transcript.header.scripts.items():
        for fact in info.facts(FactKind.PLAINTEXT_ADDRESS):
            message = f"{script} connects to {fact.text} without TLS; turn TLS on"
            yield Violation(message, (), None, script, fact.location, path=fact.text)
        yield from untried(info, (FactKind.PLAINTEXT_ADDRESS,), script)
    for seen in observed_runs(transcript):
        yield from _judge_requests(seen)
    action = transcript.header.action
    for fact in () if action is None else action.facts(FactKind.PLAIN_HTTP):
        message = f"the Action sends a request to {fact.text} without TLS; use https"
        yield Violation(message, (), location=fact.location, path=fact.text)


def _judge_requests(seen: ObservedRun) -> Iterator[Comparison]:
    for request in seen.requests:
        scheme, host = _scheme_and_host(request.url)
        if any(secret.kind in TOLD for secret in secrets_in(request.url)):
            message = "the Action sent a secret in a URL; send it in a header, or in the body"
            yield Violation(message, (seen.run, request), path="address")
        elif scheme == "http" and host and not _is_loopback(host):
            yield Violation(
                f"the Action sent a request to {host} without TLS; use https", (seen.run, request), path=host
            )
        elif host and not _is_loopback(host):
            # A request to the address of the stand-in proves nothing about the address in production.
            yield Held((seen.run, request))


def _problem(request: str) -> tuple[str, str] | None:
    """Return where credentials are readable on the way, and the message about it."""
    address = request.partition(" ")[2]
    if any(is_typed_password(secret) for secret in secrets_in(address)):
        return "address", "sent the password in a URL; send it in the body of a POST request"
    scheme, host = _scheme_and_host(address)
    if scheme == "http" and host and not _is_loopback(host):
        return host, f"sent a request to {host} without TLS; use https"
    return None


def _scheme_and_host(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        # An invalid address proves nothing.
        return "", ""
    return parts.scheme, parts.hostname or ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
