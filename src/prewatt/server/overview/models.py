"""What the manager's first page and the plans show, worked out once and kept (`keeping`). All of it can be deleted: it is
worked out anew. Amounts are in nano, energy in Wh, instants in µs since 1970.
"""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..estate.models import Organisation, Property, Tenancy, Unit
from ..metering.models import Alarm, Gateway, Meter, Silence


class PlaceQuerySet(models.QuerySet["Place"]):
    """Queries for places."""

    def in_use(self) -> PlaceQuerySet:
        """Return the places that are not archived."""
        return self.filter(is_archived=False)


class Place(models.Model):
    """A unit, or a meter that is no unit's, as it stands.

    `home`: the name of the property; `name`: of the unit or the meter; `sort` puts places in the order of both. `seq`
    to `commands`: what it was worked out from, so that a change is noticed. `counted`: the last entry of the journal
    that is in `DayFigures` and in `days`. `days`: what the last local days cost (nano by ISO date).

    `need`: the order in which places need somebody, the most urgent first (`Need`). `why`: what keeps it off
    (`metering.seen.why_off`), or why nothing is known of it. `off_since`: when it went off. `lasts_until`: until when
    the credit lasts at the usual use; `soon_at`: from when on it lasts less than three days. `waiting`: paid, and not
    yet shown as applied by the journal. `switching`: how far the last order to the switch is. `tenancy`: who lives
    there now; `coming`: who moves in next.
    """

    class State(models.TextChoices):
        """How a place stands, in one word: the first of these that is true."""

        OFF = "off", _("off")
        SOON = "soon", _("runs out soon")
        SILENT = "silent", _("silent")
        DOUBTFUL = "doubtful", _("alarm")
        UNKNOWN = "unknown", _("not known yet")
        OK = "ok", _("on")

    property = models.ForeignKey(Property, on_delete=models.CASCADE, related_name="+")
    unit = models.OneToOneField(Unit, on_delete=models.CASCADE, null=True, related_name="place")
    meter = models.OneToOneField(Meter, on_delete=models.CASCADE, null=True, related_name="place")
    tenancy = models.ForeignKey(Tenancy, on_delete=models.SET_NULL, null=True, related_name="+")
    coming = models.ForeignKey(Tenancy, on_delete=models.SET_NULL, null=True, related_name="+")
    home = models.CharField(max_length=100)
    name = models.CharField(max_length=64)
    sort = models.BinaryField()
    role = models.CharField(max_length=8, default=Meter.Role.UNIT)

    seq = models.BigIntegerField(default=0)
    journal_balance = models.BigIntegerField(default=0)
    journal_closed = models.BooleanField(null=True)
    told_seq = models.BigIntegerField(default=0)
    told_balance = models.BigIntegerField(null=True)
    told_closed = models.BooleanField(null=True)
    told_switch = models.CharField(max_length=32, blank=True, default="")
    commands = models.BigIntegerField(default=0)
    counted = models.BigIntegerField(default=0)
    days = models.JSONField(default=dict)

    state = models.CharField(max_length=8, choices=State, blank=True, default="")
    need = models.PositiveSmallIntegerField(default=0)
    why = models.CharField(max_length=24, blank=True, default="")
    balance = models.BigIntegerField(null=True)
    waiting = models.BigIntegerField(default=0)
    off_since = models.BigIntegerField(null=True)
    lasts_until = models.BigIntegerField(null=True)
    soon_at = models.BigIntegerField(null=True)
    read_at = models.BigIntegerField(null=True)
    switching = models.CharField(max_length=32, blank=True, default="")
    is_silent = models.BooleanField(default=False)
    has_alarm = models.BooleanField(default=False)
    is_archived = models.BooleanField(default=False)

    objects = PlaceQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=("property", "need", "sort"), name="place_by_need"),
            models.Index(fields=("property", "sort"), name="place_by_name"),
        )

    def __str__(self) -> str:
        return f"{self.home} {self.name}"


class Need(models.IntegerChoices):
    """How urgently a place needs somebody, the most urgent first."""

    PAID_AND_OFF = 0
    OFF = 1
    SOON = 2
    SILENT = 3
    DOUBTFUL = 4
    UNKNOWN = 5
    OK = 6
    VACANT = 7
    NO_METER = 8


class Summary(models.Model):
    """The numbers of a property's places, by how they stand. `silent` and `alarms` count all places, `others` the
    meters that are no unit's, and the rest units; `off` counts only those with a tenant. `moved_at`: when what is kept
    of the property last changed, on the system's clock. Rows of `keeping.summaries` also have `name` and `organisation`
    (the primary key) of the property, and for all of them the same `kept_at` (when the worker looked last, µs) and
    `headend_at` (the last sign of life of a head-end).
    """

    name: str
    organisation: int
    kept_at: int | None
    headend_at: datetime | None

    property = models.OneToOneField(Property, on_delete=models.CASCADE, primary_key=True, related_name="+")
    units = models.IntegerField(default=0)
    off = models.IntegerField(default=0)
    soon = models.IntegerField(default=0)
    silent = models.IntegerField(default=0)
    alarms = models.IntegerField(default=0)
    waiting = models.IntegerField(default=0)
    vacant = models.IntegerField(default=0)
    others = models.IntegerField(default=0)
    moved_at = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.property}"


class DayFigures(models.Model):
    """A local day of a property: the energy that its meters counted, by their role, and the money that came in."""

    property = models.ForeignKey(Property, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    units = models.BigIntegerField(default=0)
    common = models.BigIntegerField(default=0)
    main = models.BigIntegerField(default=0)
    money = models.BigIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("property", "day"), name="figures_of_a_day_once"),)

    def __str__(self) -> str:
        return f"{self.property}, {self.day}"


class ToDo(models.Model):
    """Something that a person must do. `property`: None if it belongs to the whole organisation. Each alarm, silence
    and gateway that needs somebody has a row of its own. Other kinds have one row for each property or organisation.
    The row says how many there are (`count`), the sum (`amount`; None if it is no money), and since when the oldest is
    there (`since`).
    """

    class Kind(models.TextChoices):
        """What is to be done, the most urgent first."""

        GATEWAY = "gateway"
        SILENCE = "silence"
        ALARM = "alarm"
        HELD = "held"
        TAKEN_BACK = "taken-back"
        UNEXPECTED = "unexpected"
        UNEXPLAINED = "unexplained"
        BANK = "bank"
        ADJUSTMENT = "adjustment"
        WRITE_OFF = "write-off"
        RECONCILIATION = "reconciliation"
        BILL = "bill"
        DEBT = "debt"
        REFUND = "refund"
        UNREACHED = "unreached"
        REPORT = "report"

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="+")
    property = models.ForeignKey(Property, on_delete=models.CASCADE, null=True, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind)
    gateway = models.ForeignKey(Gateway, on_delete=models.CASCADE, null=True, related_name="+")
    silence = models.ForeignKey(Silence, on_delete=models.CASCADE, null=True, related_name="+")
    alarm = models.ForeignKey(Alarm, on_delete=models.CASCADE, null=True, related_name="+")
    since = models.BigIntegerField(null=True)
    count = models.IntegerField(default=1)
    amount = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.organisation}: {self.kind}"


class Keeping(models.Model):
    """When the worker last gave a sign of life (`at`, on the system's clock, µs). While that is a few seconds old, a
    page looks at nothing itself. `top_up` and `debt_payment`: the last payments that are in `DayFigures`; `day`: when
    all days were last summed.
    """

    at = models.BigIntegerField(default=0)
    top_up = models.BigIntegerField(default=0)
    debt_payment = models.BigIntegerField(default=0)
    day = models.DateField(null=True)

    def __str__(self) -> str:
        return f"{self.at}"
