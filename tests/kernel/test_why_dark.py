"""Why it is dark, and what to do: one cause, never nothing to do, and nobody who paid is told to pay again before the way of what
they paid is named.
"""

from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.kernel.account import Account
from prewatt.kernel.dark_facts import FOR_LACK, IS_ON, Cause, Do, Facts, SwitchOrder, facts_of
from prewatt.kernel.dark_words import TITLES, in_brief, tonight
from prewatt.kernel.entries import ChangeSettings, Command, Control, Debit, GrantCredit, SetTariff
from prewatt.kernel.off_hours import OffHours
from prewatt.kernel.orders import Close, Hold, Open, TakeEmergency
from prewatt.kernel.safety import KINDS
from prewatt.kernel.settings import Settings
from prewatt.kernel.supply import LOCKS, FriendlyHours, PowerLimit, Window
from prewatt.kernel.switching import SwitchProgress
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO
from prewatt.kernel.why_dark import why_dark

NOON = 1_759_752_000_000_000
ALWAYS = Window(tuple(range(8)), 0, 1440)

amounts = st.sampled_from([0, 1, 3 * NANO, 500 * NANO])
ahead = st.sampled_from([NOON + MINUTE, NOON + 2 * DAY])
back = st.sampled_from([0, NOON - MINUTE, NOON - 9 * DAY])
anything = st.builds(
    Facts,
    at=st.just(NOON),
    zone=st.just("Europe/Berlin"),
    currency=st.sampled_from(["EUR", "JPY", "XXX"]),
    closed=st.sampled_from([None, False, True]),
    progress=st.sampled_from([None, *SwitchProgress]),
    locks=st.lists(st.sampled_from([*LOCKS, "of-newer-software"]), max_size=2, unique=True).map(tuple),
    opened=st.booleans(),
    order=st.none() | st.builds(SwitchOrder, back, st.sampled_from(["", "a leak", "%s 100 %"]), st.booleans()),
    is_foreign=st.booleans(),
    unsafe=st.lists(st.sampled_from([*KINDS, "of-newer-software"]), max_size=2, unique=True).map(tuple),
    off_until=st.just(0) | ahead,
    has_allowance=st.booleans(),
    is_tripped=st.booleans(),
    recloses_at=ahead,
    limit=st.sampled_from([0, 3000]),
    wants_closed=st.booleans(),
    is_behind=st.booleans(),
    room=st.none() | st.integers(-9, 9).map(lambda each: each * NANO),
    lacks=amounts,
    is_supplied=st.booleans(),
    is_low=st.booleans(),
    is_friendly=st.booleans(),
    emergency=amounts,
    lent=amounts,
    pays_after=st.booleans(),
    has_limit=st.booleans(),
    owed=st.none() | amounts,
    may_owe=amounts,
    is_overdue=st.booleans(),
    warned_at=back,
    paid=amounts,
    paid_at=back,
    code=st.sampled_from(["", "1234 5678 9012 3456 7890"]),
    takes_codes=st.booleans(),
    is_offline=st.booleans(),
    silent_since=back,
    is_dead=st.booleans(),
    site=st.sampled_from(["", "http://10.0.0.2:8080"]),
    is_at_door=st.booleans(),
    contact=st.sampled_from(["", "Berg, 030 1234"]),
    is_vacant=st.booleans(),
)

FREE = {
    "locks": (),
    "opened": False,
    "is_foreign": False,
    "unsafe": (),
    "off_until": 0,
    "is_tripped": False,
    "wants_closed": False,
}
LACKING = {**FREE, "closed": False, "is_supplied": False, "is_vacant": False}
LIT = {**FREE, "closed": True, "progress": None, "is_offline": False, "silent_since": 0, "is_dead": False}
# What many things must come together for is tried as often as the rest.
facts = st.builds(
    lambda known, changed: msgspec.structs.replace(known, **changed), anything, st.sampled_from([{}, LACKING, LIT])
)
REACHED = {
    Cause.ON: {},
    Cause.LOW: {"is_low": True},
    Cause.LENT: {"lent": NANO},
    Cause.FRIENDLY: {"room": 0, "is_friendly": True},
    Cause.NO_VOLTAGE: {"is_dead": True},
    Cause.METER_SILENT: {"silent_since": NOON - HOUR},
    Cause.BUILDING_OFFLINE: {"is_offline": True},
    Cause.NOT_REPORTED: {"closed": None},
    Cause.SWITCHING_ON: {"progress": SwitchProgress.ASKED},
    Cause.WAITS_FOR_BUTTON: {"progress": SwitchProgress.WAITS_FOR_BUTTON},
    Cause.DOES_NOT_OBEY: {"progress": SwitchProgress.FAILED},
    Cause.USED_UP: {"closed": False, "room": 0},
    Cause.TOO_LITTLE: {"closed": False, "room": NANO},
    Cause.LIMIT: {"closed": False, "has_limit": True},
    Cause.OVERDUE: {"closed": False, "has_limit": True, "is_overdue": True},
    Cause.PAID: {"closed": False, "paid": NANO},
    Cause.VACANT: {"closed": False, "is_vacant": True},
    Cause.ORDERED: {"closed": False, "opened": True},
    Cause.HOLD: {"closed": False, "locks": ("hold",), "opened": True},
    Cause.OVERLOAD: {"closed": False, "is_tripped": True, "recloses_at": NOON},
    Cause.OVERLOAD_LOCKED: {"closed": False, "locks": ("overload",)},
    Cause.FORBIDDEN_LOAD: {"closed": False, "locks": ("load",)},
    Cause.TAMPER: {"closed": False, "locks": ("tamper",)},
    Cause.UNSAFE: {"closed": False, "unsafe": ("over-voltage",)},
    Cause.UNSAFE_LOCKED: {"closed": False, "locks": ("arc",)},
    Cause.OFF_HOURS: {"closed": False, "off_until": NOON + HOUR},
    Cause.FOREIGN: {"closed": False, "is_foreign": True},
    Cause.NOT_TOLD: {"closed": False, "wants_closed": True, "is_behind": True},
}


def test_every_cause_is_reached_by_the_fact_that_it_is_named_after():
    assert set(REACHED) == set(Cause) == set(TITLES)
    reached = {
        cause: why_dark(Facts(**{"at": NOON, "closed": True, **known})).cause for cause, known in REACHED.items()
    }
    assert reached == {cause: cause for cause in Cause}


@settings(max_examples=200, deadline=None)
@given(facts)
def test_whatever_is_known_there_is_one_cause_a_heading_a_text_and_something_to_do(known):
    why = why_dark(known)
    assert why.cause in TITLES and why.title and why.text
    assert why.steps and all(each.text and each.text[-1] in ".0123456789" for each in why.steps)
    assert [each.do for each in why.steps].count(Do.CALL) == 1 and why.steps[-1].do == Do.CALL
    assert len({each.text for each in why.steps}) == len(why.steps), "nothing is said twice"
    assert "%(" not in why.text and not any("%(" in each.text for each in why.steps)
    assert why.is_on == (why.cause in IS_ON)
    if known.closed is not None:
        assert why.is_on <= known.closed, "nothing is said to be on that is off"
        assert ("The power is off" in why.text) == (not known.closed)


@settings(max_examples=200, deadline=None)
@given(facts, st.sampled_from([1, 3 * NANO, 500 * NANO]))
def test_nobody_who_paid_is_told_to_pay_again_before_the_way_of_what_they_paid_is_named(known, paid):
    why = why_dark(msgspec.structs.replace(known, paid=paid))
    done = [each.do for each in why.steps]
    if Do.PAY in done:
        assert min(done.index(each) for each in (Do.TYPE_CODE, Do.WAIT) if each in done) < done.index(Do.PAY)
        assert why.cause in FOR_LACK and paid < known.lacks
    if known.code and known.is_offline and why.cause in FOR_LACK - {Cause.VACANT}:
        assert done[0] == Do.TYPE_CODE and known.code in why.steps[0].text


@settings(max_examples=200, deadline=None)
@given(facts)
def test_the_page_in_the_building_which_is_not_told_what_is_paid_names_the_code_before_it_says_pay(known):
    done = [each.do for each in why_dark(msgspec.structs.replace(known, is_at_door=True, paid=0, code="")).steps]
    if Do.PAY in done:
        assert Do.TYPE_CODE in done[: done.index(Do.PAY)]


@settings(max_examples=80, deadline=None)
@given(facts)
def test_nobody_is_asked_to_pay_for_a_flat_where_nobody_lives(known):
    why = why_dark(msgspec.structs.replace(known, is_vacant=True))
    assert Do.PAY not in {each.do for each in why.steps}


# -- from an account -----------------------------------------------------------------------------------------------------------


@dataclass
class Flat:
    """A meter's account, and what follows from it an hour after the last command."""

    account: Account
    now: int = NOON

    def obey(self, *orders):
        for order in orders:
            self.account.apply(self.account.follow(self.now, Command("n", self.account.command + 1, self.now, order)))
        return self

    def switch(self):
        """The switch goes where it belongs."""
        wanted = self.account.wants_closed(self.now)
        if wanted is not None and wanted != self.account.closed:
            why = self.account.why_closed() if wanted else self.account.why_open(self.now)
            self.account.apply(self.account.relay(self.now, wanted, why))
        return self

    def why(self, **beside):
        known = facts_of(self.account, self.now, self.account.balance, self.account.closed)
        return why_dark(msgspec.structs.replace(known, **beside))


def flat(credit=0, **rules):
    account = Account()
    made = Flat(account).obey(
        ChangeSettings(Settings(zone="Europe/Berlin", **rules)),
        SetTariff(0, flat_tariff("flat", "EUR", "Europe/Berlin", 200_000)),
    )
    account.closed = True
    return (made.obey(GrantCredit("c1", credit)) if credit else made).switch()


def steps(why):
    return [(str(each.do), str(each.text)) for each in why.steps]


def test_used_up_it_says_how_much_is_to_be_paid_at_least_and_offers_the_emergency_credit():
    why = flat(clearance=5_000_000_001, emergency_credit=3 * NANO).why(contact="Berg, 030 1234")
    assert why.cause == Cause.USED_UP
    assert why.text == "The power is off: the credit is used up. It returns by itself after a top-up."
    assert steps(why) == [
        ("pay", "Pay at least 5.01 EUR. The power returns by itself a few seconds later."),
        ("take-emergency", "Take 3.00 EUR of emergency credit."),
        ("call", "If it stays dark, call the manager: Berg, 030 1234"),
    ]
    at_door = flat().why(is_at_door=True, is_offline=True)
    assert steps(at_door)[:2] == [
        ("type-code", "If you have paid: type the code of your payment here."),
        ("pay", "Pay at least 0.01 EUR. The building is offline, so you get a code. Type it here."),
    ]


def test_who_has_paid_reads_since_when_it_is_on_its_way_and_offline_which_code_to_type_where():
    dark = flat()
    paid = {"paid": 5 * NANO, "paid_at": NOON - 2 * MINUTE, "code": "1234 5678 9012 3456 7890"}
    why = dark.why(**paid)
    assert why.cause == Cause.PAID
    assert why.text.endswith("the credit is used up. 5.00 EUR is paid, and on its way to the meter since 13:58.")
    assert [each.do for each in why.steps] == [Do.WAIT, Do.TYPE_CODE, Do.CALL]
    why = dark.why(**paid, is_offline=True, site="http://10.0.0.2:8080")
    assert why.text.startswith("Last known: The power is off")
    assert steps(why)[0] == (
        "type-code",
        "Type this code at the meter, or at the page in the building (http://10.0.0.2:8080): 1234 5678 9012 3456 7890",
    )


def test_what_a_person_ordered_is_told_with_its_time_and_reason():
    dark = flat(20 * NANO).obey(Control(Open(), "maria", "leak")).switch()
    why = dark.why(order=SwitchOrder(NOON - 3 * DAY, "leak in the bathroom."))
    assert why.cause == Cause.ORDERED and steps(why) == [("call", "Call the manager.")]
    assert why.text == (
        "The power is off: switched off by the manager. The order came at 2025-10-03 14:00. The reason: leak in the bathroom."
    )
    assert "in the building by the staff" in dark.why(order=SwitchOrder(NOON, "", on_site=True)).text
    assert flat(20 * NANO).obey(Control(Hold(), "maria")).switch().why().cause == Cause.HOLD


def test_what_is_held_off_and_used_up_needs_both():
    why = flat().obey(Control(Open(), "maria")).why()
    assert why.cause == Cause.ORDERED and [each.do for each in why.steps] == [Do.PAY, Do.CALL]


def test_an_overload_says_when_it_switches_on_again_and_what_is_allowed():
    tripped = flat(20 * NANO, power=PowerLimit((3000,), reclose_after=300))
    tripped.account.apply(tripped.account.event(NOON, "overload", "3500 W"))
    why = tripped.switch().why()
    assert (why.cause, why.text) == (
        Cause.OVERLOAD,
        "The power is off: too much power was drawn. The power returns by itself at 14:05.",
    )
    assert steps(why)[:2] == [
        ("unplug", "Unplug something large, such as a heater or a kettle: at most 3.0 kW are allowed at a time."),
        ("wait", "Wait until 14:05: the power returns by itself."),
    ]
    tripped.now += 10 * MINUTE
    assert tripped.why().cause == Cause.SWITCHING_ON


def test_off_hours_say_until_when_and_not_that_the_power_returns_where_credit_is_lacking():
    night = flat(20 * NANO, off_hours=OffHours((ALWAYS,)))
    why = night.why()
    assert why.text == "The power is off: these are off hours. The power returns by itself at 00:00."
    assert why.cause == Cause.OFF_HOURS and why.steps[0].do == Do.WAIT
    poor = flat(off_hours=OffHours((ALWAYS,)))
    assert "returns by itself" not in poor.why().text and poor.why().steps[0].do == Do.PAY
    assert tonight(night.account, NOON) is None
    night.obey(Control(Close(), "maria")).switch()
    assert "the manager has switched on until 00:00" in tonight(night.account, NOON)


def test_friendly_hours_lent_credit_and_what_may_be_owed_are_said_for_what_they_are():
    friendly = flat(friendly=FriendlyHours((ALWAYS,)))
    assert friendly.why().cause == Cause.FRIENDLY and "it stays on in these hours" in friendly.why().text
    lent = flat(emergency_credit=3 * NANO).obey(Control(TakeEmergency(), "anna")).switch()
    assert (lent.why().cause, lent.why().text) == (
        Cause.LENT,
        "The power is on, on emergency credit: 3.00 EUR left.",
    )
    after = flat(credit_limit=50 * NANO)
    assert after.why().text.endswith("You owe 0.00 EUR now, and may owe at most 50.00 EUR.")
    after.obey(Debit("d1", 50 * NANO, "heating"))
    assert after.switch().why().cause == Cause.LIMIT
    assert after.why(is_overdue=True).cause == Cause.OVERDUE


def test_the_power_that_nobody_hears_of_is_told_as_last_known_with_where_to_look():
    lit = flat(20 * NANO)
    offline = lit.why(is_offline=True, site="http://10.0.0.2")
    assert (offline.cause, offline.text) == (Cause.BUILDING_OFFLINE, "Last known: The power is on.")
    assert [each.do for each in offline.steps] == [Do.LOOK_AT_FUSES, Do.ASK_NEIGHBOURS, Do.LOOK_AT_PAGE, Do.CALL]
    silent = lit.why(silent_since=NOON - HOUR)
    assert silent.text == "The meter has not answered since 13:00. Last known: The power is on."
    assert silent.cause == Cause.METER_SILENT
    assert lit.why(is_dead=True).cause == Cause.NO_VOLTAGE


def test_what_the_meter_says_before_its_journal_gives_no_false_reason():
    lit = flat(20 * NANO)
    told = facts_of(lit.account, NOON, 20 * NANO, closed=False)
    assert why_dark(told).cause == Cause.NOT_TOLD
    assert why_dark(facts_of(lit.account, NOON, -NANO, closed=False)).cause == Cause.USED_UP


@pytest.mark.parametrize("code", ["over-voltage", "over-voltage-locked", "overload", "overload-locked", "no-such-code"])
def test_a_limit_that_waits_for_a_person_reads_otherwise_than_one_that_does_not(code):
    said = in_brief(code)
    assert said != in_brief(f"{code}-locked") or code == "no-such-code"
    assert ("person" in said or "too often" in said) == code.endswith("-locked")
