"""The commands `prewatt tenant`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from django.contrib.auth import get_user_model
from django.db import transaction

from ..server.accounts.invitations import invite_to_flat
from ..server.accounts.memberships import reach_of
from ..server.accounts.rights import Right
from ..server.commissioning.contact_list import read_contact_list, sealed, take
from ..server.core import local_forms
from ..server.core.amounts import typed_money
from ..server.core.time import now
from ..server.estate.models import Property, Tenancy
from ..server.estate.typed_days import typed_day
from ..server.estate.wall_clock import wall_clock
from ..server.notices.contact import read_contact
from ..server.notices.contacts import TenantChangedError, keep_contact, kept
from ..server.notices.languages import languages
from ..server.notices.recipients import recipient_of
from ..server.notices.unreached import unreached
from ..server.sales.giving_back import give
from ..server.statements.formats import to_csv, to_document
from ..server.statements.pdf import to_pdf
from ..server.statements.statement import days
from ..server.statements.statement import statement as statement_of
from ..server.tenancies.moving import move_in as begin_tenancy
from ..server.vending.models import Adjustment
from ..server.vending.paid_amounts import new_credit_id
from ..server.vending.pins import new_pin
from ..tables.export import as_file
from ..tables.problems import TableError
from ..terminal_texts import _
from .command import CommandError, group
from .lookup import CONSOLE, property_named, tenancy_in, unit_named, with_token
from .on_server import BeginOption, DatabaseCommand, FirstDayOption, LastDayOption, PropertyOption, UnitArgument

app = group()
LANGUAGE = f"Language of the notices: {' or '.join(languages())}."


@app.command("move-in", cls=DatabaseCommand)
def move_in(
    unit: UnitArgument,
    tenant: Annotated[str, typer.Argument(help="Name of the tenant.")],
    begins: BeginOption = "",
    occupants: Annotated[int, typer.Option("--people", help="Number of people in the flat.", min=0, max=1000)] = 1,
    deposit: Annotated[str, typer.Option(help="Deposit received, such as 50.00.")] = "",
    phone: Annotated[
        str,
        typer.Option(help="Phone number, as dialled in the building's country, or with a country code such as +49."),
    ] = "",
    email: Annotated[str, typer.Option(help="E-mail address.")] = "",
    language: Annotated[str, typer.Option(help=LANGUAGE)] = "",
    property_name: PropertyOption = "",
) -> None:
    """Let a tenant move in, now or at the date and time of --from.

    Prints an invitation that lets the tenant in, once. It is not shown again.
    """
    property_ = property_named(property_name)
    contact = read_contact(property_, phone, email, language)
    with transaction.atomic():
        tenancy = begin_tenancy(
            unit_named(property_, unit),
            tenant,
            wall_clock(begins, property_, "--from") if begins else now(),
            occupants=occupants,
            deposit=typed_money(deposit, "--deposit", property_.currency) if deposit else 0,
            contact=contact,
        )
        code = invite_to_flat(tenancy, None)
    typer.echo(f"{code:<20} {tenancy.tenant}, {unit}")


@app.command(cls=DatabaseCommand)
def contact(
    unit: UnitArgument,
    phone: Annotated[str | None, typer.Option(help="Phone number; empty removes it.", show_default="unchanged")] = None,
    email: Annotated[
        str | None, typer.Option(help="E-mail address; empty removes it.", show_default="unchanged")
    ] = None,
    language: Annotated[str | None, typer.Option(help=LANGUAGE, show_default="unchanged")] = None,
    over: Annotated[bool, typer.Option("--overwrite", help="Replace also what the tenant has entered.")] = False,
    property_name: PropertyOption = "",
) -> None:
    """Set the phone, e-mail and language of the tenant of a unit, and print the result."""
    property_ = property_named(property_name)
    tenancy = tenancy_in(property_, unit)
    before = kept(recipient_of(tenancy))
    typed = {"phone": phone, "email": email, "language": language}
    fields = {name: getattr(before, name) if text is None else text for name, text in typed.items()}
    try:
        keep_contact(tenancy, read_contact(property_, **fields), over=over)
    except TenantChangedError as error:
        raise CommandError(f"{' '.join(error.messages)} (--overwrite)") from None
    after = kept(recipient_of(tenancy))
    typer.echo(f"{tenancy.tenant}: {', '.join(filter(None, (after.phone, after.email, after.language)))}")


@app.command(cls=DatabaseCommand)
def contacts(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="List of the units as CSV or .xlsx, with the columns unit, tenant, and any of phone, email, language."
        ),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--save", help="Save the contacts. Without this option they are only shown.")
    ] = False,
    property_name: PropertyOption = "",
) -> None:
    """Set the contacts of many tenants from a list. Without a list, show the tenants that no notice reaches."""
    property_ = property_named(property_name)
    lines = _unreached(property_) if file is None else _set_contacts(property_, file, keep)
    for line in lines:
        typer.echo(line)


@app.command(cls=DatabaseCommand)
def pin(unit: UnitArgument, property_name: PropertyOption = "") -> None:
    """Make a new PIN for a unit's page on the gateway. It is not shown again."""
    created = new_pin(unit_named(property_named(property_name), unit), CONSOLE)
    typer.echo(
        _("The PIN of %(unit)s is %(pin)s. Neither the PIN nor its code is shown again.", unit=unit, pin=created.pin)
    )
    if not created.code:
        typer.echo(_("There is no code. The PIN works as soon as the network has brought it to the meter."))
        return
    typer.echo(
        _(
            "Without a network, the PIN works as soon as somebody types this code for meter %(meter)s, on the page in "
            "the building or at the meter's keypad:",
            meter=created.meter,
        )
        + f"\n{created.code}"
    )


@app.command("give-credit", cls=DatabaseCommand)
def give_credit(
    unit: UnitArgument,
    amount: Annotated[str, typer.Argument(help="Amount, such as 5.00.")],
    reason: Annotated[str, typer.Option(help="Reason. The tenant sees it.")],
    by: Annotated[str, typer.Option(help="Login of the manager who gives the credit.")],
    name: Annotated[
        str,
        typer.Option(
            "--id", help="An id of your own. If you repeat the command with the same id, the credit is given only once."
        ),
    ] = "",
    property_name: PropertyOption = "",
) -> None:
    """Give the tenant of a unit credit for free.

    It reaches the meter through the network or by the printed code, whichever is faster.
    """
    property_ = property_named(property_name)
    person = get_user_model().objects.filter(username=by).first()
    if person is None or Right.GIVE_BACK not in reach_of(person).at(property_):
        raise CommandError(
            _(
                "--by: '%(by)s' is not the login of somebody who may give credit at %(property)s",
                by=by,
                property=property_.name,
            )
        )
    tenancy = tenancy_in(property_, unit)
    gift = give(tenancy, typed_money(amount, "amount", property_.currency), name or new_credit_id(), person, reason)
    if gift.state == Adjustment.State.WAITING:
        typer.echo(_("The credit waits until a second person approves it on the page Books."))
        return
    token = with_token(gift.command) if gift.command is not None and gift.amount > 0 else ""
    typer.echo(
        _(
            "%(tenant)s gets %(amount)s.",
            tenant=tenancy.tenant,
            amount=local_forms.money_with_code(gift.amount, property_.currency),
        )
        + token
    )


@app.command(cls=DatabaseCommand)
def statement(
    unit: UnitArgument,
    begin: FirstDayOption,
    until: LastDayOption,
    form: Annotated[str, typer.Option("--format", help="One of: json, csv, pdf.")] = "json",
    out: Annotated[
        Path | None,
        typer.Option(help="File to write; a PDF needs one.", show_default="print it"),
    ] = None,
    property_name: PropertyOption = "",
) -> None:
    """Write the statement of a unit's present or last tenant (docs/landlord/statement.md)."""
    property_ = property_named(property_name)
    tenancies = Tenancy.objects.filter(unit=unit_named(property_, unit)).order_by("-begins")
    tenancy = tenancies.select_related("unit__property__organisation").first()
    if tenancy is None:
        raise CommandError(_("nobody has lived in '%(unit)s' of %(property)s yet", unit=unit, property=property_.name))
    content = statement_of(tenancy, *days(tenancy, typed_day(begin, "--from"), typed_day(until, "--until")))
    if form == "pdf":
        if out is None:
            raise CommandError(_("--out: name a file for the PDF, such as statement.pdf"))
        out.write_bytes(to_pdf(content))
    elif form in ("json", "csv"):
        text = to_csv(content) if form == "csv" else json.dumps(to_document(content), indent=1, ensure_ascii=False)
        if out is None:
            typer.echo(text)
            return
        out.write_bytes(as_file(text) if form == "csv" else text.encode())
    else:
        raise CommandError(
            _("--format: '%(form)s' is not a known format. Known formats: %(known)s", form=form, known="json, csv, pdf")
        )
    typer.echo(_("%(file)s is written.", file=out))


def _unreached(property_: Property) -> list[str]:
    """Return a line for each tenant that no notice reaches."""
    lines = [f"{each.tenancy.unit.name}, {each.tenancy.tenant}: {each.why}" for each in unreached([property_])]
    return lines or [_("Every tenant can be reached.")]


def _set_contacts(property_: Property, file: Path, keep: bool) -> list[str]:
    """Return what a list changes, a line for each tenant; save it with `keep`. Raises CommandError that says what is
    wrong with the list.
    """
    try:
        contacts = read_contact_list(property_, file.read_bytes())
    except TableError as error:
        raise CommandError(error.of(str(file))) from None
    lines = []
    if contacts.unused:
        typer.echo(_("These columns of the list are not used: %(names)s.", names="; ".join(contacts.unused)), err=True)
    for change in contacts.changes:
        values = ", ".join(after for _what, _before, after in change.rows())
        outcome = _("not changed, because the tenant has entered another value") if change.theirs else values
        lines.append(f"{change.tenancy.unit.name}, {change.tenancy.tenant}: {outcome}")
    if not keep:
        return [*lines, _("Nothing is saved yet. To save it, add --save.")] if lines else [_("Nothing changes.")]
    done, _theirs = take(property_, sealed(change for change in contacts.changes if not change.theirs))
    return [*lines, _("Contacts saved: %(done)s.", done=done)]
