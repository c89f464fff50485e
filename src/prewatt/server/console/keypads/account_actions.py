"""What a manager does with the account of a flat with a keypad meter, from the meter's page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ...sales.giving_back import give_code_back
from ...sales.keypad_left import take_over
from ...sales.keypad_sales import sell_credit
from ...vending.keypads import tenant_at
from ...vending.models import KeypadEntry, TokenMeter
from ...vending.refusals import GivingBackError, TopUpError
from ...web.forms import key


def sell_kept_credit(request: HttpRequest, meter: TokenMeter) -> None:
    """Make a code of the credit that the tenant has. Raises TopUpError."""
    tenancy = tenant_at(meter)
    if tenancy is None:
        raise TopUpError(_("Nobody lives at this meter now."))
    entry = sell_credit(tenancy, request.user)
    messages.success(request, _("The code is made: %(code)s") % {"code": entry.code})


def charge_what_was_left(request: HttpRequest, meter: TokenMeter) -> None:
    """Charge the tenant what was left on the meter at the move-in. Raises GivingBackError."""
    tenancy = tenant_at(meter)
    if tenancy is None:
        raise GivingBackError(_("Nobody lives at this meter now."))
    take_over(tenancy, request.user)
    messages.success(request, _("It is charged. The next payment pays for it."))


def propose_to_give_back(request: HttpRequest, meter: TokenMeter) -> None:
    """Propose to give a code back that was never typed in. Raises GivingBackError."""
    rows = KeypadEntry.objects.select_related("tenancy__unit__property__organisation", "code")
    entry = rows.filter(token_meter=meter, pk=key(request.POST.get("entry", ""))).first()
    if entry is None:
        raise GivingBackError(_("There is no such choice."))
    give_code_back(entry, request.user, request.POST.get("reason", ""))
    messages.success(request, _("Proposed. A second person has to agree, on the page Books."))


ACTIONS = {"sell": sell_kept_credit, "take-over": charge_what_was_left, "give-back": propose_to_give_back}
"""The actions by their names in the form."""
