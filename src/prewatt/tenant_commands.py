"""What `prewatt move-in`, `contact` and `contacts` do, on the server's database."""

from __future__ import annotations

from pathlib import Path

from django.db import transaction

from .commands import CommandError, tenancy_in, unit_named
from .server.amounts import typed_money
from .server.billing.tenancies import move_in
from .server.estate.contact_list import read_contact_list, sealed, take
from .server.estate.models import Property
from .server.estate.setup import new_login
from .server.notices.contacts import TenantChangedError, keep_contact, kept, read_contact, unreached
from .server.notices.recipients import recipient_of
from .server.time import now
from .server.wall_clock import wall_clock
from .tables.problems import TableError


def let_in(
    where: Property, unit: str, tenant: str, begins: str, people: int, deposit: str, typed: tuple[str, str, str]
) -> str:
    """Somebody moves in, from a moment on the property's clock on (empty: now). `typed`: phone, e-mail, language."""
    contact = read_contact(where, *typed)
    with transaction.atomic():
        made = move_in(
            unit_named(where, unit), tenant, wall_clock(begins, where, "--from") if begins else now(), occupants=people,
            deposit=typed_money(deposit, "--deposit", where.currency) if deposit else 0, contact=contact,
        )  # fmt: skip
        login, password = new_login(made)
    return f"{login:<20} {password:<16} {made.tenant}, {unit}"


def reach(where: Property, unit: str, phone: str | None, email: str | None, language: str | None, over: bool) -> str:
    """Say how whoever lives in a unit, or comes next, is reached; None leaves it. What holds then."""
    tenancy = tenancy_in(where, unit)
    held = kept(recipient_of(tenancy))
    typed = {"phone": phone, "email": email, "language": language}
    given = {name: getattr(held, name) if text is None else text for name, text in typed.items()}
    try:
        keep_contact(tenancy, read_contact(where, **given), over=over)
    except TenantChangedError as error:
        raise CommandError(f"{' '.join(error.messages)} (--over)") from None
    found = kept(recipient_of(tenancy))
    said = ", ".join(filter(None, (found.phone, found.email, found.language)))
    return f"{tenancy.tenant}: {said}"


def reach_many(where: Property, file: Path | None, keep: bool) -> str:
    """What a list of the flats says of how tenants are reached; `keep` it. Without a list: whom nothing reaches."""
    if file is None:
        rows = [f"{each.tenancy.unit.name}, {each.tenancy.tenant}: {each.why}" for each in unreached([where])]
        return "\n".join(rows) or "Everybody is reached."
    try:
        changes = read_contact_list(where, file.read_bytes())
    except TableError as error:
        raise CommandError(error.of(str(file))) from None
    lines = [
        f"{each.tenancy.unit.name}, {each.tenancy.tenant}: "
        + (
            "changed by the tenant, left as it is"
            if each.theirs
            else ", ".join(after for _what, _before, after in each.rows())
        )
        for each in changes
    ]
    if not keep:
        return "\n".join([*lines, "Nothing is kept yet: --keep"]) if lines else "Nothing changes."
    done, _theirs = take(where, sealed(each for each in changes if not each.theirs))
    return "\n".join([*lines, f"Kept, of {done} tenants."])
