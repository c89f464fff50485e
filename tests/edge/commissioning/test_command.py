"""The command `prewatt edge scan` and a running agent: either has the buses for itself."""

from pathlib import Path

import pytest

from prewatt import folder
from prewatt.cli import scan
from prewatt.cli.command import CommandError
from prewatt.edge.commissioning.survey import Flat, load_survey, save_survey
from prewatt.edge.settings import load_settings, write_settings
from tests.edge.commissioning.house import DLT, House
from tests.edge.test_shell import made_settings


def request(where: Path, *buses: str, write: bool = False) -> scan.Request:
    return scan.Request(where, buses, ("2400 8E1",), False, range(1, 2), (), write)


def test_beside_a_running_agent_the_command_asks_nothing_and_says_where_to_go(tmp_path):
    house = House(tmp_path / "house")
    gateway = tmp_path / "gateway"
    gateway.mkdir()
    with folder.using(gateway), pytest.raises(CommandError, match="the agent or another search runs here"):
        scan.scan_buses(request(gateway, house.ports["cellar"]))
    assert not (gateway / "setup.json").exists()
    house.close()


def test_an_agent_cannot_begin_before_a_search_has_ended(tmp_path):
    with scan._alone(request(tmp_path)), pytest.raises(folder.BusyError), folder.alone(tmp_path):
        pass
    with folder.alone(tmp_path):
        pass


def test_the_command_puts_meters_into_service_whose_numbers_the_server_lists(tmp_path, capsys):
    house = House(tmp_path / "house")
    gateway = tmp_path / "gateway"
    gateway.mkdir()
    write_settings(gateway / "edge.toml", made_settings(gateway, meters=(), drivers={}))
    survey = load_survey(gateway)
    survey.flats = (Flat("Flat 1", DLT, DLT), Flat("Flat 9", "999", "999"))
    save_survey(gateway, survey)
    assert scan.scan_buses(request(gateway, house.ports["cellar"], write=True)) == scan.MISSING
    said = capsys.readouterr().out
    assert f"Meter {DLT} is in service at flat Flat 1." in said and "No meter yet: Flat 9." in said
    assert [row.name for row in load_settings(gateway / "edge.toml").meters] == [DLT]
    # The second time its bus is in service.
    scan.scan_buses(request(gateway))
    assert "This bus is in service: only its own meters were asked." in capsys.readouterr().out
    with pytest.raises(ValueError, match="is not a serial adapter"):
        scan.scan_buses(request(gateway, "/etc/passwd"))
    house.close()
