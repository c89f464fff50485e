"""The reminder: told when a step of low credit is reached, at whatever power and with or without a network; once, and again
after a top-up.
"""

import pytest

from prewatt.edge.approach import SPARE
from prewatt.edge.effects import SendUpload
from prewatt.kernel.entries import ChangeSettings, Event, GrantCredit, Reading, SetTariff, Settings
from prewatt.kernel.supply import FriendlyHours, Window
from prewatt.kernel.tariff import Period, Rate, Tariff, Tiers, all_year, flat_tariff
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO
from prewatt.wire.messages import Receipt
from prewatt.wire.signing import seal
from tests.edge.home import BEGIN, SERVER, STANDING, Home

PRICE = 200_000
FUSE = 40_000
TEN = 10_000


class Flat(Home):
    """A flat at one price, with so many Wh of credit (`kwh`). It counts how often its meter is read (`reads`), and keeps
    what its gateway sends by itself.
    """

    def __init__(self, kwh, online=False, tariff=None, **rules):
        self.reads, self.sent = 0, []
        rules = {"power_highest": FUSE, **rules}
        self.begin()
        if online:
            self.do(self.agent.on_connected(self.moment))
            receipt = Receipt("g1", (), 1, self.asked, BEGIN)
            self.do(self.agent.on_frame(self.moment, seal(SERVER, receipt)))
        self.order(SetTariff(0, tariff or flat_tariff("flat", "EUR", "Europe/Berlin", PRICE)))
        self.rule(**rules)
        self.read()
        if kwh:
            self.pay(kwh)

    def rule(self, **rules):
        self.order(ChangeSettings(Settings(**rules)))

    def pay(self, kwh):
        self.order(GrantCredit(f"c{len(self.log)}", kwh * PRICE))

    def read(self, *args, **more):
        self.reads += 1
        super().read(*args, **more)

    def do(self, effects):
        super().do(effects)
        for effect in effects:
            if isinstance(effect, SendUpload):
                self.sent += [(piece.first, piece.last) for piece in effect.pieces]

    @property
    def told(self):
        """What each reminder says, and how many Wh were left at the price of the moment, by the reading before it."""
        return [
            (each.detail, each.balance // PRICE)
            for each in self.entries
            if isinstance(each, Event) and each.code == "low-credit"
        ]


@pytest.mark.parametrize("online", [True, False], ids=["online", "offline"])
@pytest.mark.parametrize("power", [300, 3_000, 36_000])
def test_the_reminder_comes_at_ten_kilowatt_hours(power, online):
    """Within what flows between two readings of the driver, which are a minute apart there; sent in the same breath."""
    flat = Flat(14_000, online, low_credit_energy=TEN)
    flat.live(4_000 * HOUR // power - MINUTE, power)
    assert flat.told == []
    sent = len(flat.sent)
    flat.live(3 * MINUTE, power)
    ((detail, left),) = flat.told
    assert detail == "under 10 kWh" and TEN - power // 60 - 1 <= left < TEN
    number = next(each.seq for each in flat.entries if isinstance(each, Event) and each.code == "low-credit")
    assert (
        isinstance(flat.entries[number - 2], Reading) and flat.entries[number - 2].balance == flat.entries[-1].balance
    )
    assert [span for span in flat.sent[sent:] if span[0] <= number <= span[1]] == (
        [(number - 1, number)] if online else []
    )
    flat.live(DAY // 4, min(power, 1_000))
    assert len(flat.told) == 1


@pytest.mark.parametrize("power", [300, 3_000, 36_000])
def test_several_steps_in_money_and_energy_are_each_told_once(power):
    flat = Flat(30_000, low_credit=4 * NANO, low_credit_energy=25_000, low_steps=(NANO,), low_energy_steps=(2_000, TEN))
    flat.live(29_000 * HOUR // power, power)
    assert [detail for detail, _ in flat.told] == [
        "under 25 kWh",
        "under 4.00",
        "under 10 kWh",
        "under 1.00",
        "under 2 kWh",
    ]
    for (_, left), step in zip(flat.told, (25_000, 20_000, TEN, 5_000, 2_000), strict=True):
        assert step - power // 60 - 1 <= left < step


def test_when_it_gets_dearer_the_same_money_is_fewer_kilowatt_hours():
    """By a tariff that is sent, by the hour of the day, and by the next tier."""
    flat = Flat(12_000, low_credit_energy=TEN)
    flat.order(SetTariff(0, flat_tariff("dear", "EUR", "Europe/Berlin", 2 * PRICE)))
    assert flat.told == [("under 10 kWh", 12_000)]
    day = Home(credit=12_000 * 100_000 + STANDING, power_highest=FUSE, low_credit_energy=TEN)
    day.live(HOUR)
    assert "low-credit" not in day.codes()
    day.live(8 * HOUR)
    (told,) = [each for each in day.entries if isinstance(each, Event) and each.code == "low-credit"]
    assert (told.at - BEGIN) % DAY == 6 * HOUR + 45 * MINUTE, (
        "at six o'clock in the morning, when the day's price begins"
    )
    tiers = Tariff(
        "tiers",
        "EUR",
        "Europe/Berlin",
        (Rate("all", (PRICE, 2 * PRICE)),),
        (all_year("all"),),
        tiers=Tiers(Period.MONTH, (5_000,)),
    )
    tiered = Flat(20_000, tariff=tiers, low_credit_energy=TEN)
    tiered.live(2 * HOUR, 3_000)
    ((_, left),) = tiered.told
    assert 15_000 - 2 * 50 <= left <= 15_000, "7.5 kWh in the tier that has just begun"


def test_it_is_told_again_only_when_a_top_up_lifted_it_well_above():
    flat = Flat(11_000, low_credit_energy=TEN)
    flat.live(HOUR, 2_000)
    flat.pay(2_500)  # 11.5 kWh
    flat.live(HOUR, 2_000)
    assert len(flat.told) == 1
    flat.pay(2_500)  # 12 kWh
    flat.live(2 * HOUR, 2_000)
    assert len(flat.told) == 2


def test_a_night_at_half_the_price_is_no_top_up():
    """In the morning it would be told again, each day until it is used up."""
    day = Home(credit=35 * NANO // 10, power_highest=FUSE, low_credit_energy=12_000)
    day.live(4 * DAY, 20)
    assert day.codes().count("low-credit") == 1
    cheap = flat_tariff("cheap", "EUR", "Europe/Berlin", 50_000)
    day.order(SetTariff(BEGIN + day.passed, cheap))
    day.live(4 * DAY, 400)
    assert day.codes().count("low-credit") == 2, "at what it costs from now on, it was well above, and fell"


def test_on_the_first_day_nobody_is_warned_of_nothing_and_once_of_little():
    rules = {"low_credit": 4 * NANO, "low_credit_energy": 20_000, "low_energy_steps": (TEN, 5_000)}
    flat = Flat(0, **rules)
    flat.live(HOUR)
    assert (flat.told, flat.closed) == ([], False)
    flat.pay(8_000)
    assert flat.told == [("under 10 kWh", 8_000)], "the lowest that it is under: once for all of them"
    flat.live(HOUR, 3_500)
    assert [detail for detail, _ in flat.told[1:]] == ["under 5 kWh"]
    much = Flat(50_000, **rules)
    much.live(HOUR, 1_000)
    assert much.told == []


def test_after_it_was_used_up_all_begins_anew():
    flat = Flat(6_000, low_credit_energy=5_000)
    flat.live(2 * HOUR, 4_000)
    assert (len(flat.told), flat.closed) == (1, False)
    flat.pay(3_000)
    assert len(flat.told) == 2


def test_far_from_a_step_and_just_above_one_the_meter_is_read_seldom():
    far = Flat(100_000, low_credit_energy=TEN)
    far.live(DAY, 300)
    assert far.reads <= 4 * 24 + 2
    near = Flat(TEN + 30, low_credit_energy=TEN)
    near.live(DAY, 1)
    assert near.reads <= 24 * HOUR // (TEN * HOUR // SPARE // FUSE) + 100, "not each minute, for ever"
    assert near.told == []
    before = near.reads
    near.live(DAY, 3)
    assert len(near.told) == 1 and near.reads - before <= 1000
    told = near.reads
    near.live(DAY, 3)
    assert near.reads - told <= 200, "once it is told, only that it could be used up counts"


def test_all_that_the_fuse_lets_through_from_one_moment_to_the_next_is_seen_within_a_tenth_of_the_step():
    flat = Flat(TEN + 10, low_credit_energy=TEN)
    flat.live(3 * HOUR)
    flat.live(HOUR // 4, FUSE)
    ((_, left),) = flat.told
    assert left >= TEN - TEN // SPARE - FUSE // 60


def test_nothing_is_approached_where_nothing_is_left():
    """With a debt in friendly hours, or on what is lent, a meter is read as seldom as any other."""
    flat = Flat(
        1_000,
        low_credit_energy=TEN,
        low_energy_steps=(1_000,),
        friendly=FriendlyHours((Window(tuple(range(8)), 0, 1440),)),
    )
    flat.live(2 * HOUR, 1_000)
    assert flat.account.balance < 0 and flat.closed is True
    before = flat.reads
    flat.live(6 * HOUR, 1_000)
    assert flat.reads - before <= 6 * 4 + 2
