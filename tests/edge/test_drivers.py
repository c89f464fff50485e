"""A kind of meter is one file: it is found where it lies, and says itself what it has to be told."""

import sys
from pathlib import Path

import pytest

from prewatt.edge import drivers
from prewatt.edge.devices import open_drivers
from prewatt.edge.driver_settings import missing_paths, read_options
from prewatt.edge.drivers import driver_names, find_driver
from prewatt.edge.drivers.interface import Driver
from prewatt.edge.drivers.recorded import RecordedSettings
from prewatt.edge.meter import Observed
from prewatt.edge.settings import MeterSettings, SettingsError, load_settings, write_settings
from prewatt.edge.shell import Shell
from tests.edge.test_shell import made_settings, read

TALLY = '''
"""A meter that somebody reads off, and writes down."""
from collections.abc import Mapping
from pathlib import Path

from prewatt.edge.drivers.interface import Driver, DriverSettings, Identity, NotSupported

opened = []


class TallySettings(DriverSettings, frozen=True):
    book: Path
    pages: Mapping[str, int] = {}
    copies: list[str] = []
    patience: int = 3


class Tally:
    def __init__(self, name, settings):
        self.name, self.page = name, settings.pages.get(name, 1)

    def identify(self):
        return Identity(self.name, "pencil", "and paper")

    def read_register(self):
        return self.page

    def read_switch(self):
        return None

    def read_tampered(self):
        return False

    def read_own_prepaid(self):
        return ""

    def read_clock(self):
        raise NotSupported(self.name, "read clock", "it is paper")

    def read_allowance(self):
        raise NotSupported(self.name, "read allowance", "it is paper")


def open_tallies(settings, meters, clock):
    if settings.patience < 1:
        raise ValueError("patience: at least 1")
    opened.append((settings, list(meters)))
    return {name: Tally(name, settings) for name in meters}


DRIVER = Driver(TallySettings, open_tallies)
'''


@pytest.fixture
def tally(tmp_path, monkeypatch):
    """The file of a kind of meter, put where the others lie; nothing else is done."""
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "tally.py").write_text(TALLY)
    monkeypatch.setattr(drivers, "__path__", [*drivers.__path__, str(folder)])
    yield lambda: sys.modules["prewatt.edge.drivers.tally"]
    sys.modules.pop("prewatt.edge.drivers.tally", None)


def test_a_driver_is_found_by_its_file_alone(tally, tmp_path):
    assert "tally" in driver_names() and "prewatt.edge.drivers.tally" not in sys.modules, "loaded where it is wanted"
    path = tmp_path / "edge.toml"
    meters = (MeterSettings("m1", "tally"), MeterSettings("Haus 3, links", "tally"), MeterSettings("m3", "recorded"))
    write_settings(path, made_settings(tmp_path, meters=meters[:1], drivers={}))
    path.write_text(path.read_text() + '[drivers.tally]\nbook = "book.txt"\npages = { m1 = 70, "Haus 3, links" = 8 }\n')
    told = load_settings(path).drivers
    assert told["tally"].book == tmp_path / "book.txt", "beside the settings, wherever the agent is started"
    told["tally"] = type(told["tally"])(told["tally"].book, told["tally"].pages, ["a", 'b "c"'])
    (tmp_path / "data.csv.gz").unlink()
    settings = made_settings(tmp_path, meters=meters[:2], drivers=told)
    write_settings(path, settings)
    assert load_settings(path) == settings, "what a driver declares is written and read back"
    shell = Shell(load_settings(path))
    assert read(shell, "Haus 3, links") == Observed(8, None, keeps=False)
    assert tally().opened == [(told["tally"], ["m1", "Haus 3, links"])], "what its meters share is opened once"
    shell.journal.close()


def test_kinds_of_meters_hang_in_one_building_side_by_side(tally, tmp_path):
    settings = made_settings(
        tmp_path,
        meters=(MeterSettings("m1", "recorded"), MeterSettings("m2", "tally")),
    )
    drivers_ = settings.drivers | read_options(["tally.book=book.txt", "tally.patience=7"], tmp_path)
    opened = open_drivers(made_settings(tmp_path, meters=settings.meters, drivers=drivers_), lambda: 0)
    assert (opened["m1"].identify().model, opened["m2"].identify().model) == ("recorded consumption", "and paper")
    assert drivers_["tally"].patience == 7 and drivers_["tally"].book == Path.cwd() / "book.txt"


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ("[drivers.tally]\n", "drivers.tally: Object missing required field `book`"),
        ('[drivers.tally]\nbook = "b"\npatience = "x"\n', "drivers.tally: .*int.*patience"),
        ('[drivers.tally]\nbook = "b"\npage = 1\n', "drivers.tally: .*unknown field `page`"),
        ('[drivers.tally]\nbook = ""\n', "drivers.tally: Expected the path of a file or folder, got ''"),
        ('[drivers.telepathy]\nbook = "b"\n', "there is no driver 'telepathy'; known: bus, recorded, tally"),
    ],
)
def test_what_is_wrong_in_a_section_is_named_by_the_drivers_own_words(tally, tmp_path, section, says):
    path = tmp_path / "edge.toml"
    write_settings(path, made_settings(tmp_path, drivers={}))
    path.write_text(path.read_text() + section)
    with pytest.raises(SettingsError, match=says):
        load_settings(path)


def test_a_driver_that_says_no_is_named(tally, tmp_path):
    settings = made_settings(
        tmp_path,
        meters=(MeterSettings("m1", "tally"),),
        drivers=read_options(["tally.book=b", "tally.patience=0"], tmp_path),
    )
    with pytest.raises(SettingsError, match=r"drivers\.tally: patience: at least 1"):
        open_drivers(settings, lambda: 0)


def test_a_driver_whose_library_is_not_installed_says_which(tally, tmp_path):
    (tmp_path / "more" / "tally.py").write_text("import serial_of_nobody\n")
    with pytest.raises(ValueError, match=r"driver .tally. can.t be loaded .*serial_of_nobody"):
        find_driver("tally")


@pytest.mark.parametrize("option", ["recorded", "recorded=load.csv", "recorded.file", ".file=x", "telepathy.file=x"])
def test_an_option_that_is_none_is_refused(option, tmp_path):
    with pytest.raises(ValueError, match=r"NAME\.FIELD=VALUE|there is no driver"):
        read_options([option], tmp_path)


def test_options_are_of_where_the_person_is_and_what_is_not_given_of_the_gateways_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "gateway"
    told = read_options(["recorded.file=load.csv", "recorded.zone=Europe/Berlin"], folder)
    assert told == {"recorded": RecordedSettings(tmp_path / "load.csv", "Europe/Berlin", folder / "meters")}
    assert missing_paths(told["recorded"]) == [tmp_path / "load.csv"], "its memory it makes itself"


def test_every_kind_that_is_there_declares_itself():
    assert driver_names() == ["bus", "recorded"]
    for name in driver_names():
        assert isinstance(find_driver(name), Driver)
