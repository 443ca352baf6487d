"""The pages about the scripts: every ending they show has the stated effect, and their examples pass the contract."""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace
from typing import Any

import pytest

from customdb_contract import Connection, Declined, Done, Failed, Found, KnownUser, NewUser, NotFound, check, contract
from customdb_contract.bridges.node import NodeDatabase
from customdb_contract.contract import OperationResult, ProfileResult, Script, ScriptError, callback_arguments
from customdb_contract.rules import CATALOGUE
from customdb_contract.tenant import OperationOutcome, Tenant
from documented import run_page

pytestmark = [pytest.mark.one_python, pytest.mark.untraced]

DOCS = Path(__file__).parents[1] / "docs"
SCRIPTS: Mapping[Script, Any] = run_path(str(DOCS / "script_endings.py"))["SCRIPTS"]
EXAMPLES = DOCS / "script_examples"

ADA, PASSWORD = "ada@example.com", "Weaving patterns"
NEW, NEW_PASSWORD = "new@example.com", "Punched cards 9"

PYTHON: Mapping[Script, str] = {
    Script.LOGIN: 'return Found({"user_id": identifier.partition("@")[0], "email": identifier})',
    Script.GET_USER: f'return Found({{"user_id": "ada", "email": "{ADA}"}}) if identifier == "{ADA}" else NotFound()',
    Script.CREATE: "return Done()",
    Script.VERIFY: "return Done()",
    Script.CHANGE_PASSWORD: "return Done()",
    Script.CHANGE_EMAIL: "return Done()",
    Script.DELETE: "return Done()",
}
JAVASCRIPT: Mapping[Script, str] = {
    Script.LOGIN: "callback(null, { user_id: identifier.split('@')[0], email: identifier })",
    Script.GET_USER: f"callback(null, identifier === '{ADA}' ? {{ user_id: 'ada', email: '{ADA}' }} : null)",
    Script.CREATE: "callback(null)",
    Script.VERIFY: "callback(null, true)",
    Script.CHANGE_PASSWORD: "callback(null, true)",
    Script.CHANGE_EMAIL: "callback(null, true)",
    Script.DELETE: "callback(null)",
}
"""The endings of scripts that are not tried."""

GIVEN_IN_PYTHON = {
    "profile": {"user_id": "ada", "email": ADA, "email_verified": True},
    "user_id": "ada",
    "message": "No more rooms",
    "code": "weak-password",
    "changed_at": "2026-01-01T00:00:00Z",
}
GIVEN_IN_JAVASCRIPT = f"""\
const profile = {{ user_id: 'ada', email: '{ADA}', email_verified: true }};
const userId = 'ada';
const message = 'No more rooms';
const code = 'weak-password';
const changedAt = '2026-01-01T00:00:00Z';
"""


def in_python(script: Script, statement: str) -> SimpleNamespace:
    made: dict[str, Any] = {**vars(contract), **GIVEN_IN_PYTHON}
    for each, otherwise in PYTHON.items():
        ends = statement if each is script else otherwise
        exec(f"def {each}({', '.join(each.argument_names)}):\n    {ends}\n", made)
    return SimpleNamespace(**{each.value: made[each.value] for each in Script})


def in_javascript(script: Script, call: str, folder: Path) -> NodeDatabase:
    for each, otherwise in JAVASCRIPT.items():
        described = SCRIPTS[each]
        names = ", ".join([*(argument.javascript for argument in described.arguments), "callback"])
        ends = call if each is script else otherwise
        text = f"function {described.function}({names}) {{\n{GIVEN_IN_JAVASCRIPT}return {ends};\n}}\n"
        (folder / f"{each}.js").write_text(text, encoding="utf-8")
    return NodeDatabase(folder)


def logged_in(tenant: Tenant) -> str:
    user = tenant.log_in(ADA, PASSWORD).user
    assert user is not None
    return user.user_id


def reset(tenant: Tenant) -> OperationOutcome:
    (mail,) = tenant.request_password_reset(ADA).mails
    assert mail.ticket is not None
    return tenant.complete_password_reset(mail.ticket, NEW_PASSWORD)


OPERATIONS: Mapping[str, Any] = {
    "log-in": lambda tenant: tenant.log_in(ADA, PASSWORD),
    "sign-up": lambda tenant: tenant.sign_up(NEW, NEW_PASSWORD),
    "request of a password reset": lambda tenant: tenant.request_password_reset(ADA),
    "password reset": reset,
    "verification": lambda tenant: tenant.verify_email(logged_in(tenant)),
    "change of e-mail": lambda tenant: tenant.change_email(logged_in(tenant), NEW, verified=False),
    "deletion": lambda tenant: tenant.delete_user(logged_in(tenant)),
}
IN_EITHER_MODE = {Script.LOGIN, Script.GET_USER}


def seen() -> Iterator[Any]:
    for script, described in SCRIPTS.items():
        for ending in described.endings:
            for each in ending.seen:
                for language in ("python", "javascript"):
                    for is_import in sorted({False, script in IN_EITHER_MODE}):
                        mode = "on" if is_import else "off"
                        name = f"{script} at {each.operation}, {mode}: {getattr(ending, language)}"
                        yield pytest.param((script, ending, language), each, is_import, id=name)


@pytest.mark.parametrize(("which", "each", "is_import"), [*seen()])
def test_each_ending_has_the_documented_effect_on_the_tenant(
    which: tuple[Script, Any, str], each: Any, is_import: bool, tmp_path: Path
) -> None:
    script, ending, language = which
    database = (
        in_python(script, ending.python) if language == "python" else in_javascript(script, ending.javascript, tmp_path)
    )
    with Tenant(database, connection=Connection(import_mode=is_import)) as tenant:
        outcome = OPERATIONS[each.operation](tenant)

    assert script in {call.script for call in outcome.calls}
    entries = outcome.log
    assert (entries[0].code.value if entries else None) == each.log
    assert (entries[0].is_documented if entries else False) == each.is_documented
    assert (outcome.refusal.code if outcome.refusal else None) == each.refused_with
    assert outcome.succeeded == (each.refused_with is None)


@pytest.mark.parametrize("script", Script)
def test_the_page_has_every_ending_that_the_library_allows_and_no_other(script: Script) -> None:
    results: list[ProfileResult | OperationResult] = [
        Found({}),
        NotFound(),
        Done(),
        Done(last_password_reset="today"),
        Declined(),
        Failed(ScriptError()),
    ]
    words = ["Found(", "NotFound(", "Done()", "Done(last_password_reset", "Declined(", "raise "]
    allowed: set[str] = set()
    for result, word in zip(results, words, strict=True):
        try:
            callback_arguments(script, result)
        except TypeError:
            continue
        allowed.add(word)
    shown = {word for word in words if any(word in ending.python for ending in SCRIPTS[script].endings)}

    assert shown == allowed


@pytest.mark.parametrize("script", Script)
def test_the_page_has_the_arguments_that_the_script_is_given(script: Script) -> None:
    arguments = SCRIPTS[script].arguments

    assert len(arguments) == len(script.argument_names)
    shown = re.search(r"function (\w+)\((.*?)\)", (EXAMPLES / f"{script}.js").read_text(encoding="utf-8"))
    assert shown is not None
    assert shown[1] == SCRIPTS[script].function
    assert shown[2].split(", ") == [*(argument.javascript for argument in arguments), "callback"]
    method = re.search(rf"def {script}\((.*?)\)", (EXAMPLES / f"{script}.py").read_text(encoding="utf-8"))
    assert method is not None
    assert method[1].split(", ") == ["self", *(argument.python for argument in arguments)]


def test_every_statement_has_a_source() -> None:
    link = r"\[[^\]]+\]\(https://[^\s)]+\)"
    for described in SCRIPTS.values():
        for ending in described.endings:
            assert re.fullmatch(link, ending.source)
            for each in ending.seen:
                assert each.source == "inferred" or re.fullmatch(link, each.source)
        for occasion in described.called:
            assert re.search(rf"{link}|support article", occasion), occasion


ACCOUNTS_IN_JAVASCRIPT = """\
const accounts = [{ id: 'shop-1', email: 'ada@example.com', verified: true, password: 'Weaving patterns' }];
let number = 1;
const asked = (shop) => {
  if (shop === 'nowhere') throw new Error('ECONNREFUSED');
};
const named = (email) => accounts.find((account) => account.email === String(email).toLowerCase());
exports.find = async (shop, email) => {
  asked(shop);
  return named(email);
};
exports.isPassword = async (account, password) => account.password === password;
exports.add = async (shop, email, password) => {
  asked(shop);
  if (named(email)) return false;
  accounts.push({ id: `shop-${(number += 1)}`, email: email.toLowerCase(), verified: false, password });
  return true;
};
exports.update = async (shop, email, changes) => {
  asked(shop);
  const account = named(email);
  const holder = changes.email && named(changes.email);
  if (!account || (holder && holder !== account)) return false;
  Object.assign(account, changes, changes.email && { email: changes.email.toLowerCase() });
  return true;
};
exports.remove = async (shop, id) => {
  asked(shop);
  const at = accounts.findIndex((account) => account.id === id);
  if (at >= 0) accounts.splice(at, 1);
};
"""


class Account:
    def __init__(self, number: int, email: str, password: str, *, verified: bool = False) -> None:
        self.id = f"shop-{number}"
        self.email = email.lower()
        self.password = password
        self.verified = verified

    def is_password(self, password: str) -> bool:
        return self.password == password


class Accounts:
    """The store of the examples in Python."""

    def __init__(self) -> None:
        self.all = [Account(1, ADA, PASSWORD, verified=True)]
        self.number = 1

    def find(self, email: str) -> Account | None:
        return next((account for account in self.all if account.email == email.lower()), None)

    def add(self, email: str, password: str) -> bool:
        if self.find(email):
            return False
        self.number += 1
        self.all.append(Account(self.number, email, password))
        return True

    def update(self, email: str, /, **changes: Any) -> bool:
        account = self.find(email)
        holder = self.find(changes["email"]) if "email" in changes else None
        if account is None or (holder is not None and holder is not account):
            return False
        for name, value in changes.items():
            setattr(account, name, value.lower() if name == "email" else value)
        return True

    def remove(self, user_id: str) -> None:
        self.all = [account for account in self.all if account.id != user_id]


class NoAccounts:
    """An account store that cannot be reached."""

    def __getattr__(self, _: str) -> Any:
        def fail(*_: Any, **__: Any) -> Any:
            raise OSError

        return fail


def shop_in_python(accounts: object) -> object:
    parts = [run_path(str(EXAMPLES / f"{script}.py"))["Shop"] for script in Script]
    return type("Shop", tuple(parts), {})(accounts)


def shop_in_javascript(folder: Path, shop: str) -> NodeDatabase:
    for script in Script:
        (folder / f"{script}.js").write_bytes((EXAMPLES / f"{script}.js").read_bytes())
    (folder / "accounts.js").write_text(ACCOUNTS_IN_JAVASCRIPT, encoding="utf-8")
    return NodeDatabase(folder, configuration={"SHOP": shop}, doubles={"shop-accounts": folder / "accounts.js"})


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_the_examples_keep_the_contract(language: str, tmp_path: Path) -> None:
    if language == "python":
        database, outage = shop_in_python(Accounts()), shop_in_python(NoAccounts())
    else:
        database, outage = shop_in_javascript(tmp_path, "shop"), shop_in_javascript(tmp_path, "nowhere")
    report = check(
        database,
        [KnownUser(email=ADA, password=PASSWORD)],
        connection=Connection(import_mode=False),
        outage=outage,
        writes=True,
        new_user=NewUser(email="test-{unique}@example.com"),
    )

    assert report.verdicts
    assert report.ok, report
    assert not [verdict.rule.name for verdict in report.verdicts if verdict.findings], report


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs") / "scripts"
    drawn = {"sign-up-off": "|-- user: sign up ->|    |\n|  |-- get_user -->|\n|  |-- login (outage) -->|\n"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(DOCS), *sys.path])
        write = run_path(str(DOCS / "script_pages.py"))["write_script_pages"]
        write(folder, drawn)
        (folder / "gone.md").write_text("# gone\n", encoding="utf-8")
        write(folder, drawn)
    return folder


def test_there_is_a_page_for_each_script(pages: Path) -> None:
    assert {path.stem for path in pages.iterdir()} == {*Script, "index"}


@pytest.mark.parametrize("script", Script)
def test_the_page_of_a_script_has_its_endings_rules_and_lives(script: Script, pages: Path, tmp_path: Path) -> None:
    page = (pages / f"{script}.md").read_text(encoding="utf-8")
    looking = [rule.info for rule in CATALOGUE if script in rule.info.scripts]

    for ending in SCRIPTS[script].endings:
        assert page.count(f"| `{ending.javascript}`<br>`{ending.python}` | {ending.means} | ") == 1
    assert f"\n{len(looking)} rules judge this script." in page
    assert re.findall(r"^\| \[([a-z0-9-]+)\]\(\.\./rules/", page, flags=re.MULTILINE) == [info.name for info in looking]
    is_drawn = script in {Script.LOGIN, Script.GET_USER}
    assert ("(../lives/sequences.md#sign-up)" in page) == is_drawn
    assert (
        run_page(page, pages / f"{script}.md", tmp_path) == page.count("```javascript") + page.count("```python") == 2
    )
