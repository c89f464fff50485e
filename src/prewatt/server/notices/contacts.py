"""How tenants can be reached, as their landlord knows it: phone, e-mail and language. The landlord gives them with the
move-in, later, or in the list of flats. What the tenant has changed belongs to the tenant: the landlord sees that
it was changed, and must confirm before it is overwritten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from ...kernel.names import natural
from ...kernel.units import DAY
from ..core.phone_numbers import country_at, read_phone
from ..core.sealing import SealError
from ..core.time import now
from ..estate.models import Property, Tenancy
from ..metering.locking import for_update
from .channels import CHANNELS
from .languages import language_choices, languages
from .models import Channel, Delivery, Recipient
from .recipients import address_of, put_channel, recipient_of, sealed_address, that_send

KINDS = {"phone": "sms", "email": "email"}
"""The kind of channel of each field."""
AGAIN = DAY
"""Notices that did not arrive at a wrong number are sent to the right one if they are not older than this, µs."""


@dataclass(frozen=True)
class Contact:
    """A tenant's phone number (+49…), e-mail address and language (a code such as `en`). A part that the landlord has
    not given is empty.
    """

    phone: str = ""
    email: str = ""
    language: str = ""

    def __bool__(self) -> bool:
        return bool(self.phone or self.email or self.language)


NO_CONTACT = Contact()


class TenantChangedError(ValidationError):
    """The tenant has changed what the landlord is about to overwrite."""


def read_contact(property_: Property, phone: str, email: str, language: str) -> Contact:
    """Return the contact that somebody typed for a tenant of a building. A ValidationError names each field that is
    wrong.
    """
    country = country_at(property_.zone, property_.currency)
    typed = {"phone": phone, "email": email, "language": language}
    fields, errors = {}, {}
    for field, text in typed.items():
        try:
            fields[field] = read_field(field, text, country)
        except ValueError as error:
            errors[field] = [str(error)]
    if errors:
        raise ValidationError(errors)
    return Contact(**fields)


def read_field(field: str, text: str, country: str) -> str:
    """Return one field of a contact in its one form; an empty field stays empty. `country` is the country that a phone
    number is dialled in, such as `DE`. A ValueError says, for people, what is wrong.
    """
    bare = text.strip()
    readers: dict[str, Callable[[str], str]] = {
        "phone": lambda said: read_phone(said, country),
        "email": CHANNELS["email"].read_address,
        "language": _language,
    }
    return readers[field](bare) if bare else ""


def _language(text: str) -> str:
    plain = text.casefold()
    for code, language in languages().items():
        if plain in (code, language.words.name.casefold(), *language.words.called):
            return code
    known = ", ".join(f"{code} ({name})" for code, name in language_choices())
    raise ValueError(_("There are no notices in this language. There are: %(known)s.") % {"known": known})


# -- keeping -------------------------------------------------------------------------------------------------------------


def kept(recipient: Recipient) -> Contact:
    """Return the contact that the landlord has typed for a recipient, as far as it still holds."""
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
    ValidationError.
    """
    recipient = for_update(Recipient.objects).get(pk=recipient_of(tenancy).pk)
    before = kept(recipient)
    wanted = Contact(given.phone, given.email, given.language or before.language)
    if wanted == before:
        return
    if recipient.changed_at is not None and not over:
        raise TenantChangedError(
            _("The tenant has changed by themselves how they are reached: ask them, and say that you did.")
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
    """Note that the tenant has changed how they are reached. From now on the landlord must confirm before it is
    overwritten.
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


# -- who is not reached --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Unreached:
    """A tenant whom no notice reaches, and the reason (`why`), for people."""

    tenancy: Tenancy
    why: str


def tenancies_unreached(properties: Iterable[Property]) -> QuerySet[Tenancy]:
    """Return the tenancies of some properties, present and future, whom no notice reaches, in no order."""
    sending = that_send(Channel.objects.filter(recipient__tenancy=OuterRef("pk"), failing=""))
    rows = Tenancy.objects.filter(unit__property__in=list(properties)).not_over(now())
    return rows.exclude(Exists(sending)).select_related("unit")


def unreached(properties: Iterable[Property]) -> list[Unreached]:
    """Return the tenants of some properties, present and future, whom no notice reaches, in the order of their units."""
    rows = tenancies_unreached(properties)
    return with_reasons(sorted(rows, key=lambda each: (natural(each.unit.name), each.begins)))


def with_reasons(tenancies: Collection[Tenancy]) -> list[Unreached]:
    """Return tenancies that no notice reaches, each with the reason."""
    channels: dict[int | None, list[Channel]] = defaultdict(list)
    for channel in Channel.objects.filter(recipient__tenancy__in=list(tenancies)).select_related("recipient"):
        channels[channel.recipient.tenancy_id].append(channel)
    return [Unreached(each, _why(channels[each.pk])) for each in tenancies]


def _why(channels: Iterable[Channel]) -> str:
    """Return why none of a tenant's channels reaches them."""
    every = list(channels)
    on = [each for each in every if each.is_enabled]
    if not every:
        return _("neither a phone number nor an e-mail address is known")
    if not on:
        return _("switched off by the tenant")
    failing = next((each.failing for each in on if each.failing), "")
    if failing:
        # The worker has written it down in English.
        return _("the last try failed: %(why)s") % {"why": _(failing)}
    return _("nothing is set up that sends by %(ways)s") % {
        "ways": ", ".join(sorted({str(CHANNELS[each.kind].title) for each in on if each.kind in CHANNELS}))
    }
