"""The gift links of a flat: who makes them, who ends them, and what they have brought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from ...kernel.units import DAY
from ..core.time import now
from ..estate.models import Tenancy
from ..metering.locking import for_update
from ..payments.gifts import RELATED, gifts_of, is_open, is_over, new_token, typed_name
from ..payments.models import GiftLink
from .residents import main_resident

DAYS = (30, 90, 365)
"""For how many days a link can hold."""
MOST_OPEN = 10
"""The most links of a flat that can be paid by at a time."""


@dataclass(frozen=True)
class NewGiftLink:
    """What somebody of a flat has typed for a new link. `flat_name`: what the link's page calls the flat; `shown_name`: the
    person whom the page names, or empty; `note`: for whom the link is; `days`: how long it holds.
    """

    flat_name: str
    shown_name: str = ""
    note: str = ""
    days: int = DAYS[-1]


@dataclass(frozen=True)
class ListedLink:
    """A link as one person of the flat sees it. `paid`: the sum (nano) of the `payments` that were made by it."""

    link: GiftLink
    is_own: bool
    may_be_ended: bool
    paid: int
    payments: int


@transaction.atomic
def make_gift_link(tenancy: Tenancy, by: Any, given: NewGiftLink) -> GiftLink:
    """Make a link by which others can pay for a flat. Raises ValidationError, which names the field, if it can't be made."""
    flat_name = typed_name(given.flat_name, "flat_name") or typed_name(tenancy.unit.name, "flat_name")
    shown_name, note = typed_name(given.shown_name, "shown_name"), typed_name(given.note, "note")
    if given.days not in DAYS:
        raise ValidationError({"days": _("Choose for how long the link is valid.")})
    # Of two who make links at once the second sees the first one's.
    tenancy = for_update(Tenancy.objects).get(pk=tenancy.pk)
    at = now()
    if is_over(tenancy, at):
        raise ValidationError(_("This tenancy has ended."))
    if len(open_links(tenancy)) >= MOST_OPEN:
        raise ValidationError(_("This flat has %(most)d links already. End one first.") % {"most": MOST_OPEN})
    hash_, sealed = new_token()
    return GiftLink.objects.create(
        tenancy=tenancy,
        hash=hash_,
        sealed=sealed,
        flat_name=flat_name,
        shown_name=shown_name,
        note=note,
        made_by=by,
        made_at=at,
        ends=at + given.days * DAY,
    )


def open_links(tenancy: Tenancy) -> list[GiftLink]:
    """Return the links by which others can pay for a flat now, the latest first."""
    rows = tenancy.gift_links.select_related(*RELATED).filter(revoked_at__isnull=True, ends__gt=now())
    return [each for each in rows if is_open(each)]


def listed(tenancy: Tenancy, user: Any) -> list[ListedLink]:
    """Return the open links of a flat as `user`, one of its people, sees them. Only whoever made a link (`is_own`) is shown its details."""
    is_main = _is_main(tenancy, user)
    return [_listed(each, user, is_main) for each in open_links(tenancy)]


def _listed(link: GiftLink, user: Any, is_main: bool) -> ListedLink:
    payments, is_own = gifts_of(link), link.made_by_id == user.pk
    paid = payments.aggregate(sum=Sum("amount"))["sum"] or 0
    return ListedLink(link, is_own, is_own or is_main, int(paid), payments.count())


def own_link(tenancy: Tenancy, user: Any, pk: int) -> GiftLink | None:
    """Return the open link `pk` of a flat if `user` made it; None otherwise."""
    return next((each for each in open_links(tenancy) if each.pk == pk and each.made_by_id == user.pk), None)


def end_gift_link(link: GiftLink, by: Any) -> None:
    """End a link, at once. A payment that was begun by it before still counts. Raises ValidationError if it is another's, and
    `by` is not the main tenant.
    """
    if link.made_by_id != by.pk and not _is_main(link.tenancy, by):
        raise ValidationError(_("Only the person who made a link and the main tenant can end it."))
    GiftLink.objects.filter(pk=link.pk, revoked_at__isnull=True).update(revoked_at=now())


def _is_main(tenancy: Tenancy, user: Any) -> bool:
    main = main_resident(tenancy)
    return main is not None and main.user_id == user.pk
