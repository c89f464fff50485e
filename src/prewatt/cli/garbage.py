"""This module lets a start go by without looking for garbage.

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
    """End a start: what is loaded is not looked through any more, and further garbage is found as it usually is. In a
    process that did not start by `wait_with_garbage`, nothing changes.
    """
    if gc.get_threshold()[0] == AT_START:
        gc.freeze()
        gc.set_threshold(*USUAL)
