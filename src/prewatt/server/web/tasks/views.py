"""The page that says how far a task is, and the file that came of it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRedirect

from ...tasks.models import Task
from ..downloads import as_download
from .own_tasks import task_of


@login_required
@require_GET
def task(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a task is. If it is done and has no file, go on to the page from which it was asked for."""
    own = task_of(request, pk)
    if _goes_on(own):
        return redirect(_next(own))
    return render(request, "web/tasks/task.html", {"task": own, "next": _next(own)})


@login_required
@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the part of the page that says how far a task is. The page asks again until it has ended."""
    own = task_of(request, pk)
    if _goes_on(own):
        return HttpResponseClientRedirect(_next(own))
    return render(request, "web/tasks/_progress.html", {"task": own, "next": _next(own)})


@login_required
@require_GET
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the file that came of a task."""
    own = task_of(request, pk)
    if own.state != Task.State.DONE or not own.result_name:
        raise Http404
    return as_download(bytes(own.result), own.result_type, own.result_name)


def _goes_on(own: Task) -> bool:
    return own.state == Task.State.DONE and not own.result_name


def _next(own: Task) -> str:
    return f"{own.back}{'&' if '?' in own.back else '?'}task={own.pk}"
