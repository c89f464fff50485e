"""Template tags that show the fields of a form as they were typed before, and what is wrong with them. `form` is the
address that a form posts to. If several forms post to one address, the form's name stands behind it.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from ..kept import kept

register = template.Library()


def _kept(context: Context, form: str) -> dict[str, Any] | None:
    return kept(context["request"], form)


@register.simple_tag(takes_context=True)
def typed(context: Context, form: str, field: str, default: Any = "") -> SafeString:
    """Return the attribute `value` of a field, and the mark that it was wrong."""
    kept_form = _kept(context, form)
    value = (kept_form["values"].get(field) or [""])[0] if kept_form else default
    wrong = mark_safe(' aria-invalid="true"') if kept_form and field in kept_form["wrong"] else ""
    return format_html('value="{}"{}', value, wrong)


@register.simple_tag(takes_context=True)
def typed_text(context: Context, form: str, field: str) -> str:
    """Return the text of a field with several lines."""
    kept_form = _kept(context, form)
    return str((kept_form["values"].get(field) or [""])[0]) if kept_form else ""


@register.simple_tag(takes_context=True)
def wrong(context: Context, form: str, field: str) -> SafeString | str:
    """Return what is wrong with a field, to be shown next to it."""
    kept_form = _kept(context, form)
    text = kept_form["wrong"].get(field) if kept_form else None
    return format_html('<em class="bad">{}</em>', text) if text else ""


@register.simple_tag(takes_context=True)
def picked(context: Context, form: str, field: str, value: Any, default: Any = "", mark: str = "selected") -> str:
    """Return `selected` (or another `mark`) if this value of a field was chosen. Before anything was chosen, the
    default value counts.
    """
    kept_form = _kept(context, form)
    chosen = kept_form["values"].get(field, []) if kept_form else [str(default)]
    return mark if str(value) in chosen else ""


@register.simple_tag(takes_context=True)
def refused(context: Context, form: str) -> bool:
    """Return whether a form is shown again because it was refused. Then it is shown open."""
    return _kept(context, form) is not None


@register.inclusion_tag("web/layout/_instant_field.html", takes_context=True)
def instant_field(
    context: Context, form: str, field: str, title: str = "", default: str = "", is_free: bool = False
) -> dict[str, Any]:
    """Show a field for an instant on the property's clock. If the clock shows that time twice, the person chooses
    between the two. `is_free`: it may stay empty.
    """
    kept_form = _kept(context, form)
    values = kept_form["values"].get(field) if kept_form else None
    return {
        "field": field,
        "value": values[0] if values else default,
        "choices": kept_form["choices"].get(field, []) if kept_form else [],
        "title": title,
        "is_wrong": bool(kept_form and field in kept_form["wrong"]),
        "is_free": is_free,
    }


@register.simple_tag(takes_context=True)
def asked_back(context: Context, form: str, field: str) -> list[list[str]]:
    """Return the choices of a field whose meaning was not clear, as pairs of value and text; empty if it was clear."""
    kept_form = _kept(context, form)
    return list(kept_form["choices"].get(field, [])) if kept_form else []


@register.inclusion_tag("web/layout/_tenancy_field.html", takes_context=True)
def tenancy_field(
    context: Context, form: str, field: str, address: str, chosen: Any = None, select: bool = True
) -> dict[str, Any]:
    """Show a field for a tenancy, which is found by the typed text (`web/tenancy_choice.py`). `address`: gives those that fit,
    while somebody types. If several fitted the text of a refused form, the person chooses among them; without `select` the
    page has a list of its own for that. `chosen`: the tenancy that was clear, if the form was refused for something else.
    """
    kept_form = _kept(context, form)
    choices = [[str(chosen.pk), str(chosen)]] if chosen else asked_back(context, form, field)
    values = kept_form["values"].get(f"{field}-typed") if kept_form and not choices else None
    return {
        "field": field,
        "id": f"{field}{form.replace('/', '-')}",
        "address": address,
        "choices": choices if select else [],
        "chosen": str(chosen.pk) if chosen else "",
        "value": values[0] if values else "",
        "wrong": bool(kept_form and field in kept_form["wrong"]),
    }
