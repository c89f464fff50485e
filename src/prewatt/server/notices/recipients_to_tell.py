"""The recipients for whom there may be something new."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, F, OuterRef, Q

from ..vending.models import TopUp
from .models import Channel, Recipient
from .recipient_channels import that_send


def to_be_told(before: int) -> Iterable[Recipient]:
    """Return the recipients who can be reached and for whom there may be something new: all managers, tenants whose meter
    or payments have something new, and those whom `watching` has not looked at since the instant `before`.
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
