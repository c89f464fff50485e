"""Sending what is in the outbox: each delivery again and again, ever later, until it is sent or given up.

What is sent is marked as sent after it was; a server that is killed between the two sends it twice, never not at all.
"""

from __future__ import annotations

import logging

from django.db import transaction

from ...kernel.units import MINUTE, exact_instant
from ..apart import apart, gateway_of
from ..sealing import SealError
from ..time import now
from .channels import CHANNELS
from .channels.interface import Message, SendError
from .models import Channel, Delivery
from .recipients import account_values, address_of

log = logging.getLogger("prewatt.notices")
BACKOFF = tuple(minutes * MINUTE for minutes in (1, 5, 15, 60, 240, 720, 1440, 1440))
"""How long after each try the next one is; after the last one it is given up."""
LEASE = 5 * MINUTE
"""How long a delivery is one sender's, should it die over it."""


def send_what_is_due(most: int = 500) -> int:
    """Try each delivery that is due once. How many were sent."""
    rows = Delivery.objects.filter(state=Delivery.State.WAITING, next_try__lte=now()).order_by("next_try")
    due = list(rows.select_related("notice__recipient__organisation", "channel")[:most])
    out_of_order: set[tuple[int, str]] = set()

    def attempt(row: Delivery) -> bool:
        kind, recipient = row.channel.kind, row.notice.recipient
        # What stands behind it: the organisation's account, or the recipient's own address.
        shared = kind in CHANNELS and CHANNELS[kind].fields
        behind = (recipient.organisation_id if shared else row.channel_id, kind)
        # One that did not answer a moment ago: the others need not wait for it.
        delivery = None if behind in out_of_order else _claim(row.pk)
        if delivery is None:
            return False
        error = try_to_send(delivery)
        if error is not None and not error.lasting:
            out_of_order.add(behind)
        return error is None

    # What fails otherwise is tried again when its lease is over.
    return sum(apart("notice", due, attempt, lambda row: gateway_of(row.notice.recipient.organisation)))


@transaction.atomic
def _claim(pk: int) -> Delivery | None:
    found = (
        Delivery.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("notice__recipient__tenancy__unit__property", "channel")
        .filter(pk=pk, state=Delivery.State.WAITING, next_try__lte=now())
        .first()
    )
    if found is None:
        return None
    if found.notice.overtaken or not found.channel.enabled:
        Delivery.objects.filter(pk=pk).update(state=Delivery.State.OVERTAKEN, next_try=None)
        return None
    Delivery.objects.filter(pk=pk).update(next_try=now() + LEASE)
    return found


def message_of(delivery: Delivery) -> Message:
    """What is sent."""
    notice = delivery.notice
    link = next((word for word in notice.text.split() if word.startswith(("http://", "https://"))), "")
    return Message(
        notice.event, f"{notice.recipient_id}-{notice.key}", notice.title, notice.text, notice.recipient.language,
        exact_instant(notice.made), link,
    )  # fmt: skip


def send(channel: Channel, message: Message) -> None:
    """Send over a channel, once. SendError if it can't be."""
    kind = CHANNELS.get(channel.kind)
    if kind is None:
        raise SendError(f"{channel.kind} is no channel", lasting=True)
    try:
        account = account_values(channel.recipient.organisation_id, channel.kind) if kind.fields else {}
        address = address_of(channel)
    except SealError as error:
        raise SendError(str(error)) from None
    if kind.fields and not account:
        raise SendError("the organisation has no account for it any more", lasting=True)
    kind.send(account, address, message)


def try_to_send(delivery: Delivery) -> SendError | None:
    """One try, and what came of it."""
    channel = delivery.channel
    try:
        send(channel, message_of(delivery))
    except SendError as error:
        log.warning("notice %s by %s: %s", delivery.notice_id, channel, error)
        _failed(delivery, error)
        return error
    with transaction.atomic():
        Delivery.objects.filter(pk=delivery.pk).update(
            state=Delivery.State.SENT, sent=now(), next_try=None, tries=delivery.tries + 1, error=""
        )
        Channel.objects.filter(pk=channel.pk).exclude(failing="").update(failing="")
    return None


@transaction.atomic
def _failed(delivery: Delivery, error: SendError) -> None:
    tries = delivery.tries + 1
    given_up = error.lasting or tries > len(BACKOFF)
    Delivery.objects.filter(pk=delivery.pk).update(
        state=Delivery.State.FAILED if given_up else Delivery.State.WAITING,
        next_try=None if given_up else now() + BACKOFF[tries - 1],
        tries=tries,
        error=str(error)[:200],
    )
    Channel.objects.filter(pk=delivery.channel_id).update(failing=str(error)[:200])
