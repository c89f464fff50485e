"""Moving in, moving out and settling, from the unit's page."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ....kernel.calendar import local, zone
from ...accounts.rights import Right
from ...commissioning.progress import is_dark_at_first
from ...core import local_forms
from ...core.amounts import typed_money, typed_whole
from ...core.time import now
from ...estate.models import MOST_OCCUPANTS, Tenancy, Unit
from ...estate.wall_clock import wall_clock
from ...notices.contact import NO_CONTACT
from ...tenancies.moving import check_move_in, check_move_out, move_in, move_out, settle
from ...tenancies.staying import stays_after_move
from ...vending.keypads import keypad_of
from ...web.access import rights_at, tenancy_to_see, unit_of_manager
from ...web.kept import Refusals, refuse, say
from ...web.sure import Act, ask_about, ask_whether
from ..contacts.views import typed_contact


@login_required
@require_POST
def add_tenancy(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a move-in. The tenant gets in by an invitation that is printed from the unit's page."""
    unit = unit_of_manager(request, pk)
    typed, refusals, currency = request.POST, Refusals(), unit.property.currency
    tenant = typed.get("tenant", "").strip()
    begins = refusals.read(lambda: wall_clock(typed.get("begins", ""), unit.property, "begins"), 0)
    deposit = refusals.read(lambda: typed_money(typed.get("deposit") or "0", "deposit", currency), 0)
    occupants = refusals.read(lambda: typed_whole(typed.get("occupants") or "1", "occupants", 0, MOST_OCCUPANTS), 1)
    contact = refusals.read(lambda: typed_contact(request, unit.property), NO_CONTACT)
    tenancy = Tenancy(unit=unit, tenant=tenant, occupants=occupants, deposit=deposit)
    if "begins" not in refusals:
        tenancy.begins = begins
    unknown = [name for name in ("begins", "occupants") if name in refusals]
    refusals.read(lambda: check_move_in(tenancy, unknown), None)
    try:
        refusals.check()
        record = partial(move_in, unit, tenant, begins, occupants=occupants, deposit=deposit, contact=contact)
        back = reverse("console:units:people", args=[pk])
        asked = ask_about(request, unit, tenant, deposit, _("Deposit received"), back, record)
        if asked is not None:
            return asked
        moved_in = record()
    except ValidationError as error:
        refuse(request, error, labels={"begins": _("At")})
    else:
        text = _("%(tenant)s moves in. Print an invitation below, and hand it over.")
        messages.success(request, text % {"tenant": tenant})
        _tell_what_stays(request, unit, begins)
        if is_dark_at_first(moved_in, now()):
            messages.warning(request, _dark_until_paid(request, moved_in))
    return redirect("console:units:people", pk=pk)


def _tell_what_stays(request: HttpRequest, unit: Unit, at: int) -> None:
    """Say on the next page what does not move with the days after a move (µs) that is recorded late."""
    for text in stays_after_move(unit, at):
        messages.warning(request, text)


def _dark_until_paid(request: HttpRequest, tenancy: Tenancy) -> str:
    """Return what is said of a flat without credit into which somebody has moved, with the way to a first payment."""
    said = _("The flat has no credit yet, so there is no power until the first payment.")
    if Right.TAKE_MONEY not in rights_at(request, tenancy.unit.property):
        return said
    page = reverse("console:till:take", args=[tenancy.pk])
    return format_html('{} <a href="{}">{}</a>', said, page, _("Take a payment"))


@login_required
@require_POST
def end_tenancy(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that the tenant moves out."""
    tenancy = _of_manager(request, pk)
    try:
        ends = wall_clock(request.POST.get("ends", ""), tenancy.unit.property, "ends")
        asked = ask_whether(request, tenancy.unit, _moving_out(tenancy, ends), partial(check_move_out, tenancy, ends))
        if asked is not None:
            return asked
        move_out(tenancy, ends)
    except ValidationError as error:
        refuse(request, error, labels={"ends": _("Moves out at")})
    else:
        messages.success(request, _recorded(tenancy))
        _tell_what_stays(request, tenancy.unit, ends)
    return redirect("console:units:people", pk=tenancy.unit_id)


def _moving_out(tenancy: Tenancy, ends: int) -> Act:
    """Return what a person is asked before a move-out is recorded."""
    given = {
        "who": tenancy.tenant,
        "when": local_forms.moment(local(ends, zone(tenancy.unit.property.zone)), "j M Y, H:i"),
    }
    if Tenancy.objects.filter(unit=tenancy.unit_id, begins=ends).exists():
        after = _("The next tenant moves in at that time.")
    else:
        after = _("From then on the flat has no power until somebody switches it on.")
    return Act(
        "move-out",
        _("%(who)s moves out: %(when)s?") % given,
        (
            after,
            _("%(who)s pays what the meter measures until then, but not what it measures later.") % given,
            _("Then the account is closed. Credit that is left is owed to %(who)s. A debt is taken from the deposit.")
            % given,
            *((_("Until that time you can change it."),) if ends > now() else ()),
        ),
        _("Yes, record it"),
        reverse("console:units:people", args=[tenancy.unit_id]),
    )


def _settling(tenancy: Tenancy) -> Act:
    """Return what a person is asked before an account is closed."""
    given = {"who": tenancy.tenant}
    return Act(
        "settle",
        _("Close the account of %(who)s?") % given,
        (
            _("Credit that is left is owed to %(who)s: pay it out under Books. A debt is taken from the deposit.")
            % given,
            _("The meter's balance is set to the credit of the present tenant."),
        ),
        _("Yes, close it"),
        reverse("console:units:people", args=[tenancy.unit_id]),
    )


def _recorded(tenancy: Tenancy) -> str:
    """Return what is said of a move-out that was recorded."""
    if keypad_of(tenancy.unit_id) is not None:
        return _(
            "Recorded. The account is settled as soon as a reading of the keypad meter, from that day or later, is typed, "
            "with what is left on the meter."
        )
    return _("Recorded. The account is settled as soon as the meter has reported up to that time.")


@login_required
@require_POST
def settle_tenancy(request: HttpRequest, pk: int) -> HttpResponse:
    """Close at once the account of a tenant who has moved out."""
    tenancy = _of_manager(request, pk)
    close = partial(settle, tenancy)
    try:
        asked = ask_whether(request, tenancy.unit, _settling(tenancy), close)
        if asked is not None:
            return asked
        close()
    except ValidationError as error:
        say(request, error)
    else:
        messages.success(request, _("The account is settled."))
    return redirect("console:units:people", pk=tenancy.unit_id)


def _of_manager(request: HttpRequest, pk: int) -> Tenancy:
    tenancy, manager = tenancy_to_see(request, pk)
    if not manager:
        raise Http404
    return tenancy
