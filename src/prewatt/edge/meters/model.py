"""The parts of a model's file that all protocols share, and how files are found and read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Annotated, TypeVar

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


def load_model(name: str, schema: type[M], folders: Iterable[Path] = ()) -> M:
    """Return the model `name` of the protocol that `schema` describes. Files in `folders` stand before those that come
    with prewatt. Raises ValueError, which names the file and the field, if there is no such file or it is wrong.
    """
    for folder in (*folders, BUILT_IN):
        path = folder / f"{name}.toml"
        if path.is_file():
            return read_model(path, schema)
    raise ValueError(f"there is no model {name!r}; known: {', '.join(model_names(folders))}")


def read_model(path: Path, schema: type[M]) -> M:
    """Return the model that a file describes. Raises ValueError, which names the file and the field."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text()), schema)
    except OSError as error:
        raise ValueError(f"{path}: can't be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: is not written in UTF-8") from None
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from None
