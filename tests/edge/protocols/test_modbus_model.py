"""Files of models that speak Modbus, and the settings of such meters: what is wrong in them is named."""

import pytest

from prewatt.edge.conversations.modbus import PROTOCOL, ModbusAccess, ModbusMeter
from prewatt.edge.conversations.protocol import OnBus
from prewatt.edge.meters.modbus_model import ModbusModel
from prewatt.edge.meters.model import find_model_file, model_names, protocol_of, read_model
from prewatt.edge.protocols.modbus_frames import Rtu, Tcp
from prewatt.sim.meters.modbus import ModbusResponder, RelayModule
from tests.edge.protocols.modbus_played import Together, model, played


def test_all_words_of_a_value_are_in_one_answer():
    models = [model(name) for name in model_names() if protocol_of(find_model_file(name)) == "modbus"]
    registers = [(each, name) for each in models for name in each.registers]
    assert any(each.registers[name].width > 1 for each, name in registers)
    for each, name in registers:
        assert [batch.covers(each.registers[name]) for batch in each.batches_of([name])] == [True]


def test_a_person_adds_a_meter_by_a_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'protocol = "modbus"\nmake = "M"\nnames = ["N"]\nsource = "its manual"\n'
        '[registers]\nenergy = { address = 0x10, type = "uint32", unit = "kWh", scale = "0.1" }\n'
    )
    slave = ModbusResponder(played(tmp_path), read_model(path, ModbusModel), 1, Rtu())
    assert Together([slave]).run(ModbusMeter(slave.model, 1, Rtu()).read_register()) == 2_000


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('energy = { address = 1, type = "uint32", unit = "W" }', r"energy: unit: 'W' is not 'Wh' or 'kWh'"),
        ('power = { address = 1, type = "int16", unit = "W" }', "energy is missing"),
        ('energy = { address = 1, type = "uint24", unit = "kWh" }', r"uint24"),
        ('energy = { address = 65536, type = "uint32", unit = "kWh" }', "65535"),
        ('energi = { address = 1, type = "uint32", unit = "kWh" }', "is not the name of a value; known: energy"),
        ('energy = { address = 1, type = "uint32", unit = "kWh", factor = 1 }', "factor"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path, change, words):
    path = tmp_path / "mine.toml"
    path.write_text(f'protocol = "modbus"\nmake = "M"\nnames = ["N"]\nsource = "s"\n[registers]\n{change}\n')
    with pytest.raises(ValueError, match=words):
        read_model(path, ModbusModel)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            'open = { address = 1, values = [1] }\nclose = { address = 1, values = [1] }\nverify = "nothing"',
            "same as open",
        ),
        (
            'open = { address = 1, values = [1] }\nclose = { address = 1, values = [0] }\nverify = "state"',
            "state: it is missing",
        ),
        ("open = { address = 1, values = [1, 2], function = 6 }", "writes one value"),
        ("open = { address = 1, values = [2], function = 5 }", "1 or 0"),
        ("state = { address = 1, closed = 1, open = 1 }", "closed: it is the same as open"),
    ],
)
def test_what_is_wrong_with_a_relay_in_a_file_is_named(tmp_path, change, words):
    path = tmp_path / "mine.toml"
    path.write_text(f'protocol = "modbus"\nmake = "M"\nnames = ["N"]\nsource = "s"\n[relay]\n{change}\n')
    with pytest.raises(ValueError, match=words):
        read_model(path, ModbusModel)


def opened(name="eastron-sdm120", framing="line", **access):
    return PROTOCOL.open(model(name), ModbusAccess(**({"address": "7"} | access)), OnBus(framing, lambda: 0))


def test_settings_make_a_meter_and_its_relay(tmp_path):
    slave = ModbusResponder(played(tmp_path), model("eastron-sdm120"), 7, Tcp(False))
    module = RelayModule([slave.meter], model("relay-module-coils"), 9, Tcp(False))
    meter = opened(framing="tcp", relay_model="relay-module-coils", relay_address="9", echoes_transaction=False)
    line = Together([slave, module])
    line.run(meter.set_switch(False))
    assert line.run(meter.read_switch()) is False and not slave.meter.is_closed()


@pytest.mark.parametrize(
    ("access", "words"),
    [
        ({"address": "x"}, "address: 'x' is no number"),
        ({"address": "0"}, "0 is no address of a unit; they go from 1 to 247"),
        ({"relay_model": "relay-module-coil", "relay_address": "9"}, "did you mean relay-module-coils"),
        ({"relay_model": "relay-module-coils"}, "relay_address: '' is no number"),
        ({"relay_model": "relay-module-coils", "relay_address": "9", "relay_channel": 9}, "channels 1 to 8"),
        ({"relay_model": "eastron-sdm120", "relay_address": "9"}, "eastron-sdm120 has no relay"),
    ],
)
def test_settings_that_are_impossible_are_named(access, words):
    with pytest.raises(ValueError, match=words):
        opened(**access)


def test_a_relay_module_is_no_meter():
    with pytest.raises(ValueError, match="a relay module is set as the relay of a meter"):
        opened("relay-module-coils")
