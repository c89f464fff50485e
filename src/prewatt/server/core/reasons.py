"""Rows that keep a reason, which is read in the language of whoever reads it."""

from __future__ import annotations

from django.db import models

from ...kernel.sentences import Sentence, stored
from .sentences import in_words


class WithReason(models.Model):
    """A row with a reason. `reason`: in English; `reason_parts`: what that sentence is made of (`kernel.sentences`), empty in
    rows from before.
    """

    reason = models.CharField(max_length=200, blank=True)
    reason_parts = models.JSONField(default=dict)

    class Meta:
        abstract = True

    @property
    def reason_in_words(self) -> str:
        """Return the reason in the language of the page."""
        return in_words(self.reason_parts, self.reason)

    def give_reason(self, reason: Sentence) -> None:
        """Set the reason; the row is stored by the caller."""
        self.reason, self.reason_parts = reason[:200], stored(reason)
