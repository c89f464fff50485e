"""Asking for a task, which is done as soon as its turn comes."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ..core.time import system_now
from ..estate.models import Organisation
from .models import Task

MOST_WAITING = 20
"""The most tasks of one organisation that are not done yet."""


def ask(kind: str, organisation: Organisation, by: Any, back: str, **more: Any) -> Task:
    """Store a task, to be done as soon as its turn comes. `back`: the address from which it is asked for; `more`: fields
    of the task. Raises ValidationError if too many tasks of the organisation wait.
    """
    waiting = Task.objects.filter(organisation=organisation, state__in=(Task.State.WAITING, Task.State.RUNNING))
    if waiting.count() >= MOST_WAITING:
        raise ValidationError(_("Too many tasks are running already. Wait until some are done, and try again."))
    language = get_language() or ""
    return Task.objects.create(
        kind=kind, organisation=organisation, by=by, back=back, language=language, asked_at=system_now(), **more
    )
