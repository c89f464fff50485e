"""The name on bills, which tax law needs for some years after all else of a tenant is erased."""

from __future__ import annotations

from ...kernel.calendar import local, zone
from ..billing.models import Bill
from ..core.time import now
from ..estate.models import Tenancy
from .models import retention_of
from .person import number_of, person_of


def erase_from_old_bills(tenancy: Tenancy) -> int:
    """Replace the name on the bills of an erased tenancy that no law needs any more. Figures, numbers and days stay. Returns
    how many bills were changed.
    """
    years = retention_of(tenancy.unit.property.organisation).bills_years
    zone_ = zone(tenancy.unit.property.zone)
    number, this_year = number_of(tenancy), local(now(), zone_).year
    changed = 0
    for bill in Bill.objects.filter(tenancy=tenancy).exclude(who=number):
        # Until the end of the year in which the last of them ends: 2025 and ten years are all of 2035.
        if local(bill.made_at, zone_).year + years >= this_year:
            continue
        document = person_of(tenancy).out_of(bill.document)
        if "tenant" in document:
            document["tenant"] = number
        Bill.objects.filter(pk=bill.pk).update(who=number, document=document)
        changed += 1
    return changed


def kept_until(tenancy: Tenancy) -> int | None:
    """Return the last year in which a bill of a tenancy keeps the name; None if there is none with a name."""
    years = retention_of(tenancy.unit.property.organisation).bills_years
    last = Bill.objects.filter(tenancy=tenancy).exclude(who=number_of(tenancy)).order_by("made_at").last()
    if last is None:
        return None
    return local(last.made_at, zone(tenancy.unit.property.zone)).year + years
