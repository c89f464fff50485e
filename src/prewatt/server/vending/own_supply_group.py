"""The supply group of an organisation's own meters."""

from __future__ import annotations

import os

from ...tokens import (
    BaseDate,
    instant_of,
)
from ..core.time import now
from ..estate.models import Organisation
from .models import SupplyGroup
from .security import security_module


def own_group(organisation: Organisation) -> SupplyGroup:
    """Return the supply group of an organisation's own meters. It is made with a key of its own the first time."""
    group = SupplyGroup.objects.filter(organisation=organisation, is_own=True).order_by("-pk").first()
    if group is not None:
        return group
    return SupplyGroup.objects.create(
        organisation=organisation,
        code=f"{organisation.pk % 1_000_000:06}",
        is_own=True,
        base=max(each for each in BaseDate if instant_of(each, 0) <= now()),
        sealed=security_module().seal(os.urandom(20)),
    )


def renew_own_group(organisation: Organisation) -> SupplyGroup:
    """Make a new key for an organisation's own meters, with the next revision. After revision 9 comes revision 1 of
    another group code.
    """
    present = own_group(organisation)
    fresh = SupplyGroup(
        organisation=organisation,
        code=present.code if present.revision < 9 else f"{(int(present.code) + 100_000) % 1_000_000:06}",
        revision=present.revision % 9 + 1,
        base=max(each for each in BaseDate if instant_of(each, 0) <= now()),
        is_own=True,
        sealed=security_module().seal(os.urandom(20)),
    )
    fresh.save()
    return fresh
