"""The rows of gateways, meters, their journals, looks, alarms and silences."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ...wire import topics
from ..core.fields import check_driver_name, check_gateway_name, check_meter_name
from ..core.sentences import in_words
from ..estate.models import Organisation, Part, Property, Unit
from ..estate.safety_rules import check_limits, check_own_windows
from ..estate.supply_rules import check_power
from .grant_models import OnSiteRules as OnSiteRules
from .grant_models import RevocationList as RevocationList
from .grant_models import StaffGrant as StaffGrant
from .usage_models import DayUse as DayUse

OWN_RULES = ("power_limit", "limits", "off_hours", "off_watts", "off_kwh")
"""Fields of a meter that replace those of its property, if they are set."""
FUSE, LARGE_FUSE = 15_000, 100_000
"""The power (W) that the fuse of a unit, and of a building or a part of it, is taken to let through until somebody says
it.
"""


class Gateway(models.Model):
    """A data concentrator in a building. Instants are in µs since 1970.

    `public_key` is set at enrolment, which uses up the enrolment code (`code_id` finds it, `code_secret`, sealed,
    proves it: `wire.enrolling`). `renewals` counts the enrolments after the first one; each ends the rights of the
    gateway before. `epoch` and `number` are the stamp of the last accepted message. `since`: when it last came online
    or went offline. `sessions`: the last sessions (hexadecimal, the latest first); if an earlier one speaks again after
    a later one, two gateways have this one's key. `adopted_at`: when it last got the server's state to continue from.
    `lines`: the lines of its meters that are in trouble as a whole, as it has last reported them (`headend.lines`).
    `kept_off_until`: until when the server's own broker does not let it in, because it has flooded the head-end; by the
    system's clock. `code_ends`: when the enrolment code ends, by the same clock. `told_revocations`: the number of the
    list of revoked grants that it says it has (0: none); -1 if its software knows no such lists.
    """

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="gateways")
    name = models.CharField(max_length=32, unique=True, validators=[check_gateway_name])
    shard = models.SmallIntegerField(editable=False)
    public_key = models.BinaryField(null=True, editable=False)
    renewals = models.PositiveIntegerField(default=0, editable=False)
    code_id = models.CharField(max_length=64, blank=True, editable=False)
    code_secret = models.BinaryField(null=True, editable=False)
    is_revoked = models.BooleanField(
        default=False, help_text=_("Nothing that this gateway sends is accepted any more.")
    )
    epoch = models.BigIntegerField(default=0, editable=False)
    number = models.BigIntegerField(default=0, editable=False)
    is_online = models.BooleanField(default=False, editable=False)
    since = models.BigIntegerField(null=True, editable=False)
    heard_at = models.BigIntegerField(null=True, editable=False)
    sessions = models.JSONField(default=list, editable=False)
    adopted_at = models.BigIntegerField(default=0, editable=False)
    lines = models.JSONField(default=list, editable=False)
    kept_off_until = models.DateTimeField(null=True, editable=False)
    code_ends = models.DateTimeField(null=True, editable=False)
    told_revocations = models.BigIntegerField(default=-1, editable=False)

    def __str__(self) -> str:
        return self.name

    def broker_secret(self) -> str:
        """Return what its password at the broker is derived from. It changes with each renewal."""
        return f"{self.name} {self.renewals}" if self.renewals else str(self.name)

    def save(self, *args: object, **kwargs: object) -> None:
        """Save the row, with the shard of the gateway's name."""
        self.shard = topics.shard(self.name)
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class Meter(models.Model):
    """A meter and its state: once by its journal, and once as it last reported itself (`told_*`).

    Meters of units charge their tenants. Meters of common use (of the whole building, or of a `part`) and the main
    meter only measure. `driver` is the kind of meter, as its gateway calls it (`edge.drivers`).

    `name` is the name of the journal for ever. `serial` is the meter that is connected since an exchange; it is empty
    for the meter that the journal is named after. `power_highest` (W) is what the main fuse allows, so that no register
    moves faster.

    `seq`, `head` and `account`: the last stored entry, its hash, and the account after it (`kernel.account`). `digest`
    is the hash of both (`metering.accounts`), so that a changed bit is found. `offset` (nano): the meter's balance
    minus the server's; 0 unless they differ. `is_low`: the credit is low.

    `commands`: the number of the last command in its credit log. `taken`: the number of the last command that its
    journal shows as applied; `told_command`: the last one that the meter reports as applied. `late` and `duplicates`:
    how many entries came after an outage, and how many came again. `told_quantities`: what it measured beside its
    register when it last reported (`kernel.quantities`). `told_switch`: how far the last order to its switch was then
    (`kernel.switching`), empty if its gateway does not say. `archived_at`: since when (µs since 1970) it stands in no
    list any more, because it was taken away; null: it is in use.
    """

    class Role(models.TextChoices):
        """What the meter measures: a unit, common use, or the whole property."""

        UNIT = "unit", _("of a unit")
        COMMON = "common", _("of what is used in common")
        MAIN = "main", _("of the whole building")

    name = models.CharField(max_length=64, unique=True, validators=[check_meter_name])
    serial = models.CharField(max_length=64, blank=True, default="", editable=False)
    role = models.CharField(max_length=8, choices=Role, default=Role.UNIT)
    unit = models.OneToOneField(Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="meter")
    part = models.ForeignKey(Part, on_delete=models.PROTECT, null=True, blank=True, related_name="meters")
    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT, related_name="meters")
    driver = models.CharField(max_length=32, default="recorded", validators=[check_driver_name])
    power_limit = models.CharField(
        max_length=300,
        blank=True,
        validators=[check_power],
        help_text=_("The highest power, W: 3000, or by the hour 06-22 5000, 22-06 3000. Empty: as for the building."),
    )
    power_highest = models.PositiveIntegerField(
        default=FUSE,
        validators=[MinValueValidator(100), MaxValueValidator(1_000_000)],
        help_text=_("The power that the main fuse allows, W. A register that rises faster is not accepted."),
    )
    seq = models.BigIntegerField(default=0, editable=False)
    head = models.BinaryField(default=bytes, editable=False)
    account = models.BinaryField(default=bytes, editable=False)
    digest = models.BinaryField(default=bytes, editable=False)
    offset = models.BigIntegerField(default=0, editable=False)
    at = models.BigIntegerField(null=True, editable=False)
    balance = models.BigIntegerField(default=0, editable=False)
    register = models.BigIntegerField(null=True, editable=False)
    read_at = models.BigIntegerField(null=True, editable=False)
    closed = models.BooleanField(null=True, editable=False)
    is_low = models.BooleanField(default=False, editable=False)
    commands = models.BigIntegerField(default=0, editable=False)
    taken = models.BigIntegerField(default=0, editable=False)
    told_at = models.BigIntegerField(null=True, editable=False)
    told_seq = models.BigIntegerField(default=0, editable=False)
    told_balance = models.BigIntegerField(null=True, editable=False)
    told_closed = models.BooleanField(null=True, editable=False)
    told_command = models.BigIntegerField(default=0, editable=False)
    late = models.BigIntegerField(default=0, editable=False)
    duplicates = models.BigIntegerField(default=0, editable=False)
    limits = models.TextField(
        max_length=1000,
        blank=True,
        validators=[check_limits],
        help_text=_(
            "One limit a line. Example: voltage over 253 V for 5 s: off. Empty: as for the building. none: no limit."
        ),
    )
    off_hours = models.CharField(
        max_length=300,
        blank=True,
        validators=[check_own_windows],
        help_text=_("Example: daily 23:00-06:00. Empty: as for the building. none: no off hours."),
    )
    off_watts = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(1_000_000)],
        help_text=_("The power that is allowed in off hours, W. Empty: as for the building."),
    )
    off_kwh = models.DecimalField(
        max_digits=9,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("The energy that is allowed in each span of off hours, kWh. Empty: as for the building."),
    )
    told_quantities = models.JSONField(default=dict, editable=False)
    told_switch = models.CharField(max_length=32, blank=True, default="", editable=False)
    archived_at = models.BigIntegerField(null=True, editable=False)

    class Meta:
        ordering = ("gateway__property", "role", "unit__name", "name")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(role="unit", unit__isnull=False)
                | ~models.Q(role="unit") & models.Q(unit__isnull=True),
                name="meter_of_unit",
            ),
            models.UniqueConstraint(
                fields=("gateway", "serial"), condition=~models.Q(serial=""), name="meter_serial_once"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Check the row. Raises ValidationError if its gateway is in another building, or the meter of this name hangs elsewhere."""
        if self.gateway_id is None:
            return
        if self.unit is not None and self.unit.property_id != self.gateway.property_id:
            raise ValidationError(
                {"gateway": _now("Gateway %(gateway)s is in another building.") % {"gateway": self.gateway}}
            )
        own = Meter.objects.filter(gateway__property__organisation=self.gateway.property.organisation_id)
        taken = own.filter(serial=self.name).exclude(pk=self.pk).first()
        if taken is not None:
            raise ValidationError(
                {"name": _now("This meter is connected at %(where)s.") % {"where": taken.unit or taken}}
            )

    @property
    def hangs(self) -> str:
        """Return the serial number of the meter that hangs there now."""
        return str(self.serial or self.name)

    @property
    def property(self) -> Property:
        """Return the property of the meter's gateway."""
        property_: Property = self.gateway.property
        return property_


class JournalEntry(models.Model):
    """An entry of a meter's journal: its bytes, and figures for queries (energy in Wh, money in nano). `balance` is
    what the meter says; `energy` and `charge` are as the server rated them, which the ledger books.
    """

    pk = models.CompositePrimaryKey("meter_id", "seq")
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="entries", db_index=False)
    seq = models.BigIntegerField()
    at = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    balance = models.BigIntegerField()
    register = models.BigIntegerField(null=True)
    energy = models.BigIntegerField(null=True)
    charge = models.BigIntegerField(null=True)
    closed = models.BooleanField(null=True)
    is_late = models.BooleanField(default=False)
    body = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        indexes = (models.Index(fields=("meter", "at"), name="entry_by_time"),)


class Look(models.Model):
    """Somebody looks at a meter, so it is read every few seconds until `until`. A single reading was asked for at
    `asked_at`. Both are µs on the system's clock, whatever clock the meters run on; 0 means never.
    """

    meter = models.OneToOneField(Meter, on_delete=models.CASCADE, primary_key=True, related_name="look")
    until = models.BigIntegerField(default=0, db_index=True)
    asked_at = models.BigIntegerField(default=0, db_index=True)

    def __str__(self) -> str:
        return f"{self.meter}"


class LiveReading(models.Model):
    """How a meter stood when somebody last looked at it. It is shown, and never billed. `at` is the gateway's instant,
    `heard_at` that of the system's clock (µs). `register` is in Wh, `power` in W, `balance` in nano; each is None if it
    is not known. `cause`: why the meter could not be read; empty if it was.
    """

    meter = models.OneToOneField(Meter, on_delete=models.CASCADE, primary_key=True, related_name="live")
    heard_at = models.BigIntegerField()
    at = models.BigIntegerField()
    register = models.BigIntegerField(null=True)
    power = models.BigIntegerField(null=True)
    closed = models.BooleanField(null=True)
    balance = models.BigIntegerField(null=True)
    cause = models.CharField(max_length=200, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.meter}: {self.cause or self.register}"


class Alarm(models.Model):
    """Something that a person must look at, about a meter or a gateway; above all, a difference between a meter and the
    server. Only one alarm of each kind (and `key`, if a meter can have several) is open at a time.

    `text`: what it says, in English; `parts`: what that is made of (`kernel.sentences`), empty in rows from before. `data`: what
    a page or a service needs to act on it, by kind (`metering.alarms`). `resolved_by`, `resolved_at`: who settled it and when;
    empty if its cause is over by itself.
    """

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, null=True, related_name="alarms")
    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT, null=True, related_name="alarms")
    kind = models.CharField(max_length=24, default="difference")
    key = models.CharField(max_length=64, blank=True, default="")
    data = models.JSONField(default=dict)
    seq = models.BigIntegerField(default=0)
    at = models.BigIntegerField()
    text = models.TextField()
    parts = models.JSONField(default=dict)
    is_resolved = models.BooleanField(default=False)
    resolved_by = models.CharField(max_length=150, blank=True, default="")
    resolved_at = models.BigIntegerField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(meter__isnull=False, gateway__isnull=True)
                | models.Q(meter__isnull=True, gateway__isnull=False),
                name="alarm_of_one",
            ),
            models.UniqueConstraint(
                fields=("meter", "kind", "key"),
                condition=models.Q(is_resolved=False, meter__isnull=False),
                name="alarm_of_meter_once",
            ),
            models.UniqueConstraint(
                fields=("gateway", "kind", "key"),
                condition=models.Q(is_resolved=False, gateway__isnull=False),
                name="alarm_of_gateway_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.meter or self.gateway}: {self.text}"

    @property
    def sentence(self) -> str:
        """Return what the alarm says, in the language of who reads it."""
        return in_words(self.parts, self.text)

    @property
    def who(self) -> str:
        """Return the unit, the meter or the gateway that the alarm is about."""
        return str((self.meter.unit or self.meter) if self.meter else self.gateway)

    @property
    def property(self) -> Property:
        """Return the property of the alarm's meter or gateway."""
        owner = self.meter or self.gateway
        assert owner is not None
        property_: Property = owner.property
        return property_


def alarms_of(organisation: Organisation) -> models.QuerySet[Alarm]:
    """Return an organisation's open alarms, with what is needed to show them."""
    return Alarm.objects.filter(
        models.Q(meter__gateway__property__organisation=organisation)
        | models.Q(gateway__property__organisation=organisation),
        is_resolved=False,
    ).select_related("meter__gateway__property", "meter__unit__property", "gateway__property")


class Refusal(models.Model):
    """How many messages of a gateway were refused for a reason; `gateway` is empty for unknown senders."""

    gateway = models.CharField(max_length=32, blank=True)
    reason = models.CharField(max_length=16)
    count = models.BigIntegerField(default=0)
    first_at = models.BigIntegerField()
    last_at = models.BigIntegerField()
    text = models.TextField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("gateway", "reason"), name="refusal_once"),)

    def __str__(self) -> str:
        return f"{self.gateway or 'unknown sender'}: {self.reason}, {self.count} times"


SILENT_WORKER = 20
"""Seconds without a sign of life after which a head-end worker is taken to have stopped."""


class Worker(models.Model):
    """The sign of life of a head-end worker, on the system's clock, whatever clock the meters run on."""

    shards = models.CharField(max_length=8, unique=True)
    beat_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"shards {self.shards}"


class Silence(models.Model):
    """A time in which nothing is heard from a gateway, from one meter (`meter`) of a gateway that is heard, or from all
    meters of one of its lines (`line`). `why`: what the gateway says of it, if it says something.
    `why_parts`: what that is made of (`kernel.sentences`). `began_at`: its begin; `back_at`: when it was heard again; `over_at`:
    when it had been heard for long enough. `told`: how often managers should have been told; `is_back_told`:
    also that it is back.
    """

    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT, related_name="silences")
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, null=True, related_name="silences")
    line = models.CharField(max_length=64, blank=True, default="")
    why = models.CharField(max_length=400, blank=True, default="")
    why_parts = models.JSONField(default=dict)
    began_at = models.BigIntegerField()
    back_at = models.BigIntegerField(null=True)
    over_at = models.BigIntegerField(null=True)
    told = models.PositiveIntegerField(default=0)
    is_back_told = models.BooleanField(default=False)

    class Meta:
        ordering = ("-began_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("gateway", "line"),
                condition=models.Q(over_at=None, meter=None),
                name="silence_of_gateway_once",
            ),
            models.UniqueConstraint(
                fields=("meter",), condition=models.Q(over_at=None, meter__isnull=False), name="silence_of_meter_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.gateway}, {self.line}" if self.line else str(self.meter or self.gateway)


class SilentMeter(models.Model):
    """A meter in a silence: its state when the silence began (entry `seq`), and its usual use per day (Wh, nano; None
    if too little is known).

    When the meter was read again, up to the instant `counted_at`, `energy` and `charge` are what was used, and `stands`
    is its balance (nano) then. `was_read_meanwhile`: there are readings from the time of the silence, so only the
    network was down. `was_checked_for_spread`: it was checked whether the amount must be spread without a person.
    """

    silence = models.ForeignKey(Silence, on_delete=models.CASCADE, related_name="meters")
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="+")
    seq = models.BigIntegerField()
    balance = models.BigIntegerField()
    closed = models.BooleanField(null=True)
    read_at = models.BigIntegerField(null=True)
    day_energy = models.BigIntegerField(null=True)
    day_charge = models.BigIntegerField(null=True)
    counted_at = models.BigIntegerField(null=True)
    energy = models.BigIntegerField(default=0)
    charge = models.BigIntegerField(default=0)
    stands = models.BigIntegerField(default=0)
    was_read_meanwhile = models.BooleanField(default=False)
    was_checked_for_spread = models.BooleanField(default=False)

    class Meta:
        ordering = ("silence", "id")
        constraints = (models.UniqueConstraint(fields=("silence", "meter"), name="silent_meter_once"),)

    def __str__(self) -> str:
        return f"{self.meter}, {self.silence}"
