"""The commands `prewatt tariff`."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from django.db import transaction

from ..edge.recording import load_recordings
from ..kernel.calendar import zone as zone_named
from ..kernel.tariff import TariffError
from ..server.core.time import now
from ..server.estate.models import Property
from ..server.estate.wall_clock import wall_clock
from ..server.sales.corrections import correct as correct_charges
from ..server.tariffs.compare import Comparison, recorded, to_document
from ..server.tariffs.compare import compare as compare_tariffs
from ..server.tariffs.homes import what_if
from ..server.tariffs.models import Tariff
from ..server.tariffs.price_units import has_hundredths
from ..server.tariffs.prices import read_prices
from ..server.tariffs.reading import read_file
from ..server.tariffs.tables import comparison_tables
from ..server.tariffs.versions import keep, price_notes, schedule_prices
from ..server.tariffs.versions import schedule as schedule_version
from ..terminal_texts import _
from .command import CommandError, group, print_table
from .lookup import property_named
from .on_server import BeginOption, DatabaseCommand, EndOption, ModelsCommand, PropertyOption, open_database

app = group()


@app.command(cls=ModelsCommand)
def check(
    files: Annotated[list[Path], typer.Argument(help="Tariffs as JSON files (docs/landlord/tariff.md).")],
    zone: Annotated[str, typer.Option(help="Time zone for a file that names no time zone.")] = "UTC",
    currency: Annotated[str, typer.Option(help="Currency for a file that names no currency.")] = "EUR",
) -> None:
    """Check whether files are valid tariffs, and print what is wrong with them."""
    for path in files:
        typer.echo(f"{path}: {read_file(path, zone=zone, currency=currency).name}")


@app.command(cls=DatabaseCommand)
def schedule(
    tariff: Annotated[str, typer.Argument(help="Name of a tariff, or a JSON file.")],
    begin: BeginOption = "",
    property_name: PropertyOption = "",
) -> None:
    """Apply a tariff from a date and time on; without --from, from now on."""
    property_ = property_named(property_name)
    effective = wall_clock(begin, property_, "--from") if begin else now()
    with transaction.atomic():
        version = schedule_version(property_, _tariff(property_, tariff), effective)
    places = {"tariff": version.tariff.name, "property": property_.name}
    if begin:
        typer.echo(_("%(tariff)s applies at %(property)s from %(begin)s on.", begin=begin, **places))
    else:
        typer.echo(_("%(tariff)s applies at %(property)s from now on.", **places))


@app.command(cls=DatabaseCommand)
def prices(
    file: Annotated[Path, typer.Argument(help="Prices as CSV or .xlsx, with the columns from and price.")],
    base: Annotated[
        str,
        typer.Option(
            help="Tariff whose other parts apply with these prices: its name, or a JSON file.",
            show_default="the present tariff",
        ),
    ] = "",
    hundredths: Annotated[
        bool, typer.Option("--hundredths", help="The prices in the file are in hundredths, such as cents or pence.")
    ] = False,
    per_mwh: Annotated[
        bool, typer.Option("--per-mwh", help="The prices in the file are per MWh, or in thousandths, such as fils.")
    ] = False,
    decimal: Annotated[
        str,
        typer.Option(
            help="Sign before the decimals in the file: a point or a comma.", show_default="the one that the file tells"
        ),
    ] = "",
    property_name: PropertyOption = "",
) -> None:
    """Load prices that each have a date and time, such as half-hourly prices.

    The unit is the one in the column's name. If that names none, the prices are in the currency per kWh. --hundredths and
    --per-mwh set another unit.
    """
    if hundredths and per_mwh:
        raise CommandError(_("give either --hundredths or --per-mwh"))
    property_ = property_named(property_name)
    if hundredths and not has_hundredths(property_.currency):
        raise CommandError(_("%(currency)s has no hundredths", currency=property_.currency))
    with transaction.atomic():
        for line in _load_prices(property_, file, base, "0.01" if hundredths else "0.001" if per_mwh else "", decimal):
            typer.echo(line)


@app.command(cls=DatabaseCommand)
def correct(
    tariff: Annotated[str, typer.Argument(help="Correct tariff: its name, or a JSON file.")],
    begin: BeginOption,
    until: EndOption,
    reason: Annotated[str, typer.Option(help="Reason. Tenants see it.")],
    property_name: PropertyOption = "",
) -> None:
    """Give back what a wrong tariff charged in a span of time, and charge it again according to the right tariff."""
    property_ = property_named(property_name)
    begins, ends = wall_clock(begin, property_, "--from"), wall_clock(until, property_, "--until")
    with transaction.atomic():
        correction = correct_charges(property_, _tariff(property_, tariff), begins, ends, reason)
    typer.echo(_("Accounts that are corrected: %(count)s.", count=correction.charges.count()))


@app.command(cls=ModelsCommand)
def compare(
    context: typer.Context,
    tariffs: Annotated[list[Path], typer.Argument(help="Up to five tariffs as JSON files.")],
    data: Annotated[
        Path | None,
        typer.Option(
            help="Recorded consumption: CSV with the columns meter,timestamp,kwh. All tariffs are compared "
            "with the first.",
            show_default="the consumption of a property's homes",
        ),
    ] = None,
    zone: Annotated[str, typer.Option(help="Time zone for timestamps in --data without an offset.")] = "UTC",
    begin: BeginOption = "",
    until: EndOption = "",
    property_name: PropertyOption = "",
    json: Annotated[
        Path | None, typer.Option(help="Write the whole comparison to this file as JSON (docs/landlord/compare.md).")
    ] = None,
) -> None:
    """Compare tariffs on recorded consumption: who pays more or less, and why.

    Without --data, the tariffs are compared with the present one on the last year of a building.
    """
    if data is None:
        open_database(context.command_path)
        comparison = _compare_at(property_named(property_name), tariffs, begin, until)
    else:
        homes = {name: recorded(each.registers()) for name, each in load_recordings(data, zone_named(zone)).items()}
        comparison = compare_tariffs(homes, [read_file(path) for path in tariffs])
    if json:
        json.write_text(jsonlib.dumps(to_document(comparison), indent=1, ensure_ascii=False) + "\n")
    for table in comparison_tables(comparison):
        print_table(table)


def _tariff(property_: Property, named: str) -> Tariff:
    """Return a tariff by its name, or from a file. Raises TariffError or OSError if it can't be used."""
    known = Tariff.objects.filter(organisation=property_.organisation, name=named).first()
    return known or keep(
        property_.organisation, read_file(Path(named), zone=property_.zone, currency=property_.currency)
    )


def _load_prices(property_: Property, file: Path, base: str, scale: str, decimal: str) -> list[str]:
    """Apply the dated prices of a file on top of a tariff, or of the present one. Returns the lines to print.

    `scale`, `decimal`: see `read_prices`. Raises CommandError that names the file.
    """
    tariff = _tariff(property_, base) if base else property_.tariff_versions.present().tariff
    try:
        series = read_prices(
            file.read_bytes(),
            scale=scale,
            time_zone=zone_named(property_.zone),
            currency=property_.currency,
            decimal=decimal,
        )
    except OSError as error:
        raise CommandError(_("%(file)s: can't be read (%(error)s)", file=file, error=error)) from None
    except TariffError as error:
        raise CommandError(f"{file}: {error}") from None
    versions = schedule_prices(property_, tariff, series)
    return [
        _("Versions with dated prices that are on their way: %(count)s.", count=len(versions)),
        *price_notes(property_, series),
    ]


def _compare_at(property_: Property, files: Sequence[Path], begin: str, until: str) -> Comparison:
    """Return the comparison for a property's homes: the present tariff and those of files."""
    ends = wall_clock(until, property_, "--until") if until else None
    begins = wall_clock(begin, property_, "--from") if begin else None
    tariffs = [read_file(path, zone=property_.zone, currency=property_.currency) for path in files]
    return what_if(property_, tariffs, begins, ends)
