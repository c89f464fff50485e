"""The service that `prewatt edge install` writes, and the steps."""

import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.edge.machine.installing import InstallError, Machine, described_service, steps
from prewatt.edge.machine.unit import Service, UnitError, unit_text
from prewatt.edge.settings import write_settings
from tests.edge.test_shell import made_settings


def sections(text):
    parser = RawConfigParser(strict=False, comment_prefixes="#", delimiters="=")
    parser.optionxform = str
    parser.read_string(text)
    return parser


def test_an_agent_in_the_field_is_started_again_however_often_it_ends_but_not_with_a_damaged_journal():
    unit = sections(unit_text(Service()))
    assert unit["Service"]["Restart"] == "on-failure" and unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert unit["Service"]["RestartPreventExitStatus"] == "3"
    assert unit["Service"]["Type"] == "notify" and int(unit["Service"]["WatchdogSec"]) > 60


def test_a_building_without_network_and_time_is_supplied_at_once():
    unit = sections(unit_text(Service()))["Unit"]
    assert "time-sync" not in unit["After"] and "online" not in unit["After"]
    assert unit["Wants"] == "time-sync.target" and "Requires" not in unit


def test_the_service_has_what_its_settings_ask_for_and_no_more(tmp_path):
    plain = sections(unit_text(Service()))["Service"]
    assert plain["CapabilityBoundingSet"] == plain["AmbientCapabilities"] == ""
    assert "BLUETOOTH" not in plain["RestrictAddressFamilies"]
    # The name of the present boot, by which the time is kept, stands there.
    assert "ProcSubset" not in plain
    machine = Machine(opt=tmp_path / "opt", systemd=False)
    write_settings(tmp_path / "edge.toml", made_settings(tmp_path, page="0.0.0.0:80", bluetooth="hci-socket:0"))
    service = described_service(tmp_path, machine)
    assert (service.low_port, service.bluetooth) == (True, True)
    more = sections(unit_text(Service(bluetooth=True, low_port=True)))["Service"]
    assert more["AmbientCapabilities"].split() == ["CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_NET_BIND_SERVICE"]
    assert "AF_BLUETOOTH" in more["RestrictAddressFamilies"]
    (tmp_path / "edge.toml").write_text("gateway = 1")
    with pytest.raises(InstallError, match=r"edge\.toml"):
        described_service(tmp_path, machine)


@pytest.mark.parametrize("folder", ["/srv/prewatt", "/var/lib", "/var/lib/../etc", "/var/lib/a b", "/var/lib/100%"])
def test_a_folder_that_systemd_does_not_keep_is_refused(folder):
    with pytest.raises(UnitError, match=r"folder: |systemd misreads"):
        unit_text(Service(folder=Path(folder)))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not there")
@pytest.mark.parametrize("wants", [{}, {"bluetooth": True, "low_port": True, "serial_group": ""}])
def test_systemd_understands_the_unit_and_finds_it_closed(tmp_path, wants):
    path = tmp_path / "prewatt.service"
    path.write_text(unit_text(Service(program=Path("/bin/true"), **wants)))
    words = ["systemd-analyze", "verify", "--recursive-errors=no", str(path)]
    verified = subprocess.run(words, capture_output=True, text=True)
    assert (verified.returncode, verified.stderr) == (0, "")
    words = ["systemd-analyze", "security", "--offline=true", "--threshold=40", str(path)]
    assert subprocess.run(words, capture_output=True).returncode == 0


def test_the_steps_write_the_service_and_link_the_release_and_can_be_done_again(tmp_path):
    machine = Machine(root=tmp_path, opt=tmp_path / "opt", systemd=False)
    program = tmp_path / "one" / "bin" / "prewatt"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    service = Service(program=machine.releases.program)
    for _ in range(2):
        for step in steps(service, tmp_path / "one", machine, None):
            step.work()
    assert (tmp_path / "etc/systemd/system/prewatt.service").read_text() == unit_text(service)
    assert "SystemMaxUse=" in (tmp_path / "etc/systemd/journald.conf.d/prewatt.conf").read_text()
    assert machine.releases.program.resolve() == program


def test_a_dry_run_prints_the_unit_and_changes_nothing(tmp_path):
    program = tmp_path / "bin" / "prewatt"
    program.parent.mkdir()
    program.touch(mode=0o755)
    (program.parent / "python").symlink_to("/usr/bin/python3")
    done = CliRunner().invoke(app, ["edge", "install", "--dry-run", "--release", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert unit_text(described_service(Path("/var/lib/prewatt"), Machine())) in done.output
    assert "user prewatt" in done.output


def test_a_release_whose_python_lies_in_a_home_is_refused_since_the_service_would_not_see_it(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "prewatt").touch(mode=0o755)
    (tmp_path / "bin" / "python").symlink_to("/home/pi/.pyenv/bin/python3")
    with pytest.raises(InstallError, match=r"/home/pi/.*sees no home folders"):
        next(iter(steps(Service(), tmp_path, Machine(systemd=True), None)))
