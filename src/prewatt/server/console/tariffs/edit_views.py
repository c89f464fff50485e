"""The tariff editor: prices are typed, hours are painted, and the same form says from when on they hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from ....kernel.calendar import zone
from ....kernel.charges import CHARGES
from ....kernel.tariff import Tariff as KernelTariff
from ....kernel.tariff import TariffError
from ...accounts.rights import Right
from ...commissioning.progress import Step
from ...core.json_text import JsonError, read_json
from ...core.uploads import LARGEST_FILE, LARGEST_UPLOAD, choose_file, chosen_file, takes
from ...estate.models import Property
from ...estate.wall_clock import Twice, wall_clock
from ...tariffs.models import Tariff
from ...tariffs.rate_order import cheapest_first
from ...tariffs.reading import examples, read_document
from ...tariffs.versions import apply_now, keep, schedule
from ...tariffs.what_if_task import WHAT_IF, is_large, told_last_month
from ...tasks import asking
from ...tasks.outcomes import TaskError
from ...web.access import property_of_manager
from ...web.forms import key, one_of
from ...web.kept import say
from ...web.sure import ask_whether
from ...web.tasks.own_tasks import facts_of
from ..begin.steps import on_from, steps_above
from .doubtful_price import question_about
from .forms import document_of, fields_of, starter, typed
from .views import known_tariffs, week
from .words import in_editor

LONGEST_NAME = 64
HOLDS = ("later", "now", "at")
"""From when on a tariff holds: it is only kept, at once, or from an instant on."""
DAYS_COMPARED = 62
"""Last month and this one, in days."""


@takes(LARGEST_UPLOAD)
@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a tariff, typed and painted or from a file, and let it hold. It starts with one price, from an example, or from
    a stored tariff.
    """
    property_ = property_of_manager(request, pk)
    draft = _posted(request, property_) if request.method == "POST" else _begun(request, property_)
    if draft["tariff"] is not None and (elsewhere := _act(request, property_, draft)):
        return elsewhere
    context = {
        **draft,
        "property": property_,
        "zone_info": zone(property_.zone),
        "base": json.dumps(draft["base"]) if draft["base"] else "",
        "dated": len(draft["base"].get("dated_prices", {}).get("prices", [])),
        "weeks": week(draft["tariff"]) if draft["tariff"] else [],
        "order": [rate.name for rate in cheapest_first(draft["tariff"])] if draft["tariff"] else [],
        "examples": examples(),
        "known": known_tariffs(property_),
        "charges": CHARGES,
        "has_charges": _has_charges(draft),
        "hold": request.POST.get("hold", "later" if property_.tariff_versions.exists() else "now"),
        "steps": steps_above(property_, Step.PRICE),
        "effective": request.POST.get("effective", ""),
    }
    return render(request, "console/tariffs/tariff_edit.html", context)


def _act(request: HttpRequest, property_: Property, draft: dict[str, Any]) -> HttpResponse | None:
    """Do with a tariff that could be read what a button says. Returns the page that follows; None if the editor stays."""
    if "keep" in request.POST:
        try:
            return _asked(request, property_, draft["tariff"]) or _keep(request, property_, draft["tariff"])
        except ValidationError as error:
            _refuse(request, draft, error)
    elif "look" in request.POST:
        try:
            if is_large(property_, DAYS_COMPARED):
                return _as_task(request, property_, draft)
            draft |= told_last_month(property_, draft["document"])
        except (TaskError, ValidationError) as error:
            say(request, error)
    return None


class Wrong(dict[str, str]):
    """The error of each field; empty for a field without one."""

    def __missing__(self, field: str) -> str:
        return ""


def _has_charges(draft: Mapping[str, Any]) -> bool:
    """Return whether there is something in the fields that are folded away at first, or something wrong with them."""
    names = ("tax_name", "tax_percent", "source", *(form.name for form in CHARGES))
    return (
        any(draft["fields"].get(name) or draft["wrong"].get(name) for name in names) or "dated_prices" in draft["base"]
    )


def _draft(fields: dict[str, Any], base: dict[str, Any]) -> dict[str, Any]:
    """Return a tariff in the editor: its `fields`, the `base` that they change, what is `wrong` with which field, and,
    where it could be read, its `document` and the `tariff`.
    """
    return {"fields": fields, "base": base, "wrong": Wrong(), "choices": (), "document": {}, "tariff": None}


def _begun(request: HttpRequest, property_: Property) -> dict[str, Any]:
    """Return what the editor starts with."""
    facts = facts_of(request, WHAT_IF)
    if facts.get("property") == property_.pk and "document" in facts:
        base: Any = facts["document"]
        return {**_draft(fields_of(base), base), "tariff": _read(base, property_), **facts}
    start = request.GET.get("start", "")
    base = _start(property_, start)
    if start and not base:
        say(request, ValidationError({"start": _("There is no such choice.")}))
    return _draft(fields_of(base) if base else starter(), base)


def _start(property_: Property, start: str) -> dict[str, Any]:
    """Return the document that was chosen as a beginning; it becomes this property's, with its zone and currency."""
    kind, _colon, name = start.partition(":")
    base: dict[str, Any] = {}
    if kind == "example":
        base = examples().get(name, {})
    elif tariff := Tariff.objects.filter(organisation=property_.organisation, pk=key(name)).first():
        changed = _("%(name)s, changed")
        space = LONGEST_NAME - len(changed % {"name": ""})
        base = {**tariff.document, "name": changed % {"name": tariff.name[:space]}}
    return {part: value for part, value in base.items() if part not in ("zone", "currency")}


def _posted(request: HttpRequest, property_: Property) -> dict[str, Any]:
    """Return what was typed or came in a file, and what is wrong with it."""
    if request.FILES.get("file"):
        try:
            document = _uploaded(request)
            tariff = _read(document, property_)
        except (TariffError, ValidationError) as error:
            # The place in a file is told as it is documented.
            say(request, error)
            return _draft(typed(request.POST), _base(request, property_))
        return {**_draft(fields_of(document), document), "document": document, "tariff": tariff}
    draft = _draft(typed(request.POST), _base(request, property_))
    try:
        draft["document"] = document_of(draft["fields"], draft["base"])
        draft["tariff"] = _read(draft["document"], property_)
    except (TariffError, ValidationError) as error:
        _refuse(request, draft, error)
    return draft


def _read(document: Any, property_: Property) -> KernelTariff:
    return read_document(document, zone=property_.zone, currency=property_.currency)


def _base(request: HttpRequest, property_: Property) -> dict[str, Any]:
    """Return the document that the form changes, as the page has sent it along; none if it is not what the page sent."""
    text = request.POST.get("base", "")
    try:
        base = read_json(text.encode()) if 0 < len(text) <= LARGEST_FILE else {}
        if base:
            _read(base, property_)
    except (JsonError, TariffError, UnicodeError):
        return {}
    return dict(base) if isinstance(base, dict) else {}


def _uploaded(request: HttpRequest) -> Any:
    content = chosen_file(request, "file")
    if content is None:
        raise ValidationError({"file": choose_file()})
    try:
        return read_json(content)
    except JsonError as error:
        raise TariffError(f"file: {error}") from None


def _refuse(request: HttpRequest, draft: dict[str, Any], error: TariffError | ValidationError) -> None:
    """Say what is wrong, above the form and beside its field."""
    for each in in_editor(error, draft["fields"], draft["document"]):
        messages.error(request, each.whole)
        draft["wrong"].setdefault(each.field, each.text)
    for row in ("rates", "profiles"):
        for number, values in enumerate(draft["fields"][row]):
            values["wrong"] = draft["wrong"].get(f"{row}.{number}", "")
    if isinstance(error, Twice):
        draft["choices"] = error.choices


def _asked(request: HttpRequest, property_: Property, tariff: KernelTariff) -> HttpResponse | None:
    """Return the page that asks about a typed price that electricity costs nowhere; None if there is nothing to ask."""
    # A file comes from a program, and the question could not carry it.
    if request.FILES:
        return None
    prices = [price for rate in tariff.rates for price in rate.prices]
    question = question_about(prices, property_.currency, reverse("console:tariffs:edit", args=[property_.pk]))
    if question is None:
        return None
    return ask_whether(request, property_, question, lambda: keep(property_.organisation, tariff))


def _keep(request: HttpRequest, property_: Property, tariff: KernelTariff) -> HttpResponse:
    """Keep a tariff, and let it hold from the instant that was chosen. Raises ValidationError; then neither is done."""
    given: Mapping[str, str] = request.POST
    hold = one_of(request.POST, "hold", HOLDS, "later")
    if hold != "at" and given.get("effective"):
        said = _("This field has a day and an hour. Choose “From this day and hour on”, or leave the field empty.")
        raise ValidationError({"effective": said})
    is_first = not property_.tariff_versions.exists()
    with transaction.atomic():
        kept = keep(property_.organisation, tariff)
        if hold == "at":
            schedule(property_, kept, wall_clock(given.get("effective", ""), property_, "effective"))
        elif hold == "now":
            apply_now(property_, kept)
    if hold == "later":
        said = _("%(name)s is saved. Now choose when it takes effect.")
    else:
        said = _("%(name)s is saved and on its way to the meters.")
    messages.success(request, said % {"name": kept.name})
    if is_first and hold != "later":
        return on_from(property_, Step.PRICE)
    return redirect("console:tariffs:tariffs", pk=property_.pk)


def _as_task(request: HttpRequest, property_: Property, draft: Mapping[str, Any]) -> HttpResponse:
    """Let a large property's last month be worked out as a task, which comes back to the editor."""
    back = reverse("console:tariffs:edit", args=[property_.pk])
    given = {"property": property_.pk, "document": draft["document"]}
    task = asking.ask(WHAT_IF, property_.organisation, request.user, back, given=given, right=Right.SEE_SETTINGS)
    page = reverse("web:tasks:task", args=[task.pk])
    return HttpResponseClientRedirect(page) if request.htmx else redirect(page)  # type: ignore[attr-defined]
