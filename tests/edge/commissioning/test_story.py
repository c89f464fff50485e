"""An electrician sets two adapters up: what is wrong is refused and put right, and then the agent supplies the flats."""

import queue
import threading
import time

import pytest

from prewatt.edge.agent_thread import AgentThread
from prewatt.edge.commissioning import rules
from prewatt.edge.commissioning.gateway import alone
from prewatt.edge.commissioning.survey import Flat, SurveyError, load_survey, save_survey
from prewatt.edge.settings import load_settings, write_settings
from prewatt.edge.shell import Shell
from prewatt.kernel.entries import Command, GrantCredit, SetTariff
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import NANO
from prewatt.wire.messages import Orders
from prewatt.wire.signing import seal, sign_command
from tests.edge.commissioning.house import DLT, DLT_TWIN, SDM, SDM_TWO, House, Later, now
from tests.edge.test_shell import SERVER, made_settings

UNITS = range(1, 4)


@pytest.fixture
def gateway(tmp_path):
    """The folder of an enrolled gateway without meters; the server lists four flats."""
    folder = tmp_path / "gateway"
    folder.mkdir()
    write_settings(folder / "edge.toml", made_settings(folder, meters=(), drivers={}))
    survey = load_survey(folder)
    serials = {"Flat 1": DLT, "Flat 2": DLT_TWIN, "Flat 3": SDM, "Flat 4": SDM_TWO}
    survey.flats = tuple(Flat(unit, serial, serial) for unit, serial in serials.items())
    save_survey(folder, survey)
    return folder


def at(setup, address):
    return next(meter for meter in setup.survey.meters if meter.address == address)


def test_from_two_adapters_to_flats_that_are_supplied(tmp_path, gateway):
    house = House(tmp_path / "house", twin=True, riser=4800)
    try:
        found_and_put_right(house, gateway)
        compared_and_tested(house, gateway)
        supplied(house, gateway)
    finally:
        house.close()


def found_and_put_right(house, folder):
    setup = alone(folder, now, UNITS)
    setup.scanner.scan([house.ports["cellar"]], lines=("2400 8E1",))
    twin = at(setup, DLT)
    assert twin.is_doubled
    with pytest.raises(SurveyError, match="More than one meter answers at address 202411110002"):
        rules.put(setup.survey, twin.id, "Flat 1")
    house.readdress()
    # The riser runs at a rate that its meters do not have from the factory.
    setup.scanner.scan([house.ports["riser"]], lines=("9600 8N1",))
    assert {note.port: note.words for note in setup.survey.buses}[
        house.ports["riser"]
    ] == "Nothing answers on this bus."
    setup.scanner.scan([house.ports["riser"]], lines=("4800 8N1",))
    setup.scanner.scan([house.ports["cellar"]], lines=("2400 8E1",))
    seen = {meter.address: (meter.look.model, meter.look.register, meter.line) for meter in setup.survey.meters}
    assert seen == {
        DLT: ("dlt645-2007", 2000, "2400 8E1"),
        DLT_TWIN: ("dlt645-2007", 3000, "2400 8E1"),
        "1": ("eastron-sdm120", 2000, "4800 8N1"),
        "2": ("hiking-dds238-2-znsr", 5000, "4800 8N1"),
    }


def compared_and_tested(house, folder):
    # What was done is still there after a new start.
    setup, _later = Later.on(alone(folder, now, UNITS))
    bench, switches = setup.bench, setup.switches
    one, three, four = at(setup, DLT), at(setup, "1"), at(setup, "2")
    with bench.changing() as survey:
        rules.put_by_number(survey)
        assert [survey.at_flat(key) is not None for key in ("Flat 1", "Flat 2", "Flat 3", "Flat 4")] == [
            True,
            True,
            True,
            False,
        ]
        # This meter does not tell its number.
        rules.put(survey, four.id, "Flat 4")
    assert "Meter 202411110003 is not compared with its display." in rules.missing(setup.survey)
    with pytest.raises(SurveyError, match="one is 10 times the other"):
        bench.compare(one.id, "20.00")
    with pytest.raises(SurveyError, match="This is not the meter in front of you"):
        bench.compare(one.id, "3.00")
    with pytest.raises(SurveyError, match=r"0\.500 kWh is what the meter has counted at rate 1"):
        bench.compare(one.id, "0.50")
    assert bench.compare(one.id, "2.00") == (
        "The display and the register agree: 2.000 kWh. By rate, kWh: 1: 0.500, 2: 0.500, 3: 0.500, 4: 0.500."
    )
    bench.compare(three.id, "2.0")
    bench.compare(four.id, "5")
    switch = house.meters[DLT]
    assert "Look whether the load in Flat 1 has stopped" in switches.switch_off(one.id)
    assert not switch.is_closed()
    # The gateway is pulled out of its socket: the next start closes the switch.
    again, _later = Later.on(alone(folder, now, UNITS))
    again.switches.close_after_tests()
    assert switch.is_closed()
    with pytest.raises(SurveyError, match="no longer open for a test"):
        again.switches.load_stopped(one.id, is_so=True)
    again.switches.switch_off(one.id)
    with pytest.raises(SurveyError, match="this is not the meter of Flat 1"):
        again.switches.load_stopped(one.id, is_so=False)
    assert switch.is_closed()
    again.switches.switch_off(one.id)
    again.switches.load_stopped(one.id, is_so=True)
    assert switch.is_closed()
    assert again.switches.load_runs(one.id, is_so=True) == "The switch is tested."
    assert again.put_into_service() == f"In service as soon as the agent is restarted: {DLT}, {SDM}, 2."
    assert [meter.name for meter in load_settings(folder / "edge.toml").meters] == [DLT, SDM, SDM_TWO]
    assert "Meter 202411110003 is not compared with its display." in rules.missing(again.survey)


def supplied(house, folder):
    ready = queue.Queue()

    def run():
        shell = Shell(load_settings(folder / "edge.toml"))
        ready.put(shell)
        shell.run()
        shell.close()

    thread = threading.Thread(target=run)
    thread.start()
    shell = ready.get(timeout=60)
    orders = (
        SetTariff(0, flat_tariff("flat", "EUR", "Europe/Berlin", 200_000)),
        GrantCredit("payment", 5 * NANO),
    )

    def obey(order):
        number = shell.agent.meters[DLT].account.command + 1
        frame = seal(SERVER, Orders("g1", (sign_command(SERVER, Command(DLT, number, 0, order)),)))
        shell._do(shell.agent.on_frame(shell.moment(), frame))

    def until(closed):
        end = time.monotonic() + 60
        while house.meters[DLT].is_closed() is not closed:
            assert time.monotonic() < end
            time.sleep(0.02)

    try:
        AgentThread(shell.inbox).ask(lambda: obey(orders[0]))
        until(closed=False)
        AgentThread(shell.inbox).ask(lambda: obey(orders[1]))
        until(closed=True)
    finally:
        shell.stop()
        thread.join()
