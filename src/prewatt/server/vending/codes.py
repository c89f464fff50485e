"""This module makes the codes that carry credit and orders to a meter when a person types them."""

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
    carried_at_most,
    encode,
    instant_of,
    luhn,
    tid_at,
)
from ..core import local_forms
from ..core.time import now
from ..estate.models import Organisation
from ..metering.locking import for_update, lock_meters
from ..metering.models import Meter
from .credit_log import issue
from .keypads import TENTH, tenant_at
from .models import Code, SupplyGroup, TokenMeter
from .security import security_module

AHEAD = HOUR
"""After a copy was restored, the identifiers of codes begin this much (µs) after the present."""
OWN = "99"
"""The manufacturer code of the numbers that prewatt gives to meters without one."""


@dataclass(frozen=True, kw_only=True)
class KeyAttributes:
    """The attributes of a vending key (IEC 62055-41): its revision number (KRN), expiry number (KEN), base date (a
    year), the algorithm that derives meter keys (DKGA), the algorithm that enciphers codes (EA), and the key type (KT).
    """

    revision: int = 1
    expiry: int = 255
    base: int = 2014
    dkga: int = 4
    algorithm: int = 11
    key_type: int = 2


STANDARD = KeyAttributes()


class VendError(ValueError):
    """The code cannot be made; the message, for people, says why. Nothing was changed."""


def own_group(organisation: Organisation) -> SupplyGroup:
    """Return the supply group of an organisation's own meters. It is made with a key of its own the first time."""
    group = SupplyGroup.objects.filter(organisation=organisation, is_own=True).order_by("-pk").first()
    if group is not None:
        return group
    return SupplyGroup.objects.create(
        organisation=organisation,
        code=f"{organisation.pk % 1_000_000:06}",
        is_own=True,
        base=max(each for each in BaseDate if instant_of(each, 0) <= now()),
        sealed=security_module().seal(os.urandom(20)),
    )


def renew_own_group(organisation: Organisation) -> SupplyGroup:
    """Make a new key for an organisation's own meters, with the next revision. After revision 9 comes revision 1 of
    another group code.
    """
    present = own_group(organisation)
    fresh = SupplyGroup(
        organisation=organisation,
        code=present.code if present.revision < 9 else f"{(int(present.code) + 100_000) % 1_000_000:06}",
        revision=present.revision % 9 + 1,
        base=max(each for each in BaseDate if instant_of(each, 0) <= now()),
        is_own=True,
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
    """Store a vending key that a landlord holds. Returns its supply group. Raises VendError if the key or an attribute
    is not possible, or the revision exists already.
    """
    group = SupplyGroup(
        organisation=organisation,
        code=code,
        **asdict(attributes),
        sealed=security_module().seal(vending_key),
    )
    try:
        # Any meter number will do, since this only tries the key and its attributes.
        group.key_for(account_number("00000000000")).decoder_key(vending_key)
    except (NumberError, ValueError) as error:
        raise VendError(str(error)) from None
    if SupplyGroup.objects.filter(organisation=organisation, code=code, revision=group.revision).exists():
        raise VendError(
            _("Supply group %(code)s has a key of this revision already: check the revision.") % {"code": code}
        )
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


def register(
    group: SupplyGroup, number: str, name: str, tariff_index: int = 1, counts_money: bool = False
) -> TokenMeter:
    """Register a keypad meter of another maker by the number printed on it. `counts_money`: its credit is money and not
    kWh. Raises VendError if the number is wrong or registered already.
    """
    try:
        pan = account_number(number)
        group.key_for(pan, tariff_index)
    except NumberError as error:
        raise VendError(str(error)) from None
    if TokenMeter.objects.filter(organisation=group.organisation, pan=pan).exists():
        raise VendError(_("Meter %(number)s is registered already: choose it from the list.") % {"number": number})
    return TokenMeter.objects.create(
        organisation=group.organisation,
        name=name[:64],
        pan=pan,
        group=group,
        tariff_index=tariff_index,
        counts_money=counts_money,
    )


def next_tid(token_meter: TokenMeter) -> int:
    """Return a token identifier that no code of this meter has: of the present minute, or of the next free one.

    The caller holds a lock on the meter's row, or this call's own transaction takes it. Raises VendError if the base
    date of the key has no minutes left.
    """
    locked = for_update(TokenMeter.objects).select_related("group").get(pk=token_meter.pk)
    try:
        tid = max(tid_at(BaseDate(locked.group.base), now()), locked.last_tid + 1)
    except NumberError as error:
        raise VendError(str(error)) from None
    if tid > LAST_TID:
        raise VendError(_("The base date of this meter's key has no minutes left: change its key, with rollover."))
    TokenMeter.objects.filter(pk=locked.pk).update(last_tid=tid)
    return tid


def skip_forgotten() -> None:
    """Keep new codes from identifiers that were given out after a copy was made and are unknown now: the meter would
    refuse a second code with the same identifier. Those were made up to the present, at most one a minute, or some
    minutes ahead if somebody bought several at once; `AHEAD` is later than all of them.
    """
    for group in SupplyGroup.objects.all():
        try:
            tid = tid_at(BaseDate(group.base), now() + AHEAD)
        except NumberError:
            # The base date has no minutes left, so no code is made with this key.
            continue
        TokenMeter.objects.filter(group=group, last_tid__lt=tid).update(last_tid=tid)


def codable(amount: int) -> int:
    """Return how much of an amount (nano) a code can carry exactly, nano. Only amounts with many digits
    lose something.
    """
    units = amount // TOKEN
    step = CurrencyCredit(0, units).resolution
    return units // step * step * TOKEN


def credit_code(meter: Meter, amount: int, by: Any = None) -> tuple[int, int, Code] | None:
    """Make the code that carries a credit of `amount` nano to a meter of our own. Returns (identifier, nano that it
    carries, code). None if the meter takes no codes, the key has no minutes left, or the amount is too small: no
    payment is refused for that.
    """
    token_meter = TokenMeter.objects.filter(meter=meter).select_related("group").first()
    coded = codable(amount)
    if token_meter is None or not coded:
        return None
    try:
        tid = next_tid(token_meter)
    except VendError:
        return None
    return tid, coded, vend(token_meter, CurrencyCredit(tid, coded // TOKEN), Code.Kind.MONEY, by, coded)


def vend(token_meter: TokenMeter, token: Token, kind: Code.Kind, by: Any, amount: int = 0, detail: str = "") -> Code:
    """Make the code of a token. `amount`: what it carries, in the unit of its kind. `by`: the user; a person without a
    login is stored as None. Raises VendError if the token is not possible.
    """
    group = token_meter.group
    try:
        digits = security_module().encode(bytes(group.sealed), token_meter.key(), token)
    except NumberError as error:
        raise VendError(str(error)) from None
    tid = getattr(token, "tid", None)
    return Code.objects.create(
        token_meter=token_meter,
        tid=tid,
        kind=kind,
        digits=digits,
        amount=amount,
        detail=detail[:200],
        at=now(),
        by=None if isinstance(by, str) else by,
    )


@transaction.atomic
def vend_units(token_meter: TokenMeter, tenths: int, by: Any = None, detail: str = "") -> Code:
    """Make a code for `tenths` times 0.1 kWh for a keypad meter at whose flat nobody lives. Raises VendError if the
    meter counts money, the energy is not over 0, or a tenant lives there, whose payment must be recorded instead.
    """
    if token_meter.meter_id is not None or token_meter.counts_money:
        raise VendError(_("This meter counts money: record a payment, and its code is made with it."))
    if (tenancy := tenant_at(token_meter)) is not None:
        raise VendError(
            _("%(who)s has an account for this meter: record the payment, and the code is made with it.")
            % {"who": tenancy}
        )
    if tenths <= 0:
        raise VendError(_("The energy must be more than 0 kWh."))
    if (most := carried_at_most(tenths)) != tenths:
        # The meter would take more than is counted here.
        raise VendError(
            _("A code can't carry just so much: the next lower that it can is %(kwh)s kWh.")
            % {"kwh": local_forms.kwh(most * TENTH)}
        )
    token = UnitCredit(next_tid(token_meter), tenths)
    return vend(token_meter, token, Code.Kind.UNITS, by, tenths, detail)


@transaction.atomic
def vend_money(token_meter: TokenMeter, amount: int, by: Any = None, detail: str = "") -> Code:
    """Sell credit (`amount` nano) to a keypad meter that counts money. Raises VendError if a code cannot carry it
    exactly, or a payment must be recorded instead.
    """
    if token_meter.meter_id is not None:
        raise VendError(_("Record a payment instead: its code is made with it."))
    if (tenancy := tenant_at(token_meter)) is not None:
        raise VendError(
            _("%(who)s has an account for this meter: record the payment, and the code is made with it.")
            % {"who": tenancy}
        )
    if amount <= 0 or codable(amount) != amount:
        raise VendError(_("A code can carry only amounts of at most four digits, such as 20.00 or 123.40."))
    token = CurrencyCredit(next_tid(token_meter), amount // TOKEN)
    return vend(token_meter, token, Code.Kind.MONEY, by, amount, detail)


@transaction.atomic
def vend_management(token_meter: TokenMeter, function: Function, value: int = 0, by: Any = None) -> Code:
    """Make a management code. For a meter of our own the credit log gets the same order; whichever arrives first
    counts. Raises VendError if the meter does not have this function.
    """
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
            raise VendError(_("This meter does not have this function: its tariff comes over the network."))
        who = by.get_username() if by is not None else ""
        code.command = issue(token_meter.meter, Control(action, who, tid=tid))
        code.save(update_fields=["command"])
    return code


def meter_test_code(control: int, manufacturer: int = 0, long: bool = False) -> str:
    """Return a test code (class 1), which works at any meter. Raises VendError if a number is not possible."""
    try:
        return encode(MeterTest(control, manufacturer, long))
    except NumberError as error:
        raise VendError(str(error)) from None


@transaction.atomic
def change_key(
    token_meter: TokenMeter, group: SupplyGroup, tariff_index: int, by: Any = None, rollover: bool | None = None
) -> list[Code]:
    """Make the codes that bring a meter to the key of another group or revision. Later codes are for the new key, so
    these must be typed first. Raises VendError if the change is not possible.
    """
    locked = for_update(TokenMeter.objects).select_related("group").get(pk=token_meter.pk)
    old = locked.key()
    try:
        new = group.key_for(locked.pan, tariff_index)
        codes_of_keys = security_module().change_key(
            bytes(locked.group.sealed), old, bytes(group.sealed), new, rollover
        )
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
            detail=f"{number} of {len(codes_of_keys)}, to group {group.code} revision {group.revision}",
        )
        for number, digits in enumerate(codes_of_keys, 1)
    ]
    rolls = old.base != new.base if rollover is None else rollover
    TokenMeter.objects.filter(pk=locked.pk).update(
        group=group, tariff_index=tariff_index, last_tid=-1 if rolls else locked.last_tid
    )
    return codes


def held_key(meter: Meter) -> dict[str, Any] | None:
    """Return the data with which a gateway decodes codes for a meter, with the names of `edge.settings.TokenSettings`;
    None if the meter has no key.
    """
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
