"""The law of `kernel.span` as conditions on rows."""

from __future__ import annotations

from django.db.models import Q

from ...kernel.span import Span


def during(span: Span, field: str = "at") -> Q:
    """Return the condition on rows of what happened in a span: payments, bookings. `field`: the column of its instant."""
    return Q((f"{field}__gte", span.begins), (f"{field}__lt", span.ends))


def measured(span: Span, field: str = "at") -> Q:
    """Return the condition on rows of what ended in a span: readings. `field`: the column of the instant of the
    reading.
    """
    return Q((f"{field}__gt", span.begins), (f"{field}__lte", span.ends))
