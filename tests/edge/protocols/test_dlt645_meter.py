"""Conversations with played meters of DL/T 645: reading, switching that is seen, clocks, passwords, own balances."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.edge.conversations import find_protocol
from prewatt.edge.conversations.dlt645.meter import LOOKS, Dlt645Access, Dlt645Meter
from prewatt.edge.conversations.protocol import OnBus
from prewatt.edge.drivers.interface import Identity, Power
from prewatt.edge.drivers.recorded import RecordedMeter
from prewatt.edge.meters.dlt645_model import Dlt645Model
from prewatt.edge.meters.model import BUILT_IN, find_model_file, model_names, protocol_of, read_model
from prewatt.edge.protocols.conversation import converse
from prewatt.edge.protocols.dlt645.bcd import to_bcd
from prewatt.edge.protocols.dlt645.codes import Command, Edition
from prewatt.edge.protocols.dlt645.exchanges import Access, Control, Read, read
from prewatt.edge.protocols.dlt645.frame import Frame, FrameParser, decode_frame
from prewatt.edge.protocols.errors import (
    NoAnswer,
    PasswordRefused,
    ProtocolError,
    Refused,
    Unsupported,
    WaitsForButton,
    WrongAnswer,
)
from prewatt.edge.recording import load_recordings
from prewatt.kernel.calendar import zone
from prewatt.kernel.units import DAY, HOUR, MINUTE, SECOND
from prewatt.sim.meters.dlt645 import TRIES, Balance, Dlt645Responder
from prewatt.sim.meters.played import PlayedMeter

BEGIN = 1_767_225_600 * SECOND + HOUR  # 2026-01-01 09:00 in Shanghai
SERIAL = "202411110002"


def model_named(name):
    return read_model(find_model_file(name), Dlt645Model)


class Wire:
    """A meter of 2 kW at the end of a wire, and its conversations. `lost`: how many answers to come are lost."""

    def __init__(self, folder, model="dlt645-2007", access=None, **responder):
        self.now, self.lost, self.asked = BEGIN, 0, []
        (folder / "load.csv").write_text(
            "meter,timestamp,kwh\n"
            + "".join(f"m1,2026-01-{day:02}T{hour:02}:00:00Z,2\n" for day in range(1, 9) for hour in range(24))
        )
        recording = load_recordings(folder / "load.csv", "UTC")["m1"]
        inner = RecordedMeter("m1", recording, folder / "m1.json", lambda: self.now)
        self.played = PlayedMeter(inner, SERIAL, lambda: self.now)
        self.responder = Dlt645Responder(self.played, **responder)
        model = model_named(model) if isinstance(model, str) else model
        self.meter = Dlt645Meter(model, access or Dlt645Access(SERIAL), lambda: self.now)

    def ask(self, exchange):
        self.asked.append(decode_frame(exchange.request[4:]))
        sent = b"".join(self.responder.feed(exchange.request))
        self.now += SECOND // 5
        if not exchange.expects_answer:
            assert not sent
            return None
        if self.lost:
            self.lost -= 1
            sent = b""
        answer = exchange.feed(sent)
        if answer is None:
            raise NoAnswer(exchange.seen())
        return answer.value

    def run(self, conversation):
        return converse(conversation, self.ask)

    def orders(self):
        """The commands of function 1C that were sent."""
        return [frame.data[8] for frame in self.asked if frame.control == 0x1C]


@pytest.fixture
def wire(tmp_path):
    return Wire(tmp_path)


# Reading


def test_a_meter_is_read_in_our_units(wire):
    wire.now += HOUR
    assert wire.run(wire.meter.identify()) == Identity(SERIAL, "any maker", "DL/T 645-2007, one phase", 10**9)
    assert wire.run(wire.meter.read_register()) == 2_000
    assert wire.run(wire.meter.read_power()) == Power(2_000, 0)
    assert wire.run(wire.meter.read_quantities()) == {
        "voltage-l1": 230_000,
        "current-l1": 8_695,
        "power-factor": 1_000,
        "frequency": 50_000,
    }
    assert wire.run(wire.meter.read_switch()) is True
    assert wire.run(wire.meter.read_tampered()) is False


def test_three_phases_are_read_as_one_block_and_one_that_is_missing_is_left_out(tmp_path):
    wire = Wire(tmp_path, "dlt645-2007-three-phase", phases=3)
    values = wire.run(wire.meter.read_quantities())
    assert [values[f"voltage-l{phase}"] for phase in (1, 2, 3)] == [230_000] * 3
    assert sum(frame.data.hex() == "00ff0102" for frame in wire.asked) == 1
    wire.responder.phases = 1
    values = wire.run(wire.meter.read_quantities())
    assert "voltage-l1" in values and "voltage-l2" not in values and "current-l3" not in values


def test_a_meter_of_1997_is_read_and_can_not_be_switched(tmp_path):
    wire = Wire(tmp_path, "dlt645-1997", edition=Edition.OF_1997)
    wire.now += HOUR
    assert wire.run(wire.meter.identify()).serial == SERIAL
    assert wire.run(wire.meter.read_register()) == 2_000
    assert wire.run(wire.meter.read_power()) == Power(2_000)
    assert wire.run(wire.meter.read_quantities()) == {"voltage-l1": 230_000, "current-l1": 8_690}
    assert wire.run(wire.meter.read_clock()) == wire.played.now()
    assert wire.run(wire.meter.read_switch()) is None
    for conversation in (wire.meter.set_switch(True), wire.meter.set_clock(BEGIN), wire.meter.read_allowance()):
        with pytest.raises(Unsupported):
            wire.run(conversation)


def test_a_meter_of_one_edition_is_silent_to_the_other(tmp_path):
    wire = Wire(tmp_path, "dlt645-1997")
    with pytest.raises(NoAnswer, match="nothing"):
        wire.run(wire.meter.read_register())


def test_what_the_meter_lacks_is_left_out_and_not_asked_for_again(tmp_path):
    wire = Wire(tmp_path, lacks=frozenset({"02800002", "02040000"}))
    for _ in range(2):
        assert "frequency" not in wire.run(wire.meter.read_quantities())
        assert wire.run(wire.meter.read_power()) == Power(2_000)
    assert sum(frame.data.hex() == "02008002" for frame in wire.asked) == 1


def test_a_meter_that_does_not_tell_its_number_is_known_by_its_address(tmp_path):
    wire = Wire(tmp_path, lacks=frozenset({"04000401"}))
    assert wire.run(wire.meter.identify()).serial == SERIAL


def answering(data, conversation):
    """Runs a conversation with a meter that answers each question with these data."""

    def ask(exchange):
        return exchange.feed(Frame(SERIAL, 0x91, decode_frame(exchange.request[4:]).data + data).encode()).value

    return converse(conversation, ask)


def test_a_register_that_is_no_number_or_is_missing_is_never_zero(wire):
    for data, words in ((b"\0\0\x0e\0", "no decimal number"), (b"\xff" * 4, "no value"), (b"\0\0\0", "has 3 bytes")):
        with pytest.raises(WrongAnswer, match=words):
            answering(data, wire.meter.read_register())


def test_power_that_flows_out_is_negative(wire):
    assert answering(to_bcd(-15_800, 3, signed=True), wire.meter.read_power()) == Power(-1_580, -1_580)


def test_what_is_billed_is_the_forward_register_and_not_the_combined_one():
    for name in model_names():
        if name.startswith("dlt645-2007"):
            assert model_named(name).items["energy"].identifier == "00010000"


def test_energy_that_flows_out_of_the_flat_is_reported(wire):
    export = iter((1_000, 1_005, 1_020))
    told = []
    for _ in range(3):
        told.append(answering(to_bcd(next(export), 4), wire.meter.read_tampered()))
        wire.now += HOUR
    assert told == [False, False, True]


@pytest.mark.parametrize("name", ["dlt645-2007", "dlt645-1997"])
def test_energies_by_rate_are_read_by_one_question(tmp_path, name):
    edition = model_named(name).edition
    wire = Wire(tmp_path, name, edition=edition)
    wire.now += HOUR
    assert wire.run(wire.meter.read_rates()) == dict.fromkeys((1, 2, 3, 4), 500)
    assert len(wire.asked) == 1
    lacking = Wire(tmp_path, name, edition=edition, lacks=frozenset(("0001FF00", "901F")))
    assert lacking.run(lacking.meter.read_rates()) == {}


def test_rates_come_as_one_block_over_several_frames(tmp_path):
    wire = Wire(tmp_path, longest=13)
    wire.now += HOUR
    data = wire.run(read(SERIAL, "0001FF00"))
    assert [int(data[at : at + 4][::-1].hex()) for at in range(0, 20, 4)] == [200, 50, 50, 50, 50]
    assert [frame.control for frame in wire.asked] == [0x11, 0x12, 0x12]
    old = Wire(tmp_path, "dlt645-1997", edition=Edition.OF_1997, longest=14)
    assert len(old.run(read(SERIAL, "901F", Edition.OF_1997))) == 20


# Switching


def test_the_switch_is_moved_and_seen(wire):
    wire.run(wire.meter.set_switch(False))
    assert not wire.played.is_closed() and wire.run(wire.meter.read_switch()) is False
    wire.run(wire.meter.set_switch(True))
    assert wire.played.is_closed() and wire.run(wire.meter.read_switch()) is True
    assert wire.orders() == [Command.TRIP, Command.CLOSE]


def test_a_confirmed_order_that_does_not_move_the_relay_is_not_done(wire):
    wire.played.faults.sticks = True
    with pytest.raises(ProtocolError, match="confirmed, but it still stands closed"):
        wire.run(wire.meter.set_switch(False))
    assert wire.run(wire.meter.read_switch()) is True


def test_a_relay_that_moves_a_little_later_is_waited_for(wire):
    states = itertools.chain([b"\x40\x00"] * (LOOKS - 1), [b"\x50\x00"])
    asked = wire.ask

    def ask(exchange):
        if isinstance(exchange, Read) and exchange.asked.data.hex() == "03050004":
            return exchange.feed(Frame(SERIAL, 0x91, exchange.asked.data + next(states)).encode()).value
        return asked(exchange)

    converse(wire.meter.set_switch(False), ask)


def test_an_order_whose_confirmation_is_lost_is_done_if_the_relay_is_seen_to_have_moved(wire):
    wire.run(wire.meter.set_switch(True))
    wire.lost = 1
    wire.run(wire.meter.set_switch(False))
    assert not wire.played.is_closed()
    wire.played.faults.silent = True
    with pytest.raises(NoAnswer):
        wire.run(wire.meter.set_switch(True))


def test_a_meter_that_wants_its_button_pressed_says_so(tmp_path):
    wire = Wire(tmp_path, "dlt645-2007-button")
    wire.run(wire.meter.set_switch(False))
    with pytest.raises(WaitsForButton, match="button"):
        wire.run(wire.meter.set_switch(True))
    assert wire.run(wire.meter.read_switch()) is False
    wire.played.press_button()
    assert wire.run(wire.meter.read_switch()) is True
    wire.run(wire.meter.set_switch(True))


def test_a_meter_that_does_not_know_how_to_close_at_once_is_permitted_to_close(tmp_path):
    wire = Wire(tmp_path, knows_close=False)
    wire.run(wire.meter.set_switch(False))
    with pytest.raises(WaitsForButton):
        wire.run(wire.meter.set_switch(True))
    wire.played.press_button()
    assert wire.played.is_closed()


def test_a_relay_that_was_told_to_close_at_once_and_stays_open_asks_for_the_button_too(wire):
    wire.run(wire.meter.set_switch(False))
    wire.played.faults.button = True
    with pytest.raises(ProtocolError, match="press the button"):
        wire.run(wire.meter.set_switch(True))


def test_a_supply_that_is_held_on_refuses_to_trip(wire):
    wire.ask(Control(SERIAL, Command.HOLD, Access(), wire.meter.wall_clock.wall(wire.now + MINUTE)))
    with pytest.raises(Refused, match="other error"):
        wire.run(wire.meter.set_switch(False))
    wire.ask(Control(SERIAL, Command.RELEASE, Access(), wire.meter.wall_clock.wall(wire.now + MINUTE)))
    wire.run(wire.meter.set_switch(False))


def test_a_wrong_password_is_not_tried_again_before_an_hour_has_passed(wire):
    wire.responder.access = Access(2, "123456")
    for _ in range(TRIES + 2):
        with pytest.raises(PasswordRefused, match="password"):
            wire.run(wire.meter.set_switch(True))
        with pytest.raises(PasswordRefused, match="60 minutes"):
            wire.run(wire.meter.set_switch(False))
    assert len(wire.orders()) == 1 and not wire.responder.is_locked
    wire.responder.access = Access()
    wire.now += HOUR
    wire.run(wire.meter.set_switch(False))
    assert not wire.played.is_closed()


def test_the_password_of_the_settings_is_used(tmp_path):
    wire = Wire(tmp_path, access=Dlt645Access(SERIAL, "123456", "00000007", 4))
    wire.responder.access = Access(4, "123456")
    wire.run(wire.meter.set_switch(False))
    order = next(frame for frame in wire.asked if frame.control == 0x1C)
    assert order.data[:8].hex() == "04563412" + "07000000"


# The clock


def until(wire):
    """What the last order says that it is valid until, seconds first."""
    return [frame for frame in wire.asked if frame.control == 0x1C][-1].data[10:].hex()


def test_an_order_is_valid_for_five_minutes_of_the_meters_own_clock_however_wrong_it_is(wire):
    wire.played.faults.drift = -400 * DAY
    wire.run(wire.meter.set_switch(False))
    assert not wire.played.is_closed()
    assert until(wire).endswith("05092711" + "24")  # 27 November 2024, 09:05
    assert wire.meter.wall_clock.error < -399 * DAY


def test_the_clock_is_read_before_the_first_order_and_once_a_day(wire):
    def clock_reads():
        return sum(frame.data.hex() == "02010004" for frame in wire.asked)

    wire.run(wire.meter.set_switch(False))
    wire.run(wire.meter.set_switch(True))
    assert clock_reads() == 1
    wire.now += DAY
    wire.run(wire.meter.set_switch(False))
    assert clock_reads() == 2


def test_a_clock_that_was_set_behind_our_back_is_read_again_before_an_order_counts_as_refused(wire):
    wire.run(wire.meter.set_switch(False))
    wire.played.faults.drift = 30 * DAY
    wire.run(wire.meter.set_switch(True))
    assert wire.played.is_closed()


def test_a_clock_that_can_not_be_read_does_not_keep_a_paid_tenant_in_the_dark(tmp_path):
    wire = Wire(tmp_path, lacks=frozenset({"04000101"}))
    wire.run(wire.meter.set_switch(False))
    wire.run(wire.meter.set_switch(True))
    assert wire.played.is_closed() and wire.meter.wall_clock.error is None


def test_a_lost_answer_of_the_clock_does_not_hold_an_order_up(wire):
    wire.lost = 1
    wire.run(wire.meter.set_switch(False))
    assert not wire.played.is_closed() and wire.meter.wall_clock.error is None
    wire.run(wire.meter.set_switch(True))
    assert wire.meter.wall_clock.error is not None


def test_a_refused_order_tells_that_the_clock_is_wrong(wire):
    wire.played.faults.drift = -3 * HOUR
    wire.responder.held = True
    with pytest.raises(Refused, match="180 minutes behind"):
        wire.run(wire.meter.set_switch(False))


def test_a_clock_that_is_little_wrong_is_set_without_the_password(wire):
    wire.responder.access = Access(2, "999999")
    wire.played.faults.drift = 4 * MINUTE
    wire.run(wire.meter.set_clock(wire.now))
    assert abs(wire.played.now() - wire.now) <= SECOND


def test_a_clock_that_is_far_wrong_is_set_with_the_password(wire):
    wire.played.faults.drift = -40 * DAY
    wire.run(wire.meter.set_clock(wire.now))
    assert abs(wire.run(wire.meter.read_clock()) - wire.now) <= 2 * SECOND
    wire.responder.access = Access(2, "999999")
    wire.played.faults.drift = -40 * DAY
    with pytest.raises(PasswordRefused):
        wire.run(wire.meter.set_clock(wire.now))


def test_date_and_time_are_of_one_day_at_midnight(wire):
    wire.now = BEGIN + 15 * HOUR - SECOND // 5  # The date is read before midnight in Shanghai, the time after.
    assert wire.run(wire.meter.read_clock()) == BEGIN + 15 * HOUR


def test_the_hour_that_comes_twice_is_the_one_that_is_nearer(tmp_path):
    berlin = "Europe/Berlin"
    wire = Wire(tmp_path, access=Dlt645Access(SERIAL, zone=berlin), zone=zone(berlin))
    for hour in range(4):
        wire.now = 1_792_882_800 * SECOND + hour * HOUR  # From 25 October 2026, 01:00 on: 01, 02, 02 and 03 o'clock.
        assert abs(wire.run(wire.meter.read_clock()) - wire.now) <= SECOND


def test_a_clock_without_a_possible_time_is_a_wrong_answer(wire):
    with pytest.raises(WrongAnswer, match="battery"):
        answering(b"\0\0\0\0", wire.meter.read_clock())


# A balance of the meter's own


@pytest.mark.parametrize("model", [name for name in model_names() if name.startswith("dlt645-2007")])
def test_a_meter_that_cuts_off_by_a_balance_of_its_own_is_found_whatever_its_model(tmp_path, model):
    wire = Wire(tmp_path, model)
    assert wire.run(wire.meter.read_own_prepaid()) == ""
    with pytest.raises(Unsupported, match="no prepaid mode"):
        wire.run(wire.meter.read_allowance())
    wire.responder.balance = Balance(1, 1_234)
    assert "not prepaid" in wire.run(wire.meter.read_own_prepaid())
    assert wire.run(wire.meter.read_allowance()) == 12_340
    wire.responder.balance = Balance(2, 19_856)
    with pytest.raises(ProtocolError, match=r"balance of its own \(198.56 left\): have its maker"):
        wire.run(wire.meter.read_allowance())
    with pytest.raises(Unsupported):
        wire.run(wire.meter.set_allowance(None))


# Settings and files


def test_a_meter_that_answers_by_the_wildcard_has_to_be_alone_on_its_bus(tmp_path):
    text = find_model_file("dlt645-2007").read_text().replace('edition = "2007"', 'edition = "2007"\nwildcard = true')
    (tmp_path / "wild.toml").write_text(text)
    wild = read_model(tmp_path / "wild.toml", Dlt645Model)
    with pytest.raises(ValueError, match="alone = true"):
        Dlt645Meter(wild, Dlt645Access(SERIAL), lambda: BEGIN)
    wire = Wire(tmp_path, wild, Dlt645Access(SERIAL, alone=True), answers_wild=True)
    assert wire.run(wire.meter.identify()).serial == SERIAL
    assert wire.asked[0].address == "AA" * 6
    usual = Wire(tmp_path, answers_wild=True)
    with pytest.raises(NoAnswer, match="an answer of meter AAAAAAAAAAAA"):
        usual.run(usual.meter.read_register())


@pytest.mark.parametrize(
    ("access", "words"),
    [
        (Dlt645Access("12x"), "address: '12x' is not up to 12 digits"),
        (Dlt645Access("99" * 6), "address of all meters"),
        (Dlt645Access(SERIAL, password="1"), "6 digits"),
        (Dlt645Access(SERIAL, password="zzzzzz"), "password"),
        (Dlt645Access(SERIAL, zone="Mars"), "time zone 'Mars'"),
    ],
)
def test_settings_that_are_impossible_are_named(access, words):
    with pytest.raises(ValueError, match=words):
        Dlt645Meter(model_named("dlt645-2007"), access, lambda: BEGIN)


def test_a_short_address_is_filled_with_zeros(tmp_path):
    wire = Wire(tmp_path, access=Dlt645Access("161"), address="161")
    assert wire.run(wire.meter.identify()).may_be("161")


def test_the_protocol_is_found_by_its_name_and_has_no_framing_for_tcp():
    protocol = find_protocol("dlt645")
    model = model_named("dlt645-2007")
    assert isinstance(protocol.open(model, Dlt645Access(SERIAL), OnBus("line", lambda: BEGIN)), Dlt645Meter)
    with pytest.raises(ValueError, match="framing"):
        protocol.open(model, Dlt645Access(SERIAL), OnBus("tcp", lambda: BEGIN))


def test_all_files_of_models_are_right_and_say_that_nobody_has_tried_them():
    files = [path for path in sorted(BUILT_IN.glob("*.toml")) if protocol_of(path) == "dlt645"]
    assert len(files) >= 5
    for path in files:
        model = read_model(path, Dlt645Model)
        assert model.source and not model.tried_by and model.register_end == 10**9


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('energy = { identifier = "00010000"', 'energy = { identifier = "0001"', "0001 has not the 8 digits"),
        ('unit = "kWh"', 'unit = "V"', "items.energy: unit: 'V' is not 'Wh' or 'kWh'"),
        ("energy = {", "enrgy = {", "energy is missing"),
        ("frequency = {", "frequncy = {", "'frequncy' is not the name of a value"),
        ('close = "1C"', 'close = "1D"', "close"),
        ('edition = "2007"', 'edition = "1997"', "1997 has no order for a relay"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path, old, new, words):
    path = tmp_path / "mine.toml"
    path.write_text(find_model_file("dlt645-2007").read_text().replace(old, new, 1))
    with pytest.raises(ValueError, match=words):
        read_model(path, Dlt645Model)


# Several meters on one bus


def test_the_wildcard_on_a_bus_with_two_meters_is_a_damaged_answer_or_one_of_them_but_never_a_mixture(tmp_path):
    (tmp_path / "b").mkdir()
    one, two = Wire(tmp_path), Wire(tmp_path / "b", address="161")
    asked = Read("AA" * 6, "04000401")
    frames = [one.responder.feed(asked.request)[0], two.responder.feed(asked.request)[0]]
    collision = bytes(a & b for a, b in zip(*frames, strict=True))
    assert asked.feed(collision) is None and "a damaged frame" in asked.seen()


def test_the_responder_says_nothing_to_answers_to_others_and_to_broadcasts(wire):
    parser = FrameParser()
    for frame in (
        Frame("000000000161", 0x11, bytes.fromhex("00000100")),
        Frame("99" * 6, 0x11, bytes.fromhex("00000100")),
        Frame(SERIAL, 0x91, bytes.fromhex("0000010000000000")),
        Frame(SERIAL, 0x1F),
    ):
        assert wire.responder.feed(frame.encode()) == []
    assert parser.feed(b"".join(wire.responder.feed(Frame(SERIAL, 0x11, b"\0\0\1\0").encode())))


@settings(max_examples=30)
@given(st.data(), st.sampled_from([name for name in model_names() if name.startswith("dlt645")]))
def test_whatever_a_meter_says_is_a_value_or_an_error_of_the_protocol(data, name):
    """Intact answers to the questions, with any content."""
    meter = Dlt645Meter(model_named(name), Dlt645Access(SERIAL), lambda: BEGIN)
    payloads = st.one_of(
        st.binary(max_size=12), st.sampled_from([b"", b"\xff" * 4, b"\x99" * 4, b"\0" * 6, b"\x50\x00"])
    )

    def ask(exchange):
        asked = decode_frame(exchange.request[4:])
        if not exchange.expects_answer:
            return None
        said = data.draw(payloads)
        size = {0x11: 4, 0x12: 5, 0x01: 2, 0x02: 2}.get(asked.control, 0)
        control = asked.control | data.draw(st.sampled_from([0x80, 0x80, 0x80, 0xA0, 0xC0]))
        content = said if control & 0x40 else asked.data[:size] + said
        answer = exchange.feed(Frame(SERIAL, control, content).encode())
        if answer is None:
            raise NoAnswer(exchange.seen())
        return answer.value

    for conversation in (
        meter.identify(),
        meter.read_register(),
        meter.read_switch(),
        meter.read_power(),
        meter.read_quantities(),
        meter.read_tampered(),
        meter.set_switch(data.draw(st.booleans())),
        meter.read_clock(),
        meter.set_clock(BEGIN + data.draw(st.integers(-(10**16), 10**16))),
        meter.read_allowance(),
        meter.read_own_prepaid(),
        meter.set_allowance(1),
        meter.rest(),
    ):
        with contextlib.suppress(ProtocolError):
            converse(conversation, ask)
