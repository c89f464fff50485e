"""Notices every change of a row in the database; if a person makes it, it is written to the audit log.

Django tells by signals of rows that are saved and deleted one by one. `update` and `bulk_create` tell nobody: they are wrapped
here, once for all models, when the server starts (`listen`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.db.models import Model, QuerySet
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save
from django.db.transaction import atomic

from .acting import Actor, actor
from .audit import AuditEntry, changed, many_changed
from .audited import changes, fields_of, is_audited, organisations_of

MOST = 100
"""The most rows changed at once that are written down one by one. Of more, only their number is written down."""
MADE, CHANGED, DELETED = AuditEntry.Action.MADE, AuditEntry.Action.CHANGED, AuditEntry.Action.DELETED
_BEFORE = "_audited_before"


def _acting_on(model: type[Model]) -> Actor | None:
    who = actor()
    return who if who is not None and is_audited(model) else None


def _columns(rows: QuerySet[Any], names: Iterable[str]) -> dict[Any, dict[str, Any]]:
    """Return the columns of rows by their keys."""
    model: type[Model] = rows.model
    wanted = [name for name in names if name in fields_of(model)]
    return {row.pop("pk"): row for row in rows.order_by().values("pk", *wanted)}


def _of(row: Model) -> dict[str, Any]:
    return {name: getattr(row, name) for name in fields_of(type(row)) if name in row.__dict__}


def _save_begins(sender: type[Model], instance: Model, raw: bool, **_more: Any) -> None:
    if not raw and not instance._state.adding and _acting_on(sender):
        before = _columns(sender._base_manager.filter(pk=instance.pk), fields_of(sender))
        setattr(instance, _BEFORE, before.get(instance.pk))


def _saved(sender: type[Model], instance: Model, created: bool, raw: bool, **_more: Any) -> None:
    who = _acting_on(sender)
    if raw or who is None:
        return
    before = instance.__dict__.pop(_BEFORE, None)
    stored = sender._base_manager.filter(pk=instance.pk)
    # Read anew: an expression, or a text in place of a number, is in the row as the database understood it.
    after = _columns(stored, fields_of(sender)).get(instance.pk, {})
    changed_fields = changes(sender, None if created else before or {}, after)
    if changed_fields or created:
        owner = organisations_of(sender, [instance.pk]).get(instance.pk)
        changed(who, sender, MADE if created else CHANGED, [(instance.pk, owner, changed_fields)])


def _delete_begins(sender: type[Model], instance: Model, **_more: Any) -> None:
    if _acting_on(sender):
        setattr(instance, _BEFORE, organisations_of(sender, [instance.pk]).get(instance.pk))


def _deleted(sender: type[Model], instance: Model, **_more: Any) -> None:
    if who := _acting_on(sender):
        owner = instance.__dict__.pop(_BEFORE, None)
        changed(who, sender, DELETED, [(instance.pk, owner, changes(sender, _of(instance), None))])


def _related(instance: Model, action: str, pk_set: set[Any] | None, sender: type[Model], **_more: Any) -> None:
    """Rows that are joined by a table of their own: the properties for which somebody has a role."""
    who = _acting_on(type(instance))
    if who is None or action not in ("post_add", "post_remove", "pre_clear"):
        return
    name = sender._meta.model_name or ""
    numbers = sorted(pk_set) if pk_set is not None else "all"
    if numbers:
        change = [None, str(numbers)] if action == "post_add" else [str(numbers), None]
        owner = organisations_of(type(instance), [instance.pk]).get(instance.pk)
        changed(who, type(instance), CHANGED, [(instance.pk, owner, {name: change})])


def _update(original: Callable[..., int]) -> Callable[..., int]:
    @wraps(original)
    def update(self: QuerySet[Any], **values: Any) -> int:
        model: type[Model] = self.model
        who = _acting_on(model)
        names = {str(getattr(model._meta.get_field(name), "attname", name)) for name in values} if who else set()
        if who is None or not names & fields_of(model).keys():
            return original(self, **values)
        with atomic(using=self.db, savepoint=False):
            before = _columns(self.all(), names)
            done = original(self, **values)
            after = _columns(model._base_manager.filter(pk__in=list(before)[: MOST + 1]), names)
            _tell(who, model, before, after)
            return done

    return update


def _tell(who: Actor, model: type[Model], before: dict[Any, Any], after: dict[Any, Any]) -> None:
    changed_fields = {key: changes(model, before[key], after[key]) for key in after}
    changed_fields = {key: each for key, each in changed_fields.items() if each}
    if not changed_fields:
        return
    if len(before) > MOST:
        _tell_of_many(who, model, CHANGED, list(before))
        return
    owners = organisations_of(model, list(changed_fields))
    changed(who, model, CHANGED, [(key, owners.get(key), each) for key, each in changed_fields.items()])


def _tell_of_many(who: Actor, model: type[Model], action: str, keys: list[Any]) -> None:
    counts: Counter[int | None] = Counter()
    for begin in range(0, len(keys), 500):
        part = keys[begin : begin + 500]
        owners = organisations_of(model, part)
        counts.update(owners.get(key) for key in part)
    for owner, count in counts.items():
        many_changed(who, model, action, owner, count)


def _bulk_create(original: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    @wraps(original)
    def bulk_create(self: QuerySet[Any], objs: Iterable[Any], *more: Any, **options: Any) -> list[Any]:
        who = _acting_on(self.model)
        if who is None:
            return original(self, objs, *more, **options)
        with atomic(using=self.db, savepoint=False):
            before = self.model._base_manager.count() if options.get("ignore_conflicts") else 0
            rows = original(self, objs, *more, **options)
            _tell_of_new(who, self.model, rows, before)
            return rows

    return bulk_create


def _tell_of_new(who: Actor, model: type[Model], rows: list[Any], before: int) -> None:
    keys = [each.pk for each in rows if each.pk is not None]
    if len(keys) < len(rows):
        # Some were there already, and the database does not say which: only how many are new is known.
        if new := model._base_manager.count() - before:
            many_changed(who, model, MADE, _owner_of_new(rows), new)
    elif len(keys) > MOST:
        _tell_of_many(who, model, MADE, keys)
    elif keys:
        owners = organisations_of(model, keys)
        changed(who, model, MADE, [(each.pk, owners.get(each.pk), changes(model, None, _of(each))) for each in rows])


def _owner_of_new(rows: list[Any]) -> int | None:
    """Return the organisation of rows whose keys are not known, if they name it themselves."""
    return getattr(rows[0], "organisation_id", None) if rows else None


def listen() -> None:
    """Listen to all models from now on."""
    for signal, hear in (
        (pre_save, _save_begins),
        (post_save, _saved),
        (pre_delete, _delete_begins),
        (post_delete, _deleted),
        (m2m_changed, _related),
    ):
        signal.connect(hear, dispatch_uid=f"audit {hear.__name__}")
    setattr(QuerySet, "update", _update(QuerySet.update))  # noqa: B010
    setattr(QuerySet, "bulk_create", _bulk_create(QuerySet.bulk_create))  # noqa: B010
