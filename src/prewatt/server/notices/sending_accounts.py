"""The organisations' accounts with the services that carry notices."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ..core.credential_fields import part, read_fields, seal, unseal
from ..core.time import now
from ..estate.models import Organisation
from .channels import CHANNELS
from .models import Recipient, SendingAccount
from .recipient_channels import tell_from_now

ACCOUNT = "sending account"
"""The purpose under which the secrets of an account are sealed."""


@transaction.atomic
def keep_account(organisation: Organisation, kind: str, given: Mapping[str, str]) -> SendingAccount:
    """Create or change an organisation's account with a service that carries notices. A secret that is left empty stays
    as it is. Raises ValidationError.
    """
    channel = CHANNELS.get(kind)
    if channel is None or not channel.fields:
        raise ValidationError({"kind": _("This channel does not need an account.")})
    account = SendingAccount.objects.filter(organisation=organisation, kind=kind).first()
    stored = values_of(account) if account else {}
    fields = channel.fields_of(given)
    # Of what is not secret the form shows all: left empty it is empty.
    secrets = {field.name: stored[field.name] for field in fields if field.secret and field.name in stored}
    values = read_fields(fields, given, secrets)
    try:
        channel.check_account(values)
    except ValueError as error:
        raise ValidationError(str(error)) from None
    tell_from_now(Recipient.objects.filter(organisation=organisation))
    account = account or SendingAccount(organisation=organisation, kind=kind, made_at=now())
    account.settings = part(fields, values, secret=False)
    account.sealed = seal(ACCOUNT, part(fields, values, secret=True))
    account.save()
    return account


def values_of(account: SendingAccount) -> dict[str, str]:
    """Return all fields of an account by name, the secrets too. Raises SealError if the secrets can't be opened."""
    return {**account.settings, **unseal(ACCOUNT, bytes(account.sealed))}


def account_values(organisation_id: int, kind: str) -> dict[str, str]:
    """Return the fields of an organisation's account of a kind by name; empty if there is no account."""
    account = SendingAccount.objects.filter(organisation=organisation_id, kind=kind).first()
    return values_of(account) if account else {}
