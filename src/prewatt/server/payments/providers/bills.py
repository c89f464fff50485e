"""The common parts of the settlement files of China's providers: tables of text, in Beijing time, in yuan."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from ....kernel.units import instant
from .interface import ProviderError

BEIJING = ZoneInfo("Asia/Shanghai")


def named_rows(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """Yield the rows of comma-separated lines, by the names in the first line, without blanks around
    names and values.
    """
    rows = csv.reader(lines)
    names = [name.strip() for name in next(rows, [])]
    for row in rows:
        yield dict(zip(names, (value.strip() for value in row), strict=False))


def beijing_instant(text: str) -> int:
    """Return the instant (µs since 1970) of a wall clock in Beijing such as `2025-10-06 12:00:00`."""
    return instant(datetime.fromisoformat(text).replace(tzinfo=BEIJING))


def in_fen(text: str) -> Decimal:
    """Return an amount in yuan as fen, with all of its decimals; 0 for an empty text. Raises ProviderError if it is no
    amount.
    """
    try:
        return Decimal(text.strip() or "0") * 100
    except InvalidOperation:
        raise ProviderError(
            _("The settlement file has %(text)s where an amount such as 12.34 must be. Ask the provider why.")
            % {"text": text}
        ) from None
