"""The people of a flat: the end of somebody's access."""

from __future__ import annotations

from django.db import transaction

from ..accounts.invitations import revoke
from ..estate.models import Resident
from ..notices.models import Channel


@transaction.atomic
def remove_resident(resident: Resident) -> None:
    """End a login's access to a flat: it sees nothing of it any more, is told nothing, and its open invitations let nobody in."""
    revoke(resident.tenancy.invitations.still_open().filter(made_by=resident.user))
    Channel.objects.filter(recipient__tenancy=resident.tenancy, user=resident.user).delete()
    resident.delete()
