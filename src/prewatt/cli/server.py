"""The command `prewatt server`: the whole server, as a parent of its processes."""

from __future__ import annotations

import logging
import time

import typer
from django.conf import settings

from ..processes.serve import Server, open_pages
from ..processes.supervisor import ChildFailedError, Supervisor, end_on_sigterm
from ..server.accounts.first_start import claim_code, is_claimed
from ..server.core.addresses import public
from ..server.core.server_config import ConfigError, ServerConfig
from ..terminal_texts import _
from .command import CommandError, group
from .on_server import ProcessCommand

app = group()
log = logging.getLogger("prewatt.server")


@app.command(cls=ProcessCommand)
def server() -> None:
    """Run the whole server: broker, head-end, worker, pages.

    If one of these processes ends, it is started again. Settings are environment variables PREWATT_*
    (docs/operator/operate.md).
    """
    end_on_sigterm()
    config: ServerConfig = settings.CONFIG
    supervisor = Supervisor(config.home / "run")
    try:
        whole = Server(config, supervisor, open_pages(config.http))
        whole.wait_until_up()
        typer.echo(
            _(
                "prewatt is up: pages on %(pages)s, broker on %(broker)s",
                pages=f"{config.http.host}:{config.http.port}",
                broker=f"{config.mqtt.host}:{config.mqtt.port}",
            )
        )
        if not is_claimed():
            typer.echo(
                _("Nobody has a login here yet. Begin at %(address)s", address=public(f"/begin/codes/{claim_code()}/"))
            )
        while True:
            time.sleep(1)
            whole.refresh_broker()
            for name, code in supervisor.look_after():
                # By the log, which nothing stops: where this is written to may be the disk that is full.
                log.warning("%s ended (%d) and was started again", name, code)
    except KeyboardInterrupt:
        pass
    except (ConfigError, ChildFailedError, FileNotFoundError) as error:
        raise CommandError(str(error)) from None
    finally:
        supervisor.stop()
