"""Messages to browsers end with the log-in that asked for them, if somebody ends it from elsewhere: whoever sits there may be a
stranger. A log-in that ends by itself, because it has lasted long enough, leaves them: the phone is still its owner's.
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
"""What a session keeps: a name of the log-in. Unlike the session's key, it stays when the password is changed in it."""


def name_log_in(session: Any) -> None:
    """Give a session that begins the name of its log-in."""
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
