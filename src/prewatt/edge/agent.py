"""The agent of one gateway: up to 250 meters, their rules, and the conversation with the head-end. Logic without I/O.

Each input returns a list of effects, to be carried out in their order: what is committed is on the flash before a
switch moves or anything is sent. If a commit fails, the agent's memory is ahead of its journal: the process must end,
and start again from the journal.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from ..kernel.account import Account
from ..kernel.entries import Command, LeadBack, UnknownOrder
from ..kernel.events import EventKind
from ..kernel.naming import id_of
from ..kernel.orders import Action, TakeEmergency
from ..kernel.switching import SwitchProgress
from ..kernel.units import INSTANT_MAX, MINUTE
from ..tokens import is_typed
from ..wire.messages import EPOCH_MOST, MAX_METERS, LineStatus, Orders, Receipt, Revoked, States, Watch, WireError
from ..wire.on_site import OnSiteError, SignedRevocations
from ..wire.signing import VerifyKey, open_downward
from .allowance import SecondLine, dump_usual
from .anchor import Anchor, dump_anchor
from .checks import epoch_is_over, head_refused, states_refused, verified_command, watch_refused
from .code_entry import OWN_WAYS, SHORT_CODE, CodeEntry
from .drivers.interface import DriverError
from .effects import Adopt, Commit, Effect, Keep, LookAt, MoveSwitch, ReadMeters, Refuse, Reply, SetAllowance
from .looking import Looking, Seen, live, live_balance
from .memory import ANCHOR, EPOCH, REVOKED, USUAL, Memory
from .meter import Foreign, Meter, Observed, Outcome
from .outbox import Outbox
from .replies import done, sentence
from .sync import Sync, SyncPolicy
from .texts import _
from .timekeeping import NEAR, Moment, Note, Timekeeper

ASKED_AGAIN = 2 * MINUTE
"""A meter whose reading did not come is asked for again after this time (µs)."""
NAMES_KEPT = 1000
"""The number of commands whose names are stored after they were taken up."""


class Agent:
    """The rules of one gateway. `epoch` counts its starts; `session` is drawn at random at each start."""

    def __init__(
        self,
        gateway: str,
        epoch: int,
        meters: Iterable[Meter],
        server: VerifyKey,
        policy: SyncPolicy,
        memory: Memory | None = None,
        time: Timekeeper | None = None,
        session: bytes = b"",
    ) -> None:
        """`memory` is the stored memory, and `time` has the stored anchor. Raises ValueError if there are too many
        meters.
        """
        memory = memory or Memory()
        self.gateway = gateway
        self.meters = {meter.name: meter for meter in meters}
        if len(self.meters) > MAX_METERS:
            raise ValueError(f"a gateway serves up to {MAX_METERS} meters, not {len(self.meters)}")
        self.sync = Sync({name: meter.account.seq for name, meter in self.meters.items()}, policy)
        self.looking = Looking(policy.look_interval)
        self._time = time or Timekeeper()
        self.codes = CodeEntry(self.meters, memory, self._time, self.balance)
        self.outbox = Outbox(gateway, (epoch, session), self.meters, self.sync, self.looking, self._time)
        self.revoked = self.outbox.revoked = memory.revoked
        self._server = server
        self._adopted = 0
        self._names: deque[tuple[str, bytes]] = deque(maxlen=NAMES_KEPT)
        self._anchor: Anchor | None = None
        # By how much the gateway's time was ahead of the steady clock last.
        self._ahead: int | None = None
        self._due = dict.fromkeys(self.meters, 0)
        # How far the order to each switch was when it was last reported.
        self._switching: dict[str, SwitchProgress | None] = dict.fromkeys(self.meters)
        self._alone = {name: SecondLine(memory.usual.get(name)) for name in self.meters}

    # -- time and meters ---------------------------------------------------------------------------------------------

    def start(self, moment: Moment, repaired: set[str], replaced: frozenset[str] = frozenset()) -> list[Effect]:
        """Start with the loaded journals. `repaired`: the meters whose journal had to be mended; `replaced`: those that
        another gateway had before.
        """
        # The one in the middle, so that a single journal that lies ahead carries nobody along.
        ends = sorted(meter.account.at for meter in self.meters.values() if meter.account.at)
        notes = self._time.start(moment, ends[len(ends) // 2] if ends else 0)
        now = self._time.now(moment)
        outcomes = {name: meter.start(now, name in repaired, name in replaced) for name, meter in self.meters.items()}
        if not notes:
            for name, meter in self.meters.items():
                outcomes[name].records += meter.vouch(now, self._time.unsure).records
        return self._settle(moment, outcomes) + self._noted(moment, notes)

    def now(self, moment: Moment) -> int:
        """Return the instant (µs) that the gateway takes for the present."""
        return self._time.now(moment)

    def set_clock(self, moment: Moment, at: int, by: str) -> tuple[Reply, list[Effect]]:
        """Take up the time `at` (µs) that the person `by` on site says. Returns the answer to them, and the effects."""
        journalled = max((meter.account.at for meter in self.meters.values()), default=0)
        if at < journalled and not self._time.unsure:
            return Reply(False, _("The clock can't be set to a time before the journal's last entry.")), []
        return Reply(True, _("The clock is set.")), self._noted(moment, self._time.told(moment, at, by))

    def note(self, moment: Moment, kind: EventKind) -> list[Effect]:
        """Journal an event of the gateway that concerns all of its meters."""
        now = self._time.now(moment)
        return self._settle(moment, {name: meter.note(now, kind, "") for name, meter in self.meters.items()})

    def _noted(self, moment: Moment, notes: Sequence[Note]) -> list[Effect]:
        """Journal the timekeeper's events at all meters, store a new anchor, and look at everything again."""
        effects: list[Effect] = []
        ahead, before = self._time.now(moment) - moment.steady, self._ahead
        self._ahead = ahead
        if before is not None and abs(ahead - before) > NEAR:
            for meter in self.meters.values():
                meter.clock_set(ahead - before)
        anchor = self._time.anchor
        if anchor is not self._anchor and anchor is not None and anchor != self._anchor:
            self._anchor = anchor
            effects.append(Keep("", ANCHOR, dump_anchor(anchor)))
        if notes:
            now = self._time.now(moment)
            outcomes: dict[str, Outcome] = {}
            for name, meter in self.meters.items():
                outcomes[name] = Outcome()
                for note in notes:
                    outcomes[name].records += meter.note(now, note.kind, note.detail).records
            effects += self._settle(moment, outcomes)
            self._due = dict.fromkeys(self._due, moment.steady)
        return effects

    # -- people on site ----------------------------------------------------------------------------------------------

    def submit_code(self, moment: Moment, name: str, text: str, way: str) -> tuple[Reply, list[Effect]]:
        """Use a code that was typed for a meter. `way`: as `Site.submit_code` names it. Returns the answer and the
        effects. Raises KeyError if this gateway has no such meter.
        """
        meter = self.meters[name]
        if is_typed(text, SHORT_CODE):
            if way not in OWN_WAYS:
                return Reply(False, _("Open the page with the flat's PIN to take its emergency credit.")), []
            return self.act(moment, name, TakeEmergency(), way)
        entered = self.codes.enter(moment, meter, text, way)
        if entered.outcome is None:
            return entered.reply, entered.effects
        follow = self._settle(moment, {name: entered.outcome})
        reply = replace(entered.reply, switches=entered.outcome.switch is not None)
        return reply, [*entered.effects, *follow]

    def balance(self, moment: Moment, name: str) -> int:
        """Return a meter's present balance, nano: by its register if that was just read, else by its journal."""
        account, now, seen = self.meters[name].account, self._time.now(moment), self.looking.fresh(moment.mono, name)
        live = live_balance(account, now, seen.register) if seen and seen.register is not None else None
        return account.balance if live is None else live

    def act(
        self, moment: Moment, name: str, action: Action, by: str, grant: str = "", reason: str = ""
    ) -> tuple[Reply, list[Effect]]:
        """Do what the person `by` orders on site. `grant`: the staff grant that allows it; empty for the tenant.
        Returns the answer and the effects. Raises KeyError if this gateway has no such meter.
        """
        meter = self.meters[name]
        try:
            outcome = meter.act(self._time.now(moment), action, by, grant, reason)
        except ValueError as objection:
            return Reply(False, sentence(str(objection))), []
        effects = [*self.codes.obey(name, action), *self._settle(moment, {name: outcome})]
        return Reply(True, done(meter, outcome), switches=outcome.switch is not None), effects

    def next_due(self) -> int:
        """Return when a meter must be read next, on the steady clock (µs)."""
        return min(self._due.values(), default=INSTANT_MAX)

    def next_timer(self) -> float:
        """Return the `mono` (s) at which to call `tick`, even if no meter is due."""
        return min(self.sync.next_timer(), self.looking.next_timer())

    def tick(self, moment: Moment) -> list[Effect]:
        """Return the effects that are due now, because time has passed."""
        effects = self._noted(moment, self._time.look(moment))
        due = [name for name, at in self._due.items() if at <= moment.steady]
        if due:
            effects.append(ReadMeters(due))
            # A slow bus brings them later. What never comes is asked for again.
            self._due.update(dict.fromkeys(due, moment.steady + ASKED_AGAIN))
        if looked_at := self.looking.next_meter(moment.mono):
            effects.append(LookAt(looked_at))
        return effects + self.outbox.messages(moment)

    def on_observed(self, moment: Moment, observed: Mapping[str, Observed | Foreign | str]) -> list[Effect]:
        """Take up readings of meters. A text in the place of a reading says why the meter could not be read."""
        effects = self._noted(moment, self._time.look(moment))
        now, outcomes = self._time.now(moment), {}
        for name, seen in observed.items():
            meter, alone = self.meters[name], self._alone[name]
            alone.sure = alone.sure and isinstance(seen, Observed)
            if isinstance(seen, Observed):
                outcomes[name] = meter.observe(now, seen)
                uses = alone.observe(now, meter.account, seen.register, seen.keeps, seen.allowance)
                # A balance that the gateway sets is its second line.
                own_prepaid = "" if alone.keeps else seen.own_prepaid
                outcomes[name].records += meter.see_own_prepaid(now, own_prepaid).records
                if uses and alone.usual:
                    effects.append(Keep(name, USUAL, dump_usual(alone.usual)))
            elif isinstance(seen, Foreign):
                outcomes[name] = meter.foreign(now, seen.serial)
            else:
                outcomes[name] = meter.fail(now, seen)
        return effects + self._settle(moment, outcomes)

    def see_lines(self, moment: Moment, lines: tuple[LineStatus, ...]) -> list[Effect]:
        """Take up which lines of meters are in trouble as a whole, and report that at once if it has changed."""
        if lines == self.outbox.lines:
            return []
        self.outbox.lines = lines
        self.sync.report(moment.mono)
        return self.outbox.messages(moment)

    def on_looked(self, began: float, moment: Moment, name: str, seen: Seen) -> list[Effect]:
        """Take up a look at a meter, which lasted from `began` (s, `mono`) until now. No rule of the account sees it."""
        meter = self.meters[name]
        self.looking.saw(began, moment.mono, live(name, meter.account, self._time.now(moment), seen))
        if meter.switching.is_stuck and isinstance(seen, Observed) and seen.closed == meter.account.closed:
            # Somebody has pressed its button: it is read at once for the rules, too.
            self._due[name] = moment.steady
        return self.outbox.messages(moment)

    def on_switch(self, moment: Moment, name: str, closed: bool, error: DriverError | None) -> list[Effect]:
        """Take up what a meter answered to the order to close or open its switch. `error`: None if it has confirmed it."""
        return self._settle(moment, {name: self.meters[name].answer_switch(self._time.now(moment), closed, error)})

    def watches_allowance(self, name: str) -> bool:
        """Return whether a meter must be asked what it may supply by itself."""
        return self._alone[name].watched(self.meters[name].account)

    def on_allowance_failed(self, name: str, keeps: bool) -> list[Effect]:
        """Note that a meter did not accept its allowance. `keeps`: whether it can have one at all. The next reading
        tries again.
        """
        self._alone[name].failed(keeps)
        return []

    # -- the head-end ------------------------------------------------------------------------------------------------

    def on_connected(self, moment: Moment) -> list[Effect]:
        """Note that the connection to the broker stands."""
        self.sync.on_connected(moment.mono)
        return self.outbox.messages(moment)

    def on_disconnected(self) -> None:
        """Note that the connection to the broker is gone. Nothing else changes."""
        self.sync.on_disconnected()
        self.looking.on_disconnected()

    def on_frame(self, moment: Moment, data: bytes) -> list[Effect]:
        """Take up a message from the broker. It is believed only if the server signed it for this gateway."""
        try:
            message = open_downward(self._server, data)
            if message.gateway != self.gateway:
                raise WireError("foreign", f"the message is for gateway {message.gateway!r}")
        except WireError as error:
            return [Refuse(error.reason, str(error))]
        if isinstance(message, Receipt):
            return self._on_receipt(moment, message)
        if isinstance(message, States):
            return self._on_states(moment, message)
        if isinstance(message, Watch):
            return self._on_watch(moment, message)
        if isinstance(message, Revoked):
            try:
                return self.take_revocations(moment, SignedRevocations(message.body, message.signature))
            except OnSiteError as error:
                return [Refuse("foreign", str(error))]
        return self._on_orders(moment, message)

    def take_revocations(self, moment: Moment, signed: SignedRevocations) -> list[Effect]:
        """Take up a list of revoked grants if it is newer than the one that is here, and report to the server which
        list is here now. Raises OnSiteError if the server did not sign it for this property.
        """
        kept = self.revoked.take(signed)
        self.outbox.tells_revocations = True
        self.sync.report(moment.mono)
        return [*([Keep("", REVOKED, kept)] if kept else []), *self.outbox.messages(moment)]

    def _on_receipt(self, moment: Moment, receipt: Receipt) -> list[Effect]:
        if receipt.session and receipt.session != self.outbox.session:
            return [
                Refuse(
                    "foreign", "a receipt answers an earlier process of this gateway, or another one with the same key"
                )
            ]
        if receipt.known:
            return self._on_epoch_over(moment, receipt)
        effects: list[Effect] = []
        if receipt.at:
            asked = self.outbox.sent_at(receipt.answers) if receipt.epoch == self.outbox.epoch else None
            effects += self._noted(moment, self._time.receipt(moment, receipt.at, asked))
        for head in receipt.heads:
            refusal = head_refused(self.meters, head)
            if refusal:
                effects.append(refusal)
                if head.meter in self.meters:
                    self.sync.on_strange_head(moment.mono)
            else:
                self.sync.on_head(moment.mono, head)
        if (receipt.epoch, receipt.answers) == (self.outbox.epoch, self.outbox.asked):
            self.sync.on_answered(moment.mono)
        return effects + self.outbox.messages(moment)

    def _on_epoch_over(self, moment: Moment, receipt: Receipt) -> list[Effect]:
        """Handle that a greater epoch or number than this one was accepted before: the journal was restored from a copy,
        or somebody else has this gateway's key.
        """
        if not epoch_is_over(receipt, self.outbox):
            return []
        if receipt.known > EPOCH_MOST:
            return [Refuse("foreign", f"epoch {receipt.known}, which is not of this gateway: somebody has its key")]
        self.outbox.epoch = receipt.known + 1
        self.sync.on_epoch_over(moment.mono)
        return [Keep("", EPOCH, str(self.outbox.epoch).encode()), *self.outbox.messages(moment)]

    def _on_states(self, moment: Moment, message: States) -> list[Effect]:
        """Continue from the committed states and read at once, because the journals here do not continue them."""
        if refusal := states_refused(self.meters, message, self.outbox, self._adopted):
            return [refusal]
        names = [state.meter for state in message.states]
        try:
            accounts = [Account.load(state.account) for state in message.states]
        except ValueError as error:
            return [Refuse("newer", f"a state can't be read: {error}")]
        effects: list[Effect] = []
        if message.at:
            # A journal that goes on does not begin with a time that the server knows better.
            effects = self._noted(moment, self._time.receipt(moment, message.at, self.outbox.sent_at(message.answers)))
        # What was said up to now was of the other journals: no answer to it is believed any more.
        self._adopted = self.outbox.number
        outcomes: dict[str, Outcome] = {}
        for state, account in zip(message.states, accounts, strict=True):
            meter = self.meters[state.meter]
            had = meter.account.seq
            meter.adopt(account, state.head)
            self.sync.on_adopted(moment.mono, state.meter, state.seq)
            outcomes[state.meter] = meter.note(
                self._time.now(moment),
                EventKind.JOURNAL_SET_BACK,
                f"it ended at entry {had}, the server's at {state.seq}",
            )
            outcomes[state.meter].records += meter.vouch(self._time.now(moment), self._time.unsure).records
        return [*effects, Adopt(message.states), *self._settle(moment, outcomes), ReadMeters(names)]

    def _on_watch(self, moment: Moment, watch: Watch) -> list[Effect]:
        if refusal := watch_refused(self.meters, watch, self.outbox):
            return [refusal]
        if not self.looking.watch(moment.mono, watch.answers, watch.lasts, watch.meters, watch.once):
            return [Refuse("replayed", f"the request to watch meters that answers message {watch.answers} is over")]
        return []

    def _on_orders(self, moment: Moment, orders: Orders) -> list[Effect]:
        refused: list[Effect] = []
        unlocked: list[Effect] = []
        outcomes: dict[str, Outcome] = {}
        notes: list[Note] = []
        for signed in orders.commands:
            try:
                command = verified_command(self._server, self.meters, signed)
            except WireError as error:
                refused.append(Refuse(error.reason, str(error)))
                continue
            notes += self._told_by_order(moment, command)
            if command.number <= self.meters[command.meter].account.command and not self._is_here(command):
                # Its number is another command's here: the server is told at once how far this meter is.
                self.outbox.changed(command.meter)
                self.sync.report(moment.mono)
            more = self.meters[command.meter].follow(self._time.now(moment), command)
            if more.records:
                self._names.append((command.meter, command.name))
                outcomes.setdefault(command.meter, Outcome()).records += more.records
                if isinstance(command, Command):
                    unlocked += self.codes.obey(command.meter, getattr(command.order, "action", None))
        for name, outcome in outcomes.items():
            decision = self.meters[name].decide(self._time.now(moment))
            outcome.records += decision.records
            outcome.switch = decision.switch
        return refused + unlocked + self._settle(moment, outcomes) + self._noted(moment, notes)

    def _told_by_order(self, moment: Moment, command: Command | UnknownOrder) -> list[Note]:
        """Let the time continue from an earlier instant if an order leads the journal back and the time was ahead, too."""
        if not isinstance(command, Command) or not isinstance(command.order, LeadBack):
            return []
        account = self.meters[command.meter].account
        if command.number != account.command + 1 or self._time.now(moment) < account.at - NEAR:
            return []
        return self._time.led_back(moment)

    def _is_here(self, command: Command | UnknownOrder) -> bool:
        """Return whether a command was taken up, under any number: this is known of the latest commands since the
        start, and of money.
        """
        if command.name and (command.meter, command.name) in self._names:
            return True
        known = id_of(command.order) if isinstance(command, Command) else ""
        return known in self.meters[command.meter].account.credit_ids

    # -- what follows ------------------------------------------------------------------------------------------------

    def _settle(self, moment: Moment, outcomes: Mapping[str, Outcome]) -> list[Effect]:
        records = [(name, record) for name, outcome in outcomes.items() for record in outcome.records]
        effects: list[Effect] = []
        if records:
            effects.append(Commit(records))
        now = self._time.now(moment)
        for name, outcome in outcomes.items():
            meter, alone = self.meters[name], self._alone[name]
            if outcome.records:
                self.sync.on_journalled(name, outcome.records[-1].seq)
                self.outbox.changed(name)
            self._report_switch(moment, meter)
            due = meter.due
            if alone.keeps:
                # Before the switch: it can't be closed while what the meter may supply is used up.
                allowance = None if meter.waits else alone.due_to_tell(now, meter.account, outcome.switch is True)
                if allowance is not None:
                    alone.told(now, allowance.energy)
                    effects.append(SetAllowance(name, allowance.energy))
                due = min(due, max(alone.due(now, meter.account), now + meter.policy.poll_shortest))
            self._due[name] = moment.steady + max(due - now, 0)
            if outcome.switch is not None:
                effects.append(MoveSwitch(name, outcome.switch))
        return effects + self.outbox.messages(moment)

    def _report_switch(self, moment: Moment, meter: Meter) -> None:
        """Report how far the order to a switch is as soon as that changes: before the entry of a new order, so that nobody
        takes the last one's state for the new one's. What is seen after a start can wait for the next status.
        """
        before, progress = self._switching[meter.name], meter.switching.progress
        if before != progress:
            self._switching[meter.name] = progress
            self.outbox.changed(meter.name)
            if before is not None:
                self.sync.report(moment.mono)
