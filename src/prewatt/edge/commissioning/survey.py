"""What was found on the buses, and what the electrician did with it: each meter is put to a flat, compared with its display,
and its switch is tested. It is kept in a file of the gateway's folder. The rules here own no port.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct, structs

from ...folder import sync
from ..conversations.protocol import Framing
from ..settings import TokenSettings
from ..texts import _
from . import SURVEY
from .trying import Look

Step = Literal["", "off", "stopped", "passed", "failed"]
"""How far the test of a switch is. `off`: it was switched off; `stopped`: the load was seen to stop; `passed`: it was
also seen to run again. `failed`: the load did not do so.
"""


class SurveyError(ValueError):
    """Something can't be done; the message says why, in the words of people who set meters up."""


class Flat(Struct, frozen=True):
    """A flat, or a place without a flat, that is to have a meter. `name`: of its meter's journal, empty if the server knows
    of no meter there. `serial`: the number of the meter that hangs there, as the server knows it. `token`: the key of codes.
    """

    unit: str
    name: str = ""
    serial: str = ""
    token: TokenSettings | None = None

    @property
    def key(self) -> str:
        """Return the name by which people know it."""
        return self.unit or self.name


class Compared(Struct, frozen=True):
    """A comparison with the display: what was `typed`, the register (Wh) then, and the instant (µs)."""

    typed: str
    register: int
    at: int


class FoundMeter(Struct, frozen=True):
    """A meter that answers. `id`: its number in the survey. `looks`: what it says by each model, the likeliest first.
    `is_ambiguous`: it can be read by several models, and they showed different registers at the same time. `more`:
    passwords and the like that a person gave. `flat`: the key of the flat that it was put to. `in_service`: the name of
    the journal that it has in `edge.toml`. `told_at`: when the server was told of it. `face`: the number on its face,
    typed for a meter that does not tell it.
    """

    id: int
    port: str
    line: str
    framing: Framing
    protocol: str
    kind: str
    address: str
    is_doubled: bool = False
    words: str = ""
    is_ambiguous: bool = False
    looks: tuple[Look, ...] = ()
    model: str = ""
    more: dict[str, Any] = {}
    flat: str = ""
    compared: Compared | None = None
    test: Step = ""
    power_before: int | None = None
    in_service: str = ""
    is_silent: bool = False
    seen_at: int = 0
    told_at: int = 0
    face: str = ""

    @property
    def look(self) -> Look | None:
        """Return what it says by its model; None if it can't be read by any."""
        readable = [each for each in self.looks if not each.refusal]
        return next((each for each in readable if each.model == self.model), readable[0] if readable else None)

    @property
    def place(self) -> tuple[str, str, str]:
        """Return the port, the protocol and the address by which the meter answers."""
        return self.port, self.protocol, self.address

    @property
    def serial(self) -> str:
        """Return its number; where nobody knows it, its address."""
        return self.number or self.address

    @property
    def number(self) -> str:
        """Return its number as it tells it, or as it was typed; empty if nobody knows it."""
        seen = self.look
        return seen.serial if seen and seen.serial else self.face


class BusNote(Struct, frozen=True):
    """A bus that was looked at. `words`: what is to be said of it, such as why it can't be opened."""

    port: str
    words: str = ""
    at: int = 0


class Survey(Struct):
    """The state of setting up. `flats`: as the server lists them."""

    flats: tuple[Flat, ...] = ()
    meters: tuple[FoundMeter, ...] = ()
    buses: tuple[BusNote, ...] = ()
    listed_at: int = 0

    def meter(self, number: int) -> FoundMeter:
        """Return a meter. Raises SurveyError if there is none."""
        for each in self.meters:
            if each.id == number:
                return each
        raise SurveyError(_("This meter is not in the list any more. Look for meters again."))

    def changeable(self, number: int) -> FoundMeter:
        """Return a meter that may be changed. Raises SurveyError if there is none, or if its switch is open for a test:
        nobody would know any more which switch is to be closed. A meter that does not answer any more may be changed
        all the same.
        """
        meter = self.meter(number)
        if meter.test == "off" and not meter.is_silent:
            raise SurveyError(_("The switch of this meter is open for a test. End the test first."))
        return meter

    def flat(self, key: str) -> Flat:
        """Return a flat. Raises SurveyError if there is none."""
        for each in self.flats:
            if each.key == key:
                return each
        raise SurveyError(_("There is no %(flat)s in the server's list.") % {"flat": key})

    def at_flat(self, key: str) -> FoundMeter | None:
        """Return the meter that was put to a flat; None if there is none."""
        return next((each for each in self.meters if key and each.flat == key), None)

    def change(self, number: int, **changes: Any) -> FoundMeter:
        """Change a meter, and return it. Raises SurveyError if there is none."""
        changed = structs.replace(self.meter(number), **changes)
        self.meters = tuple(changed if each.id == number else each for each in self.meters)
        return changed

    def take(self, seen: FoundMeter) -> FoundMeter:
        """Take up and return a meter as it was seen now. What was done with it stays, unless another meter answers
        there.
        """
        before = next((each for each in self.meters if each.place == seen.place), None)
        if before is None:
            number = max((each.id for each in self.meters), default=0) + 1
            kept = structs.replace(seen, id=number)
            self.meters = (*self.meters, kept)
            return kept
        return self.change(before.id, **{**structs.asdict(seen), **_kept(before, seen)})

    def forget(self, number: int) -> None:
        """Take a meter out of the list. Raises SurveyError if it is in service, or its switch open for a test."""
        if self.changeable(number).in_service:
            raise SurveyError(_("This meter is in service. Exchange it or move it, but do not remove it."))
        self.meters = tuple(each for each in self.meters if each.id != number)


def _kept(before: FoundMeter, seen: FoundMeter) -> dict[str, Any]:
    """Return what of a meter that was there before stays, if it was `seen` like this now."""
    kept: dict[str, Any] = {"id": before.id, "more": before.more or seen.more, "in_service": before.in_service}
    if not before.looks or not seen.looks or _serial_of(before) == _serial_of(seen):
        names = ("flat", "compared", "test", "power_before", "model", "told_at", "face")
        kept |= {name: getattr(before, name) for name in names}
    if before.test == "off":
        # Its switch has to be closed again, whatever answers there now.
        kept |= {"test": before.test, "power_before": before.power_before}
        if seen.look is None:
            kept |= {name: getattr(before, name) for name in ("looks", "model", "flat")}
    return kept


def _serial_of(meter: FoundMeter) -> str:
    """Return the number that a meter tells."""
    return plain(meter.look.serial) if meter.look else ""


def load_survey(folder: Path) -> Survey:
    """Return the survey of a gateway's folder; an empty one if there is none, or if its file is torn: it can be made again."""
    try:
        return msgspec.json.decode((folder / SURVEY).read_bytes(), type=Survey)
    except (OSError, msgspec.MsgspecError):
        return Survey()


def save_survey(folder: Path, survey: Survey) -> None:
    """Keep the survey: the whole file or none. It holds keys and passwords, so that only its owner can read it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{SURVEY}.", delete=False) as file:
        file.write(msgspec.json.encode(survey))
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(folder / SURVEY)
    sync(folder)


def plain(serial: str) -> str:
    """Return a number without what differs between print and answer: zeros in front of it, spaces."""
    return serial.replace(" ", "").upper().lstrip("0")
