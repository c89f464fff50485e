"""Who pays, where a provider must know it before the payment is asked for: found out by a trip to the provider
(`round_trip.py`), and kept in the session for the next time.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from ..core.addresses import public
from ..payments.errors import PaymentError
from ..payments.merchants import provider_of
from ..payments.models import Merchant
from ..payments.providers import PROVIDERS
from ..payments.ways import Way
from .kept import LONGEST
from .round_trip import come_back, set_out, take_code

PAYER = "payer at %s"
"""The key under which a session keeps who pays, by merchant account; the purpose of the trip that finds it out."""


def payer_of(request: HttpRequest, merchant: Merchant) -> str:
    """Return who pays, as the provider of a merchant account names them; empty if they have not been asked yet."""
    key = PAYER % merchant.pk
    if code := take_code(request, key):
        request.session[key] = provider_of(merchant).payer(code)
    return str(request.session.get(key, ""))


def ask_who_pays(request: HttpRequest, way: Way, back: str, fields: tuple[str, ...], **more: str) -> HttpResponse:
    """Send whoever pays to the provider, which sends them to the page `back`. `fields` of the form are kept meanwhile, and what
    `more` names. Raises PaymentError if the provider has no such page.
    """
    wanted = {name: request.POST.get(name, "")[:LONGEST] for name in fields} | more
    state = set_out(request, PAYER % way.merchant.pk, **wanted)
    link = provider_of(way.merchant).payer_link(public(back), state)
    if not link:
        title = _(PROVIDERS[way.merchant.provider].title)
        raise PaymentError(_("This way to pay needs the payer's id at %(provider)s.") % {"provider": title})
    return redirect(link)


def back_from_provider(request: HttpRequest, merchant: int) -> dict[str, str] | None:
    """Return, once, what was kept of the form of whoever comes back from the provider; None if they did not set out here."""
    return come_back(request, PAYER % merchant)
