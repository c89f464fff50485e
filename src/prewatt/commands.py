"""What the commands of the server's side do, on its database: `prewatt tariff`, `shared-cost`, `statement`, `balance`,
`reconcile`, `order`, `exchange`, `pin`, `code`, `grant`, `gateway-code`, `api-token` and `notices`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from rich.table import Table

from .kernel.calendar import zone
from .kernel.currencies import format_money, format_with_code
from .kernel.names import natural
from .kernel.tariff import TariffError
from .kernel.units import HOUR, exact_kwh, exact_money
from .server.allocation.models import Run, SharedCost
from .server.allocation.runs import in_words as weight_in_words
from .server.allocation.runs import preview, reverse, run
from .server.amounts import typed_kwh, typed_money
from .server.billing.formats import to_csv, to_document
from .server.billing.statement import days, statement
from .server.errors import for_people
from .server.estate.models import Organisation, Property, Tenancy, Unit
from .server.metering.balance import BalanceError, Span, by_month, month_of, over
from .server.metering.grants import make_grant
from .server.metering.models import Gateway, Meter
from .server.metering.services import new_code
from .server.notices.events import Event
from .server.notices.models import Recipient
from .server.notices.preview import WAYS
from .server.notices.preview import preview as preview_texts
from .server.payments.reconciliation import recent_days, reconcile
from .server.tariffs.compare import Comparison
from .server.tariffs.corrections import correct
from .server.tariffs.homes import what_if
from .server.tariffs.models import Tariff
from .server.tariffs.prices import read_prices
from .server.tariffs.reading import read_file
from .server.tariffs.versions import keep, price_notes, schedule, schedule_prices
from .server.time import now
from .server.vending.codes import change_key, meter_test_code, renew_own_group, vend_management
from .server.vending.controls import control, read_action
from .server.vending.exchanges import UNKNOWN, exchange, look
from .server.vending.giving_back import give
from .server.vending.leading_back import lead_back, lead_back_all
from .server.vending.models import Adjustment, Command, TokenMeter
from .server.vending.order_codes import why_no_code
from .server.vending.pins import new_pin
from .server.vending.top_ups import new_credit_id
from .server.wall_clock import typed_day, wall_clock
from .tables.export import as_file
from .tokens import Function, grouped


class CommandError(ValueError):
    """A command can't be carried out; the message says why. Nothing was changed."""


def reconcile_days(organisation: str, first: str, last: str) -> tuple[Table, bool]:
    """The three ways to know what was paid, as a table, and whether somebody has to act."""
    found = Organisation.objects.filter(name=organisation) if organisation else Organisation.objects.all()
    if found.count() != 1:
        known = ", ".join(Organisation.objects.values_list("name", flat=True)) or "none"
        raise CommandError(f"--organisation: say which; there are: {known}")
    owner = found.get()
    begins, ends = recent_days(owner)
    findings = reconcile(owner, day(first, "--from") if first else begins, day(last, "--until") if last else ends)
    table = Table("day", "account", "what", "for", title=f"{owner}: {len(findings)} movements", title_justify="left")
    for name in ("provider", "ledger", "meter"):
        table.add_column(name, justify="right")
    table.add_column("found, and what to do", ratio=1)
    for each in findings:
        amounts = [
            "–" if side is None else format_money(side, each.currency)
            for side in (each.provider, each.ledger, each.meter)
        ]
        told = "\n".join(filter(None, (each.says + (f": {each.detail}" if each.detail else ""), each.next)))
        style = {"matched": None, "waits": "yellow", "act": "bold red"}[each.grade]
        what = each.what if each.grade == "matched" else f"{each.what} {each.name}"
        table.add_row(f"{each.day}", each.source, what, each.who, *amounts, told, style=style)
    return table, any(each.grade == "act" for each in findings)


REFUSALS = (CommandError, ValidationError, TariffError, BalanceError, ValueError)
"""What a command may be refused with: all have a message for people (`server.errors.for_people`)."""


def property_named(name: str) -> Property:
    """The property of a name, or the only one. CommandError if there is none."""
    found = Property.objects.filter(name=name) if name else Property.objects.all()
    if found.count() == 1:
        return found.select_related("organisation").get()
    known = ", ".join(Property.objects.values_list("name", flat=True)) or "none"
    raise CommandError(f"--property: {'say which' if not name else f'{name!r} is not known'}; there are: {known}")


def day(text: str, option: str) -> date:
    """A typed date. ValidationError names the option."""
    return typed_day(text, option)


def tariff_for(where: Property, given: str) -> Tariff:
    """A tariff by its name, or from a file. TariffError, ValidationError if it can't be used."""
    known = Tariff.objects.filter(organisation=where.organisation, name=given).first()
    return known or keep(where.organisation, read_file(Path(given), zone=where.zone, currency=where.currency))


@transaction.atomic
def schedule_tariff(where: Property, given: str, from_: str) -> str:
    """Let a tariff hold from an instant on."""
    effective = wall_clock(from_, where, "--from") if from_ else now()
    made = schedule(where, tariff_for(where, given), effective)
    return f"{made.tariff.name} holds at {where.name} from {from_ or 'now'} on."


@transaction.atomic
def load_prices(where: Property, path: Path, base: str, scale: str) -> str:
    """Let the dated prices of a table hold on top of a tariff, or of the one that holds now. `scale`: see `read_prices`."""
    under = tariff_for(where, base) if base else where.tariff_versions.present().tariff
    try:
        series = read_prices(path.read_bytes(), scale=scale, where=zone(where.zone), hint=where.currency)
    except OSError as error:
        raise CommandError(f"{path}: can't be read ({error})") from None
    except TariffError as error:
        raise CommandError(f"{path}: {error}") from None
    made = schedule_prices(where, under, series)
    return "\n".join([f"{len(made)} versions with dated prices are on their way.", *price_notes(where, series)])


@transaction.atomic
def correct_tariff(where: Property, given: str, first: str, last: str, reason: str) -> str:
    """Reverse what was charged from one instant to another, and charge it anew."""
    begins, ends = wall_clock(first, where, "--from"), wall_clock(last, where, "--until")
    made = correct(where, tariff_for(where, given), begins, ends, reason)
    return f"{made.charges.count()} accounts are corrected."


def compare_tariffs(where: Property, files: Sequence[Path], first: str, last: str) -> Comparison:
    """A property's recorded use under the tariff that holds now and those of files."""
    ends = wall_clock(last, where, "--until") if last else None
    begins = wall_clock(first, where, "--from") if first else None
    others = [read_file(path, zone=where.zone, currency=where.currency) for path in files]
    return what_if(where, others, begins, ends)


def shared_cost_named(where: Property, name: str) -> SharedCost:
    """A property's shared cost. CommandError if there is none of that name."""
    found = SharedCost.objects.filter(property=where, name=name).first()
    if found is None:
        known = ", ".join(SharedCost.objects.filter(property=where).values_list("name", flat=True)) or "none"
        raise CommandError(f"{name!r} is no shared cost of {where.name}; there are: {known}")
    return found


def run_shared_cost(
    where: Property, name: str, first: str, last: str, bill: str, memo: str, book: bool
) -> tuple[Table, str]:
    """Preview a run, or book it."""
    cost = shared_cost_named(where, name)
    span = day(first, "--from"), day(last, "--until")
    amount = typed_money(bill, "--bill", where.currency) if bill else None
    found = preview(cost, *span, amount)
    table = Table(
        title=f"{cost.name}, {first} – {last}: {exact_money(found.cost)} {where.currency}", title_justify="left"
    )
    for title in ("unit", "tenant", "days", *cost.rule(), "share"):
        table.add_column(title, justify="left" if title in ("unit", "tenant") else "right")
    for part in sorted(found.parts, key=lambda part: natural(part.unit.name)):
        weights = [weight_in_words(basis, part.weights[basis]) for basis in cost.rule()]
        holder = part.tenancy.tenant if part.tenancy else "(landlord)"
        table.add_row(part.unit.name, holder, str(part.days), *weights, exact_money(part.amount))
    if not book:
        return table, "Nothing is booked yet; add --book."
    made = run(cost, *span, amount, memo)
    return table, f"Run {made.pk} is booked and on its way."


def reverse_run(number: int) -> str:
    """Give a run back."""
    made = Run.objects.filter(pk=number).first()
    if made is None:
        raise CommandError(f"there is no run {number}")
    reverse(made)
    return f"Run {number} is given back."


def write_statement(where: Property, unit: str, first: str, last: str, form: str, out: Path | None) -> str:
    """The statement of whoever lived in a unit last, as text to be shown; or into a file."""
    tenancy = (
        Tenancy.objects.filter(unit__property=where, unit__name=unit)
        .select_related("unit__property__organisation")
        .order_by("-begins")
        .first()
    )
    if tenancy is None:
        raise CommandError(f"nobody lives in a unit {unit!r} of {where.name}")
    made = statement(tenancy, *days(tenancy, day(first, "--from"), day(last, "--until")))
    if form == "pdf":
        from .server.billing.pdf import to_pdf

        if out is None:
            raise CommandError("--out: a PDF needs a file to be written to")
        out.write_bytes(to_pdf(made))
        return f"{out} is written."
    texts = {"json": lambda: json.dumps(to_document(made), indent=1, ensure_ascii=False), "csv": lambda: to_csv(made)}
    if form not in texts:
        raise CommandError(f"--format: {form!r} is none of json, csv, pdf")
    text = texts[form]()
    if out is None:
        return text
    out.write_bytes(as_file(text) if form == "csv" else text.encode())
    return f"{out} is written."


def balance_table(where: Property) -> Table:
    """The building's balance by month."""
    table = Table(title=f"Balance of {where.name}, kWh", title_justify="left")
    for title in ("month", "main", "units", "common", "unaccounted", "%", ""):
        table.add_column(title, justify="left" if title == "month" else "right")
    spans: Sequence[Span] = by_month(where, now())
    for span in spans:
        figures = [exact_kwh(each) for each in (span.main, span.units, span.common, span.unaccounted)]
        alarm = f"over {where.loss_alarm} %" if over(span, where) else ""
        table.add_row(f"{month_of(span, where):%Y-%m}", *figures, str(span.percent), alarm)
    return table


def unit_named(where: Property, name: str) -> Unit:
    """A property's unit. CommandError if there is none of that name."""
    found = Unit.objects.filter(property=where, name=name).first()
    if found is None:
        raise CommandError(f"{name!r} is no unit of {where.name}")
    return found


def tenancy_in(where: Property, unit: str) -> Tenancy:
    """Who lives in a property's unit, or comes next. CommandError if nobody does, or there is no such unit."""
    found = unit_named(where, unit).tenancies.not_over(now()).select_related("unit__property__organisation").first()
    if found is None:
        raise CommandError(f"nobody lives in {unit!r}")
    return found


def order_meter(
    where: Property, unit: str, do: str, reason: str, override: bool, watts: int | None, amount: str, hours: int
) -> str:
    """Order the meter of a unit to do something."""
    if do == "lead-back":
        return order_lead_back(where, unit)
    if not reason.strip():
        raise CommandError("--reason: say why, it is journalled with the order")
    meter = Meter.objects.filter(unit=unit_named(where, unit)).select_related("gateway").first()
    if meter is None:
        raise CommandError(f"unit {unit!r} has no meter")
    until = now() + hours * HOUR if hours else 0
    lent = typed_money(amount, "--amount", where.currency) if amount else 0
    action = read_action(do, override=override, watts=watts, amount=lent, until=until)
    made = control(meter, action, "console", reason)
    way = "is on its way" if meter.gateway.online else "waits for the network"
    return f"Order {made.number} {way}.{_with_code(made)}"


def _with_code(made: Command) -> str:
    """What is said of an order's code, on a line of its own."""
    if not hasattr(made, "code"):
        return f"\n{why_no_code(made)}".rstrip()
    where = f"meter {made.meter.hangs} ({made.meter.unit.name})" if made.meter.unit else f"meter {made.meter.hangs}"
    return f"\nAt once, by its code for {where}, at its keypad or at the page in the building:\n{made.code}"


def give_credit(where: Property, unit: str, amount: str, reason: str, by: str, name: str) -> str:
    """Give credit freely to whoever lives in a unit, in the name of a login; once under a `name`, if one is given."""
    person = get_user_model().objects.filter(username=by).first()
    if person is None or not (person.is_superuser or where.organisation in person.organisations.all()):
        raise CommandError(f"--by: {by!r} is no login that manages {where.name}")
    tenancy = tenancy_in(where, unit)
    given = typed_money(amount, "amount", where.currency)
    made = give(tenancy, given, name or new_credit_id(), person, reason)
    if made.state == Adjustment.State.WAITING:
        return "It waits for a second person, under Books."
    said = f"{format_with_code(made.amount, where.currency)} are given to {tenancy.tenant}."
    return said + (_with_code(made.command) if made.command is not None and made.amount > 0 else "")


def order_lead_back(where: Property, name: str) -> str:
    """Let the journals of a meter, of a unit's meter, or of all of a gateway's that are ahead go on from now."""
    gateway = Gateway.objects.filter(property=where, name=name).first()
    if gateway is not None:
        made = lead_back_all(gateway, "console")
        return f"{len(made)} journals of {name} are led back."
    found = Meter.objects.filter(Q(name=name) | Q(unit__name=name), gateway__property=where).first()
    if found is None:
        raise CommandError(f"{name!r} is no meter, unit or gateway of {where.name}")
    command = lead_back(found, "console")
    return "The order is on its way already." if command is None else f"Order {command.number} is on its way."


def exchange_meter(name: str, serial: str, first: str, last: str, preview: bool) -> str:
    """Record that another meter hangs where one hung."""
    meter = Meter.objects.filter(name=name).select_related("gateway__property", "unit").first()
    if meter is None:
        raise CommandError(f"there is no meter {name!r}")
    first = exact_kwh(typed_kwh(first, "--first"))
    last = exact_kwh(typed_kwh(last, "--last")) if last.strip() and last.strip().casefold() != UNKNOWN else last
    try:
        found = look(meter, serial, first, last)
    except ValidationError as error:
        raise CommandError(for_people(error, {name: f"--{name}" for name in ("serial", "first", "last")})) from None
    said = found.in_words()
    if found.rest:
        said += f" That is {format_with_code(found.cost, meter.property.currency)} at the prices of now."
    if preview:
        return f"{said}\nNothing is done yet; leave --preview out."
    made = exchange(meter, serial, first, last, "console")
    way = "is on its way" if meter.gateway.online else "waits for the network"
    return f"{said}\nThe exchange of {found.old} for {found.serial} {way} (order {made.command.number})."


def fresh_pin(where: Property, unit: str) -> str:
    """A new PIN of a unit, shown once."""
    made = new_pin(unit_named(where, unit), "console")
    said = f"The PIN of {unit} is {made.pin}. It is shown this once, and so is its code."
    if not made.code:
        return f"{said}\nIt has none: the PIN holds once the building's network has brought it."
    return (
        f"{said}\nWithout a network it holds once this code is typed for meter {made.meter}, at the page in the building or at "
        f"the meter's keypad:\n{made.code}"
    )


CODES = {
    "set-power-limit": Function.SET_POWER_LIMIT,
    "clear-credit": Function.CLEAR_CREDIT,
    "clear-tamper": Function.CLEAR_TAMPER,
}
"""Management codes for a meter of our own; `change-key` is made of several, and `test` is of class 1."""


def make_codes(where: Property, unit: str, what: str, value: int) -> str:
    """Management codes for the meter of a unit, to be typed there; all but a key change travel as commands too."""
    found = TokenMeter.objects.filter(meter__unit=unit_named(where, unit)).select_related("group", "meter").first()
    if found is None:
        raise CommandError(f"unit {unit!r} has no meter that takes codes")
    if what == "change-key":
        made = change_key(found, renew_own_group(where.organisation), found.tariff_index)
        return "\n".join(f"{code}  ({code.detail})" for code in made)
    if what == "test":
        return grouped(meter_test_code(value or 1))
    if what not in CODES:
        raise CommandError(f"{what!r} is none of {', '.join((*CODES, 'change-key', 'test'))}")
    return str(vend_management(found, CODES[what], value))


def gateway_code(name: str) -> str:
    """A one-time code with which a gateway, or the one that replaces it, enrols."""
    found = Gateway.objects.filter(name=name, revoked=False).first()
    if found is None:
        known = ", ".join(Gateway.objects.filter(revoked=False).values_list("name", flat=True)) or "none"
        raise CommandError(f"there is no gateway {name!r}; there are: {known}")
    return new_code(found)


def sign_grant_for(
    where: Property, holder: str, key: str, actions: list[str], hours: int, most_amount: str, longest: int
) -> str:
    """A staff grant as text."""
    at = now()
    made = make_grant(
        where,
        holder,
        key,
        actions,
        at,
        at + hours * HOUR,
        "console",
        most_amount=typed_money(most_amount, "--most-amount", where.currency),
        longest=longest * HOUR,
    )
    return made.text


def new_token(login: str, name: str) -> str:
    """A key for the API, shown once."""
    from .server.api.models import Token

    user: Any = get_user_model().objects.filter(username=login).first()
    if user is None:
        raise CommandError(f"there is no login {login!r}")
    return Token.make(user, name)


def preview_notices(events: Sequence[str], languages: Sequence[str], ways: Sequence[str]) -> list[str]:
    """The texts of notices as each way would carry them; all of them where nothing is chosen."""
    known = (
        ("--event", events, Event.values),
        ("--language", languages, Recipient.Language.values),
        ("--way", ways, WAYS),
    )
    for option, given, all_of in known:
        for each in given:
            if each not in all_of:
                raise CommandError(f"{option}: {each!r} is none of {', '.join(all_of)}")
    chosen = [each for each in Event if not events or each.value in events]
    return list(preview_texts(chosen, list(languages or Recipient.Language.values), list(ways or WAYS)))
