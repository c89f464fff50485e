"""The tenant's button for emergency credit."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ...metering.models import Meter
from ...vending.controls import take_emergency
from ...web.access import lives_now


@login_required
@require_POST
def emergency(request: HttpRequest, tenancy: int | None = None) -> HttpResponse:
    """Take the emergency credit, for the tenant."""
    user: Any = request.user
    flat = lives_now(request, tenancy)
    meter = Meter.objects.filter(unit=flat.unit_id).first()
    if meter is None:
        raise Http404
    take_emergency(meter, user.get_username())
    messages.success(request, _("The emergency credit is on its way to the meter."))
    return redirect("tenant:home:tenancy", tenancy=flat.pk)
