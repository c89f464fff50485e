"""This module keeps Python from looking for garbage during a start.

A start makes some hundred thousand objects, and nearly all of them stay. Python looks through them again and again,
which takes a fifth of the start.
"""

from __future__ import annotations

import gc

AT_START = 1_000_000
"""How many more objects there may be during a start before Python looks for garbage."""
USUAL = gc.get_threshold()


def wait_with_garbage() -> None:
    """Look for garbage seldom, until `collect_as_usual`."""
    gc.set_threshold(AT_START, *USUAL[1:])


def collect_as_usual() -> None:
    """End a start. Python looks for garbage as usual again, but never among what is loaded by now. Changes nothing in a
    process that did not call `wait_with_garbage`.
    """
    if gc.get_threshold()[0] == AT_START:
        gc.freeze()
        gc.set_threshold(*USUAL)
