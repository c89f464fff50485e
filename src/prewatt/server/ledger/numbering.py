"""The numbers of papers that are given out: receipts, bills, statements. Each kind has its own, from 1, without a gap, in an
organisation.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Max, Model

from ..metering.locking import lock_organisation


def next_number(kind: type[Model], organisation_pk: int) -> int:
    """Return the number of an organisation's next paper of a kind, a model with `organisation` and `number`. The caller
    stores the paper in the same transaction. The organisation is locked until that ends, so that nobody else takes the
    number.
    """
    lock_organisation(organisation_pk)
    rows: Any = kind._default_manager.filter(organisation=organisation_pk)
    return int(rows.aggregate(last=Max("number"))["last"] or 0) + 1
