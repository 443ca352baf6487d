"""Databases that misbehave on purpose, through the command line: a verdict, no secret, no forged line, no remains."""

import base64
import importlib.resources
import json
import os
import re
import urllib.parse
import xml.etree.ElementTree as ET
from pathlib import Path
from textwrap import indent

import jsonschema
import pytest

from customdb_contract._cli import main

SCHEMA = json.loads(importlib.resources.files("customdb_contract.reports").joinpath("report.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
ADA, BOB = 'Corr3ct"Hörse\\Batt/ery 7', "hunter2-bob-secret"
TOKEN, UNNAMED = "CFG-tok3n-8f7e6d5c4b3a", "unnamed-env-9z8y7x6w"
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f]")
COMMAND = re.compile(r"^\s*::(error|warning|notice)", re.MULTILINE)

CONFIG = """
[connection]
import_mode = true
[database]
{database}
configuration = {{ TOKEN = {{ env = "CFG_TOKEN" }} }}
[[users]]
email = "ada@example.com"
password = {{ env = "ADA_PW" }}
[[users]]
email = "bob@example.com"
password = {{ env = "BOB_PW" }}
[check]
timeout = 0.5
max_time = 5
hostile = false
"""

PYTHON = """
import os, sys, time
from customdb_contract import Failed, Found, NotFound, WrongUsernameOrPasswordError
USERS = {{"ada@example.com": ("u-1", {ada!r}), "bob@example.com": ("u-2", {bob!r})}}
{top}
class DB:
    def __init__(self, TOKEN=None):
        self.TOKEN = TOKEN
    def profile(self, email):
        return {{"user_id": USERS[email][0], "email": email, "email_verified": True}}
    def get_user(self, email):
        return Found(self.profile(email)) if email in USERS else NotFound()
    def login(self, email, password):
        if email == "bob@example.com":
{body}
        if email not in USERS or USERS[email][1] != password:
            raise WrongUsernameOrPasswordError(None)
        return Found(self.profile(email))
"""

JAVASCRIPT = """
const USERS = {{ 'ada@example.com': ['u-1', {ada}], 'bob@example.com': ['u-2', {bob}] }};
const profile = {{ user_id: (USERS[email] || [])[0], email, email_verified: true }};
"""

IN_PYTHON = {
    "holds-the-lock": "import re; re.fullmatch('(a|aa)+$', 'a' * 64 + 'b')",
    "computes": "pow(7, 10 ** 9)",
    "exits": "os._exit(0)",
    "aborts": "os.abort()",
    "crashes": "import ctypes; ctypes.string_at(0)",
    "interrupts-itself": "import signal; signal.raise_signal(signal.SIGINT)",
    "interrupts-whoever-checks": "import _thread; _thread.interrupt_main()",
    "forks": "if os.fork() == 0: time.sleep(30)",
    "changes-directory": "os.chdir('/')",
    "closes-its-streams": "sys.stdout.close(); os.close(2)",
    "closes-everything": "os.closerange(0, 100)",
    "replaces-built-ins": "import builtins; builtins.isinstance = builtins.len = None",
    "replaces-modules": "import json, time; json.dumps = time.perf_counter = None",
    "changes-handlers": "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    "prints-from-a-thread": "import threading; t = threading.Timer(0, print, (password,)); t.start(); t.join()",
    "prints-from-a-child": "os.system(f'echo {password!r} >&2')",
    "prints-to-its-first-streams": "sys.__stderr__.write(password)",
    "logs": "import logging; logging.basicConfig(force=True); logging.error('%s %s', password, self.TOKEN)",
    "warns": "import warnings; warnings.warn(password)",
    "raises-the-password": "raise ValueError(password)",
    "raises-it-as-a-name": "raise type(password, (Exception,), {})(self.TOKEN)",
    "names-a-workflow-command": "raise type('\\n::error::forged\\x1b[31m\u202e', (Exception,), {})('\\n::error::x')",
    "names-keys": "return Found({'user_id': 'u-2', 'email': email, '\\n::error::forged\\x1b\u202e': 1, password: 2})",
    "hands-over-much": "return Found({'user_id': 'u-2', 'email': email, **{f'k{i}': 'x' * 50 for i in range(3000)}})",
    "hands-over-bytes": "return Found({'user_id': 'u-2', 'email': email, 'x': password.encode()})",
    "hands-over-deep": "x = []\nfor _ in range(5000): x = [x]\nreturn Found({'user_id': 'u-2', 'x': x})",
    "blames-an-object": "raise WrongUsernameOrPasswordError({'a': [password]})",
    "shows-its-environment": "raise ValueError(repr(dict(os.environ)))",
    "floods": "for _ in range(300): os.write(1, b'x' * 60_000)",
    "forges": "for fd in range(3, 40):\n    try: os.write(fd, b'forged\\n')\n    except OSError: pass",
}

WHEN_IMPORTED = {
    "exits": "os._exit(3)",
    "raises": f"raise ValueError({TOKEN!r} + {BOB!r})",
    "is-no-python": "class (:",
}

IN_JAVASCRIPT = {
    "never-ends": "while (true);",
    "exits": "process.exit(0);",
    "exits-after-its-callback": "callback(null, profile); process.exit(0);",
    "goes-on-after-its-callback": "callback(null, profile); while (true);",
    "replaces-json": "JSON.stringify = () => 'forged'; Object.prototype.toJSON = () => 7;",
    "replaces-arrays": "Array.prototype.push = Array.prototype.join = () => { throw new Error('x'); };",
    "writes-to-descriptors": "for (let fd = 3; fd < 40; fd += 1) try { require('fs').writeSync(fd, 'x\\n'); } catch {}",
    "prints": "console.log(password); require('fs').writeSync(1, password);",
    "throws-the-password": "throw new (class extends Error {})(password);",
    "names-keys": "return callback(null, { ...profile, ['\\n::error::forged\\x1b\\u202e']: 1, [password]: 2 });",
    "names-an-error": "const e = new Error('x'); e.name = '\\n::error::forged' + password; return callback(e);",
    "keeps-globals": "global['\\n::error::' + password] = email;",
    "asks-an-odd-address": """
        require('http').get({ host: '[::1', path: '/' + encodeURIComponent(password) }).on('error', () => {});
    """,
    "has-a-strange-map": """
        return callback(null, { ...profile, x: Object.defineProperty(new Map(), 'size', { value: 'x' }) });
    """,
}


def forms(secret: str) -> set[str]:
    raw = secret.encode()
    found = {secret, urllib.parse.quote(secret, safe=""), json.dumps(secret)[1:-1], raw.decode("latin1"), raw.hex()}
    return found | {base64.b64encode(raw).decode().rstrip("=")[:-1]}


FORMS = {secret: forms(secret) for secret in (ADA, BOB, TOKEN, UNNAMED)}


def descendants() -> set[str]:
    try:
        return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())
    except OSError:
        return set()


def survive(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *, may_be_impossible: bool = False
) -> None:
    for name, value in (("CFG_TOKEN", TOKEN), ("ADA_PW", ADA), ("BOB_PW", BOB), ("UNNAMED_ENV", UNNAMED)):
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)
    files, children = {path.name for path in folder.rglob("*")}, descendants()

    code = main(["check", "--transcript", "t.json", "--format", "json", "--output", "report.json"])

    out, err = capfd.readouterr()
    assert code in ({2, 3} if may_be_impossible else {0, 1})
    assert out == ""
    assert "Traceback" not in err
    assert "bug in customdb-contract" not in err
    assert not CONTROL.search(err.replace("\n", ""))
    assert {path.name for path in folder.rglob("*")} - files <= {"t.json", "report.json", "__pycache__"} | {
        path.name for path in folder.rglob("*.pyc")
    }
    assert descendants() == children
    texts = [err]
    if (folder / "report.json").exists():
        texts.append((folder / "report.json").read_text())
        report = json.loads(texts[-1])
        VALIDATOR.validate(report)
        assert report["summary"]["crashed"] == 0
    if (folder / "t.json").exists():
        texts.append((folder / "t.json").read_text())
        for form in ("text", "junit", "sarif", "github", "json"):
            main(["replay", "t.json", "--format", form])
            text, problem = capfd.readouterr()
            assert len(text) < 5_000_000
            assert problem == ""
            texts.append(text)
            if form == "junit":
                ET.fromstring(text)
            elif form in {"sarif", "json"}:
                json.loads(text)
            else:
                assert not CONTROL.search(text.replace("\n", ""))
                assert form == "github" or not COMMAND.search(text)
    assert not [form for text in texts for every in FORMS.values() for form in every if form in text]


def write_python(folder: Path, *, top: str = "", body: str = "pass") -> None:
    (folder / "customdb.toml").write_text(CONFIG.format(database='python = "db:DB"'))
    (folder / "db.py").write_text(PYTHON.format(ada=ADA, bob=BOB, top=top, body=indent(body, " " * 12)))


@pytest.mark.untraced
@pytest.mark.parametrize("case", IN_PYTHON)
def test_a_hostile_database_in_python_gets_a_verdict(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    write_python(tmp_path, body=IN_PYTHON[case])

    survive(tmp_path, monkeypatch, capfd)


@pytest.mark.parametrize("case", WHEN_IMPORTED)
def test_a_database_in_python_that_cannot_be_opened_is_explained(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    write_python(tmp_path, top=WHEN_IMPORTED[case])

    survive(tmp_path, monkeypatch, capfd, may_be_impossible=True)


@pytest.mark.one_python
@pytest.mark.untraced
@pytest.mark.parametrize("case", IN_JAVASCRIPT)
def test_hostile_scripts_in_javascript_get_a_verdict(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    known = JAVASCRIPT.format(ada=json.dumps(ADA), bob=json.dumps(BOB))
    (tmp_path / "customdb.toml").write_text(CONFIG.format(database='scripts = "s"'))
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "get_user.js").write_text(
        f"function getUser(email, callback) {{ {known} callback(null, profile.user_id ? profile : null); }}"
    )
    (tmp_path / "s" / "login.js").write_text(f"""
        function login(email, password, callback) {{
          {known}
          if (email === 'bob@example.com') {{ {IN_JAVASCRIPT[case]} }}
          if (!profile.user_id || USERS[email][1] !== password) {{
            return callback(new WrongUsernameOrPasswordError(null, 'wrong'));
          }}
          callback(null, profile);
        }}""")

    survive(tmp_path, monkeypatch, capfd)
