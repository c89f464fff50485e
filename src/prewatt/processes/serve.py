"""The whole server: broker, head-end and pages as children of one process. `prewatt server` and the demonstration both
start it.
"""

from __future__ import annotations

import http.client
import logging
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence

from django.apps import apps
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from ..server.core.broker import PROBE_USER, nats_server, store_folder, write_broker_config
from ..server.core.broker_certificate import certificate_files
from ..server.core.broker_tls import address_for
from ..server.core.probe import Probe
from ..server.core.server_config import ConfigError, Endpoint, ServerConfig
from ..terminal_texts import _
from .supervisor import ChildFailedError, Supervisor, python

log = logging.getLogger("prewatt.server")


class Broker:
    """The server's own broker. It is started, restarted when it does not work, and told which gateways are enrolled."""

    def __init__(self, config: ServerConfig, supervisor: Supervisor, enrolled: Callable[[], Mapping[str, str]]) -> None:
        """Start the broker. `enrolled` returns the names of the gateways, each with the secret that its password is
        derived from. Raises ConfigError if another program uses the port.
        """
        _listening("PREWATT_MQTT", config.mqtt).close()
        self._config = config
        self._enrolled = enrolled
        self._store = store_folder(config)
        self._refused = ""
        path = write_broker_config(config, enrolled(), self._store)
        self._known = path.read_text()
        self._certificate = _stamps(config)
        self._probe = Probe(address_for(config, PROBE_USER, 1.0))
        # Nothing depends on what the broker has stored, so its folder is emptied at each start.
        command = [nats_server(), "-c", str(path)]
        self._child = supervisor.add("broker", command, scratch=self._store, unwell=self._probe.unwell)

    def answers(self) -> bool:
        """Return whether the last try made a session and brought a message through."""
        return self._probe.passed

    def refresh(self) -> None:
        """Tell the broker which gateways are enrolled now. If they can't be read or written, the next call does it."""
        try:
            text = write_broker_config(self._config, self._enrolled(), self._store).read_text()
        except (OSError, DatabaseError, InterfaceError) as error:
            # The other processes go on: a full disk or a lost database is no reason to stop the pages.
            connection.close_if_unusable_or_obsolete()
            if str(error) != self._refused:
                self._refused = str(error)
                log.warning("can't tell the broker which gateways are enrolled; trying again: %s", error)
            return
        self._refused = ""
        if (stamps := _stamps(self._config)) != self._certificate:
            # Somebody has renewed the certificate: the broker reads it when it starts.
            self._certificate, self._known = stamps, text
            self._child.signal(signal.SIGTERM)
        elif text != self._known:
            self._known = text
            self._child.signal(signal.SIGHUP)


class Server:
    """The parent of all processes of the server. It starts them, and tells the broker which gateways were enrolled or
    revoked.
    """

    def __init__(
        self, config: ServerConfig, supervisor: Supervisor, pages: socket.socket, headend_options: Sequence[str] = ()
    ) -> None:
        """Start the processes. `pages` is the socket of the pages, opened by `open_pages`, so that no other program
        uses its port.
        """
        self._config = config
        self._supervisor = supervisor
        self._broker = Broker(config, supervisor, _enrolled) if config.own_broker else None
        supervisor.add("headend", python("headend", *headend_options))
        supervisor.add("worker", python("worker"))
        for number in range(config.web_processes):
            # All wait for browsers at the same socket: if one ends, the others go on.
            name = f"web-{number + 1}" if number else "web"
            supervisor.add(name, python("web", "--socket", str(pages.fileno())), [pages])

    def refresh_broker(self) -> None:
        """Let the broker know the gateways that are enrolled now."""
        if self._broker:
            self._broker.refresh()

    def wait_until_up(self, seconds: float = 120.0) -> None:
        """Wait until broker and pages answer. Raises ChildFailedError, with the end of their logs, if they don't within
        `seconds`.
        """
        deadline = time.monotonic() + seconds
        answers = [self._pages_answer] + ([self._broker.answers] if self._broker else [])
        for answer in answers:
            while not answer():
                self._supervisor.look_after()
                if time.monotonic() > deadline:
                    raise ChildFailedError(
                        _("the server is not complete after %(seconds)s s", seconds=f"{seconds:.0f}")
                        + f"\n{self._supervisor.last_words()}"
                    )
                time.sleep(0.02)

    def _pages_answer(self) -> bool:
        # The port accepts connections before a process serves them, so only an answer shows that the pages are up.
        pages = http.client.HTTPConnection(*self._config.http.reached_at, timeout=5)
        try:
            pages.request("GET", "/login/")
            pages.getresponse().close()
        except (OSError, http.client.HTTPException):
            return False
        finally:
            pages.close()
        return True


def _stamps(config: ServerConfig) -> list[int]:
    """Return what differs once the broker's certificate or key was written anew."""
    return [path.stat().st_mtime_ns for path in certificate_files(config) if path.exists()]


def _enrolled() -> dict[str, str]:
    # By its name, because Django's models can be imported only after `setup_django`.
    gateways = (
        apps.get_model("metering", "Gateway")
        ._default_manager.filter(public_key__isnull=False, is_revoked=False)
        .exclude(kept_off_until__gt=timezone.now())
        .order_by("name")
    )
    return {gateway.name: gateway.broker_secret() for gateway in gateways}


def _listening(setting: str, endpoint: Endpoint) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
        return socket.create_server((endpoint.host, endpoint.port), family=family, backlog=2048)
    except OSError as error:
        raise ConfigError(
            _(
                "%(setting)s: %(address)s can't be opened (%(cause)s). Choose another port, or stop "
                "the program that uses it",
                setting=setting,
                address=f"{endpoint.host}:{endpoint.port}",
                cause=error.strerror,
            )
        ) from None


def open_pages(endpoint: Endpoint) -> socket.socket:
    """Open the port of the pages. Raises ConfigError if another program uses it."""
    return _listening("PREWATT_HTTP", endpoint)
