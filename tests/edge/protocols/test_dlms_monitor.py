"""The second line of a meter of DLMS/COSEM: its register monitor opens its switch when no gateway speaks to it any more."""

import pytest

from prewatt.edge.buses.meter_on_bus import MeterOnBus
from prewatt.edge.conversations.dlms import DlmsAccess, credentials_of, open_meter
from prewatt.edge.conversations.protocol import OnBus
from prewatt.edge.drivers.recorded import RecordedMeter
from prewatt.edge.meters.dlms_model import Monitor
from prewatt.edge.protocols.conversation import converse
from prewatt.edge.protocols.dlms.axdr import Data, Type, obis
from prewatt.edge.protocols.dlms.names import REGISTER_MONITOR, Attribute
from prewatt.edge.protocols.errors import NoAnswer, ProtocolError, Unsupported
from prewatt.kernel.settings import Settings
from prewatt.kernel.units import DAY, HOUR, MINUTE
from prewatt.sim.meters.dlms import DlmsServer, HdlcResponder
from prewatt.sim.meters.dlms_objects import Habits
from prewatt.sim.meters.played import PlayedMeter
from tests.edge.protocols.dlms_wall import REGISTER, Wall, model_of
from tests.edge.test_allowance import BEGIN, KWH, PRICE, ChangeSettings, GrantCredit, Home

NAME = "dlms-lls-monitor"
ACCESS = DlmsAccess("17", password="00000000")
MONITOR = obis("0-0:16.0.0*255")


class DlmsHome(Home):
    """A flat whose meter speaks DLMS/COSEM; `is_dead`: no question reaches it."""

    def hang(self):
        self.is_dead = False
        model = model_of(NAME)
        inner = RecordedMeter("m1", self.recording, self.memory, self.clock.now)
        self.played = PlayedMeter(inner, "m1", self.clock.now)
        server = DlmsServer(self.played, model, credentials_of(model, ACCESS), Habits(), bytes)
        self.responder = HdlcResponder(server, 17)
        return MeterOnBus("m1", self, open_meter(model, ACCESS, OnBus("line", self.clock.now)))

    def run(self, _meter, conversation):
        return converse(conversation, self.ask)

    def ask(self, exchange):
        if self.is_dead:
            raise NoAnswer("nothing")
        for frame in self.responder.feed(exchange.request):
            answer = exchange.feed(frame)
            if answer is not None:
                return answer.value
        raise NoAnswer(exchange.seen())


def test_while_the_gateway_lives_it_never_counts(tmp_path):
    home = DlmsHome(tmp_path, alone=5000)
    home.order(GrantCredit("c1", 40 * KWH))

    def look():
        left = home.driver.read_allowance()
        if left is not None and home.played.is_closed():
            assert left * PRICE >= home.account.balance, "who has paid has at least that"
            assert left <= 40_000 + 3 * 5000 // 2 + 1

    home.live(BEGIN + 39 * HOUR, look)
    assert home.played.is_closed() and "cut-off-alone" not in home.events
    home.live(BEGIN + 41 * HOUR)
    assert not home.played.is_closed() and home.driver.read_allowance() == 0
    assert home.played.register() == 40_000
    home.order(GrantCredit("c2", 3 * KWH))
    assert home.played.is_closed() and home.driver.read_allowance() == 3000 + 1 + 5000


def test_with_a_dead_gateway_it_cuts_by_itself_when_the_credit_is_used_up_and_the_account_agrees_after_the_return(
    tmp_path,
):
    home = DlmsHome(tmp_path, alone=5000)
    home.order(GrantCredit("c1", 30 * KWH))
    home.live(BEGIN + 10 * HOUR)
    home.is_dead = True
    home.clock.at = BEGIN + 34 * HOUR
    assert home.played.is_closed(), "what is paid is supplied, and more"
    home.clock.at = BEGIN + 5 * DAY
    assert not home.played.is_closed() and home.played.register() == 35_001
    # The gateway is back: it is seen, told, charged by the register, and stays off, as nothing is paid.
    home.is_dead, on = False, []
    home.start()
    home.do(home.agent.tick(home.moment()))
    home.do(home.agent.set_clock(home.moment(), home.clock.at, "office")[1])
    home.live(home.clock.at + 2 * MINUTE, lambda: on.append(home.played.is_closed()))
    assert not any(on), "no light for a moment only"
    assert home.events.count("cut-off-alone") == 1 and "switch-differs" not in home.events
    assert home.account.balance == -5001 * PRICE and home.account.closed is False
    home.order(GrantCredit("c2", 10 * KWH))
    assert home.played.is_closed() and home.driver.read_allowance() == 10_000 - 5001 + 1 + 5000
    home.live(home.clock.at + HOUR)
    assert home.played.is_closed() and 35_001 < home.account.register <= home.played.register()
    assert home.account.balance == (30_000 + 10_000 - home.account.register) * PRICE


def test_without_a_rule_the_monitor_is_left_as_it_is_and_an_old_bound_is_taken_away(tmp_path):
    home = DlmsHome(tmp_path)
    home.order(GrantCredit("c1", 100 * KWH))
    home.live(BEGIN + 5 * HOUR)
    assert home.driver.read_allowance() is None
    assert home.responder.server.objects.get(Attribute(REGISTER_MONITOR, MONITOR, 4)) == Data(Type.ARRAY, ())
    home.order(ChangeSettings(Settings(power_highest=4000, alone=7000)))
    home.start()
    home.live(home.clock.at + 16 * MINUTE)
    assert home.driver.read_allowance() > 7000
    home.order(ChangeSettings(Settings(power_highest=4000)))
    assert home.driver.read_allowance() is None and home.played.opens_at is None


def wall(**more):
    changes = {"monitor": Monitor("0-0:16.0.0*255")}
    return Wall("dlms-lls", changes=changes, **more)


def test_energy_that_is_counted_in_tens_of_wh_is_rounded_up_for_who_has_paid(monkeypatch):
    hung = wall(energy_scaler=1)
    opened = []
    monkeypatch.setattr(hung.played, "open_at", opened.append)
    hung.run(hung.meter.set_allowance(1001))
    assert opened[-1] == (REGISTER // 10 + 101) * 10
    assert hung.run(hung.meter.read_allowance()) == 1010
    hung.load.register += 5000
    assert hung.run(hung.meter.read_allowance()) == 0


def test_a_monitor_that_keeps_what_it_had_is_told(monkeypatch):
    hung = wall()
    monkeypatch.setattr(hung.server.objects, "_set_monitor", lambda _number, _value: 0)
    with pytest.raises(ProtocolError, match="confirmed, but its register monitor still stands otherwise"):
        hung.run(hung.meter.set_allowance(1000))


def test_a_meter_without_a_monitor_or_that_gives_none_to_us_has_no_second_line(monkeypatch):
    with pytest.raises(Unsupported, match="names no register monitor"):
        bare = Wall("dlms-lls")
        bare.run(bare.meter.read_allowance())
    hung = wall()
    monkeypatch.setattr(hung.server.objects, "_is_monitor", lambda _attribute: False)
    for asked in (hung.meter.read_allowance(), hung.meter.set_allowance(5)):
        with pytest.raises(Unsupported, match="it gives us no register monitor"):
            hung.run(asked)


def test_another_meter_that_hangs_there_is_set_up_anew(monkeypatch):
    hung = wall()
    monkeypatch.setattr(hung.played, "open_at", lambda _register: None)
    hung.run(hung.meter.set_allowance(1000))
    hung.server.objects._monitor[3] = Data(Type.STRUCTURE, (Data(Type.LONG_UNSIGNED, 3),))
    assert hung.run(hung.meter.read_allowance()) == 1000, "in one association it is asked once"
    hung.now += 5 * MINUTE
    assert hung.run(hung.meter.read_allowance()) is None
    hung.run(hung.meter.set_allowance(2000))
    assert hung.run(hung.meter.read_allowance()) == 2000
