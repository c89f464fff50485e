"""The parts of a model's file that all protocols share, and how files are found and read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

Decimals = Annotated[str, Meta(pattern=r"^-?[0-9]+(\.[0-9]+)?$")]
"""A decimal number as text, such as `"0.01"`: a number of TOML would be a float."""

BUILT_IN = Path(__file__).parent

BASE_UNITS: dict[str, Fraction] = {
    "Wh": Fraction(1), "kWh": Fraction(1000), "MWh": Fraction(1_000_000),
    "W": Fraction(1), "kW": Fraction(1000),
    "var": Fraction(1), "kvar": Fraction(1000),
    "V": Fraction(1000), "mV": Fraction(1),
    "A": Fraction(1000), "mA": Fraction(1),
    "Hz": Fraction(1000),
    "°C": Fraction(10),
    "": Fraction(1000),
}  # fmt: skip
"""How many of prewatt's integer units one unit of a meter is: Wh, W, var; mV, mA, mHz, tenths of °C, thousandths
(`kernel.quantities`).
"""


RATES = {number: f"rate-{number}" for number in range(1, 5)}
"""The energies by rate, of which the register that is billed is the sum: their names in a model's file, by the rate's number."""


class SerialLine(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of a serial line that such meters have from the factory, the most frequent first. They are tried in
    this order when a meter is looked for. `lines`: such as `2400 8E1`.
    """

    lines: tuple[Annotated[str, Meta(pattern=r"^[0-9]{3,6} [78][NEO][12]$")], ...]


class Model(Struct, frozen=True, forbid_unknown_fields=True, tag_field="protocol"):
    """A model of meter. Each protocol has a subclass.

    `make`, `names`: as printed on the meter. `source`: the documents or projects that the file was made from. `tried_by`:
    who has tried it on a real meter, and when; empty: nobody. `notes`: what an electrician has to know. `counter_end_kwh`:
    the kWh at which the counter rolls over to zero; empty: unknown.
    """

    make: str
    names: tuple[str, ...]
    source: str
    tried_by: str = ""
    notes: str = ""
    counter_end_kwh: str = ""
    serial_line: SerialLine = SerialLine(("9600 8N1", "2400 8E1"))

    @property
    def register_end(self) -> int:
        """Return the Wh at which the counter rolls over; 0 if unknown."""
        return scaled(1, self.counter_end_kwh, "kWh") if self.counter_end_kwh else 0

    @property
    def is_looked_for(self) -> bool:
        """Return whether a meter that answers at an address of its own may be of this model."""
        return True

    @property
    def can_switch(self) -> bool:
        """Return whether it names a switch."""
        return False

    @property
    def energy_step(self) -> int:
        """Return the Wh of one step of the energy register; 1 where steps are finer, or the meter tells its own."""
        return 1


def scaled(raw: int | Fraction, scale: str, unit: str) -> int:
    """Return `raw` times `scale` of a meter's `unit` in prewatt's integer unit, rounded half to even. Raises ValueError for
    an unknown unit or a scale that is no decimal.
    """
    try:
        factor = Fraction(Decimal(scale))
    except (InvalidOperation, ValueError):
        raise ValueError(f"scale: {scale!r} is no decimal number such as 0.01") from None
    if unit not in BASE_UNITS:
        raise ValueError(f"unit: {unit!r} is unknown; known: {', '.join(filter(None, BASE_UNITS))}")
    return round(raw * factor * BASE_UNITS[unit])


M = TypeVar("M", bound=Model)


def model_names(folders: Iterable[Path] = ()) -> list[str]:
    """Return the names of all models: those that come with prewatt, and those in `folders`."""
    return sorted({path.stem for folder in (BUILT_IN, *folders) for path in folder.glob("*.toml")})


def find_model_file(name: str, folders: Iterable[Path] = ()) -> Path:
    """Return the file of the model `name`. A file in `folders` is used instead of one that comes with prewatt. Raises
    ValueError if there is none.
    """
    known = model_names(folders)
    if name not in known:
        near = get_close_matches(name, known, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
        raise ValueError(f"model: there is no model {name!r}; {hint}")
    return next(path for folder in (*folders, BUILT_IN) if (path := folder / f"{name}.toml").is_file())


def protocol_of(path: Path) -> str:
    """Return the protocol that a model's file names. Raises ValueError, which names the file."""
    protocol = _document(path).get("protocol")
    if not isinstance(protocol, str):
        raise ValueError(f'{path}: protocol: it is missing, such as protocol = "modbus"')
    return protocol


def read_model(path: Path, schema: type[M]) -> M:
    """Return the model that a file describes. Raises ValueError, which names the file and the field."""
    try:
        return msgspec.convert(_document(path), schema)
    except msgspec.ValidationError as error:
        raise ValueError(f"{path}: {error}") from None


def _document(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ValueError(f"{path}: can't be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: is not written in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path}: is not TOML ({error})") from None
