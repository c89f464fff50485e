"""The short links of messages, `/n/<token>/`: one tap leads to the page that settles a notice. Another page stops this kind of
message by this channel, or has it come less often.

A token names a delivery, and is signed for its channel, its event and its address: if the address changes, the token ends. It is no
log-in: it opens only the choice for this kind of message by this channel. Its signature has only 48 bits, because an SMS is paid by
its length. They are enough: a token can be tried only at the pages, which count wrong ones (`accounts.throttles`).
"""

from __future__ import annotations

from dataclasses import replace

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from ..core.addresses import public
from ..core.sealing import SealError
from .channels.interface import Message
from .languages import language_of
from .models import Delivery
from .paces import can_change, can_stop
from .pages import of_all_notices
from .tap_tokens import token_of


def page_of(delivery: Delivery) -> str:
    """Return the address of the page that settles a delivered notice; the page of all notices if it was sent with others."""
    notice, channel = delivery.notice, delivery.channel
    together = Delivery.objects.filter(channel=channel, notice__event=notice.event, sent_at=delivery.sent_at)
    if notice.link and (delivery.sent_at is None or together.count() < 2):
        return str(notice.link)
    return of_all_notices(notice.recipient.tenancy, notice.recipient.organisation)


def with_tap(message: Message, delivery: Delivery) -> Message:
    """Return a message with the short link of its delivery, and the link to stop or change such messages, in words too. If the
    address can't be opened, the message is returned unchanged: `sending.send` will refuse it.
    """
    try:
        token = token_of(delivery)
    except SealError:
        return message
    short = public(reverse("tenant:notices:tap", args=[token]))
    if not can_change(message.event):
        return replace(message, short=short)
    change = public(reverse("tenant:notices:stop", args=[token]))
    with override(language_of(message.language).words.locale):
        if can_stop(delivery.channel, message.event):
            foot, label = _("Stop such messages, or have them come later or together: %(link)s"), _("Stop or change")
        else:
            foot, label = _("Have such messages come at another hour, or another way: %(link)s"), _("Change")
    stop = change if can_stop(delivery.channel, message.event) else ""
    return replace(message, short=short, change=change, stop=stop, change_label=label, foot=foot % {"link": change})
