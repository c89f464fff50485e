"""The recipients of notices: their settings and channels, and the organisations' accounts with the services that carry
notices.
"""

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
"""The purposes under which secrets are sealed."""
MOST_CHANNELS = 10
STEPS = ("low_money", "low_energy", "low_days")
"""The fields with a tenant's own steps of the reminder. The landlord's steps hold beside them."""


def recipient_of(tenancy: Tenancy) -> Recipient:
    """Return the tenant of a tenancy as a recipient; create it if there is none. Until the tenant chooses, the language
    is that of the country.
    """
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
    """Create a recipient for everybody who lives somewhere. They can be told even if they never opened a page, because
    the landlord may know their number.
    """
    for tenancy in (
        Tenancy.objects.not_over(now()).filter(recipient=None).select_related("unit__property__organisation")
    ):
        recipient_of(tenancy)


def manager_of(organisation: Organisation) -> Recipient:
    """Return an organisation's manager as a recipient; create it if there is none."""
    return Recipient.objects.get_or_create(organisation=organisation, tenancy=None, defaults={"since": now()})[0]


# -- settings -----------------------------------------------------------------------------------------------------------


def keep_settings(recipient: Recipient, given: Any) -> None:
    """Store what a recipient typed on the page of notices: language, quiet hours, steps of the reminder, and the events to be
    told (`tell`, a list). A ValidationError names each field that is wrong.
    """
    errors: dict[str, str] = {}
    language, events = given.get("language", ""), set(given.getlist("tell"))
    if language not in languages():
        errors["language"] = _("Choose a language.")
    hours = _typed_hours(given, errors)
    steps = _typed_steps(given, currency_of(recipient), errors)
    if events - {event.value for event in recipient.events}:
        errors["tell"] = _("There is no such choice.")
    if errors:
        raise ValidationError({name: [text] for name, text in errors.items()})
    before = recipient.low_money, recipient.low_energy
    recipient.language = language
    recipient.quiet_from, recipient.quiet_until = hours["quiet_from"], hours["quiet_until"]
    recipient.low_money, recipient.low_energy, recipient.low_days = (steps[name] for name in STEPS)
    recipient.muted = [event.value for event in recipient.events if event.value not in events]
    recipient.save(
        update_fields=["language", "quiet_from", "quiet_until", "low_money", "low_energy", "low_days", "muted"]
    )
    if before != (recipient.low_money, recipient.low_energy):
        _send_steps(recipient)


def _typed_hours(given: Any, errors: dict[str, str]) -> dict[str, int]:
    """Return the quiet hours that were typed; what is wrong is added to `errors`."""
    hours = {}
    for name in ("quiet_from", "quiet_until"):
        text = given.get(name, "")
        if text.isdecimal() and text.isascii() and len(text) <= 2 and int(text) < 24:
            hours[name] = int(text)
        else:
            errors[name] = _("Type an hour from 0 to 23.")
    return hours


def _typed_steps(given: Any, currency: str, errors: dict[str, str]) -> dict[str, list[int]]:
    """Return the steps of the reminder that were typed, by field; what is wrong is added to `errors`."""
    steps: dict[str, list[int]] = {}
    reads: tuple[Callable[[str, str], int], ...] = (partial(typed_money, currency=currency), typed_kwh, typed_days)
    for name, read in zip(STEPS, reads, strict=True):
        try:
            steps[name] = typed_steps(given.get(name, ""), name, read)
        except ValidationError as error:
            errors[name] = " ".join(error.messages)
    return steps


def _send_steps(recipient: Recipient) -> None:
    """Send the steps to the tenant's meter, which watches them by itself."""
    if recipient.tenancy is None:
        return
    meter = Meter.objects.filter(unit=recipient.tenancy.unit_id).select_related("unit", "gateway__property").first()
    if meter is not None:
        send_settings_to(meter)


# -- channels -----------------------------------------------------------------------------------------------------------


def kinds_for(recipient: Recipient) -> list[type[Kind]]:
    """Return the kinds of channel that the recipient's organisation can send by."""
    known = set(SendingAccount.objects.filter(organisation=recipient.organisation_id).values_list("kind", flat=True))
    return [kind for name, kind in CHANNELS.items() if not kind.fields or name in known]


@transaction.atomic
def add_channel(recipient: Recipient, kind: str, text: str, user: Any = None) -> Channel:
    """Add a channel to a recipient. `user`: the person of the flat whose it is. If the address is known already, its channel
    is switched on again. Raises ValidationError if the address is wrong, or nothing can be sent this way.
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
    _from_now(Recipient.objects.filter(pk=recipient.pk))
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


def _from_now(recipients: QuerySet[Recipient]) -> None:
    """Tell the recipients that nothing has reached until now only what happens from now on, not all that was paid since
    they moved in.
    """
    reached = that_send(Channel.objects.filter(recipient=OuterRef("pk")))
    recipients.exclude(Exists(reached)).update(since=now())


def address_of(channel: Channel) -> str:
    """Return a channel's address. Raises SealError if it can't be opened."""
    return unseal(ADDRESS, bytes(channel.sealed))["address"]


def country_of(recipient: Recipient) -> str:
    """Return the country whose phone numbers a recipient types, such as `DE`, by the building; empty if it is not
    known.
    """
    home = recipient.tenancy.unit.property if recipient.tenancy is not None else recipient.organisation.home()
    return country_at(home.zone, home.currency)


def currency_of(recipient: Recipient) -> str:
    """Return the currency of the amounts of a recipient: that of the building; for a manager that of all buildings
    (`NO_CURRENCY` if there are several).
    """
    return str((recipient.tenancy.unit.property if recipient.tenancy is not None else recipient.organisation).currency)


# -- accounts -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def keep_account(organisation: Organisation, kind: str, given: Mapping[str, str]) -> SendingAccount:
    """Create or change an organisation's account with a service that carries notices. A secret that is left empty stays
    as it is. Raises ValidationError.
    """
    channel = CHANNELS.get(kind)
    if channel is None or not channel.fields:
        raise ValidationError({"kind": _("This channel does not need an account.")})
    account = SendingAccount.objects.filter(organisation=organisation, kind=kind).first()
    stored = values_of(account) if account else {}
    fields = channel.fields_of(given)
    # Of what is not secret the form shows all: left empty it is empty.
    secrets = {field.name: stored[field.name] for field in fields if field.secret and field.name in stored}
    values = read_fields(fields, given, secrets)
    try:
        channel.check_account(values)
    except ValueError as error:
        raise ValidationError(str(error)) from None
    _from_now(Recipient.objects.filter(organisation=organisation))
    account = account or SendingAccount(organisation=organisation, kind=kind, made_at=now())
    account.settings = part(fields, values, secret=False)
    account.sealed = seal(ACCOUNT, part(fields, values, secret=True))
    account.save()
    return account


def values_of(account: SendingAccount) -> dict[str, str]:
    """Return all fields of an account by name, the secrets too. Raises SealError if the secrets can't be opened."""
    return {**account.settings, **unseal(ACCOUNT, bytes(account.sealed))}


def account_values(organisation_id: int, kind: str) -> dict[str, str]:
    """Return the fields of an organisation's account of a kind by name; empty if there is no account."""
    account = SendingAccount.objects.filter(organisation=organisation_id, kind=kind).first()
    return values_of(account) if account else {}


def to_be_told(before: int) -> Iterable[Recipient]:
    """Return the recipients who can be reached, and whose meter or payments have something new, or whom `watching`
    looked at last before the instant `before`.
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
