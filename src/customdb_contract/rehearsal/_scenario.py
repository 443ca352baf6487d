"""A scenario: a life, and what is needed to play it."""

from collections.abc import Callable, Iterator

from attrs import frozen

from customdb_contract.contract import Script
from customdb_contract.rehearsal._stage import Stage

__all__ = ["READING", "Needs", "Scenario"]

READING = (Script.LOGIN, Script.GET_USER)
"""The scripts that every connection has, and that only read."""


@frozen(kw_only=True)
class Needs:
    """What a scenario needs in one import mode.

    Args:
        user: Whether it needs a user in the legacy store, with e-mail and password.
        scripts: The scripts that the database must have.
        writing: The scripts that it runs if they exist, and that write to the legacy store.
        for_writing: The scripts that the database must also have if the scenario writes.
        outage: Whether it needs the same database with its store unreachable.
        second: Whether it needs another connection over the same store.
    """

    user: bool = True
    scripts: tuple[Script, ...] = READING
    writing: tuple[Script, ...] = ()
    for_writing: tuple[Script, ...] = ()
    outage: bool = False
    second: bool = False

    @classmethod
    def of_new_user(cls, *scripts: Script, outage: bool = False) -> "Needs":
        """Return the needs of a new user's life with import mode off: the user is created, and removed at the end.

        Args:
            scripts: The scripts that the life needs besides those that read and `create`.
            outage: Whether it needs the same database with its store unreachable.
        """
        needed = (*READING, Script.CREATE, *scripts)
        # `delete` is optional: a user who cannot be removed is named at the end.
        written = dict.fromkeys((Script.CREATE, *scripts, Script.DELETE))
        return cls(user=False, scripts=needed, writing=tuple(written), outage=outage)


@frozen
class Scenario:
    """A life of a user, which can be played on any custom database.

    Args:
        name: Its name: lower-case words joined by hyphens.
        summary: What happens, in one sentence.
        play: Plays it on a stage that has everything it needs.
        importing: What it needs with import mode on; None if it is about import mode off.
        legacy: What it needs with import mode off; None if it is about import mode on.
    """

    name: str
    summary: str
    play: Callable[[Stage], None]
    importing: Needs | None
    legacy: Needs | None

    def needs(self, *, import_mode: bool) -> Needs | None:
        """Return what the scenario needs, or None if it cannot be played in this import mode.

        Args:
            import_mode: Whether import mode is on at first.
        """
        return self.importing if import_mode else self.legacy

    def writes_to(self, stage: Stage) -> bool:
        """Tell whether the scenario writes to the legacy store.

        Args:
            stage: Where it would be played.
        """
        needs = self.needs(import_mode=stage.settings.import_mode)
        return needs is not None and not stage.scripts.isdisjoint(needs.writing)

    def lacks(self, stage: Stage) -> str | None:
        """Return why the scenario cannot be played, and what to give; None if it can be.

        Args:
            stage: Where it would be played.
        """
        needs = self.needs(import_mode=stage.settings.import_mode)
        if needs is None:
            wanted, other = ("off", "on") if stage.settings.import_mode else ("on", "off")
            return f"it needs import mode {wanted}, but the connection has it {other}"
        missing = list(self._missing(needs, stage))
        return "; ".join(missing) or None

    def _missing(self, needs: Needs, stage: Stage) -> Iterator[str]:
        scripts = stage.scripts
        writes = self.writes_to(stage)
        wanted = (*needs.scripts, *(needs.for_writing if writes else ()))
        absent = [script for script in wanted if script not in scripts]
        if absent:
            yield f"the database has no {', '.join(absent)}"
        if writes and not stage.writes:
            yield "it writes to the database, which needs --writes or writes = true"
        if needs.user and stage.user is None:
            yield "it needs a known user who may log in, with e-mail and password"
        if needs.outage and not stage.outage:
            yield "it needs an outage: the same database with its store unreachable"
        if needs.second and stage.second is None:
            yield "it needs a second connection, so a database that can be opened twice"
