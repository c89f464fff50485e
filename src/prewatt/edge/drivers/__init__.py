"""The kinds of meters that a gateway can drive. Each is a file (or a folder) beside this one, named like the kind.

There is no list of them. A file that lies here is found; it declares its `DRIVER` (`interface.Driver`), and is loaded
only if a meter of its kind is configured, so that nobody needs the libraries of other meters.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from .interface import Driver


def driver_names() -> list[str]:
    """Return the names of all kinds of meters."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "interface")


def find_driver(name: str) -> Driver[Any]:
    """Return the driver of a kind of meter. Raises ValueError if the name is unknown, or if the driver cannot be loaded
    here.
    """
    if name not in driver_names():
        raise ValueError(f"there is no driver {name!r}; known: {', '.join(driver_names())}")
    try:
        driver = importlib.import_module(f"{__name__}.{name}").DRIVER
    except ImportError as error:
        raise ValueError(f"driver {name!r} can't be loaded ({error}): install what it needs") from None
    if not isinstance(driver, Driver):
        raise TypeError(f"{name}.DRIVER is no Driver")
    return driver
