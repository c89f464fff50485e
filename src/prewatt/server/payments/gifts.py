"""Gift links: whoever has one pays for a flat without a login, and learns nothing of the flat but its name.

The token has 160 bits, as figures and letters that can be typed from a paper. It is found by its hash, and kept sealed so
that whoever made the link can show it again.
"""

from __future__ import annotations

import hashlib
import re
import secrets

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from ..core.addresses import public
from ..core.sealing import sealer
from ..core.time import now
from ..estate.models import Tenancy
from .gift_models import LONGEST_NAME, Gift, GiftLink
from .models import Payment

PURPOSE = "gift link"
BYTES = 20
"""The number of random bytes of a token."""
LONGEST_TOKEN = 64
RELATED = ("tenancy__unit__property__organisation", "made_by")
_MARKS = re.compile(r"([.:。．｡])(?=\S)")
"""Marks within a word: phones show such a word as a link."""


def new_token() -> tuple[str, bytes]:
    """Return the hash of a new random token, and the token sealed."""
    token = secrets.token_hex(BYTES)
    return _hash(token), sealer(PURPOSE).seal(token.encode())


def _hash(token: str) -> str:
    return hashlib.sha256(token.lower().encode()).hexdigest()


def gift_link_of(token: str) -> GiftLink | None:
    """Return the link with a token, also one that is over; None if there is none."""
    if len(token) > LONGEST_TOKEN:
        return None
    return GiftLink.objects.select_related(*RELATED).filter(hash=_hash(token)).first()


def token_of(link: GiftLink) -> str:
    """Return the token of a link. Raises SealError if another server made it."""
    return sealer(PURPOSE).open(bytes(link.sealed)).decode()


def address_of(link: GiftLink) -> str:
    """Return the address of a link's page. Raises SealError if another server made it."""
    return public(reverse("tenant:giving:give", args=[token_of(link)]))


def is_open(link: GiftLink) -> bool:
    """Return whether somebody can pay by a link now: it has not ended, its tenancy is going on, and whoever made it still
    belongs to the flat. The links of a person who has left the flat work no more.
    """
    at, tenancy = now(), link.tenancy
    if link.revoked_at is not None or link.ends <= at or is_over(tenancy, at):
        return False
    return link.made_by.is_active and tenancy.people.filter(pk=link.made_by_id).exists()


def is_over(tenancy: Tenancy, at: int) -> bool:
    """Return whether a tenancy has not begun or has ended at an instant."""
    return tenancy.begins > at or tenancy.has_ended(at)


def asked_by(link: GiftLink, asked: str) -> str:
    """Return the name under which a link's page asks for a payment. `asked`: the name that the page gives it. The returned name
    belongs to this link alone: nobody can reach a payment of a tenant or a program by guessing its name here.
    """
    return hashlib.sha256(f"{link.hash}\0{asked}".encode()).hexdigest()[:40]


def gift_in(payment: Payment, tenancy: Tenancy) -> Gift | None:
    """Return what a tenancy may know of the giver of a payment. None if no gift link asked for the payment, or the link is
    another flat's and the payment was moved here.
    """
    gift: Gift | None = getattr(payment, "gift", None)
    return gift if gift is not None and gift.link.tenancy_id == tenancy.pk else None


def gifts_of(link: GiftLink) -> QuerySet[Payment]:
    """Return the payments by a link whose money has arrived: credited, held, or used for debts."""
    arrived = (Payment.State.PAID, Payment.State.HELD, Payment.State.DEBT)
    return Payment.objects.filter(gift__link=link, state__in=arrived)


def typed_name(text: str, field: str) -> str:
    """Return a typed name in one line, without invisible signs, with a blank after each dot or colon so that no phone shows
    it as a link. Raises ValidationError, which names the field, if it is too long.
    """
    seen = "".join(sign if sign.isprintable() else " " for sign in text)
    name = " ".join(_MARKS.sub(r"\1 ", seen).split())
    if len(name) > LONGEST_NAME:
        raise ValidationError({field: _("Type a name of at most %(most)d letters.") % {"most": LONGEST_NAME}})
    return name
