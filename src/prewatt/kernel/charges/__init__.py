"""The forms of price beside the energy. Each is a file beside this one that declares its `CHARGE` (`interface.Charge`).

There is no list of them: a file that lies here is found, on both sides of the network. Rating, its form for whole years,
a tariff's document, the editor, the statement, the books and the comparison go through `CHARGES`.
"""

from __future__ import annotations

import importlib
import pkgutil

from .interface import Charge, Holder, PerKwh, PerMonth


def _found() -> tuple[Charge, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "interface")
    forms = [importlib.import_module(f"{__name__}.{name}").CHARGE for name in names]
    return tuple(sorted(forms, key=lambda form: form.place))


CHARGES: tuple[Charge, ...] = _found()
"""All forms, in the order in which they are charged and listed."""
PER_KWH = tuple(form for form in CHARGES if isinstance(form, PerKwh))
OF_TIME = tuple(form for form in CHARGES if not isinstance(form, PerKwh))
"""The forms that cost something though nothing is used."""
PER_MONTH = tuple(form for form in OF_TIME if isinstance(form, PerMonth))
WATCHING = tuple(form for form in PER_MONTH if form.watches)
PER_DAY = tuple(form for form in OF_TIME if not isinstance(form, PerMonth))


def of_time(holder: Holder) -> int:
    """Return what a reading or a rating charges for days and months, nano, without tax."""
    return sum(form.of(holder) for form in OF_TIME)
