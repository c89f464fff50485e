"""Codes that are sold for a keypad meter."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.units import TOKEN
from ...tokens import (
    CurrencyCredit,
    UnitCredit,
    carried_at_most,
)
from ..core import local_forms
from .codes import codable, vend
from .keypads import TENTH, tenant_at
from .models import Code, TokenMeter
from .refusals import VendError
from .token_identifiers import next_tid


@transaction.atomic
def vend_units(token_meter: TokenMeter, tenths: int, by: Any = None, detail: str = "") -> Code:
    """Make a code for `tenths` times 0.1 kWh for a keypad meter at whose flat nobody lives. Raises VendError if the
    meter counts money, the energy is not over 0, or a tenant lives there, whose payment must be recorded instead.
    """
    if token_meter.meter_id is not None or token_meter.counts_money:
        raise VendError(_("This meter counts money: record a payment, and its code is made with it."))
    if (tenancy := tenant_at(token_meter)) is not None:
        raise VendError(
            _("%(who)s has an account for this meter: record the payment, and the code is made with it.")
            % {"who": tenancy}
        )
    if tenths <= 0:
        raise VendError(_("The energy must be more than 0 kWh."))
    if (most := carried_at_most(tenths)) != tenths:
        # The meter would take more than is counted here.
        raise VendError(
            _("A code can't carry exactly this energy. The next lower energy that it can carry is %(kwh)s kWh.")
            % {"kwh": local_forms.kwh(most * TENTH)}
        )
    token = UnitCredit(next_tid(token_meter), tenths)
    return vend(token_meter, token, Code.Kind.UNITS, by, tenths, detail)


@transaction.atomic
def vend_money(token_meter: TokenMeter, amount: int, by: Any = None, detail: str = "") -> Code:
    """Sell credit (`amount` nano) to a keypad meter that counts money. Raises VendError if a code cannot carry it
    exactly, or a payment must be recorded instead.
    """
    if token_meter.meter_id is not None:
        raise VendError(_("This meter has an account: record a payment instead, and its code is made with it."))
    if (tenancy := tenant_at(token_meter)) is not None:
        raise VendError(
            _("%(who)s has an account for this meter: record the payment, and the code is made with it.")
            % {"who": tenancy}
        )
    if amount <= 0 or codable(amount) != amount:
        raise VendError(_("A code can carry only amounts of at most four digits, such as 20.00 or 123.40."))
    token = CurrencyCredit(next_tid(token_meter), amount // TOKEN)
    return vend(token_meter, token, Code.Kind.MONEY, by, amount, detail)
