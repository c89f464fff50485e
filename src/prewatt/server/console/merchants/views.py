"""Pages of merchant accounts at payment providers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ...core.credential_fields import shown_fields
from ...core.sealing import SealError
from ...estate.models import Organisation
from ...payments.merchants import keep_merchant
from ...payments.models import Merchant
from ...payments.providers import PROVIDERS
from ...web.access import owner_of, row_of


def _merchant_form(request: HttpRequest, owner: Organisation, provider: str, merchant: Merchant | None) -> HttpResponse:
    kind = PROVIDERS.get(provider)
    if kind is None:
        raise Http404
    given: Any = request.POST
    error: ValidationError | None = None
    if request.method == "POST":
        try:
            _keep(owner, provider, given, merchant)
        except ValidationError as refused:
            error = refused
        except SealError as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("The merchant account is saved. Its secrets are not shown again."))
            return redirect("console:payments:payments")
    context = {
        "owner": owner,
        "title": _(kind.title),
        "merchant": merchant,
        "name": given.get("name", merchant.name if merchant else _(kind.title)),
        "fields": shown_fields(kind.fields, {**(merchant.settings if merchant else {}), **given.dict()}, _wrong(error)),
        "errors": _of_no_field(error),
    }
    return render(request, "console/merchants/merchant.html", context, status=400 if error else 200)


def _wrong(error: ValidationError | None) -> dict[str, list[str]]:
    """Return what is wrong, by field."""
    return error.message_dict if error and hasattr(error, "error_dict") else {}


def _keep(owner: Organisation, provider: str, given: Any, merchant: Merchant | None) -> None:
    """Store a merchant account. Raises ValidationError, or SealError if its secrets can't be encrypted."""
    account = keep_merchant(owner, provider, given.get("name", ""), given, merchant)
    account.is_enabled = merchant is None or "enabled" in given
    account.save(update_fields=["is_enabled"])


def _of_no_field(error: ValidationError | None) -> list[str]:
    """Return the errors that no field of the provider shows."""
    if error is None:
        return []
    if not hasattr(error, "error_dict"):
        return error.messages
    wrong = error.message_dict
    return wrong.get("name", []) + wrong.get("__all__", [])


@login_required
@require_http_methods(["GET", "POST"])
def new_merchant(request: HttpRequest, provider: str) -> HttpResponse:
    """Create a merchant account."""
    return _merchant_form(request, owner_of(request), provider, None)


@login_required
@require_http_methods(["GET", "POST"])
def merchant(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a merchant account. A secret that is left empty stays as it is."""
    merchant_ = row_of(request, Merchant.objects.select_related("organisation"), "organisation", pk=pk)
    return _merchant_form(request, merchant_.organisation, merchant_.provider, merchant_)
