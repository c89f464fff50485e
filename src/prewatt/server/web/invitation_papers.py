"""Invitations as papers: a code to type, a QR code to scan, and what to do with them. They are shown once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import ngettext

from ...kernel.units import DAY
from ..accounts.invitations import DAYS
from ..core.addresses import leads_here, public
from ..core.time import now
from .site_pages import qr_of


@dataclass(frozen=True)
class Paper:
    """One invitation to be handed over. `door`: what it opens; `landlord`: from whom it is; `person`: for whom it is."""

    door: str
    landlord: str
    person: str
    code: str

    @property
    def link(self) -> str:
        """The address that the QR code holds."""
        return public(reverse("sign_in:join:link", args=[self.code.replace("-", "")]))

    @property
    def qr(self) -> str:
        """The QR code, as SVG."""
        return qr_of(self.link)


def show_papers(request: HttpRequest, papers: Sequence[Paper], zone_info: object) -> HttpResponse:
    """Answer with papers to print. `zone_info`: the time zone in which their last day is told. No browser keeps the page."""
    page = public(reverse("sign_in:join:code"))
    context = {
        "papers": papers,
        "page": page,
        "is_here": leads_here(page),
        "ends": now() + DAYS * DAY,
        "zone_info": zone_info,
    }
    answer = render(request, "web/layout/invitations.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


def tell_ended(request: HttpRequest, count: int) -> None:
    """Say on the next page how many invitations have ended."""
    ended = ngettext("%(count)d invitation no longer works.", "%(count)d invitations no longer work.", count)
    messages.success(request, ended % {"count": count})
