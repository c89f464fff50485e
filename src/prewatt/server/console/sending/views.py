"""Pages of an organisation's accounts that send its notices, and of the templates that the services have approved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from ...core.credential_fields import Field, shown_fields
from ...core.sealing import SealError
from ...core.time import now
from ...estate.models import Organisation
from ...notices.channels import CHANNELS
from ...notices.channels.interface import Kind, SendError
from ...notices.events import Event
from ...notices.facts import FACTS
from ...notices.languages import language_choices, language_of, languages
from ...notices.models import SendingAccount, SendingTemplate
from ...notices.recipient_channels import address_of
from ...notices.recipients import country_of, manager_of
from ...notices.sending_accounts import keep_account
from ...notices.sending_templates import as_lines, check, keep_template, shown, template_for, templates_of
from ...web.access import row_of

EVERY = gettext_lazy("all notices without a template of their own")


class Refusal(NamedTuple):
    """Why an account was not stored: errors by field (`wrong`), or of the whole form."""

    wrong: Mapping[str, list[str]] = {}
    errors: Sequence[str] = ()


def _account(request: HttpRequest, pk: int, kind: str) -> tuple[Organisation, type[Kind], SendingAccount | None]:
    owner = row_of(request, Organisation.objects.all(), "pk", pk=pk)
    channel = CHANNELS.get(kind)
    if channel is None or not channel.fields:
        raise Http404
    return owner, channel, SendingAccount.objects.filter(organisation=owner, kind=kind).first()


@login_required
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Show and store an organisation's account with a service that carries its notices."""
    owner, channel, stored = _account(request, pk, kind)
    given: Any = request.POST
    refusal = Refusal()
    if request.method == "POST":
        try:
            saved = keep_account(owner, kind, given)
        except (ValidationError, SealError) as error:
            refusal = _refusal(error)
        else:
            messages.success(request, _("Saved. Its secrets are not shown again."))
            if channel.templated(saved.settings):
                return redirect("console:sending:templates", pk, kind)
            return redirect(f"{reverse('tenant:notices:notices', kwargs={'whose': 'office'})}?organisation={owner.pk}")
    kept = stored.settings if stored else {}
    values = {**kept, **request.GET.dict(), **given.dict()}
    fields = channel.fields_of(values)
    # An account with somebody else has none of the secrets of this one.
    known = stored if channel.fields_of(kept) == fields else None
    context = {
        "owner": owner,
        "kind": kind,
        "title": channel.title,
        "known": known,
        "templates": known is not None and channel.templated(kept),
        "errors": refusal.errors,
        "senders": _senders(fields[0], values),
        # Who sends is chosen beside them (`_senders`).
        "fields": shown_fields((each for each in fields if each.name != "sender"), values, refusal.wrong),
    }
    return render(request, "console/sending/sending_account.html", context, status=400 if any(refusal) else 200)


def _refusal(error: ValidationError | SealError) -> Refusal:
    if isinstance(error, SealError):
        return Refusal(errors=[str(error)])
    if hasattr(error, "error_dict"):
        return Refusal(wrong=error.message_dict)
    return Refusal(errors=error.messages)


def _senders(field: Field, values: Mapping[str, str]) -> list[tuple[str, Any, bool]]:
    """Return the services to choose from (value, words, whether it is chosen), if the first field asks for one."""
    if field.name != "sender":
        return []
    chosen = values.get("sender") or field.choices[0][0]
    return [(value, label, value == chosen) for value, label in field.choices]


EXAMPLES = {"wechat": "房间号：{{thing1.DATA}}\n余额：{{amount2.DATA}}"}
SMS_EXAMPLE = "房间${room}电费剩${balance}元，请及时充值。"
"""Contents of templates, as the providers show them."""


@login_required
@require_http_methods(["GET", "POST"])
def templates(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Show which approved template carries which notice, and what it shows; store changes."""
    owner, channel, stored = _account(request, pk, kind)
    if stored is None or not channel.templated(stored.settings):
        raise Http404
    wrong: dict[str, list[str]] = {}
    if request.method == "POST":
        wrong = _change(request, stored)
        if not wrong:
            return redirect("console:sending:templates", pk, kind)
    rows = list(templates_of(stored))
    context = {
        "owner": owner,
        "kind": kind,
        "title": channel.title,
        "address": channel.address,
        "rows": [(row, _event(row.event), _language(row.language), _samples(row)) for row in rows],
        "without": [each.label for each in Event if not _is_carried(each, rows)],
        "events": [("", EVERY), *Event.choices],
        "languages": [("", _("all")), *language_choices()],
        "names": [name for _code, name in language_choices()],
        "facts": FACTS.items(),
        "example": EXAMPLES.get(kind, SMS_EXAMPLE),
        "values": _in_form(request, rows, is_refused=bool(wrong)),
        "wrong": wrong,
    }
    return render(request, "console/sending/sending_templates.html", context, status=400 if wrong else 200)


def _in_form(request: HttpRequest, rows: Iterable[SendingTemplate], is_refused: bool) -> dict[str, Any]:
    """Return what stands in the form: what was typed and refused, or the values of the template that a request names."""
    values = _values(next((each for each in rows if f"{each.pk}" == request.GET.get("edit")), None))
    return {name: request.POST.get(name, text) for name, text in values.items()} if is_refused else values


def _values(edited: SendingTemplate | None) -> dict[str, str]:
    """Return what stands in the form: a stored template that is changed, or nothing for a new one."""
    if edited is None:
        return dict.fromkeys(("event", "language", "template", "fields"), "")
    return {"event": edited.event, "language": edited.language, "template": edited.template, "fields": as_lines(edited)}


def _is_carried(event: Event, rows: list[SendingTemplate]) -> bool:
    """Return whether there is a template for an event in each language."""
    return None not in [template_for(rows, event, code) for code in languages()]


def _event(event: str) -> Any:
    return Event(event).label if event else EVERY


def _language(code: str) -> str:
    return language_of(code).words.name if code else _("all")


def _samples(row: SendingTemplate) -> list[tuple[str, str, list[str]]]:
    """Return each field of a template, the fact that it shows, and a sample of it in each language."""
    samples = [[text for _field, text in shown(row, code)] for code in languages()]
    return [(field, fact, texts) for (field, fact), *texts in zip(row.fields, *samples, strict=True)]


def _change(request: HttpRequest, account: SendingAccount) -> dict[str, list[str]]:
    """Store, remove or try a template, as was posted. Returns what is wrong, by field."""
    given: Any = request.POST
    do = given.get("do", "keep")
    if do == "keep":
        names = ("event", "language", "template", "fields")
        try:
            keep_template(account, *(given.get(name, "") for name in names))
        except ValidationError as error:
            return error.message_dict
        messages.success(request, _("Saved. Try it out."))
        return {}
    row = get_object_or_404(
        SendingTemplate, account=account, pk=given.get("row") if given.get("row", "").isdecimal() else 0
    )
    if do == "drop":
        row.delete()
    elif do == "check":
        _check(request, row)
    else:
        messages.error(request, _("There is no such choice."))
    return {}


def _check(request: HttpRequest, row: SendingTemplate) -> None:
    office = manager_of(row.account.organisation)
    language = row.language or office.language
    address = request.POST.get("address", "").strip()
    try:
        if not address:
            own = office.channels.filter(kind=row.account.kind).first()
            if own is None:
                messages.error(request, _("Enter an address, or add this channel to your own notices."))
                return
            address = address_of(own)
        check(row, address, country_of(office), language, f"check-{row.pk}-{now()}")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except (SendError, SealError) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The service has accepted the message. Check whether it has arrived."))
