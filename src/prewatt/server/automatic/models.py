"""What tenants have agreed to, and the payments that were made by it. Amounts in nano, instants in µs since 1970."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..core.reasons import WithReason
from ..core.time import now
from ..estate.models import Tenancy
from ..payments.models import Merchant, Payment


class AutomaticTopUp(WithReason):
    """A tenant's rule: `amount` when the credit lasts less than `under_days`, at most `most_a_month` in a local month.

    `saving_id`: its name at the provider; `reference`: the provider's name for the question whether the payer agrees.
    `sealed`: what the provider needs to be asked for a payment, empty once the rule has ended; `to_forget`: the same
    for a rule that has ended, until the provider has been told of its end. `label`: what people know it by, such as
    `Visa 4242`. `failures`: how many payments were refused, one after the other. `reason`: why it is paused or has
    ended by itself. `next_look_at`: when the provider is asked next whether the payer has agreed, or told next that it
    ended. `by`: who agreed, and pays.
    """

    class State(models.TextChoices):
        """The states of a rule."""

        ASKED = "asked", _("not agreed to yet")
        ACTIVE = "active", _("on")
        PAUSED = "paused", _("paused")
        ENDED = "ended", _("ended")

    tenancy = models.ForeignKey(Tenancy, on_delete=models.PROTECT, related_name="automatic_top_ups")
    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="automatic_top_ups")
    amount = models.BigIntegerField()
    under_days = models.PositiveSmallIntegerField()
    most_a_month = models.BigIntegerField()
    state = models.CharField(max_length=6, choices=State, default=State.ASKED)
    saving_id = models.CharField(max_length=32, unique=True)
    reference = models.CharField(max_length=255, blank=True, default="")
    link = models.TextField(blank=True, default="")
    sealed = models.BinaryField(default=b"")
    to_forget = models.BinaryField(default=b"")
    label = models.CharField(max_length=40, blank=True, default="")
    failures = models.PositiveSmallIntegerField(default=0)
    asked_at = models.BigIntegerField(default=now)
    agreed_at = models.BigIntegerField(null=True)
    ended_at = models.BigIntegerField(null=True)
    looks = models.PositiveIntegerField(default=0)
    next_look_at = models.BigIntegerField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("-asked_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("tenancy",), condition=~models.Q(state="ended"), name="automatic_one_of_a_tenancy"
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, most_a_month__gte=models.F("amount"), under_days__gt=0),
                name="automatic_amounts",
            ),
        )

    def __str__(self) -> str:
        return f"{self.tenancy}: {self.saving_id[:8]}"


class AutomaticPayment(models.Model):
    """A payment that a rule has asked for, on a local day: at most one a day. `next_try_at`: when the provider is asked next;
    None once the payment is settled. `was_answered`: the provider has said how it stands.
    """

    rule = models.ForeignKey(AutomaticTopUp, on_delete=models.PROTECT, related_name="payments")
    day = models.DateField()
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="automatic")
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.BigIntegerField(null=True)
    was_answered = models.BooleanField(default=False)

    class Meta:
        ordering = ("-day", "-id")
        constraints = (models.UniqueConstraint(fields=("rule", "day"), name="automatic_once_a_day"),)
        indexes = (
            models.Index(
                fields=("next_try_at",), condition=models.Q(next_try_at__isnull=False), name="automatic_to_try"
            ),
        )

    def __str__(self) -> str:
        return f"{self.rule_id} {self.day}"
