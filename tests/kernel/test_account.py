"""The account's rules, tried with any sequence of what can happen to a meter."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from prewatt.kernel.account import Account
from prewatt.kernel.entries import (
    FLAG_CLOCK,
    FLAG_HELD,
    ChangeSettings,
    ChangeTenancy,
    Command,
    Control,
    Controlled,
    CreditApplied,
    CreditByCode,
    Debit,
    Doubtful,
    Exchange,
    GrantCredit,
    LeadBack,
    OnSite,
    Reading,
    Recognised,
    Refused,
    SetTariff,
    Settings,
    TariffApplied,
    TenancyChanged,
    UnknownOrder,
    decode_entry,
    encode_entry,
)
from prewatt.kernel.naming import named
from prewatt.kernel.orders import (
    ClearCredit,
    ClearTamper,
    Close,
    Hold,
    LimitPower,
    Open,
    Release,
    Restore,
    TakeEmergency,
)
from prewatt.kernel.plausible import BACKWARDS, OFF_MOST, most
from prewatt.kernel.rating import Used
from prewatt.kernel.tariff import Period, Rate, Tariff, Tax, Tiers, flat_tariff
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO
from tests.strategies import BEGIN, tariffs

registers = st.one_of(
    st.integers(0, 10**7), st.sampled_from([0, 2**31 - 1, 2**32 - 1, 2**64 - 1, -1, 10**12, 10**12 + 1])
)


def flat(price):
    return flat_tariff("flat", "EUR", "Europe/Berlin", price)


actions = st.one_of(
    st.sampled_from([Open(), Hold(), Release(), TakeEmergency(), ClearTamper(), ClearCredit()]),
    st.builds(Close, st.booleans()),
    st.builds(LimitPower, st.integers(0, 5000), st.integers(0, BEGIN * 2)),
    st.builds(Restore, st.integers(0, 10 * NANO), st.sampled_from([0, BEGIN + DAY, BEGIN + 365 * DAY])),
)


class AnyMeter(RuleBasedStateMachine):
    """An account at the meter, one at the server, and a book kept by hand."""

    @initialize(tariff=tariffs())
    def begin(self, tariff):
        self.meter, self.server = Account(), Account()
        self.log: dict[int, Command] = {}
        self.journal: list[bytes] = []
        self.now, self.register = BEGIN, 0
        self.paid = self.charged = 0
        self.credit_ids: set[str] = set()
        self.tid, self.typed = 0, {}
        self.follow(SetTariff(0, tariff))

    def take(self, entry):
        """An entry is made at the meter, travels as bytes, and is worked out again at the server."""
        self.meter.apply(entry)
        self.journal.append(encode_entry(entry))
        arrived = decode_entry(self.journal[-1])
        assert self.server.recompute(arrived, self.command_of(arrived)) == arrived
        self.server.apply(arrived)

    def command_of(self, entry):
        """The command that an entry names, or whose code it is of."""
        if isinstance(entry, CreditByCode | OnSite):
            return next((each for each in self.log.values() if getattr(each.order, "tid", None) == entry.tid), None)
        return self.log.get(getattr(entry, "command", 0))

    def issue(self, order):
        """The server's log grows; the command waits for the network."""
        self.log[len(self.log) + 1] = Command("m", len(self.log) + 1, self.now, order)

    def follow(self, order):
        self.issue(order)
        self.deliver()

    @rule()
    def deliver(self):
        """The network is there: all that waits arrives."""
        for number in range(self.meter.command + 1, len(self.log) + 1):
            order = self.log[number].order
            if isinstance(order, GrantCredit) and order.tid is not None:
                self.paid += order.amount - self.typed.pop(order.tid, 0)
                # Also when its code has brought all of it: under this id nothing more is applied.
                self.credit_ids.add(order.credit_id)
            before = self.meter.balance
            entry = self.meter.follow(self.now, self.log[number])
            if isinstance(order, Control) and isinstance(order.action, ClearCredit) and isinstance(entry, Controlled):
                self.paid -= max(before, 0)
            self.take(entry)

    @rule(amount=st.integers(1, 100 * NANO), carried=st.one_of(st.just(100), st.integers(0, 100)))
    def pay_with_a_code(self, amount, carried):
        self.tid += 1
        self.issue(GrantCredit(f"t{self.tid}", amount, tid=self.tid, coded=amount * carried // 100))

    @rule(ago=st.integers(0, 4), by=st.sampled_from(["page", "keypad", "bluetooth"]))
    def type_a_code(self, ago, by):
        tid = self.tid - ago
        order = next((each.order for each in self.log.values() if getattr(each.order, "tid", None) == tid), None)
        if order is None:
            return
        try:
            if isinstance(order, GrantCredit):
                entry = self.meter.by_code(self.now, tid, order.coded, by)
                self.paid += order.coded
                self.typed[tid] = order.coded
            else:
                entry = self.meter.on_site(self.now, order.action, by, tid=tid)
                if isinstance(order.action, ClearCredit):
                    self.paid -= max(self.meter.balance, 0)
        except ValueError:
            return
        self.take(entry)

    @rule(action=actions, coded=st.booleans())
    def order(self, action, coded):
        self.tid += coded
        self.issue(Control(action, "manager", "because", self.tid if coded else None))

    @rule(action=actions)
    def act_on_site(self, action):
        if isinstance(action, ClearCredit):
            return
        try:
            self.take(self.meter.on_site(self.now, action, "staff", "grant-1"))
        except ValueError as objection:
            assert str(objection)

    @rule(code=st.sampled_from(["overload", "overload-locked", "forbidden-load", "tamper", "low-credit"]))
    def something_happens(self, code):
        self.take(self.meter.event(self.now, code))

    def observe(self, now, register, end=0):
        """The register is read, whatever it says: more than can have flowed is never charged, and never lost sight of."""
        account = self.meter
        base, elapsed = account.base, max(now, account.at) - account.moving_since
        entry = account.read(now, register, end, unseen=True)
        if isinstance(entry, Doubtful):
            assert entry.balance == account.balance
            self.take(entry)
            if entry.cause == BACKWARDS:
                held = account.hold(now)
                assert held.energy == 0
                self.charged += held.charge
                self.take(held)
            return
        if base is not None:
            energy = entry.register + entry.rolled - base.register
            unknown = account.unsure or now < account.at
            limit = most(account.settings.power_highest, elapsed + (OFF_MOST if unknown else 0))
            assert entry.energy == energy <= limit
        self.charged += entry.charge
        self.take(entry)

    @rule(hours=st.floats(0, 100), used=st.integers(0, 50_000))
    def use(self, hours, used):
        self.now += int(hours * HOUR)
        self.register += used
        self.observe(self.now, self.register)

    @rule(register=registers, minutes=st.integers(0, 60))
    def read_anything(self, register, minutes):
        self.now += minutes * MINUTE
        self.observe(self.now, register)

    @rule(ahead=st.integers(-2_000, 2_000))
    def jitter(self, ahead):
        self.observe(self.now, max((self.meter.register or 0) + ahead, 0))

    @rule(end=st.sampled_from([10**6, 10**9]), used=st.integers(0, 3_000))
    def roll_over(self, end, used):
        self.now += HOUR
        self.observe(self.now, ((self.meter.register or 0) + used) % end, end)

    @rule(further=st.integers(0, 2_000))
    def take_a_new_base(self, further):
        """A register that was doubted stays."""
        doubt = self.meter.doubt
        self.now += MINUTE
        try:
            entry = self.meter.rebase(self.now, (doubt.register if doubt else 0) + further)
        except ValueError:
            return
        self.take(entry)
        self.register = max(entry.register, 0)

    @rule(first=st.integers(0, 10**7), last=st.one_of(st.none(), st.integers(0, 10**7)), used=st.integers(0, 500))
    def exchange_the_meter(self, first, last, used):
        last = (self.meter.register or 0) + used if last == 0 else last
        self.follow(Exchange("another", first, last))
        self.register = first

    @rule(code=st.sampled_from(["clock-unsure", "clock-set", "foreign-meter", "meter-back"]))
    def something_is_unsure(self, code):
        self.take(self.meter.event(self.now, code))

    @rule(back=st.integers(1, 400 * DAY))
    def lead_time_back(self, back):
        self.now = max(self.now - back, BEGIN)
        self.follow(LeadBack())

    @rule(seconds=st.integers(1, 10**6), used=st.integers(0, 1000))
    def use_with_a_clock_set_back(self, seconds, used):
        self.register += used
        before = self.meter.at
        self.observe(self.now - seconds * 10**6, self.register)
        assert self.meter.at == max(before, self.now - seconds * 10**6)

    @rule(amount=st.integers(1, 100 * NANO), number=st.integers(0, 5))
    def pay(self, amount, number):
        known = f"c{number}" in self.credit_ids
        self.follow(GrantCredit(f"c{number}", amount))
        if not known:
            self.credit_ids.add(f"c{number}")
            self.paid += amount

    @rule(amount=st.integers(1, 100 * NANO), number=st.integers(0, 5))
    def take_off(self, amount, number):
        known = f"c{number}" in self.credit_ids
        self.follow(Debit(f"c{number}", amount, "share of the stairs' light"))
        if not known:
            self.credit_ids.add(f"c{number}")
            self.paid -= amount

    @rule(ahead=st.integers(-5 * DAY, 5 * DAY))
    def change_tenancy(self, ahead):
        self.follow(ChangeTenancy(max(self.now + ahead, 0)))

    @rule(tariff=tariffs(), ahead=st.integers(-5 * DAY, 5 * DAY))
    def change_tariff(self, tariff, ahead):
        self.follow(SetTariff(max(self.now + ahead, 0), tariff))

    @rule(low=st.integers(0, 10 * NANO), energy=st.integers(0, 10**4), clearance=st.integers(0, NANO))
    def change_settings(self, low, energy, clearance):
        self.follow(ChangeSettings(Settings(low, energy, clearance, emergency_credit=5 * NANO, tamper_locks=True)))

    @rule()
    def decide(self):
        wanted = self.meter.wants_closed(self.now)
        if wanted is not None and wanted != self.meter.closed:
            self.take(self.meter.relay(self.now, wanted, "credit" if wanted else self.meter.why_open(self.now)))

    @invariant()
    def no_unit_is_lost_or_made(self):
        assert self.meter.balance == self.paid - self.charged
        assert self.meter.credit_ids == self.credit_ids

    @invariant()
    def both_sides_are_equal(self):
        assert self.meter.dump() == self.server.dump()

    @invariant()
    def nobody_with_credit_is_to_be_cut_off(self):
        supply = self.meter.supply
        told = supply.opened or supply.locks or supply.tripped
        if self.meter.balance > 0 and self.meter.closed is not False and not told:
            assert self.meter.wants_closed(self.now) is not False
        if self.meter.balance + self.meter.allowance(self.now) <= 0:
            assert self.meter.wants_closed(self.now) is False

    def teardown(self):
        """A replay of the journal, also from a snapshot, gives the same state."""
        if not hasattr(self, "journal"):
            return
        replayed = Account()
        for index, body in enumerate(self.journal):
            if index == len(self.journal) // 2:
                replayed = Account.load(replayed.dump())
            replayed.apply(decode_entry(body))
        assert replayed.dump() == self.meter.dump()


AnyMeter.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestAnyMeter = AnyMeter.TestCase


def account(price=200_000, credit=0, low=0, energy=0, clearance=0):
    """An account with a flat price, read at the hour 0 with the register at 0."""
    made = Account()
    made.apply(made.read(BEGIN, 0))
    made.apply(made.follow(BEGIN, Command("m", 1, BEGIN, SetTariff(0, flat(price)))))
    made.apply(made.follow(BEGIN, Command("m", 2, BEGIN, ChangeSettings(Settings(low, energy, clearance)))))
    if credit:
        made.apply(made.follow(BEGIN, Command("m", 3, BEGIN, GrantCredit("c", credit))))
    return made


def test_energy_is_charged_at_the_price():
    mine = account(credit=NANO)
    assert mine.read(BEGIN + HOUR, 1500) == Reading(
        5, BEGIN + HOUR, NANO - 1500 * 200_000, 1500, (Used("flat", 0, 200_000, 1500),), 1500 * 200_000
    )


def test_the_first_reading_charges_nothing():
    assert Account().read(BEGIN, 123_456).charge == 0


def test_the_switch_opens_at_zero_and_not_before():
    mine = account(credit=1000 * 200_000)
    mine.apply(mine.read(BEGIN + HOUR, 999))
    assert mine.wants_closed(mine.at) is True
    mine.apply(mine.read(BEGIN + 2 * HOUR, 1000))
    assert mine.balance == 0 and mine.wants_closed(mine.at) is False


def test_the_supply_returns_at_the_clearance():
    mine = account(clearance=5 * NANO)
    mine.apply(mine.relay(BEGIN, False, mine.why_open(BEGIN)))
    mine.apply(mine.follow(BEGIN, Command("m", 3, BEGIN, GrantCredit("a", 5 * NANO - 1))))
    assert mine.wants_closed(BEGIN) is False
    mine.apply(mine.follow(BEGIN, Command("m", 4, BEGIN, GrantCredit("b", 1))))
    assert mine.wants_closed(BEGIN) is True


def test_without_a_tariff_the_switch_is_left_alone():
    assert Account().wants_closed(BEGIN) is None


@pytest.mark.parametrize(
    ("low", "energy", "warned"), [(2 * NANO, 0, True), (NANO, 0, False), (0, 5001, True), (0, 5000, False)]
)
def test_low_credit_by_money_or_by_energy(low, energy, warned):
    assert account(price=200_000, credit=NANO, low=low, energy=energy).is_low() is warned


def test_a_credit_id_counts_once():
    mine = account(credit=NANO)
    entry = mine.follow(BEGIN, Command("m", 4, BEGIN, GrantCredit("c", NANO)))
    assert isinstance(entry, Refused) and "already applied" in entry.reason and entry.balance == NANO


@pytest.mark.parametrize("number", [1, 3, 5])
def test_commands_follow_one_another(number):
    mine = account(credit=NANO)
    with pytest.raises(ValueError, match="does not follow"):
        mine.follow(BEGIN, Command("m", number, BEGIN, GrantCredit("d", 1)))


def test_a_newer_kind_of_command_is_refused_and_does_not_hold_up_the_next():
    mine = account(credit=NANO)
    mine.apply(mine.follow(BEGIN, UnknownOrder("m", 4)))
    mine.apply(mine.follow(BEGIN, Command("m", 5, BEGIN, GrantCredit("d", 7))))
    assert mine.balance == NANO + 7


def test_a_register_that_runs_back_charges_nothing_until_it_is_over_where_it_was():
    mine = account(credit=NANO)
    mine.apply(mine.read(BEGIN + HOUR, 100))
    doubt = mine.read(BEGIN + 2 * HOUR, 40)
    assert (doubt.cause, doubt.register, doubt.balance) == (BACKWARDS, 40, mine.balance)
    mine.apply(doubt)
    held = mine.hold(BEGIN + 2 * HOUR)
    assert (held.charge, held.register, held.flags) == (0, 100, FLAG_HELD)
    mine.apply(held)
    assert mine.back_since == BEGIN + 2 * HOUR
    assert mine.read(BEGIN + 3 * HOUR, 90).cause == BACKWARDS
    mine.apply(mine.read(BEGIN + 3 * HOUR, 110))
    assert (mine.charged, mine.back_since) == (110 * 200_000, 0)


def test_a_clock_set_back_keeps_the_sequence_and_is_flagged():
    mine = account(credit=NANO)
    mine.apply(mine.read(BEGIN + HOUR, 100))
    entry = mine.read(BEGIN, 110)
    assert (entry.at, entry.flags, entry.charge) == (BEGIN + HOUR, FLAG_CLOCK, 10 * 200_000)


def test_a_late_tariff_does_not_charge_anew_what_is_charged():
    mine = account(credit=NANO)
    mine.apply(mine.read(BEGIN + 10 * HOUR, 100))
    entry = mine.follow(BEGIN + 11 * HOUR, Command("m", 4, BEGIN, SetTariff(BEGIN + HOUR, flat(400_000))))
    assert isinstance(entry, TariffApplied)
    mine.apply(entry)
    # Nothing of the hours before; the hour that follows is at the new price.
    assert (mine.charged, mine.read(BEGIN + 11 * HOUR, 110).charge) == (100 * 200_000, 10 * 400_000)


def test_a_version_for_later_stays_when_one_for_sooner_comes_after_it():
    mine = account(credit=NANO)
    mine.apply(mine.follow(BEGIN, Command("m", 4, BEGIN, SetTariff(BEGIN + 20 * HOUR, flat(400_000)))))
    mine.apply(mine.follow(BEGIN, Command("m", 5, BEGIN, SetTariff(BEGIN + 10 * HOUR, flat(300_000)))))
    charge = mine.read(BEGIN + 30 * HOUR, 3000).charge
    assert charge == 1000 * 200_000 + 1000 * 300_000 + 1000 * 400_000


def test_of_two_late_versions_the_later_one_holds_in_whichever_order_they_come():
    for order in ((5, 8), (8, 5)):
        mine = account(credit=NANO)
        mine.apply(mine.read(BEGIN + 10 * HOUR, 0))
        for number, hour in enumerate(order, 4):
            mine.apply(mine.follow(BEGIN, Command("m", number, BEGIN, SetTariff(BEGIN + hour * HOUR, flat(hour)))))
        assert mine.read(BEGIN + 11 * HOUR, 1).charge == 8


def test_a_debit_counts_once_and_its_id_is_no_credits():
    mine = account(credit=NANO)
    mine.apply(mine.follow(BEGIN, Command("m", 4, BEGIN, Debit("d", 3, "stairs"))))
    assert (mine.balance, mine.debited, mine.charged) == (NANO - 3, 3, 0)
    for number, order in ((5, Debit("d", 3, "stairs")), (6, GrantCredit("d", 9)), (7, Debit("c", 3, "stairs"))):
        entry = mine.follow(BEGIN, Command("m", number, BEGIN, order))
        assert isinstance(entry, Refused) and "already applied" in entry.reason
        mine.apply(entry)
    assert mine.balance == NANO - 3


def test_with_another_tenant_the_register_is_read_at_the_instant_and_tiers_begin_anew():
    stairs = Tariff(
        "t", "EUR", "Europe/Berlin", (Rate("flat", (100, 200)),), flat(0).seasons, tiers=Tiers(Period.YEAR, (1000,))
    )
    mine = account()
    mine.apply(mine.follow(BEGIN, Command("m", 3, BEGIN, SetTariff(BEGIN, stairs))))
    mine.apply(mine.read(BEGIN + HOUR, 1500))
    assert mine.charged == 1000 * 100 + 500 * 200
    mine.apply(mine.follow(BEGIN, Command("m", 4, BEGIN, ChangeTenancy(BEGIN + 2 * HOUR))))
    assert mine.next_boundary() == BEGIN + 2 * HOUR
    mine.apply(mine.read(BEGIN + 2 * HOUR, 1600))
    assert mine.charged == 1000 * 100 + 600 * 200
    mine.apply(mine.read(BEGIN + 3 * HOUR, 1900))
    assert mine.charged == 1000 * 100 + 600 * 200 + 300 * 100
    # One that comes late holds from the last reading on.
    mine.apply(mine.read(BEGIN + 4 * HOUR, 3000))
    late = mine.follow(BEGIN, Command("m", 5, BEGIN, ChangeTenancy(BEGIN + 2 * HOUR)))
    assert isinstance(late, TenancyChanged) and late.effective == BEGIN + 4 * HOUR
    mine.apply(late)
    assert mine.read(BEGIN + 5 * HOUR, 3010).charge == 10 * 100


def test_the_price_of_the_moment_is_of_the_tier_with_fee_and_tax():
    tax = Tax("VAT", 190_000, included=False)
    rates = (Rate("flat", (200_000, 300_000)),)
    priced = Tariff(
        "t", "EUR", "Europe/Berlin", rates, flat(0).seasons, tiers=Tiers(Period.MONTH, (1000,)), fee=10_000, tax=tax
    )
    mine = account()
    mine.apply(mine.follow(BEGIN, Command("m", 3, BEGIN, SetTariff(BEGIN, priced))))
    assert (mine.price(BEGIN), mine.highest_price(BEGIN)) == (249_900, 368_900)
    mine.apply(mine.read(BEGIN + HOUR, 1000))
    assert mine.price(BEGIN + HOUR) == 368_900


def test_the_server_notices_a_wrong_charge_an_unknown_credit_and_an_absurd_register():
    mine = account(credit=NANO)
    right = mine.read(BEGIN + HOUR, 100)
    wrong = Reading(right.seq, right.at, right.balance + 1, 100, right.used, right.charge - 1)
    assert mine.recompute(wrong, None) == right
    with pytest.raises(ValueError, match="credit log has no command"):
        mine.recompute(CreditApplied(5, BEGIN, 2 * NANO, 4, "forged", NANO), None)
    doubted = mine.recompute(Reading(right.seq, right.at, 0, 2**62, (), 0), None)
    assert isinstance(doubted, Doubtful) and doubted.balance == mine.balance


def test_an_entry_of_another_account_is_not_applied():
    mine = account(credit=NANO)
    with pytest.raises(AssertionError):
        mine.apply(Reading(5, BEGIN, 12345, 10, (Used("flat", 0, 200_000, 10),), 10 * 200_000))


@given(st.binary(max_size=100))
def test_a_snapshot_of_noise_is_refused(noise):
    import msgspec

    with pytest.raises((msgspec.DecodeError, ValueError)):
        Account.load(noise)


def test_what_its_code_brought_counts_as_applied_so_that_ordered_again_it_brings_nothing():
    """A server that was put back from a copy has forgotten it, and makes a new code with it."""
    account = Account()
    account.apply(account.by_code(0, 7, NANO, "page"))
    recognised = account.follow(0, named("m1", 1, 0, GrantCredit("c1", NANO, tid=7, coded=NANO)))
    assert (type(recognised), recognised.credit_id) == (Recognised, "c1")
    account.apply(recognised)
    again = account.follow(0, named("m1", 2, 0, GrantCredit("c1", NANO, tid=9, coded=NANO)))
    account.apply(again)
    assert (type(again), again.tid, account.balance) == (Recognised, 9, NANO)
    with pytest.raises(ValueError, match="used already"):
        account.by_code(0, 9, NANO, "page")
    plain = account.follow(0, named("m1", 3, 0, GrantCredit("c1", NANO)))
    assert isinstance(plain, Refused)


def test_a_code_that_was_given_twice_takes_nothing_from_the_second_payment():
    account = Account()
    account.apply(account.by_code(0, 7, 5 * NANO, "page"))
    account.apply(account.follow(0, named("m1", 1, 0, GrantCredit("new", 3 * NANO, tid=7, coded=3 * NANO))))
    assert account.balance == 8 * NANO
    account.apply(account.follow(0, named("m1", 2, 0, GrantCredit("lost", 5 * NANO, tid=7, coded=5 * NANO))))
    assert (account.balance, account.coded) == (8 * NANO, {})


def test_an_entry_says_which_command_it_is_of():
    account = Account()
    command = named("m1", 1, 0, GrantCredit("c1", NANO))
    assert account.follow(0, command).of == command.name
    assert account.follow(0, UnknownOrder("m1", 1, b"newer")).of == b"newer"
