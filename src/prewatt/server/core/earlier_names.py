"""What columns were called before. A personal copy that was promised, and the log of changes, whose entries stay as they were
written, know these by the names that they began with.
"""

from __future__ import annotations

_EARLIER = {
    "correspondence.Entry": {"is_from_office": "office"},
    "correspondence.Note": {"is_urgent": "urgent"},
    "estate.Terms": {"is_postpaid": "postpaid"},
    "metering.Gateway": {"is_revoked": "revoked"},
    "notices.Channel": {"is_enabled": "enabled", "is_from_office": "by_office"},
    "notices.Notice": {"is_overtaken": "overtaken"},
}


def earlier_name(label: str, name: str) -> str:
    """Return what a column of the model `label` was called when it was first written down; mostly as now."""
    return _EARLIER.get(label, {}).get(name, name)
