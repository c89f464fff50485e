"""Fault reports. A tenant says what is wrong, with photos; the manager answers, says how it stands, and closes the
report. It is not a chat: both may add a few words until it is done, and who said or did what, and when, is never
changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ...kernel.units import DAY
from ..core.errors import Refused
from ..core.time import now
from ..core.uploads import PHOTOS_AT_ONCE
from ..estate.models import Organisation, Tenancy
from ..metering.locking import for_update
from ..notices.events import Event
from ..notices.languages import report_word
from ..notices.pages import for_office, for_tenant
from ..notices.recipients import manager_of, recipient_of
from ..notices.telling import tell
from .models import Entry, Photo, Report
from .photos import Encoded
from .texts import excerpt, named, written

MOST_OPEN = 5
"""The most reports of a tenancy that are not done."""
MOST_A_DAY = 5
"""The most reports of a tenancy in 24 hours."""
MOST_ENTRIES_A_DAY = 20
"""The most entries that a tenant adds to reports in 24 hours."""
MOST_PHOTOS = 3 * PHOTOS_AT_ONCE
"""The most photos of a report."""
COMES_BACK = 14 * DAY
"""For this long after a report was done the tenant can say that it is not, µs."""


class ReportError(Refused):
    """A report can't be made or changed. The message says why, for people; nothing was changed."""


@transaction.atomic
def open_report(
    tenancy: Tenancy, asked: str, category: str, text: str, photos: Sequence[Encoded], by: Any, office: bool = False
) -> Report:
    """Report a fault. `office`: the landlord's side reports it, because the tenant has called. Sent twice under one
    name (`asked`), it is one report. Raises ReportError and ValidationError.
    """
    asked, text = named(asked), written(text, "text")
    if category not in Report.Category.values:
        raise ReportError(_("There is no such choice."), "category")
    for_update(Tenancy.objects).get(pk=tenancy.pk)
    known = Report.objects.filter(tenancy=tenancy, asked=asked).first()
    if known is not None:
        _check_same(known.category == category and known.entries.filter(asked=asked, text=text).exists())
        return known
    at = now()
    if not lives_there(tenancy, at):
        raise ReportError(_("Only the flat's tenant can report a fault."))
    if not office:
        _check_number(tenancy, at)
    report = Report.objects.create(tenancy=tenancy, asked=asked, category=category, made_at=at, changed_at=at)
    _add(report, asked, text, Report.State.OPEN, photos, by, office)
    return report


def _check_number(tenancy: Tenancy, at: int) -> None:
    reports = Report.objects.filter(tenancy=tenancy)
    if reports.exclude(state=Report.State.DONE).count() >= MOST_OPEN:
        text = _("%(most)d reports are open already. Add to one of them, or close one.")
        raise ReportError(text % {"most": MOST_OPEN})
    if reports.filter(made_at__gt=at - DAY).count() >= MOST_A_DAY:
        raise ReportError(
            _("You have made %(most)d reports today, and more are not possible. Add to one of them.")
            % {"most": MOST_A_DAY}
        )


@transaction.atomic
def add_entry(
    report: Report, asked: str, text: str, state: str, photos: Sequence[Encoded], by: Any, office: bool
) -> Entry:
    """Answer a report, or say how it stands (`state`; empty: as before). `office`: the landlord's side does so. Sent
    twice under one name (`asked`), it is one entry. Raises ReportError and ValidationError.
    """
    asked, text = named(asked), written(text, "text", needed=False)
    for_update(Tenancy.objects).get(pk=report.tenancy_id)
    locked = Report.objects.select_related("tenancy__unit__property__organisation").get(pk=report.pk)
    known = locked.entries.filter(asked=asked).first()
    if known is not None:
        _check_same(known.text == text)
        return known
    state = _state(locked, state, office)
    if not (text or photos or state):
        raise ReportError(_("Please write something."), "text")
    if not office:
        _check_tenant(locked)
    if Photo.objects.filter(entry__report=locked).count() + len(photos) > MOST_PHOTOS:
        raise ReportError(
            _("The report has too many photos: at most %(most)d are possible.") % {"most": MOST_PHOTOS}, "photos"
        )
    return _add(locked, asked, text, state, photos, by, office)


def _check_same(is_same: bool) -> None:
    """Raise ReportError if something else is sent under a known name: it would be lost."""
    if not is_same:
        text = _(
            "Something else was written under this name before. Send it again from the page as it is now, or under a new name."
        )
        raise ReportError(text, "asked", is_conflict=True)


def _state(report: Report, wanted: str, office: bool) -> str:
    """Return the new state of a report; empty if it stays as it is."""
    allowed = Report.State.values if office else [Report.State.DONE]
    if wanted and wanted not in allowed:
        raise ReportError(_("There is no such choice."), "state")
    if not wanted and not office and report.state == Report.State.DONE:
        # It was said to be done, and is not.
        return Report.State.OPEN
    return "" if wanted == report.state else wanted


def _check_tenant(report: Report) -> None:
    at = now()
    if not lives_there(report.tenancy, at):
        raise ReportError(_("Only the flat's tenant can add something."))
    if not can_add(report, at):
        raise ReportError(_("This report is closed. Make a new report."))
    entries = Entry.objects.filter(report__tenancy=report.tenancy_id, is_from_office=False, at__gt=at - DAY)
    if entries.count() >= MOST_ENTRIES_A_DAY:
        raise ReportError(_("You have reached the limit for one day. Add more tomorrow."))


def lives_there(tenancy: Tenancy, at: int) -> bool:
    """Return whether the tenancy holds at an instant."""
    return tenancy.begins <= at and (tenancy.ends is None or tenancy.ends > at)


def can_add(report: Report, at: int) -> bool:
    """Return whether the tenant can add something: they live there, and the report is not done, or was done a short
    time ago.
    """
    fresh = report.closed_at is None or at - report.closed_at <= COMES_BACK
    return fresh and lives_there(report.tenancy, at)


def _add(report: Report, asked: str, text: str, state: str, photos: Sequence[Encoded], by: Any, office: bool) -> Entry:
    at = now()
    # The tenant goes by their name; the office by who it was.
    who = by.get_username() if office else report.tenancy.tenant
    entry = Entry.objects.create(
        report=report, asked=asked, at=at, by=who, is_from_office=office, text=text, state=state
    )
    Photo.objects.bulk_create(
        [Photo(entry=entry, content=each.content, width=each.width, height=each.height) for each in photos]
    )
    report.changed_at = at
    if state:
        report.state, report.closed_at = state, at if state == Report.State.DONE else None
    report.save(update_fields=["changed_at", "state", "closed_at"])
    _tell(report, entry, len(photos))
    return entry


def _tell(report: Report, entry: Entry, photos: int) -> None:
    tenancy = report.tenancy
    owner = tenancy.unit.property.organisation
    recipient = recipient_of(tenancy) if entry.is_from_office else manager_of(owner)
    language = recipient.language
    ids: dict[str, Any] = {"pk": report.pk}
    link = for_tenant(Event.REPORT, tenancy, **ids) if entry.is_from_office else for_office(Event.REPORT, owner, **ids)
    values = {
        "tenant": entry.is_from_office,
        "unit": str(tenancy.unit),
        "category": report_word(report.category, language),
        "state": report_word(report.state, language),
        "new": entry.asked == report.asked and not entry.is_from_office,
        "who": entry.by,
        "words": excerpt(entry.text),
        "photos": photos,
        "changed": bool(entry.state),
        "link": link,
    }
    danger = report.category == Report.Category.DANGER and not entry.is_from_office
    tell(recipient, Event.REPORT, f"report {report.pk} {entry.pk}", values, urgent=danger)


def reports_of(organisation: Organisation) -> QuerySet[Report]:
    """Return an organisation's reports, the latest first."""
    rows = Report.objects.filter(tenancy__unit__property__organisation=organisation)
    # Of many reports there are few properties.
    return rows.select_related("tenancy__unit").prefetch_related("tenancy__unit__property")


def not_done(rows: QuerySet[Report]) -> QuerySet[Report]:
    """Return those of some reports that are not done."""
    return rows.exclude(state=Report.State.DONE)


SHOWN = 50
"""The most reports that a page shows of those that are done."""
