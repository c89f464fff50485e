"""A server with its broker, head-end and pages, and a gateway's agent, each a process of its own, over payment providers that are
played in this process. For programs, not for pytest's own process: the server's settings are made here.
"""

import os
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from prewatt.edge.drivers.recorded import RecordedSettings
from prewatt.edge.enrol import enrol
from prewatt.kernel.tariff import flat_tariff
from prewatt.processes.database import load_models, setup_django
from prewatt.processes.serve import Server, open_pages
from prewatt.processes.supervisor import Supervisor, python
from tests.migrated import put_database
from tests.ports import free_port
from tests.server.payments.players.server import Providers
from tests.system.forked import copy_processes

PATIENCE = 120.0
ZONE = "Asia/Shanghai"


def wait_for(what, pause=0.01):
    deadline = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(pause)


class Running:
    """`address` of the pages; `merchants` by provider; `edge`: the agent's folder. `bluetooth`: its adapter, if it has one."""

    bluetooth = ""

    def __init__(self, home, flats, copied=False):
        self.home, self.providers = Path(home), Providers()
        os.environ |= {
            "PREWATT_HOME": str(home),
            "PREWATT_HTTP": f"127.0.0.1:{free_port()}",
            "PREWATT_MQTT": f"127.0.0.1:{free_port()}",
            "PREWATT_PROVIDERS": ",".join(f"{name}={where}" for name, where in self.providers.addresses.items()),
        }
        os.environ.pop("PREWATT_SHARED_CLOCK", None)
        put_database(self.home / "prewatt.sqlite3")
        load_models()
        if copied:
            copy_processes()
        setup_django()
        from django.conf import settings

        from prewatt.server.commissioning.setup import Apartment, BuildingPlan, set_up_building
        from prewatt.server.estate.models import Organisation
        from prewatt.server.payments.merchants import keep_merchant

        self.config = settings.CONFIG
        self.address = f"http://{self.config.http.host}:{self.config.http.port}"
        names = [f"m{number}" for number in range(flats)]
        self.building = set_up_building(
            BuildingPlan(
                organisation="Rush",
                name="Rush",
                zone=ZONE,
                currency="CNY",
                gateway="g1",
                manager="manager",
                tariff=flat_tariff("flat", "CNY", ZONE, 600_000),
                apartments=[Apartment(f"Flat {name}", name, f"Tenant {name}") for name in names],
            )
        )
        owner = Organisation.objects.get()
        self.merchants = {
            name: keep_merchant(owner, name, name, self.providers.settings(name)) for name in self.providers.addresses
        }
        self.supervisor = Supervisor(self.home / "run")
        self.server = Server(self.config, self.supervisor, open_pages(self.config.http))
        self.edge = self.home / "edge"

    def start(self, poll_shortest):
        self.server.wait_until_up()
        begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
        from prewatt.server.metering.models import Meter

        names = Meter.objects.values_list("name", flat=True)
        data = self.home / "load.csv"
        data.write_text("\n".join(["meter,timestamp,kwh", *self.load(names, begin)]) + "\n")
        drivers = {"recorded": RecordedSettings(data, "UTC", self.edge / "meters")}
        enrol(self.address, self.building.code, self.edge, drivers, bluetooth=self.bluetooth)
        settings = self.edge / "edge.toml"
        settings.write_text(
            settings.read_text().replace("poll_shortest_s = 60\n", f"poll_shortest_s = {poll_shortest}\n")
        )
        self.server.refresh_broker()
        self.supervisor.add("agent", python("edge", "run", "--config", str(self.edge / "edge.toml")))

    def load(self, names, begin):
        """The rows of what the meters draw."""
        step = timedelta(minutes=30)
        return [f"{name},{(begin + step * number).isoformat()},0.5" for name in names for number in range(48)]

    def add_gateway(self, name):
        """Another gateway that the broker knows."""
        from prewatt.server.commissioning.setup import Apartment, BuildingPlan, set_up_building

        made = set_up_building(
            BuildingPlan(
                organisation="Rush",
                name=name,
                zone=ZONE,
                currency="CNY",
                gateway=name,
                manager="manager",
                tariff=flat_tariff("flat", "CNY", ZONE, 600_000),
                apartments=[Apartment("Flat", f"{name}-1", "")],
            )
        )
        drivers = {"recorded": RecordedSettings(self.home / "load.csv", "UTC", self.home / name / "meters")}
        enrol(self.address, made.code, self.home / name, drivers)
        self.server.refresh_broker()

    def callback_address(self, payment):
        return f"{self.address}/callbacks/{payment.merchant.provider}/{payment.merchant.public_id}/"

    def stop(self):
        self.supervisor.stop()
        self.providers.stop()


@contextmanager
def running(flats, poll_shortest=60, kind=Running, copied=False):
    """`copied`: its processes are copies (`forked.py`), which is nothing to measure a speed or a size by."""
    with tempfile.TemporaryDirectory() as folder:
        made = kind(folder, flats, copied)
        try:
            made.start(poll_shortest)
            yield made
        finally:
            made.stop()
