"""What is wrong with what was found, and what may be done with it: rules without a bus."""

import msgspec
import pytest

from prewatt.edge.commissioning import rules
from prewatt.edge.commissioning.finding import Adapter, adapters
from prewatt.edge.commissioning.port_names import bus_name, check_port
from prewatt.edge.commissioning.probing import load_models, plan, still
from prewatt.edge.commissioning.serial_devices import Device
from prewatt.edge.commissioning.survey import Flat, FoundMeter, Survey, SurveyError, load_survey, save_survey
from prewatt.edge.commissioning.trying import Look, agrees

PORT = "/dev/serial/by-id/usb-one"
GOOD = Look("dlt645-2007", "123", 5000, 230_000, 40, True, True)


def meter(number, address, look=GOOD, **more):
    seen = msgspec.structs.replace(look, serial=address)
    fields = {"looks": (seen,), "port": PORT, "line": "2400 8E1", "framing": "line", **more}
    return FoundMeter(number, protocol="dlt645", kind="dlt645-2007", address=address, **fields)


def survey(*meters, flats=("Flat 1", "Flat 2")):
    return Survey(tuple(Flat(unit, f"m{unit[-1]}", f"m{unit[-1]}") for unit in flats), meters)


def test_two_meters_at_one_address_a_wildcard_and_one_number_twice_are_refused():
    found = survey(
        meter(1, "1", is_doubled=True), meter(2, "AA" * 6, looks=()), meter(3, "3"), meter(4, "3", port="/dev/ttyS9")
    )
    words = [rules.problems(found, each)[0] for each in found.meters]
    assert words[0].startswith("More than one meter answers at address 1")
    assert words[1].startswith("It answers only to the address for all meters")
    assert "The same number 3 answers at /dev/ttyS9" in words[2]
    for each in found.meters:
        with pytest.raises(SurveyError):
            rules.put(found, each.id, "Flat 1")


def test_two_variants_under_one_name_are_told_apart_by_a_person():
    other = msgspec.structs.replace(GOOD, model="dlt645-other", register=50_000)
    found = survey(meter(1, "1", looks=(GOOD, other), is_ambiguous=True))
    assert "show different registers" in rules.problems(found, found.meters[0])[0]
    rules.choose_model(found, 1, "dlt645-other")
    assert rules.problems(found, found.meters[0]) == []
    assert found.meters[0].look.register == 50_000


def test_models_are_compared_at_the_same_time_though_the_meter_counts_on():
    def at(register, model="dlt645-2007"):
        return msgspec.structs.replace(GOOD, model=model, register=register)

    # The kettle runs: 20 Wh between the first look and the one after all others.
    looks = [at(5000), at(5010, "dlt645-button"), at(5020, "dlt645-three-phase")]
    assert agrees(looks, at(5020), 10)
    assert agrees([*looks, at(5029, "finer")], at(5020), 10)
    assert not agrees([*looks, at(5030, "finer")], at(5020), 10)
    assert not agrees([*looks, at(50_100, "ten times as much")], at(5020), 10)
    assert not agrees([*looks, at(None, "without a register")], at(5020), 10)


def test_a_meter_in_service_that_nobody_has_looked_at_is_not_called_unreadable():
    found = survey(meter(1, "1", looks=(), in_service="m1"), meter(2, "2", looks=()))
    assert rules.problems(found, found.meters[0]) == []
    assert rules.problems(found, found.meters[1])[0].startswith("This meter can't be read: no model fits")


def test_a_meter_that_speaks_faster_than_the_others_of_its_bus_is_named():
    found = survey(meter(1, "1"), meter(2, "2"), meter(3, "3", line="9600 8E1"))
    assert (
        "This meter uses 9600 8E1, and the others on its bus use 2400 8E1" in rules.problems(found, found.meters[2])[0]
    )
    assert rules.problems(found, found.meters[0]) == []


def test_a_meter_with_a_balance_of_its_own_goes_into_no_flat():
    found = survey(meter(1, "1", looks=(msgspec.structs.replace(GOOD, own_prepaid=True),)))
    with pytest.raises(SurveyError, match="own prepaid mode is on"):
        rules.put(found, 1, "Flat 1")


@pytest.mark.parametrize("typed", ["5", "5.0", "5.00", "5,00", "4.99", "5.01"])
def test_a_display_agrees_within_what_it_can_show(typed):
    found = survey(meter(1, "1"))
    rules.compare(found, 1, typed, GOOD, 10, 1, {})
    assert found.meters[0].compared.register == 5000


@pytest.mark.parametrize("typed", ["4.90", "5.02", "5.2", "50", "500.0", "kWh", ""])
def test_a_difference_beyond_that_is_refused_and_nothing_is_noted(typed):
    found = survey(meter(1, "1"))
    with pytest.raises(SurveyError):
        rules.compare(found, 1, typed, GOOD, 10, 1, {})
    assert found.meters[0].compared is None


def test_what_a_display_shows_of_one_rate_is_named_and_not_taken_for_the_total():
    found = survey(meter(1, "1"))
    with pytest.raises(
        SurveyError, match=r"2\.000 kWh is what the meter has counted at rate 2.*the register shows 5\.000"
    ):
        rules.compare(found, 1, "2.00", GOOD, 10, 1, {1: 3000, 2: 2000, 3: 0})
    assert found.meters[0].compared is None
    words = rules.compare(found, 1, "5.00", GOOD, 10, 1, {1: 3000, 2: 2000, 3: 0})
    assert words == "The display and the register agree: 5.000 kWh. By rate, kWh: 1: 3.000, 2: 2.000."
    assert rules.compare(found, 1, "5.00", GOOD, 10, 1, {1: 5000, 2: 0}).endswith("5.000 kWh.")


def test_a_flat_has_one_meter_and_another_flat_means_another_test_of_the_switch():
    found = survey(meter(1, "1"), meter(2, "2"))
    rules.put(found, 1, "Flat 1")
    found.change(1, test="passed")
    with pytest.raises(SurveyError, match=r"Meter 1 is assigned to Flat 1\. Choose another"):
        rules.put(found, 2, "Flat 1")
    with pytest.raises(SurveyError, match="There is no Flat 9"):
        rules.put(found, 2, "Flat 9")
    rules.put(found, 1, "Flat 2")
    assert (found.meters[0].flat, found.meters[0].test) == ("Flat 2", "")


def test_what_is_missing_is_told():
    found = survey(meter(1, "1", flat="Flat 1"), meter(2, "2"), meter(3, "3", is_silent=True))
    assert rules.missing(found) == [
        "No meter yet: Flat 2.",
        "Meter 1 is not compared with its display.",
        "Meter 2 has no flat.",
        "Meter 3 does not answer any more.",
    ]
    assert rules.ready(found) == []


def test_another_meter_at_an_address_begins_from_nothing():
    found = survey(meter(1, "1", flat="Flat 1"))
    rules.compare(found, 1, "5", found.meters[0].look, 10, 1, {})
    again = found.take(meter(0, "1"))
    assert (again.id, again.flat, again.compared is not None) == (1, "Flat 1", True)
    stranger = msgspec.structs.replace(meter(0, "1"), looks=(msgspec.structs.replace(GOOD, serial="999"),))
    assert (found.take(stranger).flat, found.meters[0].compared) == ("", None)


def test_a_switch_that_is_open_for_a_test_is_closed_again_whatever_answers_there_meanwhile():
    for looks in (
        (Look("dlt645-2007", refusal="its answer came broken"),),
        (),
        (msgspec.structs.replace(GOOD, serial="9"),),
    ):
        found = survey(meter(1, "1", flat="Flat 1", test="off", power_before=40))
        found.take(meter(0, "1", looks=looks))
        kept = found.meter(1)
        assert (kept.test, kept.power_before) == ("off", 40) and kept.look is not None
        assert kept.flat == ("" if kept.look.serial == "9" else "Flat 1"), "another meter has no flat yet"


def test_the_survey_is_kept_for_its_owner_and_a_torn_file_is_an_empty_one(tmp_path):
    found = survey(meter(1, "1"))
    save_survey(tmp_path, found)
    assert (tmp_path / "setup.json").stat().st_mode & 0o777 == 0o600
    assert load_survey(tmp_path) == found
    (tmp_path / "setup.json").write_text('{"flats": [')
    assert load_survey(tmp_path) == Survey()


def test_what_takes_a_moment_is_asked_before_what_takes_a_minute():
    probes = plan(load_models().values(), is_serial=True)
    assert probes[0].kind == "dlt645-2007"
    assert probes[0].line == "2400 8E1"
    assert "modbus" not in [probe.kind for probe in probes[:4]]
    assert {probe.line for probe in still(probes, {"2400 8E1"})} == {"2400 8E1"}
    assert still(probes, set()) == probes
    assert {probe.framing for probe in plan(load_models().values(), is_serial=False)} == {"line", "tcp"}


def test_adapters_are_named_by_what_stays_the_same(tmp_path):
    for folder in ("by-id", "by-path"):
        (tmp_path / "serial" / folder).mkdir(parents=True)
    for name in ("ttyUSB0", "ttyUSB1", "ttyUSB2"):
        (tmp_path / name).touch()
    (tmp_path / "serial/by-id/usb-FTDI_A1").symlink_to(tmp_path / "ttyUSB0")
    # Two of one make without numbers share one link.
    (tmp_path / "serial/by-id/usb-1a86").symlink_to(tmp_path / "ttyUSB1")
    for name, socket in (("ttyUSB1", "socket-1"), ("ttyUSB2", "socket-2")):
        (tmp_path / "serial/by-path" / socket).symlink_to(tmp_path / name)
    known = [
        Device(str(tmp_path / "ttyUSB0"), "0403:6001:A1", "FT232R"),
        Device(str(tmp_path / "ttyUSB1"), "1a86:7523:", "CH340"),
        Device(str(tmp_path / "ttyUSB2"), "1a86:7523:", "CH340"),
    ]
    assert [each.path.rsplit("/", 1)[1] for each in adapters(known, tmp_path)] == [
        "usb-FTDI_A1",
        "socket-1",
        "socket-2",
    ]
    assert adapters([], tmp_path / "nothing") == []
    assert isinstance(adapters(known, tmp_path)[0], Adapter)


def test_a_bus_gets_a_name_and_a_typed_port_its_form():
    assert bus_name("tcp://192.0.2.7:8899", []) == "192-0-2-7-8899"
    assert bus_name("/dev/serial/by-id/usb-FTDI_A1-if00", ["usb-ftdi-a1-if00"]) == "usb-ftdi-a1-if00-2"
    assert check_port(" 192.0.2.7:8899 ") == "tcp://192.0.2.7:8899"
    with pytest.raises(ValueError, match="neither"):
        check_port("192.0.2.7")


def test_a_models_file_of_a_protocol_that_there_is_not_is_left_out(tmp_path):
    (tmp_path / "other.toml").write_text('protocol = "telegraph"\nmake = "x"\nnames = ["y"]\nsource = "z"\n')
    (tmp_path / "broken.toml").write_text("protocol = ")
    models = load_models([tmp_path])
    assert "eastron-sdm120" in models and not {"other", "broken"} & set(models)
