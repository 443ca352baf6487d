"""The output of `customdb-contract --help`. It is requested most often, so it imports nothing, not even argparse."""

__all__ = ["COMMANDS", "DESCRIPTION", "help_text"]

DESCRIPTION = "Check Auth0 custom database scripts against their contract."

COMMANDS = {
    "check": "check a database's scripts, an Action, or both",
    "replay": "judge a stored transcript again, without calling anything",
    "simulate": "play the lives of users on a simulated Auth0 tenant",
    "audit": "check every user of a store before you migrate",
    "rules": "list the rules, or explain one",
    "init": "write a commented customdb.toml and what goes with it",
    "schema": "print the JSON Schema of customdb.toml, for editors",
    "completion": "print shell completion for this command",
}
"""What each command does."""


def help_text() -> str:
    """Return the text, in lines of 80 characters at most."""
    commands = "\n".join(f"  {name:<12}{what}" for name, what in COMMANDS.items())
    return f"""\
usage: customdb-contract [-h] [--version] COMMAND ...

{DESCRIPTION}

options:
  -h, --help  show this help message and exit; after a COMMAND, its own
  --version   show the version and exit

commands:
{commands}
"""
