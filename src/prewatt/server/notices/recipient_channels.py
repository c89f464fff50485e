"""The channels by which a recipient is told."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, Manager, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from ..core.credential_fields import seal, unseal
from ..core.time import now
from ..metering.locking import for_update
from .channels import CHANNELS
from .channels.interface import Kind
from .models import Channel, Recipient, SendingAccount
from .recipients import country_of

ADDRESS = "notice address"
"""The purpose under which the address of a channel is sealed."""
MOST_CHANNELS = 10


def kinds_for(recipient: Recipient) -> list[type[Kind]]:
    """Return the kinds of channel that the recipient's organisation can send by."""
    known = set(SendingAccount.objects.filter(organisation=recipient.organisation_id).values_list("kind", flat=True))
    return [kind for name, kind in CHANNELS.items() if not kind.fields or name in known]


@transaction.atomic
def add_channel(recipient: Recipient, kind: str, text: str, user: Any = None) -> Channel:
    """Add a channel to a recipient. `user`: the person whose channel it is. If the address is known already, its channel is
    switched on again. Raises ValidationError if the address is wrong, nothing can be sent this way, or there are too many.
    """
    channel = next((each for each in kinds_for(recipient) if each.name == kind), None)
    if channel is None:
        raise ValidationError({"kind": _("This way of sending is not set up here.")})
    try:
        address = channel.read_local(text.strip(), country_of(recipient))
    except ValueError as error:
        raise ValidationError({"address": str(error)}) from None
    return put_channel(recipient, channel, address, user=user)


@transaction.atomic
def put_channel(
    recipient: Recipient, kind: type[Kind], address: str, by_office: bool = False, user: Any = None
) -> Channel:
    """Add a channel as `add_channel` does, with an address that is already in its one form. `by_office`: the manager
    typed it for the tenant. Raises ValidationError if there are too many.
    """
    # The recipient's row is the lock: the same address twice at once is one channel.
    for_update(Recipient.objects).get(pk=recipient.pk)
    tell_from_now(Recipient.objects.filter(pk=recipient.pk))
    for known in recipient.channels.filter(kind=kind.name):
        if address_of(known) == address:
            known.is_enabled, known.failing = True, ""
            known.save(update_fields=["is_enabled", "failing"])
            return known
    if recipient.channels.count() >= MOST_CHANNELS:
        raise ValidationError(
            {
                "kind": _("There are %(most)d channels already, and more are not possible. Remove one first.")
                % {"most": MOST_CHANNELS}
            }
        )
    channel: Channel = recipient.channels.create(
        kind=kind.name, made_at=now(), is_from_office=by_office, user=user, **sealed_address(kind, address)
    )
    return channel


def sealed_address(kind: type[Kind], address: str) -> dict[str, Any]:
    """Return the columns of a channel that hold its address: `sealed`, and `shown` as much of it as may be seen."""
    return {"sealed": seal(ADDRESS, {"address": address}), "shown": kind.shown(address)[:100]}


def that_send(channels: Manager[Channel] | QuerySet[Channel]) -> QuerySet[Channel]:
    """Return those of some channels that are switched on, and that the organisation can send by."""
    alone = [name for name, kind in CHANNELS.items() if not kind.fields]
    account = SendingAccount.objects.filter(organisation=OuterRef("recipient__organisation"), kind=OuterRef("kind"))
    return channels.filter(Q(kind__in=alone) | Exists(account), is_enabled=True)


def tell_from_now(recipients: QuerySet[Recipient]) -> None:
    """Set `since` to now for those recipients who can't be reached yet: they will be told only what happens from now on,
    not every payment since they moved in.
    """
    reached = that_send(Channel.objects.filter(recipient=OuterRef("pk")))
    recipients.exclude(Exists(reached)).update(since=now())


def address_of(channel: Channel) -> str:
    """Return a channel's address. Raises SealError if it can't be opened."""
    return unseal(ADDRESS, bytes(channel.sealed))["address"]
