"""The page of a manager's payments: what waits for a person, and merchant accounts."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ....kernel.calendar import zone
from ...billing.debt_payments import in_words as paid_in_words
from ...billing.models import DebtPayment
from ...core import local_forms
from ...core.addresses import public
from ...core.sealing import SealError
from ...payments.errors import PaymentError
from ...payments.models import Merchant, Payment, Unexpected
from ...payments.paying import credit_held
from ...payments.polling import look
from ...payments.providers import PROVIDERS
from ...payments.providers.interface import ProviderError
from ...payments.refunds import plan, send_back, send_held_back
from ...vending.models import Refund
from ...web.access import owner_of, refund_of_manager, row_of, tenancies_of
from ...web.kept import Unclear, refuse, say
from ...web.paging import list_page
from ...web.sure import Act, ask_whether
from ...web.tenancy_choice import chosen_tenancy, offered
from ..taken_back.shown_rows import rows_of, unexplained

REFUSALS = (PaymentError, ProviderError, SealError, ValidationError)


@login_required
@require_GET
def payments(request: HttpRequest) -> HttpResponse:
    """Show an organisation's payments, first what waits for a person."""
    owner = owner_of(request)
    rows = Payment.objects.filter(merchant__organisation=owner).select_related(
        "merchant", "tenancy__unit__property", "top_up__command"
    )
    waits, done = rows_of(owner)
    context = {
        "owner": owner,
        "zone_info": zone(owner.home().zone),
        "waits": waits,
        "taken_back": done,
        "unexplained": unexplained(owner),
        "held": rows.filter(state=Payment.State.HELD),
        "unexpected": Unexpected.objects.filter(merchant__organisation=owner, is_resolved=False).select_related(
            "merchant"
        ),
        "page": list_page(request, rows),
        "tenancies": f"{reverse('console:payments:tenancies')}?organisation={owner.pk}",
        "merchants": [
            (
                each,
                _(PROVIDERS[each.provider].title),
                public(reverse("pay-callback", args=[each.provider, each.public_id])),
            )
            for each in Merchant.objects.filter(organisation=owner)
            if each.provider in PROVIDERS
        ],
        "providers": [(name, _(kind.title)) for name, kind in PROVIDERS.items()],
    }
    return render(request, "console/payments/payments.html", context)


def _payment(request: HttpRequest, payment_id: str) -> Payment:
    rows = Payment.objects.select_related("merchant__organisation", "tenancy__unit__property")
    return row_of(request, rows, "merchant__organisation", payment_id=payment_id)


@login_required
@require_POST
def decide(request: HttpRequest, payment_id: str) -> HttpResponse:
    """Credit held money to a tenancy or send it back, or ask the provider about an open payment."""
    payment, wanted = _payment(request, payment_id), request.POST.get("do")
    try:
        if wanted == "credit":
            rows = tenancies_of(payment.merchant.organisation).select_related("unit__property__organisation")
            tenancy = chosen_tenancy(request, rows, "tenancy")
            if tenancy is None:
                raise PaymentError(_("Choose a tenant."))
            credited = credit_held(payment, tenancy, request.user)
            said = _("The amount is on its way to the meter.")
            messages.success(request, paid_in_words(credited) if isinstance(credited, DebtPayment) else said)
        elif wanted == "back":
            send_held_back(payment, request.user)
            messages.success(request, _("The provider is sending the money back."))
        elif wanted == "look":
            messages.success(request, look(payment).get_state_display())
        else:
            raise ValidationError({"do": _("There is no such choice.")})
    except Unclear as error:
        refuse(request, error)
    except REFUSALS as error:
        say(request, error)
    return redirect("console:payments:payments")


@login_required
@require_GET
def tenancies(request: HttpRequest) -> HttpResponse:
    """Return the tenants to whom money can be credited and who fit what is being typed."""
    return offered(request, tenancies_of(owner_of(request)))


@login_required
@require_POST
def settle_unexpected(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that somebody has dealt with money that was not asked for."""
    row = row_of(request, Unexpected.objects.all(), "merchant__organisation", pk=pk)
    row.is_resolved = True
    row.save(update_fields=["is_resolved"])
    return redirect("console:payments:payments")


@login_required
@require_POST
def refund_by_provider(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a refund back the way the money came."""
    refund = refund_of_manager(request, pk)
    try:
        asked = ask_whether(request, refund.tenancy.unit, _sending_back(refund), partial(plan, refund))
        if asked is not None:
            return asked
        send_back(refund, request.user)
        messages.success(request, _("The provider is sending the money back."))
    except REFUSALS as error:
        say(request, error)
    return redirect("console:books:books")


def _sending_back(refund: Refund) -> Act:
    """Return what a person is asked before money leaves through a provider."""
    given = {
        "amount": local_forms.money_with_code(refund.left, refund.tenancy.unit.property.currency),
        "who": refund.who,
    }
    return Act(
        "send-back",
        _("Send %(amount)s back to %(who)s?") % given,
        (_("The provider pays the amount back the way it came. You can't stop this afterwards."),),
        _("Yes, send it back"),
        reverse("console:books:books"),
    )
