"""The agent as people on site meet it (`site.Site`). Each call is done in the agent's own thread."""

from __future__ import annotations

import hashlib

import msgspec

from ..kernel.account import Account
from ..kernel.ahead import next_change
from ..kernel.calendar import local, zone
from ..kernel.dark_facts import SwitchOrder, facts_of
from ..kernel.dark_words import tonight
from ..kernel.entries import (
    AnyEntry,
    Controlled,
    CreditApplied,
    CreditByCode,
    DebitApplied,
    Event,
    OnSite,
    Reading,
    Refused,
    Relay,
    decode_entry,
)
from ..kernel.events import EventKind, words_of
from ..kernel.orders import Action, Hold, Open
from ..kernel.units import DAY, MINUTE
from ..kernel.why_dark import why_dark
from ..wire.messages import LiveMeter
from ..wire.on_site import SignedRevocations, SiteMeter
from ..wire.pins import pin_is
from .agent_thread import AgentThread
from .effects import Reply
from .lines import LineView
from .outlook import Outlook
from .quantities import short_price
from .sentences import say
from .shell import Shell
from .site import Line, View
from .texts import _

LINES = 12
"""The number of last entries that a tenant sees; of readings only the last one."""
LOOKED_AT = 3000
SILENT = 20 * MINUTE
"""A meter that does not answer now is called silent if it was not read for this long (µs): most are read every quarter of an hour."""
NIGHT_BEGINS, NIGHT_ENDS = 20, 7
"""The hours from and to which the page is dark: a bright one blinds in a dark stairwell."""
KNOWN_BROWSER = b"prewatt known browser"
"""The purpose of the gateway's signature in a browser's mark."""


class SiteService:
    """The service calls the agent from other threads. Its methods are those of `site.Site`."""

    def __init__(self, shell: Shell, thread: AgentThread, units: dict[str, str]) -> None:
        self.gateway = shell.agent.gateway
        self._shell, self._thread, self._units = shell, thread, units
        self._outlook = Outlook(shell.journal)

    def now(self) -> int:
        """Return the instant (µs) that the gateway takes for the present."""
        return self._thread.ask(lambda: self._shell.agent.now(self._shell.moment()))

    def overview(self) -> tuple[bool, int, tuple[SiteMeter, ...]]:
        """Return whether the server is reached, the instant (µs), and the meters."""
        return self._thread.ask(self._overview)

    def _overview(self) -> tuple[bool, int, tuple[SiteMeter, ...]]:
        agent = self._shell.agent
        meters = tuple(
            SiteMeter(
                name,
                self._units.get(name, ""),
                meter.account.seq,
                meter.account.at,
                meter.account.closed,
                str(meter.switching.progress or ""),
            )
            for name, meter in agent.meters.items()
        )
        return agent.sync.answered, agent.now(self._shell.moment()), meters

    def is_night(self) -> bool:
        """Return whether it is night in the building."""
        return self._thread.ask(self._is_night)

    def _is_night(self) -> bool:
        agent = self._shell.agent
        meter = next(iter(agent.meters.values()), None)
        if meter is None:
            return False
        hour = local(agent.now(self._shell.moment()), zone(meter.account.settings.zone)).hour
        return hour >= NIGHT_BEGINS or hour < NIGHT_ENDS

    def troubles(self) -> tuple[str, ...]:
        """Return the sentences that everybody in the building must read."""
        return self._thread.ask(self._shell.troubles)

    def lines(self) -> list[LineView]:
        """Return the state of each line of meters; empty if there are none."""
        # The figures are the buses' own; who asks for them does not keep the agent from its work.
        return self._shell.devices.line_views()

    def view(self, meter: str) -> View | None:
        """Return the state of a meter for its tenant; None if this gateway has no such meter."""
        return self._thread.ask(lambda: self._view(meter))

    def current(self, meter: str) -> View | None:
        """Return what `view` returns, without the last entries."""
        return self._thread.ask(lambda: self._view(meter, lines=False))

    def _view(self, name: str, lines: bool = True) -> View | None:
        agent = self._shell.agent
        meter = agent.meters.get(name)
        if meter is None:
            return None
        # Who looks sees what is now. The journal has no more entries for it.
        self._shell.look_at(name)
        moment = self._shell.moment()
        account, now, seen = meter.account, agent.now(moment), agent.looking.fresh(moment.mono, name)
        price, balance = account.price(now), agent.balance(moment, name)
        questions = self._shell.devices.asked(name)
        progress = meter.switching.shown_by(None if seen is None else seen.closed, account.closed)
        warned_at = account.warned_at if account.warned else 0
        energy = max(account.room(balance), 0) // price if price else 0
        facts = msgspec.structs.replace(
            facts_of(account, now, balance, account.closed),
            progress=progress,
            order=self._order(name) if account.supply.opened or "hold" in account.supply.locks else None,
            is_low=account.is_low(),
            warned_at=warned_at,
            energy=energy,
            is_offline=not agent.sync.answered,
            silent_since=_silent_since(account, seen, now),
            is_at_door=True,
        )
        allowed = tonight(account, now)
        return View(
            meter=name,
            unit=self._units.get(name, "") or name,
            currency=account.currency,
            zone=account.settings.zone,
            at=now,
            balance=balance,
            closed=account.closed,
            switching=progress,
            why=why_dark(facts),
            low=facts.is_low,
            price=price,
            seen=seen,
            read_at=account.read_at,
            register=_shown_register(account, seen),
            emergency=account.settings.emergency_credit,
            emergency_open=facts.emergency > 0,
            online=agent.sync.answered,
            lines=tuple(self._lines(name)) if lines else (),
            tonight=say(allowed) if allowed else "",
            ahead=_ahead(account, now),
            asked=questions.questions,
            unanswered=questions.unanswered,
            days_left=self._outlook.days_left(name, account, now),
        )

    def _lines(self, name: str) -> list[Line]:
        lines: list[Line] = []
        read = False
        for body in self._shell.journal.last(name, LOOKED_AT):
            entry = decode_entry(body)
            if isinstance(entry, Reading):
                if read:
                    continue
                read = True
            line = _line(entry)
            if line is not None:
                lines.append(line)
            if len(lines) == LINES:
                break
        return lines

    def _order(self, name: str) -> SwitchOrder | None:
        """Return the last order that a person gave to switch off."""
        for body in self._shell.journal.last(name, LOOKED_AT):
            entry = decode_entry(body)
            if isinstance(entry, Controlled | OnSite) and isinstance(entry.action, Open | Hold):
                return SwitchOrder(entry.at, entry.reason, isinstance(entry, OnSite))
        return None

    def pin_is(self, meter: str, pin: str) -> bool:
        """Return whether `pin` is the PIN of the meter's flat."""
        kept = self._thread.ask(lambda: self._pin(meter))
        # Outside of the agent's thread: it takes its time on purpose.
        return pin_is(kept, pin)

    def _pin(self, name: str) -> str:
        meter = self._shell.agent.meters.get(name)
        return meter.account.settings.pin if meter else ""

    def known_mark(self, meter: str) -> str:
        """Return the mark that a browser gets when the flat's present PIN is typed there; empty without a PIN. A new PIN, or
        another key of the gateway, makes another one.
        """
        pin = self._thread.ask(lambda: self._pin(meter))
        return hashlib.sha256(self._shell.key.sign(KNOWN_BROWSER, f"{meter} {pin}".encode())).hexdigest() if pin else ""

    def submit_code(self, meter: str, digits: str, way: str) -> Reply:
        """Use a code that was typed for a meter, by a `way` in."""
        return self._seen(meter, self._thread.ask(lambda: self._shell.submit_code(meter, digits, way)))

    def act(self, meter: str, action: Action, by: str, grant: str = "", reason: str = "") -> Reply:
        """Give an order to a meter in the name of `by`, allowed by `grant`."""
        return self._seen(meter, self._thread.ask(lambda: self._shell.act(meter, action, by, grant, reason)))

    def _seen(self, meter: str, reply: Reply) -> Reply:
        """Return the answer once it is seen what became of the order to the switch, and at the latest after a while."""
        if not reply.switches:
            return reply
        # Outside of the agent's thread, which goes on meanwhile.
        self._shell.seen_switches.wait(meter)
        return self._thread.ask(lambda: self._shell.with_supply(meter, reply))

    def revoked(self, grant: str) -> tuple[bool, int]:
        """Return whether a staff grant is revoked, and when the present list was signed (µs; 0: there is none)."""
        return self._thread.ask(lambda: (grant in self._shell.agent.revoked, self._shell.agent.revoked.made_at))

    def take_revocations(self, signed: SignedRevocations) -> None:
        """Take up a newer list of revoked grants that a phone brings. Raises OnSiteError if the server did not sign it
        for this property.
        """
        self._thread.ask(lambda: self._shell.take_revocations(signed))

    def journal_head(self, meter: str) -> tuple[int, str] | None:
        """Return the number of the last entry, and the chain's hash in hexadecimal; None if there is no such meter."""
        return self._thread.ask(lambda: self._head(meter))

    def _head(self, name: str) -> tuple[int, str] | None:
        meter = self._shell.agent.meters.get(name)
        return (meter.account.seq, meter.head.hex()) if meter else None

    def set_clock(self, at: int, by: str) -> Reply:
        """Set the gateway's clock to `at` (µs)."""
        return self._thread.ask(lambda: self._shell.set_clock(at, by))


def _ahead(account: Account, now: int) -> str:
    """Return when a kWh gets cheaper or dearer next; empty if it does not."""
    outlook = next_change(account, now)
    if outlook is None:
        return ""
    present, change = outlook
    begin = local(change.begin, zone(account.settings.zone))
    words = {
        "at": f"{begin:%H:%M}" if change.begin - now < DAY else f"{begin:{_('%d %b %H:%M')}}",
        "price": short_price(change.price),
        "present": short_price(present),
    }
    if change.price < present:
        return _("Cheaper from %(at)s: %(price)s instead of %(present)s.") % words
    return _("More expensive from %(at)s: %(price)s instead of %(present)s.") % words


def _silent_since(account: Account, seen: LiveMeter | None, now: int) -> int:
    """Return since when a meter has not answered, if it does not now, and has not for long; else 0."""
    is_silent = seen is not None and bool(seen.cause) and now - account.read_at > SILENT
    return account.read_at if is_silent else 0


def _shown_register(account: Account, seen: LiveMeter | None) -> int | None:
    """Return the register as the meter shows it now, or did when it was read last."""
    return account.shown if seen is None or seen.register is None else seen.register


def _line(entry: AnyEntry) -> Line | None:
    """Return an entry in words; None if it tells a tenant nothing."""
    match entry:
        case Reading():
            return Line(entry.at, _("Last reading"), -entry.charge, entry.balance)
        case CreditApplied(amount=amount, reason=reason):
            return Line(entry.at, reason or _("Payment"), amount, entry.balance)
        case CreditByCode(amount=amount):
            return Line(entry.at, _("Credit, by code"), amount, entry.balance)
        case DebitApplied(amount=amount, reason=reason):
            return Line(entry.at, reason, -amount, entry.balance)
        case Relay(closed=closed):
            return Line(entry.at, _("Supply on") if closed else _("Supply off"), 0, entry.balance)
        case Controlled(action=action, by=by) | OnSite(action=action, by=by):
            return Line(entry.at, f"{_(action.done)} ({by})", 0, entry.balance)
        case Event(code=code) if code != EventKind.POWER_UP:
            text = _(words_of(code))
            return Line(entry.at, f"{text[:1].upper()}{text[1:]}", 0, entry.balance)
        case Refused(reason=reason):
            said = _(reason)
            return Line(entry.at, f"{said[:1].upper()}{said[1:]}", 0, entry.balance)
    return None
