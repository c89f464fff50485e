"""Statements that are given out have numbers, without a gap in the organisation. A preliminary statement has none."""

from __future__ import annotations

import hashlib
import json

from django.db import transaction

from ..billing.models import StatementPaper
from ..core.time import now
from ..ledger.numbering import next_number
from ..metering.locking import lock_organisation
from .statement import Line, Statement


def digest_of(document: Statement) -> str:
    """Return the hash of a statement's figures. Words are left out: the same statement in another language is the same. So is one
    that lists the rates in another order.
    """
    by_rate = iter(sorted((each for each in document.lines if each.tier is not None), key=_by_rate))
    lines = [
        (line.section, line.at, line.energy, line.price, line.tier, line.included, line.amount)
        for line in (next(by_rate) if each.tier is not None else each for each in document.lines)
    ]
    registers = [each and (each.at, each.register) for each in (document.first, document.last)]
    figures = json.dumps([document.opening, document.closing, lines, registers])
    return hashlib.sha256(figures.encode()).hexdigest()


def _by_rate(line: Line) -> tuple[str, int, int]:
    return line.rate, line.tier or 0, line.price or 0


def paper_of(document: Statement) -> StatementPaper | None:
    """Return the paper with the same figures as a statement; None if the statement was not given out yet."""
    rows = StatementPaper.objects.filter(tenancy=document.tenancy, begins=document.begins, ends=document.ends)
    return rows.filter(digest=digest_of(document)).order_by("-number").first()


@transaction.atomic
def give_out(document: Statement) -> StatementPaper | None:
    """Return the paper of a statement that is given out now: the known one, or one with the next number. None if the
    statement is preliminary.
    """
    if not document.complete:
        return None
    organisation = lock_organisation(document.tenancy.unit.property.organisation_id)
    known = paper_of(document)
    if known is not None:
        return known
    span = StatementPaper.objects.filter(tenancy=document.tenancy, begins=document.begins, ends=document.ends)
    return StatementPaper.objects.create(
        organisation=organisation,
        number=next_number(StatementPaper, organisation.pk),
        tenancy=document.tenancy,
        begins=document.begins,
        ends=document.ends,
        digest=digest_of(document),
        made_at=now(),
        replaces=span.order_by("-number").first(),
    )
