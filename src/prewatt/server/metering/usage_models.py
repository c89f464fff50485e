"""The row of a meter's use in a day."""

from __future__ import annotations

from django.db import models


class DayUse(models.Model):
    """What the readings of a meter in a local day say, summed once: a chart of a year reads 366 of these rows and not 35,000
    entries. It is worked out from the journal alone (`metering.usage`), and may be deleted at any time.

    `zone`: the zone of the property when it was summed. `begins`: the instant of the reading before the first one of the
    day, None if there is none; `ends`: of its last one; `seq`: the entry of that one. `energy` (Wh) and `charge` (nano) as
    the books follow them; `reckoned`: how much of the energy was not read, but worked out. `rates`: Wh and nano by the name
    of the rate; what the charge has beyond them is of no rate.
    """

    meter = models.ForeignKey("metering.Meter", on_delete=models.CASCADE, related_name="days")
    zone = models.CharField(max_length=64)
    day = models.DateField()
    begins = models.BigIntegerField(null=True)
    ends = models.BigIntegerField()
    seq = models.BigIntegerField()
    energy = models.BigIntegerField()
    charge = models.BigIntegerField()
    reckoned = models.BigIntegerField()
    rates = models.JSONField(default=dict)

    class Meta:
        ordering = ("meter", "day")
        constraints = (models.UniqueConstraint(fields=("meter", "day"), name="day_use_once"),)

    def __str__(self) -> str:
        return f"{self.meter}, {self.day}"


class SimilarUse(models.Model):
    """What similar flats of a property used (`metering.similar`), worked out once a day. It may be deleted at any time.

    `first_day` and `last_day`: the whole local days that are compared. `groups`: pairs of the primary keys of a group's
    flats and their use (Wh, rounded). Nothing is kept of a single flat.
    """

    property = models.OneToOneField(
        "estate.Property", on_delete=models.CASCADE, primary_key=True, related_name="similar_use"
    )
    first_day = models.DateField()
    last_day = models.DateField()
    groups = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.property}, {self.first_day} – {self.last_day}"
