"""Phone numbers that people log in with. Each was proven by a code."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction

from ..core.credential_fields import seal, unseal
from ..core.phone_numbers import country_at
from ..estate.models import Property
from ..notices.channels.sms import Sms
from .models import LoginPhone

_PURPOSE = "login phone"


def number_of(user: Any) -> str:
    """Return the number that a user logs in with; empty if there is none. Raises SealError if it can't be opened."""
    row = LoginPhone.objects.filter(user=user).first()
    return unseal(_PURPOSE, bytes(row.sealed))["number"] if row else ""


def user_of(number: str) -> Any | None:
    """Return the user who logs in with a number (+49…); None if there is none."""
    return get_user_model().objects.filter(login_phone__digest=name_of(number)).first()


@transaction.atomic
def keep(user: Any, number: str) -> list[Any]:
    """Store a number that was proven as the one that a user logs in with. A number belongs to whoever proved it last, as in
    the network. Returns the other users who had it before; they have no number from now on.
    """
    others = LoginPhone.objects.filter(digest=name_of(number)).exclude(user=user)
    losers = [each.user for each in others.select_related("user")]
    others.delete()
    values = {"digest": name_of(number), "sealed": seal(_PURPOSE, {"number": number}), "shown": Sms.shown(number)}
    LoginPhone.objects.update_or_create(user=user, defaults=values)
    return losers


def forget(user: Any) -> bool:
    """Take a user's number away. Returns whether there was one."""
    count, _by_model = LoginPhone.objects.filter(user=user).delete()
    return bool(count)


def country() -> str:
    """Return the country of all buildings, for numbers that are typed without one; empty if there is no single country."""
    places = Property.objects.values_list("zone", "currency").distinct()
    countries = {country_at(zone, currency) for zone, currency in places}
    return countries.pop() if len(countries) == 1 else ""


def name_of(number: str) -> str:
    """Return the name that stands for a number where the number itself is not kept."""
    return hmac.new(settings.SECRET_KEY.encode(), f"login phone {number}".encode(), hashlib.sha256).hexdigest()
