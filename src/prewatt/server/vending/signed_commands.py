"""The commands of the credit log are signed."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from msgspec.structs import replace

from ...kernel import entries
from ...kernel.naming import named
from ...wire.signing import SigningKey, sign_command
from ..core.home_secrets import signing_key
from ..metering.models import Meter
from .models import Command


@cache
def _key() -> SigningKey:
    return signing_key(settings.CONFIG)


def signed_row(meter: Meter, command: entries.Command) -> Command:
    """Return the row of a command, signed. It is not stored yet."""
    signed = sign_command(_key(), command)
    return Command(
        meter=meter,
        number=command.number,
        kind=str(command.order.__struct_config__.tag),
        body=signed.body,
        signature=signed.signature,
        issued_at=command.issued,
        # An order that ends a code has no code itself.
        tid=None if isinstance(command.order, entries.EndCode) else getattr(command.order, "tid", None),
    )


def sign_anew(row: Command, number: int, order: entries.AnyOrder | None = None) -> None:
    """Give a command another number, or another order, and sign it again. Raises EntryError if its body cannot be read
    and no order is given.
    """
    known = None if order else entries.decode_command(bytes(row.body))
    if order is not None:
        command = named(row.meter.name, number, row.issued_at, order)
    elif isinstance(known, entries.Command):
        command = replace(known, number=number)
    else:
        raise entries.EntryError(f"command {row.number} of meter {row.meter} is of a kind that is not known here")
    signed = sign_command(_key(), command)
    row.body, row.signature = signed.body, signed.signature
    if number != row.number:
        row.earlier_number, row.number = row.number if row.number > 0 else row.earlier_number, number
    row.save(update_fields=["number", "earlier_number", "body", "signature"])


def change_order(row: Command, order: entries.AnyOrder) -> None:
    """Give a waiting command another order, signed with the number in its body; a command that has stepped aside gets
    its new number later. Raises EntryError if its body cannot be read.
    """
    known = entries.decode_command(bytes(row.body))
    signed = sign_command(_key(), named(row.meter.name, known.number, row.issued_at, order))
    row.body, row.signature, row.tid = signed.body, signed.signature, getattr(order, "tid", None)
    row.save(update_fields=["body", "signature", "tid"])
