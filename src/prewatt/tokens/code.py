"""This module encodes tokens in 20 digits and decodes them (IEC 62055-41, 6.2 to 6.4).

A token has 66 bits: two bits of class, and 64 bits that are encrypted under the meter's key, of which the last 16 are a
check. In the number that the digits write, the class stands in the middle, and the two bits of the cipher text that it
displaces stand in front.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum

from .keys import LAST_TID, BlockCipher, NumberError

DIGITS = 20
LONGEST = 1000
"""The number of characters that are searched for a code, because people paste the whole message that it came in."""
_BETWEEN = (r"[ \t-]", r"[ \t.\u2010-\u2015\u2212·•_/-]", r"[\s.\u2010-\u2015\u2212·•_/-]")
"""Signs that may stand between the digits of a code. If a stricter row finds a code, that one counts."""
RANDOM = 5
"""The random field's value if the vendor sets no other."""
MANTISSA = 1 << 14


class CodeError(ValueError):
    """The digits are no token for this meter. `reason` is `digits`, `check` or `class`."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Service(IntEnum):
    """The service that a credit pays for."""

    ELECTRICITY = 0
    WATER = 1
    GAS = 2
    TIME = 3


class Function(IntEnum):
    """What a management token with a value does (the subclasses of class 2)."""

    SET_POWER_LIMIT = 0
    CLEAR_CREDIT = 1
    SET_TARIFF_RATE = 2
    CLEAR_TAMPER = 5
    SET_UNBALANCE_LIMIT = 6
    SET_WATER_FACTOR = 7


COMPRESSED = (Function.SET_POWER_LIMIT, Function.SET_UNBALANCE_LIMIT)
"""Functions whose value (W) is compressed like the amount of a credit."""
ALL_CREDIT = 0xFFFF
"""The value of `CLEAR_CREDIT` that clears every register."""


@dataclass(frozen=True)
class UnitCredit:
    """Class 0, subclasses 0 to 3: a credit in units of a service. `amount` is in tenths of a unit: 0.1 kWh or 0.1 m³."""

    tid: int
    amount: int
    service: Service = Service.ELECTRICITY
    random: int = RANDOM


@dataclass(frozen=True)
class CurrencyCredit:
    """Class 0, subclasses 4 to 7: a credit in money for a service. `amount` is in 1e-5 of the currency unit and may be
    negative.

    `resolution` is the step between two amounts that a token of this size can tell apart. The amount is rounded up to
    it.
    """

    tid: int
    amount: int
    service: Service = Service.ELECTRICITY

    @property
    def resolution(self) -> int:
        """Return the step between two amounts of this size, in 1e-5 of the currency unit."""
        return int(10 ** _compress(abs(self.amount), 31)[0])


@dataclass(frozen=True)
class MeterTest:
    """Class 1: a test or display order for any meter, not encrypted. The bits of `control` say which test.

    If `long`, the manufacturer code has four digits (and `control` 28 bits), else two (and 36 bits).
    """

    control: int
    manufacturer: int = 0
    long: bool = False


@dataclass(frozen=True)
class Management:
    """Class 2: a function with a value. `value` is in W for a limit, the register's number for `CLEAR_CREDIT`, else a
    number that the function defines.
    """

    function: Function
    tid: int
    value: int = 0
    random: int = RANDOM


@dataclass(frozen=True)
class KeySection:
    """Class 2: 32 bits of a new meter key. Sections 1 and 2 make a key of 64 bits; a key of 128 bits has sections 3 and
    4 as well.

    Section 1 carries `expiry` (its high four bits), `revision`, `rollover` and `key_type`. Section 2 carries `expiry`
    (its low four bits) and `tariff_index`. Sections 3 and 4 carry the low and the high 12 bits of the `supply_group`,
    as a number.
    """

    section: int
    key_part: int
    expiry: int = 0
    revision: int = 0
    rollover: bool = False
    more_sections: bool = False
    key_type: int = 0
    tariff_index: int = 0
    supply_group: int = 0


@dataclass(frozen=True)
class Proprietary:
    """Class 2, subclasses 11 to 15, which belong to the manufacturer. `value` has 20 bits; `tokens.own` says what they
    mean here.
    """

    subclass: int
    tid: int
    value: int


Token = UnitCredit | CurrencyCredit | MeterTest | Management | KeySection | Proprietary
PROPRIETARY = range(11, 16)
_SECTION = {3: 1, 4: 2, 8: 3, 9: 4}
_SECTION_SUBCLASS = {section: subclass for subclass, section in _SECTION.items()}


# -- amounts (6.3.6) ----------------------------------------------------------------------------------------------------


def _compress(amount: int, most: int) -> tuple[int, int]:
    """Return the exponent and the mantissa of the smallest amount that can be written and is not less than this one."""
    offset = 0
    for exponent in range(most + 1):
        step = 10**exponent
        mantissa = max(-(-(amount - offset) // step), 0)
        if mantissa < MANTISSA:
            return exponent, mantissa
        offset += MANTISSA * step
    raise NumberError(f"the amount {amount} is more than a token can carry")


def _expand(exponent: int, mantissa: int) -> int:
    return int(10**exponent) * mantissa + sum(MANTISSA * int(10**each) for each in range(exponent))


def carried(amount: int) -> int:
    """Return the amount that a token for `amount` (tenths of a unit, or W) really carries. It is not less. Raises
    NumberError if no token can carry so much.
    """
    return _expand(*_compress(amount, 3))


def carried_at_most(amount: int) -> int:
    """Return the largest amount (tenths of a unit, or W) that a token can carry and that is not over `amount`. Raises
    NumberError if `amount` is negative.
    """
    for exponent in range(3, -1, -1):
        if (rest := amount - _expand(exponent, 0)) >= 0:
            return _expand(exponent, min(rest // 10**exponent, MANTISSA - 1))
    raise NumberError(f"no token can carry {amount}")


def currency_carried(amount: int) -> int:
    """Return the amount that a token for `amount` (1e-5 of a currency unit) really carries. It is not less. Raises
    NumberError if no token can carry so much.
    """
    return _expand(*_compress(amount, 31))


def _field16(amount: int) -> int:
    exponent, mantissa = _compress(amount, 3)
    return exponent << 14 | mantissa


# -- bits ---------------------------------------------------------------------------------------------------------------


def crc(data: bytes) -> int:
    """Return the check of a token (6.3.7): CRC-16 with the polynomial 0x8005, reflected, starting at 0xFFFF, with its
    bytes exchanged.
    """
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return (value & 0xFF) << 8 | value >> 8


def _check(token_class: int, subclass: int, content: int) -> int:
    data = (token_class << 48 | subclass << 44 | content).to_bytes(7)
    # Money has a check of its own (6.3.22), so that a meter that counts units can't take it for them.
    return crc(data + b"\x01" if token_class == 0 and 4 <= subclass <= 7 else data)


def _bounded(name: str, value: int, bits: int) -> int:
    if not 0 <= value < 1 << bits:
        raise NumberError(f"{name}: {value} is not between 0 and {(1 << bits) - 1}")
    return value


def _parts(token: Token) -> tuple[int, int, int]:
    """Return the class, the subclass and the 44 bits of content. Raises NumberError that names a field out of bounds."""
    match token:
        case UnitCredit(tid, amount, service, random):
            return 0, service.value, _with_tid(random, tid, _field16(_bounded("amount", amount, 40)))
        case CurrencyCredit(tid, amount, service):
            exponent, mantissa = _compress(abs(amount), 31)
            sign = 8 if amount < 0 else 0
            return 0, 4 + service.value, _with_tid(sign | exponent >> 2, tid, (exponent & 3) << 14 | mantissa)
        case MeterTest(control, manufacturer, long):
            bits = 28 if long else 36
            code = _bounded("manufacturer", manufacturer, 44 - bits)
            return 1, int(long), _bounded("control", control, bits) << 44 - bits | code
        case Management(function, tid, value, random):
            field = _field16(_bounded("value", value, 40)) if function in COMPRESSED else _bounded("value", value, 16)
            return 2, function.value, _with_tid(random, tid, field)
        case Proprietary(subclass, tid, value):
            high = _bounded("value", value, 20) >> 16
            return 2, subclass, _with_tid(high, tid, value & 0xFFFF)
        case KeySection():
            return 2, _SECTION_SUBCLASS[token.section], _key_content(token)


def _with_tid(random: int, tid: int, field: int) -> int:
    if not 0 <= tid <= LAST_TID:
        raise NumberError(f"token identifier: {tid} is not between 0 and {LAST_TID}")
    return _bounded("random", random, 4) << 40 | tid << 16 | field


def _key_content(token: KeySection) -> int:
    part = _bounded("key_part", token.key_part, 32)
    if token.section == 1:
        front = (
            token.expiry >> 4 << 8
            | token.revision << 4
            | token.rollover << 3
            | token.more_sections << 2
            | token.key_type
        )
    elif token.section == 2:
        front = (token.expiry & 15) << 8 | token.tariff_index
    elif token.section == 3:
        front = token.supply_group & 0xFFF
    else:
        front = token.supply_group >> 12
    return _bounded("key attributes", front, 12) << 32 | part


def _token(token_class: int, subclass: int, content: int) -> Token:
    """Return the token of a class, a subclass and 44 bits of content. Raises CodeError if this software knows no such."""
    match token_class:
        case 0 if subclass < 8:
            return _credit(subclass, content)
        case 1 if subclass < 2:
            bits = 28 if subclass else 36
            return MeterTest(content >> 44 - bits, content & (1 << 44 - bits) - 1, bool(subclass))
        case 2 if subclass in _SECTION:
            return _key_section(_SECTION[subclass], content)
        case 2 if subclass in list(Function):
            random, tid, field = _fields(content)
            function = Function(subclass)
            return Management(function, tid, _amount16(field) if function in COMPRESSED else field, random)
        case 2 if subclass in PROPRIETARY:
            random, tid, field = _fields(content)
            return Proprietary(subclass, tid, random << 16 | field)
    raise CodeError("class", f"a token of class {token_class}, subclass {subclass} is not known here")


def _credit(subclass: int, content: int) -> UnitCredit | CurrencyCredit:
    random, tid, field = _fields(content)
    if subclass < 4:
        return UnitCredit(tid, _amount16(field), Service(subclass), random)
    amount = _expand((random & 7) << 2 | field >> 14, field & MANTISSA - 1)
    return CurrencyCredit(tid, -amount if random & 8 else amount, Service(subclass - 4))


def _fields(content: int) -> tuple[int, int, int]:
    """Return the random field (4 bits), the token identifier (24 bits) and the last field (16 bits) of a content."""
    return content >> 40, content >> 16 & LAST_TID, content & 0xFFFF


def _amount16(field: int) -> int:
    """Return the amount that a field of 16 bits carries: 2 bits of exponent, 14 of mantissa."""
    return _expand(field >> 14, field & MANTISSA - 1)


def _key_section(section: int, content: int) -> KeySection:
    part, front = content & 0xFFFFFFFF, content >> 32
    if section == 1:
        return KeySection(
            1, part, front >> 8 << 4, front >> 4 & 15, bool(front & 8), bool(front & 4), key_type=front & 3
        )
    if section == 2:
        return KeySection(2, part, front >> 8, tariff_index=front & 0xFF)
    return KeySection(section, part, supply_group=front if section == 3 else front << 12)


# -- digits -------------------------------------------------------------------------------------------------------------


def _transpose(number: int) -> int:
    """Exchange bits 64 and 65, the class, with bits 27 and 28 (6.4.2). Its own inverse."""
    front, middle = number >> 64, number >> 27 & 3
    return middle << 64 | number & (1 << 64) - 1 & ~(3 << 27) | front << 27


def encode(token: Token, meter: BlockCipher | None = None) -> str:
    """Return the 20 digits of a token for the meter whose key `meter` holds. Class 1 needs no key. Raises NumberError
    that names a field out of bounds.
    """
    token_class, subclass, content = _parts(token)
    block = subclass << 60 | content << 16 | _check(token_class, subclass, content)
    if token_class != 1:
        if meter is None:
            raise NumberError("a token of this class is for one meter, so the meter's key is needed")
        block = meter.encrypt(block)
    return f"{_transpose(token_class << 64 | block):0{DIGITS}}"


def digits_of(text: str) -> str:
    """Return the digits of a code as people type and paste it: in groups, in digits of any script, with words and signs
    around them (Token: 1234-5678-…). Raises CodeError if there are not 20 digits, or several codes.
    """
    plain = _plain(text)
    for between in _BETWEEN:
        runs = {re.sub(r"\D", "", run) for run in re.findall(rf"\d(?:{between}*\d)*", plain)}
        codes = [run for run in runs if len(run) == DIGITS]
        if len(codes) == 1:
            return codes[0]
    count = sum(sign.isdigit() for sign in plain)
    raise CodeError("digits", f"a code has {DIGITS} digits, this has {count}")


def is_typed(text: str, short: str) -> bool:
    """Return whether a person has typed a short code such as 811, also as ８１１ or #811."""
    return re.fullmatch(rf"\W*{short}\W*", _plain(text)) is not None


def _plain(text: str) -> str:
    """Return a text with the digits 0 to 9 in the place of those of other scripts, and without invisible characters."""
    seen = (sign for sign in unicodedata.normalize("NFKC", text[:LONGEST]) if unicodedata.category(sign) != "Cf")
    return "".join(str(unicodedata.digit(sign)) if sign.isdecimal() else sign for sign in seen)


def decode(text: str, meter: BlockCipher) -> Token:
    """Return the token of 20 digits, decrypted with the key that `meter` holds. Raises CodeError if they are no token
    for it.
    """
    number = int(digits_of(text))
    if number >> 66:
        raise CodeError("check", "these digits are no code of any meter")
    number = _transpose(number)
    token_class, block = number >> 64, number & (1 << 64) - 1
    if token_class == 3:
        raise CodeError("class", "a token of class 3 is not known here")
    if token_class != 1:
        block = meter.decrypt(block)
    subclass, content = block >> 60, block >> 16 & (1 << 44) - 1
    if block & 0xFFFF != _check(token_class, subclass, content):
        raise CodeError("check", "the digits are not of this meter, or one of them is wrong")
    return _token(token_class, subclass, content)


def grouped(code: str) -> str:
    """Return the 20 digits in groups of four, as they are printed."""
    return " ".join(code[at : at + 4] for at in range(0, DIGITS, 4))
