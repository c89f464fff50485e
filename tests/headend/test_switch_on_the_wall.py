"""From a payment to a relay that was seen to close: a real agent reads a meter of DL/T 645 over a pty, and the server's pages
say how far its switch is. Only the broker between the two is this test.
"""

import queue
import re
import threading
import time
from contextlib import contextmanager

import pytest
from django.test import Client

from prewatt.edge.agent_thread import AgentThread
from prewatt.edge.drivers.bus import BusDriverSettings, BusSettings
from prewatt.edge.drivers.recorded import RecordedMeter
from prewatt.edge.recording import load_recordings
from prewatt.edge.settings import EdgeSettings, MeterSettings
from prewatt.edge.shell import Shell
from prewatt.edge.site_service import SiteService
from prewatt.headend.dispatch import Dispatch, DispatchPolicy
from prewatt.headend.ingest import plan, sort
from prewatt.kernel.entries import decode_entry
from prewatt.kernel.orders import Hold, Release
from prewatt.kernel.units import NANO
from prewatt.server.commissioning.setup import Apartment
from prewatt.server.core.home_secrets import signing_key
from prewatt.server.estate.models import Property, Tenancy
from prewatt.server.metering.models import Alarm, Gateway, JournalEntry, Meter
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.silences import look
from prewatt.sim.meters.dlt645 import Balance, Dlt645Responder
from prewatt.sim.meters.line import Line
from prewatt.sim.meters.on_pty import OnPty
from prewatt.sim.meters.played import PlayedMeter
from prewatt.wire import topics
from prewatt.wire.link import BrokerAddress, Connected, Received
from prewatt.wire.signing import SigningKey, seal
from tests.building import PASSWORD, set_up
from tests.enrolling import enrol

pytestmark = pytest.mark.database
SERIAL = "202411110002"
PATIENCE = 60


def now():
    return time.time_ns() // 1000


class Wall:
    """A house of one flat: its meter, its gateway, its server."""

    def __init__(self, folder, clock, store, settings, model, balance, every_s):
        self.clock, self.store = clock, store
        made = set_up(clock, apartments=[Apartment("Flat 1", SERIAL, "Anna")])
        (folder / "load.csv").write_text("meter,timestamp,kwh\nm1,2024-01-01T00:00Z,1\nm1,2024-01-01T01:00Z,1\n")
        inner = RecordedMeter("m1", load_recordings(folder / "load.csv", "UTC")["m1"], folder / "m1.json", now)
        self.played = PlayedMeter(inner, SERIAL, now)
        self.responder = Dlt645Responder(self.played, balance=balance)
        self.adapter = folder / "adapter"
        self.plug_in()
        key = SigningKey.generate()
        key.save(folder / "gateway.key")
        enrol(made.code, key.public())
        self.server = signing_key(settings.CONFIG)
        bus = BusSettings(str(self.adapter), answer_s=0.3, pause_s=0.01, turnaround_s=0.0)
        meter = {"bus": "cellar", "model": model, "address": SERIAL}
        self.settings = EdgeSettings(
            "g1",
            str(folder / "gateway.key"),
            self.server.public().hex(),
            str(folder / "journal.sqlite3"),
            BrokerAddress("127.0.0.1", 1, "g1", retry_longest_s=600.0),
            (MeterSettings(SERIAL, "bus", unit="Flat 1"),),
            reading_interval_s=every_s,
            poll_shortest_s=1,
            heartbeat_s=0.5,
            drivers={"bus": BusDriverSettings({"cellar": bus}, {SERIAL: meter})},
        )
        self.up, self.dispatch = queue.Queue(), Dispatch(time.monotonic(), DispatchPolicy())
        self.gateway = threading.Thread(target=self.run)
        ready = queue.Queue()
        self.ready = ready
        self.gateway.start()
        self.shell = ready.get(timeout=30)
        self.site = SiteService(self.shell, AgentThread(self.shell.inbox), {SERIAL: "Flat 1"})
        self.shell.inbox.put(Connected())

    def plug_in(self):
        """Plug the adapter in."""
        self.line = OnPty(Line([self.responder]))
        self.adapter.symlink_to(self.line.path)

    def pull_out(self):
        """Pull the adapter out."""
        self.adapter.unlink()
        self.line.close()

    def run(self):
        shell = Shell(self.settings)
        shell._link.start = lambda delay: None
        shell._link.publish = lambda topic, payload: self.up.put((topic, payload))
        self.ready.put(shell)
        shell.run()
        shell.close()

    def close(self):
        self.shell.stop()
        self.gateway.join()
        self.line.close()

    def down(self, message):
        self.shell.inbox.put(Received(topics.down("g1"), seal(self.server, message)))

    def until(self, switch, closed=True):
        """The server hears that an order to close or to open is so far."""

        def is_so():
            meter = self.meter()
            return (meter.told_switch, meter.told_closed, meter.closed) == (switch, closed, closed)

        self.take_in(is_so)

    def take_in(self, is_so):
        """What a head-end worker does, until something is so."""
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < deadline, (self.meter().told_switch, self.meter().told_closed, self.journal())
            self.clock.at = now()
            received = [self.up.get(timeout=PATIENCE)]
            batch = sort(received, self.store.gateways({"g1"}))
            result = plan(now(), batch, self.store.views(batch.meters()))
            assert not result.refusals, result.refusals
            self.store.commit(result)
            for message in (*result.states, *result.receipts):
                self.down(message)
            self.dispatch.heard(time.monotonic(), batch.messages)
            self.order()

    def order(self):
        sent = self.dispatch.tick(time.monotonic(), self.store.pending())
        for message in sent.orders:
            self.down(message)
        self.store.mark_sent(sent.sent)
        self.store.set_presence(sent.presence, now())

    def pay(self, name):
        top_up(Tenancy.objects.get(), 20 * NANO, name)
        self.order()

    def meter(self):
        return Meter.objects.get(name=SERIAL)

    def journal(self):
        """The events that have arrived, and what else has."""
        bodies = JournalEntry.objects.order_by("seq").values_list("body", flat=True)
        return [getattr(entry := decode_entry(bytes(body)), "code", entry.__struct_config__.tag) for body in bodies]

    def alarms(self):
        return list(Alarm.objects.filter(is_resolved=False).values_list("kind", flat=True))

    def page(self, path, name="manager"):
        client = Client()
        assert client.login(username=name, password=PASSWORD)
        return re.sub(r"\s+", " ", client.get(path).content.decode())

    def flat(self):
        return self.page(f"/units/{self.meter().unit_id}/")


@contextmanager
def wall(folder, clock, store, settings, model, balance=None, every_s=900, **faults):
    made = Wall(folder, clock, store, settings, model, balance, every_s)
    try:
        made.until("verified", closed=False)
        assert "without power" in made.page("/properties/") and "told to switch on" not in made.page("/properties/")
        for name, value in faults.items():
            setattr(made.played.faults, name, value)
        yield made
    finally:
        made.close()


def test_who_has_paid_is_told_to_press_the_button_and_is_shown_as_served_when_it_was_pressed(
    tmp_path, db, clock, store, settings
):
    with wall(tmp_path, clock, store, settings, "dlt645-2007-button", button=True) as made:
        made.pay("c1")
        made.until("waits-for-button")
        assert "Press the button at the meter" in made.flat() and "The power is on." not in made.flat()
        assert "press the button" in made.page("/properties/") and made.alarms() == []
        assert not made.played.is_closed()
        made.played.press_button()
        made.until("verified")
        assert made.played.is_closed() and "The power is on." in made.flat() and made.alarms() == []
        made.site.act(SERIAL, Hold(), "Kim", "grant")
        made.until("verified", closed=False)
        answer = made.site.act(SERIAL, Release(), "Kim", "grant")
        assert answer.done and "Press the button at the meter: the power is back at once." in answer.text
        made.played.press_button()
        made.until("verified")


def test_a_relay_that_confirms_and_sticks_is_an_alarm_and_the_page_says_so_until_it_obeys(
    tmp_path, db, clock, store, settings
):
    with wall(tmp_path, clock, store, settings, "dlt645-2007", sticks=True) as made:
        made.pay("c1")
        made.until("failed")
        assert "was told to switch on, but has not done it" in made.flat() and "The power is on." not in made.flat()
        assert "the switch does not obey" in made.page("/properties/")
        made.take_in(lambda: made.alarms() == ["switch-failed"])
        assert "still stands open" in Alarm.objects.get().text
        made.played.faults.sticks = False
        made.until("verified")
        assert made.played.is_closed() and "The power is on." in made.flat()


def test_an_adapter_that_is_pulled_out_is_one_alarm_of_its_line_until_it_is_back(tmp_path, db, clock, store, settings):
    with wall(tmp_path, clock, store, settings, "dlt645-2007", every_s=5) as made:
        made.pull_out()
        made.take_in(lambda: Gateway.objects.get().lines != [])
        assert "A line of meters can't be used" in made.site.troubles()[0]
        Property.objects.update(silence_minutes=0)
        clock.at = now()
        look()
        assert made.alarms() == ["silent"]
        alarm = Alarm.objects.get()
        assert "line cellar (Flat 1)" in alarm.text and f"there is no adapter {made.adapter}" in alarm.text
        assert "there is no adapter" in made.page(f"/properties/{Property.objects.get().pk}/alarms/")
        made.plug_in()
        made.take_in(lambda: Gateway.objects.get().lines == [])
        assert made.site.troubles() == ()


def test_a_meter_in_a_prepaid_mode_of_its_own_is_found_before_it_cuts_off_anybody(tmp_path, db, clock, store, settings):
    with wall(tmp_path, clock, store, settings, "dlt645-2007", Balance(2, 19_856)) as made:
        made.take_in(lambda: made.alarms() == ["own-prepaid"])
        text = Alarm.objects.get().text
        assert (
            "whatever the tenant has paid here" in text and "have its maker or seller set it to `not prepaid`" in text
        )
