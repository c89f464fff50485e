"""The events of a journal: the code of each, its words, and the group that it belongs to.

`EventKind` is the only list. The account (`kernel.replay`), the gateway, the alarms and the notices name events by it;
who is told of an event follows from its group. An `Event` entry stores its code as text, so that a journal of newer
software can be read: `kind_of` returns what is known of a code.
"""

from __future__ import annotations

from enum import StrEnum

from .safety import KINDS, TRIP


class Group(StrEnum):
    """The group says whom an event concerns. `INFO`: the event is stored and shown. `TROUBLE`: a person must look at
    it, so the manager is told. `OVERLOAD`: the power was over its limit, or another safety limit was passed, so the
    tenant and the manager are told. `BUTTON`: somebody must press the button at the meter, so the tenant and the manager are
    told.
    """

    INFO = "info"
    TROUBLE = "trouble"
    OVERLOAD = "overload"
    BUTTON = "button"


class EventKind(StrEnum):
    """The code of an event, as the journal stores it, with its `words` in English, to be translated, and its `group`."""

    words: str
    group: Group

    def __new__(cls, code: str, words: str = "", group: Group = Group.INFO) -> EventKind:
        """An event kind: its code, what it says, its group."""
        self = str.__new__(cls, code)
        self._value_, self.words, self.group = code, words, group
        return self

    POWER_UP = "power-up", "the gateway started"
    LOW_CREDIT = "low-credit", "the credit is running low"
    METER_LOST = "meter-lost", "the meter does not answer"
    METER_BACK = "meter-back", "the meter answers again"
    FOREIGN_METER = "foreign-meter", "another meter answers in this one's place"
    REGISTER_DOUBTFUL = "register-doubtful", "the readings have been values that can't be right for an hour"
    REGISTER_BACKWARDS = "register-backwards", "the register has been lower than before for a day"
    REGISTER_STILL = "register-still", "the register has not moved for a long time, though the switch is closed"
    MUTED = "muted", "an event comes and goes so often that it is not recorded each time, for an hour at most"
    CUT_OFF_ALONE = (
        "cut-off-alone",
        "no gateway spoke to the meter for so long that it cut off by itself",
        Group.TROUBLE,
    )
    SWITCH_FAILED = "switch-failed", "the load switch did not obey", Group.TROUBLE
    SWITCH_DIFFERS = "switch-differs", "the load switch is not in the ordered position", Group.TROUBLE
    WAITS_FOR_BUTTON = "waits-for-button", "the meter waits for a press of its button", Group.BUTTON
    OWN_PREPAID = (
        "own-prepaid",
        "the meter is in a prepaid mode of its own, and cuts off when its own balance is used up",
        Group.TROUBLE,
    )
    METER_CLOCK = "meter-clock", "the meter's own clock is wrong; charges do not depend on it"
    JOURNAL_REPAIRED = (
        "journal-repaired",
        "a damaged snapshot in the gateway's journal was made again from the entries",
        Group.TROUBLE,
    )
    JOURNAL_SET_BACK = (
        "journal-set-back",
        "the gateway's journal had fewer entries than the server, and went on from the server's state",
    )
    GATEWAY_REPLACED = "gateway-replaced", "another gateway went on with this meter"
    CLOCK_SET = "clock-set", "the gateway's clock was set: by the server, or on site"
    CLOCK_STEPPED = "clock-stepped", "the gateway's clock jumped, and is not trusted"
    CLOCK_UNSURE = (
        "clock-unsure",
        "the gateway does not know how long it was off or stood still: the server or the staff must tell it the time",
    )
    CLOCK_DIFFERS = "clock-differs", "the server's time differs from the gateway's steady clock"
    OVERLOAD = "overload", "more power was drawn than the limit allows", Group.OVERLOAD
    OVERLOAD_LOCKED = (
        "overload-locked",
        "tripped for overload too often: a person has to switch on again",
        Group.OVERLOAD,
    )
    FORBIDDEN_LOAD = (
        "forbidden-load",
        "a large resistive load appeared suddenly: a person has to switch on again",
        Group.OVERLOAD,
    )
    TAMPER = "tamper", "the meter's cover was opened, or the meter was tampered with in another way", Group.TROUBLE
    CODES_LOCKED = "codes-locked", "too many wrong codes were typed", Group.TROUBLE
    KEY_CHANGED = "key-changed", "a code changed the meter's key"
    DISK_FULL = "disk-full", "the gateway's disk is full: its journal now uses the reserved space"
    DISK_ROOM = "disk-room", "there is space on the gateway's disk again"
    WITHIN_LIMITS = "within-limits", "the measured values are within the limits again"
    LIMIT_LOCKED = (
        "limit-locked",
        "a limit opened the switch too often: a person has to switch on again",
        Group.OVERLOAD,
    )
    ALLOWANCE_SPENT = (
        "allowance-spent",
        "more power was drawn than the off hours allow, too often: off until they end",
    )

    # Each kind of limit (`kernel.safety.KINDS`) has two: it was passed, and it opened the switch.
    _ignore_ = ["_members", "_code", "_kind"]
    _members = vars()
    for _code, _kind in KINDS.items():
        _members[_code.replace("-", "_").upper()] = _code, _kind.words, Group.OVERLOAD
        _members[(_code + TRIP).replace("-", "_").upper()] = (
            _code + TRIP,
            f"switched off: {_kind.words}",
            Group.OVERLOAD,
        )


_BY_CODE = {str(kind): kind for kind in EventKind}


def kind_of(code: str) -> EventKind | None:
    """Return the kind of event that a journal's code names; None for a code of newer software."""
    return _BY_CODE.get(code)


def words_of(code: str) -> str:
    """Return what an event says, in English; the code itself if it is unknown."""
    kind = kind_of(code)
    return code if kind is None else kind.words


def group_of(code: str) -> Group:
    """Return the group of an event; `INFO` if the code is unknown."""
    kind = kind_of(code)
    return Group.INFO if kind is None else kind.group
