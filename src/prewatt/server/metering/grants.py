"""Staff grants: what a phone may do at a property's gateways when the server is out of reach (`wire.on_site`)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.orders import GRANT_LONGEST, GRANT_RESTORE_LONGEST, RESTORE_LARGEST
from ...kernel.units import DAY, NANO
from ...wire.on_site import ALLOWED, GatewayKey, Grant, encode, sign_grant
from ...wire.signing import VerifyKey
from ..core.config import signing_key
from ..core.time import now
from ..estate.models import Property
from .models import Gateway, StaffGrant


@transaction.atomic
def make_grant(
    where: Property,
    holder: str,
    key: str,
    actions: Iterable[str],
    begins: int,
    ends: int,
    by: Any,
    *,
    most_amount: int = 0,
    longest: int = 0,
) -> StaffGrant:
    """Sign a grant for the phone whose public key is `key` (64 hexadecimal digits). `most_amount` (nano) and `longest`
    (µs) bound what it may restore. ValidationError names what can't be.
    """
    wanted = tuple(dict.fromkeys(actions))
    errors: dict[str, str] = {}
    if not holder.strip() or len(holder) > 100:
        errors["holder"] = _("Say whose phone it is.")
    try:
        raw = bytes.fromhex(key.strip())
        VerifyKey(raw)
    except ValueError:
        raw = b""
        errors["key"] = _("This is not a phone's key: 64 hexadecimal digits, as `prewatt onsite key` shows them.")
    if not wanted or set(wanted) - set(ALLOWED):
        errors["actions"] = _("Choose of %(known)s.") % {"known": ", ".join(ALLOWED)}
    if not begins < ends <= now() + GRANT_LONGEST or ends <= now():
        errors["ends"] = _("A grant ends after it begins, in the future, and within %(days)d days.") % {
            "days": GRANT_LONGEST // DAY
        }
    if not 0 <= most_amount <= RESTORE_LARGEST:
        errors["most_amount"] = _("At most %(most)s.") % {"most": RESTORE_LARGEST // NANO}
    if not 0 <= longest <= GRANT_RESTORE_LONGEST:
        errors["longest"] = _("At most a week.")
    if errors:
        raise ValidationError(errors)
    made = StaffGrant.objects.create(
        property=where,
        holder=holder.strip(),
        key=raw.hex(),
        actions=" ".join(wanted),
        begins=begins,
        ends=ends,
        made=now(),
        by=by if isinstance(by, str) else by.get_username(),
    )
    gateways = Gateway.objects.filter(property=where, public_key__isnull=False, revoked=False).order_by("name")
    grant = Grant(
        grant=f"{made.pk}",
        property=where.pk,
        holder=made.holder,
        key=raw,
        actions=wanted,
        begins=begins,
        ends=ends,
        most_amount=most_amount,
        longest=longest,
        issued=made.made,
        gateways=tuple(GatewayKey(each.name, bytes(each.public_key or b"")) for each in gateways),
    )
    made.text = b64encode(encode(sign_grant(signing_key(settings.CONFIG), grant))).decode()
    made.save(update_fields=["text"])
    return made
