"""Bugs to plant, so that the fault simulator can be shown to find them. `prewatt sim --bug NAME` runs with one.

Each is a context manager that puts a wrong piece of code in the place of a right one.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

from . import copies, edge, headend, journal, kernel, led_back, money, safety, twins

BUGS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    each.__name__.replace("_", "-"): each
    for area in (kernel, money, edge, journal, headend, copies, twins, led_back, safety)
    for each in area.BUGS
}
