"""The servers that are walked through: each a `prewatt server` with a folder of its own, and its gateway a process beside it."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

from tests.migrated import put_database
from tests.ports import free_port
from tests.server.payments.players.server import Providers, send
from tests.system.demonstration import PREPARED, PREWATT, ROOT

PATIENCE = 180.0
"""Seconds that anything may take."""
DAYS = 16
"""Of the demonstration's month, with its outage."""


class Server:
    """Its processes: `prewatt server`, and what is started beside it. `address`: of its pages."""

    def __init__(self, home, **environment):
        self.home, self._running = home, []
        self._heard, self.said = threading.Condition(), []
        self.mqtt, self.port = free_port(), free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        given = {name: value for name, value in os.environ.items() if not name.startswith(("PREWATT_", "DJANGO_"))}
        self.environment = {
            **given,
            "PREWATT_HOME": f"{home}",
            "PREWATT_HTTP": f"127.0.0.1:{self.port}",
            "PREWATT_MQTT": f"127.0.0.1:{self.mqtt}",
            "PREWATT_WEB_PROCESSES": "1",
            **environment,
        }

    def start(self, says, *command):
        """Start a command that stays. Returns the line of its output that shows `says`."""
        process = subprocess.Popen(
            [*PREWATT, *map(str, command)],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._running.append(process)
        threading.Thread(target=self._listen, args=(process.stdout,), daemon=True).start()
        with self._heard:
            if not self._heard.wait_for(lambda: self._line(says), PATIENCE):
                raise TimeoutError(f"{command} did not say {says!r}:\n{''.join(self.said)}")
        return self._line(says)

    def _listen(self, output):
        for line in output:
            with self._heard:
                self.said.append(line)
                self._heard.notify_all()

    def _line(self, says):
        return next((line for line in self.said if re.search(says, line)), None)

    def run(self, *command, given=None):
        """Run a command to its end. Returns what it printed."""
        done = subprocess.run(
            [*map(str, command)], env=self.environment, input=given, capture_output=True, text=True, timeout=PATIENCE
        )
        if done.returncode:
            raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")
        return done.stdout

    def stop(self):
        for process in reversed(self._running):
            process.terminate()
            process.wait(timeout=PATIENCE)


class EmptyServer(Server):
    """A server in an empty folder, as somebody has just started it. `begin`: the address that it printed."""

    def __init__(self, folder):
        super().__init__(folder / "server")
        self._gateway = folder / "gateway"
        put_database(self.home / "prewatt.sqlite3")
        self.begin = re.search(r"http\S+/begin/\S+", self.start("/begin/", "server"))[0]

    def enrol(self, code):
        """Enrol the building's gateway, whose meters draw 1 kW from yesterday on, and let it run."""
        noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
        times = [noon + timedelta(minutes=30) * number for number in range(200)]
        rows = [f"{12345000 + meter:010},{at.isoformat()},0.5" for meter in range(1, 13) for at in times]
        load = self.home.parent / "load.csv"
        load.write_text("\n".join(["meter,timestamp,kwh", *rows]))
        driver = ("--driver", f"recorded.file={load}")
        self.run(*PREWATT, "edge", "enrol", self.address, code, "--folder", self._gateway, *driver)
        self.start("supply off", "edge", "run", "--config", self._gateway / "edge.toml")


def play_month(folder):
    """Play the demonstration's month once. Returns the folder, of which each walk has a copy."""
    home = folder / "month"
    subprocess.run(
        [*PREPARED, "demo", "--headless", "--days", f"{DAYS}", "--seed", "4", "--home", home],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return home


class LivedServer(Server):
    """A building in which people have lived for two weeks, with somebody of each role, and a provider to pay at."""

    def __init__(self, month, folder):
        home = folder / "lived"
        shutil.copytree(month, home, ignore=shutil.ignore_patterns("*.socket", "run"))
        self._players = Providers()
        providers = ",".join(f"{name}={where}" for name, where in self._players.addresses.items())
        super().__init__(home, PREWATT_SHARED_CLOCK=f"{home / 'clock'}", PREWATT_PROVIDERS=providers)
        settings = home / "gateway" / "edge.toml"
        moved = settings.read_text().replace(f"{month}", f"{home}")
        moved = re.sub(r'(?m)^page = ".*"', f'page = "127.0.0.1:{free_port()}"', moved)
        settings.write_text(re.sub(r"(?m)^port = \d+", f"port = {self.mqtt}", moved))
        merchant = {"stripe": self._players.settings("stripe")}
        self.tenancies, self._callbacks = json.loads(
            self.run(sys.executable, "-m", "tests.walk.people", given=json.dumps(merchant)).splitlines()[-1]
        )
        self.start("prewatt is up", "server")
        self.start("", "edge", "run", "--config", settings)

    def pays(self):
        """Whoever began to pay last at the provider does so, and the provider calls back."""
        trade = list(self._players.trades.values())[-1]
        trade.pay()
        status, said = send(self.address + self._callbacks[trade.provider], *self._players.callback(trade))
        assert status == 200, said

    def stop(self):
        super().stop()
        self._players.stop()
