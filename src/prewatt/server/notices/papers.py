"""Papers that staff send to a tenant by e-mail: a receipt, a statement. They go at once, and no notice is kept of them."""

from __future__ import annotations

import re

from django.utils.translation import get_language

from ..core.time import now
from ..estate.models import Tenancy
from .channels.interface import Attachment, Message, SendError
from .models import Channel
from .recipient_channels import that_send
from .sending import send

EMAIL = "email"


class NotSentError(ValueError):
    """A paper could not be sent; the message, for people, says why."""


def email_of(tenancy: Tenancy) -> Channel | None:
    """Return the channel for e-mail to a tenant: with the address that the tenant typed, or else the one that the landlord
    typed. None if no such channel is switched on, or no mail server is set up.
    """
    own = Channel.objects.filter(recipient__tenancy=tenancy, kind=EMAIL).select_related("recipient")
    return that_send(own).order_by("is_from_office", "-pk").first()


def send_paper(channel: Channel, title: str, text: str, attachment: Attachment | None = None) -> None:
    """Send a paper. Raises NotSentError if the mail server does not take it."""
    key = re.sub(r"\W+", "-", f"paper-{title}-{now()}")
    message = Message("paper", key, title, text, get_language() or "en", "", attachment=attachment)
    try:
        send(channel, message)
    except SendError as error:
        raise NotSentError(str(error)) from None
