"""Pages of codes for meters with a keypad of their own."""

from __future__ import annotations

from collections.abc import Callable
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
from ...core import local_forms
from ...core.amounts import typed_kwh, typed_money, typed_whole
from ...estate.models import Organisation
from ...sales.keypad_sales import quote
from ...vending.key_change import change_key
from ...vending.keypad_readings import in_doubt
from ...vending.keypads import moved_out, tenant_at
from ...vending.management_codes import vend_management
from ...vending.meter_numbers import register
from ...vending.models import Code, SupplyGroup, TokenMeter
from ...vending.refusals import TopUpError, VendError
from ...vending.sold_codes import vend_money, vend_units
from ...vending.supply_groups import KeyAttributes, add_group
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
        except (VendError, TopUpError, ValidationError, ValueError) as error:
            refuse(request, error, do)
        return redirect("console:keypads:keypads")
    rows = sorted(
        TokenMeter.objects.filter(organisation=owner, meter__isnull=True).select_related("group"),
        key=lambda meter: natural(meter.name),
    )
    context = {
        "owner": owner,
        "groups": SupplyGroup.objects.filter(organisation=owner, is_own=False),
        "meters": [each for each in rows if each.archived_at is None],
        "archived": [each for each in rows if each.archived_at is not None],
        "doubts": in_doubt(owner),
        "moved_out": moved_out(owner),
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
    if do not in _ACTIONS:
        raise VendError(_("There is no such choice."))
    _ACTIONS[do](request, owner)


def _group(request: HttpRequest, owner: Organisation) -> SupplyGroup:
    groups = SupplyGroup.objects.filter(organisation=owner, is_own=False)
    return _chosen(groups, request.POST.get("group", ""), "group")


def _meter(request: HttpRequest, owner: Organisation) -> TokenMeter:
    meters = TokenMeter.objects.filter(organisation=owner, meter__isnull=True, archived_at=None)
    return _chosen(meters, request.POST.get("meter", ""), "meter")


def _tariff_index(request: HttpRequest) -> int:
    return typed_whole(request.POST.get("tariff_index") or "1", "tariff_index", 0, 99)


def _add_group(request: HttpRequest, owner: Organisation) -> None:
    given = request.POST
    try:
        key = bytes.fromhex(given.get("key", ""))
    except ValueError:
        raise VendError(_("The vending key must have 16 or 40 hexadecimal digits.")) from None
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


def _register(request: HttpRequest, owner: Organisation) -> None:
    index = _tariff_index(request)
    given = request.POST
    register(
        _group(request, owner), given.get("number", ""), given.get("name", ""), index, given.get("counts_money") == "on"
    )
    messages.success(request, _("The meter is registered."))


def _vend_units(request: HttpRequest, owner: Organisation) -> None:
    energy = typed_kwh(request.POST.get("kwh", ""), "kwh")
    if energy % 100:
        raise ValidationError({"kwh": _("Give the kWh with at most one decimal, such as 12.5.")})
    token_meter, detail = _meter(request, owner), request.POST.get("detail", "")
    tenancy = tenant_at(token_meter)
    if tenancy is None:
        _tell_codes(request, [vend_units(token_meter, energy // 100, request.user, detail)])
        return
    price = quote(tenancy, energy)
    currency = tenancy.unit.property.currency
    messages.info(
        request,
        _(
            "%(kwh)s kWh cost %(who)s %(charge)s now. Record a payment of %(amount)s at the flat: "
            "the code is made with the payment."
        )
        % {
            "kwh": local_forms.kwh(price.energy),
            "who": tenancy.tenant,
            "charge": local_forms.money_with_code(price.charge, currency),
            "amount": local_forms.money_with_code(price.to_pay, currency),
        },
    )


def _vend_money(request: HttpRequest, owner: Organisation) -> None:
    amount = typed_money(request.POST.get("amount", ""), "amount", owner.currency)
    detail = request.POST.get("detail", "")
    _tell_codes(request, [vend_money(_meter(request, owner), amount, request.user, detail)])


def _vend_management(request: HttpRequest, owner: Organisation) -> None:
    names = {each.name.lower().replace("_", "-"): each for each in Function}
    function = names.get(request.POST.get("function", ""))
    if function is None:
        raise VendError(_("Choose a function."))
    value = typed_whole(request.POST.get("value") or "0", "value", 0, 10**7)
    _tell_codes(request, [vend_management(_meter(request, owner), function, value, request.user)])


def _change_key(request: HttpRequest, owner: Organisation) -> None:
    index = _tariff_index(request)
    _tell_codes(request, change_key(_meter(request, owner), _group(request, owner), index, request.user))


_ACTIONS: dict[str, Callable[[HttpRequest, Organisation], None]] = {
    "group": _add_group,
    "meter": _register,
    "units": _vend_units,
    "money": _vend_money,
    "management": _vend_management,
    "key": _change_key,
}


def _tell_codes(request: HttpRequest, codes: list[Code]) -> None:
    messages.success(request, " · ".join(str(code) for code in codes))


Row = TypeVar("Row", SupplyGroup, TokenMeter)
