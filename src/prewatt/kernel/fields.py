"""These types bound what the fields of entries, commands and messages can hold. A value outside its bounds is not
decoded.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from .units import BALANCE_MAX, INSTANT_MAX, INT64_MAX, REGISTER_MAX

Balance = Annotated[int, Meta(ge=-BALANCE_MAX, le=BALANCE_MAX)]
Natural = Annotated[int, Meta(ge=0, le=INT64_MAX)]
Register = Annotated[int, Meta(ge=0, le=REGISTER_MAX)]
Counted = Annotated[int, Meta(ge=-REGISTER_MAX, le=REGISTER_MAX)]
"""A register (Wh) from which energy counts. After an exchange it can be under zero."""
Instant = Annotated[int, Meta(ge=0, le=INSTANT_MAX)]
MeterName = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x20\x7f/\\]([^\x00-\x1f\x7f/\\]*[^\x00-\x20\x7f/\\])?$")
]
"""A meter's serial number as printed on it: no slash, no control character, no space at either end."""
DriverName = Annotated[str, Meta(max_length=32, pattern=r"^[a-z][a-z0-9_]*$")]
"""The name of a kind of meter, as the gateway calls it."""
CreditId = Annotated[str, Meta(min_length=1, max_length=40)]
ShortText = Annotated[str, Meta(max_length=200)]
Tid = Annotated[int, Meta(ge=0, lt=1 << 24)]
"""Token identifier of a 20-digit code (`prewatt.tokens`)."""
CommandName = Annotated[bytes, Meta(max_length=8)]
"""The name of a command (`kernel.naming`), which stays if the number changes. It is empty in commands from before there
were names.
"""
