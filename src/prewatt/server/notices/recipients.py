"""Who is told, how, of what: settings, channels, and the organisation's accounts with whoever carries notices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, F, Manager, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from ..core.amounts import typed_kwh, typed_money
from ..core.credential_fields import part, read_fields, seal, unseal
from ..core.phone_numbers import country_at
from ..core.time import now
from ..estate.low_steps import typed_days, typed_steps
from ..estate.models import Organisation, Tenancy
from ..metering.locking import for_update
from ..metering.models import Meter
from ..vending.account_settings import send_settings_to
from ..vending.models import TopUp
from .channels import CHANNELS
from .channels.interface import Kind
from .languages import language_of_country, languages
from .models import Channel, Recipient, SendingAccount

ACCOUNT, ADDRESS = "sending account", "notice address"
"""What is sealed."""
MOST_CHANNELS = 10
STEPS = ("low_money", "low_energy", "low_days")
"""A tenant's own steps of the reminder, beside the landlord's."""


def recipient_of(tenancy: Tenancy) -> Recipient:
    """The tenant of a tenancy, as somebody to tell; until another language is chosen, in that of the country."""
    home = tenancy.unit.property
    return Recipient.objects.get_or_create(
        tenancy=tenancy,
        defaults={
            "organisation": home.organisation,
            "since": now(),
            "language": language_of_country(country_at(home.zone, home.currency)),
        },
    )[0]


def add_tenants() -> None:
    """Whoever lives somewhere can be told, though they never looked at a page: the landlord may have their number."""
    for tenancy in (
        Tenancy.objects.not_over(now()).filter(recipient=None).select_related("unit__property__organisation")
    ):
        recipient_of(tenancy)


def manager_of(organisation: Organisation) -> Recipient:
    """An organisation's manager, as somebody to tell."""
    return Recipient.objects.get_or_create(organisation=organisation, tenancy=None, defaults={"since": now()})[0]


# -- settings -----------------------------------------------------------------------------------------------------------


def keep_settings(recipient: Recipient, given: Any) -> None:
    """Language, quiet hours, steps, and what is told (`tell`, a list). ValidationError names the field."""
    errors: dict[str, str] = {}
    language = given.get("language", "")
    if language not in languages():
        errors["language"] = _("Choose a language.")
    hours = {}
    for name in ("quiet_from", "quiet_until"):
        text = given.get(name, "")
        if not (text.isdecimal() and text.isascii() and len(text) <= 2 and int(text) < 24):
            errors[name] = _("An hour is 0 to 23.")
        else:
            hours[name] = int(text)
    steps: dict[str, list[int]] = {}
    reads: tuple[Callable[[str, str], int], ...] = (
        partial(typed_money, currency=currency_of(recipient)), typed_kwh, typed_days,
    )  # fmt: skip
    for name, read in zip(STEPS, reads, strict=True):
        try:
            steps[name] = typed_steps(given.get(name, ""), name, read)
        except ValidationError as error:
            errors[name] = " ".join(error.messages)
    told = set(given.getlist("tell"))
    if told - {event.value for event in recipient.events}:
        errors["tell"] = _("There is no such choice.")
    if errors:
        raise ValidationError({name: [text] for name, text in errors.items()})
    recipient.language = language
    recipient.quiet_from, recipient.quiet_until = hours["quiet_from"], hours["quiet_until"]
    before = recipient.low_money, recipient.low_energy
    recipient.low_money, recipient.low_energy, recipient.low_days = (steps[name] for name in STEPS)
    recipient.muted = [event.value for event in recipient.events if event.value not in told]
    recipient.save(
        update_fields=["language", "quiet_from", "quiet_until", "low_money", "low_energy", "low_days", "muted"]
    )
    if before != (recipient.low_money, recipient.low_energy) and recipient.tenancy is not None:
        meter = Meter.objects.filter(unit=recipient.tenancy.unit_id).select_related("unit", "gateway__property").first()
        if meter is not None:
            # The meter watches them by itself.
            send_settings_to(meter)


# -- channels -----------------------------------------------------------------------------------------------------------


def kinds_for(recipient: Recipient) -> list[type[Kind]]:
    """The kinds of channel that this organisation can send by."""
    known = set(SendingAccount.objects.filter(organisation=recipient.organisation_id).values_list("kind", flat=True))
    return [kind for name, kind in CHANNELS.items() if not kind.fields or name in known]


@transaction.atomic
def add_channel(recipient: Recipient, kind: str, text: str) -> Channel:
    """Add a way to reach somebody; one that is known already is switched on again. ValidationError."""
    wanted = next((each for each in kinds_for(recipient) if each.name == kind), None)
    if wanted is None:
        raise ValidationError({"kind": _("Nothing can be sent that way here.")})
    try:
        address = wanted.read_local(text.strip(), country_of(recipient))
    except ValueError as error:
        raise ValidationError({"address": str(error)}) from None
    return put_channel(recipient, wanted, address)


@transaction.atomic
def put_channel(recipient: Recipient, kind: type[Kind], address: str, by_office: bool = False) -> Channel:
    """As `add_channel`, of an address in its one form; `by_office`: the manager typed it for the tenant. ValidationError."""
    # The recipient's row is the lock: the same address twice at once is one channel.
    for_update(Recipient.objects).get(pk=recipient.pk)
    _from_now(Recipient.objects.filter(pk=recipient.pk))
    for known in recipient.channels.filter(kind=kind.name):
        if address_of(known) == address:
            known.enabled, known.failing = True, ""
            known.save(update_fields=["enabled", "failing"])
            return known
    if recipient.channels.count() >= MOST_CHANNELS:
        raise ValidationError({"kind": _("At most %(most)d channels.") % {"most": MOST_CHANNELS}})
    made: Channel = recipient.channels.create(
        kind=kind.name, made_at=now(), by_office=by_office, **sealed_address(kind, address)
    )
    return made


def sealed_address(kind: type[Kind], address: str) -> dict[str, Any]:
    """An address as a channel keeps it."""
    return {"sealed": seal(ADDRESS, {"address": address}), "shown": kind.shown(address)[:100]}


def that_send(channels: Manager[Channel] | QuerySet[Channel]) -> QuerySet[Channel]:
    """Those of some channels that are on, and by which the organisation can send."""
    alone = [name for name, kind in CHANNELS.items() if not kind.fields]
    account = SendingAccount.objects.filter(organisation=OuterRef("recipient__organisation"), kind=OuterRef("kind"))
    return channels.filter(Q(kind__in=alone) | Exists(account), enabled=True)


def _from_now(recipients: QuerySet[Recipient]) -> None:
    """Of those whom nothing reached until now: they are told what happens from now on, not all that was paid since long."""
    reached = that_send(Channel.objects.filter(recipient=OuterRef("pk")))
    recipients.exclude(Exists(reached)).update(since=now())


def address_of(channel: Channel) -> str:
    """A channel's address. SealError if it can't be opened."""
    return unseal(ADDRESS, bytes(channel.sealed))["address"]


def country_of(recipient: Recipient) -> str:
    """The country that somebody types numbers in, by the building; empty if it is not known."""
    home = recipient.tenancy.unit.property if recipient.tenancy is not None else recipient.organisation.home()
    return country_at(home.zone, home.currency)


def currency_of(recipient: Recipient) -> str:
    """The currency of somebody's amounts, by the building; of a manager's, that of all buildings (`NO_CURRENCY`: several)."""
    return str((recipient.tenancy.unit.property if recipient.tenancy is not None else recipient.organisation).currency)


# -- accounts -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def keep_account(organisation: Organisation, kind: str, given: Mapping[str, str]) -> SendingAccount:
    """Make an organisation's sending account, or change it: a secret that is left empty stays. ValidationError."""
    wanted = CHANNELS.get(kind)
    if wanted is None or not wanted.fields:
        raise ValidationError({"kind": _("This channel needs no account.")})
    made = SendingAccount.objects.filter(organisation=organisation, kind=kind).first()
    known = values_of(made) if made else {}
    fields = wanted.fields_of(given)
    # Of what is not secret the form shows all: left empty it is empty.
    secrets = {field.name: known[field.name] for field in fields if field.secret and field.name in known}
    values = read_fields(fields, given, secrets)
    try:
        wanted.check_account(values)
    except ValueError as error:
        raise ValidationError(str(error)) from None
    _from_now(Recipient.objects.filter(organisation=organisation))
    made = made or SendingAccount(organisation=organisation, kind=kind, made_at=now())
    made.settings = part(fields, values, secret=False)
    made.sealed = seal(ACCOUNT, part(fields, values, secret=True))
    made.save()
    return made


def values_of(account: SendingAccount) -> dict[str, str]:
    """All that an account knows. SealError if its secrets can't be opened."""
    return {**account.settings, **unseal(ACCOUNT, bytes(account.sealed))}


def account_values(organisation_id: int, kind: str) -> dict[str, str]:
    """What an organisation's account of a kind knows; nothing if it has none."""
    found = SendingAccount.objects.filter(organisation=organisation_id, kind=kind).first()
    return values_of(found) if found else {}


def to_be_told(before: int) -> Iterable[Recipient]:
    """Everybody who can be reached, and of whose meter or payments there is something new, or who was looked at last before an
    instant.
    """
    paid = TopUp.objects.filter(tenancy=OuterRef("tenancy"), paid_at__gte=OuterRef("looked_at"))
    taken = TopUp.objects.filter(tenancy=OuterRef("tenancy"), taken_back__booked_at__gte=OuterRef("looked_at"))
    return (
        Recipient.objects.filter(Exists(that_send(Channel.objects.filter(recipient=OuterRef("pk")))))
        .filter(
            Q(looked_at__lte=before)
            | Q(tenancy__isnull=True)
            | Q(tenancy__unit__meter__seq__gt=F("seen"))
            | Exists(paid)
            | Exists(taken)
        )
        .select_related("organisation", "tenancy__unit__property__organisation")
        .order_by("pk")
    )
