"""The money of a unit: payments, codes, debts, and what is given back."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ....kernel.units import NANO
from ...billing.models import DebtPayment
from ...billing.open_debts import debts_of
from ...estate.models import Tenancy, Unit
from ...payments.bank import reference
from ...payments.staff import record
from ...vending.models import TopUp
from ...vending.order_codes import waiting_codes
from ...vending.paid_amounts import check_amount, new_credit_id
from ...vending.refusals import TopUpError
from ...web.access import unit_of_manager
from ...web.forms import TopUpForm
from ...web.kept import refuse
from ...web.keypad import keypad_panel
from ...web.sure import ask_about
from .movements import movements_of
from .tabs import UnitPage, open_tenancy

EXAMPLE = 20 * NANO
"""An amount that shows, before one is typed, how amounts of the currency are written."""


@login_required
@require_GET
def money(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was paid for a unit and what is owed, and take a payment."""
    page = UnitPage(request, pk, "money")
    tenant, panel = page.tenant, page.panel
    context = {
        "panel": panel,
        "keypad": keypad_panel(tenant, page.at) if tenant and panel is None else None,
        "codes": waiting_codes(page.meter) if page.meter else [],
        "credit_id": new_credit_id(),
        "example": EXAMPLE,
        "reference": reference(tenant) if tenant else "",
        "movements": movements_of(last) if (last := tenant or _last_tenancy(page.unit)) else None,
        "debts": [debt for each in _owing(page.unit) for debt in debts_of(each)],
        "payments": tenant.payments.select_related("merchant")[:8] if tenant else [],
    }
    return page.live("console/units/money.html", "console/units/_money.html", context)


def _last_tenancy(unit: Unit) -> Tenancy | None:
    """Return the latest tenancy of a unit; None if nobody ever lived there."""
    return unit.tenancies.order_by("begins").last()


def _owing(unit: Unit) -> QuerySet[Tenancy]:
    """Return the tenancies of a unit that have ever owed something, the latest first."""
    return unit.tenancies.filter(debts__isnull=False).distinct().order_by("-begins")


def recorded(payment: TopUp | DebtPayment) -> str:
    """Return what is said of a payment that was recorded."""
    if not isinstance(payment, TopUp) or payment.command is not None:
        return _("The payment is recorded and on its way to the meter.")
    if payment.code is None:
        return _("The payment is recorded. There is no code for it now: it is kept as credit for the next code.")
    return _("The payment is recorded. Its code: %(code)s") % {"code": payment.code}


@login_required
@require_POST
def add_top_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Record money that was received for a unit. Sent twice (a second click, a reload), it is one top-up."""
    unit_ = unit_of_manager(request, pk)
    tenant = open_tenancy(unit_)
    if tenant is None:
        raise Http404
    form = TopUpForm(unit_.property.currency, request.POST)
    back = reverse("console:units:money", args=[pk])
    # The money was given by whoever lived there when the page was opened.
    if request.POST.get("tenancy", f"{tenant.pk}") != f"{tenant.pk}":
        text = _("Somebody else lives here by now: %(who)s. Look whose payment it is, and type it again.")
        refuse(request, ValidationError(text % {"who": tenant.tenant}))
        return redirect(back)
    if not form.is_valid():
        refuse(request, ValidationError(form.errors.as_data()))  # type: ignore[arg-type]
        return redirect(back)
    typed = form.cleaned_data
    try:
        check_amount(typed["amount"], unit_.property.currency)
        way = typed["way"] or "cash"
        receive = partial(record, tenant, typed["amount"], typed["credit_id"], request.user, typed["note"], way)
        asked = ask_about(request, unit_, tenant.tenant, typed["amount"], _("Payment received"), back, receive)
        if asked is not None:
            return asked
        payment = receive()
    except TopUpError as error:
        refuse(request, error)
    else:
        messages.success(request, recorded(payment))
    return redirect(back)
