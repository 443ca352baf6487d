"""A legacy system that sends the deployed Action to another host: its secret must not go there."""

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typing_extensions import override

from customdb_contract.bridges.node import NodeAction
from customdb_contract.faults import LegacyAddress
from customdb_contract.probes.acting import LEGACY_ID
from customdb_contract.probes.acting._events import event_of
from customdb_contract.secrets import SecretRegistry
from customdb_contract.transcript import Ending, Handler, RunSituation
from restoring_action import APP, CONNECTION, in_javascript

pytestmark = pytest.mark.one_python

LEGACY, ELSEWHERE = "legacy.example.com", "elsewhere.example.net"


@contextmanager
def redirecting() -> Generator[tuple[LegacyAddress, Sequence[str | None]]]:
    """Serve both hosts: the first one redirects to the second one, which knows the user."""
    asked: list[str | None] = []

    class Handling(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["host"])
            if self.headers["host"] == LEGACY:
                self.send_response(302)
                self.send_header("Location", f"https://{ELSEWHERE}{self.path}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = json.dumps({"user_id": LEGACY_ID, "app_metadata": APP}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handling) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        port = server.server_address[1]
        try:
            yield LegacyAddress(port, port), asked
        finally:
            server.shutdown()
            thread.join()


def hosts_asked(action: NodeAction) -> tuple[Sequence[str | None], Sequence[str]]:
    """Return the hosts that the Action contacts in one log-in, and its calls of `api`."""
    event = event_of(RunSituation.FIRST_LOG_IN, {}, connection=CONNECTION, logins=1)
    with redirecting() as (address, asked):
        bridge = action.open_action(mask=SecretRegistry(), legacy=address)
        try:
            performed = bridge.perform(Handler.EXECUTE, event, seconds=10)
        finally:
            bridge.close()
    assert performed.outcome.ending is Ending.DONE
    return asked, [call.path for call in performed.calls]


def test_the_deployed_action_follows_no_redirect(tmp_path: Path) -> None:
    assert hosts_asked(in_javascript(tmp_path)) == ([LEGACY], [])


def test_without_its_option_the_action_would_follow_redirects(tmp_path: Path) -> None:
    asked, calls = hosts_asked(in_javascript(tmp_path, without="redirect: 'error',"))

    assert asked == [LEGACY, ELSEWHERE]
    assert "user.setAppMetadata" in calls
