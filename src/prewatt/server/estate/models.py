from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ...kernel.currencies import MINOR_DIGITS
from ...kernel.units import DAY
from ..core.amounts import check_payable
from ..core.fields import check_currency, check_zone
from ..core.time import now
from .low_steps import DECIMALS, kept_steps
from .organisations import Organisation as Organisation
from .rule_fields import AMOUNTS
from .safety_rules import check_limits
from .supply_rules import check_days, check_power, check_region, check_windows
from .terms import Lowering as Lowering
from .terms import Terms as Terms

FARTHEST = 366 * DAY
"""How far from now a move can be recorded, µs."""


class Property(models.Model):
    """A building: one time zone, one currency. The rules of credit and supply, `SUPPLY_RULES`, are sent to its meters
    (`metering.services.send_settings`). `price_cap` and `purchase_tariff` bound what a tariff may charge
    (`tariffs.resale`). `BACK_RULES`: what follows when money is taken back (`payments.taking`). `EMERGENCY_CODE_RULES`: how
    many codes may be made in advance, and of how much (`vending.emergency_codes`).
    `SILENCE_RULES`: what follows when a gateway or a meter is silent (`metering.silences`, `billing.spreading`).
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="properties")
    name = models.CharField(max_length=100)
    zone = models.CharField(
        max_length=64, validators=[check_zone], help_text=_("IANA time zone, such as Europe/Berlin")
    )
    currency = models.CharField(max_length=3, validators=[check_currency])
    low_credit = models.CharField(
        max_length=100,
        blank=True,
        help_text=_("The tenant is reminded when less money than this is left; several steps: 20, 10, 5. Empty: none."),
    )
    low_credit_kwh = models.CharField(
        max_length=100,
        blank=True,
        default="10",
        help_text=_("The tenant is reminded when fewer kWh than this are left, at the price of the moment: 20, 10."),
    )
    clearance = models.DecimalField(
        max_digits=14,
        decimal_places=4,
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("After a cut-off, supply again from this balance on."),
    )
    emergency_credit = models.DecimalField(
        max_digits=14,
        decimal_places=4,
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("What a tenant may take alone when the credit is low or used up, once; 0: nothing."),
    )
    emergency_repayment = models.PositiveSmallIntegerField(
        default=100,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("Percent of a top-up that repays the emergency credit before anything else."),
    )
    friendly_hours = models.CharField(
        max_length=300,
        blank=True,
        validators=[check_windows],
        help_text=_("Nobody is cut off for want of credit then, such as: daily 20:00-07:00, sat-sun 00:00-24:00."),
    )
    friendly_holidays = models.CharField(
        max_length=10,
        blank=True,
        validators=[check_region],
        help_text=_("Public holidays of this country or region are friendly as a whole, such as DE or DE-BE."),
    )
    friendly_days = models.TextField(
        max_length=3000,
        blank=True,
        validators=[check_days],
        help_text=_("More friendly days, of frost or heat: dates such as 2026-12-24."),
    )
    friendly_debt = models.DecimalField(
        max_digits=14,
        decimal_places=4,
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("A debt of more than this cuts off in friendly hours too; 0: none does."),
    )
    power_limit = models.CharField(
        max_length=300,
        blank=True,
        validators=[check_power],
        help_text=_(
            "The most that a meter lets through, W: 3000, or by the hour 06-22 5000, 22-06 3000; empty: no limit."
        ),
    )
    overload_delay = models.PositiveIntegerField(
        default=10,
        validators=[MaxValueValidator(3600)],
        help_text=_("Seconds over the limit after which the supply trips."),
    )
    reclose_after = models.PositiveIntegerField(
        default=60,
        validators=[MinValueValidator(5), MaxValueValidator(86_400)],
        help_text=_("Seconds after a trip until the supply returns by itself."),
    )
    recloses = models.PositiveSmallIntegerField(
        default=3,
        validators=[MaxValueValidator(100)],
        help_text=_("How often it returns by itself within an hour; then it waits for a person."),
    )
    forbidden_step = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(1_000_000)],
        help_text=_("A resistive load of so many W that appears at once trips and waits for a person; 0: none does."),
    )
    tamper_locks = models.BooleanField(
        default=False, help_text=_("A meter that was tampered with stays off until a person was there.")
    )
    doubtful_readings = models.PositiveSmallIntegerField(
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text=_("So many readings in a row make a register that could not be true the one that is counted from."),
    )
    foreign_hours = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(8784)],
        help_text=_(
            "So long the supply goes on while another meter answers in the place of a known one; 0: without end."
        ),
    )
    back_grace = models.PositiveSmallIntegerField(
        default=3,
        validators=[MaxValueValidator(30)],
        help_text=_(
            "When a bank takes a payment back: so many days the supply goes on, though the credit is under zero; 0: none."
        ),
    )
    back_cuts_off = models.BooleanField(
        default=True,
        help_text=_(
            "Money that a bank takes back may bring the credit under zero, and so cut off after those days. If not: what the "
            "credit does not cover is a debt of the tenant, beside the meter."
        ),
    )
    price_cap = models.DecimalField(
        max_digits=10,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(1000)],
        help_text=_("The most that the law lets a tenant be charged per kWh, with fee and tax; empty: no cap."),
    )
    purchase_tariff = models.ForeignKey(
        "tariffs.Tariff",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("What the supplier charges, where the law lets only that be passed on; empty: no such rule."),
    )
    low_credit_days = models.CharField(
        max_length=100,
        blank=True,
        default="3, 1",
        help_text=_("The tenant is reminded when it lasts for so many days at the usual use: 5, 3, 1."),
    )
    loss_alarm = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=10,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text=_("Warn when more than this percentage of a month's energy is not accounted for."),
    )
    limits = models.TextField(
        max_length=1000,
        blank=True,
        validators=[check_limits],
        help_text=_(
            "Where the meters measure that; a line each, such as: voltage over 253 V for 5 s: off. What follows is tell, off, "
            "or off until a person."
        ),
    )
    off_hours = models.CharField(
        max_length=300,
        blank=True,
        validators=[check_windows],
        help_text=_("No power in these hours of the week, such as: daily 23:00-06:00; empty: at any time."),
    )
    off_holidays = models.CharField(
        max_length=10,
        blank=True,
        validators=[check_region],
        help_text=_(
            "Public holidays of this country or region are special days, such as DE or DE-BE: hours of mon-sun do not hold for "
            "nights that begin on them, those of daily do, those of special alone then."
        ),
    )
    off_days = models.TextField(
        max_length=3000,
        blank=True,
        validators=[check_days],
        help_text=_("More special days: dates such as 2026-12-24."),
    )
    off_watts = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(1_000_000)],
        help_text=_("So much may be drawn in off hours all the same, W; empty: no allowance of that kind."),
    )
    off_kwh = models.DecimalField(
        max_digits=9,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("So much may be used in each of them all the same, kWh; empty: no allowance of that kind."),
    )

    emergency_code_amount = models.DecimalField(
        max_digits=14,
        decimal_places=4,
        default=5,
        validators=[MinValueValidator(0), MaxValueValidator(1000)],
        help_text=_("The most that one code lends which is made in advance."),
    )
    emergency_code_number = models.PositiveSmallIntegerField(
        default=1,
        validators=[MaxValueValidator(10)],
        help_text=_(
            "So many codes of one flat hold at a time, used ones too until they would have ended; 0: none is made."
        ),
    )
    emergency_code_days = models.PositiveSmallIntegerField(
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(31)],
        help_text=_("So many days one holds at most."),
    )

    silence_minutes = models.PositiveSmallIntegerField(
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text=_("Managers are told when nothing is heard of a gateway or a meter for so many minutes."),
    )
    silence_again = models.PositiveSmallIntegerField(
        default=24,
        validators=[MaxValueValidator(720)],
        help_text=_("They are told again after so many hours, each time so many have passed; 0: not again."),
    )
    alone_kwh = models.DecimalField(
        max_digits=9,
        decimal_places=3,
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_(
            "A meter that can cut off by itself supplies so many kWh beyond the credit while no gateway speaks to it, and then "
            "cuts off; 0: it goes on without end."
        ),
    )
    alone_days = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(60)],
        help_text=_("The same in days of usual use, worked out for each meter by its gateway; 0: none."),
    )
    spread_rule = models.CharField(
        max_length=5,
        choices=(("ask", _("ask")), ("self", _("spread by itself")), ("never", _("never"))),
        default="ask",
        help_text=_("What follows when more ran up in a silence than a flat has paid for."),
    )
    spread_over = models.DecimalField(
        max_digits=14,
        decimal_places=4,
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("By itself only what is more than this."),
    )
    spread_share = models.PositiveSmallIntegerField(
        default=25,
        validators=[MinValueValidator(1), MaxValueValidator(80)],
        help_text=_("Percent of each payment that go to what is spread, before the rest goes to the meter."),
    )
    spread_weeks = models.PositiveSmallIntegerField(
        default=12,
        validators=[MaxValueValidator(104)],
        help_text=_(
            "More than that where it would else take longer than so many weeks, by usual use; 0: however long."
        ),
    )
    spread_days = models.PositiveSmallIntegerField(
        default=3,
        validators=[MaxValueValidator(30)],
        help_text=_("So many days the supply goes on after it was spread, though there is no credit yet; 0: none."),
    )

    class Meta:
        verbose_name_plural = "properties"
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("organisation", "name"), name="property_name_once"),)

    def __str__(self) -> str:
        return self.name

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Check the fields, and store steps and amounts in one form. Raises ValidationError."""
        super().clean_fields(exclude)
        if self.currency not in MINOR_DIGITS:
            # It is refused itself: there is nothing to read amounts in.
            return
        for field in {*DECIMALS} - {*(exclude or ())}:
            setattr(self, field, kept_steps(getattr(self, field), field, self.currency))
        for field in {*AMOUNTS} - {*(exclude or ())}:
            check_payable(int(Decimal(getattr(self, field)).scaleb(9)), field, self.currency)


class Part(models.Model):
    """A part of a property that has costs of its own: a staircase, a floor."""

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="parts")
    name = models.CharField(max_length=50)

    class Meta:
        ordering = ("property", "name")
        constraints = (models.UniqueConstraint(fields=("property", "name"), name="part_name_once"),)

    def __str__(self) -> str:
        return f"{self.property} {self.name}"


class Unit(models.Model):
    """An apartment. `area` (m²) and `occupants` (who live here, or would) are bases of shared costs. `pin_hash`: of the
    PIN with which the tenant opens the gateway's own page.
    """

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="units")
    name = models.CharField(max_length=50)
    area = models.DecimalField(
        _("floor area, m²"), max_digits=8, decimal_places=2, default=0, validators=[MinValueValidator(0)]
    )
    occupants = models.PositiveSmallIntegerField(default=1, validators=[MaxValueValidator(1000)])
    parts = models.ManyToManyField(Part, blank=True, related_name="units")
    pin_hash = models.CharField(max_length=200, blank=True, editable=False)

    class Meta:
        ordering = ("property", "name")
        constraints = (models.UniqueConstraint(fields=("property", "name"), name="unit_name_once"),)

    def __str__(self) -> str:
        return f"{self.property} {self.name}"


class TenancyQuerySet(models.QuerySet["Tenancy"]):
    """Tenancies."""

    def not_over(self, at: int) -> TenancyQuerySet:
        """Return the tenancies that hold at an instant, or begin later; the earliest first."""
        return self.filter(models.Q(ends__isnull=True) | models.Q(ends__gt=at)).order_by("begins")

    def living(self, at: int) -> TenancyQuerySet:
        """Return the tenancies that hold at an instant; the earliest first."""
        return self.not_over(at).filter(begins__lte=at)


class Tenancy(models.Model):
    """Who lives in a unit, from an instant to another (µs since 1970; `ends` null: still). `deposit`: nano, as
    received; `settled_at`: when the account was closed after the move-out (`billing.tenancies`), `settlements`: how often it
    was, as a move can be put right.
    """

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="tenancies")
    tenant = models.CharField(max_length=100)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tenancies", null=True, blank=True
    )
    begins = models.BigIntegerField()
    ends = models.BigIntegerField(null=True, blank=True)
    occupants = models.PositiveSmallIntegerField(default=1, validators=[MaxValueValidator(1000)])
    deposit = models.BigIntegerField(default=0, editable=False)
    settled_at = models.BigIntegerField(null=True, editable=False)
    settlements = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = TenancyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "tenancies"
        constraints = (
            models.UniqueConstraint(fields=("unit",), condition=models.Q(ends__isnull=True), name="one_open_tenancy"),
            models.CheckConstraint(
                condition=models.Q(ends__isnull=True) | models.Q(ends__gt=models.F("begins")), name="tenancy_ends_later"
            ),
        )

    def __str__(self) -> str:
        return f"{self.tenant}, {self.unit}"

    def holds(self, at: int) -> bool:
        """Return whether what ends at an instant belongs to this tenancy, which begins just after its first instant."""
        return self.begins < at and (self.ends is None or at <= self.ends)

    def validate_constraints(self, exclude: Any = None) -> None:
        """Do nothing: `clean` says in words what the constraints hold."""

    def clean(self) -> None:
        """Check the row. Raises ValidationError if it ends before it begins, lies too far from now, or overlaps another
        tenancy.
        """
        if self.begins is None or self.unit_id is None:
            return
        if self.ends is not None and self.ends <= self.begins:
            raise ValidationError({"ends": _now("A tenancy can't end before it begins.")})
        if self._state.adding and abs(self.begins - now()) > FARTHEST:
            raise ValidationError({"begins": _now("This is more than a year from now.")})
        others = Tenancy.objects.filter(unit=self.unit_id).exclude(pk=self.pk)
        if self.ends is not None:
            others = others.filter(begins__lt=self.ends)
        if others.filter(models.Q(ends__isnull=True) | models.Q(ends__gt=self.begins)).exists():
            raise ValidationError(_("Another tenancy of this unit overlaps this one: end that one first."))


MOST_OCCUPANTS = 1000
