"""What a browser calls itself, in people's words."""

from __future__ import annotations

import re

from django.http import HttpRequest

_NAMES = ("Edg", "OPR", "MicroMessenger", "Firefox", "CriOS", "Chrome", "Safari")
"""The names are looked for in this order, because most browsers also use the names of others."""
_CALLED = {"Edg": "Edge", "OPR": "Opera", "MicroMessenger": "WeChat", "CriOS": "Chrome", "Mac OS X": "macOS"}
_SYSTEMS = ("iPhone", "iPad", "Android", "Windows", "Mac OS X", "Linux")


def device_of(agent: str) -> str:
    """Return the name and the system of a browser by its header *User-Agent*: `Firefox, Android`. Empty if none is known."""
    name = next((each for each in _NAMES if re.search(rf"{each}\w*/", agent)), "")
    system = next((each for each in _SYSTEMS if each in agent), "")
    return ", ".join(_CALLED.get(each, each) for each in (name, system) if each)


def device(request: HttpRequest) -> str:
    """Return the name and the system of the browser that asks."""
    return device_of(request.headers.get("User-Agent", ""))
