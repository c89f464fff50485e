"""The credentials of an account at another service (a payment provider, a mail server), as they are typed into a form:
some of them are secret, sealed before they are stored and never shown again.
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
    """A field of credentials. A `secret` one is sealed, and never shown again. `choices`: pairs of (value, what it is)
    that it can have.
    """

    name: str
    label: str | _StrPromise
    secret: bool = False
    optional: bool = False
    help: str | _StrPromise = ""
    choices: tuple[tuple[str, str | _StrPromise], ...] = ()


def read_fields(fields: Iterable[Field], given: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Return the typed values; a field that was left empty keeps its `known` value. Raises ValidationError, which names
    the field.
    """
    return {field.name: _value(field, given, known) for field in fields}


def _value(field: Field, given: Mapping[str, str], known: Mapping[str, str]) -> str:
    value = given.get(field.name, "").strip() or known.get(field.name, "")
    if not value and not field.optional:
        raise ValidationError({field.name: _("This field is needed.")})
    if value and field.choices and value not in dict(field.choices):
        raise ValidationError({field.name: _("There is no such choice.")})
    if len(value) > LONGEST or not all(sign.isprintable() or sign in "\r\n" for sign in value):
        raise ValidationError({field.name: _("This is too long, or has characters that can't be in a key.")})
    return value


def shown_fields(
    fields: Iterable[Field], values: Mapping[str, str], wrong: Mapping[str, list[str]]
) -> list[tuple[Field, str, list[str]]]:
    """Return each field with what stands in it, and what is wrong with it. What was typed stays, except secrets."""
    return [(each, "" if each.secret else values.get(each.name, ""), wrong.get(each.name, [])) for each in fields]


def part(fields: Iterable[Field], values: Mapping[str, str], secret: bool) -> dict[str, str]:
    """Return only the secret fields, or only the others."""
    return {field.name: values[field.name] for field in fields if field.secret == secret}


def seal(purpose: str, secrets: Mapping[str, str]) -> bytes:
    """Return secrets as the database stores them."""
    return sealer(purpose).seal(json.dumps(secrets).encode())


def unseal(purpose: str, sealed: bytes) -> dict[str, str]:
    """Return secrets that were sealed. Raises SealError if they cannot be opened."""
    fields: dict[str, str] = json.loads(sealer(purpose).open(sealed))
    return fields
