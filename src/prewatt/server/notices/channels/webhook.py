"""A webhook: the notice is sent as JSON to a program of the recipient."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ..fitting import whole
from .checked_http import ask, is_address
from .interface import Kind, Message, SendError

OWN = ("sms", "line", "phrase", "back")
"""Facts that no program needs. They are words for channels that carry little."""


class Webhook(Kind):
    """The address of a program that takes notices by HTTP POST."""

    name = "webhook"
    title = _("Webhook")
    address = _("https://…")
    is_rare = True

    @staticmethod
    def read_address(text: str) -> str:
        """Return the address of another program, as it was typed. Raises ValueError, for people, if it is none."""
        if not is_address(text) or len(text) > 1000:
            raise ValueError(_now("This is not an address such as https://example.com/prewatt."))
        return text

    @staticmethod
    def shown(address: str) -> str:
        """Return the host of the address; what stands behind it may be a secret."""
        return f"{urlsplit(address).hostname}…"[:100]

    @staticmethod
    def send(account: Mapping[str, str], address: str, message: Message) -> None:  # noqa: ARG004
        """Send a message as JSON (docs/landlord/notices.md). Raises SendError unless the program answers with a status from 200
        to 299.
        """
        body: dict[str, Any] = {
            "event": message.event,
            "key": message.key,
            "title": message.title,
            "text": message.text,
            "at": message.at,
            "link": message.link,
            "facts": {name: whole(text) for name, text in message.facts.items() if name not in OWN},
        }
        status, _answer = ask(
            "POST",
            address,
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Idempotency-Key": message.key},
        )
        if status in (404, 410):
            raise SendError(_now("Nothing was found at this address (status %(n)d).") % {"n": status}, lasting=True)
        if not 200 <= status < 300:
            raise SendError(_now("The program answered with status %(n)d.") % {"n": status})
