"""What `prewatt emergency` does, on the server's database: codes that are made in advance."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from .kernel.calendar import local, zone
from .kernel.currencies import format_money, format_with_code
from .server.amounts import typed_money
from .server.api.emergency import meters_of
from .server.estate.models import Property
from .server.portal.emergency_views import sheet
from .server.vending.emergency_codes import at_risk, make, of_property, revoke, state
from .server.vending.models import EmergencyCode

BY = "console"


def make_codes(where: Property, units: list[str], amount: str, days: int) -> str:
    """Make one for each of some flats (none named: all), and print them."""
    made = make(where, meters_of(where, units or None), typed_money(amount, "--amount", where.currency), days, BY)
    lines = [
        f"{each.meter.unit.name if each.meter.unit else ''} (meter {each.meter.hangs}), {format_with_code(each.amount, where.currency)}, "
        f"until {_wall(where, each.ends)}: {each.code}"
        for each in made
    ]
    return "\n".join([*lines, lost_at_most(where)])


def lost_at_most(where: Property) -> str:
    """What is lost at most if all that can be used falls into other hands."""
    risk = at_risk(where)
    if not risk.number:
        return "None can be used now: nothing can be lost."
    amount = format_with_code(risk.amount, where.currency)
    return (
        f"If they are lost: {risk.number} can still be used, {amount} at most in all, until {_wall(where, risk.until)}."
    )


def listed(where: Property) -> Table:
    """What was made, as a table."""
    table = Table("id", "flat", "meter", where.currency, "state", "holds until", "by", "used", "code")
    for each in of_property(where):
        now_is = state(each)
        table.add_row(
            f"{each.pk}", each.meter.unit.name if each.meter.unit else "", each.meter.hangs,
            format_money(each.amount, where.currency), now_is,
            _wall(where, each.ends), each.by, "" if each.used_at is None else _wall(where, each.used_at),
            str(each.code) if now_is == "open" else "",
        )  # fmt: skip
    return table


def revoke_codes(where: Property, numbers: list[int]) -> str:
    """Revoke some, by their ids, or all."""
    rows = EmergencyCode.objects.filter(meter__gateway__property=where)
    done = revoke(rows.filter(pk__in=numbers) if numbers else rows, BY)
    return (
        f"{done} codes are revoked: each is worth nothing as soon as its meter has heard of it.\n{lost_at_most(where)}"
    )


def write_sheet(where: Property, out: Path) -> str:
    """Write the page that prints, and that a phone keeps."""
    out.write_text(sheet(where), encoding="utf-8")
    out.chmod(0o600)
    return f"{out} has the codes that can be used. {lost_at_most(where)}"


def _wall(where: Property, at: int) -> str:
    return f"{local(at, zone(where.zone)):%Y-%m-%d %H:%M}"
