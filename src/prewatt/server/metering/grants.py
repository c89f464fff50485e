"""Staff grants: what a phone may do at a property's gateways when the server is out of reach (`wire.on_site`)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ...kernel.limits import is_lendable, most_lent
from ...kernel.orders import GRANT_LONGEST, GRANT_RESTORE_LONGEST
from ...kernel.units import DAY
from ...wire.on_site import ALLOWED, GatewayKey, Grant, encode, sign_grant
from ...wire.signing import VerifyKey
from ..core import local_forms
from ..core.home_secrets import signing_key
from ..core.time import now
from ..estate.models import Property
from .models import Gateway, StaffGrant


def refused_restoring(
    amount_field: str, most_amount: int, currency: str, time_field: str, longest: int
) -> dict[str, str]:
    """Return, by field and for people, which of these bounds of a restoration is out of range: an amount (nano) in a currency,
    a time (µs). Empty if neither is.
    """
    errors = {}
    if not is_lendable(most_amount, currency):
        most = local_forms.money(most_lent(currency), currency)
        errors[amount_field] = _("Type an amount from 0 to %(most)s.") % {"most": most}
    if not 0 <= longest <= GRANT_RESTORE_LONGEST:
        days = GRANT_RESTORE_LONGEST // DAY
        text = ngettext("The time can be %(days)d day at most.", "The time can be %(days)d days at most.", days)
        errors[time_field] = text % {"days": days}
    return errors


@dataclass(frozen=True, kw_only=True)
class GrantRequest:
    """A request for a staff grant of a property, for the phone whose public key is `key` (64 hexadecimal digits).
    `holder`: whose phone it is. `actions`: of `wire.on_site.ALLOWED`. `begins` and `ends` are instants. `most_amount`
    (nano) and `longest` (µs) limit what the holder may restore.
    """

    property: Property
    holder: str
    key: str
    actions: Sequence[str]
    begins: int
    ends: int
    most_amount: int = 0
    longest: int = 0

    def clean(self) -> bytes:
        """Return the phone's key (32 bytes). Raises ValidationError, which names each wrong field."""
        errors: dict[str, str] = {}
        raw = b""
        if not self.holder.strip() or len(self.holder) > 100:
            errors["holder"] = _("Say whose phone it is.")
        try:
            raw = bytes.fromhex(self.key.strip())
            VerifyKey(raw)
        except ValueError:
            errors["key"] = _(
                "This is not a phone's key. It has 64 hexadecimal digits: type them as `prewatt onsite key` shows them."
            )
        if not self.actions or set(self.actions) - set(ALLOWED):
            errors["actions"] = _("Choose one or more of: %(known)s.") % {"known": ", ".join(ALLOWED)}
        if not self.begins < self.ends <= now() + GRANT_LONGEST or self.ends <= now():
            errors["ends"] = _("A grant must end after it begins, in the future, and within %(days)d days.") % {
                "days": GRANT_LONGEST // DAY
            }
        errors |= refused_restoring("most_amount", self.most_amount, self.property.currency, "longest", self.longest)
        if errors:
            raise ValidationError(errors)
        return raw


def gateway_keys(property_: Property) -> tuple[GatewayKey, ...]:
    """Return the gateways of a property that are enrolled, with the keys that verify their answers."""
    gateways = Gateway.objects.filter(property=property_, public_key__isnull=False, is_revoked=False)
    return tuple(GatewayKey(each.name, bytes(each.public_key or b"")) for each in gateways.order_by("name"))


@transaction.atomic
def make_grant(request: GrantRequest, by: Any, user: Any = None) -> StaffGrant:
    """Sign a grant and store it. `by`: a user, or the name of one; `user`: whose login asked for it by a phone. Raises
    ValidationError, which names the wrong fields.
    """
    key = request.clean()
    actions = tuple(dict.fromkeys(request.actions))
    row = StaffGrant.objects.create(
        property=request.property,
        holder=request.holder.strip(),
        key=key.hex(),
        actions=" ".join(actions),
        begins=request.begins,
        ends=request.ends,
        made_at=now(),
        by=by if isinstance(by, str) else by.get_username(),
        user_id=None if user is None else user.pk,
    )
    grant = Grant(
        grant=f"{row.pk}",
        property=request.property.pk,
        holder=row.holder,
        key=key,
        actions=actions,
        begins=request.begins,
        ends=request.ends,
        most_amount=request.most_amount,
        longest=request.longest,
        issued=row.made_at,
        gateways=gateway_keys(request.property),
    )
    row.text = b64encode(encode(sign_grant(signing_key(settings.CONFIG), grant))).decode()
    row.save(update_fields=["text"])
    return row
