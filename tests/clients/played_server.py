"""A server with one building, for programs that talk to it from outside, such as the tests of clients: the pages' process, the
building's gateway, WeChat and WeChat Pay are played in this process, and the clock stands until it is told to go on.

    python -m tests.clients.played_server [--port 8971]

prints one line of JSON, and ends when its standard input ends:

    server      the address of the pages and the API
    play        where to POST {"do": ..., ...} to, to let something happen: see `Play`
    appid       of the mini program; `merchant_key`: the merchant's public key (PEM), by which `wx.requestPayment` is signed
    flats       by name: tenancy, login and password of who lives there, the letters of an invitation, the meter
    templates   by event: the templates that the landlord has in the mini program
    now         the clock's instant

WeChat knows by the code `code-<who>-<number>`, of `wx.login`, who somebody is; each code is good for once.
"""

import argparse
import asyncio
import json
import os
import socket
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ZONE = "Asia/Shanghai"
TARIFF = {
    "name": "峰谷电价",
    "rates": {"高峰": "0.62", "低谷": "0.31"},
    "seasons": [{"name": "all year", "from": "01-01", "day_types": [
        {"name": "each day", "days": ["weekday", "weekend", "special"],
         "switches": [["00:00", "低谷"], ["08:00", "高峰"], ["22:00", "低谷"]]}]}],
}  # fmt: skip
TEMPLATES = {"low": "tmpl-low", "top-up": "tmpl-top-up", "cut-off": "tmpl-cut-off", "": "tmpl-others"}
FIELDS = "thing1 = room\nthing2 = line"
DAYS = 40
"""For so long people have lived there."""
WATTS = {"m1": 240, "m2": 150}


class Play:
    """The building, and what can happen: each method that begins with `do_` is one thing, by the name behind it."""

    def __init__(self, port, at):
        from tests.building import PASSWORD, FixedClock
        from tests.server.payments.players.server import Providers

        self.providers, self.password = Providers(), PASSWORD
        self.clock = FixedClock(at - DAYS * 86_400 * 10**6)
        self.server = f"http://127.0.0.1:{port}"
        self._set_up()
        for days, step, amount in ((DAYS // 2, 180, "60.00"), (DAYS - DAYS // 2 - 1, 180, "60.00"), (1, 30, "40.00")):
            for name in self.flats:
                self.do_credit(name, amount)
            self.do_live(hours=24 * days, step=step)
        for name, flat in self.flats.items():
            flat |= self.do_invite(name)

    def _set_up(self):
        from prewatt.headend.store import Store
        from prewatt.kernel.tariff_document import tariff_from_document
        from prewatt.server.commissioning.setup import Apartment, BuildingPlan, set_up_building
        from prewatt.server.core import time as server_time
        from prewatt.server.estate.models import Organisation, Property, Tenancy
        from prewatt.server.metering.models import Gateway
        from prewatt.server.notices.recipients import recipient_of
        from prewatt.server.notices.sending_accounts import keep_account
        from prewatt.server.notices.sending_templates import keep_template
        from prewatt.server.payments.merchants import keep_merchant
        from prewatt.wire.topics import SHARDS
        from tests.gateway import Edge

        server_time.clock = lambda: self.clock
        plan = {
            "organisation": "锦绣物业", "name": "锦绣花园3栋", "zone": ZONE, "currency": "CNY", "gateway": "g1",
            "tariff": tariff_from_document({**TARIFF, "currency": "CNY", "zone": ZONE}),
            "apartments": [Apartment("Flat 1", "m1", "Anna"), Apartment("Flat 2", "m2", "Ben")],
            "manager": "manager", "password": self.password,
        }  # fmt: skip
        building = set_up_building(BuildingPlan(**plan))
        self.edge, self.store = Edge(building.code, self.clock), Store(range(SHARDS))
        for meter in self.edge.accounts:
            self.edge.read(meter, 1_234_500)
            self.edge.obey(meter)
        self.edge.deliver(self.store)
        Gateway.objects.update(is_online=True, since=self.clock.at)
        Property.objects.update(low_credit_kwh="10", low_credit_days="1")
        owner = Organisation.objects.get()
        keep_merchant(
            owner, "wechat", "微信支付", {**self.providers.settings("wechat"), **self.providers.contracts.SETTINGS}
        )
        mini = {"appid": self.providers.MINI_APPID, "secret": self.providers.MINI_SECRET}
        account = keep_account(owner, "wechat-mini", mini)
        for event, template in TEMPLATES.items():
            keep_template(account, event, "", template, FIELDS)
            self.providers.messages.templates[template] = ["thing1", "thing2"]
        self.flats = {}
        for tenancy in Tenancy.objects.select_related("unit").order_by("pk"):
            recipient = recipient_of(tenancy)
            recipient.quiet_from = recipient.quiet_until = 0
            recipient.save()
            self.flats[tenancy.unit.name] = {
                "tenancy": tenancy.pk,
                "login": tenancy.people.get().username,
                "password": self.password,
                "meter": f"m{tenancy.unit.name[-1]}",
            }

    @property
    def facts(self):
        """What is printed."""
        from tests.server.payments.players.keys import public_pem

        return {
            "server": self.server,
            "appid": self.providers.MINI_APPID,
            "merchant_key": public_pem(self.providers.merchant_key),
            "flats": self.flats,
            "templates": TEMPLATES,
            "now": self._now(),
        }

    def _now(self):
        from prewatt.kernel.units import exact_instant

        return exact_instant(self.clock.at)

    def _tenancy(self, flat):
        from prewatt.server.estate.models import Tenancy

        return Tenancy.objects.select_related("unit__property__organisation").get(pk=self.flats[flat]["tenancy"])

    def _switch(self):
        """The meters switch as their accounts have it."""
        for meter, account in self.edge.accounts.items():
            at, wanted = self.clock.at, account.wants_closed(self.clock.at)
            if account.closed != wanted:
                why = account.why_closed() if wanted else account.why_open(at)
                self.edge.append(meter, account.relay(at, wanted, why))

    # -- what can happen --------------------------------------------------------------------------------------------------

    def do_live(self, hours=1, step=60, watts=None):
        """Time goes on by `hours`; the meters are read each `step` minutes. `watts`: by meter, what they draw."""
        until, minute = self.clock.at + int(hours * 60) * 60 * 10**6, 60 * 10**6
        while self.clock.at < until:
            self.clock.at = min(self.clock.at + step * minute, until)
            for meter, account in self.edge.accounts.items():
                used = (watts or WATTS)[meter] * step // 60 if account.closed is not False else 0
                self.edge.read(meter, (account.register or 0) + used)
            self._switch()
        return self.do_deliver()

    def do_deliver(self):
        """If the building has a network, its gateway takes up what was ordered, and reports."""
        from prewatt.server.metering.models import Gateway

        if Gateway.objects.get().is_online:
            for meter in self.edge.accounts:
                self.edge.obey(meter)
            self._switch()
            self.edge.deliver(self.store)
        return {"now": self._now()}

    def do_online(self, is_online):
        """The building loses or gets back its network."""
        from prewatt.server.metering.models import Gateway

        Gateway.objects.update(is_online=is_online, since=self.clock.at)
        return self.do_deliver()

    def do_use(self, flat, kwh=1000):
        """A flat draws 4 kW until so many kWh are used or its power is off; the others draw what they do. Time goes on."""
        meter = self.flats[flat]["meter"]
        account, watts = self.edge.accounts[meter], {**WATTS, meter: 4000}
        until = (account.register or 0) + int(float(kwh) * 1000)
        while account.closed and (account.register or 0) < until:
            self.do_live(hours=0.25, step=15, watts=watts)
        return {"now": self._now(), "is_on": account.closed}

    def do_type_code(self, flat, digits):
        """Somebody types the code of a payment at the meter."""
        from prewatt.kernel.units import TOKEN
        from prewatt.server.vending.models import Code

        code, meter = Code.objects.get(digits=digits), self.flats[flat]["meter"]
        account = self.edge.accounts[meter]
        self.edge.append(meter, account.by_code(self.clock.at, code.tid, code.amount // TOKEN * TOKEN, "keypad"))
        self._switch()
        return {**self.do_deliver(), "is_on": account.closed}

    def do_power(self, flat, watts):
        """The gateway has just said what a meter draws, which holds for some seconds."""
        from prewatt.server.core.time import system_now
        from prewatt.server.metering.models import LiveReading, Meter

        meter = Meter.objects.get(name=self.flats[flat]["meter"])
        seen = {"at": self.clock.at, "register": meter.register, "closed": meter.closed, "balance": meter.balance}
        heard = {**seen, "heard_at": system_now(), "power": watts, "cause": ""}
        LiveReading.objects.update_or_create(meter=meter, defaults=heard)
        return {}

    def do_credit(self, flat, amount):
        """The manager records cash, and the gateway takes it up if it can."""
        from prewatt.kernel.units import parse_money
        from prewatt.server.sales.top_ups import top_up

        top_up(self._tenancy(flat), parse_money(amount), f"cash {flat} {self.clock.at}")
        return self.do_deliver()

    def do_request_payment(self, wx, appid=None, pays=True):
        """What the phone does in `wx.requestPayment`: the fields are checked; if the person pays, WeChat Pay calls back. The answer
        has what the server said to that.
        """
        from tests.server.payments.players.server import send

        trade = self.providers.request_payment(appid or self.providers.MINI_APPID, wx)
        if not pays:
            return {"amount": trade.amount}
        trade.pay()
        body, headers = self.providers.callback(trade)
        status, said = send(trade.notify_url, body, headers)
        return {"amount": trade.amount, "status": status, "said": said.decode()}

    def do_agree(self, wanted):
        """What somebody does in WeChat's own mini program: they agree to payments without them, and WeChat Pay calls back."""
        from tests.server.payments.players.server import send

        return {"status": send(*self._callback(self.providers.contracts.agree(wanted)))[0]}

    def do_work(self):
        """The worker looks which automatic top-ups are due, and WeChat Pay works off what it has taken up."""
        from prewatt.server.automatic.charging import charge_what_is_due
        from tests.server.payments.players.server import send

        charge_what_is_due()
        taken_up = [
            each for each in self.providers.trades.values() if each.state == "open" and each.more.get("contract")
        ]
        for trade in taken_up:
            send(*self._callback(self.providers.contracts.work(trade)))
        return {"paid": [trade.amount for trade in taken_up]}

    def _callback(self, told):
        """(address, body, headers) of a callback of contract payments."""
        from prewatt.server.payments.models import Merchant

        merchant = Merchant.objects.get()
        return f"{self.server}/callbacks/wechat/{merchant.public_id}/", *told

    def do_permit(self, who, template, count=1):
        """WeChat itself notes that somebody allows messages; what the mini program tells the server is its own matter."""
        key = (self.providers.openid(who), template)
        allowed = self.providers.messages.allowed
        allowed[key] = (allowed.get(key) or 0) + count
        return {"left": allowed[key]}

    def do_tell(self):
        """The worker looks what people must be told of, and sends it. The answer has the messages that came into WeChat."""
        from prewatt.server.notices.sending import send_what_is_due
        from prewatt.server.notices.watching import watch

        before = len(self.providers.messages.sent)
        watch()
        send_what_is_due()
        sent = self.providers.messages.sent[before:]
        return {
            "sent": [
                {"openid": who, "template": name, "shown": shown, "page": body.get("page")}
                for who, name, shown, body in sent
            ]
        }

    def do_note(self, title, text):
        """The manager writes to everybody."""
        from django.contrib.auth import get_user_model

        from prewatt.server.correspondence.note_addressees import living_in
        from prewatt.server.correspondence.notes import send_note
        from prewatt.server.estate.models import Organisation, Property

        owner = Organisation.objects.get()
        to = living_in(owner, [], list(Property.objects.values_list("pk", flat=True)))
        send_note(
            owner, f"n{self.clock.at}", title, text, get_user_model().objects.get(username="manager"), to, True, {}
        )
        return {}

    def do_move_out(self, flat):
        """Somebody moves out now; what the meter says at that instant is reported."""
        from prewatt.server.tenancies.moving import move_out, settle_what_is_due

        move_out(self._tenancy(flat), self.clock.at)
        self.do_live(hours=1, step=30)
        settle_what_is_due()
        return self.do_deliver()

    def do_invite(self, flat):
        """The office makes a new invitation."""
        from prewatt.server.accounts.invitations import invite_to_flat

        return {"invitation": invite_to_flat(self._tenancy(flat), None)}

    def do_state(self):
        """Nothing happens."""
        return self.facts


def serve_pages(listening):
    """Serve the pages and the API, in a thread."""
    from prewatt.processes.pages.process import PagesServer
    from prewatt.server.wsgi import application

    server = PagesServer(application)
    threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True).start()


def serve_play(play):
    """Listen for what shall happen. Returns the address."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

        def do_POST(self):
            from django.db import connection

            given = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            do = given.pop("do")
            try:
                with lock:
                    status, answer = 200, getattr(play, f"do_{do.replace('-', '_')}")(**given)
            except Exception as error:
                status, answer = 500, {"error": f"{type(error).__name__}: {error}"}
            connection.close()
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{http.server_port}"


def main():
    """Set the building up, print where everything is, and serve until nobody listens any more."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--at", help="the instant at which the clock stands at first; left out: now, to the minute")
    given = parser.parse_args()
    listening = socket.create_server(("127.0.0.1", given.port))
    port = listening.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="prewatt-played-") as home:
        os.environ |= {"PREWATT_HOME": home, "PREWATT_PUBLIC_URL": f"http://127.0.0.1:{port}"}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
        from prewatt.kernel.units import parse_instant
        from tests.migrated import put_database

        put_database(Path(home) / "prewatt.sqlite3")
        import django

        django.setup()
        from django.conf import settings
        from msgspec import structs

        at = parse_instant(given.at) if given.at else int(time.time()) // 60 * 60 * 10**6
        play = Play(port, at)
        settings.CONFIG = structs.replace(settings.CONFIG, providers=play.providers.with_wechat)
        serve_pages(listening)
        print(json.dumps({**play.facts, "play": serve_play(play)}), flush=True)
        sys.stdin.read()
        sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
