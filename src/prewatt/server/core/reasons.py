"""Rows that keep a reason or a memo, which is read in the language of whoever reads it."""

from __future__ import annotations

from django.db import models

from ...kernel.sentences import Sentence, as_given, stored
from .sentences import in_words


class WithReason(models.Model):
    """A row with a reason. `reason`: in English; `reason_parts`: what that sentence is made of (`kernel.sentences`), empty in
    older rows.
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


class WithMemo(models.Model):
    """A row with a memo. `memo`: in English, or as somebody typed it; `memo_parts`: what a sentence is made of
    (`kernel.sentences`), empty in older rows and for what was typed.
    """

    memo = models.CharField(max_length=200, blank=True)
    memo_parts = models.JSONField(default=dict)

    class Meta:
        abstract = True

    @property
    def memo_in_words(self) -> str:
        """Return the memo in the language of the page."""
        return in_words(self.memo_parts, self.memo)

    @property
    def memo_as_given(self) -> str:
        """Return a memo for a second booking with the same reason: the sentence, or what was typed."""
        return as_given(self.memo, self.memo_parts)


class WithTypedReason(models.Model):
    """A row with a reason that somebody typed, or with a sentence as its reason. Both are stored as a memo is."""

    reason = models.CharField(max_length=200)
    reason_parts = models.JSONField(default=dict)

    class Meta:
        abstract = True

    @property
    def reason_in_words(self) -> str:
        """Return the reason in the language of the page."""
        return in_words(self.reason_parts, self.reason)

    @property
    def reason_as_given(self) -> str:
        """Return the reason to be booked: the sentence, or what was typed."""
        return as_given(self.reason, self.reason_parts)
