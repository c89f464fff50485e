"""Date and time in COSEM (Blue Book, "Date and time formats").

    year (2) | month | day | weekday | hour | minute | second | hundredths | deviation (2) | status

FF stands for "not given". The deviation is the minutes from local time to UTC, with a sign: UTC = local time + deviation,
so that it is -60 in winter in Berlin. 8000 stands for "not given". Some meters write the other sign. Bit 7 of the status:
daylight saving is in force, and counted in the deviation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ..errors import WrongAnswer

LENGTH = 12
NOT_GIVEN = -0x8000
NO_HUNDREDTHS = 0xFF
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Deviation:
    """How a kind of meter means its deviation. `reversed`: local time = UTC + deviation, against the standard.
    `if_not_given`: the minutes (of the standard's sign) that hold where the meter gives none; None: its time cannot be used.
    """

    reversed: bool = False
    if_not_given: int | None = None


def decode_instant(octets: bytes, deviation: Deviation) -> int:
    """Return the instant of a date-time, µs since 1970. Raises WrongAnswer if it is none, or gives no deviation and none is
    known otherwise.
    """
    local, minutes = _local(octets), _minutes(octets, deviation)
    return (local + timedelta(minutes=minutes) - _EPOCH) // _MICROSECOND


def encode_instant(at: int, like: bytes, deviation: Deviation) -> bytes:
    """Return the date-time of the instant `at` (µs since 1970), to the second, in the local time of the date-time `like`,
    with its deviation and status. Raises WrongAnswer as `decode_instant`.
    """
    _local(like)
    seconds = (at + 500_000) // 1_000_000
    local = _EPOCH + timedelta(seconds=seconds, minutes=-_minutes(like, deviation))
    date = bytes((local.month, local.day, local.isoweekday(), local.hour, local.minute, local.second))
    return local.year.to_bytes(2) + date + (b"\xff" if like[8] == NO_HUNDREDTHS else b"\0") + like[9:]


def _local(octets: bytes) -> datetime:
    if len(octets) != LENGTH:
        raise WrongAnswer(f"a time of {len(octets)} bytes, where {LENGTH} belong")
    month, day, _, hour, minute, second, hundredths = octets[2:9]
    try:
        return datetime(
            int.from_bytes(octets[:2]),
            month,
            day,
            hour,
            minute,
            second,
            10_000 * (0 if hundredths == NO_HUNDREDTHS else hundredths),
            tzinfo=UTC,
        )
    except ValueError:
        raise WrongAnswer(f"a time that cannot be: {octets.hex().upper()}") from None


def _minutes(octets: bytes, deviation: Deviation) -> int:
    minutes = int.from_bytes(octets[9:11], signed=True)
    if minutes == NOT_GIVEN:
        if deviation.if_not_given is None:
            raise WrongAnswer("its clock does not give its deviation from UTC")
        return deviation.if_not_given
    if abs(minutes) > 14 * 60:
        raise WrongAnswer(f"a deviation from UTC of {minutes} minutes")
    return -minutes if deviation.reversed else minutes
