"""Whether a form of price is on each face: `python faces_of_a_charge.py`. It prints a word for each face.

A process of its own, run on a copy of the software that has a form more, `demand` of `test_charges`: 2 a kW of the highest
quarter of an hour in a month. Here it is worked out anew, by hand.
"""

import os
from datetime import datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import django
import numpy as np
from django.http import QueryDict
from django.template.loader import render_to_string

from prewatt.kernel.account import Account
from prewatt.kernel.charges import CHARGES
from prewatt.kernel.entries import Command, Reading, SetTariff, decode_entry, encode_entry
from prewatt.kernel.tariff import RateCalendar, TariffError, Version, of_energy_alone
from prewatt.kernel.tariff_document import tariff_from_document, tariff_to_document
from prewatt.kernel.units import MINUTE, NANO, instant

DOCUMENT = {
    "name": "with demand", "currency": "EUR", "zone": "Europe/Berlin", "rates": {"flat": "0.20"},
    "minimum_per_month": "10", "demand_per_kw": "2",
}  # fmt: skip
PEAK = 2_500
"""Wh in one quarter of an hour of January: 10 kW. In February it is less than half."""


def at(*day):
    return instant(datetime(*day, tzinfo=ZoneInfo(DOCUMENT["zone"])))


def document():
    """It is read, written, and refused by its name."""
    tariff = tariff_from_document(DOCUMENT)
    assert tariff.charges == (("demand", 2 * NANO),)
    written = tariff_to_document(tariff)
    assert written["demand_per_kw"] == "2.000000000" and tariff_from_document(written) == tariff
    try:
        tariff_from_document({**DOCUMENT, "demand_per_kw": "2000"})
    except TariffError as error:
        assert str(error).startswith("demand_per_kw: ")
    else:
        raise AssertionError


def lived():
    """An account's readings of two months, by quarters of an hour, and the Wh of each."""
    account, entries, now, register = Account(), [], at(2025, 1, 1), 0
    account.apply(account.follow(now, Command("m1", 1, now, SetTariff(now, tariff_from_document(DOCUMENT)))))
    account.apply(account.read(now, register, confirmed=True))
    number = 0
    while now < at(2025, 3, 1):
        number += 1
        now += 15 * MINUTE
        register += PEAK if number == 777 else number % 7 + (PEAK // 3 if number == 4000 else 0)
        entry = account.read(now, register, confirmed=True)
        assert isinstance(entry, Reading), entry
        account.apply(entry)
        entries.append(entry)
    return account, entries


def journal(account, entries):
    """At the end of each month an entry has it, before what is missing to the minimum; it is kept in bytes and snapshots."""
    ends = [each for each in entries if each.charges]
    assert [each.at for each in ends] == [at(2025, 2, 1), at(2025, 3, 1)]
    assert [each.charges for each in ends] == [
        (("demand", 20 * NANO),),
        (("demand", 2 * (PEAK // 3 + 4000 % 7) * 4 * NANO // 1000),),
    ]
    used = sum(each.energy for each in entries if each.at > at(2025, 2, 1))
    assert ends[0].minimum == 0 and ends[1].minimum == 10 * NANO - used * 200_000 - ends[1].charges[0][1] > 0
    assert all(decode_entry(encode_entry(each)) == each for each in ends)
    assert account.balance == -sum(each.charge for each in entries)
    half = Account.load(account.dump())
    assert half.dump() == account.dump()


def years(entries):
    """For whole years at once it is the same, and a comparison has its figure."""
    from prewatt.server.metering.series import align
    from prewatt.server.tariffs.compare import compare, recorded, to_document
    from prewatt.server.tariffs.vectorised import lay_out, rate

    tariff, instants = tariff_from_document(DOCUMENT), np.array([at(2025, 1, 1), *(each.at for each in entries)])
    layout = lay_out(tariff, int(instants[0]), int(instants[-1]))
    energy = np.array([each.energy for each in entries])
    whole = rate(layout, align(instants, layout.at), energy)
    assert whole.charge == sum(each.charge for each in entries)
    assert whole.charges["demand"] == sum(amount for each in entries for _name, amount in each.charges)
    home = recorded(list(zip(instants.tolist(), [0, *np.cumsum(energy).tolist()], strict=True)))
    (shown,) = to_document(compare({"flat": home}, [tariff]))["tariffs"]
    assert shown["homes"]["flat"]["demand"].startswith("26.6")


def energy_alone():
    """Where days are charged already, it is left out."""
    versions = (Version(0, RateCalendar(tariff_from_document(DOCUMENT))),)
    assert of_energy_alone(versions)[0].calendar.tariff.charges == ()


def editor():
    """The editor has its field, reads it and shows it again, and says its label where it is wrong."""
    from prewatt.server.console.tariffs.edit_views import Wrong
    from prewatt.server.console.tariffs.forms import document_of, fields_of, typed
    from prewatt.server.console.tariffs.words import in_editor

    fields = fields_of(DOCUMENT)
    page = render_to_string(
        "console/tariffs/_other_charges.html", {"fields": fields, "charges": CHARGES, "wrong": Wrong()}
    )
    assert "Demand, per kW" in page and '<input name="demand" inputmode="decimal" value="2">' in page
    post = QueryDict("name=x&rate_name=flat&rate_price=0.20&demand=3,5")
    assert document_of(typed(post))["demand_per_kw"] == "3.5"
    (told,) = in_editor(TariffError("demand_per_kw: no"), fields, DOCUMENT)
    assert (told.field, told.whole) == ("demand", "Demand, per kW: No.")


def page():
    """The tariff's page says it."""
    shown = render_to_string(
        "console/tariffs/_tariff_facts.html", {"tariff": tariff_from_document(DOCUMENT), "order": []}
    )
    assert "demand 2.00 per kW and month" in shown


def statement(entries):
    """The statement has its line."""
    from prewatt.server.statements.statement import _Energy

    energy = _Energy(SimpleNamespace(), SimpleNamespace(ends=entries[-1].at))
    version = Version(0, RateCalendar(tariff_from_document(DOCUMENT)))
    for each in entries:
        energy._take(each, version)
    (line,) = [each for each in energy.lines() if each.text == "Highest demand of the month"]
    assert line.section == "standing" and line.amount == -sum(each.charges[0][1] for each in entries if each.charges)


def books(entries):
    """The books have it as a revenue."""
    from prewatt.server.ledger.books import Kind, revenue

    (first, _second) = [each for each in entries if each.charges]
    parts = revenue(first)
    assert parts[Kind.OTHER_REVENUE] == 20 * NANO and sum(parts.values()) == first.charge


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "prewatt.server.settings"
    django.setup()
    account, entries = lived()
    checks = {
        document: (), journal: (account, entries), years: (entries,), energy_alone: (), editor: (), page: (),
        statement: (entries,), books: (entries,),
    }  # fmt: skip
    for check, arguments in checks.items():
        check(*arguments)
        print(check.__name__)
