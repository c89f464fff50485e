"""Orders to meters, goodwill credit, and their codes, over the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field, StrictBool, StrictInt

from ...kernel.orders import BY_MANAGER
from ...kernel.units import exact_instant, exact_money
from ..sales.giving_back import give
from ..vending.controls import control
from ..vending.given_orders import Ordered, as_ordered, ordered
from ..vending.models import Adjustment, Command
from ..vending.named_orders import read_action
from ..vending.order_codes import why_no_code
from ..web.access import chosen, meter_of_manager, tenancy_of_manager
from .once import once
from .reading import read_instant, read_money
from .writing import instant_text

router = Router()


class NewOrder(Schema):
    """`do`: the name of the order. `until`: an instant, for a restoration or a limit. `amount`: text, for a
    restoration. `watts`: for a limit. `override`: close also over a lock. `asked`: a name of your own, so that asking twice
    within ten minutes is one order.
    """

    do: str = Field(json_schema_extra={"enum": list(BY_MANAGER)})
    reason: str
    override: StrictBool = False
    watts: StrictInt | None = None
    amount: str | None = None
    until: str | None = None
    asked: str = ""


@router.post("/meters/{name}/orders", response={201: dict[str, Any]})
def order(request: HttpRequest, name: str, given: NewOrder) -> Any:
    """Give an order to a meter: switch, limit, restoration or emergency credit. It is sent to the meter. If a code can
    carry it, the answer has one that can be typed on site at once. `until` in the answer holds for the order and for
    its code.
    """
    chosen(request, given.do)
    return once(request, given.asked, given.model_dump_json(), lambda: _ordered(request, name, given))


def _ordered(request: HttpRequest, name: str, given: NewOrder) -> dict[str, Any]:
    action = read_action(
        given.do,
        override=given.override,
        watts=given.watts,
        amount=0 if given.amount is None else read_money("amount", given.amount),
        until=0 if given.until is None else read_instant("until", given.until),
    )
    ordered_ = as_ordered(control(meter_of_manager(request, name=name), action, request.user, given.reason))
    assert ordered_ is not None
    return {**_document(ordered_), "state": "asked"}


@router.get("/meters/{name}/orders")
def orders(request: HttpRequest, name: str) -> Any:
    """List the last orders to a meter, and what became of each: asked, sent, done or refused. An order that still waits
    (asked or sent) has its code, or in `no_code` the reason why it has none.
    """
    return [
        {
            **_document(each),
            "do": each.name,
            "by": each.by,
            "reason": each.reason,
            "why": each.command.reason_in_words,
            "way": each.command.way or None,
            "reached": instant_text(each.command.reached_at),
        }
        for each in ordered(meter_of_manager(request, name=name), 100)
    ]


def _document(each: Ordered) -> dict[str, Any]:
    return {
        "number": each.command.number,
        "state": each.step,
        "until": exact_instant(each.until) if each.until else None,
        **code_document(each.command),
    }


def code_document(command: Command) -> dict[str, Any]:
    """Return the code of a command, and its meter. `code` is null if none can be typed; `no_code` then says why, as
    long as the command waits.
    """
    waits = command.reached_at is None and command.state in (Command.State.QUEUED, Command.State.SENT)
    code = getattr(command, "code", None) if waits else None
    return {
        "meter": command.meter.hangs,
        "code": None if code is None else code.digits,
        "no_code": why_no_code(command) if waits else "",
    }


class NewGift(Schema):
    """`amount` as text. `adjustment_id`: your own id, so that asking twice gives once (1 to 40 characters, not
    beginning with ~).
    """

    amount: str
    adjustment_id: str
    reason: str


@router.post("/tenancies/{pk}/goodwill", response={201: dict[str, Any]})
def give_freely(request: HttpRequest, pk: int, given: NewGift) -> Any:
    """Give goodwill credit; an amount under 0 takes some. It is sent to the meter, and has a code that can be typed on
    site at once. An amount over what one person may give alone waits for a second person, and has no code until then.
    """
    amount = read_money("amount", given.amount)
    adjustment = give(tenancy_of_manager(request, pk), amount, given.adjustment_id, request.user, given.reason)
    return Status(201, _gift(adjustment))


def _gift(adjustment: Adjustment) -> dict[str, Any]:
    nothing = {"meter": None, "code": None, "no_code": ""}
    return {
        "adjustment_id": adjustment.adjustment_id,
        "amount": exact_money(adjustment.amount),
        "state": adjustment.state,
        **(code_document(adjustment.command) if adjustment.command is not None else nothing),
    }
