"""A played meter that speaks DL/T 645, of 2007 or 1997."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ...edge.drivers.interface import DriverError
from ...edge.meters.dlt645_model import Dlt645Model
from ...edge.meters.model import find_model_file, read_model
from ...edge.protocols.dlt645.bcd import to_digits
from ...edge.protocols.dlt645.bcd_times import from_clock, from_date, from_time, to_clock, to_date
from ...edge.protocols.dlt645.codes import Command, Edition, Function, OldFunction
from ...edge.protocols.dlt645.exchanges import Access, matches
from ...edge.protocols.dlt645.frame import ANSWER, BROADCAST, ERROR, MORE, WILD, Frame, FrameParser
from ...kernel.calendar import local, zone
from ...kernel.units import DAY, MINUTE, instant
from .dlt645_items import item
from .plan import HousePlan, HungMeter, LinePlan
from .played import PlayedMeter
from .protocol import PlayedProtocol

OTHER_ERROR, NO_DATA, WRONG_PASSWORD = 0x01, 0x02, 0x04
"""Error bytes of both editions."""
TRIES = 3
"""How many wrong passwords in a row lock a meter for a day."""
STEP = 5 * MINUTE
"""The most (µs) by which the clock can be moved without a password, once a day."""
RATES = 4


class _Error(Exception):
    """The meter answers with an error byte."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class _Said(NamedTuple):
    """The data of an answer; `more`: more follows in another frame."""

    data: bytes = b""
    more: bool = False


@dataclass
class Balance:
    """A prepaid balance of the meter's own. `kind`: 1 of energy, 2 of money. `remaining`: hundredths of a kWh or of the
    currency.
    """

    kind: int
    remaining: int


@dataclass
class Dlt645Responder:
    """A meter's side of DL/T 645. `address`: 12 digits; the played meter's serial number if empty. `phases`: 1 or 3.
    `access`: the password that it wants, and its level. `zone`: of its clock. `wake`: wake-up bytes before its answers.
    `longest`: bytes of data in one frame; what is longer follows in others. `lacks`: identifiers that it has not, as people
    read them. `answers_wild`: it answers with AA...AA in place of its address. `knows_close`: it takes command 1C; if not,
    only 1B. `held`: its supply is held on.
    """

    meter: PlayedMeter
    address: str = ""
    edition: Edition = Edition.OF_2007
    phases: int = 1
    access: Access = field(default_factory=Access)
    zone: ZoneInfo = field(default_factory=lambda: zone("Asia/Shanghai"))
    wake: int = 4
    longest: int = 200
    lacks: frozenset[str] = frozenset()
    answers_wild: bool = False
    knows_close: bool = True
    balance: Balance | None = None
    held: bool = False

    def __post_init__(self) -> None:
        self.address = (self.address or self.meter.serial).zfill(12)
        self._parser = FrameParser()
        self._tries = 0
        self._locked_until = 0
        self._stepped_at: int | None = None
        self._functions: dict[int, Callable[[bytes], _Said | None]] = (
            {
                Function.SET_TIME: self._set_time,
                Function.READ: self._read,
                Function.READ_FOLLOWING: self._read_following,
                Function.READ_ADDRESS: lambda _: _Said(to_digits(self.address)),
                Function.WRITE: self._write,
                Function.CONTROL: self._control,
            }
            if self.edition == Edition.OF_2007
            else {
                OldFunction.SET_TIME: self._set_time,
                OldFunction.READ: self._read,
                OldFunction.READ_FOLLOWING: self._read_following,
            }
        )

    def feed(self, received: bytes) -> list[bytes]:
        """Take up bytes from the line, and return the frames that the meter sends back, in order."""
        answers = [self._answer(asked) for asked in self._parser.feed(received) if self._is_meant(asked)]
        return [answer.encode(self.wake) for answer in answers if answer is not None]

    def _is_meant(self, asked: Frame) -> bool:
        own = asked.address == BROADCAST or matches(asked.address, self.address)
        return own and not asked.is_answer and not self.meter.faults.silent

    def _answer(self, asked: Frame) -> Frame | None:
        """Return the answer to a question; None to one that is no question to such a meter, or wants no answer."""
        serve = self._functions.get(asked.function)
        if serve is None:
            return None
        control, address = asked.function | ANSWER, WILD if self.answers_wild else self.address
        try:
            if self.meter.faults.refuses:
                raise _Error(OTHER_ERROR)
            said = serve(asked.data)
        except _Error as error:
            said, control = _Said(bytes((error.code,))), control | ERROR
        except DriverError:
            # It was taken down.
            return None
        if said is None or asked.address == BROADCAST:
            return None
        return Frame(address, control | MORE if said.more else control, said.data)

    # Reading

    @property
    def _identifier_size(self) -> int:
        return 4 if self.edition == Edition.OF_2007 else 2

    def _read(self, data: bytes) -> _Said:
        return self._frame(data, 0)

    def _read_following(self, data: bytes) -> _Said:
        if self.edition == Edition.OF_1997:
            return self._frame(data, 1)
        return self._frame(data[:4], data[4] if len(data) == 5 else 0)

    def _frame(self, identifier: bytes, sequence: int) -> _Said:
        """Return one frame of an item: the first, or the one with a sequence number."""
        if len(identifier) != self._identifier_size:
            raise _Error(OTHER_ERROR)
        text = identifier[::-1].hex().upper()
        if text in self.lacks:
            raise _Error(NO_DATA)
        room = self.longest - len(identifier) - (self.edition == Edition.OF_2007)
        whole = self._item(text)
        part = whole[sequence * room : (sequence + 1) * room]
        if not part:
            raise _Error(NO_DATA)
        number = bytes((sequence,)) if sequence and self.edition == Edition.OF_2007 else b""
        return _Said(identifier + part + number, (sequence + 1) * room < len(whole))

    def _item(self, text: str) -> bytes:
        match text:
            case "04000101" | "C010":
                return to_date(self._now().date())
            case "04000102" | "C011":
                return to_clock(self._now().time())
            case "04000401" | "04000402" | "C032":
                return to_digits(self.address)
            case "04000503":
                return self._status().to_bytes(2, "little")
        form, numbers = item(int(text, 16), self.edition), self._numbers(text)
        if form is None or numbers is None:
            raise _Error(NO_DATA)
        return form.encode(numbers)

    def _numbers(self, text: str) -> list[int | None] | None:
        """Return the numbers of an item, in the steps that it has; None if this meter has no such item."""
        if text.startswith(("0000", "0001", "901")):
            return self._energies(self.meter.register() // 10, text)
        if text.startswith(("0002", "902")):
            return self._energies(0, text)
        old = self.edition == Edition.OF_1997
        power, current = self.meter.power(), self.meter.current() // self.phases
        match text[:4] if not old else text[:3]:
            case "0201" | "B61":
                return self._phases(self.meter.voltage // (1_000 if old else 100), text, None)
            case "0202" | "B62":
                return self._phases(current // (10 if old else 1), text, None)
            case "0203" | "B63":
                return self._phases(power * 10 // self.phases, text, power * 10)
            case "0204":
                return self._phases(0, text, 0)
            case "0206":
                return self._phases(1_000, text, 1_000)
        single = {
            "02800001": current,
            "02800002": self.meter.frequency // 10,
            "00900100": self._balance(1),
            "00900200": self._balance(2),
        }
        number = single.get(text)
        return None if number is None else [number]

    def _balance(self, kind: int) -> int | None:
        return self.balance.remaining if self.balance is not None and self.balance.kind == kind else None

    def _energies(self, total: int, text: str) -> list[int | None] | None:
        if len(text) == 8 and not text.endswith("00"):
            return None
        rate = int(text[4:6] if len(text) == 8 else text[3], 16)
        rates: list[int | None] = [total, total - total // RATES * (RATES - 1), *[total // RATES] * (RATES - 1)]
        if rate in (0x0F, 0xFF):
            return rates
        return [rates[rate]] if rate <= RATES else None

    def _phases(self, each: int, text: str, total: int | None) -> list[int | None] | None:
        """Return the values of the phases: `each` of those that the meter has; `total`: the value of all, if there is one."""
        part = int(text[4:6] if len(text) == 8 else text[3], 16)
        values: list[int | None] = [each if phase < self.phases else None for phase in range(3)]
        if part in (0x0F, 0xFF):
            return values if total is None else [total, *values]
        if part == 0:
            return None if total is None else [total]
        return [each] if part <= self.phases else None

    def _status(self) -> int:
        word = self.balance.kind << 8 if self.balance is not None else 0
        word |= 0x0010 if not self.meter.is_closed() else 0
        word |= 0x0040 if not self.meter.told_closed else 0
        return word | (0x1000 if self.held else 0)

    # Orders

    def _check_access(self, data: bytes) -> None:
        """Raises _Error if the password is wrong, or was so too often."""
        now, wanted = self.meter.now(), self.access.encode()
        if now < self._locked_until:
            raise _Error(WRONG_PASSWORD)
        if data[:4] != wanted[:4]:
            self._tries += 1
            if self._tries >= TRIES:
                self._tries, self._locked_until = 0, now + DAY
            raise _Error(WRONG_PASSWORD)
        self._tries = 0

    @property
    def is_locked(self) -> bool:
        """Return whether wrong passwords have locked the meter."""
        return self.meter.now() < self._locked_until

    def _control(self, data: bytes) -> _Said:
        if len(data) != 16:
            raise _Error(OTHER_ERROR)
        self._check_access(data)
        until = from_time(data[10:])
        if until is None or until < self._now():
            raise _Error(OTHER_ERROR)
        match data[8]:
            case Command.TRIP if not self.held:
                self.meter.order(False)
            case Command.PERMIT_CLOSE:
                self.meter.order(True, at_once=False)
            case Command.CLOSE if self.knows_close:
                self.meter.order(True)
            case Command.HOLD | Command.RELEASE:
                self.held = data[8] == Command.HOLD
            case _:
                raise _Error(OTHER_ERROR)
        return _Said()

    def _now(self) -> datetime:
        return local(self.meter.now(), self.zone).replace(tzinfo=None)

    def _set(self, wall: datetime) -> None:
        self.meter.set_clock(instant(wall.replace(tzinfo=self.zone)))

    def _set_time(self, data: bytes) -> None:
        wall, now = from_time(data), self.meter.now()
        if wall is None or (self._stepped_at is not None and now - self._stepped_at < DAY):
            return
        if abs(instant(wall.replace(tzinfo=self.zone)) - now) <= STEP:
            self._set(wall)
            self._stepped_at = now

    def _write(self, data: bytes) -> _Said:
        if len(data) < 12:
            raise _Error(OTHER_ERROR)
        self._check_access(data[4:])
        written, now = data[12:], self._now()
        match data[3::-1].hex().upper():
            case "04000101" if day := from_date(written):
                self._set(datetime.combine(day, now.time()))
            case "04000102" if clock := from_clock(written):
                self._set(datetime.combine(now.date(), clock))
            case _:
                raise _Error(NO_DATA)
        return _Said()


def _meter(meter: PlayedMeter, hung: HungMeter, line: LinePlan, plan: HousePlan) -> Dlt645Responder:  # noqa: ARG001
    model = read_model(find_model_file(hung.model), Dlt645Model)
    return Dlt645Responder(meter, hung.address, model.edition, zone=zone(plan.zone))


def _wire(serials: Sequence[str], recordings: Mapping[str, str]) -> LinePlan:
    meters = tuple(HungMeter(recordings[each], each, "dlt645-2007", each.zfill(12)) for each in serials)
    return LinePlan("cellar", "pty", meters)


PLAYED = PlayedProtocol(_meter, _wire, settings=lambda plan: {"zone": plan.zone})
