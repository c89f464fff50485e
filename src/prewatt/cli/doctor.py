"""The command `prewatt doctor`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from django.core.exceptions import ImproperlyConfigured

from ..findings import Finding, State
from ..processes.database import load_models
from ..server.core.config import load_config
from ..server.core.server_config import ServerConfig
from ..terminal_texts import _
from .command import FileCommand, group
from .finding_table import print_findings

app = group()


@app.command(cls=FileCommand)
def doctor() -> None:
    """Check this server, and say what is wrong and what to do.

    The command changes nothing. Set the same PREWATT_* variables as for the server. Exit status 1: something is bad.
    """
    raise _examined(load_config())


def _examined(config: ServerConfig) -> typer.Exit:
    # Loading the models makes the keys of a server where there are none.
    if not (config.home / "secret").exists():
        words = _("no server has run in %(home)s", home=config.home)
        advice = _("Set PREWATT_HOME to the server's folder, or start the server: prewatt server")
        return print_findings([Finding(_("server"), State.BAD, words, advice)])
    try:
        load_models()
    except ImproperlyConfigured as error:
        return print_findings([Finding(_("settings"), State.BAD, str(error), _("Correct the setting that is named"))])
    # It imports the models, which can be only now.
    examination: Any = import_module("..processes.doctor.examination", __package__)
    return print_findings(examination.examine(config))
