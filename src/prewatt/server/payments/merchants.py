"""Merchant accounts, with their secrets and the provider of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

from django.conf import settings as server_settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..core.credential_fields import part, read_fields, seal, unseal
from ..core.time import now
from ..estate.models import Organisation
from .models import Merchant
from .providers import PROVIDERS
from .providers.interface import Provider

PURPOSE = "merchant secrets"


def keep_merchant(
    organisation: Organisation, provider: str, name: str, given: Mapping[str, str], merchant: Merchant | None = None
) -> Merchant:
    """Create a merchant account, or change one; a secret that is left empty stays as it was. `given`: the typed values
    by the names of the provider's fields. Raises ValidationError, which names the field, SealError if the secrets
    cannot be sealed or opened.
    """
    kind = PROVIDERS.get(provider)
    if kind is None:
        raise ValidationError({"provider": _("There is no such payment provider: choose one from the list.")})
    known = {**merchant.settings, **unseal(PURPOSE, bytes(merchant.sealed))} if merchant else {}
    values = read_fields(kind.fields, given, known)
    try:
        kind(values, server_settings.CONFIG.providers.get(provider, ""))
    except ValueError as error:
        raise ValidationError(str(error)) from None
    account = merchant or Merchant(organisation=organisation, provider=provider, made_at=now())
    account.name = name.strip()
    account.settings = part(kind.fields, values, secret=False)
    account.sealed = seal(PURPOSE, part(kind.fields, values, secret=True))
    account.full_clean(exclude=("sealed", "settings", "refused_at"))
    if merchant is None:
        account.save()
    else:
        # Whether it is in use, and what it has refused, may have changed since the page was opened.
        account.save(update_fields=["name", "settings", "sealed"])
    return account


def provider_of(merchant: Merchant) -> Provider:
    """Return the provider with the keys of this account. Raises SealError if the keys cannot be opened."""
    address = server_settings.CONFIG.providers.get(merchant.provider, "")
    return _provider(merchant.provider, address, json.dumps(merchant.settings, sort_keys=True), bytes(merchant.sealed))


@lru_cache(maxsize=256)
def _provider(provider: str, address: str, settings: str, sealed: bytes) -> Provider:
    # Kept between calls, as WeChat Pay's certificates are.
    return PROVIDERS[provider]({**json.loads(settings), **unseal(PURPOSE, sealed)}, address)
