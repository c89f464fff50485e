"""Work over many items, each separately: what fails for one raises an alarm, and the others go on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, models

from ...kernel.sentences import sentence
from ..core.time import now
from ..estate.models import Organisation, Tenancy
from .alarms import raise_alarm, settle_alarms
from .models import Alarm, Gateway, Meter

log = logging.getLogger("prewatt.worker")
FAILED = "job-failed"
Item = TypeVar("Item", bound=models.Model)
Result = TypeVar("Result")


def apart(
    job: str, items: Iterable[Item], work: Callable[[Item], Result], of: Callable[[Item], Meter | Gateway | None]
) -> list[Result]:
    """Return what the work gave for each item with which it succeeded. If it fails, an alarm is raised for the meter or
    gateway that `of` returns for the item; it is settled when the work succeeds again. Only a failing database ends all
    of it.
    """
    done = []
    failed: set[str] | None = None
    for item in items:
        if failed is None:
            failed = set(Alarm.objects.filter(kind=FAILED, is_resolved=False).values_list("key", flat=True))
        key = f"{job} {item.pk}"[:64]
        try:
            done.append(work(item))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # whatever it is, it is this item's alone
            # By its number: the log names no tenants.
            log.exception("%s: %s %d", job, type(item).__name__, item.pk)
            _tell(job, key, item, error, of(item))
        else:
            if key in failed:
                settle_alarms(FAILED, key)
    return done


def gateway_of(organisation: Organisation) -> Gateway | None:
    """Return the gateway at which an alarm without a meter is shown: the landlord's first one; None if there is none."""
    return Gateway.objects.filter(property__organisation=organisation).order_by("pk").first()


def meter_or_gateway_of(tenancy: Tenancy) -> Meter | Gateway | None:
    """Return the meter or gateway at which an alarm of a tenancy is shown; None if there is neither."""
    meter = Meter.objects.filter(unit=tenancy.unit_id).first()
    return meter or gateway_of(tenancy.unit.property.organisation)


def _tell(job: str, key: str, item: models.Model, error: Exception, owner: Meter | Gateway | None) -> None:
    if owner is None:
        return
    text = sentence(
        "%(job)s: %(item)s failed (%(error)s). Everything else went on, and this is tried again each time. If it "
        "keeps failing, report it with the line in the worker's log.",
        job=job,
        item=item,
        error=f"{type(error).__name__}: {error}",
    )
    given = {"meter": owner} if isinstance(owner, Meter) else {"gateway": owner}
    raise_alarm(FAILED, text, now(), key=key, **given)
