"""A meter is exchanged under a running gateway: its real journal, a recorded meter, and nobody who has said so before."""

import json

import pytest

from prewatt.clock import SharedClock
from prewatt.edge.drivers.recorded import RecordedSettings
from prewatt.edge.meter import Meter, MeterPolicy, Observed
from prewatt.edge.shell import Shell
from prewatt.kernel.account import Account
from prewatt.kernel.entries import (
    Command,
    Control,
    Event,
    Exchange,
    Exchanged,
    GrantCredit,
    Reading,
    SetTariff,
    decode_entry,
    genesis,
)
from prewatt.kernel.orders import Open
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO
from prewatt.wire.messages import Orders
from prewatt.wire.signing import VerifyKey, open_upward, seal, sign_command
from tests.edge.test_shell import SERVER, made_settings, read

BEGIN = 1_704_067_200 * 10**6
PRICE = 200_000


class Flat:
    """A gateway with one meter of 2 kW, on a clock that stands where it is put."""

    def __init__(self, folder):
        self.folder = folder
        self.clock = SharedClock(folder / "clock", BEGIN)
        (folder / "load.csv").write_text(
            "meter,timestamp,kwh\n" + "".join(f"m1,2024-01-01T{hour:02}:00:00Z,2\n" for hour in range(24))
        )
        recorded = RecordedSettings(folder / "load.csv", "UTC", folder / "meters")
        self.settings = made_settings(folder, drivers={"recorded": recorded}, shared_clock=str(folder / "clock"))
        self.start()

    def start(self):
        self.shell = Shell(self.settings)
        self.shell._do(self.shell.agent.start(self.shell.moment(), set()))

    def run(self, until):
        """Let time pass by minutes."""
        while self.clock.now() < until:
            self.clock.open_road(self.clock.now() + MINUTE)
            self.clock.until(self.clock.now() + MINUTE)
            self.shell._do(self.shell.agent.tick(self.shell.moment()))

    def order(self, order):
        number = self.account.command + 1
        frame = seal(SERVER, Orders("g1", (sign_command(SERVER, Command("m1", number, self.clock.now(), order)),)))
        self.shell._do(self.shell.agent.on_frame(self.shell.moment(), frame))

    @property
    def account(self):
        return self.shell.agent.meters["m1"].account

    @property
    def journal(self):
        return [decode_entry(body) for body in self.shell.journal.read("m1", 1, 10**6)]

    def events(self):
        return [(each.code, each.detail) for each in self.journal if isinstance(each, Event)]

    def told(self):
        """What the gateway says of the meter, as the server reads it."""
        said = self.shell.agent.outbox._status(self.shell.moment()).status
        return open_upward(VerifyKey(self.shell.key.public()), seal(self.shell.key, said)).meters[0]

    def used(self):
        return sum(each.energy for each in self.journal if isinstance(each, Reading))


@pytest.fixture
def flat(tmp_path):
    made = Flat(tmp_path)
    made.order(SetTariff(0, flat_tariff("flat", "EUR", "Europe/Berlin", PRICE)))
    made.order(GrantCredit("c", 100 * NANO))
    yield made
    made.shell.close()


def test_a_meter_that_is_hung_before_anybody_says_so_is_supplied_and_charged_once(flat):
    flat.run(BEGIN + HOUR)
    began = next(each.register for each in flat.journal if isinstance(each, Reading))
    (flat.folder / "meters" / "m1.exchange").write_text(json.dumps({"serial": "m9", "first": 0}))
    flat.run(BEGIN + 3 * HOUR)
    assert [code for code, _ in flat.events()][-2:] == ["meter-lost", "foreign-meter"]
    assert flat.events()[-1] == ("foreign-meter", "m9")
    assert flat.account.closed is not False and flat.used() == 2_000 - began
    hung = json.loads((flat.folder / "meters" / "m1.json").read_text())
    # The old one's face, read by the electrician: all that was drawn until it came down.
    last = 2_000 * (hung["since"] - BEGIN) // HOUR
    flat.order(Exchange("m9", 0, last))
    assert flat.account.register < 0 and flat.told().register is None
    flat.run(BEGIN + 4 * HOUR)
    assert [each.last for each in flat.journal if isinstance(each, Exchanged)] == [last]
    assert flat.account.foreign_since == 0 and flat.account.serial == "m9"
    assert flat.used() == 8_000 - began
    assert flat.account.balance == 100 * NANO - flat.used() * PRICE
    # After a new start the new one is the one that is known, and obeys.
    flat.shell.close()
    flat.start()
    flat.run(BEGIN + 5 * HOUR)
    assert flat.used() == 10_000 - began
    assert "foreign-meter" not in [code for code, _ in flat.events()[-2:]]
    flat.order(Control(Open(), "manager"))
    assert json.loads((flat.folder / "meters" / "m1.json").read_text())["closed"] is False


def test_a_damaged_note_of_an_exchange_is_named(flat):
    (flat.folder / "meters" / "m1.exchange").write_text("{")
    assert "m1.exchange is damaged" in read(flat.shell, "m1")


def meter_of(credit=100 * NANO):
    """Rules without a gateway: a meter read at 5,000 kWh."""
    made = Meter("m1", Account(), genesis("m1"), MeterPolicy())
    for number, order in enumerate((SetTariff(0, flat_tariff("f", "EUR", "UTC", PRICE)), GrantCredit("c", credit)), 1):
        made.follow(BEGIN, Command("m1", number, BEGIN, order))
    made.observe(BEGIN, Observed(5_000_000, True))
    return made


def test_after_weeks_without_a_reading_no_register_is_under_zero():
    """The new one can't be read for weeks, and has counted next to nothing: what is worked out in between can be written."""
    meter = meter_of()
    meter.follow(BEGIN + HOUR, Command("m1", 3, BEGIN, Exchange("m9", 0, 5_007_000)))
    outcome = meter.observe(BEGIN + 25 * DAY + MINUTE, Observed(5, True))
    readings = [each for record in outcome.records if isinstance(each := decode_entry(record.body), Reading)]
    assert len(readings) > 2
    assert sum(each.energy for each in readings) == 7_005
    assert meter.account.balance == 100 * NANO - 7_005 * PRICE


def test_the_meter_that_hung_here_before_is_foreign_when_it_comes_back():
    """Recorded without having been foreign, then hung back: somebody is told again."""
    meter = meter_of()
    for number, (hung, first, seen) in enumerate((("m9", 0, True), ("m1", 5_000_000, False)), 3):
        if seen:
            meter.foreign(BEGIN + number * HOUR, hung)
        meter.follow(BEGIN + number * HOUR, Command("m1", number, BEGIN, Exchange(hung, first)))
        meter.observe(BEGIN + number * HOUR + MINUTE, Observed(first, True))
    outcomes = [meter.foreign(BEGIN + 9 * HOUR, "m9"), meter.foreign(BEGIN + 10 * HOUR, "m9")]
    assert [[decode_entry(record.body).detail for record in each.records] for each in outcomes] == [["m9"], []]
