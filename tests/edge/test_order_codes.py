"""Codes of orders, emergency codes and PINs at a gateway without a network: whichever comes first counts, the code or the
command, and the server's account is equal to the meter's after each entry.
"""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from prewatt.edge.effects import Commit
from prewatt.kernel.account import Account
from prewatt.kernel.currencies import magnitude
from prewatt.kernel.entries import (
    ChangeSettings,
    Command,
    Control,
    Controlled,
    EndCode,
    GrantCredit,
    OnSite,
    Recognised,
    Refused,
    SetTariff,
    Settings,
    decode_entry,
)
from prewatt.kernel.orders import ClearTamper, Close, Hold, LimitPower, Open, Release, Restore, SetPin, TakeEmergency
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import DAY, HOUR, MICRO, MINUTE, NANO, SECOND
from prewatt.tokens import Algorithm, BaseDate, CurrencyCredit, NotCarried, Proprietary, cipher, encode
from prewatt.wire.order_codes import FAR, Ordered, emergency_token, order_token, pin_token, read
from prewatt.wire.pins import hash_pin, keep_pin, pin_is
from tests.edge.test_codes import NOW, NUMBERS, TID, VENDING, Gateway, described

METER = cipher(Algorithm.MISTY1, described(NUMBERS["m1"]).decoder_key(VENDING))
MADE = NOW // MINUTE
CENT = NANO // 100


class Both(Gateway):
    """A gateway without a network, and the server's account, which works out anew whatever the journal says."""

    def __init__(self, **settings):
        self.server, self.made, self.log = None, {}, []
        super().__init__()
        self.server = Account.load(self.account().dump())
        self.order("m1", ChangeSettings(Settings(**settings)))

    def order(self, name, order):
        command = Command(name, self.numbers[name] + 1, self.now, order)
        if name == "m1":
            self.log.append(command)
        super().order(name, order)
        self.settle()

    def type(self, code, name="m1", way="page"):
        answer = super().type(code, name, way)
        self.settle()
        return answer

    def settle(self):
        """The server takes in what is new. A code is of a command, or was made in advance."""
        if self.server is None:
            return
        for each in self.effects:
            for name, record in each.records if isinstance(each, Commit) else ():
                entry = decode_entry(record.body)
                if name != "m1" or entry.seq <= self.server.seq:
                    continue
                self.server.apply(self.server.recompute(entry, self.command(entry)))
        assert self.server.dump() == self.account().dump()

    def command(self, entry):
        if number := getattr(entry, "command", 0):
            return self.log[number - 1]
        tid = getattr(entry, "tid", None)
        return self.made.get(tid)

    def ordered(self, action, tid=TID):
        """Give an order: its code, and the order that waits for the network."""
        carried, token = order_token(action, BaseDate.D2014, tid, "EUR")
        order = Control(carried, "manager", "why", tid)
        self.made[tid] = Command("m1", 1, self.now, order)
        return encode(token, METER), order

    def emergency(self, amount, days, tid=TID):
        token = emergency_token(amount, days, tid, "EUR")
        action = read(token, BaseDate.D2014, "EUR").action
        self.made[tid] = Command("m1", 1, self.now, Control(action, "Sam", "", tid))
        return encode(token, METER)

    def pin(self, pin, tid=TID):
        order = Control(SetPin(keep_pin(pin, "m1", NOW // MINUTE + tid - TID)), "manager", "", tid)
        self.made[tid] = Command("m1", 1, self.now, order)
        return encode(pin_token(pin, tid), METER), order

    def last(self):
        return self.entries()[-1] if self.entries() else None


ORDERS = [
    Close(),
    Close(override=True),
    Release(),
    TakeEmergency(),
    ClearTamper(),
    LimitPower(1500),
    Restore(5 * NANO),
    Restore(0, NOW + 6 * HOUR),
    Restore(2_500_000_000, NOW + 3 * HOUR),
]


def in_need(action):
    """A gateway where an order can be done."""
    gateway = Both(emergency_credit=3 * NANO)
    gateway.order("m1", GrantCredit("rest", NANO // 2) if isinstance(action, Close) else Control(Hold(), "manager"))
    if isinstance(action, Close):
        gateway.order("m1", Control(Open(), "manager"))
    return gateway


@pytest.mark.parametrize("action", ORDERS, ids=repr)
def test_a_typed_order_is_done_at_once_and_its_command_does_nothing_later(action):
    gateway = in_need(action)
    code, order = gateway.ordered(action)
    assert gateway.type(code).done
    typed = gateway.entries()[0]
    assert isinstance(typed, OnSite) and (typed.action, typed.tid) == (order.action, TID)
    supply = gateway.account().supply
    assert "used already" in gateway.type(code).text
    gateway.order("m1", order)
    assert isinstance(gateway.entries()[0], Recognised) and gateway.account().supply == supply
    assert "used already" in gateway.type(code).text


@pytest.mark.parametrize("action", ORDERS, ids=repr)
def test_an_order_that_came_by_the_network_leaves_its_code_worth_nothing(action):
    gateway = in_need(action)
    code, order = gateway.ordered(action)
    gateway.order("m1", order)
    assert isinstance(gateway.entries()[0], Controlled)
    before = gateway.account().dump()
    assert not gateway.type(code).done and gateway.account().dump() == before


def test_a_restoration_by_code_brings_light_over_a_debt_and_a_clearance():
    gateway = Both(clearance=50 * NANO)
    gateway.order("m1", GrantCredit("before", NANO))
    assert gateway.account().closed is False
    code, _ = gateway.ordered(Restore(5 * NANO))
    assert gateway.type(code).switches
    assert gateway.account().allowance(gateway.now) == 5 * NANO


def test_an_order_that_was_refused_by_the_network_can_not_be_done_later_by_its_code():
    gateway = Both(emergency_credit=3 * NANO)
    code, order = gateway.ordered(Release())
    gateway.order("m1", order)
    refused = gateway.entries()[0]
    assert isinstance(refused, Refused) and refused.tid == TID
    gateway.order("m1", Control(Hold(), "manager"))
    assert "used already" in gateway.type(code).text and gateway.account().supply.locks == ("hold",)


def test_a_meter_of_before_that_refuses_leaves_its_code_as_it_is():
    """Software of before does not say of which code a refused order was."""
    gateway = Both()
    _, order = gateway.ordered(Release())
    command = Command("m1", gateway.server.command + 1, NOW, order)
    said = Refused(gateway.server.seq + 1, NOW, 0, command.number, "the switch is not held open")
    assert gateway.server.recompute(said, command) == said


# -- codes made in advance -----------------------------------------------------------------------------------------------


def test_an_emergency_code_lends_once_within_its_days():
    gateway = Both()
    code = gateway.emergency(5 * NANO, 7)
    gateway.now += 7 * DAY - 2 * MINUTE
    assert gateway.type(code).switches
    assert gateway.account().allowance(gateway.now) == 5 * NANO
    assert "used already" in gateway.type(code).text
    gateway.order("m1", EndCode(TID))
    assert isinstance(gateway.last(), Recognised) and TID in gateway.account().tids
    assert "used already" in gateway.type(code).text and gateway.account().coded == {}


@pytest.mark.parametrize("away", [7 * DAY, 8 * DAY, 300 * DAY])
def test_an_expired_emergency_code_is_worth_nothing(away):
    gateway = Both()
    code = gateway.emergency(5 * NANO, 7)
    gateway.now += away
    before = gateway.account().dump()
    answer = gateway.type(code)
    assert not answer.done and "no longer works" in answer.text and gateway.account().dump() == before


def test_a_gateway_that_does_not_know_the_time_goes_by_what_it_is_at_least():
    gateway = Both()
    code = gateway.emergency(5 * NANO, 7)
    gateway.now += 8 * DAY
    gateway.agent.tick(gateway.moment)
    gateway.agent._time._stood = True
    assert gateway.agent.codes.vouched(gateway.moment) is None
    assert not gateway.type(code).done


def test_a_revoked_emergency_code_is_worth_nothing():
    gateway = Both()
    code = gateway.emergency(5 * NANO, 7)
    gateway.order("m1", EndCode(TID))
    before = gateway.account().dump()
    assert "used already" in gateway.type(code).text and gateway.account().dump() == before


def test_an_order_that_ends_a_code_takes_no_payments_code_away():
    gateway = Both()
    paid = GrantCredit("paid", 20 * NANO, tid=TID, coded=20 * NANO)
    gateway.made[TID] = Command("m1", 1, NOW, paid)
    assert gateway.type(encode(CurrencyCredit(TID, 2_000_000), METER)).done
    gateway.order("m1", EndCode(TID))
    assert isinstance(gateway.last(), Refused)
    gateway.order("m1", paid)
    assert isinstance(gateway.last(), Recognised) and gateway.account().balance == 20 * NANO


# -- PINs ----------------------------------------------------------------------------------------------------------------


def test_a_pin_that_was_made_in_an_outage_holds_once_its_code_is_typed():
    gateway = Both(pin=hash_pin("000000", bytes(16)))
    code, order = gateway.pin("246810")
    assert "new PIN" in gateway.type(code, way="open page").text
    assert pin_is(gateway.account().settings.pin, "246810") and not pin_is(gateway.account().settings.pin, "000000")
    # The network is back: settings of before the PIN come first, then the PIN, then settings with it.
    gateway.order("m1", ChangeSettings(Settings(pin=hash_pin("000000", bytes(16)))))
    gateway.order("m1", order)
    assert isinstance(gateway.entries()[0], Recognised)
    gateway.order("m1", ChangeSettings(Settings(pin=order.action.kept)))
    assert pin_is(gateway.account().settings.pin, "246810")


def test_an_old_pin_does_not_come_back_by_its_code():
    gateway = Both()
    old, _ = gateway.pin("111111")
    new, _ = gateway.pin("222222", TID + 1)
    assert gateway.type(new).done
    answer = gateway.type(old)
    assert not answer.done and "newer PIN" in answer.text and pin_is(gateway.account().settings.pin, "222222")


def test_nor_if_the_new_one_came_with_the_settings():
    gateway = Both()
    old, _ = gateway.pin("111111")
    gateway.order("m1", ChangeSettings(Settings(pin=keep_pin("222222", "m1", MADE + 5))))
    assert not gateway.type(old).done and pin_is(gateway.account().settings.pin, "222222")


def test_a_pin_that_was_made_a_month_ago_is_not_set_any_more():
    gateway = Both()
    code, _ = gateway.pin("111111")
    gateway.now += 31 * DAY
    assert "expired" in gateway.type(code).text and gateway.account().settings.pin == ""


def test_a_pins_code_is_of_one_meter_and_guessing_it_is_slowed():
    gateway = Both()
    code, _ = gateway.pin("111111")
    answer = gateway.type(code, "m2")
    assert not answer.done and "for meter m1" in answer.text
    wrong = f"{code[:-1]}{(int(code[-1]) + 1) % 10}"
    said = [gateway.type(wrong).text for _ in range(4)]
    assert "wait" in said[3]


def test_nobody_on_site_makes_a_pin_without_a_code():
    gateway = Both()
    made = OnSite(gateway.server.seq + 1, gateway.server.at, 0, SetPin(keep_pin("1", "m1", 1)), "Kim", "grant")
    with pytest.raises(ValueError, match="only a code or a command"):
        gateway.server.recompute(made, None)


def test_before_its_first_tariff_a_meter_keeps_a_code_that_lends_for_later():
    """Until then it doesn't know that its money is dong: the code would be used up by five of them instead of 50,000."""
    gateway = Gateway(tariff=None)
    lends = encode(emergency_token(50_000 * NANO, 7, TID, "VND"), METER)
    answer = gateway.type(lends)
    assert not answer.done and answer.text == "This meter has no price yet. Type this code again when it has one."
    assert gateway.effects == []
    assert gateway.type(encode(pin_token("123456", TID + 1), METER)).done
    gateway.order("m1", SetTariff(0, flat_tariff("EVN", "VND", "Asia/Ho_Chi_Minh", 2_649 * MICRO)))
    assert gateway.type(lends).done
    assert gateway.account().allowance(gateway.now) == 50_000 * NANO


# -- whatever is ordered -------------------------------------------------------------------------------------------------

amounts = st.one_of(st.just(0), st.integers(1, 1000 * 1000).map(lambda thousandths: thousandths * NANO // 1000))
spans = st.one_of(st.just(0), st.integers(1, 31 * DAY), st.integers(1, 744).map(lambda hours: hours * HOUR))


@given(
    amounts, spans, st.integers(0, 59 * SECOND), st.integers(0, 8), st.sampled_from(["EUR", "KWD", "JPY", "VND", "IRR"])
)
def test_what_a_code_carries_is_what_is_ordered(amount, span, within, ahead, currency):
    """To the unit, whatever the restoration; its end is moved on by little, or there is no code. Whole hours up to two days,
    and whole days, with what people pay, always have one.
    """
    assume(amount or span)
    amount *= magnitude(currency)
    cent, whole = CENT * magnitude(currency), NANO * magnitude(currency)
    tid, now = TID + ahead, NOW // MINUTE * MINUTE + within
    wanted = Restore(amount, now + span if span else 0)
    whole_end = (span % HOUR == 0 and span <= 48 * HOUR) or span % DAY == 0
    plain_amount = (amount % cent == 0 and amount <= 100 * whole) or amount % whole == 0
    plain = not span or (span >= HOUR and not amount) or (whole_end and plain_amount)
    try:
        carried, token = order_token(wanted, BaseDate.D2014, tid, currency)
    except NotCarried:
        assert not plain
        return
    assert read(token, BaseDate.D2014, currency) == Ordered(tid, carried)
    assert carried.amount == amount and bool(carried.until) == bool(span)
    assert 0 <= carried.until - wanted.until <= (FAR if amount else MINUTE)


@given(st.data())
def test_any_codes_and_commands_in_any_order_leave_both_sides_equal(data):
    """Each order once, whichever carrier brings it, and however often it is typed."""
    gateway = Both(emergency_credit=3 * NANO, low_credit=NANO)
    orders = {}
    for number in range(data.draw(st.integers(1, 5))):
        tid = TID + number
        kind = data.draw(st.sampled_from(["order", "credit", "emergency"]))
        if kind == "credit":
            order = GrantCredit(f"c{tid}", 7 * NANO, tid=tid, coded=5 * NANO)
            orders[tid] = (encode(CurrencyCredit(tid, 500_000), METER), order)
            gateway.made[tid] = Command("m1", 1, NOW, order)
        elif kind == "emergency":
            orders[tid] = (gateway.emergency(2 * NANO, 7, tid), EndCode(tid))
        else:
            orders[tid] = gateway.ordered(data.draw(st.sampled_from(ORDERS)), tid)
    for _ in range(12):
        tid = data.draw(st.sampled_from(sorted(orders)))
        code, order = orders[tid]
        if data.draw(st.booleans()) and order is not None:
            gateway.order("m1", order)
            orders[tid] = (code, None)
        else:
            gateway.type(code)
        gateway.now += data.draw(st.integers(0, 6 * HOUR))
    paid = [each.order for each in gateway.log if isinstance(each.order, GrantCredit)]
    account = gateway.account()
    typed = sum(amount for amount in account.coded.values())
    assert account.credited == sum(each.amount for each in paid) + typed
    assert gateway.server.dump() == account.dump()


def test_another_makers_code_of_these_classes_is_no_code_of_this_meter():
    gateway = Both()
    before = gateway.account().dump()
    for value in (9 << 16, 4 << 16, 1):
        answer = gateway.type(encode(Proprietary(11, TID, value), METER))
        assert not answer.done and "not for this meter" in answer.text
        gateway.now += HOUR
    assert gateway.account().dump() == before


LATER = [
    (Open(), Close(), lambda supply: not supply.opened),
    (Hold(), Close(override=True), lambda supply: not supply.locks),
    (LimitPower(500, NOW + 30 * DAY), LimitPower(0), lambda supply: supply.limit == 0),
    (Restore(0, NOW + HOUR), Restore(0, NOW + 7 * DAY), lambda supply: supply.grace_until >= NOW + 7 * DAY),
]


@pytest.mark.parametrize(("earlier", "later", "holds"), LATER, ids=("close", "close-over-a-lock", "limit", "restore"))
def test_of_two_orders_the_later_one_holds_though_its_code_was_typed_before_the_earlier_one_came(earlier, later, holds):
    """The manager switched off, thought better of it, and gave the code of the second order by telephone: when the network
    is back both come, and nobody is left in the dark.
    """
    gateway = Both()
    gateway.order("m1", GrantCredit("rest", NANO))
    code, order = gateway.ordered(later)
    assert gateway.type(code).done
    gateway.order("m1", Control(earlier, "manager"))
    assert not holds(gateway.account().supply)
    gateway.order("m1", order)
    assert isinstance(gateway.entries()[0], Controlled)
    assert holds(gateway.account().supply) and gateway.account().closed is True
    assert gateway.account().supply.overtaken == () and not gateway.type(code).done


def test_what_somebody_did_on_site_since_is_not_undone_by_a_typed_orders_command():
    gateway = Both()
    gateway.order("m1", GrantCredit("rest", NANO))
    code, order = gateway.ordered(Close())
    gateway.type(code)
    gateway.order("m1", Control(Open(), "manager"))
    _, gateway.effects = gateway.agent.act(gateway.moment, "m1", Open(), "Sam")
    gateway.settle()
    gateway.order("m1", order)
    assert isinstance(gateway.entries()[0], Recognised) and gateway.account().supply.opened


def test_an_amount_is_not_lent_twice_because_an_earlier_order_came_between():
    gateway = Both()
    code, order = gateway.ordered(Restore(5 * NANO))
    gateway.type(code)
    gateway.order("m1", Control(Restore(0, NOW + HOUR), "manager"))
    gateway.order("m1", order)
    assert isinstance(gateway.entries()[0], Recognised)
