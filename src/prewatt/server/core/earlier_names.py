"""The names that columns had before. The personal copy that is promised to people, and the audit log, whose entries
stay as they were written, still know these columns by the names that they had first.
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
    """Return the name that a column of the model `label` had first; for most columns it is the present one."""
    return _EARLIER.get(label, {}).get(name, name)
