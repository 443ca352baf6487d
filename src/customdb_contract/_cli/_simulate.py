"""The command `simulate`: plays scenarios on the configured database, or on the bookshop in the package."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from customdb_contract._cli._configured import add_database, configured, refuse_without_database
from customdb_contract._cli._output import Progress, complain, show
from customdb_contract.errors import ConfigurationError
from customdb_contract.interrupts import EXIT_INTERRUPTED, current_interrupts

if TYPE_CHECKING:
    from customdb_contract.config import Configuration
    from customdb_contract.rehearsal import Setting
    from customdb_contract.tenant import InterruptionPoint

__all__ = ["add_simulate"]

_EXIT_NOTHING_PLAYED: Final = 2
_FORMATS: Final = ("text", "json", "mermaid")
_SEEDS: Final = 1_000_000


def add_simulate(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command.

    Args:
        parser: Its parser.
    """
    add_database(parser)
    parser.add_argument("--list", action="store_true", help="list the scenarios without playing any")
    parser.add_argument(
        "--scenario", action="append", default=[], metavar="NAME", help="play only this scenario; can be repeated"
    )
    parser.add_argument(
        "--interrupt", metavar="POINT", help="interrupt the first migration of each scenario at this point"
    )
    parser.add_argument("--import-mode", choices=("on", "off"), help="play as if import mode were on, or off")
    parser.add_argument(
        "--writes", action="store_true", help="also play scenarios that write, on users created for them"
    )
    parser.add_argument(
        "--max-time", type=float, metavar="SECONDS", help="time limit for all scenarios together; default: 60"
    )
    parser.add_argument("--seed", type=int, metavar="NUMBER", help="play the same lives as a run with this seed")
    parser.add_argument("--format", choices=_FORMATS, default="text")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
    parser.set_defaults(run=_simulate, action=None)


def _simulate(options: argparse.Namespace) -> int:
    from customdb_contract.rehearsal import SCENARIOS, RehearsalInterrupted, find_scenario, rehearse
    from customdb_contract.rehearsal.printing import FORMATS, LIST_FORMATS

    chosen = [find_scenario(name) for name in dict.fromkeys(options.scenario)] or SCENARIOS
    if options.list:
        if options.format not in LIST_FORMATS:
            message = f"--list has no format {options.format}; choose from {', '.join(LIST_FORMATS)}"
            raise ConfigurationError(message)
        show(LIST_FORMATS[options.format](chosen), options.output)
        return 0
    setting = _setting(options)
    interrupts = current_interrupts()
    interrupts.raise_if_pending()
    # From here on there is something to show, so an interrupt must not lose it.
    with interrupts.deferred():
        progress = Progress(sys.stderr)
        try:
            performances, is_interrupted = (
                rehearse(setting, chosen, progress=lambda one: progress.show(one.name)),
                False,
            )
        except RehearsalInterrupted as interrupted:
            performances, is_interrupted = interrupted.performances, True
            complain(interrupted)
        finally:
            progress.clear()
        show(FORMATS[options.format](setting, performances), options.output)
    if is_interrupted:
        return EXIT_INTERRUPTED
    left = [identifier for performance in performances for identifier in performance.left_behind]
    if left:
        complain(f"these users may be left in the store: {', '.join(left)}")
    if any(performance.was_played for performance in performances):
        return 0
    complain("no scenario could be played; the output shows why")
    return _EXIT_NOTHING_PLAYED


def _setting(options: argparse.Namespace) -> "Setting":
    from random import SystemRandom

    from attrs import evolve

    from customdb_contract.rehearsal import Setting

    configuration, is_bookshop = configured(options, _bookshop)
    refuse_without_database(configuration, or_action=False)
    probing, connection = configuration.probing, configuration.connection
    if options.import_mode is not None:
        connection = evolve(connection, import_mode=options.import_mode == "on")
    # A store that stays has the users of an earlier run, if they could not be removed.
    seed = 0 if is_bookshop else SystemRandom().randrange(_SEEDS)
    return Setting(
        database=configuration.database,
        connection=connection,
        users=configuration.users,
        outage=probing.outage,
        writes=probing.writes,
        is_thrown_away=is_bookshop,
        new_user=probing.new_user,
        timeout=probing.timeout,
        max_time=probing.max_time,
        seed=seed if options.seed is None else options.seed,
        interrupt=None if options.interrupt is None else _point(options.interrupt),
    )


def _bookshop() -> "Configuration":
    from customdb_contract.config import Configuration
    from customdb_contract.probes import Probing
    from customdb_contract.rehearsal import bookshop

    return Configuration(
        database=bookshop.database,
        users=bookshop.USERS,
        connection=bookshop.CONNECTION,
        probing=Probing(outage=bookshop.broken),
    )


def _point(name: str) -> "InterruptionPoint":
    from customdb_contract.tenant import InterruptionPoint

    try:
        return InterruptionPoint(name)
    except ValueError:
        message = f"a migration cannot be interrupted at {name!r}; choose from {', '.join(InterruptionPoint)}"
        raise ConfigurationError(message) from None
