"""What an account with somebody else (a payment provider, a mail server) needs to know, typed into a form: some of it
secret, sealed before it is stored and never shown again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from .sealing import sealer

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

LONGEST = 10_000


class Field(NamedTuple):
    """Something that an account needs to know. A `secret` one is sealed, and never shown again. `choices`: (value, what it
    is) of those that it can have.
    """

    name: str
    label: str | _StrPromise
    secret: bool = False
    optional: bool = False
    help: str | _StrPromise = ""
    choices: tuple[tuple[str, str | _StrPromise], ...] = ()


def read_fields(fields: Iterable[Field], given: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """What was typed; what was left empty stays as it is `known`. ValidationError names the field."""
    return {field.name: _value(field, given, known) for field in fields}


def _value(field: Field, given: Mapping[str, str], known: Mapping[str, str]) -> str:
    value = given.get(field.name, "").strip() or known.get(field.name, "")
    if not value and not field.optional:
        raise ValidationError({field.name: _("This is needed.")})
    if value and field.choices and value not in dict(field.choices):
        raise ValidationError({field.name: _("There is no such choice.")})
    if len(value) > LONGEST or not all(sign.isprintable() or sign in "\r\n" for sign in value):
        raise ValidationError({field.name: _("This is not a key or a number.")})
    return value


def part(fields: Iterable[Field], values: Mapping[str, str], secret: bool) -> dict[str, str]:
    """The secret ones, or the others."""
    return {field.name: values[field.name] for field in fields if field.secret == secret}


def seal(purpose: str, secrets: Mapping[str, str]) -> bytes:
    """Secrets as the database keeps them."""
    return sealer(purpose).seal(json.dumps(secrets).encode())


def unseal(purpose: str, sealed: bytes) -> dict[str, str]:
    """Secrets that were sealed. SealError if they can't be opened."""
    found: dict[str, str] = json.loads(sealer(purpose).open(sealed))
    return found
