"""Shell completion of the command line."""

import re
import subprocess
import sys

import pytest

from customdb_contract._cli import _parser, main
from customdb_contract._cli._completion import _actions

pytestmark = pytest.mark.one_python

OPTIONS = sorted({option for action in _actions(_parser()) for option in action.option_strings})
CHOICES = sorted(
    {choice for action in _actions(_parser()) for choice in action.choices or () if isinstance(choice, str)}
)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_it_has_every_option_with_its_choices(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0

    script, err = capsys.readouterr()
    assert err == ""
    assert len(OPTIONS) > 30
    for option in OPTIONS:
        # fish writes `-s q -l quiet`.
        written = re.sub(r"^(--?)", lambda dashes: "-l " if dashes[1] == "--" else "-s ", option)
        assert re.search(rf"(?<![\w-]){written if shell == 'fish' else option}(?![\w-])", script), option
    for choice in CHOICES:
        assert re.search(rf"(?<![\w-]){choice}(?![\w-])", script), choice


def test_zsh_is_given_no_name_of_a_value_with_a_colon(capsys: pytest.CaptureFixture[str]) -> None:
    main(["completion", "zsh"])
    script = capsys.readouterr().out

    assert ":MODULE ATTRIBUTE:" in script
    assert ":FORMAT FILE:" in script
    assert ":FILE:_files" in script
    assert ":FOLDER:_files" in script
    assert "MODULE:ATTRIBUTE:" not in script


def test_bash_reads_it(capsys: pytest.CaptureFixture[str]) -> None:
    main(["completion", "bash"])

    subprocess.run(["bash", "-n"], input=capsys.readouterr().out, text=True, check=True, timeout=60)


COMPLETE = """
source /dev/stdin
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
$(complete -p customdb-contract | grep -o '_shtab[a-z_]*')
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("che", {"check"}),
        ("check --fail", {"--fail-on"}),
        ("check --fail-on ", {"error", "warning"}),
        ("check --python shop:database --wri", {"--writes", "--write-waivers"}),
        ("rules --format ", {"text", "json"}),
        ("simulate --inter", {"--interrupt"}),
        ("simulate --scenario two", {"two-connections"}),
        ("rules unstable-u", {"unstable-user-id"}),
        ("rules secur", {"security"}),
        ("check --select unstable-u", {"unstable-user-id"}),
        ("check --script get", {"get_user"}),
        ("nothing-like-this", set()),
    ],
)
def test_bash_offers_matching_completions(typed: str, offered: set[str], capsys: pytest.CaptureFixture[str]) -> None:
    main(["completion", "bash"])
    words = ["customdb-contract", *typed.split(" ")]

    reported = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", COMPLETE, "bash", *words],
        input=capsys.readouterr().out,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert (set(reported.stdout.split()), reported.stderr) == (offered, "")


def test_an_unknown_shell_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["completion", "elvish"])

    assert exit_.value.code == 2
    assert "invalid choice: 'elvish'" in capsys.readouterr().err


def test_without_shtab_the_error_names_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)

    assert main(["completion", "bash"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "customdb-contract: completion needs shtab, which is not installed: "
        "pip install 'customdb-contract[completion]'\n"
    )


def test_other_commands_do_not_import_the_completion() -> None:
    code = "import sys; from customdb_contract._cli import _parser; _parser(); print('shtab' in sys.modules)"

    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"
