"""A real PostgreSQL behind the fault proxy, reached over TLS: the outage occurs inside the encryption."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from customdb_contract import KnownUser, PythonProcess, Report, check
from customdb_contract.contract import Script
from customdb_contract.faults import PROXY_FAULTS
from customdb_contract.findings import Status
from customdb_contract.transcript import LATER_REQUESTS, Ending, Mark
from postgres import DATABASE, find_postgres, run_postgres

SHOP = """
import psycopg
from customdb_contract import Found, NotFound, ScriptError, WrongUsernameOrPasswordError


class Shop:
    def __init__(self, place):
        self.place = place

    def find(self, identifier):
        try:
            with psycopg.connect(self.place) as connection:
                assert connection.pgconn.ssl_in_use
                connection.execute("SELECT 1").fetchone()
                rows = connection.execute("SELECT id FROM users WHERE email = lower(%s)", [identifier])
                return rows.fetchone()
        except (psycopg.Error, ValueError) as error:
            HANDLE

    def login(self, identifier, password):
        if self.find(identifier) is None or password != "pass phrase":
            raise WrongUsernameOrPasswordError(None, "no")
        return Found({"user_id": "7", "email": "ada@example.com", "email_verified": True})

    def get_user(self, identifier):
        if self.find(identifier) is None:
            return NotFound()
        return Found({"user_id": "7", "email": "ada@example.com", "email_verified": True})
"""
SQL = "CREATE TABLE users (id INTEGER, email TEXT); INSERT INTO users VALUES (7, 'ada@example.com');"
REPORTED = "raise ScriptError('the store cannot be reached') from error"
HIDDEN = "return None"


class Server:
    """A server that speaks TLS, with a certificate for `localhost` only."""

    def __init__(self, port: int, certificate: Path) -> None:
        self.port = port
        self.certificate = certificate

    def check(self, folder: Path, sound: str, broken: str, handle: str = REPORTED) -> Report:
        (folder / "tls_shop.py").write_text(SHOP.replace("HANDLE", handle), "utf-8")
        target = f"127.0.0.1:{self.port}"
        outage = f"{broken} port={{fault_proxy_port:{target}}}".replace("PROXY", f"{{fault_proxy_host:{target}}}")
        shop, failing = (
            PythonProcess(
                "tls_shop:Shop",
                folder=folder,
                configuration={
                    "place": f"user=shop dbname={DATABASE} connect_timeout=2 sslrootcert={self.certificate} {place}"
                },
            )
            for place in (f"{sound} port={self.port}", outage)
        )
        ada = KnownUser(email="ada@example.com", password="pass phrase")
        return check(shop, [ada], outage=failing, hostile=False, rehearse=False, wrong_passwords=0)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    psycopg = pytest.importorskip("psycopg")
    programs, openssl = find_postgres(), shutil.which("openssl")
    if programs is None or openssl is None:
        pytest.skip("there is no PostgreSQL, or no openssl, on this machine")
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate", folder / "key"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    named = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *named], check=True, capture_output=True)
    with run_postgres(programs, SQL) as running:
        place = f"host=127.0.0.1 port={running.port} user=shop dbname={DATABASE}"
        with psycopg.connect(place, autocommit=True) as admin:
            # PostgreSQL must own the key, and cannot read the folders of this user.
            (data,) = admin.execute("SHOW data_directory").fetchone()
            for source, name in ((certificate, "server.crt"), (key, "server.key")):
                copied = Path(shutil.copy(source, Path(data, name)))
                copied.chmod(0o600)
                os.chown(copied, Path(data).stat().st_uid, Path(data).stat().st_gid)
            admin.execute("ALTER SYSTEM SET ssl = on")
            admin.execute("SELECT pg_reload_conf()")
        yield Server(running.port, certificate)


PLACES = {
    "TLS 1.3": ("sslmode=require host=127.0.0.1", "sslmode=require host=PROXY"),
    "TLS 1.2": (
        "sslmode=require ssl_max_protocol_version=TLSv1.2 host=127.0.0.1",
        "sslmode=require ssl_max_protocol_version=TLSv1.2 host=PROXY",
    ),
    "verified, with the name of the store": (
        "sslmode=verify-full host=localhost hostaddr=127.0.0.1",
        "sslmode=verify-full host=localhost hostaddr=PROXY",
    ),
}


@pytest.mark.parametrize(("sound", "broken"), PLACES.values(), ids=PLACES)
def test_every_outage_is_met_behind_tls(tmp_path: Path, server: Server, sound: str, broken: str) -> None:
    report = server.check(tmp_path, sound, broken)

    outages = report.transcript.select(None, "outage")
    assert {exchange.situation for exchange in outages} == {*PROXY_FAULTS, *LATER_REQUESTS}
    assert {exchange.ending for exchange in outages} == {Ending.FAILED}
    assert not [exchange for exchange in report.transcript.exchanges if Mark.OUTAGE_NOT_MET in exchange.marks]
    for rule in ("outage-as-not-found", "login-outage-as-wrong-password"):
        assert report.verdict(rule).status is Status.PASSED, report


def test_an_outage_that_is_hidden_is_found_behind_tls(tmp_path: Path, server: Server) -> None:
    report = server.check(tmp_path, *PLACES["TLS 1.3"], handle=HIDDEN)

    for rule in ("outage-as-not-found", "login-outage-as-wrong-password"):
        assert report.verdict(rule).status is Status.FAILED, report
    hidden = {
        exchange.situation
        for exchange in report.transcript.select(Script.GET_USER, "outage")
        if exchange.ending is Ending.NOT_FOUND
    }
    assert hidden == {*PROXY_FAULTS, *LATER_REQUESTS}


def test_a_certificate_for_another_name_than_that_of_the_proxy_keeps_later_requests_from_being_met(
    tmp_path: Path, server: Server
) -> None:
    """The driver refuses the connection, which is an outage too, but no request comes before that."""
    report = server.check(tmp_path, "sslmode=verify-full host=localhost", "sslmode=verify-full host=PROXY")

    later = [exchange for exchange in report.transcript.exchanges if exchange.situation in LATER_REQUESTS]
    assert later
    assert all(Mark.OUTAGE_NOT_MET in exchange.marks for exchange in later)
    assert {exchange.ending for exchange in report.transcript.select(None, "outage")} == {Ending.FAILED}
    assert report.verdict("outage-as-not-found").status is Status.PASSED
