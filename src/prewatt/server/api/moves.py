"""Corrections of moves that were recorded wrongly, over the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from ...kernel.units import exact_instant, exact_money
from ..tenancies.put_right import Change, Figures, preview, put_right
from ..web.access import tenancy_of_manager
from .reading import read_instant, read_money
from .writing import instant_text

router = Router()


class NewChange(Schema):
    """The values to correct; what is left out stays. `begins`, `ends`: instants. `stays`: the tenant does not move out
    after all. `along`: a tenant who moves at the same instant moves with this one. `deposit` as text. `another`: it is
    another person, and the login is taken away. `preview`: only say what the correction would do.
    """

    reason: str
    begins: str | None = None
    ends: str | None = None
    stays: bool = False
    along: bool = False
    tenant: str | None = None
    deposit: str | None = None
    another: bool = False
    preview: bool = False


@router.post("/tenancies/{pk}/put-move-right")
def put_move_right(request: HttpRequest, pk: int, given: NewChange) -> Any:
    """Correct a move, before its day or after it. The answer has each tenancy before and after, and what people should
    know.
    """
    tenancy = tenancy_of_manager(request, pk)
    change = Change(
        begins=None if given.begins is None else read_instant("begins", given.begins),
        ends=None if given.ends is None else read_instant("ends", given.ends),
        stays=given.stays,
        along=given.along,
        tenant=given.tenant,
        deposit=None if given.deposit is None else read_money("deposit", given.deposit),
        another=given.another,
    )
    by = request.user
    outcome = preview(tenancy, change, by) if given.preview else put_right(tenancy, change, by, given.reason)
    return {
        "tenancies": [{"before": _figures(before), "after": _figures(after)} for before, after in outcome.rows],
        "says": outcome.says,
    }


def _figures(each: Figures) -> dict[str, Any]:
    return {
        "tenant": each.who,
        "begins": exact_instant(each.begins),
        "ends": instant_text(each.ends),
        "bill": exact_money(each.bill),
        "balance": exact_money(each.balance),
        "owed": exact_money(each.owed),
        "owes": exact_money(each.owes),
        "deposit": exact_money(each.held),
    }
