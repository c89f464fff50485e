"""The server as a whole: broker, head-end and pages as children of one process. What `prewatt server` and the
demonstration both start.
"""

from __future__ import annotations

import http.client
import logging
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence

from django.db import DatabaseError, InterfaceError, connection

from ..server.core.broker import PROBE_USER, nats_server, store_folder, write_broker_config
from ..server.core.config import ConfigError, Endpoint, ServerConfig, broker_password
from ..server.core.probe import Probe
from ..wire.link import BrokerAddress
from .supervisor import ChildFailedError, Supervisor, python

log = logging.getLogger("prewatt.server")


class Broker:
    """The server's own broker: started, kept working, told who is enrolled."""

    def __init__(self, config: ServerConfig, supervisor: Supervisor, enrolled: Callable[[], Mapping[str, str]]) -> None:
        """`enrolled`: says the gateways, by name, and what their passwords are derived from. ConfigError if its port is
        another's.
        """
        _listening("PREWATT_MQTT", config.mqtt).close()
        self._config = config
        self._enrolled = enrolled
        self._store = store_folder(config)
        self._refused = ""
        path = write_broker_config(config, enrolled(), self._store)
        self._known = path.read_text()
        password = broker_password(config, PROBE_USER)
        self._probe = Probe(BrokerAddress(*config.mqtt.reached_at, PROBE_USER, password, retry_longest_s=1.0))
        # Nothing depends on what the broker stored: whatever may be wrong with it is gone when it starts.
        command = [nats_server(), "-c", str(path)]
        self._child = supervisor.add("broker", command, scratch=self._store, unwell=self._probe.unwell)

    def answers(self) -> bool:
        """Whether a session was made and a message came through, when last tried."""
        return self._probe.passed

    def refresh(self) -> None:
        """Let it know who is enrolled now; if that can't be read or written, the next time."""
        try:
            text = write_broker_config(self._config, self._enrolled(), self._store).read_text()
        except (OSError, DatabaseError, InterfaceError) as error:
            # All that runs goes on without it: a full disk or a lost database is no reason to stop the pages.
            connection.close_if_unusable_or_obsolete()
            if str(error) != self._refused:
                self._refused = str(error)
                log.warning("the broker can't be told which gateways are enrolled, trying again: %s", error)
            return
        self._refused = ""
        if text != self._known:
            self._known = text
            self._child.signal(signal.SIGHUP)


class Server:
    """Starts the children, and tells the broker when gateways came or were revoked."""

    def __init__(
        self, config: ServerConfig, supervisor: Supervisor, pages: socket.socket, headend_options: Sequence[str] = ()
    ) -> None:
        """`pages` is where the pages are served: opened by `open_pages`, so that the port is known to be ours."""
        self._config = config
        self._supervisor = supervisor
        self._broker = Broker(config, supervisor, _enrolled) if config.own_broker else None
        supervisor.add("headend", python("headend", *headend_options))
        supervisor.add("worker", python("worker"))
        supervisor.add("web", python("web", "--socket", str(pages.fileno())), [pages])

    def refresh_broker(self) -> None:
        """Let the broker know the gateways that are enrolled now."""
        if self._broker:
            self._broker.refresh()

    def wait_until_up(self, seconds: float = 30.0) -> None:
        """Wait until broker and pages answer. ChildFailedError with their last words if they don't."""
        deadline = time.monotonic() + seconds
        answers = [self._pages_answer] + ([self._broker.answers] if self._broker else [])
        for answer in answers:
            while not answer():
                self._supervisor.look_after()
                if time.monotonic() > deadline:
                    raise ChildFailedError(
                        f"not everything is up after {seconds:.0f} s\n{self._supervisor.last_words()}"
                    )
                time.sleep(0.02)

    def _pages_answer(self) -> bool:
        # The port takes connections before anybody serves them: only an answer, whichever, shows that they are up.
        pages = http.client.HTTPConnection(*self._config.http.reached_at, timeout=5)
        try:
            pages.request("GET", "/login/")
            pages.getresponse().close()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            pages.close()
        return True


def _enrolled() -> dict[str, str]:
    # Imported here, as Django's models can only be after `setup_django`.
    from ..server.metering.models import Gateway

    found = Gateway.objects.filter(public_key__isnull=False, revoked=False).order_by("name")
    return {gateway.name: gateway.broker_secret() for gateway in found}


def _listening(setting: str, where: Endpoint) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
        return socket.create_server((where.host, where.port), family=family, backlog=128)
    except OSError as error:
        raise ConfigError(f"{setting}: {where.host}:{where.port} can't be opened ({error.strerror})") from None


def open_pages(where: Endpoint) -> socket.socket:
    """Open the port of the pages. ConfigError if it is another's."""
    return _listening("PREWATT_HTTP", where)
