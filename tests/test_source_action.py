"""The source of an Action in JavaScript: where its handler is, in all the ways to export one."""

import pytest

from customdb_contract.source import read_action

pytestmark = pytest.mark.one_python


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("\nexports.onExecutePostLogin = async (event, api) => {};", 2),
        ("exports.onExecutePostLogin = async function (event, api) {};", 1),
        ("const x = 1;\nmodule.exports.onExecutePostLogin = (event) => x;", 2),
        ("module.exports = {\n  onExecutePostLogin: async () => {},\n};", 2),
        ("module.exports = {\n  async onExecutePostLogin(event, api) {},\n};", 2),
        ("\nasync function onExecutePostLogin() {}\nmodule.exports = { onExecutePostLogin };", 2),
        ("\nconst onExecutePostLogin = () => {};\nmodule.exports = { onExecutePostLogin };", 2),
        ("function f() {}\nfunction run() {}\nexports.onExecutePostLogin = run;", 2),
        ("const f = 1, run = () => {};\nexports.onExecutePostLogin = run;", 1),
        ("exports.onContinuePostLogin = () => {};\nexports.onExecutePostLogin = () => {};", 2),
        ("const other = {\n  run: () => {} };\nexports.onExecutePostLogin = () => {};", 3),
        ("class A { run() {} }\nexports.onExecutePostLogin = () => {};", 2),
        ("let y; y = () => {};\nexports.onExecutePostLogin = () => {};", 2),
        ("exports.onExecutePostLogin = 7;\nexports.onExecutePostLogin = () => {};", 2),
        ("exports.onExecutePostLogin = missing;", None),
        ("const run = 7;\nexports.onExecutePostLogin = run;", None),
        ("exports.onContinuePostLogin = () => {};", None),
        ("let y; y = () => {};", None),
        ("const x = { run: () => {} };", None),
        ("class A { run() {} }", None),
        ("const o = { other };", None),
        ("exports.onExecutePostLogin = make();", None),
        ("exports.onExecutePostLogin = () => {", None),
        ("", None),
    ],
)
def test_the_handler_is_found(source: str, line: int | None) -> None:
    assert read_action(source, file_name="a.js").location == (None if line is None else f"a.js:{line}")
