"""Pages of codes for meters with a keypad of their own."""

from __future__ import annotations

from typing import TypeVar

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ....kernel.names import natural
from ....tokens import Function
from ...core.amounts import typed_kwh, typed_money, typed_whole
from ...estate.models import Organisation
from ...vending.codes import (
    KeyAttributes,
    VendError,
    add_group,
    change_key,
    register,
    vend_management,
    vend_money,
    vend_units,
)
from ...vending.models import Code, SupplyGroup, TokenMeter
from ...web.access import owner_of
from ...web.forms import key
from ...web.kept import refuse


@login_required
@require_http_methods(["GET", "POST"])
def keypads(request: HttpRequest) -> HttpResponse:
    """Show keypad meters of other makers, with their keys and the codes sold to them."""
    owner = owner_of(request)
    if request.method == "POST":
        do = request.POST.get("do", "")
        try:
            _vend(request, owner, do)
        except (VendError, ValidationError, ValueError) as error:
            refuse(request, error, do)
        return redirect("console:keypads:keypads")
    context = {
        "owner": owner,
        "groups": SupplyGroup.objects.filter(organisation=owner, is_own=False),
        "meters": sorted(
            TokenMeter.objects.filter(organisation=owner, meter__isnull=True).select_related("group"),
            key=lambda meter: natural(meter.name),
        ),
        "codes": Code.objects.filter(token_meter__organisation=owner, token_meter__meter__isnull=True).select_related(
            "token_meter"
        )[:30],
        "functions": [each.name.lower().replace("_", "-") for each in Function],
    }
    return render(request, "console/keypads/keypads.html", context)


def _chosen(rows: QuerySet[Row], pk: str, field: str) -> Row:
    row = rows.filter(pk=key(pk)).first()
    if row is None:
        raise ValidationError({field: _("There is no such choice.")})
    return row


def _vend(request: HttpRequest, owner: Organisation, do: str) -> None:
    given = request.POST

    def group(name: str) -> SupplyGroup:
        groups = SupplyGroup.objects.filter(organisation=owner, is_own=False)
        return _chosen(groups, given.get(name, ""), name)

    def meter() -> TokenMeter:
        meters = TokenMeter.objects.filter(organisation=owner, meter__isnull=True)
        return _chosen(meters, given.get("meter", ""), "meter")

    if do == "group":
        try:
            key = bytes.fromhex(given.get("key", ""))
        except ValueError:
            raise VendError(_("The vending key is 16 or 40 hexadecimal digits.")) from None
        add_group(
            owner,
            given.get("code", ""),
            key,
            KeyAttributes(
                revision=typed_whole(given.get("revision", ""), "revision", 1, 9),
                base=typed_whole(given.get("base", ""), "base", 1993, 2035),
                dkga=2 if len(key) == 8 else 4,
                algorithm=typed_whole(given.get("algorithm", ""), "algorithm", 7, 11),
            ),
        )
        messages.success(request, _("The vending key is saved and encrypted."))
    elif do == "meter":
        index = typed_whole(given.get("tariff_index") or "1", "tariff_index", 0, 99)
        register(group("group"), given.get("number", ""), given.get("name", ""), index)
        messages.success(request, _("The meter is registered."))
    elif do == "units":
        energy = typed_kwh(given.get("kwh", ""), "kwh")
        if energy % 100:
            raise ValidationError({"kwh": _("A code carries whole tenths of a kWh, such as 12.5.")})
        _told(request, [vend_units(meter(), energy // 100, request.user, given.get("detail", ""))])
    elif do == "money":
        amount = typed_money(given.get("amount", ""), "amount", owner.currency)
        _told(request, [vend_money(meter(), amount, request.user, given.get("detail", ""))])
    elif do == "management":
        names = {each.name.lower().replace("_", "-"): each for each in Function}
        function = names.get(given.get("function", ""))
        if function is None:
            raise VendError(_("Choose a function."))
        value = typed_whole(given.get("value") or "0", "value", 0, 10**7)
        _told(request, [vend_management(meter(), function, value, request.user)])
    elif do == "key":
        index = typed_whole(given.get("tariff_index") or "1", "tariff_index", 0, 99)
        _told(request, change_key(meter(), group("group"), index, request.user))
    else:
        raise VendError(_("There is no such choice."))


def _told(request: HttpRequest, codes: list[Code]) -> None:
    messages.success(request, " · ".join(str(code) for code in codes))


Row = TypeVar("Row", SupplyGroup, TokenMeter)
