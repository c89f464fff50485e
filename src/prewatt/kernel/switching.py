"""How far the last order to a meter's switch is, as a gateway reports it and pages show it.

An order is done when it is seen. What a meter confirms is a claim: relays stick, and some wait for a press of a button.
"""

from __future__ import annotations

from enum import StrEnum


class SwitchProgress(StrEnum):
    """How far the last order to a switch is.

    `ASKED`: the meter was told, and has not answered yet. `CONFIRMED`: it said yes, and no reading has shown it since; it
    stays so where a meter cannot tell how its switch stands. `VERIFIED`: a reading after that has shown it. `WAITS_FOR_BUTTON`:
    the switch closes when its button is pressed. `FAILED`: the meter refused, did not answer, or its switch still stands
    otherwise; the order is repeated.
    """

    ASKED = "asked"
    CONFIRMED = "confirmed"
    VERIFIED = "verified"
    WAITS_FOR_BUTTON = "waits-for-button"
    FAILED = "failed"


def progress_of(code: str) -> SwitchProgress | None:
    """Return the progress that a code names; None if it is not known: the code is empty, or newer software wrote it."""
    return next((each for each in SwitchProgress if each == code), None)
