"""This module tells why a flat is dark, and what to do: one rule for pages, notices, programs and the gateway.

From the facts (`kernel.dark_facts`) it tells one cause, and what to do, the most useful first. `kernel.dark_words` has
the words for how the supply stands, this file those for what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from .dark_facts import FOR_LACK, IS_ON, Cause, Do, Facts
from .dark_words import kilowatts, said, title
from .safety import KINDS
from .sentences import Money, Sentence, near, sentence, several
from .switching import SwitchProgress
from .units import Instant


class Step(msgspec.Struct, frozen=True):
    """Something to do, and the sentence that says it."""

    do: Do
    text: Sentence


class Why(msgspec.Struct, frozen=True):
    """The answer: whether the power is on, why it is not (cause, heading, one or two sentences), and what to do, the
    most useful first. There is always something to do, even if the power seems to be on.
    """

    cause: Cause
    title: Sentence
    text: Sentence
    steps: tuple[Step, ...]

    @property
    def is_on(self) -> bool:
        """Return whether the power is on, by all that is known. If so, the steps are for somebody in the dark."""
        return self.cause in IS_ON


def why_dark(facts: Facts) -> Why:
    """Return whether the power is on, why it is not, and what to do."""
    cause = cause_of(facts)
    return Why(cause, title(cause), said(cause, facts), tuple(_steps(cause, facts)))


# -- the cause -----------------------------------------------------------------------------------------------------------


def cause_of(facts: Facts) -> Cause:
    """Return the cause. If several keep a switch open, it is the one that must go first."""
    if facts.closed is None:
        return Cause.NOT_REPORTED
    if not facts.closed:
        return _off(facts)
    if facts.is_far:
        return Cause.BUILDING_OFFLINE
    if facts.silent_since:
        return Cause.METER_SILENT
    if facts.progress == SwitchProgress.WAITS_FOR_BUTTON:
        return Cause.WAITS_FOR_BUTTON
    if facts.progress == SwitchProgress.FAILED:
        return Cause.DOES_NOT_OBEY
    if facts.progress not in (None, SwitchProgress.VERIFIED):
        return Cause.SWITCHING_ON
    if facts.is_dead:
        return Cause.NO_VOLTAGE
    return _on(facts)


def _on(facts: Facts) -> Cause:
    if facts.is_vacant:
        return Cause.ON
    if facts.lent:
        return Cause.LENT
    if facts.room is not None and facts.room <= 0 and facts.is_friendly and not facts.pays_after:
        return Cause.FRIENDLY
    return Cause.LOW if facts.is_low else Cause.ON


_LOCKS = {
    "hold": Cause.HOLD,
    "overload": Cause.OVERLOAD_LOCKED,
    "load": Cause.FORBIDDEN_LOAD,
    "tamper": Cause.TAMPER,
}


def _off(facts: Facts) -> Cause:
    if facts.locks:
        return _LOCKS.get(facts.locks[0], Cause.UNSAFE_LOCKED)
    if facts.opened:
        return Cause.ORDERED
    if facts.is_foreign:
        return Cause.FOREIGN
    if facts.unsafe:
        return Cause.UNSAFE
    if facts.off_until:
        return Cause.OFF_HOURS
    if facts.is_tripped:
        return Cause.OVERLOAD
    if facts.wants_closed:
        return Cause.NOT_TOLD if facts.is_behind else Cause.SWITCHING_ON
    return _lack(facts)


def _lack(facts: Facts) -> Cause:
    if facts.is_vacant:
        return Cause.VACANT
    if facts.paid:
        return Cause.PAID
    if facts.is_overdue:
        return Cause.OVERDUE
    if facts.has_limit:
        return Cause.LIMIT
    return Cause.TOO_LITTLE if facts.room is not None and facts.room > 0 else Cause.USED_UP


# -- what to do ----------------------------------------------------------------------------------------------------------


def _steps(cause: Cause, facts: Facts) -> Iterator[Step]:
    if cause in FOR_LACK and cause != Cause.VACANT:
        yield from _for_lack(facts)
    elif cause in (Cause.LOW, Cause.LENT, Cause.FRIENDLY):
        yield from _before_it_is_dark(facts)
    else:
        yield from _mend(cause, facts)
        yield from _wait(cause, facts)
        yield from _credit_too(cause, facts)
    if cause in IS_ON or cause in (Cause.BUILDING_OFFLINE, Cause.METER_SILENT, Cause.NOT_REPORTED):
        yield from _in_the_flat(cause, facts)
    if not facts.closed and facts.silent_since and not facts.is_far:
        yield Step(Do.WAIT, sentence("The switch moves only when the meter answers again. The manager was told."))
    yield _call(cause, facts)


def _for_lack(facts: Facts) -> Iterator[Step]:
    """Yield what brings the power back where only credit is lacking. Who has paid is told first how that arrives."""
    if facts.paid:
        yield from _what_is_paid(facts)
        if facts.paid < facts.lacks:
            more = Money(facts.lacks - facts.paid, facts.currency)
            yield Step(Do.PAY, sentence("That is not enough yet: pay at least %(amount)s more.", amount=more))
    else:
        yield from _perhaps_paid(facts)
        yield Step(Do.PAY, _pay(facts))
    if facts.emergency:
        yield Step(Do.TAKE_EMERGENCY, _emergency(facts))


def _perhaps_paid(facts: Facts) -> Iterator[Step]:
    """Yield what somebody does who has paid, where nobody knows of it: the page in the building is not told what is paid."""
    if facts.is_at_door:
        yield Step(Do.TYPE_CODE, sentence("If you have paid: type the code of your payment here."))


def _before_it_is_dark(facts: Facts) -> Iterator[Step]:
    if facts.paid:
        yield from _what_is_paid(facts)
    else:
        yield from _perhaps_paid(facts)
        yield Step(Do.PAY, sentence("Pay soon, so that the power stays on."))
    if facts.emergency:
        yield Step(Do.TAKE_EMERGENCY, _emergency(facts))


def _credit_too(cause: Cause, facts: Facts) -> Iterator[Step]:
    """Yield what is to be done about credit, where something else keeps the switch open, too."""
    if facts.closed is not False or facts.is_supplied or facts.is_vacant or cause == Cause.NOT_TOLD:
        return
    if facts.paid:
        yield from _what_is_paid(facts)
    else:
        yield from _perhaps_paid(facts)
        yield Step(Do.PAY, sentence("Pay, too: the credit would not be enough for the power to return."))


def _what_is_paid(facts: Facts) -> Iterator[Step]:
    """Yield how a payment reaches the meter, by its code where nothing else can bring it."""
    if facts.code and facts.is_offline:
        yield Step(Do.TYPE_CODE, _type_code(facts))
    if not facts.is_offline:
        yield Step(Do.WAIT, sentence("Wait a moment: your payment reaches the meter by itself."))
        if facts.code:
            yield Step(
                Do.TYPE_CODE,
                several([sentence("If it takes longer, bring the payment to the meter yourself."), _type_code(facts)]),
            )
    elif not facts.code:
        yield Step(Do.WAIT, sentence("The meter gets your payment as soon as the building is online again."))


def _type_code(facts: Facts) -> Sentence:
    if facts.site:
        return sentence(
            "Type this code at the meter, or at the page in the building (%(site)s): %(code)s",
            site=facts.site,
            code=facts.code,
        )
    return sentence("Type this code at the meter, or at the page in the building: %(code)s", code=facts.code)


def _pay(facts: Facts) -> Sentence:
    amount = sentence("Pay at least %(amount)s.", amount=Money(facts.lacks, facts.currency)) if facts.lacks else None
    parts = [amount or sentence("Pay.")]
    if not facts.is_offline:
        parts.append(sentence("The power returns by itself a few seconds later."))
    elif not facts.takes_codes:
        parts.append(sentence("The building is offline: the power returns when it is online again."))
    elif facts.is_at_door:
        parts.append(sentence("The building is offline, so you get a code. Type it here."))
    elif facts.site:
        parts.append(
            sentence(
                "The building is offline, so you get a code. Type it at the meter, or at the page in the building (%(site)s).",
                site=facts.site,
            )
        )
    else:
        parts.append(
            sentence(
                "The building is offline, so you get a code. Type it at the meter, or at the page in the building."
            )
        )
    return several(parts)


def _emergency(facts: Facts) -> Sentence:
    money = Money(facts.emergency, facts.currency)
    if not facts.is_far:
        return sentence("Take %(amount)s of emergency credit.", amount=money)
    if facts.site:
        return sentence(
            "Take %(amount)s of emergency credit at the page in the building (%(site)s).", amount=money, site=facts.site
        )
    return sentence("Take %(amount)s of emergency credit at the page in the building.", amount=money)


def _mend(cause: Cause, facts: Facts) -> Iterator[Step]:
    """Yield what somebody does against a cause that is not credit."""
    if cause in (Cause.OVERLOAD, Cause.OVERLOAD_LOCKED):
        yield Step(Do.UNPLUG, _unplug(facts))
    elif cause == Cause.FORBIDDEN_LOAD:
        yield Step(Do.UNPLUG, sentence("Unplug what is not allowed here, such as a heater or a hot plate."))
    elif cause in (Cause.UNSAFE, Cause.UNSAFE_LOCKED):
        yield from _keep_safe(facts.locks if cause == Cause.UNSAFE_LOCKED else facts.unsafe)
    elif cause == Cause.NO_VOLTAGE:
        yield _neighbours()
        yield Step(Do.LOOK_AT_FUSES, sentence("Look at the main switch and the fuses before the meter."))
    elif cause in (Cause.WAITS_FOR_BUTTON, Cause.DOES_NOT_OBEY):
        yield _button(is_known=cause == Cause.WAITS_FOR_BUTTON)
    elif cause == Cause.NOT_TOLD:
        yield _look_at_page(facts)
    elif cause in (Cause.BUILDING_OFFLINE, Cause.METER_SILENT):
        yield from _perhaps_used_up(facts)


def _keep_safe(codes: Iterable[str]) -> Iterator[Step]:
    """Yield the advice on limits that were passed, each once."""
    advice = dict.fromkeys(KINDS[each].advice for each in codes if each in KINDS)
    yield from (Step(Do.KEEP_SAFE, sentence(each)) for each in advice)


def _wait(cause: Cause, facts: Facts) -> Iterator[Step]:
    """Yield for what somebody waits where a cause goes by itself."""
    if cause == Cause.SWITCHING_ON:
        yield Step(Do.WAIT, sentence("Wait a minute: the order to switch on is repeated."))
        yield _button()
    elif cause == Cause.OVERLOAD and facts.is_supplied:
        yield _wait_until(facts.recloses_at, facts)
    elif cause == Cause.OFF_HOURS and facts.is_supplied:
        yield _wait_until(facts.off_until, facts)


def _wait_until(instant: Instant, facts: Facts) -> Step:
    at = near(instant, facts.at, facts.zone)
    return Step(Do.WAIT, sentence("Wait until %(at)s: the power returns by itself.", at=at))


def _perhaps_used_up(facts: Facts) -> Iterator[Step]:
    """Yield what is to be done about credit of which nobody knows how much is left by now."""
    if facts.is_vacant:
        return
    if facts.paid:
        yield from _what_is_paid(facts)
    elif facts.is_low or facts.lent:
        yield from _perhaps_paid(facts)
        perhaps = sentence("The credit may be used up by now.")
        yield Step(Do.PAY, several([perhaps, _pay(msgspec.structs.replace(facts, lacks=0))]))


def _unplug(facts: Facts) -> Sentence:
    if not facts.limit:
        return sentence("Unplug something large, such as a heater or a kettle.")
    return sentence(
        "Unplug something large, such as a heater or a kettle: at most %(limit)s kW are allowed at a time.",
        limit=kilowatts(facts.limit),
    )


def _in_the_flat(cause: Cause, facts: Facts) -> Iterator[Step]:
    """Yield what somebody looks at who sits in the dark although the power is on, by all that is known."""
    yield Step(
        Do.LOOK_AT_FUSES,
        sentence("Look at the fuses in your flat, also at the switch with the test button. Switch on what is down."),
    )
    if cause not in (Cause.BUILDING_OFFLINE, Cause.METER_SILENT):
        yield _button()
    yield _neighbours()
    if facts.is_far:
        yield _look_at_page(facts)


def _button(is_known: bool = False) -> Step:
    if is_known:
        return Step(Do.PRESS_BUTTON, sentence("Press the button at the meter: the power is back at once."))
    return Step(Do.PRESS_BUTTON, sentence("If the meter has a button, press it."))


def _neighbours() -> Step:
    return Step(Do.ASK_NEIGHBOURS, sentence("Ask a neighbour: if it is dark there, too, the whole house has no power."))


def _look_at_page(facts: Facts) -> Step:
    if facts.site:
        text = sentence("The page in the building knows more: %(site)s", site=facts.site)
    else:
        text = sentence("The page in the building knows more.")
    return Step(Do.LOOK_AT_PAGE, text)


_FOR_PERSON = frozenset(
    {
        Cause.ORDERED,
        Cause.HOLD,
        Cause.OVERLOAD_LOCKED,
        Cause.FORBIDDEN_LOAD,
        Cause.TAMPER,
        Cause.UNSAFE_LOCKED,
        Cause.FOREIGN,
        Cause.VACANT,
    }
)
"""The power returns only when a person does something."""


def _call(cause: Cause, facts: Facts) -> Step:
    """Return whom to call, which is the last way out of all, and the only one where a person has to come."""
    must = cause in _FOR_PERSON
    if facts.contact and must:
        text = sentence("Call the manager: %(contact)s", contact=facts.contact)
    elif facts.contact:
        text = sentence("If it stays dark, call the manager: %(contact)s", contact=facts.contact)
    else:
        text = sentence("Call the manager.") if must else sentence("If it stays dark, call the manager.")
    return Step(Do.CALL, text)
