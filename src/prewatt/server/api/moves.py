"""Moving out, and corrections of moves that were recorded wrongly, over the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from ...kernel.units import exact_instant, exact_money
from ..core.time import now
from ..metering.models import Meter
from ..tenancies.moving import move_out
from ..tenancies.put_right import Change, Figures, preview, put_right
from ..tenancies.seen import Seen, in_documents, seen_of
from ..tenancies.staying import stays_after_move
from ..web.access import tenancy_of_manager
from .reading import read_instant, read_money
from .writing import instant_text

router = Router()


class NewMoveOut(Schema):
    """`ends`: the instant at which the tenant moves out; left out, it is now."""

    ends: str | None = None


@router.post("/tenancies/{pk}/move-out")
def record_move_out(request: HttpRequest, pk: int, given: NewMoveOut) -> Any:
    """Record a move-out. Until its instant has come, it can be recorded again with another one. `says`: of a move-out in the past,
    what stays with the tenant though the days after it do not.
    """
    tenancy = tenancy_of_manager(request, pk)
    ends = now() if given.ends is None else read_instant("ends", given.ends)
    move_out(tenancy, ends)
    return {
        "id": tenancy.pk,
        "tenant": tenancy.tenant,
        "begins": exact_instant(tenancy.begins),
        "ends": exact_instant(ends),
        "says": stays_after_move(tenancy.unit, ends),
    }


class Believed(Schema):
    """What you have seen of a tenancy, each as `seen` of a preview has it; `ends` is null if nobody moves out, and what is left out
    is not compared. `last_reading`: the instant of the last reading of the flat's meter.
    """

    tenant: str | None = None
    begins: str | None = None
    ends: str | None = None
    deposit: str | None = None
    last_reading: str | None = None


class NewChange(Schema):
    """The values to correct; what is left out stays. `begins`, `ends`: instants. `stays`: the tenant does not move out
    after all. `along`: a tenant who moves at the same instant moves with this one. `deposit` as text. `another`: it is
    another person, and the login is taken away. `preview`: only say what the correction would do. `believed`: what you have
    seen; if it is something else by now, the answer is 409, and nothing is corrected.
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
    believed: Believed | None = None


@router.post("/tenancies/{pk}/put-move-right")
def put_move_right(request: HttpRequest, pk: int, given: NewChange) -> Any:
    """Correct a move, before its day or after it. The answer has each tenancy before and after, what people should know, and
    `seen`: what can be sent as `believed` the next time.
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
        seen=_seen(given.believed),
    )
    by = request.user
    outcome = preview(tenancy, change, by) if given.preview else put_right(tenancy, change, by, given.reason)
    meter = Meter.objects.filter(unit=tenancy.unit_id).first()
    return {
        "tenancies": [{"before": _figures(before), "after": _figures(after)} for before, after in outcome.rows],
        "says": outcome.says,
        "seen": in_documents(seen_of(tenancy_of_manager(request, pk), meter)),
    }


def _seen(believed: Believed | None) -> Seen:
    """Return what a program says that it has seen, in the form of `seen_of`. Raises ValidationError."""
    given = {} if believed is None else believed.model_dump(exclude_unset=True)
    return {name: _read(name, text) for name, text in given.items()}


def _read(name: str, text: str | None) -> str | int | None:
    if text is None or name == "tenant":
        return text
    return read_money("believed", text) if name == "deposit" else read_instant("believed", text)


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
