"""The tenants whom no notice reaches, each with the reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from ...kernel.names import natural
from ..core.time import now
from ..estate.models import Property, Tenancy
from .channels import CHANNELS
from .models import Channel
from .recipient_channels import that_send


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
    return _("no account is set up to send by %(ways)s") % {
        "ways": ", ".join(sorted({str(CHANNELS[each.kind].title) for each in on if each.kind in CHANNELS}))
    }
