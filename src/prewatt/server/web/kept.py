"""A form that is refused loses nothing: what was typed is shown again, with what is wrong next to its field. It is kept
in the session from the post until the page that the post leads back to (`templatetags.kept` shows it).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms import BaseForm
from django.http import HttpRequest

from ..core.errors import by_field, label
from ..estate.wall_clock import Twice

Read = TypeVar("Read")
KEY = "typed"
LONGEST = 2000
"""The most characters of a field that are kept."""
MOST = 60
"""The most fields that are kept."""
SECRETS = ("key", "password", "pin", "csrfmiddlewaretoken")


class Unclear(ValidationError):
    """What was typed may mean several things, or none. `texts`: what is wrong, by field. `choices`: the values that can be
    chosen and their texts, by field.
    """

    def __init__(self, texts: Mapping[str, str], choices: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        super().__init__(dict(texts))
        self.choices = choices


class Refusals:
    """Reads the fields of a form one after the other, and gathers what is wrong, so that people can mend it in one go."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._choices: dict[str, Sequence[tuple[str, str]]] = {}

    def __contains__(self, field: str) -> bool:
        return field in self._texts

    def read(self, reader: Callable[[], Read], instead: Read) -> Read:
        """Return what `reader` returns; if it raises ValidationError, that is gathered, and `instead` is returned."""
        try:
            return reader()
        except ValidationError as error:
            for field, text in by_field(error):
                self._texts[field] = f"{self._texts[field]} {text}" if field in self._texts else text
            self._choices.update(_choices_of(error))
            return instead

    def check(self) -> None:
        """Raise ValidationError, with all that is wrong at each field, if anything is."""
        if self._texts:
            texts = {field or NON_FIELD_ERRORS: text for field, text in self._texts.items()}
            raise Unclear(texts, self._choices)


def _choices_of(error: Exception) -> dict[str, Sequence[tuple[str, str]]]:
    """Return what can be chosen at each field of a refused form."""
    if isinstance(error, Twice):
        return {error.field: error.choices}
    return dict(error.choices) if isinstance(error, Unclear) else {}


def say(request: HttpRequest, error: Exception, labels: Mapping[str, Any] | None = None) -> None:
    """Show each message of an error, with the name of its field as people see it. `labels`: other names of fields on
    this page.
    """
    for field, text in by_field(error):
        messages.error(request, f"{label(field, labels)}: {text}" if field else text)


def refuse(request: HttpRequest, error: Exception, form: str = "", labels: Mapping[str, Any] | None = None) -> None:
    """Say what is wrong with a post, and keep what was typed. `form`: the form's name, if several post to this address."""
    say(request, error, labels)
    wrong: dict[str, str] = {}
    for field, text in by_field(error):
        wrong.setdefault(field, text)
    choices = {field: [list(each) for each in values] for field, values in _choices_of(error).items()}
    request.session[KEY] = _typed(request, form, wrong) | {"wrong": wrong, "choices": choices}


def refuse_form(request: HttpRequest, form: BaseForm) -> None:
    """Say what is wrong with a Django form, with the labels of its fields, and keep what was typed."""
    labels = {name: field.label for name, field in form.fields.items()}
    refuse(request, ValidationError(form.errors.as_data()), labels=labels)  # type: ignore[arg-type]


def keep(request: HttpRequest, form: str = "") -> None:
    """Keep what was typed into a form although nothing is wrong with it. `form`: its name, as in `refuse`."""
    request.session[KEY] = _typed(request, form) | {"wrong": {}, "choices": {}}


def _typed(request: HttpRequest, form: str, wrong: Collection[str] = ()) -> dict[str, Any]:
    names = [name for name in request.POST if name not in SECRETS and len(name) <= LONGEST]
    # Of a form of very many fields those are kept that are to be mended.
    names = sorted(names, key=lambda name: name.removesuffix("-typed") not in wrong)[:MOST]
    values = {name: [text[:LONGEST] for text in request.POST.getlist(name)[:MOST]] for name in names}
    return {"form": request.path + form, "values": values}


def kept(request: HttpRequest, form: str) -> dict[str, Any] | None:
    """Return, once, what was typed into the form at an address; None if nothing was kept for it. `form`: the address,
    with the form's name behind it if several forms post there.
    """
    form_values: dict[str, Any] | None = getattr(request, "_kept", None) or request.session.get(KEY)
    if form_values is None or form_values["form"] != form:
        return None
    request._kept = form_values  # type: ignore[attr-defined]
    request.session.pop(KEY, None)
    return form_values


def typed_before(request: HttpRequest, form: str) -> dict[str, str] | None:
    """Return, once, what was typed into each field of a form that was refused; None if it was not refused, and the form
    shows what is stored.
    """
    form_values = kept(request, form)
    return {name: texts[-1] for name, texts in form_values["values"].items() if texts} if form_values else None
