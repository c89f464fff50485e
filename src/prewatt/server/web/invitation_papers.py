"""Invitations as papers: a code to type, a QR code to scan, and what to do with them. They are shown once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext

from ...kernel.units import DAY
from ..accounts.invitations import DAYS
from ..accounts.languages import SpokenLanguage, known
from ..core.addresses import leads_here, public
from ..core.time import now
from ..estate.models import Tenancy
from ..notices.languages import ENGLISH, language_of
from ..notices.models import Recipient
from .site_pages import qr_of


@dataclass(frozen=True)
class Paper:
    """One invitation to be handed over. `door`: what it opens; `landlord`: from whom it is; `person`: for whom it is. `language`:
    of the paper, as Django names it.
    """

    door: str
    landlord: str
    person: str
    code: str
    language: str

    @property
    def link(self) -> str:
        """The address that the QR code holds."""
        return public(reverse("sign_in:join:link", args=[self.code.replace("-", "")]))

    @property
    def qr(self) -> str:
        """The QR code, as SVG."""
        return qr_of(self.link)


def language_of_paper(tenancy: Tenancy | None, user: Any = None) -> str:
    """Return the language of a paper for who lives in a flat, as Django names it: the one that was chosen with the login it is for
    (`user`), else that of the tenancy's notices, else that of the page on which it is made.
    """
    chosen = SpokenLanguage.objects.filter(user=user).values_list("code", flat=True).first() if user else ""
    recipient = Recipient.objects.filter(tenancy=tenancy).first() if tenancy else None
    notices = language_of(recipient.language).words.locale if recipient else ""
    return known(chosen or "") or known(notices) or get_language() or ENGLISH


def flat_paper(tenancy: Tenancy, code: str, user: Any = None) -> Paper:
    """Return the paper of an invitation to a flat from its landlord. `user`: the login that is let in again, if it is for one."""
    property_ = tenancy.unit.property
    door, language = f"{tenancy.unit.name}, {property_.name}", language_of_paper(tenancy, user)
    return Paper(door, str(property_.organisation), tenancy.tenant, code, language)


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
