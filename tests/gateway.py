"""A gateway's side for tests of the server: accounts that obey the credit log, and the messages they send."""

from copy import copy, deepcopy
from datetime import datetime
from zoneinfo import ZoneInfo

from prewatt.headend.ingest import plan, sort
from prewatt.kernel.account import Account
from prewatt.kernel.entries import decode_command, encode_entry
from prewatt.kernel.units import instant
from prewatt.server.core.time import now as server_now
from prewatt.server.metering.models import Meter
from prewatt.server.vending.models import Command
from prewatt.wire import topics
from prewatt.wire.messages import MeterStatus, Span, Status, Upload
from prewatt.wire.signing import SigningKey, seal
from tests.building import ZONE
from tests.enrolling import enrol


def at(*wall):
    """An instant on the wall clock of the building in Berlin."""
    return instant(datetime(*wall, tzinfo=ZoneInfo(ZONE)))


class Edge:
    """A gateway's side: its meters' accounts, and the messages it sends."""

    def __init__(self, code, clock):
        self.key, self.clock, self.number = SigningKey.generate(), clock, 0
        enrol(code, self.key.public())
        self.accounts = {name: Account() for name in Meter.objects.values_list("name", flat=True)}
        self.sent = dict.fromkeys(self.accounts, 0)
        self.bodies = {name: [] for name in self.accounts}

    def __deepcopy__(self, memo):
        other = copy(self)
        other.clock = deepcopy(self.clock, memo)
        other.accounts = {name: Account.load(each.dump()) for name, each in self.accounts.items()}
        other.sent, other.bodies = dict(self.sent), {name: list(each) for name, each in self.bodies.items()}
        return other

    def append(self, meter, entry):
        self.accounts[meter].apply(entry)
        self.bodies[meter].append(encode_entry(entry))

    def read(self, meter, register):
        self.append(meter, self.accounts[meter].read(self.clock.now(), register))

    def obey(self, meter):
        """Take up all commands of the credit log."""
        account = self.accounts[meter]
        commands = Command.objects.filter(meter__name=meter, number__gt=account.command).order_by("number")
        for body in commands.values_list("body", flat=True):
            self.append(meter, account.follow(self.clock.now(), decode_command(bytes(body))))

    def send(self, message):
        return (topics.up("g1"), seal(self.key, message))

    def live(self, store, until, used, step):
        """Read all meters each `step` until an instant, taking up what is ordered after the first reading: nobody orders
        anything meanwhile. `used`: Wh a step by meter. All of it is sent at the end.
        """
        first = True
        while self.clock.at < until:
            self.clock.at = min(self.clock.at + step, until)
            for meter, account in self.accounts.items():
                self.read(meter, (account.register or 0) + used.get(meter, 0))
                if first:
                    self.obey(meter)
            first = False
        self.deliver(store)

    def deliver(self, store):
        """Send what the head-end has not got, a message a meter: the head-end takes them up together."""
        behind = [meter for meter, bodies in self.bodies.items() if len(bodies) > self.sent[meter]]
        if behind:
            result = take(store, *(self.upload(meter, self.sent[meter] + 1) for meter in behind))
            assert not result.refusals and not any(result.meters[meter].differences for meter in behind), result
            self.sent |= {meter: len(self.bodies[meter]) for meter in behind}

    def upload(self, meter, first=1, last=None, late=0):
        self.number += 1
        span = Span(meter, first, tuple(self.bodies[meter][first - 1 : last]))
        return self.send(Upload("g1", 1, self.number, (span,), (late,)))

    def status(self, meter, fresh=False, **changes):
        account = self.accounts[meter]
        self.number += 1
        given = {
            "meter": meter,
            "seq": account.seq,
            "at": account.at,
            "balance": account.balance,
            "register": account.register,
            "closed": account.closed,
            "command": account.command,
        }
        return self.send(Status("g1", 1, self.number, account.at, fresh, (MeterStatus(**{**given, **changes}),)))


def take(store, *received, now=None):
    now = server_now() if now is None else now
    batch = sort(received, store.gateways({"g1"}))
    result = plan(now, batch, store.views(batch.meters()))
    store.commit(result)
    return result
