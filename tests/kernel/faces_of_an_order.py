"""Whether an order is on each face: `python faces_of_an_order.py NAME LABEL DONE`. It prints a word for each face.

A process of its own, run on a copy of the software that has an order more (`test_orders`).
"""

import os
import sys
from types import SimpleNamespace

import django
from django.template.loader import render_to_string
from django.test import RequestFactory
from typer.testing import CliRunner

from prewatt.edge import site_service
from prewatt.edge.effects import Reply
from prewatt.edge.staff import Session
from prewatt.kernel.account import Account
from prewatt.kernel.entries import Command, Control, Controlled, Refused, decode_entry, encode_entry
from prewatt.kernel.orders import BY_STAFF, ORDERS, Open
from prewatt.wire.on_site import Act, Grant, SignedInstruction, decode_up, encode, sign_grant, sign_instruction
from prewatt.wire.signing import SigningKey, VerifyKey
from tests.reading import unbroken


def account(order):
    """It is taken up, kept in bytes, and refused by its own rule."""
    mine = Account()
    entry = mine.follow(5, Command("m1", 1, 5, Control(order, "manager")))
    assert isinstance(entry, Controlled) and decode_entry(encode_entry(entry)) == entry
    mine.apply(entry)
    assert mine.supply.limit == 4711
    mine.apply(mine.on_site(6, Open(), "Sam"))
    assert isinstance(mine.follow(7, Command("m1", 2, 7, Control(order, "manager"))), Refused)


def gateway(order, done):
    """The tenant's page in the building says what was done."""
    line = site_service._line(Controlled(1, 5, 0, 1, order, "manager"))
    assert line is not None and line.text == f"{done} (manager)"


def phone(order, name):
    """A phone whose grant allows it has it done, over a session; without it in the grant not."""
    server, gateway_key, key = SigningKey.generate(), SigningKey.generate(), SigningKey.generate()
    site = SimpleNamespace(
        gateway="g1", now=lambda: 100, act=lambda *_: Reply(True, "Done."), revoked=lambda _grant: (False, 0)
    )
    for actions, allowed in (((name,), True), (("open",), False)):
        session = Session(site, gateway_key, VerifyKey(server.public()), 3, lambda: os.urandom(32))
        grant = Grant("1", 3, "Sam", key.public(), actions, 0, 1000, 0, 0, 0)
        challenge = session.handle(encode(sign_grant(server, grant)))
        signed = encode(sign_instruction(key, challenge, 1, Act("m1", order)))
        assert isinstance(decode_up(signed), SignedInstruction)
        assert session.handle(signed).done is allowed


def page(name, label):
    """The page of a flat offers it."""
    from prewatt.server.accounts.rights import RIGHTS, Role
    from prewatt.server.console.orders.choices import order_choices

    unit = SimpleNamespace(pk=1, property=SimpleNamespace(currency="EUR"))
    request = RequestFactory().get("/")
    request.session = {}
    rights = RIGHTS[Role.OWNER]
    context = {"unit": unit, "order_choices": order_choices(rights), "rights": rights}
    page = render_to_string("console/units/_switch.html", context, request)
    assert f'name="do" value="{name}"' in unbroken(page) and label in page.lower()
    assert ORDERS[name].effect in unbroken(page)


def api(name):
    """The API's document names it, and the call makes it."""
    from prewatt.server.api.codes import NewOrder
    from prewatt.server.vending.named_orders import read_action

    assert name in NewOrder.model_json_schema()["properties"]["do"]["enum"]
    assert read_action(name) == ORDERS[name]()


def commands(name):
    """The command line's help names it, for managers, for staff, and for who signs a grant."""
    from prewatt.cli import app

    for command in (["meter", "order"], ["onsite", "do"], ["staff", "grant"]):
        shown = CliRunner().invoke(app, [*command, "--help"])
        assert shown.exit_code == 0 and name in shown.output, (command, shown.output)


def grant(name):
    """A manager can allow it to staff."""
    from prewatt.server.metering.grants import ALLOWED

    assert name in ALLOWED and name in BY_STAFF


if __name__ == "__main__":
    name, label, done = sys.argv[1:]
    os.environ["DJANGO_SETTINGS_MODULE"] = "prewatt.server.settings"
    django.setup()
    order = ORDERS[name]()
    checks = {
        account: (order,), gateway: (order, done), phone: (order, name), grant: (name,), page: (name, label),
        api: (name,), commands: (name,),
    }  # fmt: skip
    for check, arguments in checks.items():
        check(*arguments)
        print(check.__name__)
