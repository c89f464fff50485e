"""Merchant accounts: their secrets, and the provider that stands behind each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings as server_settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..estate.models import Organisation
from ..sealing import sealer
from ..time import now
from .models import Merchant
from .providers import PROVIDERS
from .providers.interface import Field, Provider

PURPOSE = "merchant secrets"
LONGEST = 10_000


def keep_merchant(
    organisation: Organisation, provider: str, name: str, given: Mapping[str, str], merchant: Merchant | None = None
) -> Merchant:
    """Make a merchant account, or change one: a secret that is left empty stays as it was. ValidationError names the
    field.
    """
    kind = PROVIDERS.get(provider)
    if kind is None:
        raise ValidationError({"provider": _("There is no such provider.")})
    known = {**merchant.settings, **_secrets(merchant)} if merchant else {}
    values = {field.name: _value(field, given, known) for field in kind.fields}
    try:
        kind(values, server_settings.CONFIG.providers.get(provider, ""))
    except ValueError as error:
        raise ValidationError(str(error)) from None
    made = merchant or Merchant(organisation=organisation, provider=provider, made=now())
    made.name = name.strip()
    made.settings = {field.name: values[field.name] for field in kind.fields if not field.secret}
    secrets = {field.name: values[field.name] for field in kind.fields if field.secret}
    made.sealed = sealer(PURPOSE).seal(json.dumps(secrets).encode())
    made.full_clean(exclude=("sealed", "settings", "refused_at"))
    made.save()
    return made


def _value(field: Field, given: Mapping[str, str], known: Mapping[str, str]) -> str:
    value = given.get(field.name, "").strip() or known.get(field.name, "")
    if not value and not field.optional:
        raise ValidationError({field.name: _("This is needed.")})
    if len(value) > LONGEST or not all(sign.isprintable() or sign in "\r\n" for sign in value):
        raise ValidationError({field.name: _("This is not a key or a number.")})
    return value


def _secrets(merchant: Merchant) -> dict[str, str]:
    found: dict[str, str] = json.loads(sealer(PURPOSE).open(bytes(merchant.sealed)))
    return found


def provider_of(merchant: Merchant) -> Provider:
    """The provider with this account's keys. SealError if they can't be opened."""
    return _provider(merchant.provider, json.dumps(merchant.settings, sort_keys=True), bytes(merchant.sealed))


@lru_cache(maxsize=256)
def _provider(provider: str, settings: str, sealed: bytes) -> Provider:
    # Kept between calls, as WeChat Pay's certificates are.
    secrets: dict[str, Any] = json.loads(sealer(PURPOSE).open(sealed))
    address = server_settings.CONFIG.providers.get(provider, "")
    return PROVIDERS[provider]({**json.loads(settings), **secrets}, address)
