"""A form that is refused, or asked about, loses nothing: what was typed stands there again, and what is wrong beside its
field. It is kept in the session from the post to the page that the post leads back to (`templatetags.kept` shows it).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest

from ..core.errors import by_field, label
from ..estate.wall_clock import Twice

KEY = "typed"
LONGEST = 2000
"""Characters of a field that are kept."""
MOST = 60
"""Fields that are kept."""
SECRETS = ("key", "password", "pin", "csrfmiddlewaretoken")


def say(request: HttpRequest, error: Exception, labels: Mapping[str, Any] | None = None) -> None:
    """Show each of an error's messages, with what people see of its field; `labels`: where this page calls it otherwise."""
    for field, text in by_field(error):
        messages.error(request, f"{label(field, labels)}: {text}" if field else text)


def refuse(request: HttpRequest, error: Exception, form: str = "", labels: Mapping[str, Any] | None = None) -> None:
    """Say what is wrong with a post, and keep what was typed. `form`: which of the forms that post to this address."""
    say(request, error, labels)
    wrong: dict[str, str] = {}
    for field, text in by_field(error):
        wrong.setdefault(field, text)
    choices = {error.field: [list(each) for each in error.choices]} if isinstance(error, Twice) else {}
    request.session[KEY] = _typed(request, form) | {"wrong": wrong, "choices": choices}


def refuse_form(request: HttpRequest, form: BaseForm) -> None:
    """Say what is wrong with a form, by what its fields are called, and keep what was typed."""
    labels = {name: field.label for name, field in form.fields.items()}
    refuse(request, ValidationError(form.errors.as_data()), labels=labels)  # type: ignore[arg-type]


def keep(request: HttpRequest, form: str = "") -> None:
    """Keep what was typed into a form with which nothing is wrong."""
    request.session[KEY] = _typed(request, form) | {"wrong": {}, "choices": {}}


def _typed(request: HttpRequest, form: str) -> dict[str, Any]:
    names = [name for name in request.POST if name not in SECRETS and len(name) <= LONGEST][:MOST]
    values = {name: [text[:LONGEST] for text in request.POST.getlist(name)[:MOST]] for name in names}
    return {"form": request.path + form, "values": values}


def kept(request: HttpRequest, form: str) -> dict[str, Any] | None:
    """What was typed into the form at an address (with its name behind it, where there are several), once."""
    found: dict[str, Any] | None = getattr(request, "_kept", None) or request.session.get(KEY)
    if found is None or found["form"] != form:
        return None
    request._kept = found  # type: ignore[attr-defined]
    request.session.pop(KEY, None)
    return found


def typed_before(request: HttpRequest, form: str) -> dict[str, str] | None:
    """What was typed into each field of a form that was refused, once; None if it was not: then it is shown as it is kept."""
    found = kept(request, form)
    return {name: texts[-1] for name, texts in found["values"].items() if texts} if found else None
