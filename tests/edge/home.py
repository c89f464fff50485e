"""A flat whose gateway reads what a test says, by a clock that stands as a test says; and the server that takes it all in."""

from prewatt.edge.agent import Agent
from prewatt.edge.anchor import load_anchor
from prewatt.edge.effects import Commit, Keep, MoveSwitch, SendStatus
from prewatt.edge.meter import Foreign, Meter, MeterPolicy, Observed
from prewatt.edge.sync import SyncPolicy
from prewatt.edge.timekeeping import Moment, Timekeeper
from prewatt.kernel.account import Account
from prewatt.kernel.entries import (
    ChangeSettings,
    Command,
    GrantCredit,
    Reading,
    SetTariff,
    Settings,
    decode_entry,
    genesis,
)
from prewatt.kernel.tariff import DayType, Rate, Season, Switch, Tariff
from prewatt.kernel.units import HOUR, MINUTE, NANO
from prewatt.wire.messages import Head, Orders, Receipt
from prewatt.wire.signing import SigningKey, VerifyKey, seal, sign_command

BEGIN = 1_700_000_100 * 10**6 // (15 * MINUTE) * (15 * MINUTE)
NIGHT, DAYTIME = 100_000, 200_000
STANDING = NANO // 4
SERVER = SigningKey.from_bytes(bytes(range(32)))


def tariff():
    """0.10 a kWh at night (22 to 6 in Berlin), 0.20 by day, 0.25 a day."""
    day = DayType("every day", tuple(range(8)), (Switch(0, "night"), Switch(6 * 60, "day"), Switch(22 * 60, "night")))
    rates = (Rate("night", (NIGHT,)), Rate("day", (DAYTIME,)))
    return Tariff("t", "EUR", "Europe/Berlin", rates, (Season("year", 1, 1, (day,)),), standing=STANDING)


class Home:
    """`passed` (µs since the beginning) is on the steady clock; `wrong` is by how much the wall clock is. `end`: the register
    at which the counter begins anew; `register` goes on.
    """

    end = 0

    def __init__(self, register=5_000_000, credit=100 * NANO, **settings):
        self.begin(register)
        for order in (SetTariff(0, tariff()), ChangeSettings(Settings(**settings)), GrantCredit("c", credit)):
            self.order(order)
        self.read()

    def begin(self, register=5_000_000, wrong=0):
        """The gateway is new, and nobody has told it anything."""
        self.passed, self.wrong = 0, wrong
        self.register, self.closed, self.log, self.entries = register, True, [], []
        self.kept, self.boot, self.server = {}, 1, Account()
        self.account = Account()
        self.head = genesis("m1")
        self.asked = None
        self.start()

    @property
    def moment(self):
        """On the gateway's clocks; the steady one begins anew with each boot."""
        return Moment(BEGIN + self.passed + self.wrong, 0.0, self.passed - self.booted)

    def start(self, boot=True):
        """The gateway starts, with what its flash holds; the machine too, or the process alone."""
        if boot:
            self.boot, self.booted = self.boot + 1, self.passed
        self.meter = Meter("m1", self.account, self.head, MeterPolicy())
        anchor = load_anchor(self.kept["anchor"]) if "anchor" in self.kept else None
        time = Timekeeper(f"boot {self.boot}", anchor)
        self.agent = Agent("g1", 1, [self.meter], VerifyKey(SERVER.public()), SyncPolicy(), time=time)
        self.do(self.agent.start(self.moment, set()))

    def do(self, effects):
        """What the shell does; and the server works out each entry anew."""
        for effect in effects:
            if isinstance(effect, Commit):
                for _, record in effect.records:
                    entry = decode_entry(record.body)
                    own = self.server.recompute(entry, self.command(entry))
                    assert own == entry, f"the server says {own}, the meter {entry}"
                    self.server.apply(own)
                    self.entries.append(entry)
                    self.head = record.hash
            elif isinstance(effect, Keep):
                self.kept[effect.what] = effect.body
            elif isinstance(effect, MoveSwitch):
                self.closed = effect.closed
            elif isinstance(effect, SendStatus) and effect.status.fresh:
                self.asked = effect.status.number
        if any(isinstance(effect, Commit) for effect in effects):
            assert self.server.dump() == self.account.dump()

    def command(self, entry):
        number = getattr(entry, "command", 0)
        return self.log[number - 1] if number else None

    def order(self, order, issued=None):
        issued = BEGIN + self.passed if issued is None else issued
        self.log.append(Command("m1", len(self.log) + 1, issued, order))
        signed = sign_command(SERVER, self.log[-1])
        self.do(self.agent.on_frame(self.moment, seal(SERVER, Orders("g1", (signed,)))))

    def connect(self, wrong=0):
        """The network is there: the server answers, whose clock is `wrong`."""
        self.do(self.agent.on_connected(self.moment))
        at = BEGIN + self.passed + wrong
        receipt = Receipt("g1", (Head("m1", 0, genesis("m1")),), 1, self.asked, at)
        self.do(self.agent.on_frame(self.moment, seal(SERVER, receipt)))
        self.agent.on_disconnected()

    def read(self, register=None, used=0, serial=None):
        """The meter is read now: it moved on by `used`, and says so, or something else (`register`)."""
        self.register += used if self.closed else 0
        shown = (self.register % self.end if self.end else self.register) if register is None else register
        seen = Foreign(serial) if serial else Observed(shown, self.closed, end=self.end)
        self.do(self.agent.on_observed(self.moment, {"m1": seen}))

    def live(self, span, power=0, says=None):
        """Time passes; the meter is read when it is due. `says`: what its register shows for what it is."""
        end, fine, since = self.passed + span, self.register * HOUR, self.passed
        while (due := max(self.agent.next_due() + self.booted, self.passed)) <= end:
            fine, since, self.passed = fine + self.closed * power * (due - since), due, due
            self.register = fine // HOUR
            self.do(self.agent.tick(self.moment)[:-1])
            self.read(says(self.register) if says else None)
        self.register, self.passed = (fine + self.closed * power * (end - since)) // HOUR, end

    def energy(self):
        """Wh charged so far."""
        return sum(entry.energy for entry in self.entries if isinstance(entry, Reading))

    def codes(self):
        """The events so far."""
        return [entry.code for entry in self.entries if hasattr(entry, "code")]

    @property
    def charged(self):
        return self.account.charged
