"""This module checks at the end of a run that the meter, the head-end and the ledger say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...kernel.entries import GrantCredit

if TYPE_CHECKING:
    from .book import Book
    from .world import World


def check_journal(world: World, book: Book) -> None:
    """Check that the head-end has a meter's whole journal and works out the same balance."""
    name = book.name
    stored, flash, account = world.database.meters[name], world.gateway_of(name).flash, world.database.account(name)
    base = flash.bases[name]
    if book.seq != stored.seq or flash.written(name, base + 1, book.seq) != stored.bodies[base:]:
        world.broken(f"meter {name}: {book.seq} entries in its journal, {stored.seq} at the head-end, or others")
    if account.balance != book.balance or stored.offset:
        world.broken(f"meter {name}: balance {account.balance} at the head-end, {book.balance} at the meter")


def check_money(world: World, book: Book) -> None:
    """Check that all energy of a meter is charged, and that all credits and debits are applied once and booked."""
    name, stored, account = book.name, world.database.meters[book.name], world.database.account(book.name)
    if lost := book.unaccounted():
        world.broken(f"meter {name}: {lost} Wh were metered, and nobody is charged for them")
    if stored.owed + _told_twice(world, name) != account.balance:
        world.broken(f"meter {name}: the ledger has {stored.owed} for a balance of {account.balance}")
    paid = {credit_id for credit_id, (meter, _) in world.paid.items() if meter == name}
    if book.ids != paid:
        world.broken(f"meter {name}: {len(paid)} credits and debits made, {len(book.ids)} applied")
    if opened := len(stored.open) + len(stored.aside):
        world.broken(f"meter {name}: {opened} commands are still open")


def _told_twice(world: World, name: str) -> int:
    """Return the nano of typed codes of which a person was told, as their payments were entered again with other codes: no
    journal and no database that had them was left.
    """
    coded = world.database.account(name).coded
    orders = {tid: world.money[name].get(world.codes[name, tid].name) for tid in world.database.meters[name].codes}
    # One whose command came has brought its part of that.
    twice = [tid for tid, order in orders.items() if isinstance(order, GrantCredit) and order.tid != tid]
    return sum(coded.get(tid, 0) for tid in twice)
