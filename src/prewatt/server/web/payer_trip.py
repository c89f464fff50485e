"""Some providers must know who pays before the payment is asked for. A trip to the provider (`round_trip.py`) finds it out, and
the session keeps it for the next time.
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
"""The key under which a session keeps who pays, by merchant account. It is also the purpose of the trip that finds it out."""


def payer_of(request: HttpRequest, merchant: Merchant) -> str:
    """Return the payer's id at the provider of a merchant account; empty if it is not known yet."""
    key = PAYER % merchant.pk
    if code := take_code(request, key):
        request.session[key] = provider_of(merchant).payer(code)
    return str(request.session.get(key, ""))


def ask_who_pays(request: HttpRequest, way: Way, back: str, fields: tuple[str, ...], **more: str) -> HttpResponse:
    """Return the redirect of the payer to the provider, which sends them to the page `back`. Kept meanwhile are the `fields` of
    the form, and `more`. Raises PaymentError if the provider has no such page.
    """
    wanted = {name: request.POST.get(name, "")[:LONGEST] for name in fields} | more
    state = set_out(request, PAYER % way.merchant.pk, **wanted)
    link = provider_of(way.merchant).payer_link(public(back), state)
    if not link:
        title = _(PROVIDERS[way.merchant.provider].title)
        raise PaymentError(_("This way to pay needs the payer's id at %(provider)s.") % {"provider": title})
    return redirect(link)


def back_from_provider(request: HttpRequest, merchant: int) -> dict[str, str] | None:
    """Return, once, the fields that `ask_who_pays` kept, when the payer comes back; None if this session began no such trip."""
    return come_back(request, PAYER % merchant)
