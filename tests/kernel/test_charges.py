"""A form of price is written in one file: rating, documents, editor, statement, books and comparison follow it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import prewatt
from prewatt.kernel.account import Account
from prewatt.kernel.charges import CHARGES, PER_KWH
from prewatt.kernel.charges.interface import OWN_FIELDS
from prewatt.kernel.entries import Command, Reading, Refused, SetTariff, decode_command, encode_command
from prewatt.kernel.tariff import RateCalendar, TariffError, flat_tariff
from prewatt.kernel.units import NANO

SOURCE = Path(prewatt.__file__).parent
ROOT = Path(__file__).parents[2]
FACES = Path(__file__).with_name("faces_of_a_charge.py")

MADE_UP = '''
"""The highest power of a month."""

from ..texts import gettext_noop as _
from ..units import MINUTE
from .interface import PerMonth

QUARTER = 15 * MINUTE


class Demand(PerMonth):
    """An amount for each kW of the highest quarter of an hour in a month. It keeps the quarter, its Wh, and the most Wh."""

    name = "demand"
    field = "demand_per_kw"
    label = _("Demand, per kW")
    fact = _("demand %(amount)s per kW and month")
    line = _("Highest demand of the month")
    figure = "demand"
    watches = True

    def watch(self, kept, begin, end, energy):
        quarter, used, most = kept or (0, 0, 0)
        at, done = begin, 0
        while at < end:
            until = min(end, at - at % QUARTER + QUARTER)
            part = energy * (until - begin) // (end - begin) - done
            used = part + (used if at // QUARTER == quarter else 0)
            quarter, most, done, at = at // QUARTER, max(most, used), done + part, until
        return quarter, used, most

    def due(self, amount, month):
        return amount * month.kept[2] * 4 // 1000 if month.kept else 0


CHARGE = Demand()
'''


def test_a_form_of_price_that_is_added_as_one_file_is_on_all_faces(tmp_path):
    shutil.copytree(SOURCE, tmp_path / "prewatt")
    (tmp_path / "prewatt" / "kernel" / "charges" / "demand.py").write_text(MADE_UP)
    done = subprocess.run(
        [sys.executable, str(FACES)],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]),
            "PREWATT_HOME": str(tmp_path / "home"),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [
        "document",
        "journal",
        "years",
        "energy_alone",
        "editor",
        "page",
        "statement",
        "books",
    ]


@pytest.mark.parametrize("form", CHARGES, ids=lambda form: form.name)
def test_a_form_has_its_words_and_reads_what_it_writes(form):
    assert all((form.name, form.field, form.label, form.fact % {"amount": "1"}, form.line % {"days": 1}, form.figure))
    assert form.read(form.written(123_456), "EUR") == 123_456
    with pytest.raises(ValueError, match="not between 0"):
        form.read("-1", "EUR")
    assert f"`{form.field}`" in (ROOT / "docs" / "landlord" / "tariff.md").read_text()
    assert form.place < CHARGES[-1].place or form.name == "minimum"


def test_forms_are_called_differently_everywhere():
    for what in ("name", "field", "label", "line", "figure"):
        assert len({getattr(form, what) for form in CHARGES}) == len(CHARGES)
    assert set(OWN_FIELDS) == {form.name for form in CHARGES}
    assert [form.name for form in PER_KWH] == ["fee"]


def test_a_gateway_refuses_a_tariff_with_a_charge_that_it_does_not_know():
    """A server that is newer than a gateway must not have it charge less: the server hears of it, in words."""
    newer = msgspec.structs.replace(flat_tariff("x", "EUR", "UTC", 1), charges=(("by the moon", NANO),))
    with pytest.raises(TariffError, match=r"'by the moon'; update"):
        RateCalendar(newer)
    account, command = Account(), Command("m1", 1, 10, SetTariff(10, newer))
    refused = account.follow(10, decode_command(encode_command(command)))
    assert isinstance(refused, Refused) and "'by the moon'; update" in refused.reason
    account.apply(refused)
    assert not account.priced


def test_a_reading_without_other_charges_has_the_bytes_of_before():
    plain = Reading(1, 1, 0, 0, (), 0)
    assert b"charges" not in msgspec.msgpack.encode(plain)
