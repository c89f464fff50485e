"""What a meter's own settings are called."""

from __future__ import annotations

from ..texts import _


def access_label(name: str) -> str:
    """Return what a meter's own setting is called, for people; if it has no label here, its name in words."""
    known = {
        "password": _("Password"),
        "encryption_key": _("Key for encryption"),
        "authentication_key": _("Key for authentication"),
        "system_title": _("System title"),
        "operator": _("Operator code"),
        "level": _("Level of the password"),
        "zone": _("Time zone of its clock"),
        "relay_model": _("Model of the relay beside the meter"),
        "relay_address": _("Address of the relay"),
        "relay_channel": _("Channel of the relay"),
        "relay_inverted": _("The relay works the other way round"),
        "echoes_transaction": _("The converter repeats the number of the question"),
    }
    return known.get(name) or name.replace("_", " ")
