"""Once a day, what was kept of people for long enough is deleted, landlord by landlord. A failure at one does not stop
the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from ...kernel.units import DAY
from ..core.time import now, system_now
from ..correspondence.models import Note, Photo, Report
from ..estate.models import Organisation, Tenancy
from ..metering.apart import apart, gateway_of, meter_or_gateway_of
from ..metering.models import LiveReading, Look
from ..notices.models import Channel, Delivery, Notice
from ..payments.models import WaitingStatement
from ..vending.models import KeypadReading
from .bills import erase_from_old_bills
from .erasing import empty_the_log, erase, objections
from .models import Retention, retention_of

log = logging.getLogger("prewatt.worker")
WAITING_FILES = 30 * DAY
"""How long (µs) a bank's file waits for a person to say what its columns are."""
LOOKED_AT = DAY
"""How long (µs) it is kept that somebody looked at a meter, and what it showed then."""


def forget_what_is_due() -> None:
    """Delete and erase what has been kept for as long as each organisation says (`Retention`), and what the server keeps
    for a time of its own. An alarm is raised for an organisation or a tenancy whose turn fails.
    """
    organisations = Organisation.objects.order_by("pk")
    apart("retention", organisations, lambda each: _forget(retention_of(each)), gateway_of)
    for organisation in organisations:
        apart("erasure", _to_erase(retention_of(organisation)), _erase, meter_or_gateway_of)
    erased = Tenancy.objects.filter(erasure__isnull=False, bills__isnull=False).distinct()
    apart("bills", erased.select_related("unit__property__organisation"), erase_from_old_bills, meter_or_gateway_of)
    _forget_of_server()
    empty_the_log()


def _forget_of_server() -> None:
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    looked_at = system_now() - LOOKED_AT
    Look.objects.filter(until__lt=looked_at, asked_at__lt=looked_at).delete()
    LiveReading.objects.filter(heard_at__lt=looked_at).delete()
    WaitingStatement.objects.filter(at__lt=now() - WAITING_FILES).delete()


def _forget(retention: Retention) -> None:
    """Forget what an organisation has kept for long enough."""
    landlord = retention.organisation
    steps: tuple[tuple[int, Callable[[Organisation, int], object]], ...] = (
        (retention.notices_days, _forget_notices),
        (retention.photos_days, _forget_photos),
        (retention.reports_days, _forget_reports),
        (retention.notes_days, _forget_notes),
        (retention.contacts_days, _forget_contacts),
    )
    for days, forget in steps:
        if days:
            with transaction.atomic():
                forget(landlord, now() - days * DAY)


def _forget_notices(landlord: Organisation, until: int) -> None:
    """Empty their texts. The rows stay: their keys say what was told, so that it is not told again."""
    old = Notice.objects.filter(recipient__organisation=landlord, made_at__lt=until).exclude(text="", title="")
    keys = list(old.values_list("pk", flat=True))
    Notice.objects.filter(pk__in=keys).update(title="", text="", facts={})
    Delivery.objects.filter(notice__in=keys).exclude(error="").update(error="")


def _forget_photos(landlord: Organisation, until: int) -> None:
    Photo.objects.filter(
        entry__report__tenancy__unit__property__organisation=landlord, entry__report__closed_at__lt=until
    ).delete()
    KeypadReading.objects.filter(token_meter__organisation=landlord, at__lt=until, photo__isnull=False).update(
        photo=None
    )


def _forget_reports(landlord: Organisation, until: int) -> None:
    Report.objects.filter(tenancy__unit__property__organisation=landlord, closed_at__lt=until).delete()


def _forget_notes(landlord: Organisation, until: int) -> None:
    Note.objects.filter(organisation=landlord, at__lt=until).delete()


def _forget_contacts(landlord: Organisation, until: int) -> None:
    """Who is still owed money, or owes some, must be reached."""
    rows = Tenancy.objects.filter(
        unit__property__organisation=landlord, settled_at__lt=until, recipient__channels__isnull=False, erasure=None
    )
    for tenancy in rows.select_related("unit__property__organisation").distinct():
        if not objections(tenancy):
            Channel.objects.filter(recipient__tenancy=tenancy).delete()


def _to_erase(retention: Retention) -> list[Tenancy]:
    if not retention.erase_days:
        return []
    due = Tenancy.objects.filter(
        unit__property__organisation=retention.organisation,
        settled_at__lt=now() - retention.erase_days * DAY,
        erasure=None,
    )
    return list(due.select_related("unit__property__organisation"))


def _erase(tenancy: Tenancy) -> None:
    try:
        erase(tenancy)
    except ValidationError as error:
        log.debug("tenancy %d is not erased: %s", tenancy.pk, "; ".join(error.messages))
    else:
        log.info("personal data of tenancy %d are erased", tenancy.pk)
