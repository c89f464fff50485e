"""Conversations with meters that speak Modbus: each model that comes with prewatt is played out of its own file."""

from fractions import Fraction

import pytest

from prewatt.edge.conversations.modbus.meter import ModbusMeter
from prewatt.edge.conversations.modbus.relay import RelayAt, Relays
from prewatt.edge.meters.modbus_model import ModbusModel
from prewatt.edge.meters.model import BUILT_IN, model_names, protocol_of
from prewatt.edge.protocols.errors import NoAnswer, ProtocolError, Refused, Unsupported, WaitsForButton, WrongAnswer
from prewatt.edge.protocols.modbus_frames import Rtu, Tcp
from prewatt.edge.protocols.modbus_unit import Read, Unit
from prewatt.kernel.quantities import Quantity, can_be
from prewatt.sim.meters.modbus import ModbusResponder, RelayModule
from tests.edge.protocols.modbus_played import SERIAL, Together, model, played

MODELS = [name for name in model_names() if protocol_of(BUILT_IN / f"{name}.toml") == "modbus"]
METERS = [name for name in MODELS if not name.startswith("relay-module")]
MODULES = [name for name in MODELS if name.startswith("relay-module")]
RATIOS = {"voltage-ratio": Fraction(1), "current-ratio": Fraction(40)}


def pair(folder, name="eastron-sdm120", framing=None, relay=None, ratios=None):
    """A played meter, and the conversations with it."""
    framing = framing or Rtu()
    slave = ModbusResponder(played(folder), model(name), 7, framing, ratios)
    return slave, ModbusMeter(slave.model, 7, framing, relay, ratios), Together([slave])


def relay_at(module, unit, channel=1, inverted=False):
    return RelayAt(Relays(module.relay, Unit(Rtu(), unit), lambda: 0), channel, inverted)


def changed(name, **values):
    """A model with other parts, as a person's own file may have."""
    parts = {field: getattr(model(name), field) for field in ModbusModel.__struct_fields__}
    return ModbusModel(**(parts | values))


@pytest.mark.parametrize("name", METERS)
@pytest.mark.parametrize("framing", [Rtu(), Tcp()], ids=["rtu", "tcp"])
def test_each_model_is_read_in_the_units_of_prewatt(tmp_path, name, framing):
    slave, meter, line = pair(tmp_path, name, framing, ratios=RATIOS)
    identity = line.run(meter.identify())
    assert identity.serial in ("", SERIAL) and identity.model == slave.model.names[0]
    assert bool(identity.serial) is ("serial" in slave.model.registers)
    # 2 kWh were drawn; the coarsest register counts 0.01 kWh times the ratio of the transformers.
    assert 2_000 - 400 <= line.run(meter.read_register()) <= 2_000
    power = line.run(meter.read_power())
    assert power is None if "power" not in slave.model.registers else abs(power.active - 2_000) <= 1
    quantities = line.run(meter.read_quantities())
    assert set(quantities) == {Quantity(each) for each in slave.model.registers if each in set(Quantity)}
    assert all(can_be(quantity, value) for quantity, value in quantities.items())
    assert line.run(meter.read_tampered()) is False


@pytest.mark.parametrize("name", METERS)
def test_each_model_says_what_is_billed_and_where_it_comes_from(name):
    it = model(name)
    assert it.source and it.notes and it.make
    energy = it.registers["energy"]
    batch = it.batches_of(["energy"])[0]
    assert batch.covers(energy), "all words of the energy come in one answer"
    if it.energy_counts == "total":
        assert "export" not in it.registers, "then what flows out can be told from what flows in"


def test_import_is_billed_and_not_the_total_of_both_directions(tmp_path):
    """The captured answer of a real meter, whose total is the sum of both."""
    it = model("hiking-dds238-2-zns")
    data = bytes.fromhex("00001C7B000000000000000000000000000004F300001788097701A603F8007003E1138A")
    words = [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]
    values = {name: it.value(name, 0, words) for name in it.registers}
    assert values["energy"] == 6024
    assert values["export"] == 1267
    assert values["voltage-l1"] == 2423
    assert values["energy"] + values["export"] == 0x1C7B
    assert values["power"] == 1016
    assert values["current-l1"] == 422
    assert values["power-factor"] == 993
    assert values["frequency"] == 5002


def test_low_word_first_is_read_so(tmp_path):
    it = model("pzem-004t-v3")
    words = [0x08D1, 0x006C, 0, 0x00F4, 0, 0x0026, 0, 0x01F4, 0x0064]
    values = {name: it.value(name, 0, words) for name in it.registers}
    assert values == {
        "energy": 38,
        "power": 244,
        "voltage-l1": 2257,
        "current-l1": 108,
        "power-factor": 100,
        "frequency": 500,
    }


def test_a_float_becomes_an_integer_once_and_half_goes_to_even(tmp_path):
    it = model("eastron-sdm120")
    assert it.value("energy", 0x48, [0x4366, 0x3334]) == Fraction(230.20001220703125)
    slave, meter, line = pair(tmp_path)
    slave.meter.faults.says = 123_456_789
    # A float32 has steps of 0.0078 kWh there.
    assert abs(line.run(meter.read_register()) - 123_456_789) <= 4


def test_no_value_is_absent_and_not_zero():
    it = model("abb-b23")
    assert it.value("voltage-l1", 0x5B00, [0xFFFF, 0xFFFF]) is None
    assert it.value("power", 0x5B14, [0x7FFF, 0xFFFF]) is None
    assert it.value("power", 0x5B14, [0xFFFF, 0xFFFF]) == -1
    assert it.value("energy", 0x5000, [0xFFFF] * 4) is None
    assert model("eastron-sdm120").value("energy", 0x48, [0x7FC0, 0]) is None
    with pytest.raises(ValueError, match="infinite"):
        model("eastron-sdm120").value("energy", 0x48, [0x7F80, 0])


def test_a_meter_without_a_value_for_its_energy_is_not_billed(tmp_path):
    slave, meter, line = pair(tmp_path, "abb-b23")
    slave._number = lambda name, register: (
        Fraction(2**64 - 1) if name == "energy" else type(slave)._number(slave, name, register)
    )
    with pytest.raises(WrongAnswer, match="no value for its energy"):
        line.run(meter.read_register())


def test_power_that_flows_back_is_negative_and_energy_never(tmp_path):
    slave, meter, line = pair(tmp_path, "carlo-gavazzi-em340")
    slave._values = lambda: {**type(slave)._values(slave), "power": -1_500, "energy": -1_000}
    assert line.run(meter.read_power()).active == -1_500
    with pytest.raises(WrongAnswer, match="negative"):
        line.run(meter.read_register())


@pytest.mark.parametrize(
    ("name", "model_is"),
    [
        # The other order of words, in a map that is right otherwise.
        ("eastron-sdm120", {"word_order": "low first"}),
        ("carlo-gavazzi-em340", {"word_order": "high first"}),
    ],
)
def test_a_wrong_order_of_words_is_not_billed(tmp_path, name, model_is):
    _, _, line = pair(tmp_path, name)
    meter = ModbusMeter(changed(name, **model_is), 7, Rtu())
    for conversation in (meter.identify, meter.read_register):
        with pytest.raises(WrongAnswer, match="not that of this meter, and nothing is billed"):
            line.run(conversation())


def test_another_map_under_the_same_name_is_not_billed(tmp_path):
    _, _, line = pair(tmp_path, "orno-we514")
    meter = ModbusMeter(model("chint-ddsu666"), 7, Rtu())
    with pytest.raises(Refused, match="illegal data address"):
        line.run(meter.read_register())


def test_a_frequency_that_no_mains_has_is_not_billed(tmp_path):
    slave, meter, line = pair(tmp_path)
    slave.meter.frequency = 500_000
    with pytest.raises(WrongAnswer, match=r"500\.0 Hz"):
        line.run(meter.identify())
    slave.meter.frequency = 60_000
    assert line.run(meter.identify()).serial == SERIAL


def test_a_meter_behind_its_open_relay_has_no_voltage_and_is_read_all_the_same(tmp_path):
    slave = ModbusResponder(played(tmp_path), model("eastron-sdm120"), 7, Rtu())
    module = RelayModule([slave.meter], model("relay-module-coils"), 9, Rtu())
    meter = ModbusMeter(slave.model, 7, Rtu(), relay_at(module, 9))
    line = Together([slave, module])
    slave.meter.order(False)
    slave.meter.voltage, slave.meter.frequency = 1, 0
    slave._values = lambda: {**type(slave)._values(slave), "voltage-l1": 0}
    assert line.run(meter.read_register()) == 2_000
    slave.meter.order(True)
    with pytest.raises(WrongAnswer, match=r"0\.0 V"):
        line.run(meter.read_register())


def test_energy_that_flows_out_of_a_flat_is_reported(tmp_path):
    slave, meter, line = pair(tmp_path)
    line.run(meter.read_register())
    assert line.run(meter.read_tampered()) is False
    slave.meter.faults.tampered = True
    line.run(meter.read_register())
    asked = len(line.asked)
    assert line.run(meter.read_tampered()) is True
    assert len(line.asked) == asked, "export came with the energy"


def test_a_ratio_that_cannot_be_read_has_to_be_set(tmp_path):
    with pytest.raises(ValueError, match=r"ratios\.(current|voltage)-ratio: it is missing"):
        ModbusMeter(model("acrel-adl3000-e"), 7, Rtu())
    slave, meter, line = pair(tmp_path, "acrel-adl3000-e", ratios=RATIOS)
    assert line.run(meter.read_register()) == 2_000
    slave.ratios["current-ratio"] = Fraction(20)
    assert line.run(meter.read_register()) == 4_000


def test_a_ratio_that_has_a_register_is_read_with_the_energy(tmp_path):
    registers = dict(model("acrel-adl3000-e").registers)
    registers["current-ratio"] = type(registers["energy"])(0x0100, "uint16", scale="0.1")
    it = changed("acrel-adl3000-e", registers=registers)
    slave = ModbusResponder(played(tmp_path), it, 7, Rtu(), {"current-ratio": Fraction(40)})
    meter = ModbusMeter(it, 7, Rtu(), ratios={"voltage-ratio": Fraction(1)})
    assert Together([slave]).run(meter.read_register()) == 2_000
    real = slave._words
    slave._words = lambda function: real(function) | {0x0100: 0}
    with pytest.raises(WrongAnswer, match="current-ratio: it has no value"):
        Together([slave]).run(meter.read_register())


def test_what_a_meter_refuses_to_tell_beside_its_energy_does_not_hold_up_the_rest(tmp_path):
    slave, _, line = pair(tmp_path)
    registers = dict(slave.model.registers)
    registers["neutral-current"] = type(registers["energy"])(0x9000, "float32", "A", function=4)
    meter = ModbusMeter(changed("eastron-sdm120", registers=registers), 7, Rtu())
    quantities = line.run(meter.read_quantities())
    assert "neutral-current" not in quantities and quantities["voltage-l1"] == 230_000


def test_the_meter_by_itself_switches_when_it_is_seen(tmp_path):
    slave, meter, line = pair(tmp_path, "hiking-dds238-2-znsr")
    for closed in (False, True):
        line.run(meter.set_switch(closed))
        assert slave.meter.is_closed() is closed and line.run(meter.read_switch()) is closed


def test_a_relay_that_confirms_and_does_not_move_is_not_done(tmp_path):
    slave, meter, line = pair(tmp_path, "hiking-dds238-2-znsr")
    slave.meter.faults.sticks = True
    with pytest.raises(ProtocolError, match="confirmed, but it still stands closed"):
        line.run(meter.set_switch(False))


def test_a_relay_that_waits_for_its_button_says_so_and_closes_then(tmp_path):
    name = "hiking-dds238-2-znsr"
    relay = model(name).relay
    parts = {field: getattr(relay, field) for field in relay.__struct_fields__}
    it = changed(name, relay=type(relay)(**(parts | {"button": True})))
    slave = ModbusResponder(played(tmp_path), it, 7, Rtu())
    slave.meter.faults.button = True
    meter, line = ModbusMeter(it, 7, Rtu()), Together([slave])
    line.run(meter.set_switch(False))
    with pytest.raises(WaitsForButton, match="button"):
        line.run(meter.set_switch(True))
    assert line.run(meter.read_switch()) is False
    slave.meter.press_button()
    assert line.run(meter.read_switch()) is True


def test_an_order_whose_confirmation_was_lost_is_done_if_it_is_seen(tmp_path):
    slave, meter, line = pair(tmp_path, "hiking-dds238-2-znsr")
    feed = slave.feed
    slave.feed = lambda received: [frame for frame in feed(received) if frame[1] != 16]
    line.run(meter.set_switch(False))
    assert slave.meter.is_closed() is False
    slave.meter.faults.sticks = True
    with pytest.raises(NoAnswer):
        line.run(meter.set_switch(True))


def test_an_order_whose_confirmation_was_lost_is_not_done_where_nothing_shows_the_relay(tmp_path):
    slave = ModbusResponder(played(tmp_path), model("eastron-sdm120"), 7, Rtu())
    module = RelayModule([slave.meter], model("relay-module-coils-unseen"), 9, Rtu())
    module.silent = True
    meter = ModbusMeter(slave.model, 7, Rtu(), relay_at(module, 9))
    for closed in (True, False):
        with pytest.raises(NoAnswer):
            Together([slave, module]).run(meter.set_switch(closed))


def test_a_played_meter_answers_only_questions_to_its_own_address(tmp_path):
    slave, _, _ = pair(tmp_path)
    assert slave.feed(Read(4, 0, 2).ask(Rtu(), 8).request) == []
    assert len(slave.feed(Read(4, 0, 2).ask(Rtu(), 7).request)) == 1


def test_function_6_is_refused_and_16_moves_the_relay(tmp_path):
    slave, _, line = pair(tmp_path, "hiking-dds238-2-znsr")
    unit = Unit(Rtu(), 7)
    with pytest.raises(Refused, match="illegal function"):
        line.run(unit.write(6, 0x1A, [0]))
    assert slave.meter.is_closed()
    line.run(unit.write(16, 0x1A, [0]))
    assert not slave.meter.is_closed()


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("inverted", [False, True])
def test_two_devices_serve_one_flat_a_meter_and_a_channel_of_a_relay_module(tmp_path, name, inverted):
    flats = [played(tmp_path, str(serial)) for serial in (11, 12, 13)]
    slaves = [ModbusResponder(flat, model("eastron-sdm120"), 1 + at, Rtu()) for at, flat in enumerate(flats)]
    module = RelayModule(flats, model(name), 100, Rtu(), inverted)
    meter = ModbusMeter(slaves[1].model, 2, Rtu(), relay_at(module, 100, 2, inverted))
    line = Together([*slaves, module])
    line.run(meter.set_switch(False))
    assert [flat.is_closed() for flat in flats] == [True, False, True]
    seen = "unseen" not in name
    assert line.run(meter.read_switch()) is (False if seen else None)
    line.run(meter.set_switch(True))
    assert [flat.is_closed() for flat in flats] == [True, True, True]
    assert line.run(meter.read_switch()) is True, "by its state, or by the power that flows"
    flats[1].faults.sticks = True
    with pytest.raises(ProtocolError, match="still stands closed"):
        line.run(meter.set_switch(False))


def test_a_relay_module_that_is_silent_leaves_the_meter_readable(tmp_path):
    slave = ModbusResponder(played(tmp_path), model("eastron-sdm120"), 7, Rtu())
    module = RelayModule([slave.meter], model("relay-module-coils"), 9, Rtu())
    module.silent = True
    meter = ModbusMeter(slave.model, 7, Rtu(), relay_at(module, 9))
    line = Together([slave, module])
    with pytest.raises(NoAnswer):
        line.run(meter.set_switch(False))
    assert line.run(meter.read_register()) == 2_000
    assert line.run(meter.read_switch()) is None


def test_a_state_that_is_neither_open_nor_closed_is_no_state(tmp_path):
    slave, meter, line = pair(tmp_path, "hiking-dds238-2-znsr")
    real = slave._words
    slave._words = lambda function: real(function) | {0x1A: 7}
    with pytest.raises(WrongAnswer, match="0007, which is neither open nor closed"):
        line.run(meter.read_switch())


def test_energies_by_rate_are_read_where_a_model_has_them(tmp_path):
    _, meter, line = pair(tmp_path, "acrel-ddsy1352")
    assert line.run(meter.read_rates()) == {1: 2_000, 2: 0, 3: 0, 4: 0}
    assert len(line.asked) == 1
    _, meter, line = pair(tmp_path, "orno-we514")
    assert line.run(meter.read_rates()) == {1: 2_000, 2: 0}
    _, meter, line = pair(tmp_path)
    assert line.run(meter.read_rates()) == {} and line.asked == []


def test_a_meter_that_may_cut_off_by_its_own_balance_says_so(tmp_path):
    slave, meter, line = pair(tmp_path, "eastron-sdm320y")
    assert line.run(meter.read_own_prepaid()) == ""
    slave.own_prepaid = True
    assert "switch it off" in line.run(meter.read_own_prepaid())
    assert Together([]).run(pair(tmp_path, "acrel-ddsy1352")[1].read_own_prepaid()) is None
    assert Together([]).run(pair(tmp_path, "orno-we514")[1].read_own_prepaid()) == ""


def test_a_meter_without_relay_has_no_switch(tmp_path):
    _, meter, line = pair(tmp_path)
    assert line.run(meter.read_switch()) is None
    for conversation in (meter.set_switch(True), meter.read_clock(), meter.set_clock(0), meter.read_allowance()):
        with pytest.raises(Unsupported):
            line.run(conversation)
    assert line.run(meter.rest()) is None


def test_a_meter_that_answers_each_question_with_an_error_says_which(tmp_path):
    slave, meter, line = pair(tmp_path)
    slave.meter.faults.refuses = True
    with pytest.raises(Refused, match="unit 7 refuses: device failure"):
        line.run(meter.read_register())


def test_a_silent_meter_has_no_answer(tmp_path):
    slave, meter, line = pair(tmp_path)
    slave.meter.faults.silent = True
    with pytest.raises(NoAnswer, match="nothing"):
        line.run(meter.read_register())
