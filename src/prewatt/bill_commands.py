"""What `prewatt bills` and `prewatt terms` do, on the server's database: how tenancies pay, and what is open of their bills."""

from __future__ import annotations

from rich.table import Table

from .kernel.calendar import local_day, zone
from .kernel.currencies import format_money
from .server.amounts import typed_money
from .server.billing.bills import open_bills
from .server.billing.terms import Wanted, agree, in_words, preview
from .server.estate.models import Property, Tenancy
from .server.estate.terms import terms_of, waiting_terms
from .server.time import now
from .server.wall_clock import wall_clock

BY = "console"


class NoTenancy(ValueError):
    """Nobody lives there; the message says where."""


def bills_table(where: Property) -> tuple[Table, str]:
    """What is open of a property's bills, overdue first, and the sum of it."""
    table = Table("bill", "flat", "tenant", "due", where.currency, "left", "state")
    found = [each for each in open_bills(where.organisation) if each.bill.tenancy.unit.property_id == where.pk]
    for each in found:
        bill, style = each.bill, "bold red" if each.state == "overdue" else None
        table.add_row(
            f"{bill.number}", bill.tenancy.unit.name, bill.who, f"{local_day(bill.due - 1, zone(where.zone))}",
            format_money(bill.amount, where.currency), format_money(each.left, where.currency), each.in_words, style=style,
        )  # fmt: skip
    overdue = sum(each.left for each in found if each.state == "overdue")
    left = sum(each.left for each in found)
    said = f"{format_money(left, where.currency)} is open, {format_money(overdue, where.currency)} of it overdue."
    return table, said


def _tenancy(where: Property, unit: str) -> Tenancy:
    rows = Tenancy.objects.not_over(now()).filter(unit__property=where, unit__name=unit)
    found = rows.select_related("unit__property__organisation").first()
    if found is None:
        raise NoTenancy(f"{unit!r} at {where.name}: nobody lives there")
    return found


def terms_said(where: Property, unit: str) -> str:
    """How who lives in a unit pays, and how that will be."""
    tenancy = _tenancy(where, unit)
    said, waits = in_words(terms_of(tenancy.pk), where.currency), waiting_terms(tenancy.pk)
    if waits is not None:
        said += ["To come:", *in_words(waits, where.currency)]
    return "\n".join((f"{tenancy}:", *said))


def change_terms(
    where: Property,
    unit: str,
    way: str,
    *,
    limit: str = "0",
    cuts: bool = True,
    due_days: int = 14,
    overdue: str = "remind",
    overdue_days: int = 14,
    owed: str = "debt",
    begins: str = "",
    look: bool = False,
) -> str:
    """Let other terms hold, or (`look`) say what they come to. `way`: after or before use."""
    if way not in ("after", "before"):
        raise ValueError(f"{way!r} is neither after nor before")
    tenancy = _tenancy(where, unit)
    wanted = Wanted(
        way == "after", typed_money(limit, "--limit", where.currency), cuts, due_days, overdue, overdue_days, owed,
        wall_clock(begins, where, "--from") if begins else None,
    )  # fmt: skip
    if look:
        return "\n".join(("Nothing is changed yet.", *preview(tenancy, wanted)))
    made = agree(tenancy, wanted, BY)
    if made.applied is not None:
        return "It holds from now on, and is on its way to the meter."
    return "It is kept, and holds from its instant on, as soon as the building is heard of."
