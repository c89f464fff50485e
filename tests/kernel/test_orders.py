"""An order is written in one file: page, API, command line, gateway and phone follow it, and so does the account."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import prewatt
from prewatt.kernel.account import Account
from prewatt.kernel.entries import Command, Control, Controlled, OnSite, decode_entry, encode_entry
from prewatt.kernel.orders import BY_MANAGER, BY_STAFF, ORDERS, LimitPower, Restore, SetPin, make_order, needs
from prewatt.wire.on_site import ALLOWED

SOURCE = Path(prewatt.__file__).parent
DOCS = SOURCE.parent.parent / "docs"

MADE_UP = '''
class Ring(Order, frozen=True, tag="ring-bell"):
    """Ring the bell at the door."""

    label = _("ring the bell")
    effect = _("The bell rings for a minute.")
    done = _("Bell rung")
    by_manager = by_staff = True

    def objection(self, account: State, at: int, now: int) -> str:
        """Nobody is rung up twice."""
        return "it rings already" if account.supply.opened else ""

    def apply(self, account: State) -> None:
        """Count the bell in the limit, as it has no place of its own."""
        account.change(limit=4711)


Action = (
'''
ROOT = Path(__file__).parents[2]
FACES = Path(__file__).with_name("faces_of_an_order.py")


def test_an_order_that_is_added_in_one_file_is_on_all_faces(tmp_path):
    shutil.copytree(SOURCE, tmp_path / "prewatt")
    file = tmp_path / "prewatt" / "kernel" / "orders.py"
    before = file.read_text()
    after = before.replace("\nAction = (\n", MADE_UP).replace("    | SetPin\n)", "    | SetPin\n    | Ring\n)")
    assert "class Ring(" in after and "| Ring\n)" in after
    file.write_text(after)
    done = subprocess.run(
        [sys.executable, str(FACES), "ring-bell", "ring the bell", "Bell rung"],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]),
            "PREWATT_HOME": str(tmp_path / "home"),
            "COLUMNS": "400",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["account", "gateway", "phone", "grant", "page", "api", "commands"]


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_has_its_words_and_stands_in_the_documents(name):
    kind = ORDERS[name]
    order = SetPin("") if kind is SetPin else make_order(kind)
    assert order.name == name
    assert all((kind.label, kind.done, order.words(str)))
    assert bool(kind.effect) is kind.by_manager
    assert f"`{name}`" in (DOCS / "programmer" / "journal.md").read_text()
    assert f"`{name}`" in (DOCS / "installer" / "onsite.md").read_text() or not kind.by_manager


def test_staff_and_managers_order_what_the_table_says():
    assert set(BY_MANAGER) - set(BY_STAFF) == {"emergency"}
    assert set(BY_STAFF) < set(BY_MANAGER)
    assert set(ORDERS) - set(BY_MANAGER) == {"clear-credit", "set-pin"}
    assert (*BY_STAFF, "read-head", "set-clock") == ALLOWED


def test_an_order_takes_the_details_that_it_has():
    details = {"override": True, "watts": 800, "amount": 5, "until": 9}
    assert make_order(LimitPower, **details) == LimitPower(800, 9)
    assert make_order(Restore, **details) == Restore(5, 9)
    assert [name for name, kind in ORDERS.items() if needs(kind, "watts")] == ["limit"]


@pytest.mark.parametrize("name", [name for name in ORDERS if name != "set-pin"])
def test_an_order_by_either_way_changes_an_account_alike(name):
    order = make_order(ORDERS[name], override=True, watts=800, amount=5, until=100)
    over_the_network, on_site = Account(), Account()
    for account in (over_the_network, on_site):
        account.settings = msgspec.structs.replace(account.settings, emergency_credit=7)
        account.change(locks=("hold",))
    entry = over_the_network.follow(10, Command("m1", 1, 10, Control(order, "manager")))
    assert isinstance(entry, Controlled)
    assert decode_entry(encode_entry(entry)) == entry
    over_the_network.apply(entry)
    typed = on_site.on_site(10, order, "Sam")
    assert isinstance(typed, OnSite)
    on_site.apply(typed)
    assert over_the_network.supply == on_site.supply
