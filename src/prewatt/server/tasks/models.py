"""A piece of heavy work, with what was given for it and what came of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from ..estate.models import Organisation, Tenancy


class Task(models.Model):
    """Work of a `kind` that a person (`by`) has asked for. Instants are in µs since 1970, by the system's clock.

    `given` and `content`: what the kind needs, and a file for it. `tenancy`: the one that it is about, if it may be asked
    for by a tenant. `right`: what `by` must still be allowed to fetch the result, unless they are the tenant of `tenancy`.
    `percent`: how far it is. `runner`: the process that does it; `tries`: how often one began it. `back`: the page from
    which it was asked for, which shows the `facts`. `text`: why it failed, in people's words. A file that came of it is
    `result`, of `result_type`, to be saved as `result_name`.
    """

    class State(models.TextChoices):
        """How far a task is."""

        WAITING = "waiting", gettext_lazy("waiting")
        RUNNING = "running", gettext_lazy("being made")
        DONE = "done", gettext_lazy("done")
        FAILED = "failed", gettext_lazy("failed")

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="tasks")
    tenancy = models.ForeignKey(Tenancy, on_delete=models.CASCADE, null=True, related_name="tasks")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tasks")
    right = models.CharField(max_length=30, blank=True)
    kind = models.CharField(max_length=30)
    given = models.JSONField(default=dict)
    content = models.BinaryField(default=b"")
    language = models.CharField(max_length=20, blank=True)
    back = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    percent = models.PositiveSmallIntegerField(default=0)
    runner = models.BigIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    asked_at = models.BigIntegerField()
    began_at = models.BigIntegerField(null=True)
    ended_at = models.BigIntegerField(null=True)
    facts = models.JSONField(default=dict)
    text = models.TextField(blank=True)
    result = models.BinaryField(default=b"")
    result_type = models.CharField(max_length=60, blank=True)
    result_name = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes = (models.Index(fields=("state", "asked_at"), name="task_by_state"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class TaskStep(models.Model):
    """A part of a task that was done, by its name for ever (`key`), and what came of it (`facts`): see `steps.once`."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="steps")
    key = models.CharField(max_length=60, unique=True)
    facts = models.JSONField(default=dict)

    def __str__(self) -> str:
        return str(self.key)
