"""If somebody ends a log-in from elsewhere, the messages to its browser end too: a stranger may sit there. If a log-in ends by
itself, because it has lasted long enough, the messages go on: the phone still belongs to its owner.
"""

from __future__ import annotations

import secrets
from importlib import import_module
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings

from .channels.push import Push
from .models import Channel

LOG_IN = "log_in"
"""The key of a session's log-in name. Unlike the session's own key, this name stays when the person changes the password."""


def name_log_in(session: Any) -> None:
    """Store a new random name for the log-in in a session that begins."""
    session[LOG_IN] = secrets.token_hex(8)


def asked_in(channel: Channel, session: Any) -> None:
    """Note in a push which log-in has asked for it. Other channels go where their address says, whoever is logged in."""
    if channel.kind == Push.name:
        channel.log_in = session.get(LOG_IN, "")
        channel.save(update_fields=["log_in"])


def end_log_in(row: UserSession) -> None:
    """End a log-in, and what is pushed to its browser."""
    name = import_module(settings.SESSION_ENGINE).SessionStore(row.session_key).get(LOG_IN)
    if name:
        Channel.objects.filter(kind=Push.name, log_in=name).delete()
    row.end()
