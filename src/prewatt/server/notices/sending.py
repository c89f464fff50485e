"""Sends what is in the outbox. Each delivery is tried again and again, with longer and longer waits, until it is sent
or given up.

A delivery is marked as sent after it was sent. If the server is killed between the two, the notice is sent twice, but
never lost.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from ...kernel.units import MINUTE, exact_instant
from ..core.sealing import SealError
from ..core.time import now
from ..metering.apart import apart, gateway_of
from ..metering.locking import for_update
from .channels import CHANNELS
from .channels.interface import Message, SendError
from .digests import digest, is_gathered
from .models import Channel, Delivery, Pace, SendingAccount
from .permissions import send_permitted
from .recipient_channels import address_of
from .roles import allowed_to
from .sending_accounts import values_of
from .sending_templates import with_template
from .taps import with_tap

log = logging.getLogger("prewatt.notices")
BACKOFF = tuple(minutes * MINUTE for minutes in (1, 5, 15, 60, 240, 720, 1440, 1440))
"""The wait after each try until the next one, µs. After the last try the delivery is given up."""
LEASE = 5 * MINUTE
"""A delivery belongs to one sending process for this long, µs. If the process dies, another one may try after that."""


def send_what_is_due(most: int = 500) -> int:
    """Try each delivery that is due once; deliveries that go together are sent as one. Returns how many were sent.
    `most`: at most so many are tried.
    """
    rows = Delivery.objects.filter(state=Delivery.State.WAITING, next_try_at__lte=now()).order_by("next_try_at", "pk")
    due = rows.select_related("notice__recipient__organisation", "channel")[:most]
    together = _together(due)
    out_of_order: set[tuple[int, str]] = set()

    def attempt(first: Delivery) -> int:
        kind, recipient = first.channel.kind, first.notice.recipient
        # What stands behind it: the organisation's account, or the recipient's own address.
        shared = kind in CHANNELS and CHANNELS[kind].fields
        behind = (recipient.organisation_id if shared else first.channel_id, kind)
        # One that did not answer a moment ago: the others need not wait for it.
        if behind in out_of_order:
            return 0
        claimed = [each for row in together[first] if (each := _claim(row.pk)) is not None]
        if not claimed:
            return 0
        error = try_to_send(claimed)
        if error is not None and not error.alone:
            out_of_order.add(behind)
        return len(claimed) if error is None else 0

    # What fails otherwise is tried again when its lease is over.
    return sum(apart("notice", together, attempt, lambda row: gateway_of(row.notice.recipient.organisation)))


def _together(due: Iterable[Delivery]) -> dict[Delivery, list[Delivery]]:
    """Return the deliveries that are sent as one message, by the first of them."""
    rows = list(due)
    slow = set(Pace.objects.filter(channel__in={row.channel_id for row in rows}).values_list("channel", "event"))
    groups: dict[Hashable, list[Delivery]] = {}
    for row in rows:
        notice = row.notice
        gathered = is_gathered(notice.recipient, notice.event) or (row.channel_id, notice.event) in slow
        key = (row.channel_id, notice.event) if gathered else row.pk
        groups.setdefault(key, []).append(row)
    return {rows[0]: rows for rows in groups.values()}


@transaction.atomic
def _claim(pk: int) -> Delivery | None:
    delivery = (
        for_update(Delivery.objects, skip_locked=True)
        .select_related(
            "notice__recipient__organisation", "notice__recipient__tenancy__unit__property", "channel__recipient"
        )
        .filter(pk=pk, state=Delivery.State.WAITING, next_try_at__lte=now())
        .first()
    )
    if delivery is None:
        return None
    notice, channel = delivery.notice, delivery.channel
    if notice.is_overtaken or not channel.is_enabled or not allowed_to(notice.recipient, notice.event, [channel]):
        Delivery.objects.filter(pk=pk).update(state=Delivery.State.OVERTAKEN, next_try_at=None)
        return None
    Delivery.objects.filter(pk=pk).update(next_try_at=now() + LEASE)
    return delivery


def message_of(deliveries: Sequence[Delivery]) -> Message:
    """Return the message for deliveries that are sent as one."""
    notice = deliveries[0].notice
    if len(deliveries) > 1:
        message = replace(digest([each.notice for each in deliveries]), tenancy=notice.recipient.tenancy_id)
        return with_tap(message, deliveries[0])
    message = Message(
        notice.event,
        f"{notice.recipient_id}-{notice.key}",
        notice.title,
        notice.text,
        notice.recipient.language,
        exact_instant(notice.made_at),
        notice.link,
        notice.facts,
        tenancy=notice.recipient.tenancy_id,
    )
    return with_tap(message, deliveries[0])


def send(channel: Channel, message: Message) -> None:
    """Send a message over a channel, once. Raises SendError if it can't be sent."""
    kind = CHANNELS.get(channel.kind)
    if kind is None:
        raise SendError(_("There is no channel %(kind)s any more.") % {"kind": channel.kind}, lasting=True)
    account, values = None, {}
    try:
        if kind.fields:
            account = SendingAccount.objects.filter(
                organisation=channel.recipient.organisation_id, kind=channel.kind
            ).first()
            values = values_of(account) if account else {}
        address = address_of(channel)
    except SealError as error:
        raise SendError(str(error)) from None
    if kind.fields and not account:
        raise SendError(_("The organisation no longer has an account for this channel."), lasting=True)
    message = with_template(account, message) if account else message
    if kind.counted:
        send_permitted(kind, values, channel, address, message)
    else:
        kind.send(values, address, message)


def try_to_send(deliveries: Sequence[Delivery]) -> SendError | None:
    """Try once to send deliveries as one message, and store the result. Returns the error; None if they were sent."""
    channel = deliveries[0].channel
    try:
        send(channel, message_of(deliveries))
    except SendError as error:
        log.warning("notice %s by channel %s: %s", deliveries[0].notice_id, channel.pk, error)
        _failed(deliveries, error)
        return error
    with transaction.atomic():
        Delivery.objects.filter(pk__in=[each.pk for each in deliveries]).update(
            state=Delivery.State.SENT, sent_at=now(), next_try_at=None, tries=F("tries") + 1, error=""
        )
        Channel.objects.filter(pk=channel.pk).exclude(failing="").update(failing="")
    return None


@transaction.atomic
def _failed(deliveries: Iterable[Delivery], error: SendError) -> None:
    for delivery in deliveries:
        tries = delivery.tries + 1
        given_up = error.lasting or tries > len(BACKOFF)
        Delivery.objects.filter(pk=delivery.pk).update(
            state=Delivery.State.FAILED if given_up else Delivery.State.WAITING,
            next_try_at=None if given_up else now() + BACKOFF[tries - 1],
            tries=tries,
            error=str(error)[:200],
        )
        Channel.objects.filter(pk=delivery.channel_id).update(failing=str(error)[:200])
