"""The rules for one meter: when it is read, what is journalled, and where its switch belongs. Logic without I/O."""

from __future__ import annotations

from collections.abc import Mapping

from ..kernel.account import Account
from ..kernel.entries import Command, Exchanged, Reading, UnknownOrder
from ..kernel.events import EventKind
from ..kernel.off_hours import OFF_HOURS
from ..kernel.orders import Action
from ..kernel.quantities import Quantity
from ..kernel.units import BALANCE_MAX, HOUR, MINUTE, SECOND
from .approach import Approach
from .drivers.interface import DriverError, PressButton
from .guarding import Guard
from .journalling import Outcome
from .meter_clock import ClockWatch
from .observed import Foreign, Observed
from .register import MeterPolicy, RegisterRules
from .switching import Switching

__all__ = ("Foreign", "Meter", "MeterPolicy", "Observed", "Outcome")

AGAIN = 10 * SECOND
"""A register that cannot be true is read again after this time (µs)."""
AGAIN_FOR = 5 * MINUTE
"""It is read that often for this time (µs), then at the shortest interval of the policy (`poll_shortest`)."""
DETAIL_MOST = 200
"""The most characters of what an event says of itself."""


class Meter(RegisterRules):
    """The rules of one meter, on top of its account. What takes something up returns what follows from it."""

    def __init__(self, name: str, account: Account, head: bytes, policy: MeterPolicy) -> None:
        super().__init__(account, head, policy)
        self.name = name
        self.due = 0
        self.lost = False
        # Since when it is seen to have cut off by itself; whether it stays so until its register is believed.
        self._alone: int | None = None
        self.waits = False
        self.switching = Switching()
        self._own_prepaid_told = False
        self._clock = ClockWatch()
        self.guard = Guard()
        # What it measured beside its register last.
        self.quantities: Mapping[Quantity, int] = {}
        self._foreign = ""
        # Of what was journalled that it began: its end is journalled too.
        self._lost_told, self._foreign_told = False, ""
        # Wh that the last reading showed and that is not journalled yet.
        self._counted = 0
        self._approach = Approach()

    @property
    def serial(self) -> str:
        """Return the serial number that the meter here must report."""
        return self.account.serial or self.name

    def start(self, now: int, repaired: bool, replaced: bool = False) -> Outcome:
        """Start with the gateway. `repaired`: its journal had to be mended; `replaced`: another gateway had the meter
        before. The meter is due to be read at once.
        """
        outcome = Outcome()
        if replaced:
            self._append(outcome, self.account.event(now, EventKind.GATEWAY_REPLACED))
        if repaired:
            self._append(outcome, self.account.event(now, EventKind.JOURNAL_REPAIRED))
        self._append(outcome, self.account.event(now, EventKind.POWER_UP))
        self.due = 0
        return outcome

    def adopt(self, account: Account, head: bytes) -> None:
        """Continue from another state than that of this journal. The meter is due to be read at once."""
        self._go_on_from(account, head)
        self.due = 0
        self.switching.forget()
        self._counted, self._alone = 0, None
        self.lost = self._lost_told = False
        self.guard.adopt()
        self._foreign = self._foreign_told = ""

    def clock_set(self, by: int) -> None:
        """Shift the instants that this process has measured by `by` µs, because the gateway's time was set."""
        super().clock_set(by)
        self.due += by
        self.guard.clock_set(by)
        self.switching.clock_set(by)
        self._approach.clock_set()
        self._alone = None if self._alone is None else self._alone + by

    def _to_journal(self, now: int, reading: Reading | None, outcome: Outcome) -> Reading | None:
        """Journal a reading if it is due. Returns the reading that is to be journalled later; None if there is none."""
        if reading is None or abs(reading.balance) > BALANCE_MAX:
            return None
        if not self._is_due(now, reading):
            self._counted = reading.energy
            return reading
        for part in self.account.parts(reading):
            self._append(outcome, part)
        self._journalled_at, self._counted = now, 0
        return None

    def observe(self, now: int, observed: Observed) -> Outcome:
        """Take up a reading of the meter at `now`, and return what follows."""
        account, outcome = self.account, Outcome()
        self._foreign, self.quantities = "", observed.quantities
        if self._lost_told or account.foreign_since:
            self._append(outcome, account.event(now, EventKind.METER_BACK))
        self.lost = self._lost_told = False
        reading = self._to_journal(now, self._believed(now, observed, outcome), outcome)
        self._approach.observe(now, observed.register, observed.power)
        self._watch_register(now, observed, outcome)
        self.guard.look(now, account, observed, self._teller(now, outcome))
        if not account.unsure and (wrong := self._clock.look(now, observed.clock, observed.clock_fault)):
            self._say(outcome, now, EventKind.METER_CLOCK, wrong[:DETAIL_MOST])
        used_up = observed.allowance == 0 and observed.closed is False and account.closed is not False
        if used_up and self._alone is None:
            self._alone = now
            self._say(outcome, now, EventKind.CUT_OFF_ALONE)
        elif not used_up:
            self._alone = None
        self.waits = self._waits(now, observed)
        self._decide(now, outcome)
        if outcome.switch is None:
            self._check_switch(now, observed.closed, used_up, outcome)
        self.due = self._next_due(now, reading)
        return outcome

    def _check_switch(self, now: int, closed: bool | None, used_up: bool, outcome: Outcome) -> None:
        """Take up how the switch stands (`closed`), and order it again if that is not what the journal says. `used_up`: the
        meter has cut off by itself, because its own allowance is used up.
        """
        wanted = self.account.closed
        if wanted is None:
            self.switching.forget()
        elif self.switching.see(now, closed, wanted) and not self.waits:
            if closed is not None and not used_up and self.switching.differ():
                self._say(outcome, now, EventKind.SWITCH_DIFFERS, f"it stands {'closed' if closed else 'open'}")
            self.switching.repeat(now)
            outcome.switch = wanted

    def _is_due(self, now: int, reading: Reading) -> bool:
        """Return whether a reading must be journalled, for its hour or for what it causes."""
        account = self.account
        if account.register is None or account.doubt is not None or now >= self._next_reading(now):
            return True
        if account.closed is not False:
            exhausted = account.priced and not account.left(now, reading.balance)
            if exhausted or account.night_left(now, reading.energy) == 0:
                return True
        return bool(account.to_warn(reading.at, reading.balance, account.counters_after(reading)))

    def _waits(self, now: int, observed: Observed) -> bool:
        """Return whether a meter that cut off by itself stays off for a moment, because its register would use up the
        credit and other readings have not confirmed it yet. A tenant who has paid for all of it does not wait.
        """
        account = self.account
        if self._alone is None or account.doubt is None or now - self._alone >= AGAIN_FOR:
            return False
        used = max(observed.register - (account.register or 0), 0)
        return used * account.highest_price(now) >= account.left(now, account.balance)

    def foreign(self, now: int, serial: str) -> Outcome:
        """Note that another meter answers in the place of this one. The supply goes on for as long as the settings say."""
        outcome = Outcome()
        self._foreign = serial
        self.guard.silent()
        is_told = serial == self._foreign_told and self.account.foreign_since
        if not is_told and self._say(outcome, now, EventKind.FOREIGN_METER, serial):
            self._foreign_told = serial
        self._decide(now, outcome)
        self.due = now + self.policy.poll_shortest
        return outcome

    def fail(self, now: int, cause: str) -> Outcome:
        """Note that the meter did not answer. That is no reason to cut anybody off, nor to leave somebody in the dark
        whose off hours are over, or who has waited long enough after a trip: a meter that cannot be read may still be
        able to switch.
        """
        outcome = Outcome()
        self.lost = True
        self.guard.silent()
        self._lost_told = self._lost_told or self._say(outcome, now, EventKind.METER_LOST, cause)
        if self.account.closed is False and self.account.wants_closed(now, self.guard.tripped):
            self._decide(now, outcome)
        self.due = now + self.policy.poll_shortest
        return outcome

    def see_own_prepaid(self, now: int, mode: str | None) -> Outcome:
        """Take up whether a prepaid mode of the meter's own is on. `mode`: how it is switched off; empty: it is off;
        None: nobody knows. People are told once that it is on, until it was seen to be off.
        """
        outcome = Outcome()
        if mode and not self._own_prepaid_told:
            self._say(outcome, now, EventKind.OWN_PREPAID, mode[:DETAIL_MOST])
        if mode is not None:
            self._own_prepaid_told = bool(mode)
        return outcome

    def answer_switch(self, now: int, closed: bool, error: DriverError | None) -> Outcome:
        """Take up what the meter answered to the order to close or open its switch (`error`: None if it has confirmed it).
        An order that failed is given again at the next reading, which is soon.
        """
        outcome = Outcome()
        if closed != self.account.closed:
            # It has another order since.
            return outcome
        if error is None:
            self.switching.confirm(now)
        elif isinstance(error, PressButton):
            if self.switching.wait_for_button(now):
                self._say(outcome, now, EventKind.WAITS_FOR_BUTTON)
        elif self.switching.fail():
            self._say(outcome, now, EventKind.SWITCH_FAILED, error.cause)
        self.due = min(self.due, now + self.switching.look_after(now, self.policy.poll_shortest))
        return outcome

    def follow(self, now: int, command: Command | UnknownOrder) -> Outcome:
        """Take up a verified command. A command that is taken up already, or comes before its turn, changes nothing.

        The switch waits for `decide`: of several commands that arrive together, the last one counts for it.
        """
        outcome = Outcome()
        if command.number == self.account.command + 1:
            entry = self.account.follow(now, command)
            self._append(outcome, entry)
            if isinstance(entry, Exchanged):
                # Nobody knows how the switch of another meter stands, nor whether this is the one that hangs there.
                self.switching.forget(unseen=True)
                self._foreign = ""
        return outcome

    def credit_by_code(self, now: int, tid: int, amount: int, by: str) -> Outcome:
        """Credit a typed code of `amount` nano. Raises ValueError, in words for people, if the code is worth nothing."""
        outcome = Outcome()
        self._append(outcome, self.account.by_code(now, tid, amount, by))
        return self._decided(now, outcome)

    def act(
        self, now: int, action: Action, by: str, grant: str = "", reason: str = "", tid: int | None = None
    ) -> Outcome:
        """Do what a person orders on site. Raises ValueError, in words for people, if it cannot be done."""
        outcome = Outcome()
        self._append(outcome, self.account.on_site(now, action, by, grant, reason, tid))
        return self._decided(now, outcome)

    def note(self, now: int, kind: EventKind, detail: str = "") -> Outcome:
        """Journal an event at the gateway that concerns this meter."""
        outcome = Outcome()
        self._append(outcome, self.account.event(now, kind, detail))
        return outcome

    def vouch(self, now: int, unsure: bool) -> Outcome:
        """Journal whether the time is certain, if the journal does not say so yet."""
        if self.account.unsure == unsure:
            return Outcome()
        return self.note(now, EventKind.CLOCK_UNSURE if unsure else EventKind.CLOCK_SET)

    def _decided(self, now: int, outcome: Outcome) -> Outcome:
        decision = self.decide(now)
        outcome.records += decision.records
        outcome.switch = decision.switch
        return outcome

    def decide(self, now: int) -> Outcome:
        """Decide, after commands were taken up, where the switch belongs and when to look next."""
        outcome = Outcome()
        self._decide(now, outcome)
        if self.account.register is not None and not self.lost and not self._foreign:
            self.due = self._next_due(now)
        return outcome

    def _decide(self, now: int, outcome: Outcome) -> None:
        account = self.account
        if not self._plan.is_warned:
            if under := account.to_warn(account.at, account.balance):
                self._append(
                    outcome, account.event(now, EventKind.LOW_CREDIT, f"under {under[0].in_words(account.currency)}")
                )
            self._plan.is_warned = not under
        wanted, tripped = account.wants_closed(now, self.guard.tripped), self.guard.tripped
        if wanted is not None and wanted != account.closed:
            why = account.why_closed() if wanted else account.why_open(now, tripped)
            self._append(outcome, account.relay(now, wanted, why))
            outcome.switch = wanted
            self.switching.order(now)
        elif wanted is False and account.supply.off_hours and (why := account.why_open(now, tripped)) != OFF_HOURS:
            # It was off by the clock, and stays off for another reason, of which people have to hear.
            self._append(outcome, account.relay(now, False, why))

    def next_change(self, now: int) -> int:
        """Return the instant before which only the balance and people can change where the switch belongs."""
        known = self._plan.change
        if known is not None and known[0] <= now < known[1]:
            return known[1]
        change = self.account.next_supply_change(now, self.guard.tripped)
        if not self.account.supply.tripped:
            # When it closes again depends on the gateway's own time too.
            self._plan.change = (now, change)
        return change

    def _next_due(self, now: int, unjournalled: Reading | None = None) -> int:
        """Return when (µs) to read the meter again. `unjournalled`: the reading just made, if it is not in the account."""
        account = self.account
        if account.doubt is not None or self._candidate is not None:
            lasting = self._measured.get(EventKind.REGISTER_DOUBTFUL)
            fresh = account.doubt is not None and (lasting is None or now - lasting.began < AGAIN_FOR)
            soon = AGAIN if fresh else self.policy.poll_shortest
            return min(now + soon, self.next_change(now))
        due = min(self._next_reading(now), self.next_change(now))
        if self.switching.unseen:
            due = min(due, now + self.switching.look_after(now, self.policy.poll_shortest))
        if (watch := self.guard.watch(now, account, self.policy.poll_shortest)) is not None:
            due = min(due, now + watch)
        if account.closed is not False:
            soon = now + self.policy.poll_shortest
            if (price := account.highest_price(now)) > 0:
                due = min(due, max(self._credit_reaches(now, price, unjournalled), soon))
            if (left := account.night_left(now, self._counted)) is not None:
                wait = left * HOUR // account.settings.power_highest
                due = min(due, max(self._known_until(now, unjournalled) + wait, soon))
        return max(due, now + 1)

    def _credit_reaches(self, now: int, price: int, unjournalled: Reading | None) -> int:
        """Return until when (µs) the credit lasts, or the next step of the warning is out of reach, at the highest
        power. `price`: the highest price (micro per kWh). `unjournalled`: see `_next_due`.
        """
        account, fuse = self.account, self.account.settings.power_highest
        balance = account.balance if unjournalled is None else unjournalled.balance
        wait = account.left(now, balance) // price * HOUR // fuse
        counters = None if unjournalled is None else account.counters_after(unjournalled)
        reach = account.next_step(max(now, account.at), balance, counters)
        if reach is not None:
            wait = min(wait, self._approach.wait(reach, fuse))
        return self._known_until(now, unjournalled) + wait

    def _known_until(self, now: int, unjournalled: Reading | None) -> int:
        """Return up to when (µs) it is known what flowed: after an order, up to the last journalled reading. `unjournalled`:
        see `_next_due`.
        """
        return self._journalled_at if unjournalled is None and self._has_read(now) else now
