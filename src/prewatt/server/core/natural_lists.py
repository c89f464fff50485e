"""Lists of the set-up pages in the order of names as people count: Flat 2 before Flat 10."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from django.db.models import ForeignKey, Model, QuerySet
from django.forms.models import ModelChoiceIterator
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from ...kernel.names import natural
from .row_forms import RowForm


def _columns(model: type[Model], order: str) -> list[str]:
    """Return the columns to order by. A column that is another row stands for the columns that order those rows."""
    sign, path = order[: order.startswith("-")], order.lstrip("-")
    model_: Any = model
    for part in path.split("__"):
        field = model_._meta.pk if part == "pk" else model_._meta.get_field(part)
        model_ = field.related_model if isinstance(field, ForeignKey) else None
    if model_ is None:
        return [order]
    inner = model_._meta.ordering or ("pk",)
    return [f"{sign}{path}__{column.lstrip('-')}" for each in inner for column in _columns(model_, each)]


def _at(index: int, row: Sequence[Any]) -> tuple[bool, Any]:
    value = row[index]
    return value is not None, natural(value) if isinstance(value, str) else value


class NaturalList(ChangeList):
    """The rows of a list in the requested order, with texts in the order of `natural`."""

    def _on_page(self) -> slice:
        """Return which of the sorted rows the page shows; all of them if the list has one page."""
        if not self.multi_page or (self.show_all and self.can_show_all):
            return slice(None)
        first = (self.page_num - 1) * self.list_per_page
        return slice(first, first + self.list_per_page)

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the rows, and sort texts as people count."""
        super().get_results(request)
        rows: Any = self.queryset
        order = rows.query.order_by or rows.model._meta.ordering
        if not all(isinstance(each, str) for each in order):
            return
        columns = [column for each in order for column in _columns(rows.model, each)]
        values = list(rows.order_by().values_list("pk", *(each.lstrip("-") for each in columns)))
        for index, column in reversed(list(enumerate(columns, 1))):
            values.sort(key=partial(_at, index), reverse=column.startswith("-"))
        shown = [row[0] for row in values[self._on_page()]]
        by_pk = rows.order_by().in_bulk(shown)
        self.result_list = [by_pk[pk] for pk in shown if pk in by_pk]


class _NaturalChoices(ModelChoiceIterator):  # type: ignore[type-arg]
    """The choices of a field, sorted as people count: 2 before 10."""

    def __iter__(self) -> Iterator[Any]:
        if self.field.empty_label is not None:
            yield "", self.field.empty_label
        rows: QuerySet[Any] = self.queryset
        yield from (
            self.choice(each) for each in sorted(rows, key=lambda row: natural(self.field.label_from_instance(row)))
        )


class RowAdmin(ModelAdmin):
    """A page of *Set-up* that stores only what somebody has changed on it. `fixed`: the fields that are set when a row is made,
    and can't be changed afterwards, because journals, books or messages hang on them.
    """

    form = RowForm
    fixed: tuple[str, ...] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return the fields that can only be read."""
        return (*super().get_readonly_fields(request, obj), *(() if obj is None else self.fixed))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Store a new row whole, and of an existing row the columns that have changed."""
        if change:
            obj.save(update_fields=form.moved())
        else:
            super().save_model(request, obj, form, change)


class NaturalAdmin(RowAdmin):
    """A page of Set-up whose list and choices are in the order of names."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        """Return the list in the order of names."""
        return NaturalList

    def formfield_for_foreignkey(self, db_field, request, **kwargs):  # type: ignore[no-untyped-def]
        """Return the field, with its choices in the order of names."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and hasattr(field, "queryset"):
            field.iterator = _NaturalChoices
            field.widget.choices = field.choices
        return field
