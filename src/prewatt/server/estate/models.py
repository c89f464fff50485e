"""Properties. Their units, landlords, tenancies and terms of payment are in modules of their own."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from ...kernel.currencies import MINOR_DIGITS
from ...kernel.limits import highest_price, most_lent, most_paid
from ...kernel.units import MICRO, NANO, Nano
from ..core.amounts import check_at_most, check_payable
from ..core.fields import check_currency, check_web_address, check_zone
from .low_steps import DECIMALS, kept_steps
from .organisations import Organisation as Organisation
from .residents import Resident as Resident
from .rule_fields import AMOUNTS
from .safety_rules import check_limits
from .supply_rules import MOST_CODE_DAYS, check_days, check_power, check_region, check_windows
from .tenancies import FARTHEST as FARTHEST
from .tenancies import MOST_OCCUPANTS as MOST_OCCUPANTS
from .tenancies import Tenancy as Tenancy
from .terms import Lowering as Lowering
from .terms import Terms as Terms
from .units import Part as Part
from .units import Unit as Unit


class PropertyQuerySet(models.QuerySet["Property"]):
    """Queries for properties."""

    def in_use(self) -> PropertyQuerySet:
        """Return the properties that are not archived."""
        return self.filter(archived_at=None)


class Property(models.Model):
    """A building: one time zone, one currency.

    Groups of its fields are rules (`rule_fields.py`). `SUPPLY_RULES` are the rules of credit and supply, which are sent
    to its meters (`vending.account_settings`). `BACK_RULES` say what happens when a bank takes money back
    (`payments.taking`). `EMERGENCY_CODE_RULES` say how many emergency codes may be made, and of how much
    (`vending.emergency_codes`). `SILENCE_RULES` say what happens when a gateway or a meter is silent
    (`vending.silences`, `billing.spreading`). `price_cap` and `purchase_tariff` limit what a tariff may charge
    (`tariffs.resale`). `archived_at`: since when (µs since 1970) it stands in no list any more; null: it is in use. The books
    have it for ever.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="properties")
    name = models.CharField(max_length=100)
    zone = models.CharField(
        max_length=64, validators=[check_zone], help_text=_("IANA time zone, such as Europe/Berlin")
    )
    currency = models.CharField(max_length=3, validators=[check_currency])
    site_page = models.CharField(
        max_length=200,
        blank=True,
        default="",
        validators=[check_web_address],
        help_text=_(
            "The gateway's address in the building's own network, such as http://192.168.1.10:8080. A tenant's phone "
            "shows it when there is no network, beside the codes to type."
        ),
    )
    emergency_contact = models.TextField(
        max_length=300,
        blank=True,
        default="",
        help_text=_(
            "Who helps tenants when nothing else does: a name, a phone number, hours. Tenants' phones show this "
            "without a network too."
        ),
    )
    low_credit = models.CharField(
        max_length=100,
        blank=True,
        help_text=_(
            "The tenant is reminded when less money than this is left. Several steps are possible: 20, 10, 5. Empty: "
            "no reminder."
        ),
    )
    low_credit_kwh = models.CharField(
        max_length=100,
        blank=True,
        default="10",
        help_text=_(
            "The tenant is reminded when fewer kWh than this are left, at the present price. Several steps are "
            "possible: 20, 10."
        ),
    )
    clearance = models.DecimalField(
        max_digits=14,
        decimal_places=4,
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("After a cut-off, the power comes back when the balance has reached this amount."),
    )
    emergency_credit = models.DecimalField(
        max_digits=14,
        decimal_places=4,
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_(
            "The amount that a tenant may take once, without asking, when the credit is low or used up. 0: nothing."
        ),
    )
    emergency_repayment = models.PositiveSmallIntegerField(
        default=100,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("The percentage of each top-up that first repays the emergency credit."),
    )
    friendly_hours = models.CharField(
        max_length=300,
        blank=True,
        validators=[check_windows],
        help_text=_(
            "In these hours nobody is cut off because the credit is used up. Example: daily 20:00-07:00, sat-sun "
            "00:00-24:00."
        ),
    )
    friendly_holidays = models.CharField(
        max_length=10,
        blank=True,
        validators=[check_region],
        help_text=_("On public holidays of this country or region nobody is cut off all day. Example: DE or DE-BE."),
    )
    friendly_days = models.TextField(
        max_length=3000,
        blank=True,
        validators=[check_days],
        help_text=_(
            "More days on which nobody is cut off, such as days of frost or heat. Type dates such as 2026-12-24."
        ),
    )
    friendly_debt = models.DecimalField(
        max_digits=14,
        decimal_places=4,
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("A debt larger than this cuts a tenant off in friendly hours too. 0: no debt does."),
    )
    power_limit = models.CharField(
        max_length=300,
        blank=True,
        validators=[check_power],
        help_text=_(
            "The highest power that a meter allows, W: 3000, or by the hour 06-22 5000, 22-06 3000. Empty: no limit."
        ),
    )
    overload_delay = models.PositiveIntegerField(
        default=10,
        validators=[MaxValueValidator(3600)],
        help_text=_("The power is cut off when it has been over the limit for this many seconds."),
    )
    reclose_after = models.PositiveIntegerField(
        default=60,
        validators=[MinValueValidator(5), MaxValueValidator(86_400)],
        help_text=_("The power comes back by itself this many seconds after an overload cut it off."),
    )
    recloses = models.PositiveSmallIntegerField(
        default=3,
        validators=[MaxValueValidator(100)],
        help_text=_(
            "How many times the power comes back by itself within an hour. After that a person must switch it on."
        ),
    )
    forbidden_step = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(1_000_000)],
        help_text=_(
            "A heating load of this many W that appears at once cuts off the power until a person switches it on. 0: "
            "no load does."
        ),
    )
    tamper_locks = models.BooleanField(
        default=False, help_text=_("A meter that was tampered with stays off until a person has been there.")
    )
    doubtful_readings = models.PositiveSmallIntegerField(
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text=_(
            "A doubtful register is accepted after this many readings in a row that agree with it. Counting goes on "
            "from there."
        ),
    )
    foreign_hours = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(8784)],
        help_text=_(
            "When another meter answers in the place of the known one, the power stays on for this many hours. 0: "
            "without end."
        ),
    )
    back_grace = models.PositiveSmallIntegerField(
        default=3,
        validators=[MaxValueValidator(30)],
        help_text=_(
            "When a bank takes a payment back, the power stays on for this many days although the credit is below "
            "zero. 0: no days."
        ),
    )
    back_cuts_off = models.BooleanField(
        default=True,
        help_text=_(
            "If this is on, money that a bank takes back may bring the credit below zero, and the power is cut off "
            "after those days. If this is off, the part that the credit does not cover is a debt of the tenant, and "
            "the power stays on."
        ),
    )
    price_cap = models.DecimalField(
        max_digits=14,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("The highest price per kWh, with fee and tax, that the law allows for tenants. Empty: no cap."),
    )
    purchase_tariff = models.ForeignKey(
        "tariffs.Tariff",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_(
            "The supplier's tariff, if the law allows only its prices to be passed on. Empty: there is no such rule."
        ),
    )
    low_credit_days = models.CharField(
        max_length=100,
        blank=True,
        default="3, 1",
        help_text=_(
            "The tenant is reminded when the credit lasts for only this many days at the usual use. Several steps are "
            "possible: 5, 3, 1."
        ),
    )
    loss_alarm = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=10,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text=_("An alarm is raised when more than this percentage of a month's energy is not accounted for."),
    )
    limits = models.TextField(
        max_length=1000,
        blank=True,
        validators=[check_limits],
        help_text=_(
            "One limit a line, for meters that measure it. Example: voltage over 253 V for 5 s: off. Write tell, off,"
            " or off until a person at the end."
        ),
    )
    off_hours = models.CharField(
        max_length=300,
        blank=True,
        validators=[check_windows],
        help_text=_(
            "There is no power in these hours of the week. Example: daily 23:00-06:00. Empty: there is always power."
        ),
    )
    off_holidays = models.CharField(
        max_length=10,
        blank=True,
        validators=[check_region],
        help_text=_(
            "Public holidays of this country or region are special days. Example: DE or DE-BE. In nights that begin "
            "on a special day, hours for mon to sun do not apply, but hours for daily do. Hours for special apply "
            "only in these nights."
        ),
    )
    off_days = models.TextField(
        max_length=3000,
        blank=True,
        validators=[check_days],
        help_text=_("More special days. Type dates such as 2026-12-24."),
    )
    off_watts = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(1_000_000)],
        help_text=_("The power that is allowed in off hours, W. Empty: no such allowance."),
    )
    off_kwh = models.DecimalField(
        max_digits=9,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("The energy that is allowed in each span of off hours, kWh. Empty: no such allowance."),
    )

    emergency_code_amount = models.DecimalField(
        max_digits=14,
        decimal_places=4,
        default=5,
        validators=[MinValueValidator(0)],
        help_text=_("The highest amount that one emergency code lends."),
    )
    emergency_code_number = models.PositiveSmallIntegerField(
        default=1,
        validators=[MaxValueValidator(10)],
        help_text=_(
            "The most emergency codes of one flat that are valid at a time. Used codes count until they would have "
            "ended. 0: none can be made."
        ),
    )
    emergency_code_days = models.PositiveSmallIntegerField(
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_CODE_DAYS)],
        help_text=_("The most days for which an emergency code is valid."),
    )

    silence_minutes = models.PositiveSmallIntegerField(
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text=_("Managers are told when a gateway or a meter has been silent for this many minutes."),
    )
    silence_again = models.PositiveSmallIntegerField(
        default=24,
        validators=[MaxValueValidator(720)],
        help_text=_("Managers are told again each time this many hours have passed. 0: only once."),
    )
    alone_kwh = models.DecimalField(
        max_digits=9,
        decimal_places=3,
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_(
            "While no gateway reaches a meter that can cut off by itself, the meter supplies this many kWh beyond the "
            "credit, and then cuts off. 0: it supplies without end."
        ),
    )
    alone_days = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(60)],
        help_text=_("The same limit in days of usual use. The gateway calculates it for each meter. 0: no days."),
    )
    spread_rule = models.CharField(
        max_length=5,
        choices=(("ask", _("ask")), ("self", _("spread by itself")), ("never", _("never"))),
        default="ask",
        help_text=_("What happens when more was used during a silence than a flat had paid for."),
    )
    spread_over = models.DecimalField(
        max_digits=14,
        decimal_places=4,
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("Only an amount larger than this is spread by itself."),
    )
    spread_share = models.PositiveSmallIntegerField(
        default=25,
        validators=[MinValueValidator(1), MaxValueValidator(80)],
        help_text=_("The percentage of each payment that pays back the spread amount. The rest goes to the meter."),
    )
    spread_weeks = models.PositiveSmallIntegerField(
        default=12,
        validators=[MaxValueValidator(104)],
        help_text=_(
            "The percentage is higher if paying back would take longer than this many weeks at the usual use. 0: it "
            "may take any time."
        ),
    )
    spread_days = models.PositiveSmallIntegerField(
        default=3,
        validators=[MaxValueValidator(30)],
        help_text=_(
            "After the amount was spread, the power stays on for this many days although there is no credit yet. 0: "
            "no days."
        ),
    )

    compares_flats = models.BooleanField(
        _("Tenants see the use of similar flats"),
        default=True,
        help_text=_(
            "Each tenant sees their own use beside the middle of at least five other flats of about the same size, "
            "rounded and without names."
        ),
    )

    archived_at = models.BigIntegerField(null=True, editable=False)

    objects = PropertyQuerySet.as_manager()

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
            amount = int(Decimal(getattr(self, field)).scaleb(9))
            check_payable(amount, field, self.currency)
            check_at_most(amount, most_of(field, self.currency), field, self.currency)
        if self.price_cap is not None and "price_cap" not in (exclude or ()):
            cap, most = int(Decimal(self.price_cap).scaleb(9)), highest_price(self.currency) * (NANO // MICRO)
            check_at_most(cap, most, "price_cap", self.currency)


def most_of(field: str, currency: str) -> Nano:
    """Return the most that one of a property's rules (`AMOUNTS`) may be in a currency, nano: what one code may lend, or what one
    payment may be. With more, nobody who pays would have power again, and no meter could be told of it.
    """
    return most_lent(currency) if field == "emergency_code_amount" else most_paid(currency)
