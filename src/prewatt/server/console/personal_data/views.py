"""How long a landlord keeps personal data, and erasing those of a tenant who has moved out."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from ...accounts.security_log import note
from ...core.row_forms import RowForm
from ...privacy import erasing
from ...privacy.models import Retention, retention_of
from ...web.access import owner_of, tenancy_of_manager
from ...web.kept import say


class RetentionForm(RowForm):
    """For how long things are kept."""

    class Meta:
        model = Retention
        exclude = ("organisation",)


@login_required
@require_http_methods(["GET", "POST"])
def retention(request: HttpRequest) -> HttpResponse:
    """Show and change for how long a landlord keeps what is personal."""
    owner = owner_of(request)
    form = RetentionForm(request.POST or None, instance=retention_of(owner))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved. Older data are deleted once a day."))
        return redirect(f"{reverse('console:personal_data:retention')}?organisation={owner.pk}")
    context = {"owner": owner, "form": form}
    return render(request, "console/personal_data/retention.html", context, status=400 if form.is_bound else 200)


@login_required
@require_POST
def erase_tenant(request: HttpRequest, pk: int) -> HttpResponse:
    """Erase the personal data of a tenant who has moved out."""
    tenancy = tenancy_of_manager(request, pk)
    if "sure" not in request.POST:
        messages.error(request, _("First confirm that the tenant has the data that they asked for."))
        return redirect("tenant:personal_data:personal_data", pk=pk)
    try:
        erasing.erase(tenancy, request.user)
    except ValidationError as error:
        say(request, error)
    else:
        note("personal data erased", request, tenancy=pk)
        messages.success(request, _("The personal data of tenant %(number)d are erased.") % {"number": pk})
    return redirect("tenant:personal_data:personal_data", pk=pk)
