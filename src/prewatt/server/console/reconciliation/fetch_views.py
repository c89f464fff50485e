"""A settlement file that is fetched now."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ...core.sealing import SealError
from ...estate.typed_days import typed_day
from ...payments.models import Merchant
from ...payments.providers.interface import ProviderError
from ...payments.settlement import fetch, whole_from
from ...web.access import row_of
from ...web.forms import key
from ...web.kept import say


@login_required
@require_POST
def fetch_file(request: HttpRequest) -> HttpResponse:
    """Fetch a day's settlement file now."""
    merchant = row_of(
        request,
        Merchant.objects.select_related("organisation"),
        "organisation",
        pk=key(request.POST.get("merchant", "")),
    )
    try:
        file = fetch(merchant, typed_day(request.POST.get("day", ""), "day"))
        messages.success(request, _("Fetched: %(count)d lines.") % {"count": file.lines.count()})
        if file.fetched_at < whole_from(merchant, file.day):
            messages.success(
                request, _("The file of that day is not complete yet. prewatt fetches it again by itself.")
            )
    except (ProviderError, SealError, ValidationError) as error:
        say(request, error)
    return redirect("console:reconciliation:reconciliation")
