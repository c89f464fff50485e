"""Vending: the codes that carry credits and orders to a meter, by whoever's hand."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.entries import Control
from ...kernel.orders import Action, ClearCredit, ClearTamper, LimitPower
from ...kernel.supply import WATTS_MAX
from ...kernel.units import HOUR, TOKEN
from ...tokens import (
    ALL_CREDIT,
    LAST_TID,
    BaseDate,
    CurrencyCredit,
    Function,
    Management,
    MeterKey,
    MeterTest,
    NumberError,
    Token,
    UnitCredit,
    account_number,
    encode,
    instant_of,
    luhn,
    tid_at,
)
from ..core.time import now
from ..estate.models import Organisation
from ..metering.locking import for_update, lock_meters
from ..metering.models import Meter
from .credit_log import issue
from .models import Code, SupplyGroup, TokenMeter
from .security import security_module

AHEAD = HOUR
"""By so much the identifiers of codes are beyond the present after a copy was put back."""
OWN = "99"
"""Manufacturer code of the numbers that prewatt gives to meters which have none."""


@dataclass(frozen=True, kw_only=True)
class KeyAttributes:
    """What a vending key is made for: its revision number (KRN), expiry number (KEN), base date, the
    algorithms by which meters' keys come of it (DKGA) and codes are enciphered (EA), and its type (KT).
    """

    revision: int = 1
    expiry: int = 255
    base: int = 2014
    dkga: int = 4
    algorithm: int = 11
    key_type: int = 2


STANDARD = KeyAttributes()


class VendError(ValueError):
    """The code can't be made; the message, for people, says why. Nothing was changed."""


def own_group(organisation: Organisation) -> SupplyGroup:
    """The supply group of an organisation's own meters, with a key of its own, made when it is first needed."""
    found = SupplyGroup.objects.filter(organisation=organisation, own=True).order_by("-pk").first()
    if found is not None:
        return found
    return SupplyGroup.objects.create(
        organisation=organisation,
        code=f"{organisation.pk % 1_000_000:06}",
        own=True,
        base=max(each for each in BaseDate if instant_of(each, 0) <= now()),
        sealed=security_module().seal(os.urandom(20)),
    )


def renew_own_group(organisation: Organisation) -> SupplyGroup:
    """A new key for an organisation's own meters: the next revision (after 9 comes 1 of another group code)."""
    present = own_group(organisation)
    fresh = SupplyGroup(
        organisation=organisation,
        code=present.code if present.revision < 9 else f"{(int(present.code) + 100_000) % 1_000_000:06}",
        revision=present.revision % 9 + 1,
        base=max(each for each in BaseDate if instant_of(each, 0) <= now()),
        own=True,
        sealed=security_module().seal(os.urandom(20)),
    )
    fresh.save()
    return fresh


def add_group(
    organisation: Organisation,
    code: str,
    vending_key: bytes,
    attributes: KeyAttributes = STANDARD,
) -> SupplyGroup:
    """Take in a vending key that a landlord holds. VendError names what can't be."""
    group = SupplyGroup(
        organisation=organisation,
        code=code,
        **asdict(attributes),
        sealed=security_module().seal(vending_key),
    )
    try:
        # Any meter will do: it is the key and its attributes that are tried.
        group.key_for(account_number("00000000000")).decoder_key(vending_key)
    except (NumberError, ValueError) as error:
        raise VendError(str(error)) from None
    if SupplyGroup.objects.filter(organisation=organisation, code=code, revision=group.revision).exists():
        raise VendError(_("Supply group %(code)s has a key of this revision already.") % {"code": code})
    group.save()
    return group


def provision(meter: Meter) -> TokenMeter:
    """Give a meter of our own gateways a number and a key, so that codes can be typed for it."""
    body = f"{OWN}{meter.pk % 10**8:08}"
    organisation = meter.property.organisation
    return TokenMeter.objects.create(
        meter=meter,
        organisation=organisation,
        name=meter.name,
        pan=account_number(f"{body}{luhn(body)}"),
        group=own_group(organisation),
    )


def register(group: SupplyGroup, number: str, name: str, tariff_index: int = 1) -> TokenMeter:
    """Register a keypad meter of another maker, by the number printed on it. VendError names what can't be."""
    try:
        pan = account_number(number)
        group.key_for(pan, tariff_index)
    except NumberError as error:
        raise VendError(str(error)) from None
    if TokenMeter.objects.filter(organisation=group.organisation, pan=pan).exists():
        raise VendError(_("Meter %(number)s is registered already.") % {"number": number})
    return TokenMeter.objects.create(
        organisation=group.organisation, name=name[:64], pan=pan, group=group, tariff_index=tariff_index
    )


def next_tid(token_meter: TokenMeter) -> int:
    """A token identifier that no code of this meter has: this minute, or the first one that is free after it.

    The caller holds a lock on the meter's row, or this call's own transaction takes it.
    """
    locked = for_update(TokenMeter.objects).select_related("group").get(pk=token_meter.pk)
    try:
        tid = max(tid_at(BaseDate(locked.group.base), now()), locked.last_tid + 1)
    except NumberError as error:
        raise VendError(str(error)) from None
    if tid > LAST_TID:
        raise VendError(_("The base date of this meter's key has run out of minutes: change its key, with rollover."))
    TokenMeter.objects.filter(pk=locked.pk).update(last_tid=tid)
    return tid


def skip_forgotten() -> None:
    """After a copy was put back: let no code have an identifier that one may have which is forgotten here, or a tenant types
    one that does nothing. Those were made up to now, at most one a minute, or some minutes ahead where somebody bought
    several at once: `AHEAD` is beyond all of them.
    """
    for group in SupplyGroup.objects.all():
        try:
            tid = tid_at(BaseDate(group.base), now() + AHEAD)
        except NumberError:
            # Its minutes have run out: no code is made under it.
            continue
        TokenMeter.objects.filter(group=group, last_tid__lt=tid).update(last_tid=tid)


def codable(amount: int) -> int:
    """How much of an amount (nano) a code can carry exactly, nano: all of it, unless it has many digits."""
    units = amount // TOKEN
    step = CurrencyCredit(0, units).resolution
    return units // step * step * TOKEN


def credit_code(meter: Meter, amount: int, by: Any = None) -> tuple[int, int, Code] | None:
    """The code that carries a credit of `amount` nano to a meter of our own: (tid, nano that it carries, the code). None
    if the meter takes no codes, its key's minutes have run out, or the amount is too small for one: a payment is never
    refused for that.
    """
    token_meter = TokenMeter.objects.filter(meter=meter).select_related("group").first()
    carried = codable(amount)
    if token_meter is None or not carried:
        return None
    try:
        tid = next_tid(token_meter)
    except VendError:
        return None
    return tid, carried, vend(token_meter, CurrencyCredit(tid, carried // TOKEN), Code.Kind.MONEY, by, carried)


def vend(token_meter: TokenMeter, token: Token, kind: Code.Kind, by: Any, amount: int = 0, detail: str = "") -> Code:
    """Make the code of a token. `by`: a login, or None for whoever has none. VendError if it can't be."""
    group = token_meter.group
    try:
        digits = security_module().encode(bytes(group.sealed), token_meter.key(), token)
    except NumberError as error:
        raise VendError(str(error)) from None
    tid = getattr(token, "tid", None)
    return Code.objects.create(
        token_meter=token_meter, tid=tid, kind=kind, digits=digits, amount=amount, detail=detail[:200], at=now(),
        by=None if isinstance(by, str) else by,
    )  # fmt: skip


@transaction.atomic
def vend_units(token_meter: TokenMeter, tenths: int, by: Any = None, detail: str = "") -> Code:
    """Sell so many 0.1 kWh to a keypad meter. VendError if it can't be."""
    if token_meter.meter_id is not None:
        raise VendError(_("This meter counts money: record a payment, and its code is made with it."))
    if tenths <= 0:
        raise VendError(_("More than 0 kWh can be sold."))
    token = UnitCredit(next_tid(token_meter), tenths)
    return vend(token_meter, token, Code.Kind.UNITS, by, tenths, detail)


@transaction.atomic
def vend_money(token_meter: TokenMeter, amount: int, by: Any = None, detail: str = "") -> Code:
    """Sell credit (nano) to a keypad meter that counts money. VendError if it can't be."""
    if token_meter.meter_id is not None:
        raise VendError(_("Record a payment instead: its code is made with it."))
    if amount <= 0 or codable(amount) != amount:
        raise VendError(_("A code carries amounts of at most four digits, such as 20.00 or 123.40."))
    token = CurrencyCredit(next_tid(token_meter), amount // TOKEN)
    return vend(token_meter, token, Code.Kind.MONEY, by, amount, detail)


@transaction.atomic
def vend_management(token_meter: TokenMeter, function: Function, value: int = 0, by: Any = None) -> Code:
    """A management code. For a meter of our own its order is in the credit log as well: one order, two carriers."""
    if function == Function.CLEAR_CREDIT and not value:
        value = ALL_CREDIT
    lock_meters(Meter.objects.filter(token_meter=token_meter))
    tid = next_tid(token_meter)
    code = vend(token_meter, Management(function, tid, value), Code.Kind.MANAGEMENT, by, value, function.name.lower())
    if token_meter.meter is not None:
        actions: dict[Function, Action] = {
            Function.SET_POWER_LIMIT: LimitPower(min(value, WATTS_MAX)),
            Function.CLEAR_CREDIT: ClearCredit(),
            Function.CLEAR_TAMPER: ClearTamper(),
        }
        action = actions.get(function)
        if action is None:
            raise VendError(_("This meter has no such function: its tariff comes with the credit log."))
        who = by.get_username() if by is not None else ""
        code.command = issue(token_meter.meter, Control(action, who, tid=tid))
        code.save(update_fields=["command"])
    return code


def meter_test_code(control: int, manufacturer: int = 0, long: bool = False) -> str:
    """A test code (class 1): for any meter. VendError names what can't be."""
    try:
        return encode(MeterTest(control, manufacturer, long))
    except NumberError as error:
        raise VendError(str(error)) from None


@transaction.atomic
def change_key(
    token_meter: TokenMeter, group: SupplyGroup, tariff_index: int, by: Any = None, rollover: bool | None = None
) -> list[Code]:
    """The codes that bring a meter to another group's (or revision's) key. Whatever is vended afterwards is for the new
    one: they are typed first. VendError if it can't be.
    """
    locked = for_update(TokenMeter.objects).select_related("group").get(pk=token_meter.pk)
    old = locked.key()
    try:
        new = group.key_for(locked.pan, tariff_index)
        made = security_module().change_key(bytes(locked.group.sealed), old, bytes(group.sealed), new, rollover)
    except NumberError as error:
        raise VendError(str(error)) from None
    at = now()
    codes = [
        Code.objects.create(
            token_meter=locked,
            kind=Code.Kind.KEY,
            digits=digits,
            at=at,
            by=by,
            detail=f"{number} of {len(made)}, to group {group.code} revision {group.revision}",
        )
        for number, digits in enumerate(made, 1)
    ]
    rolls = old.base != new.base if rollover is None else rollover
    TokenMeter.objects.filter(pk=locked.pk).update(
        group=group, tariff_index=tariff_index, last_tid=-1 if rolls else locked.last_tid
    )
    return codes


def held_key(meter: Meter) -> dict[str, Any] | None:
    """What a gateway must know to decode for a meter: the words of `edge.settings.TokenSettings`; None if it has no key."""
    token_meter = TokenMeter.objects.filter(meter=meter).select_related("group").first()
    if token_meter is None:
        return None
    key = token_meter.key()
    secret = security_module().decoder_key(bytes(token_meter.group.sealed), key)
    return {**_attributes(key), "key": secret.hex()}


def _attributes(key: MeterKey) -> dict[str, Any]:
    return {
        "pan": key.pan,
        "supply_group": key.supply_group,
        "tariff_index": key.tariff_index,
        "revision": key.revision,
        "key_type": key.key_type.value,
        "expiry": key.expiry,
        "base": key.base.value,
        "dkga": key.dkga.value,
        "algorithm": key.algorithm.value,
    }
