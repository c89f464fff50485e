"""Pages of the books: the trial balance, what waits for a person, and what is given back."""

from __future__ import annotations

import re
from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ....kernel.calendar import local_day, zone
from ...accounts.rights import Right
from ...core import local_forms
from ...core.amounts import typed_money
from ...core.time import now
from ...estate.models import Tenancy
from ...estate.typed_days import typed_day
from ...ledger.books import trial_balance
from ...ledger.export_task import BEANCOUNT, BOOKS, CSV, exported, is_large
from ...ledger.models import Account
from ...payments.undoing import reverse_top_up
from ...sales.giving_back import decide, give, put_right, refund, refundable
from ...vending.models import Adjustment, TopUp
from ...vending.refusals import GivingBackError, check_id
from ...web.access import owner_of, row_at, tenancy_of_manager
from ...web.downloads import as_download
from ...web.forms import one_of
from ...web.kept import refuse, say
from ...web.sure import SURE, Act, ask_about, ask_whether
from ...web.tasks.asking import asked_for
from ..orders.views import said_of_code
from ..owed.views import owed_of

AT_MOST = "at_most"
"""The field in which the yes to a refund of all says how much that was when the question was asked, nano."""


def _currency(account: Account, common: str) -> str:
    return str(account.tenancy.unit.property.currency) if account.tenancy is not None else common


@login_required
@require_GET
def books(request: HttpRequest) -> HttpResponse:
    """Show the trial balance of an organisation, and what waits for a person."""
    owner = owner_of(request)
    zone_ = zone(owner.home().zone)
    tenancies = Tenancy.objects.filter(unit__property__organisation=owner).select_related("unit__property")
    today, balances, common = local_day(now(), zone_), trial_balance(owner), owner.currency
    context = {
        "owner": owner,
        "zone_info": zone_,
        "accounts": [
            (account, max(-amount, 0), max(amount, 0), _currency(account, common))
            for account, amount in balances.items()
            if amount
        ],
        "sum": sum(balances.values()),
        **owed_of(request, owner),
        "adjustments": Adjustment.objects.filter(tenancy__in=tenancies, state=Adjustment.State.WAITING).select_related(
            "tenancy__unit", "by"
        ),
        "today": today,
        "first": today.replace(day=1),
        "last": today,
    }
    return render(request, "console/books/books.html", context)


@login_required
@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """Return the books of some local days, as `csv` or `beancount`; if they are large, make them as a task."""
    owner = owner_of(request)
    try:
        form = one_of(request.GET, "form", (CSV, BEANCOUNT), CSV)
        first, last = (typed_day(request.GET.get(name, ""), name) for name in ("first", "last"))
        if last < first:
            raise ValidationError(
                {"last": _("Enter a first day and a last day. The last day can't be before the first.")}
            )
    except ValidationError as error:
        say(request, error)
        return redirect("console:books:books")
    if not is_large(owner):
        file = exported(owner, first, last, form)
        return as_download(file.content, file.type_, file.name)
    back = f"{reverse('console:books:books')}?organisation={owner.pk}"
    given = {"first": f"{first}", "last": f"{last}", "form": form}
    return asked_for(request, BOOKS, owner, back, given=given, right=Right.BOOKS)


@login_required
@require_POST
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Refund what is left to a tenant, give goodwill credit, or correct a charge."""
    tenancy, given = tenancy_of_manager(request, pk), request.POST
    unit, reason = tenancy.unit, given.get("reason", "")
    currency = unit.property.currency
    try:
        do = one_of(given, "do", ("refund", "give", "charged"))
        number = given.get("adjustment_id", "")
        check_id(number)
        if do == "refund":
            amount = typed_money(given["amount"], "amount", currency) if given.get("amount") else None
            pay_back = partial(refund, tenancy, amount, request.user, reason, number, _asked_for(given))
            asked = ask_whether(request, unit, _refunding(tenancy, amount), pay_back)
            if asked is not None:
                return asked
            pay_back()
            messages.success(request, _("The refund is booked. Pay it out under Books."))
        elif do == "charged":
            # A second person looks at it in any case.
            amount = typed_money(given.get("amount", ""), "amount", currency)
            messages.success(request, _in_words(put_right(tenancy, amount, number, request.user, reason)))
        else:
            amount = typed_money(given.get("amount", ""), "amount", currency)
            back, what = reverse("console:units:money", args=[unit.pk]), _("Goodwill credit")
            credit = partial(give, tenancy, amount, number, request.user, reason)
            asked = ask_about(request, unit, tenancy.tenant, amount, what, back, credit)
            if asked is None and request.POST.get(SURE) != str(amount):
                asked = ask_whether(request, unit, _giving(tenancy, amount, back), credit)
            if asked is not None:
                return asked
            messages.success(request, _in_words(credit()))
    except (GivingBackError, ValidationError) as error:
        refuse(request, error)
    return redirect("console:units:money", pk=tenancy.unit_id)


def _asked_for(given: QueryDict) -> int | None:
    """Return how much was left (nano) when a person was asked whether all of it is meant; None if nobody was asked."""
    at_most = given.get(AT_MOST, "")
    return int(at_most) if re.fullmatch("[0-9]{1,18}", at_most) else None


def _refunding(tenancy: Tenancy, amount: int | None) -> Act:
    """Return what a person is asked before credit is taken off a meter as a refund."""
    unit = tenancy.unit
    currency = unit.property.currency
    left = refundable(tenancy) if amount is None else amount
    values = {"amount": local_forms.money(left, currency), "currency": local_forms.sign(currency)}
    taken = (
        _("All credit that is left, %(amount)s %(currency)s, is taken off the meter. What is paid from now on stays.")
        if amount is None
        else _("%(amount)s %(currency)s are taken off the meter's credit.")
    )
    return Act(
        "refund",
        _("Refund credit to %(who)s?") % {"who": tenancy},
        (
            taken % values,
            _("When no credit is left, the flat is dark."),
            _("You then owe the tenant this money: pay it out under Books."),
        ),
        _("Yes, refund"),
        reverse("console:units:money", args=[unit.pk]),
        # What is paid between the question and the yes was not meant.
        more=((AT_MOST, f"{left}"),) if amount is None else (),
    )


def _giving(tenancy: Tenancy, amount: int, back: str) -> Act:
    """Return what a person is asked before goodwill is given."""
    currency = tenancy.unit.property.currency
    given = {
        "amount": local_forms.money(amount, currency),
        "currency": local_forms.sign(currency),
        "who": tenancy,
    }
    return Act(
        "give",
        _("Give %(amount)s %(currency)s of goodwill to %(who)s?") % given,
        (_("The credit goes to the meter. You, the landlord, bear it: nobody has paid it."),),
        _("Yes, give it"),
        back,
    )


def _undoing(top_up: TopUp) -> Act:
    """Return what a person is asked before a payment is undone."""
    tenancy = top_up.tenancy
    currency = tenancy.unit.property.currency
    given = {
        "amount": local_forms.money(top_up.amount, currency),
        "currency": local_forms.sign(currency),
        "who": tenancy,
    }
    return Act(
        "undo",
        _("Undo the payment of %(amount)s %(currency)s of %(who)s?") % given,
        (
            _("The amount is taken off the meter's credit. When none is left, the flat is dark."),
            _("Undo only what was never paid. The books keep both the payment and its reversal."),
        ),
        _("Yes, undo the payment"),
        reverse("console:units:money", args=[tenancy.unit_id]),
    )


def _in_words(adjustment: Adjustment) -> str:
    """Return what happens with an adjustment now."""
    waits = adjustment.state == Adjustment.State.WAITING
    words = (
        _("A second person has to agree first, under Books.") if waits else _("The amount is on its way to the meter.")
    )
    if adjustment.command is not None and adjustment.amount > 0:
        words = f"{words} {said_of_code(adjustment.command)}".strip()
    return words


@login_required
@require_POST
def undo_top_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a payment that never happened."""
    top_up = row_at(request, TopUp.objects.select_related("tenancy__unit__property"), "tenancy__unit__property", pk=pk)
    undo = partial(reverse_top_up, top_up, request.user, request.POST.get("reason", ""))
    try:
        asked = ask_whether(request, top_up.tenancy.unit, _undoing(top_up), undo)
        if asked is not None:
            return asked
        undo()
    except GivingBackError as error:
        refuse(request, error)
    else:
        messages.success(request, _("The payment is undone by a counter-entry."))
    return redirect("console:units:money", pk=top_up.tenancy.unit_id)


@login_required
@require_POST
def decide_adjustment(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree to an adjustment as a second person, or decline it."""
    adjustment = row_at(request, Adjustment.objects.all(), "tenancy__unit__property", pk=pk)
    try:
        decide(adjustment, request.user, one_of(request.POST, "do", ("agree", "decline")) == "agree")
    except (GivingBackError, ValidationError) as error:
        say(request, error)
    return redirect("console:books:books")
