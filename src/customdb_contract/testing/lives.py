"""`TenantMachine`: whole lives of users at a simulated tenant, in unexpected orders."""

from functools import partial
from typing import ClassVar, Final

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from typing_extensions import override

from customdb_contract.contract import Script
from customdb_contract.errors import ConfigurationError, ContractBrokenError
from customdb_contract.probes.set_up import refusal_of_new_user
from customdb_contract.reports.stories import scenes_of, story_as_text
from customdb_contract.rules import judge
from customdb_contract.tenant import InterruptionPoint, Knobs, OperationOutcome
from customdb_contract.testing._acting import NAMES
from customdb_contract.testing._breaches import proven_breach, rules_in_sight, told_breach
from customdb_contract.testing._tenancy import Tenancy, Typed
from customdb_contract.testing.machines import DatabaseMachine
from customdb_contract.transcript import Ending

__all__ = ["TenantMachine"]

_MOST_SWITCHES: Final = 2
"""Of import mode; otherwise, it could be switched at any time, and lives would do little else."""

_names = st.sampled_from(NAMES)
_places = st.sampled_from((0, 1))
"""The first connection, or the second one once it exists."""
_points = st.sampled_from((None, None, *InterruptionPoint))
_typed = st.sampled_from(Typed)
_then = st.sampled_from((Typed.RIGHT, Typed.FORMER, None))


class TenantMachine(DatabaseMachine):
    """A Hypothesis state machine that plays the lives of a few users at a simulated tenant over a database.

    Subclass it, override `fresh_database`, and run it with `run_machine`, or as the class's `TestCase`. Users log in,
    sign up, reset passwords, are changed and deleted, while migrations are interrupted, the store is briefly
    unreachable, import mode is switched, or a second connection has the same users. With import mode on, two of them
    are in the store from the start. At the end of an example, the rules judge all of it. The machine also checks that
    the store keeps what was written, that one person is one user, that no user can log in with a wrong password, that
    metadata is lost only by an interruption, and that the tenant log names the right user.

    A breach shrinks to the shortest life. It is shown as a story, and as a transcript for `customdb-contract replay`.

    Attributes:
        connection: The settings of the connection at first.
        new_user: What users who sign up look like, including their passwords.
        timeout: Seconds that one script may take.
        select: Names of rules or groups to judge, without the machine's own checks; empty stands for all.
        ignore: Names of rules or groups not to judge.
        waived: Rules that may fail, each with the reason.
        fail_on: The lowest severity that fails: `error` or `warning`.
        knobs: How the tenant behaves where Auth0's sources conflict.
    """

    knobs: ClassVar[Knobs] = Knobs()

    def __init__(self) -> None:
        super().__init__()
        self._switches = 0
        self._tenancy = Tenancy(
            self.connection,
            self.new_user,
            self.fresh_database(),
            self.outage_database(),
            knobs=self.knobs,
            timeout=self.timeout,
        )

    @initialize(name=_names, password=_names)
    def arrive(self, name: str, password: str) -> None:
        """Begin with one user, because nothing happens without users."""
        if self.connection.import_mode:
            self._tenancy.log_in(self.connection.name, name)
            return
        signed_up = self._sign_up(name, password, 0)
        for exchange in () if signed_up is None else signed_up.calls:
            if exchange.script is Script.CREATE and exchange.ending is Ending.FAILED:
                raise ConfigurationError(refusal_of_new_user(exchange))

    @precondition(lambda self: len(self._tenancy.lives) == 1)
    @rule()
    def connect_again(self) -> None:
        """Add a second connection to the tenant, whose separate store has the same users."""
        connection = evolve(self.connection, name=f"{self.connection.name}-2")
        self._tenancy.connect(connection, self.fresh_database(), self.outage_database())

    @rule(name=_names, typed=_typed, interrupt=_points, place=_places)
    def log_in(self, name: str, typed: Typed, interrupt: InterruptionPoint | None, place: int) -> None:
        """Log in as a user who existed at some point, if there is one."""
        connection = self._tenancy.connection(place)
        known = [known for known in NAMES if self._tenancy.knows(connection, known)]
        self._tenancy.log_in(connection, name if name in known or not known else known[0], typed, interrupt)

    @rule(name=_names, password=_names, place=_places, is_upper=st.booleans())
    def sign_up(self, name: str, password: str, place: int, *, is_upper: bool) -> None:
        """Sign up, even if the user exists; Auth0 lower-cases the e-mail if it stores users itself."""
        is_kept = self._tenancy.tenant.connections[self._tenancy.connection(place)].import_mode
        self._sign_up(name, password, place, is_upper=is_upper and not is_kept)

    def _sign_up(self, name: str, password: str, place: int, *, is_upper: bool = False) -> OperationOutcome | None:
        connection, secret = self._tenancy.connection(place), self._tenancy.passwords[password]
        email = self._tenancy.email_of(name)
        sign_up = partial(
            self._tenancy.tenant.sign_up,
            email.upper() if is_upper else email,
            secret,
            username=self._tenancy.people[name].username,
            user_metadata={"colour": name, **self.new_user.user_metadata},
            fields=self.new_user.fields_of(name),
            connection=connection,
        )
        return self._tenancy.do(connection, sign_up, secret)

    @rule(name=_names, password=_names, place=_places)
    def create_user(self, name: str, password: str, place: int) -> None:
        """Create a user with the Management API."""
        connection, secret = self._tenancy.connection(place), self._tenancy.passwords[password]
        self._tenancy.do(
            connection,
            partial(
                self._tenancy.tenant.create_user,
                self._tenancy.email_of(name),
                secret,
                username=self._tenancy.people[name].username,
                app_metadata={"plan": "full"},
                connection=connection,
            ),
            secret,
        )

    @rule(name=_names, password=_names, then=_then, place=_places)
    def reset_password(self, name: str, password: str, then: Typed | None, place: int) -> None:
        """Reset a password, and log in with it, or with the previous one."""
        connection, secret = self._tenancy.connection(place), self._tenancy.passwords[password]
        asked = self._tenancy.do(
            connection,
            partial(self._tenancy.tenant.request_password_reset, self._tenancy.email_of(name), connection=connection),
        )
        mails = () if asked is None else asked.mails
        for ticket in [mail.ticket for mail in mails if mail.ticket is not None]:
            self._tenancy.do(connection, partial(self._tenancy.tenant.complete_password_reset, ticket, secret), secret)
            if then is not None:
                self._tenancy.log_in(connection, name, then)

    @rule(name=_names, password=_names, then=_then, place=_places)
    def change_password(self, name: str, password: str, then: Typed | None, place: int) -> None:
        """Change a user's password as an administrator, and log in with it, or with the previous one."""
        connection, secret = self._tenancy.connection(place), self._tenancy.passwords[password]
        for user_id, owner in self._tenancy.user(connection, name):
            self._tenancy.do(connection, partial(self._tenancy.tenant.change_password, user_id, secret), secret)
            if then is not None:
                self._tenancy.log_in(connection, owner, then)

    @rule(name=_names, new_name=_names, verified=st.booleans(), place=_places)
    def change_email(self, name: str, new_name: str, place: int, *, verified: bool) -> None:
        """Change a user's e-mail, sometimes to the same one or to another user's; then log in with both."""
        connection = self._tenancy.connection(place)
        for user_id, owner in self._tenancy.user(connection, name):
            right = self._tenancy.right_password(connection, self._tenancy.email_of(owner))
            self._tenancy.do(
                connection,
                partial(
                    self._tenancy.tenant.change_email, user_id, self._tenancy.email_of(new_name), verified=verified
                ),
            )
            self._tenancy.log_in(connection, new_name)
            if right is not None and owner != new_name:
                self._tenancy.last_passwords[self._tenancy.email_of(owner)] = right
                self._tenancy.log_in(connection, owner)

    @rule(name=_names, place=_places)
    def verify_email(self, name: str, place: int) -> None:
        """Open the link of a verification e-mail, and log in."""
        connection = self._tenancy.connection(place)
        for user_id, owner in self._tenancy.user(connection, name):
            self._tenancy.do(connection, partial(self._tenancy.tenant.verify_email, user_id))
            self._tenancy.log_in(connection, owner)

    @rule(name=_names, password=_names, comes_back=st.booleans(), place=_places)
    def delete_user(self, name: str, password: str, place: int, *, comes_back: bool) -> None:
        """Delete a user with the Management API; the user tries to log in, or signs up again."""
        connection = self._tenancy.connection(place)
        for user_id, owner in self._tenancy.user(connection, name):
            right = self._tenancy.right_password(connection, self._tenancy.email_of(owner))
            self._tenancy.do(connection, partial(self._tenancy.tenant.delete_user, user_id))
            if right is not None:
                self._tenancy.last_passwords[self._tenancy.email_of(owner)] = right
            if comes_back:
                self._sign_up(owner, password, place)
            self._tenancy.log_in(connection, owner, Typed.FORMER if comes_back else Typed.RIGHT)

    @precondition(lambda self: self._tenancy.tenant.half_created)
    @rule(name=_names, place=_places)
    def delete_half_created(self, name: str, place: int) -> None:
        """Delete what an interrupted migration left behind."""
        connection = self._tenancy.connection(place)
        self._tenancy.do(
            connection,
            partial(self._tenancy.tenant.delete_connection_user, self._tenancy.email_of(name), connection=connection),
        )

    @precondition(lambda self: self._switches < _MOST_SWITCHES)
    @rule(place=_places)
    def switch_import_mode(self, place: int) -> None:
        """Switch import mode on or off."""
        self._switches += 1
        connection = self._tenancy.connection(place)
        is_on = self._tenancy.tenant.connections[connection].import_mode
        self._tenancy.do(
            connection, partial(self._tenancy.tenant.switch_import_mode, on=not is_on, connection=connection)
        )

    @precondition(lambda self: self._tenancy.has_outage)
    @rule(name=_names, password=_names, what=st.sampled_from(("log_in", "sign_up", "reset")), place=_places)
    def store_is_unreachable(self, name: str, password: str, what: str, place: int) -> None:
        """Log in, sign up, or ask for a password reset while the store is unreachable."""
        with self._tenancy.tenant.outage(self._tenancy.connection(place)):
            if what == "log_in":
                self._tenancy.log_in(self._tenancy.connection(place), name)
            elif what == "sign_up":
                self._sign_up(name, password, place)
            else:
                self.reset_password(name, password, None, place)

    @override
    def try_out(self) -> None:
        self.arrive(NAMES[0], NAMES[0])

    @override
    def close(self) -> None:
        self._tenancy.tenant.close()

    @override
    def judge(self) -> None:
        visible = rules_in_sight(frozenset(self.select), self.connection)
        if not visible:
            return
        reports = {
            connection: judge(
                self._tenancy.tenant.transcript_of(connection),
                select=visible,
                ignore=self.ignore,
                waived=self.waived,
                fail_on=self.fail_on,
            )
            for connection in self._tenancy.lives
        }
        for report in reports.values():
            proven = proven_breach(report)
            if proven is not None:
                rule, finding = proven
                advice = [f"How to fix it: customdb-contract rules {rule.name}"]
                raise ContractBrokenError(told_breach(report, rule.name, finding, advice, self._story()))
        for connection, report in reports.items():
            contradiction = self._tenancy.lives[connection].contradiction
            if contradiction is not None and not self.select:
                told = told_breach(report, contradiction.name, contradiction.finding, (), self._story())
                raise ContractBrokenError(told)

    def _story(self) -> list[str]:
        transcripts = [self._tenancy.tenant.transcript_of(connection) for connection in self._tenancy.lives]
        return ["What happened:", "", story_as_text(scenes_of(transcripts, self._tenancy.tenant.order))]
