"""The numbers of statements that were given out on paper."""

from __future__ import annotations

from django.db import models

from ..estate.models import Organisation, Tenancy


class StatementPaper(models.Model):
    """A statement that was given out, for the span from `begins` to `ends`. `number` counts in the organisation without a
    gap. The same statement has the same number however often it is printed; if its figures change (`digest`), it gets
    a new number and `replaces` the one before. `sent_at`: when it was last sent by e-mail.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="statement_papers")
    number = models.PositiveIntegerField()
    tenancy = models.ForeignKey(Tenancy, on_delete=models.PROTECT, related_name="statement_papers")
    begins = models.BigIntegerField()
    ends = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    made_at = models.BigIntegerField()
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    sent_at = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=("organisation", "number"), name="statement_number_once"),)

    def __str__(self) -> str:
        return f"{self.number:06d}"
