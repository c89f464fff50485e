"""How a page asks for a task."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ...estate.models import Organisation
from ...tasks.asking import ask
from ..kept import say


def asked_for(request: HttpRequest, kind: str, organisation: Organisation, back: str, **more: Any) -> HttpResponse:
    """Ask for a task (`tasks.asking.ask`), and return the redirect to its page; if too many wait, the one back, with the reason."""
    try:
        task = ask(kind, organisation, request.user, back, **more)
    except ValidationError as error:
        say(request, error)
        return redirect(back)
    return redirect("web:tasks:task", pk=task.pk)
