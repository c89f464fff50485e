"""The form with which a second person agrees to a proposal about money, or its own author withdraws it."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from ...accounts.memberships import members_with
from ...accounts.rights import Right
from ...billing.models import WriteOff
from ...estate.models import Tenancy
from ...vending.models import Adjustment

register = template.Library()


@register.inclusion_tag("web/layout/second_person.html", takes_context=True)
def second_person(context: Context, proposal: Adjustment | WriteOff, tenancy: Tenancy, address: str) -> dict[str, Any]:
    """Return what the form shows of a proposal of a tenancy that waits. `address`: where the form posts to. `others`: who can
    agree, beside the one who has proposed it and whoever runs the server.
    """
    property_ = tenancy.unit.property
    others = members_with(Right.GIVE_BACK, property_).exclude(user=proposal.by_id).select_related("user")
    return {
        "address": address,
        "csrf_token": context.get("csrf_token"),
        "is_own": context["request"].user.pk == proposal.by_id,
        "may_decide": Right.GIVE_BACK in context["rights"],
        "may_add_people": Right.PEOPLE in context["rights"],
        "organisation": property_.organisation_id,
        "others": ", ".join(each.user.get_username() for each in others),
    }
