"""The rows of notes and fault reports."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..estate.models import Organisation, Tenancy
from ..notices.models import Notice


class Note(models.Model):
    """Something that a manager has told tenants. `texts`: {language: [title, text]} for tenants who have chosen that
    language; all others read `title` and `text`. `asked` is unique in an organisation. `is_urgent`: it was also sent in
    quiet hours.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="notes")
    asked = models.CharField(max_length=40)
    title = models.CharField(max_length=100)
    text = models.TextField()
    texts = models.JSONField(default=dict)
    is_urgent = models.BooleanField(default=False)
    at = models.BigIntegerField()
    by = models.CharField(max_length=150)

    class Meta:
        ordering = ("-at", "-id")
        constraints = (models.UniqueConstraint(fields=("organisation", "asked"), name="note_once"),)

    def __str__(self) -> str:
        return self.title

    def words(self, language: str) -> tuple[str, str]:
        """Return title and text for a tenant who has chosen a language."""
        title, text = self.texts.get(language) or (self.title, self.text)
        return str(title), str(text)


class NoteTo(models.Model):
    """A tenant whom a note is for. `notice` is the notice that told them; null if they do not want to be told of notes.
    `seen_at`: when it was first shown on their page.
    """

    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="addressed")
    tenancy = models.ForeignKey(Tenancy, on_delete=models.PROTECT, related_name="notes")
    notice = models.ForeignKey(Notice, on_delete=models.SET_NULL, null=True, related_name="+")
    seen_at = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("note", "id")
        constraints = (models.UniqueConstraint(fields=("note", "tenancy"), name="note_to_once"),)

    def __str__(self) -> str:
        return f"{self.note}: {self.tenancy}"


class Report(models.Model):
    """A fault that a tenant reports, until it is done. `asked` is unique in a tenancy. `changed_at`: when something was
    last said or done; `closed_at`: when it was done.
    """

    class Category(models.TextChoices):
        """What a report is about."""

        DANGER = "danger", _("danger: sparks, smell of burning, a shock")
        NO_POWER = "no-power", _("no power")
        WIRING = "wiring", _("light, socket or fuse")
        METER = "meter", _("meter or codes")
        PAYMENT = "payment", _("payment or bill")
        OTHER = "other", _("something else")

    class State(models.TextChoices):
        """The state of a report."""

        OPEN = "open", _("open")
        WORK = "work", _("in work")
        DONE = "done", _("done")

    tenancy = models.ForeignKey(Tenancy, on_delete=models.PROTECT, related_name="reports")
    asked = models.CharField(max_length=40)
    category = models.CharField(max_length=8, choices=Category)
    state = models.CharField(max_length=4, choices=State, default=State.OPEN)
    made_at = models.BigIntegerField()
    changed_at = models.BigIntegerField()
    closed_at = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("-changed_at", "-id")
        constraints = (models.UniqueConstraint(fields=("tenancy", "asked"), name="report_once"),)

    def __str__(self) -> str:
        return f"{self.category_in_words}, {self.tenancy}"

    @property
    def category_in_words(self) -> str:
        """Return what the report is about, for people. Django's own method would translate all categories each time."""
        return str(self.Category(self.category).label)

    @property
    def state_in_words(self) -> str:
        """Return its state, for people."""
        return str(self.State(self.state).label)


class Entry(models.Model):
    """Something that was said or done about a report, and by whom: its first words, an answer, another `state` (empty:
    as before). `is_from_office`: it was the landlord's side. An entry is never changed. `asked` is unique in a report.
    """

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="entries")
    asked = models.CharField(max_length=40)
    at = models.BigIntegerField()
    by = models.CharField(max_length=150)
    is_from_office = models.BooleanField()
    text = models.TextField(blank=True)
    state = models.CharField(max_length=4, choices=Report.State, blank=True)

    class Meta:
        ordering = ("report", "at", "id")
        constraints = (models.UniqueConstraint(fields=("report", "asked"), name="report_entry_once"),)

    def __str__(self) -> str:
        return f"{self.by}: {self.text[:40]}"


class Photo(models.Model):
    """A photo of an entry, as it was encoded here (`photos`): JPEG, without anything that the camera wrote beside the
    picture.
    """

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="photos")
    content = models.BinaryField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()

    class Meta:
        ordering = ("entry", "id")

    def __str__(self) -> str:
        return f"{self.width} x {self.height}"
