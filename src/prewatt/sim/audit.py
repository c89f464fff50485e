"""The account that the demonstration gives of itself at its end, from what each side has stored.

The meter's side is the gateway's own journal file and the meter's own memory. The server's side is its ledger and its
credit log. `docs/programmer/demo-json.md` documents the JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from ..edge.journal import Journal
from ..kernel.account import Account as KernelAccount
from ..kernel.currencies import format_exact
from ..kernel.entries import AnyEntry, CreditApplied, CreditByCode, DebitApplied, Event, Relay, decode_entry
from ..kernel.events import EventKind, words_of
from ..kernel.state import EXHAUSTED
from ..kernel.tariff import Tariff
from ..kernel.tariff_document import tariff_to_document
from ..kernel.units import exact_kwh, exact_money, moment
from ..server.core import local_forms
from ..server.estate.models import Tenancy
from ..server.ledger.books import balance, tenant_account
from ..server.metering.models import Alarm, Meter
from ..server.vending.models import Command, TopUp
from ..terminal_texts import _

SCHEMA = "prewatt-demo-1"
USUAL = {EventKind.POWER_UP, EventKind.LOW_CREDIT}
"""Events that happen where nothing is wrong."""


@dataclass
class MeterAccount:
    """The account of one meter. Energy is in Wh, money in nano, instants in µs since 1970.

    `register` was read at `read_at`. `adjusted` is what was given back less what was taken off, besides payments.
    `switches` are (instant, closed, balance then). `unpaid` has (instant, balance then) of each cut-off for lack of
    credit. `late` and `duplicates` count the entries that came after an outage, and those that came again.
    """

    meter: str
    register: int
    read_at: int
    charged: int
    topped_up: int
    balance_meter: int
    balance_server: int
    late: int
    duplicates: int
    adjusted: int = 0
    unpaid: list[tuple[int, int]] = field(default_factory=list)
    switches: list[tuple[int, bool, int]] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    @property
    def difference(self) -> int:
        """Return the difference between the meter's balance and the server's books, nano."""
        return self.balance_meter - self.balance_server

    @property
    def cut_offs(self) -> list[tuple[int, int]]:
        """Return (instant, balance then) of each cut-off, in µs and nano."""
        return [(at, left) for at, closed, left in self.switches if not closed]

    @property
    def restorations(self) -> list[int]:
        """Return the instants (µs) at which the supply was restored. The first order to close a switch does not count,
        because the meter was not cut off before.
        """
        return [
            at
            for (_, before, _), (at, closed, _) in zip(self.switches, self.switches[1:], strict=False)
            if closed and not before
        ]


class Came(NamedTuple):
    """A credit, or a part of it, that reached a meter: `amount` in nano, `at` in µs, `way` is `code` or `command`."""

    meter: str
    amount: int
    at: int
    way: str


@dataclass
class Account:
    """The whole building's account. `failures` is empty if everything is right."""

    meters: list[MeterAccount]
    top_ups: list[dict[str, Any]]
    failures: list[str]
    sentences: list[str] = field(default_factory=list)
    """What pages say of the meters: alarms, and the events of their journals."""


def audit(journal_path: Path, memory: Path, meters: list[str], faulty: bool = False) -> Account:
    """Compare both sides, and return the account. The agent must have ended, because its journal is opened here.
    `faulty`: meters or lines had faults, so that alarms are no failures.
    """
    journal = Journal(journal_path)
    accounts: list[MeterAccount] = []
    failures: list[str] = []
    sentences: list[str] = []
    credits_ = _Credits()
    rows = {row.name: row for row in Meter.objects.filter(name__in=meters).select_related("unit")}
    for name in meters:
        loaded = journal.load(name)
        account = _meter_account(rows[name], loaded.account)
        for body in journal.read(name, 1, loaded.account.seq):
            _take_entry(account, decode_entry(body), credits_)
        failures += _check(account, rows[name], loaded.account.seq, loaded.head, _memory(memory, name))
        alarms = _alarms(rows[name])
        failures += [] if faulty else alarms
        sentences += [*alarms, *(f"meter {name}: {words_of(code)}" for code in account.events)]
        accounts.append(account)
    journal.close()
    top_ups, unapplied = _top_ups(credits_.came)
    failures += unapplied
    failures += [f"credit {credit_id} was applied at a meter and never paid" for credit_id in credits_.came]
    return Account(accounts, top_ups, failures, sentences)


class _Credits:
    """The credits that reached meters, by their ids."""

    def __init__(self) -> None:
        self.came: dict[str, list[Came]] = {}
        self._coded = {
            (top_up.command.meter.name, top_up.command.tid): top_up.credit_id
            for top_up in TopUp.objects.select_related("command__meter")
            if top_up.command is not None
        }

    def by_code(self, meter: str, entry: CreditByCode) -> None:
        """Note a credit that reached a meter by a typed code."""
        credit_id = self._coded.get((meter, entry.tid), f"code {entry.tid}")
        self.came.setdefault(credit_id, []).append(Came(meter, entry.amount, entry.at, "code"))

    def by_command(self, meter: str, entry: CreditApplied) -> None:
        """Note a credit that reached a meter by a command of the server."""
        self.came.setdefault(entry.credit_id, []).append(Came(meter, entry.amount, entry.at, "command"))


def _meter_account(row: Meter, account: KernelAccount) -> MeterAccount:
    """Return a meter's account at the end of its journal, and what the server's ledger has of it."""
    tenancy = Tenancy.objects.select_related("unit__property__organisation").get(unit=row.unit_id, ends__isnull=True)
    return MeterAccount(
        meter=row.name,
        register=account.register or 0,
        read_at=account.read_at,
        charged=account.charged,
        topped_up=account.credited,
        balance_meter=account.balance,
        balance_server=balance(tenant_account(tenancy)),
        late=row.late,
        duplicates=row.duplicates,
    )


def _take_entry(account: MeterAccount, entry: AnyEntry, credits_: _Credits) -> None:
    """Count an entry of a meter's journal."""
    match entry:
        case Relay():
            account.switches.append((entry.at, entry.closed, entry.balance))
            if entry.reason == EXHAUSTED:
                account.unpaid.append((entry.at, entry.balance))
        case CreditByCode():
            credits_.by_code(account.meter, entry)
        case DebitApplied():
            account.adjusted -= entry.amount
        case Event() if entry.code not in USUAL and entry.code not in account.events:
            account.events.append(entry.code)
        case CreditApplied() if entry.reason:
            account.adjusted += entry.amount
            account.topped_up -= entry.amount
        case CreditApplied():
            credits_.by_command(account.meter, entry)


def _came_once(meter: str, amount: int, times: list[Came]) -> bool:
    """Return whether a payment of `amount` nano reached its meter once, and all of it."""
    is_whole = {each.meter for each in times} == {meter} and sum(each.amount for each in times) == amount
    # A code may carry less than all of it: then the command brings the rest, and nothing else.
    return is_whole and [each.way for each in times] in (["command"], ["code"], ["code", "command"])


def _top_ups(came: dict[str, list[Came]]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return what happened to each payment, and what is wrong with it. What reached meters for it is taken out of
    `came`.
    """
    rows, failures = [], []
    for top_up in TopUp.objects.select_related("command__meter").order_by("paid_at", "id"):
        assert top_up.command is not None, "no flat of a played building has a keypad meter"
        times = came.pop(top_up.credit_id, [])
        name = top_up.command.meter.name
        once = _came_once(name, top_up.amount, times)
        if not once or top_up.command.state != Command.State.APPLIED:
            failures.append(f"payment {top_up.credit_id} for meter {name} was applied {len(times)} times")
        rows.append(
            {
                "credit_id": top_up.credit_id,
                "meter": name,
                "amount": exact_money(top_up.amount),
                "paid_at": iso(top_up.paid_at),
                "applied_at": iso(times[0].at) if times else None,
                "applied_times": 1 if once else len(times),
                "way": times[0].way if times else None,
            }
        )
    return rows, failures


def _memory(folder: Path, name: str) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
    return kept


def _alarms(row: Meter) -> list[str]:
    """Return the alarms of a meter, the first of each kind."""
    first: dict[str, Alarm] = {}
    for alarm in row.alarms.order_by("id"):
        first.setdefault(alarm.kind, alarm)
    return [f"meter {row.name}: {alarm.text}" for alarm in first.values()]


def _check(account: MeterAccount, row: Meter, seq: int, head: bytes, memory: dict[str, Any]) -> list[str]:
    failures = []
    if account.difference:
        failures.append(
            f"meter {account.meter}: {exact_money(account.difference)} between the meter's balance and the server's"
        )
    if account.topped_up + account.adjusted - account.charged != account.balance_meter:
        failures.append(
            f"meter {account.meter}: its balance is not what was topped up and adjusted less what was charged"
        )
    if (row.seq, bytes(row.head)) != (seq, head):
        failures.append(
            f"meter {account.meter}: the server has its journal up to entry {row.seq}, the gateway up to {seq}, or they are not the same"
        )
    if account.switches and memory["closed"] != account.switches[-1][1]:
        failures.append(f"meter {account.meter}: its switch stands otherwise than its journal says")
    if account.switches and not account.switches[-1][1] and account.balance_meter > 0:
        failures.append(
            f"meter {account.meter}: is dark at the end with a credit of {exact_money(account.balance_meter)}"
        )
    failures += [
        f"meter {account.meter}: cut off at {iso(at)} with a credit of {exact_money(left)}"
        for at, left in account.unpaid
        if left > 0
    ]
    return failures


def iso(at: int) -> str:
    """Return an instant (µs) as the JSON has it: ISO 8601 in UTC, with a Z at the end."""
    return moment(at).isoformat().replace("+00:00", "Z")


def _exactly(amounts: Iterable[int], currency: str) -> Callable[[int], str]:
    """Return amounts (nano), as the language writes them, with the fewest decimals that show all of them exactly, but at
    least those of their currency.
    """
    decimals = max([0, *(len(format_exact(amount, currency).partition(".")[2]) for amount in amounts)])
    return lambda nano: local_forms.number(f"{Decimal(exact_money(nano)):.{decimals}f}")


def table(account: Account, currency: str) -> Table:
    """Return the account as a table for a terminal. Every figure is exact, and the table is no wider than necessary."""
    paid = _exactly((each.topped_up for each in account.meters), currency)
    amounts = ((each.charged, each.balance_meter, each.balance_server, each.difference) for each in account.meters)
    money = _exactly(chain.from_iterable(amounts), currency)
    result = Table(
        title=_("What became of every meter"), title_justify="left", box=SIMPLE_HEAD, padding=0, show_edge=False
    )
    result.add_column(f"\n{_('meter')}", no_wrap=True)
    for name in (
        "\nkWh",
        f"{_('charged')}\n{currency}",
        _("topped\nup"),
        _("balance\nat meter"),
        _("balance\nat server"),
        f"\n{_('diff.')}",
        _("cut\noff"),
        f"\n{_('back')}",
        _("sent\nlate"),
        f"\n{_('twice')}",
    ):
        result.add_column(name, justify="right", no_wrap=True)
    for each in account.meters:
        result.add_row(
            Text(each.meter),
            local_forms.kwh(each.register),
            money(each.charged),
            paid(each.topped_up),
            money(each.balance_meter),
            money(each.balance_server),
            Text(money(each.difference), "bold red") if each.difference else Text("0", "green"),
            str(len(each.cut_offs)),
            str(len(each.restorations)),
            str(each.late),
            str(each.duplicates),
        )
    result.caption = _(
        "cut off, back: how often; sent late: journal entries written in an outage;\n"
        "twice: entries that reached the head-end again, and were dropped"
    )
    result.caption_justify = "left"
    return result


def document(account: Account, tariffs: dict[str, Tariff], facts: dict[str, Any]) -> dict[str, Any]:
    """Return the account as JSON (`docs/programmer/demo-json.md`). `tariffs` are by meter. `facts` are those of the
    run, and stand first.
    """
    by_name = {tariff.name: tariff_to_document(tariff) for tariff in tariffs.values()}
    return {
        "schema": SCHEMA,
        **facts,
        "ok": not account.failures,
        "failures": account.failures,
        "tariffs": by_name,
        "meters": [
            {
                "meter": each.meter,
                "tariff": tariffs[each.meter].name,
                "register_kwh": exact_kwh(each.register),
                "read_at": iso(each.read_at),
                "charged": exact_money(each.charged),
                "topped_up": exact_money(each.topped_up),
                "adjusted": exact_money(each.adjusted),
                "balance_meter": exact_money(each.balance_meter),
                "balance_server": exact_money(each.balance_server),
                "difference": exact_money(each.difference),
                "cut_offs": [{"at": iso(at), "balance": exact_money(left)} for at, left in each.cut_offs],
                "restorations": [{"at": iso(at)} for at in each.restorations],
                "sent_late": each.late,
                "duplicates_dropped": each.duplicates,
            }
            for each in account.meters
        ],
        "top_ups": account.top_ups,
    }
