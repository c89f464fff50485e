"""How tenants can be reached, as their landlord knows it: phone, e-mail and language. The landlord gives them with the
move-in, later, or in the list of flats. What the tenant has changed belongs to the tenant: the landlord sees that
it was changed, and must confirm before it is overwritten.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.units import DAY
from ..core.sealing import SealError
from ..core.time import now
from ..estate.models import Tenancy
from ..metering.locking import for_update
from .channels import CHANNELS
from .contact import Contact
from .models import Channel, Delivery, Recipient
from .recipient_channels import address_of, put_channel, sealed_address
from .recipients import recipient_of

KINDS = {"phone": "sms", "email": "email"}
"""The kind of channel of each field."""
AGAIN = DAY
"""Notices that did not arrive at a wrong number are sent to the right one if they are not older than this, µs."""


class TenantChangedError(ValidationError):
    """The tenant has changed what the landlord is about to overwrite."""


def kept(recipient: Recipient) -> Contact:
    """Return the phone number and e-mail address that the landlord typed for a recipient and that are still in use, and
    the recipient's language.
    """
    fields = {"phone": "", "email": ""}
    for channel in recipient.channels.filter(is_from_office=True):
        for field, kind in KINDS.items():
            if channel.kind == kind:
                fields[field] = in_full(channel)
    return Contact(**fields, language=recipient.language)


def in_full(channel: Channel) -> str:
    """Return the address of a channel for the manager: the whole address if the landlord typed it, so that it can be
    checked; if it is the tenant's own, only as much as may be seen.
    """
    if not channel.is_from_office:
        return channel.shown
    try:
        return address_of(channel)
    except SealError:
        return channel.shown


@transaction.atomic
def keep_contact(tenancy: Tenancy, given: Contact, *, over: bool = False) -> None:
    """Store what the landlord says about a tenant. An empty phone number or e-mail address removes the one that the
    landlord typed, never the tenant's own; an empty language leaves it as it is. `over`: also overwrite what the tenant
    has changed. Raises TenantChangedError if the tenant has changed something and `over` is not set, and
    ValidationError if the tenant has too many channels.
    """
    recipient = for_update(Recipient.objects).get(pk=recipient_of(tenancy).pk)
    before = kept(recipient)
    wanted = Contact(given.phone, given.email, given.language or before.language)
    if wanted == before:
        return
    if recipient.changed_at is not None and not over:
        raise TenantChangedError(
            _("The tenant has changed themselves how they are reached. Ask the tenant first, and confirm that you did.")
        )
    for field, kind in KINDS.items():
        _put(recipient, kind, getattr(wanted, field))
    if wanted.language != recipient.language:
        recipient.language = wanted.language
        recipient.save(update_fields=["language"])


def _put(recipient: Recipient, kind: str, address: str) -> None:
    """Make an address the landlord's only one of its kind. If it is empty, the landlord has none of this kind."""
    own = recipient.channels.filter(kind=kind, is_from_office=True).first()
    if own is None:
        if address:
            put_channel(recipient, CHANNELS[kind], address, by_office=True)
        return
    if in_full(own) == address:
        return
    if not address or any(_is(each, address) for each in recipient.channels.filter(kind=kind, is_from_office=False)):
        own.delete()
        return
    own.paces.all().delete()
    # The same row: what waits for the wrong number goes to the right one, and what did not arrive there is tried again.
    Channel.objects.filter(pk=own.pk).update(
        is_enabled=True, failing="", tested_at=None, made_at=now(), **sealed_address(CHANNELS[kind], address)
    )
    unsent = Delivery.objects.filter(channel=own, notice__is_overtaken=False)
    unsent.filter(state=Delivery.State.FAILED, notice__made_at__gt=now() - AGAIN).update(
        state=Delivery.State.WAITING, next_try_at=now(), tries=0, error=""
    )
    unsent.filter(state=Delivery.State.WAITING, tries__gt=0).update(next_try_at=now(), tries=0, error="")


def _is(channel: Channel, address: str) -> bool:
    try:
        return address_of(channel) == address
    except SealError:
        return False


def changed_by_tenant(recipient: Recipient) -> None:
    """Note that the tenant has changed how they are reached. From now on the landlord must confirm before they overwrite
    it. For a manager nothing is noted.
    """
    Recipient.objects.filter(pk=recipient.pk).exclude(tenancy=None).update(changed_at=now())


def forget(tenancy: Tenancy) -> bool:
    """Remove all channels of a tenant who was entered by mistake, because they belong to another person. Returns
    whether there were any.
    """
    recipient = Recipient.objects.filter(tenancy=tenancy).first()
    if recipient is None:
        return False
    count, _by_model = recipient.channels.all().delete()
    Recipient.objects.filter(pk=recipient.pk).update(changed_at=None)
    return bool(count)
