"""Codes that people type: whether a code is read, what it does, and how guessing is slowed down. Logic without I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from msgspec import msgpack

from ..kernel.currencies import NO_CURRENCY
from ..kernel.events import EventKind
from ..kernel.orders import Action, UnlockCodes
from ..kernel.replay import ROLLOVER
from ..kernel.units import DAY
from ..wire.order_codes import NewPin
from .code_meanings import ChangeKey, Credit, Do, Meaning, Show
from .codes import CodeRefused, read_code
from .effects import Effect, Keep, Reply
from .key_state import KeyState, dump_key
from .lockout import Tries, after_wrong, waits, within
from .memory import KEY, TRIES, Memory
from .meter import Meter, Outcome
from .replies import done, money, please_wait, sentence
from .texts import _
from .timekeeping import Moment, Timekeeper

SHORT_CODE = "811"
"""This code takes the emergency credit if it is typed where only the tenant can type (or sent by a meter's button)."""
OWN_WAYS = ("page", "keypad")
"""The ways in that only the tenant has: the page, once the PIN has opened it, and the keypad in the flat."""
OPEN_PAGE, BLUETOOTH = "open page", "bluetooth"
SHARED_WAYS = (OPEN_PAGE, BLUETOOTH)
"""The ways in that everybody in the building shares: the page without a PIN, and Bluetooth, which any phone nearby
reaches. There, turns slow whoever guesses (`turns`), so that nobody locks others out; wrong codes are counted only for
the journal's event.
"""


ELSEWHERE = 10
"""How many wrong codes in a row are also tried with the keys of other meters; then one each `ELSEWHERE_AGAIN`."""
ELSEWHERE_AGAIN = DAY // ELSEWHERE


class Entered(NamedTuple):
    """The result of a typed code: what the person is told, what is stored first, and what follows at the meter (None:
    nothing).
    """

    reply: Reply
    effects: list[Effect]
    outcome: Outcome | None = None


class CodeEntry:
    """The codes of one gateway's meters. `balance` returns a meter's present balance, nano."""

    def __init__(
        self,
        meters: Mapping[str, Meter],
        memory: Memory,
        time: Timekeeper,
        balance: Callable[[Moment, str], int],
    ) -> None:
        self.keys: dict[str, KeyState] = dict(memory.keys)
        self._tries = {name: dict(memory.tries.get(name, {})) for name in meters}
        self._meters, self._time, self._balance, self._units = meters, time, balance, memory.units
        # Until when (µs of the steady clock) tries with others' keys have been used up.
        self._elsewhere_until = 0

    def enter(self, moment: Moment, meter: Meter, text: str, way: str) -> Entered:
        """Handle a code that a person has typed for a meter, and return the result. `way` is the way in."""
        now = self._time.now(moment)
        key = self.keys.get(meter.name)
        if key is None:
            return Entered(Reply(False, _("This meter accepts no codes, because it was installed without a key.")), [])
        counted = self._tries[meter.name].get(way, Tries())
        tries = within(counted, now)
        if (wait := waits(tries, now)) and way not in SHARED_WAYS:
            kept: list[Effect] = [] if tries == counted else [self._keep_tries(meter.name, way, tries)]
            return Entered(Reply(False, please_wait(wait, tries.locked)), kept)
        try:
            meaning = read_code(key, self.vouched(moment), text, meter.account.currency, now)
            outcome, answer = self._obey(moment, meter, meaning, way)
        except CodeRefused as refused:
            if not refused.guess:
                return Entered(Reply(False, str(refused)), [])
            if other := self._meter_of(moment, text):
                return Entered(Reply(False, self._belongs_to(other)), [])
            return self._wrong(moment, meter, way, tries, str(refused))
        except ValueError as objection:
            return Entered(Reply(False, sentence(str(objection))), [])
        effects: list[Effect] = []
        if tries.wrong and _shows_the_key(meaning):
            effects.append(self._keep_tries(meter.name, way, Tries()))
        if isinstance(meaning, ChangeKey):
            self.keys[meter.name] = meaning.state
            effects.append(Keep(meter.name, KEY, dump_key(meaning.state)))
        return Entered(answer, effects, outcome)

    def takes(self, moment: Moment, name: str, way: str) -> bool:
        """Return whether a code that is typed for a meter now would be read."""
        now = self._time.now(moment)
        is_slowed = way not in SHARED_WAYS and waits(within(self._tries[name].get(way, Tries()), now), now)
        return name in self.keys and not is_slowed

    def obey(self, name: str, action: Action | None) -> list[Effect]:
        """Return the effects of an order on a meter's codes: `UnlockCodes` clears the count of wrong codes."""
        if not isinstance(action, UnlockCodes):
            return []
        self._tries[name] = {}
        return [Keep(name, TRIES, msgpack.encode({}))]

    def vouched(self, moment: Moment) -> int | None:
        """Return the instant (µs) if it is certain; None if not. An uncertain clock never makes a code expired."""
        return None if self._time.unsure else self._time.now(moment)

    def _meter_of(self, moment: Moment, text: str) -> str:
        """Return the name of the meter of this gateway to which a code belongs that was typed at another one; else an
        empty text. With the keys of all meters a guess is likelier to be right, so that only a few codes a day are tried so.
        """
        until = max(self._elsewhere_until, moment.steady)
        if until + ELSEWHERE_AGAIN > moment.steady + DAY:
            return ""
        self._elsewhere_until = until + ELSEWHERE_AGAIN
        for name, key in self.keys.items():
            try:
                # Only whose code it is counts here, not what it lends.
                meaning = read_code(key, self.vouched(moment), text, NO_CURRENCY, self._time.now(moment))
            except CodeRefused:
                continue
            if isinstance(meaning, Credit | Do | NewPin):
                return name
        return ""

    def _belongs_to(self, other: str) -> str:
        """Return the sentence of a code that is of the meter `other`: people know their flat, not their meter's number. The
        name of a flat that has codes is no secret here: the page lists it to everybody in the building.
        """
        if unit := self._units.get(other):
            return _("This code is for another flat: %(unit)s.") % {"unit": unit}
        return _("This code is for meter %(meter)s, not for this one.") % {"meter": other}

    def _obey(self, moment: Moment, meter: Meter, meaning: Meaning, way: str) -> tuple[Outcome, Reply]:
        now = self._time.now(moment)
        match meaning:
            case Credit(tid, amount):
                outcome = meter.credit_by_code(now, tid, amount, way)
                text = _("Credited: %(amount)s. The balance is now %(balance)s.") % {
                    "amount": money(meter.account, amount),
                    "balance": money(meter.account, self._balance(moment, meter.name)),
                }
            case Do(tid, action):
                if action.lends and not meter.account.priced:
                    # An amount counts in the size of the currency, which the tariff brings. Used up now, the code would
                    # lend dong as if they were euros.
                    raise CodeRefused(_("This meter has no price yet. Type this code again when it has one."))
                outcome = meter.act(now, action, way, tid=tid)
                text = done(meter, outcome)
            case NewPin(tid):
                outcome = meter.act(now, meaning.action(meter.name), way, tid=tid)
                text = _("The flat has a new PIN. It opens the page from now on.")
            case Show():
                outcome = Outcome()
                text = _("Meter %(meter)s works.") % {"meter": meter.name}
                if way in OWN_WAYS:
                    # A test code is anybody's: the balance is not.
                    left = money(meter.account, self._balance(moment, meter.name))
                    text += " " + _("The balance is %(balance)s.") % {"balance": left}
            case ChangeKey(_state, complete, rollover):
                outcome = (
                    meter.note(now, EventKind.KEY_CHANGED, ROLLOVER if rollover else "") if complete else Outcome()
                )
                text = _("The meter has its new key.") if complete else _("Accepted: now type the other codes.")
        return outcome, Reply(True, text)

    def _wrong(self, moment: Moment, meter: Meter, way: str, before: Tries, text: str) -> Entered:
        """Count a wrong code before the person is told, so that a loss of power gives no free try."""
        now, reply = self._time.now(moment), Reply(False, text, guessed=True)
        if before.locked and waits(before, now):
            # Told already: whoever guesses on fills neither journal nor flash.
            return Entered(reply, [])
        tries = after_wrong(before, now)
        outcome = meter.note(now, EventKind.CODES_LOCKED, way) if tries.locked else None
        return Entered(reply, [self._keep_tries(meter.name, way, tries)], outcome)

    def _keep_tries(self, name: str, way: str, tries: Tries) -> Keep:
        self._tries[name][way] = tries
        return Keep(name, TRIES, msgpack.encode(self._tries[name]))


def _shows_the_key(meaning: Meaning) -> bool:
    """Return whether only who has the meter's key can have made such a code: the digits of a test are known to everybody,
    and one part of a new key can be typed again and again.
    """
    return not isinstance(meaning, Show) and not (isinstance(meaning, ChangeKey) and not meaning.complete)
