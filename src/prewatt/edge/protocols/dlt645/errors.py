"""The error bytes of DL/T 645, by the standard's numbers."""

from __future__ import annotations

from .codes import Edition

PASSWORD_ERROR = 2
"""The bit of an error byte that says that the password was not accepted."""
NO_DATA_ERROR = 1
"""The bit of an error byte that says that the meter has no such data."""

_ERRORS: dict[Edition, dict[int, str]] = {
    Edition.OF_2007: {
        0: "other error",
        NO_DATA_ERROR: "no requested data",
        PASSWORD_ERROR: "password wrong or not authorised",
        3: "baud rate cannot be changed",
        4: "too many year zones",
        5: "too many day periods",
        6: "too many rates",
    },
    Edition.OF_1997: {
        0: "illegal data",
        NO_DATA_ERROR: "identifier wrong",
        PASSWORD_ERROR: "password wrong",
        4: "too many year zones",
        5: "too many day periods",
        6: "too many rates",
    },
}


def error_names(code: int, edition: Edition = Edition.OF_2007) -> tuple[str, ...]:
    """Return what an error byte says, a name for each bit that is set; a bit without a meaning is `bit N`."""
    names = _ERRORS[edition]
    return tuple(names.get(bit, f"bit {bit}") for bit in range(8) if code >> bit & 1)
