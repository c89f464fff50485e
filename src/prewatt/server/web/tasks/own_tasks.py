"""The task that an address names. Only the person who asked for a task can see it."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from ...accounts.memberships import reach_of
from ...accounts.rights import Right
from ...accounts.tenants import is_tenant_of
from ...tasks.models import Task


def task_of(request: HttpRequest, pk: int) -> Task:
    """Return a task to the person who asked for it. Raises Http404 for anybody else, and if that person has lost the right."""
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


def named_task(request: HttpRequest, kind: str) -> Task | None:
    """Return the task of a kind that the address names (`task`); None if it names none of this kind. Raises Http404 as `task_of`."""
    text = request.GET.get("task", "")
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        return None
    task = task_of(request, int(text))
    return task if task.kind == kind else None


def facts_of(request: HttpRequest, kind: str) -> dict[str, object]:
    """Return the facts of the task of a kind that the address names (`task`); empty if it names none, or it is not done."""
    task = named_task(request, kind)
    return dict(task.facts) if task is not None and task.state == Task.State.DONE else {}
