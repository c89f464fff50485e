"""The people of a flat: who is the main tenant, who may end whose access, and what the others call somebody."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ..accounts.invitations import revoke
from ..estate.models import Resident, Tenancy
from ..metering.locking import for_update
from ..notices.models import Channel

LONGEST_NAME = 60


def main_resident(tenancy: Tenancy) -> Resident | None:
    """Return the main tenant: of those who have access, the one who had it first; None if nobody has. If the main tenant
    leaves, the next is it.
    """
    resident: Resident | None = tenancy.residents.select_related("user").order_by("since", "pk").first()
    return resident


@transaction.atomic
def remove_resident(resident: Resident) -> None:
    """End a login's access to a flat: the login sees nothing of the flat and gets no notices, and its open invitations end."""
    revoke(resident.tenancy.invitations.still_open().filter(made_by=resident.user))
    Channel.objects.filter(recipient__tenancy=resident.tenancy, user=resident.user).delete()
    resident.delete()


def check_may_remove(resident: Resident, by: Any) -> None:
    """Raise ValidationError, in words, if somebody who lives in a flat may not end another one's access to it."""
    main = main_resident(resident.tenancy)
    if main is None or main.user_id != by.pk:
        raise ValidationError(_("Only the main tenant and the landlord can end somebody's access."))
    if resident.pk == main.pk:
        raise ValidationError(_("This is your own access. To leave the flat, choose “Leave”."))


def check_may_leave(resident: Resident) -> None:
    """Raise ValidationError, in words, if somebody can't end their own access to a flat: nobody would have any."""
    if resident.tenancy.residents.count() < 2:
        raise ValidationError(_("You are the only one with access. The landlord can end it, when you move out."))


def check_may_end(resident: Resident, by: Any) -> None:
    """Raise ValidationError, in words, if somebody who lives in a flat may not end an access to it: another one's, or their own."""
    if resident.user_id == by.pk:
        check_may_leave(resident)
    else:
        check_may_remove(resident, by)


@transaction.atomic
def end_access_by(resident: Resident, by: Any) -> None:
    """End an access to a flat, as `by`, who lives there, has asked. Of two people who leave at once the second is refused, so
    that somebody keeps access. Raises ValidationError, in words, if `by` may not end it.
    """
    for_update(Tenancy.objects).get(pk=resident.tenancy_id)
    if not resident.tenancy.residents.filter(pk=resident.pk).exists():
        # Somebody else has ended it meanwhile.
        return
    check_may_end(resident, by)
    remove_resident(resident)


def typed_name(typed: str) -> str:
    """Return the typed name by which the others of a flat see somebody, with single blanks. Raises ValidationError if it is too
    long or has characters that can't be printed.
    """
    name = " ".join(typed.split())
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise ValidationError({"name": _("Type a name of at most %(most)d letters.") % {"most": LONGEST_NAME}})
    return name


def choose_name(user: Any, typed: str) -> None:
    """Keep the name by which the others of a flat see somebody; if it is empty, they see the name of the login. Raises
    ValidationError if the name is not possible.
    """
    user.first_name, user.last_name = typed_name(typed), ""
    user.save(update_fields=["first_name", "last_name"])
