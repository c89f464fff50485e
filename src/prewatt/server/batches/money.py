"""Money that was received for many flats at once, such as a subsidy or a collection in cash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..accounts.rights import Right
from ..core.amounts import typed_money
from ..core.local_forms import money_with_code
from ..estate.models import Property
from ..ledger.books import MONEY
from ..payments.staff import record
from ..vending.models import TopUp
from ..vending.paid_amounts import check_amount, check_open
from ..vending.usual import doubt_of
from .acts import Act, Planned
from .flats import Batch, CantBe, Flat

LONGEST_NOTE = 40
"""The most characters before the flat's name in the number of a receipt."""


class TopUps(Act):
    """The same amount is credited to each flat, received in cash or by transfer."""

    do = "top-up"
    right = Right.TAKE_MONEY

    def read(self, property_: Property, given: Mapping[str, str]) -> dict[str, Any]:
        """Return the amount (nano), the way and the beginning of the receipts' numbers."""
        amount = typed_money(given.get("amount", ""), "amount", property_.currency)
        check_amount(amount, property_.currency)
        way, note = given.get("way", "cash"), " ".join(given.get("note", "").split())
        if way not in MONEY:
            raise ValidationError({"way": _("Choose how the money was received: cash or transfer.")})
        if len(note) > LONGEST_NOTE or not note.isprintable():
            said = _("A receipt number has at most %(most)d printable characters here: the flat's name is added.")
            raise ValidationError({"note": said % {"most": LONGEST_NOTE}})
        return {"amount": amount, "way": way, "note": note}

    def plan(self, batch: Batch, flat: Flat, before: int) -> Planned:  # noqa: ARG002
        """Return to whom the amount is credited."""
        if flat.tenancy is None:
            raise CantBe(_("Nobody lives here."))
        check_open(flat.tenancy)
        amount, currency = batch.values["amount"], batch.property_.currency
        said = _("%(amount)s are credited to %(who)s.")
        text = said % {"amount": money_with_code(amount, currency), "who": flat.tenancy.tenant}
        return Planned(text, doubt_of(flat.unit, amount))

    def carry_out(self, batch: Batch, flats: Sequence[Flat]) -> str:
        """Book the payment of one flat and send it. Its credit id follows from the batch: it can't be booked twice."""
        (flat,) = flats
        if flat.tenancy is None:
            raise CantBe(_("Nobody lives here."))
        values, note = batch.values, batch.values["note"]
        receipt = f"{note} {flat.unit.name}" if note else ""
        payment = record(flat.tenancy, values["amount"], batch.key(flat), batch.by, receipt, values["way"])
        amount = money_with_code(values["amount"], batch.property_.currency)
        if isinstance(payment, TopUp) and payment.command is None and payment.code is not None:
            return _("%(amount)s: its code is %(code)s") % {"amount": amount, "code": payment.code}
        return _("%(amount)s are booked and on their way to the meter.") % {"amount": amount}
