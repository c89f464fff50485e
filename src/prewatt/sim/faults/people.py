"""What people do: they pay, type codes, act on site and by order, and guess.

Each happening has random numbers of its own, so it is the same whatever else happens. Orders are issued only if the
server would issue them; refusals by the server are not simulated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from ...edge.effects import Commit, Effect
from ...edge.key_state import KeyState
from ...kernel.entries import (
    AnyOrder,
    Control,
    Debit,
    GrantCredit,
)
from ...kernel.orders import (
    Action,
    ClearCredit,
    ClearTamper,
    Close,
    Hold,
    LimitPower,
    Open,
    Release,
    Restore,
    TakeEmergency,
    UnlockCodes,
)
from ...kernel.units import DAY, HOUR, MINUTE, NANO, SECOND, TOKEN
from ...tokens import BaseDate, CurrencyCredit, Function, Management, Proprietary, cipher, encode, sections, tid_at
from ...wire.order_codes import order_token
from .facts import Code
from .keys import meter_key

if TYPE_CHECKING:
    from .book import Book
    from .gateway import Gateway
    from .world import World

CENT = 10**7


class Sections(NamedTuple):
    """The key-change codes that give a meter the key `new`."""

    new: KeyState
    codes: list[str]


def order(world: World, name: str, what: AnyOrder) -> None:
    """Issue a command, as the server does."""
    world.database.order(name, world.now, what)
    world.headend.look()
    world.oracle.expect(name, what)


# -- money --------------------------------------------------------------------------------------------------------------


def pay(world: World, name: str, dice: Random) -> None:
    """Let somebody top up, and perhaps again at once, because it was too little."""
    _pay(world, name, dice, world.happening)
    if dice.random() < 0.2:
        again = Random(dice.random())
        world.later(world.now + again.randrange(30 * SECOND), partial(_pay, world, name, again, f"{world.happening}.2"))


def _pay(world: World, name: str, dice: Random, credit_id: str) -> None:
    """Let a payment arrive, and perhaps its code be typed."""
    amount = dice.choice((1, 2, 5, 20)) * NANO
    if dice.random() < 0.2:
        # So much that a code can't carry it to the last decimal.
        amount += dice.randrange(1, 10_000)
    world.paid[credit_id] = (name, amount)
    if dice.random() < 0.3:
        _order_money(world, name, credit_id, GrantCredit(credit_id, amount))
        return
    coded = amount // CENT * CENT
    tid = new_code(world, name, Code(credit_id, coded))
    _order_money(world, name, credit_id, GrantCredit(credit_id, amount, tid=tid, coded=coded))
    token = CurrencyCredit(tid, coded // TOKEN)
    while dice.random() < 0.5:
        # Mostly at once, and so before the command; in an outage, long before.
        when = world.now + dice.randrange(1, dice.choice((MINUTE, 3 * HOUR, 2 * DAY)))
        at = name if dice.random() < 0.9 else dice.choice(world.gateway_of(name).meters)
        way = dice.choice(("page", "keypad", "bluetooth"))
        slip = dice.randrange(20) if dice.random() < 0.1 else None
        world.later(when, partial(_type, world, at, name, token, way, slip))


def _order_money(world: World, name: str, known: str, what: GrantCredit | Debit) -> None:
    world.money[name][known] = what
    book(world, name, known)
    order(world, name, what)


def book(world: World, name: str, known: str) -> None:
    """Book a credit or debit in the ledger."""
    stored = world.database.meters[name]
    stored.booked.add(known)
    stored.owed += world.paid[known][1]


def new_code(world: World, name: str, code: Code) -> int:
    """Make a code. Returns its identifier."""
    tid = tid_at(BaseDate.D2014, world.now)
    while (name, tid) in world.codes:
        tid += 1
    world.codes[name, tid] = code
    return tid


def _type(
    world: World,
    name: str,
    belongs_to: str,
    token: CurrencyCredit | Management | Proprietary,
    way: str,
    slip: int | None,
    action: Action | None = None,
) -> None:
    """Let somebody type a code, perhaps with a wrong digit, at another meter, or again. `action` is what the code
    orders.
    """
    gateway = _typed_at(world, name)
    if gateway.agent is None:
        return
    key = world.keys[belongs_to]
    digits = _with_slip(encode(token, cipher(key.described().algorithm, key.key)), slip)
    is_right = name == belongs_to and slip is None
    if not is_right:
        gateway.guessed[name] = world.now
    book = gateway.books[name]
    is_good, balance = is_right and not book.code_used(token.tid), book.balance
    may = action is None or book.supply.may(
        max(gateway.time(), book.at), gateway.time(), balance, book.is_low(), action
    )
    gateway.typed[name] = world.now
    reply, effects = gateway.agent.submit_code(gateway.moment(), name, digits, way)
    gateway.do(effects)
    world.typed += reply.done
    if not reply.done:
        if is_good and may and _must_take(world, gateway, name, key.key):
            world.broken(f"meter {name}: a good code was not taken ({reply.text})")
        return
    if not is_good:
        world.broken(f"meter {name}: a code that is worth nothing here was taken ({reply.text})")
    if gateway.agent is not None:
        _check_credit(world, book, token, balance)


def _typed_at(world: World, name: str) -> Gateway:
    """Return the gateway at which somebody types: if there are two of one identity, the other one at times."""
    gateway = world.gateway_of(name)
    if world.contested(name) and gateway.twin is not None and world.chance.random() < 0.4:
        return gateway.twin
    return gateway


def _with_slip(digits: str, slip: int | None) -> str:
    """Return a code's digits as they are typed: with a wrong digit at the place `slip`, if there is one."""
    if slip is None:
        return digits
    return digits[:slip] + str((int(digits[slip]) + 1) % 10) + digits[slip + 1 :]


def _check_credit(world: World, book: Book, token: CurrencyCredit | Management | Proprietary, before: int) -> None:
    """Check that a code that was taken is credited. `before` is the balance (nano) before it."""
    credited = token.amount * TOKEN if isinstance(token, CurrencyCredit) else 0
    if credited and book.balance != before + credited:
        world.broken(f"meter {book.name}: a code was taken, and is not credited")


def _must_take(world: World, gateway: Gateway, name: str, key: bytes) -> bool:
    """Return whether a gateway must take a good code: nobody has guessed there lately, and it holds the meter's key."""
    guessed = world.now - gateway.guessed.get(name, -DAY) < 2 * DAY
    knows_key = gateway is world.gateway_of(name) or gateway.agent is None or gateway.agent.codes.keys[name].key == key
    return knows_key and not guessed and not world.key_changing(name)


def share(world: World, name: str, dice: Random) -> None:
    """Charge a share of the common use."""
    take_off(world, name, dice.randrange(NANO // 100, NANO), world.happening, "stairs")


def refund(world: World, name: str, dice: Random) -> None:
    """Give a payment back: to the tenant at the provider, and off the meter."""
    paid = [amount for meter, amount in world.paid.values() if meter == name and amount > 0]
    take_off(world, name, dice.choice(paid), world.happening, "given back")


def take_off(world: World, name: str, amount: int, debit_id: str, reason: str) -> None:
    """Order a debit of `amount` nano."""
    world.paid[debit_id] = (name, -amount)
    _order_money(world, name, debit_id, Debit(debit_id, amount, reason))


# -- the switch ---------------------------------------------------------------------------------------------------------


def act(world: World, name: str, dice: Random) -> None:
    """Let somebody do something on site, or order it."""
    action: Action = dice.choice(
        (
            Open(),
            Close(),
            Hold(),
            Release(),
            TakeEmergency(),
            TakeEmergency(),
            TakeEmergency(),
            UnlockCodes(),
            Restore(NANO, world.now + 3 * HOUR),
            Restore(0, world.now + 5 * HOUR),
            Restore(NANO, 0),
            LimitPower(dice.choice((200, 1000)), world.now + 2 * HOUR),
        )
    )
    if dice.random() < 0.4:
        order(world, name, Control(action, "manager", "because"))
    else:
        _on_site(world, name, action)
    if isinstance(action, Open | Hold):
        undo = Close(override=True) if isinstance(action, Open) else Release()
        world.later(world.now + dice.randrange(1, 6 * HOUR), partial(order, world, name, Control(undo, "manager")))


def _on_site(world: World, name: str, action: Action) -> None:
    gateway, book = world.gateway_of(name), world.oracle.books[name]
    if gateway.agent is None:
        return
    may = book.supply.may(max(gateway.time(), book.at), gateway.time(), book.balance, book.is_low(), action)
    reply, effects = gateway.agent.act(gateway.moment(), name, action, "staff", "grant")
    if reply.done != may and book.seq == gateway.agent.meters[name].account.seq - _entries_in(effects, name):
        world.broken(f"meter {name}: {action} was {'done' if reply.done else 'refused'} ({reply.text})")
    gateway.do(effects)


def _entries_in(effects: list[Effect], name: str) -> int:
    return sum(meter == name for effect in effects if isinstance(effect, Commit) for meter, _ in effect.records)


def vendor(world: World, name: str, dice: Random) -> None:
    """Make a code that is no credit, and let it be typed."""
    action: Action = dice.choice(
        (
            ClearCredit(),
            LimitPower(3000),
            ClearTamper(),
            Restore(NANO),
            Restore(NANO, world.now + 5 * HOUR),
            Close(override=dice.random() < 0.5),
            TakeEmergency(),
        )
    )
    if isinstance(action, ClearCredit) and dice.random() < 0.5:
        order(world, name, Control(action, "manager", "moved out"))
        return
    tid = new_code(world, name, Code(world.happening, 0))
    token: Management | Proprietary = Management(Function.CLEAR_CREDIT, tid, 0)
    if not isinstance(action, ClearCredit):
        action, token = order_token(action, BaseDate.D2014, tid, "EUR")
    order(world, name, Control(action, "vendor", "", tid))
    if isinstance(action, LimitPower):
        world.later(world.now + 6 * HOUR, partial(order, world, name, Control(LimitPower(0), "manager")))
    for _ in range(dice.randrange(3)):
        when = world.now + dice.randrange(1, dice.choice((MINUTE, 3 * HOUR)))
        world.later(when, partial(_type, world, name, name, token, dice.choice(("page", "keypad")), None, action))


def tamper(world: World, name: str, dice: Random) -> None:
    """Open a meter's cover and close it again. Somebody who sees it lets the supply return."""
    world.meters[name].tampered = True
    rest = dice.randrange(MINUTE, 3 * HOUR)

    def close() -> None:
        world.meters[name].tampered = False

    world.later(world.now + rest, close)
    world.later(world.now + rest + HOUR, partial(order, world, name, Control(ClearTamper(), "manager")))
    world.later(world.now + rest + 2 * HOUR, partial(order, world, name, Control(Close(override=True), "manager")))


# -- guessing, and keys -------------------------------------------------------------------------------------------------


def guess(world: World, name: str, dice: Random) -> None:
    """Let somebody type random numbers."""
    for index in range(dice.choice((1, 4, 12))):
        digits = f"{dice.randrange(10**20):020}"
        world.later(world.now + index * dice.choice((MINUTE, 20 * MINUTE)), partial(_guess, world, name, digits))


def _guess(world: World, name: str, digits: str) -> None:
    gateway = world.gateway_of(name)
    if gateway.agent is not None:
        gateway.guessed[name] = world.now
        gateway.typed[name] = world.now
        _, effects = gateway.agent.submit_code(gateway.moment(), name, digits, "page")
        gateway.do(effects)


def key(world: World, name: str, dice: Random) -> None:
    """Let the codes of a new key be typed one after another, perhaps not all at once."""
    if world.key_changing(name):
        # One after another: sections of two keys would be taken for those of one.
        return
    old = world.keys[name]
    new = meter_key(world.numbers[name], dice.randbytes(20), 1 + old.revision % 9)
    codes = [
        encode(section, cipher(old.described().algorithm, old.key))
        for section in sections(old.described(), new.described(), new.key)
    ]
    change = Sections(new, codes)
    world.sections[name].append(change)
    world.changing[name] = [change]
    _type_sections(world, name, world.changing[name], [dice.choice((MINUTE, MINUTE, HOUR)) for _ in codes])


def _type_sections(world: World, name: str, changes: list[Sections], pauses: Sequence[int] = ()) -> None:
    """Type the codes of the first of these keys. The codes of two keys at once would be taken for those of one."""
    at, (new, codes) = world.now, changes[0]
    for digits, pause in zip(codes, pauses or [MINUTE] * len(codes), strict=True):
        at += pause
        world.later(at, partial(_type_section, world, name, digits, new, changes))


def keys_are(world: World, gateway: Gateway) -> None:
    """Note that a gateway's keys may have changed. Codes are read with its present keys, and the codes of later keys
    are typed again.
    """
    for name, state in gateway.known_keys().items():
        keys = [world.first_keys([name])[name].key, *(new.key for new, _ in world.sections[name])]
        world.keys[name] = state
        later = world.sections[name][keys.index(state.key) :]
        world.changing.pop(name, None)
        if later:
            world.changing[name] = later
            world.at(world.now + HOUR, partial(_type_sections, world, name, later))


def _type_section(world: World, name: str, digits: str, new: KeyState, changes: list[Sections]) -> None:
    gateway = world.gateway_of(name)
    if world.changing.get(name) is not changes or changes[0].new is not new:
        # The gateway is another one, or goes on from an earlier key: they are typed again.
        return
    again = partial(_type_section, world, name, digits, new, changes)
    if gateway.agent is None:
        # Nobody is there to take it: it is typed when somebody is.
        world.later(world.now + HOUR, again)
        return
    gateway.typed[name] = world.now
    reply, effects = gateway.agent.submit_code(gateway.moment(), name, digits, "page")
    gateway.do(effects)
    if not reply.done:
        gateway.guessed[name] = world.now
        # The key changed meanwhile by other codes, or too many wrong ones were typed.
        world.later(world.now + 26 * HOUR, again)
        return
    if gateway.agent is not None and gateway.agent.codes.keys[name].key == new.key:
        world.keys[name] = gateway.agent.codes.keys[name]
        del changes[0]
        if changes:
            world.later(world.now + HOUR, partial(_type_sections, world, name, changes))
        else:
            del world.changing[name]


HANDLERS: dict[str, Callable[[World, str, Random], None]] = {
    "pay": pay,
    "act": act,
    "share": share,
    "refund": refund,
    "vendor": vendor,
    "guess": guess,
    "key": key,
    "tamper": tamper,
}
