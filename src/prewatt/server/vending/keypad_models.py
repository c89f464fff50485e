"""The table of readings that people type of keypad meters."""

from __future__ import annotations

from django.db import models


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
