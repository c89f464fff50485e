"""The landlord."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import TYPE_CHECKING

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ...kernel.currencies import NO_CURRENCY
from ...kernel.limits import PAID_MAX
from ..core.amounts import check_at_most

if TYPE_CHECKING:
    from .models import Property


class Organisation(models.Model):
    """A landlord or a property company: whose money it is. `adjustment_limit`: see `vending.second_person`.
    `refund_reminder`, `refund_unclaimed`: after how many days somebody is reminded of money that is owed to people, and
    after how many it counts as unclaimed (`vending.owed`). Tenants read `bank_account` and `how_to_pay` to know how to
    pay.
    """

    name = models.CharField(max_length=100, unique=True)
    address = models.TextField(
        max_length=300, blank=True, default="", help_text=_("As it is printed on bills, statements and receipts.")
    )
    tax_id = models.CharField(
        _("tax number"),
        max_length=50,
        blank=True,
        default="",
        help_text=_("Printed below the address, if there is one."),
    )
    bank_account = models.TextField(
        max_length=300,
        blank=True,
        default="",
        help_text=_("The account to which tenants send a transfer: its holder, its number or IBAN, and the bank."),
    )
    how_to_pay = models.TextField(
        max_length=1000,
        blank=True,
        default="",
        help_text=_(
            "Your own words, which tenants read below the balance: where and when the cash desk is open, who can help."
        ),
    )
    adjustment_limit = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        default=50,
        validators=[MinValueValidator(0)],
        help_text=_("Giving or taking more credit than this needs a second person."),
    )
    refund_reminder = models.PositiveSmallIntegerField(
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text=_("Days after which somebody is reminded of money that is owed to a tenant and not paid out."),
    )
    refund_unclaimed = models.PositiveSmallIntegerField(
        default=365,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text=_("Days after which money that is owed to a tenant counts as unclaimed; it stays owed."),
    )

    def __str__(self) -> str:
        return self.name

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Check the fields. Raises ValidationError, also if the limit is more than any sum that it bounds."""
        super().clean_fields(exclude)
        if "adjustment_limit" not in (exclude or ()):
            currency = self.home().currency if self.pk else NO_CURRENCY
            check_at_most(int(Decimal(self.adjustment_limit).scaleb(9)), PAID_MAX, "adjustment_limit", currency)

    @property
    def letterhead(self) -> list[str]:
        """Return the lines that name the landlord on papers: name, address, tax number."""
        address = [line.strip() for line in self.address.splitlines() if line.strip()]
        tax = [_now("Tax number %(number)s") % {"number": self.tax_id}] if self.tax_id else []
        return [self.name, *address, *tax]

    def home(self) -> Property:
        """Return the first property, whose clock and currency stand for the organisation; one in UTC if there is none."""
        return self.properties.order_by("pk").first() or self.properties.model(zone="UTC", currency=NO_CURRENCY)

    @property
    def currency(self) -> str:
        """Return the currency of sums over all its properties; `NO_CURRENCY` if they have several, or there is none."""
        currencies = set(self.properties.values_list("currency", flat=True))
        return str(currencies.pop()) if len(currencies) == 1 else NO_CURRENCY
