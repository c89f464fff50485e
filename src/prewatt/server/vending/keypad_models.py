"""The tables of flats with a keypad meter: the readings that people type, and the entries of the tenants' accounts.
Amounts are in nano, energy in Wh, instants in µs since 1970.
"""

from __future__ import annotations

import msgspec
from django.db import models
from django.utils.translation import gettext_lazy as _


class KeypadReading(models.Model):
    """What a keypad meter showed at the instant `at`, as a person typed it: its register (Wh), and what was `left` of
    its own credit (Wh; null if that was not typed). `doubt`: why the register can't be true by the rule of registers
    (`kernel.plausible`), and was typed all the same; empty if it can. `photo`: of the display, JPEG. `withdrawn_by`: who
    said that it was typed wrong; such a row counts for nothing, and is kept.
    """

    token_meter = models.ForeignKey("vending.TokenMeter", on_delete=models.PROTECT, related_name="readings")
    at = models.BigIntegerField()
    register = models.BigIntegerField()
    left = models.BigIntegerField(null=True)
    doubt = models.CharField(max_length=16, blank=True)
    photo = models.BinaryField(null=True)
    typed_at = models.BigIntegerField()
    by = models.CharField(max_length=150)
    withdrawn_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ("token_meter", "at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("token_meter", "at"), condition=models.Q(withdrawn_by=""), name="keypad_reading_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.token_meter}: {self.register} Wh"


class KeypadEntry(models.Model):
    """An entry in the account of a tenancy whose flat has a keypad meter. No gateway reads such a meter, so the server
    writes the entries. An entry is never changed.

    `number`: its place in the account, from 1. `until`: the instant up to which days are charged; `counters`: what
    rating has counted by then (`kernel.rating.Counters`, JSON). `energy` and the amounts are what this entry charges,
    as of a reading of the journal (`charge` is the whole); they are below zero where energy is taken back. `others`: the
    amounts of forms of price without a column of their own, as pairs of name and nano (JSON). `used`: the energy by rate,
    tier and price (`kernel.rating.Used`, JSON).

    `code`: the code of sold energy; set for the kind `sold`, and for no other kind. `top_up`: the payment with which it was sold.
    `back_of`: the entry whose energy, or whose days, are taken back.
    """

    class Kind(models.TextChoices):
        """The cause of an entry."""

        SOLD = "sold", _("energy sold by a code")
        DAYS = "days", _("days that have ended")
        TAKEN_OVER = "taken-over", _("energy that was left at the move-in")
        BACK = "back", _("code given back")
        LEFT = "left", _("left on the meter at the move-out")
        DAYS_BACK = "days-back", _("days after the move-out, given back")

    tenancy = models.ForeignKey("estate.Tenancy", on_delete=models.PROTECT, related_name="keypad_entries")
    token_meter = models.ForeignKey("vending.TokenMeter", on_delete=models.PROTECT, related_name="entries")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.BigIntegerField()
    until = models.BigIntegerField()
    counters = models.BinaryField()
    used = models.BinaryField()
    energy = models.BigIntegerField(default=0)
    charge = models.BigIntegerField()
    fee = models.BigIntegerField(default=0)
    standing = models.BigIntegerField(default=0)
    minimum = models.BigIntegerField(default=0)
    others = models.BinaryField(default=b"[]")
    tax = models.BigIntegerField(default=0)
    tax_included = models.BigIntegerField(default=0)
    code = models.OneToOneField("vending.Code", on_delete=models.PROTECT, null=True, related_name="entry")
    top_up = models.OneToOneField("vending.TopUp", on_delete=models.PROTECT, null=True, related_name="entry")
    back_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="backs")
    by = models.CharField(max_length=150, blank=True, default="")
    reason = models.CharField(max_length=200, blank=True, default="")

    TAKEN_BACK = (Kind.BACK, Kind.LEFT, Kind.DAYS_BACK)

    class Meta:
        ordering = ("tenancy", "number")
        constraints = (
            models.UniqueConstraint(fields=("tenancy", "number"), name="keypad_entry_number_once"),
            models.CheckConstraint(
                condition=models.Q(kind="sold", code__isnull=False)
                | ~models.Q(kind="sold") & models.Q(code__isnull=True),
                name="keypad_entry_sold_by_code",
            ),
        )

    @property
    def charges(self) -> tuple[tuple[str, int], ...]:
        """Return the amounts of forms of price without a column of their own, as pairs of name and nano."""
        return msgspec.json.decode(bytes(self.others), type=tuple[tuple[str, int], ...])

    def __str__(self) -> str:
        return f"{self.tenancy} {self.number}: {self.get_kind_display()}"
