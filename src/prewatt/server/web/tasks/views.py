"""How far a task is, and what came of it: for the one alone who asked for it, and only while they may still see it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRedirect

from ...accounts.memberships import reach_of
from ...accounts.rights import Right
from ...accounts.tenants import is_tenant_of
from ...estate.models import Organisation
from ...tasks.asking import ask
from ...tasks.models import Task
from ...tasks.outcomes import Outcome
from ..kept import say


def task_of(request: HttpRequest, pk: int) -> Task:
    """Return a task to the one who asked for it. Raises Http404 for anybody else, and if they have lost the right."""
    rows = Task.objects.select_related("organisation", "tenancy__unit__property").defer("content", "result")
    task = get_object_or_404(rows, pk=pk, by=request.user.pk)
    if not _may_see(request, task):
        raise Http404
    return task


def _may_see(request: HttpRequest, task: Task) -> bool:
    reach, tenancy = reach_of(request.user), task.tenancy
    if "property" in task.given:
        return reach.properties(Right(task.right)).filter(pk=task.given["property"]).exists()
    if tenancy is None:
        return task.right in reach.of(task.organisation)
    return is_tenant_of(request.user, tenancy) or task.right in reach.at(tenancy.unit.property)


def asked_for(request: HttpRequest, kind: str, organisation: Organisation, back: str, **more: Any) -> HttpResponse:
    """Ask for a task (`asking.ask`), and lead to its page; back, with the reason, if too many wait."""
    try:
        task = ask(kind, organisation, request.user, back, **more)
    except ValidationError as error:
        say(request, error)
        return redirect(back)
    return redirect("web:tasks:task", pk=task.pk)


def named_task(request: HttpRequest, kind: str) -> Task | None:
    """Return the task of a kind that the address names (`task`); None if it names none. Raises Http404 as `task_of`."""
    text = request.GET.get("task", "")
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        return None
    task = task_of(request, int(text))
    return task if task.kind == kind else None


def facts_of(request: HttpRequest, kind: str) -> dict[str, object]:
    """Return what came of the task of a kind that the address names (`task`); nothing if it names none that is done."""
    task = named_task(request, kind)
    return dict(task.facts) if task is not None and task.state == Task.State.DONE else {}


def as_answer(file: Outcome) -> HttpResponse:
    """Return a file to be saved."""
    answer = HttpResponse(file.content, content_type=file.type_)
    answer["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return answer


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
    return as_answer(Outcome(content=bytes(own.result), type_=own.result_type, name=own.result_name))


def _goes_on(own: Task) -> bool:
    return own.state == Task.State.DONE and not own.result_name


def _next(own: Task) -> str:
    return f"{own.back}{'&' if '?' in own.back else '?'}task={own.pk}"
