"""The oracle checks what must hold, at each step and at the end, and within what time. It shares no code with the rules
that it watches.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, get_args

from ...headend.batch import NewEntry
from ...kernel import entries
from ...kernel.entries import (
    FLAG_BETWEEN,
    AnyEntry,
    AnyOrder,
    CreditByCode,
    Event,
    OnSite,
    Reading,
    Record,
    decode_entry,
)
from ...kernel.units import HOUR, MINUTE, SECOND, exact_money
from . import sides
from .book import Book
from .events import Events
from .facts import Seen, seen
from .meters import FUSE

if TYPE_CHECKING:
    from .gateway import Gateway
    from .world import World

TAKEN = MINUTE
"""While all is calm, an order or a payment reaches the meter within this."""
RIGHT = 2 * MINUTE
"""A switch that stands wrong is right within this."""
STORED = 5 * MINUTE
"""The head-end has what is journalled within this and the time between two signs of life."""
BAD_LINE, STORED_THERE = 0.1, 37 * MINUTE
"""A line that loses more than this share is bad. A gateway that sends in vain there waits for up to 32 minutes before
it sends the same again, so `STORED_THERE` holds in the place of `STORED`.
"""
LOOK = 10 * MINUTE
CLOCK = 5 * MINUTE
"""How wrong a gateway's time may be."""
OFF = 2 * HOUR
"""How much further ahead it may be if it does not know how long it was off."""
DECIDING = (Reading, CreditByCode, OnSite, *get_args(entries.CommandEntry))
"""Entries after which a warning is due and the switch is told where it belongs."""


BUILT_EVERY, BUILT_KEPT = 100, 20
"""A rewritten journal's book is kept after each `BUILT_EVERY` entries. A meter has at most `BUILT_KEPT` such books."""


class Broken(Exception):
    """Something does not hold. The message says what, when, and how to replay it. `what` alone is the same in a shorter
    story.
    """

    def __init__(self, what: str, context: str) -> None:
        super().__init__(f"{what} {context}")
        self.what = what


class _Built(NamedTuple):
    """The book of the first `entries` of a journal."""

    bodies: list[bytes]
    entries: int
    book: Book


class Oracle:
    """A watcher of one world. Its checks raise Broken if something does not hold."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.books = {name: Book(world, name, world.broken) for name in world.meters}
        for gateway in world.gateways.values():
            gateway.books = self.books
        self.events = Events(world)
        self._wrong_since: dict[str, int] = {}
        self._marks: dict[str, tuple[int, int]] = {}
        self._seen: dict[tuple[str, bytes], Seen] = {}
        self.forgotten: set[int] = set()
        """By their identity, the orders that the database has lost or dropped. Nobody expects them any more."""
        self.disturbed: set[str] = set()
        """Meters whose switch another gateway may have moved since their own gateway looked at them."""
        self.spoken: dict[str, list[bytes]] = {}
        """The processes that the head-end has heard, by gateway."""
        self._waiting: list[tuple[str, AnyOrder, int]] = []
        """Orders that can't be taken up before something is mended, and since when they are expected."""
        self._built: dict[str, list[_Built]] = {}
        self._begun: dict[tuple[str, bytes], list[bytes]] = {}
        """The entries from which a gateway went on, by meter and the hash of the last."""

    # -- the meter's side --------------------------------------------------------------------------------------------

    def durable(self, gateway: Gateway, records: Sequence[tuple[str, Record]], whole: bool) -> None:
        """Take up entries that are on the gateway's flash: all that were to be written, or (not `whole`) the first of
        them.
        """
        decided: set[str] = set()
        for name, record in records:
            book, entry = gateway.books[name], decode_entry(record.body)
            self._look_at_date(gateway, book, entry)
            now = seen(self._world, gateway, name)
            if self._world.remembers:
                self._seen[name, record.body] = now
            if isinstance(entry, Event):
                self.events.said(gateway, book, entry)
            book.take(entry, now)
            self._world.tell(gateway.tells_as(name), entry)
            if isinstance(entry, DECIDING):
                decided.add(name)
        for name in decided:
            book = gateway.books[name]
            if book.to_warn() and whole:
                self._world.broken(f"meter {name}: its credit is low, and nobody is told")
            self.look_at_switch(name)

    def _look_at_date(self, gateway: Gateway, book: Book, entry: AnyEntry) -> None:
        """Check that no wrong clock makes a tenant pay for days that are still to come."""
        now, line = self._world.now, gateway.line
        if book.name in gateway.anew or entry.at == book.at > now:
            # A journal that is ahead waits there.
            return
        ahead = entry.at - now
        between = isinstance(entry, Reading) and entry.flags & FLAG_BETWEEN
        vouched = line.calm and now - max(line.calm_since, gateway.up_since) > RIGHT
        if ahead > CLOCK + (OFF if gateway.booted_wrong else 0) or (vouched and ahead < -CLOCK and not between):
            book.wrong(entry, f"is dated {ahead // SECOND} s from the true time")

    def moves(self, gateway: Gateway, name: str, closed: bool) -> None:
        """Check that a switch belongs where it is about to move."""
        left = exact_money(gateway.books[name].balance)
        wants = self._wants(gateway, name)
        if not closed and False not in wants:
            self._world.broken(f"meter {name}: cut off with a credit of {left}")
        if closed and wants == {False}:
            self._world.broken(f"meter {name}: supplied with a credit of {left}")

    def _wants(self, gateway: Gateway, name: str) -> set[bool | None]:
        """Return where a switch belongs by the gateway's time, and by the journal's time if the journal is ahead."""
        book, now = gateway.books[name], gateway.time()
        wants = {book.supply.wants(now, book.balance)}
        if book.at > now:
            wants.add(book.supply.wants(book.at, book.balance))
        return wants

    def look_at_switch(self, name: str) -> None:
        """Note since when the switch stands wrong, and look again in two minutes."""
        if not self._stands_wrong(name):
            self._wrong_since.pop(name, None)
        elif name not in self._wrong_since:
            self._wrong_since[name] = now = self._world.now
            self._world.at(now + RIGHT + SECOND, partial(self._look_again, name, now))

    def _stands_wrong(self, name: str) -> bool:
        """Return whether a switch stands wrong. If another gateway moves it, too, nobody can tell until that one is
        gone and its own gateway has looked.
        """
        world = self._world
        return not (world.contested(name) or name in self.disturbed) and self._is_wrong(world.gateway_of(name), name)

    def _is_wrong(self, gateway: Gateway, name: str) -> bool:
        world, book, meter = self._world, gateway.books[name], self._world.meters[name]
        # The gateway knows no better than by its last reading; without it, nobody can tell the switch.
        if gateway.agent is None or meter.wayward(world.now) or meter.serial != book.serial or book.register is None:
            return False
        wants = self._wants(gateway, name)
        return None not in wants and meter.closed not in wants

    def _look_again(self, name: str, since: int) -> None:
        if self._wrong_since.get(name) != since:
            return
        if self._stands_wrong(name):
            book = self.books[name]
            position = "closed" if self._world.meters[name].closed else "open"
            self._world.broken(
                f"meter {name}: its switch stands {position} for two minutes with a credit of {exact_money(book.balance)}"
            )
        del self._wrong_since[name]

    def look(self) -> None:
        """Check from time to time that everything is done that time alone asks for."""
        world = self._world
        if world.closing:
            return
        for name in self.books:
            self.look_at_switch(name)
            self._look_at_reading(name)
            self._look_at_store(name)
            self.events.look(world.gateway_of(name), name, 2 * world.swarm.reading_interval + RIGHT)
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            self._expect(*each)
        world.at(world.now + LOOK, self.look)

    def _look_at_reading(self, name: str) -> None:
        world, book, meter = self._world, self.books[name], self._world.meters[name]
        gateway, now = world.gateway_of(name), world.now
        answers_since = max(gateway.up_since, meter.answers_since(now), book.changed_at)
        if gateway.agent is None or now - answers_since < RIGHT or book.register is None or meter.serial != book.serial:
            return
        # A journal that is ahead of the time stands until that has come to it.
        last = max(book.read_true, answers_since, min(book.at, now))
        most = world.swarm.reading_interval * (2 if gateway.boots else 1) + RIGHT
        if now - last > most:
            world.broken(f"meter {name}: not read for {(now - last) // MINUTE} minutes")
        meter.settle(now)
        may_lag = now - answers_since <= world.swarm.reading_interval + RIGHT or now - book.lessened_at <= RIGHT
        if meter.closed and not may_lag:
            self._look_at_debt(name, book.register)

    def _look_at_debt(self, name: str, register: int) -> None:
        """Check that what has flowed since the last reading, which showed `register`, is charged soon enough, so that
        nobody gets far under zero.
        """
        world, book, meter = self._world, self.books[name], self._world.meters[name]
        if book.doubted_since.at or not book.supply.priced or not book.supply.settings.credit_limit_cuts:
            return
        # Where the journal is ahead of the time, what lasts until an instant lasts by the time.
        time, flowed = world.gateway_of(name).time(), max(meter.register() - register, 0)
        believed = max(time, book.at)
        lent = max(book.supply.lent(time), book.supply.lent(believed), book.supply.settings.credit_limit)
        left, under = book.balance + lent, FUSE * RIGHT // HOUR * book.pricer.most + book.pricer.due
        if left + under >= flowed * book.pricer.most or book.supply.friendly(time) or book.supply.friendly(believed):
            return
        left -= flowed * book.pricer.price_now(believed)
        if left < -under and not self._waits(name) and not (world.contested(name) or name in self.disturbed):
            world.broken(f"meter {name}: supplied down to {exact_money(left)}, which nobody lent")

    def _waits(self, name: str) -> bool:
        return name in self._wrong_since or self._world.meters[name].wayward(self._world.now - RIGHT)

    # -- the head-end's side -----------------------------------------------------------------------------------------

    def stored(self, name: str, before: int, new: Sequence[NewEntry]) -> None:
        """Check entries that the head-end has committed."""
        flash = self._world.gateway_of(name).flash
        for index, each in enumerate(new, start=before + 1):
            # What was sent before the gateway's file was put back may come after it.
            sent = flash.written(name, index, index) == [each.body] or (name, each.body) in self._seen
            if each.seq != index or not sent:
                self._world.broken(
                    f"meter {name}: entry {each.seq} at the head-end is not the one of the meter's journal"
                )
        database = self._world.database
        for meter, seq, text in database.alarms:
            self._world.broken(f"meter {meter}, entry {seq}: {text}")
        if not database.put_back_at and any(stored.unlogged for stored in database.meters.values()):
            self._world.broken(f"meter {name}: something is said to be at the meter, and not in the books")

    def acknowledged(self, gateway: Gateway) -> None:
        """Check what is acknowledged, after the gateway got a message."""
        if gateway.agent is None:
            return
        for name, acked in gateway.agent.sync.acked.items():
            stored = self._world.database.meters[name].seq
            # A database that was put back from a copy has forgotten what it acknowledged.
            if acked > stored and not self._world.database.put_back_at:
                self._world.broken(f"meter {name}: entry {acked} is acknowledged, and {stored} are stored")

    def _look_at_store(self, name: str) -> None:
        gateway, now = self._world.gateway_of(name), self._world.now
        since, seq = self._marks.setdefault(name, (now, self.books[name].seq))
        line, swarm = gateway.line, self._world.swarm
        here = self._world.database.meters[name].seq
        most = swarm.heartbeat + (STORED if swarm.loss <= BAD_LINE else STORED_THERE)
        if here >= seq or here < gateway.flash.begins_after(name) or gateway.twin is not None:
            # A person is asked where nobody has the entries between, and where there are two gateways.
            self._marks[name] = (now, self.books[name].seq)
        elif line.calm and now - max(since, line.calm_since) > most:
            self._world.broken(f"meter {name}: entry {seq} is not at the head-end, though nothing stands in its way")

    def rewritten(self, gateway: Gateway, name: str, bodies: Sequence[bytes]) -> None:
        """Note that a gateway's journal is now this one: an old copy, or the head-end's."""
        book = self._built_of(name, list(bodies))
        # It was read since, whatever journal said so.
        book.read_true = max(book.read_true, gateway.books[name].read_true)
        gateway.books[name] = book
        self._wrong_since.pop(name, None)
        self._marks.pop(name, None)

    def begun(self, gateway: Gateway, name: str) -> list[bytes]:
        """Return the entries of a meter from which a gateway went on, whatever the head-end has by now."""
        return self._begun.get((name, gateway.flash.roots[name]), [])

    def _built_of(self, name: str, bodies: list[bytes]) -> Book:
        """Return the book of a journal, built on from the longest beginning that was built lately."""
        built = self._built.setdefault(name, [])
        begins, count = Book(self._world, name, self._world.broken), 0
        for each in built:
            if count < each.entries <= len(bodies) and each.bodies[: each.entries] == bodies[: each.entries]:
                begins, count = each.book, each.entries
        book = begins.copied()
        for number, body in enumerate(bodies[count:], count + 1):
            book.take(decode_entry(body), self._seen[name, body])
            if number % BUILT_EVERY == 0 or number == len(bodies):
                built.append(_Built(bodies, number, book.copied()))
        del built[:-BUILT_KEPT]
        return book

    def spoke(self, gateway: str, session: bytes, is_reported: bool) -> None:
        """Note that the head-end has heard a gateway's process. If a process speaks again after another one did, there
        are two. Raises Broken if somebody must be told and nobody was (`is_reported`).
        """
        heard = self.spoken.setdefault(gateway, [])
        if heard[-1:] == [session]:
            return
        if session in heard[-4:] and not is_reported:
            self._world.broken(f"gateway {gateway}: two speak in its name, and nobody is told")
        heard.append(session)

    def one_again(self, gateway: Gateway) -> None:
        """Note that one of two gateways with the same key is left. From now on everything must be right again."""
        for name in gateway.meters:
            self._wrong_since.pop(name, None)
            self._marks.pop(name, None)
            self.disturbed.add(name)

    def observed(self, gateway: Gateway, names: Iterable[str]) -> None:
        """Note that a gateway has looked at meters. If it has no twin, their switches are no longer disturbed."""
        if self.disturbed and gateway.twin is None:
            self.disturbed.difference_update(names)

    def adopted(self, gateway: Gateway, name: str, seq: int) -> None:
        """Note that a gateway goes on from the head-end's state. What was credited since is open there, and comes
        again.
        """
        stored = self._world.database.meters[name]
        if seq > stored.seq:
            self._world.broken(f"meter {name}: goes on from entry {seq}, and the head-end has {stored.seq}")
        self._world.tell(gateway.tells_as(name), f"goes on from the head-end's entry {seq}")
        self.events.set_back(gateway, name)
        gateway.anew.discard(name)
        self._begun[name, gateway.flash.roots[name]] = stored.bodies[:seq]
        self.rewritten(gateway, name, stored.bodies[:seq])
        for row in stored.open.values():
            self.expect(name, row.command.order)

    def expect(self, name: str, order: AnyOrder) -> None:
        """Expect that a command that was issued is taken up within a minute of calm."""
        self._world.at(self._world.now + TAKEN + SECOND, partial(self._expect, name, order, self._world.now))

    def _expect(self, name: str, order: AnyOrder, since: int) -> None:
        if id(order) in self.books[name].done or id(order) in self.forgotten:
            return
        gateway, now = self._world.gateway_of(name), self._world.now
        known = getattr(order, "credit_id", getattr(order, "debit_id", None))
        if known in self.books[name].ids:
            return
        line, asked = gateway.line, self._world.database.meters[name].seq < gateway.flash.begins_after(name)
        if asked and known is None:
            # Nobody knows whether it is one of those that are taken up, until a person has let the books go on.
            self._waiting.append((name, order, now))
            return
        if gateway.twin is not None:
            # The other one may have it: it is taken up once one of the two is gone.
            self._waiting.append((name, order, since))
            return
        ready = max(since, line.calm_since) + TAKEN
        if not line.calm:
            self._waiting.append((name, order, since))
            return
        if now > ready:
            self._world.broken(
                f"meter {name}: {type(order).__name__} is not taken up after a minute in which nothing stood in its way"
            )
        self._world.at(ready + SECOND, partial(self._expect, name, order, since))

    # -- at the end --------------------------------------------------------------------------------------------------

    def final(self) -> None:
        """Check at the end, after all faults were mended and some time has passed, that gateways, server and books say the same."""
        for name, book in self.books.items():
            sides.check_journal(self._world, book)
            sides.check_money(self._world, book)
            if self._stands_wrong(name):
                balance = self._world.database.account(name).balance
                self._world.broken(f"meter {name}: the switch stands wrong for a balance of {balance}")
