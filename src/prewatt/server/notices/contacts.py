"""How tenants can be reached, as their landlord has it: phone, e-mail, language. It comes with the move-in, later, or with the
list of flats. What the tenant changed by themselves is theirs: the landlord sees that, and does not overwrite it unasked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
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
"""What did not arrive at a wrong number is sent to the right one if it is no older."""


@dataclass(frozen=True)
class Contact:
    """A tenant's phone number (+49…), e-mail and language (a code such as `en`). Each is empty if the landlord has not said it."""

    phone: str = ""
    email: str = ""
    language: str = ""

    def __bool__(self) -> bool:
        return bool(self.phone or self.email or self.language)


NO_CONTACT = Contact()


class TenantChangedError(ValidationError):
    """The tenant has changed by themselves what the landlord is about to overwrite."""


def read_contact(home: Property, phone: str, email: str, language: str) -> Contact:
    """A contact as it is typed for a building. ValidationError names each field that is wrong."""
    country = country_at(home.zone, home.currency)
    typed = {"phone": phone, "email": email, "language": language}
    found, errors = {}, {}
    for field, text in typed.items():
        try:
            found[field] = read_field(field, text, country)
        except ValueError as error:
            errors[field] = [str(error)]
    if errors:
        raise ValidationError(errors)
    return Contact(**found)


def read_field(field: str, text: str, country: str) -> str:
    """One field of a contact in its one form; empty stays empty. ValueError, for people, says what is wrong."""
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
    raise ValueError(_("There are notices in %(known)s.") % {"known": known})


# -- keeping -------------------------------------------------------------------------------------------------------------


def kept(recipient: Recipient) -> Contact:
    """What the landlord typed of somebody, as far as it still holds."""
    found = {"phone": "", "email": ""}
    for channel in recipient.channels.filter(by_office=True):
        for field, kind in KINDS.items():
            if channel.kind == kind:
                found[field] = in_full(channel)
    return Contact(**found, language=recipient.language)


def in_full(channel: Channel) -> str:
    """The address of a channel for the manager: in full what they typed themselves, so that it can be checked; of the tenant's
    own as much as may be seen.
    """
    if not channel.by_office:
        return channel.shown
    try:
        return address_of(channel)
    except SealError:
        return channel.shown


@transaction.atomic
def keep_contact(tenancy: Tenancy, given: Contact, *, over: bool = False) -> None:
    """Keep what the landlord says of a tenant: an empty phone or e-mail takes away the landlord's own one, never the tenant's;
    an empty language leaves it. `over`: also where the tenant has changed it. TenantChangedError; ValidationError.
    """
    recipient = for_update(Recipient.objects).get(pk=recipient_of(tenancy).pk)
    held = kept(recipient)
    wanted = Contact(given.phone, given.email, given.language or held.language)
    if wanted == held:
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
    """Make an address the landlord's one of a kind; empty: there is none."""
    mine = recipient.channels.filter(kind=kind, by_office=True).first()
    if mine is None:
        if address:
            put_channel(recipient, CHANNELS[kind], address, by_office=True)
        return
    if in_full(mine) == address:
        return
    if not address or any(_is(each, address) for each in recipient.channels.filter(kind=kind, by_office=False)):
        mine.delete()
        return
    # The same row: what waits for the wrong number goes to the right one, and what did not arrive there is tried again.
    Channel.objects.filter(pk=mine.pk).update(
        enabled=True, failing="", tested_at=None, made_at=now(), **sealed_address(CHANNELS[kind], address)
    )
    unsent = Delivery.objects.filter(channel=mine, notice__overtaken=False)
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
    """Note that the tenant has changed how they are reached: from now on it is not overwritten unasked."""
    Recipient.objects.filter(pk=recipient.pk).exclude(tenancy=None).update(changed_at=now())


def forget(tenancy: Tenancy) -> bool:
    """Drop all ways to reach who lived here by mistake: they are another person's. Whether there were any."""
    recipient = Recipient.objects.filter(tenancy=tenancy).first()
    if recipient is None:
        return False
    gone, _by_model = recipient.channels.all().delete()
    Recipient.objects.filter(pk=recipient.pk).update(changed_at=None)
    return bool(gone)


# -- who is not reached --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Unreached:
    """A tenant whom no notice reaches, and why."""

    tenancy: Tenancy
    why: str


def unreached(homes: Iterable[Property]) -> list[Unreached]:
    """Who lives in some buildings, or is to move in, and can't be reached; by unit."""
    tenancies = Tenancy.objects.filter(unit__property__in=list(homes)).not_over(now()).select_related("unit__property")
    channels: dict[int | None, list[Channel]] = defaultdict(list)
    for channel in Channel.objects.filter(recipient__tenancy__in=tenancies).select_related("recipient"):
        channels[channel.recipient.tenancy_id].append(channel)
    sending = set(
        that_send(Channel.objects.filter(recipient__tenancy__in=tenancies, failing="")).values_list(
            "recipient__tenancy", flat=True
        )
    )
    found = [Unreached(each, _why(channels[each.pk])) for each in tenancies if each.pk not in sending]
    return sorted(found, key=lambda each: (natural(each.tenancy.unit.name), each.tenancy.begins))


def _why(channels: Iterable[Channel]) -> str:
    """Why none of somebody's channels reaches them."""
    every = list(channels)
    on = [each for each in every if each.enabled]
    if not every:
        return _("neither phone nor e-mail is known")
    if not on:
        return _("switched off by the tenant")
    failing = next((each.failing for each in on if each.failing), "")
    if failing:
        return _("the last try failed: %(why)s") % {"why": failing}
    return _("nothing is set up that sends by %(ways)s") % {
        "ways": ", ".join(sorted({str(CHANNELS[each.kind].title) for each in on if each.kind in CHANNELS}))
    }
