"""The server as a whole: broker, head-end and pages as children of one process. What `prewatt server` and the
demonstration both start.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Sequence

from .server.broker import nats_server, write_broker_config
from .server.config import ServerConfig
from .supervisor import Child, ChildFailedError, Supervisor, python


class Server:
    """Starts the children, and tells the broker when gateways came or were revoked."""

    def __init__(self, config: ServerConfig, supervisor: Supervisor, headend_options: Sequence[str] = ()) -> None:
        self._config = config
        self._supervisor = supervisor
        self._broker: Child | None = None
        self._known = ""
        if config.own_broker:
            path = write_broker_config(config, _enrolled())
            self._known = path.read_text()
            self._broker = supervisor.add("broker", [nats_server(), "-c", str(path)])
        supervisor.add("headend", python("headend", *headend_options))
        supervisor.add("web", python("web"))

    def refresh_broker(self) -> None:
        """Let the broker know the gateways that are enrolled now."""
        if self._broker is None:
            return
        text = write_broker_config(self._config, _enrolled()).read_text()
        if text != self._known:
            self._known = text
            self._broker.signal(signal.SIGHUP)

    def wait_until_up(self, seconds: float = 30.0) -> None:
        """Wait until broker and pages take connections. ChildFailedError with their last words if they don't."""
        ports = [self._config.http.port] + ([self._config.mqtt.port] if self._broker else [])
        deadline = time.monotonic() + seconds
        for port in ports:
            while not _listens(port):
                self._supervisor.look_after()
                if time.monotonic() > deadline:
                    words = "\n".join(
                        f"{child.name}: {child.last_words()}" for child in self._supervisor.children.values()
                    )
                    raise ChildFailedError(f"nothing listens on port {port} after {seconds:.0f} s\n{words}")
                time.sleep(0.02)


def _enrolled() -> list[str]:
    # Imported here, as Django's models can only be after `setup_django`.
    from .server.metering.models import Gateway

    return list(
        Gateway.objects.filter(public_key__isnull=False, revoked=False).order_by("name").values_list("name", flat=True)
    )


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def setup_django() -> None:
    """Make the server's models usable in this process, and bring the database up to date."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prewatt.server.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
