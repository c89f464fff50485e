"""Writes what this version writes, so that later ones can be tried on it: `python -m tests.formats.write FILE`.

`files/format-1.json` was written so by the version before formats had numbers (it knew no doubtful registers).
"""

import json
import sys
from pathlib import Path

from prewatt.kernel.account import Account
from prewatt.kernel.entries import (
    ChangeSettings,
    ChangeTenancy,
    Control,
    Debit,
    Exchange,
    GrantCredit,
    LeadBack,
    SetTariff,
    Settings,
    chain,
    encode_command,
    encode_entry,
    genesis,
)
from prewatt.kernel.naming import named
from prewatt.kernel.off_hours import OffHours
from prewatt.kernel.orders import Hold, LimitPower
from prewatt.kernel.safety import Limit
from prewatt.kernel.supply import FriendlyHours, PowerLimit, Window
from prewatt.kernel.tariff import DayType, Period, Rate, Season, Switch, Tariff, Tax, Tiers
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO
from prewatt.wire.messages import Head, MeterState, MeterStatus, Orders, Receipt, Revoked, Span, States, Status, Upload
from prewatt.wire.on_site import Grant, Revocations, encode, sign_grant, sign_revocations
from prewatt.wire.signing import SigningKey, seal, sign_command

BEGIN = 1_700_000_100 * 10**6 // (15 * MINUTE) * (15 * MINUTE)
SERVER = SigningKey.from_bytes(bytes(range(32)))
GATEWAY = SigningKey.from_bytes(bytes(range(1, 33)))


def tariff():
    """All that a tariff can have."""
    rates = (Rate("a", (93_001, 250_003)), Rate("b", (50_000, 60_000)))
    day = DayType("every day", tuple(range(8)), (Switch(0, "b"), Switch(360, "a"), Switch(1320, "b")))
    return Tariff(
        "tiered",
        "EUR",
        "Europe/Berlin",
        rates,
        (Season("year", 1, 1, (day,)),),
        ("2023-12-24",),
        Tiers(Period.MONTH, (3001,)),
        NANO // 7,
        10_007,
        Tax("VAT", 190_000, included=False),
        9 * NANO,
    )


class Written:
    """An account, its journal and its credit log."""

    def __init__(self):
        self.account, self.bodies, self.commands = Account(), [], []

    def take(self, entry):
        self.account.apply(entry)
        self.bodies.append(encode_entry(entry))

    def order(self, now, order, issued=None):
        command = named("m1", len(self.commands) + 1, now if issued is None else issued, order)
        self.commands.append(command)
        self.take(self.account.follow(now, command))


def written():
    """One entry of each kind."""
    made = Written()
    mine, take, order = made.account, made.take, made.order
    power = PowerLimit((3000,), 10, 60, 3, 2000)
    friendly = FriendlyHours((Window((0, 1), 1200, 420),), ("2023-12-25",), 7 * NANO)
    limits = (Limit("over-voltage", 253_000, 5, True), Limit("over-temperature", 800, 30, waits=True))
    nights = OffHours((Window((0, 1, 2, 3), 1380, 360),), ("2023-12-25",), 300, 1500)
    settings = Settings(
        5 * NANO,
        10_000,
        NANO,
        3 * NANO,
        50,
        "Europe/Berlin",
        friendly,
        power,
        True,
        "hash",
        limits=limits,
        off_hours=nights,
    )
    take(mine.event(BEGIN, "power-up"))
    order(BEGIN, SetTariff(0, tariff()))
    order(BEGIN, ChangeSettings(settings))
    order(BEGIN, GrantCredit("c1", 20 * NANO, tid=77, coded=20 * NANO))
    take(mine.read(BEGIN, 1_000_000))
    order(BEGIN, GrantCredit("c2", 5 * NANO, tid=78, coded=4 * NANO))
    take(mine.by_code(BEGIN + HOUR, 80, NANO, "page"))
    order(BEGIN + HOUR, Debit("d1", NANO, "stairs"))
    take(mine.read(BEGIN + 2 * DAY, 1_009_000))
    take(mine.read(BEGIN + 3 * DAY, 1_000))
    take(mine.rebase(BEGIN + 3 * DAY, 1_000))
    take(mine.read(BEGIN + 3 * DAY + HOUR, 3_000))
    order(BEGIN + 3 * DAY + HOUR, Control(LimitPower(2000, BEGIN + 9 * DAY), "manager", "why"))
    take(mine.on_site(BEGIN + 3 * DAY + HOUR, Hold(), "Kim", "grant"))
    take(mine.relay(BEGIN + 3 * DAY + HOUR, False, "hold"))
    order(BEGIN + 3 * DAY + HOUR, ChangeTenancy(BEGIN + 5 * DAY))
    order(BEGIN + 3 * DAY + HOUR, GrantCredit("c3", NANO, tid=80, coded=NANO))
    order(BEGIN + 3 * DAY + HOUR, Exchange("new", 70, 3_100))
    take(mine.event(BEGIN + 4 * DAY, "overload", "9 W"))
    take(mine.event(BEGIN + 4 * DAY, "over-voltage-trip", "L1 260 V, the limit is 253 V"))
    take(mine.read(BEGIN + 4 * DAY + 7, 500))
    order(BEGIN + 4 * DAY, LeadBack(), BEGIN + 4 * DAY - HOUR)
    take(mine.event(BEGIN + 4 * DAY, "clock-unsure"))
    take(mine.read(BEGIN + 4 * DAY + HOUR, 400))
    take(mine.hold(BEGIN + 4 * DAY + HOUR))
    take(mine.read(BEGIN + 4 * DAY + HOUR, 2**31 - 1))
    return made


def document():
    """What is kept of it: bytes in hexadecimal, and the figures that they must come to."""
    made = written()
    mine = made.account
    head = genesis("m1")
    for body in made.bodies:
        head = chain(head, body)
    status = MeterStatus("m1", mine.seq, mine.at, mine.balance, mine.register, mine.closed, mine.command, head)
    span, session = Span("m1", 1, tuple(made.bodies), genesis("m1")), b"session."
    signed = tuple(sign_command(SERVER, command) for command in made.commands)
    frames = {
        "status": seal(GATEWAY, Status("g1", 3, 4, BEGIN, True, (status,), session)),
        "upload": seal(GATEWAY, Upload("g1", 3, 5, (span,), (2,), session)),
        "receipt": seal(SERVER, Receipt("g1", (Head("m1", 7, bytes(32), True),), 3, 4, BEGIN, session)),
        "orders": seal(SERVER, Orders("g1", signed)),
        "states": seal(SERVER, States("g1", 3, 4, session, (MeterState("m1", mine.seq, head, mine.dump()),))),
    }
    return {
        "account": mine.dump().hex(),
        "bodies": [body.hex() for body in made.bodies],
        "commands": [encode_command(command).hex() for command in made.commands],
        "frames": {name: frame.hex() for name, frame in frames.items()},
        "balance": mine.balance,
        "charged": mine.charged,
        "register": mine.register,
        "seq": mine.seq,
        "command": mine.command,
    }


def on_site_document():
    """What phones and gateways keep, and a list on its way: `files/on-site-1.json` has it."""
    revoked = sign_revocations(SERVER, Revocations(3, 7, BEGIN, ("17", "18")))
    phone = SigningKey.from_bytes(bytes(range(2, 34)))
    grant = Grant("17", 3, "Kim", phone.public(), ("close",), BEGIN, BEGIN + DAY, NANO, HOUR, BEGIN)
    return {
        "frame": seal(SERVER, Revoked("g1", revoked.body, revoked.signature)).hex(),
        "kept": encode(revoked).hex(),
        "status": seal(GATEWAY, Status("g1", 3, 4, BEGIN, True, (), b"session.", revocations=7)).hex(),
        "grant": encode(sign_grant(SERVER, grant)).hex(),
    }


if __name__ == "__main__":
    with Path(sys.argv[1]).open("w") as file:
        json.dump(document(), file, indent=1)
