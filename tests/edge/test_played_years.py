"""Recorded consumption is played in the year in which it was recorded, on a clock that is right by itself."""

from prewatt.clock import SharedClock
from prewatt.edge.drivers.recorded import RecordedSettings
from prewatt.edge.shell import Shell
from prewatt.kernel.entries import Event, decode_entry
from prewatt.kernel.units import EARLIEST, MINUTE
from tests.edge.test_shell import made_settings

BEGIN = 1_379_260_800 * 10**6
"""September 2013: no machine of today shows such a time, unless its clock is wrong."""


def test_a_year_long_past_is_played_without_doubt_about_the_time(tmp_path):
    assert BEGIN < EARLIEST
    clock = SharedClock(tmp_path / "clock", BEGIN)
    (tmp_path / "load.csv").write_text("meter,timestamp,kwh\nm1,2013-09-15T15:00:00Z,2\nm1,2013-09-15T16:00:00Z,2\n")
    recorded = RecordedSettings(tmp_path / "load.csv", "UTC", tmp_path / "meters")
    settings = made_settings(tmp_path, drivers={"recorded": recorded}, shared_clock=str(tmp_path / "clock"))
    for minutes in (0, 10):
        # The second start goes on from the first one's journal.
        clock.open_road(BEGIN + minutes * MINUTE)
        clock.until(BEGIN + minutes * MINUTE)
        shell = Shell(settings)
        shell._do(shell.agent.start(shell.moment(), set()))
        shell._do(shell.agent.tick(shell.moment()))
        entries = [decode_entry(body) for body in shell.journal.read("m1", 1, 100)]
        shell.close()
    events = [(entry.code, entry.at) for entry in entries if isinstance(entry, Event)]
    assert events == [("power-up", BEGIN), ("power-up", BEGIN + 10 * MINUTE)]
