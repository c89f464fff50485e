"""An entry of the audit log as people read it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import BooleanField, Field, ForeignKey, Model
from django.utils.translation import gettext as _

from ....kernel.calendar import local
from ....kernel.units import DAY, exact_money
from ...accounts.audit import AuditEntry
from ...accounts.audited import is_audited
from ...core.earlier_names import earlier_name

INSTANTS = frozenset({"at", "begins", "ends", "since", "until"})
MONEY = frozenset(
    {
        "amount",
        "charge",
        "cost",
        "debited",
        "deposit",
        "fee",
        "limit",
        "minimum",
        "owed",
        "returned",
        "standing",
        "total",
    }
)
"""Columns of numbers: `INSTANTS` are instants, as are those that end in `_at` and `_until`; `MONEY` is in nano."""


class ChangedField(NamedTuple):
    """A changed column: its name, and its value before and after. If the values are not written down, `is_hidden` is
    true and both are empty.
    """

    name: str
    before: str
    after: str
    is_hidden: bool


class ChangedRow(NamedTuple):
    """An entry of the audit log for people: who changed what kind of thing, which row of it, and its columns."""

    entry: AuditEntry
    who: str
    what: str
    row: str
    fields: list[ChangedField]


def things() -> list[tuple[str, str]]:
    """Return the models that the page can be narrowed to, with their names for people."""
    things_ = {(each._meta.label, str(each._meta.verbose_name)) for each in apps.get_models() if is_audited(each)}
    return sorted(things_, key=lambda each: each[1])


def in_words(entries: Iterable[AuditEntry], zone_info: ZoneInfo) -> list[ChangedRow]:
    """Return entries as people read them, with instants on the wall clock of `zone_info`. A row that is deleted has
    only its number.
    """
    shown = list(entries)
    users = get_user_model()._base_manager.in_bulk([each.user for each in shown if each.user is not None])
    rows = {label: _names(label, [each.row for each in shown if each.model == label]) for label in _labels(shown)}
    return [
        ChangedRow(
            each,
            _who(each, users),
            _name_of(_model(each.model)),
            rows.get(each.model, {}).get(each.row, each.row and f"№ {each.row}"),
            [_field(_model(each.model), name, change, zone_info) for name, change in each.changes.items()],
        )
        for each in shown
    ]


def _labels(entries: list[AuditEntry]) -> set[str]:
    return {each.model for each in entries}


def _model(label: str) -> type[Model] | None:
    try:
        return apps.get_model(label)
    except LookupError:
        return None


def _name_of(model: type[Model] | None) -> str:
    return str(model._meta.verbose_name) if model is not None else "–"


def _names(label: str, keys: list[str]) -> dict[str, str]:
    """Return what rows are called, by their numbers as texts."""
    model = _model(label)
    if model is None:
        return {}
    numbers = [key for key in keys if key.isdecimal()]
    return {str(pk): str(row) for pk, row in model._base_manager.select_related().in_bulk(numbers).items()}


def _who(entry: AuditEntry, users: dict[Any, Any]) -> str:
    if entry.user is not None:
        return str(users[entry.user]) if entry.user in users else _("login %(n)d") % {"n": entry.user}
    if entry.page == "sign_in:join:door":
        return _("somebody with an invitation")
    return _("operator at the server") if entry.door == "command" else _("not logged in")


def _field_named(model: type[Model], name: str) -> Field[Any, Any] | None:
    """Return the column that an entry calls so, which may be by an earlier name."""
    fields = model._meta.concrete_fields
    return next(
        (each for each in fields if name in (each.attname, earlier_name(model._meta.label, each.attname))), None
    )


def _field(model: type[Model] | None, name: str, change: list[Any] | None, zone_info: ZoneInfo) -> ChangedField:
    field = _field_named(model, name) if model else None
    title = str(field.verbose_name) if field is not None else name
    if change is None:
        return ChangedField(title, "", "", True)
    before, after = (_value(field, name, each, zone_info) for each in change)
    return ChangedField(title, before, after, False)


def _is_instant(name: str, value: int) -> bool:
    """Return whether a column's number is an instant (µs). What is less than a day is a span, or "never"."""
    return value > DAY and (name in INSTANTS or name.endswith(("_at", "_until")))


def _value(field: Field[Any, Any] | None, name: str, value: Any, zone_info: ZoneInfo) -> str:
    if value in (None, ""):
        return "–"
    if isinstance(field, BooleanField):
        return _("yes") if value is True else _("no")
    if isinstance(value, int) and _is_instant(name, value):
        return f"{local(value, zone_info):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, int) and name in MONEY:
        return exact_money(value).rstrip("0").rstrip(".")
    if isinstance(field, ForeignKey):
        return f"№ {value}"
    choices = dict(field.flatchoices) if field is not None else {}
    return str(choices.get(value, value))
