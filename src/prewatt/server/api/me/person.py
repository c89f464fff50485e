"""Who a tenant is, their flats and their language, over the API."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _
from ninja import Router, Schema

from ....kernel.units import exact_instant
from ...accounts.languages import SpokenLanguage, known
from ...accounts.tenants import tenancies_of_login
from ...web.payers import shown_name
from ..writing import instant_text
from .own import is_present

router = Router()


@router.get("/me")
def me(request: HttpRequest) -> Any:
    """Return who you are, your language, and your flats: those where you live first, then the latest."""
    rows = list(tenancies_of_login(request.user).order_by("-begins", "-pk"))
    return {
        "name": shown_name(request.user),
        "language": translation.get_language() or settings.LANGUAGE_CODE,
        "tenancies": [
            {
                "id": each.pk,
                "unit": each.unit.name,
                "property": each.unit.property.name,
                "landlord": each.unit.property.organisation.name,
                "begins": exact_instant(each.begins),
                "ends": instant_text(each.ends),
                "is_present": is_present(each),
            }
            for each in sorted(rows, key=lambda each: not is_present(each))
        ],
    }


class Change(Schema):
    """`language`: the code of a language of the pages, such as zh-hans."""

    language: str


@router.api_operation(["PATCH", "PUT"], "/me")
def change_me(request: HttpRequest, given: Change) -> Any:
    """Choose your language, here and on the pages. PUT does the same: mini programs know no PATCH."""
    code = known(given.language)
    if not code:
        raise ValidationError({"language": _("Choose a language.")})
    user: Any = request.user
    SpokenLanguage.objects.update_or_create(user=user, defaults={"code": code})
    translation.activate(code)
    return me(request)
