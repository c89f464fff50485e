"""What a journal's events are called, and what they mean."""

from .safety import KINDS, TRIPS

EVENTS = {
    "power-up": "the gateway started",
    "low-credit": "the credit is running low",
    "meter-lost": "the meter does not answer",
    "meter-back": "the meter answers again",
    "foreign-meter": "another meter answers in this one's place",
    "register-doubtful": "the register has not been what it can be for an hour",
    "register-backwards": "the register has stood under what was read before for a day",
    "register-still": "the register has not moved for long, though the switch is closed",
    "muted": "the same comes and goes so often that it is not journalled each time, for an hour at most",
    "cut-off-alone": "no gateway spoke to the meter for so long that it cut off by itself",
    "switch-failed": "the load switch did not obey",
    "switch-differs": "the load switch stands otherwise than told",
    "journal-repaired": "a damaged snapshot in the gateway's journal was made anew from the entries",
    "journal-set-back": "the gateway's journal ended before the server's, and went on from there",
    "gateway-replaced": "another gateway went on with this meter",
    "clock-set": "the gateway's clock was set: by the server, or on site",
    "clock-stepped": "the gateway's clock jumped, and is not believed",
    "clock-unsure": "the gateway does not know how long it was without power, or stood still: its time waits for the server or staff",
    "clock-differs": "the server tells another time than the gateway's steady clock",
    "overload": "more power was drawn than the limit allows",
    "overload-locked": "tripped for overload too often: a person has to close",
    "forbidden-load": "a large resistive load appeared at once: a person has to close",
    "tamper": "the meter's cover was opened, or it was tampered with otherwise",
    "codes-locked": "too many wrong codes were typed",
    "key-changed": "a code changed the meter's key",
    "disk-full": "the gateway's disk is full: its journal lives on the reserve",
    "disk-room": "there is room on the gateway's disk again",
    **{code: kind.words for code, kind in KINDS.items()},
    **{trip: f"switched off: {KINDS[code].words}" for trip, code in TRIPS.items()},
    "within-limits": "what was measured is right again",
    "limit-locked": "a limit opened the switch too often: a person has to close",
    "allowance-spent": "more power was drawn than the night allows, too often: off until the morning",
}

CLOCK_UNSURE = "clock-unsure"
CLOCK_SET = "clock-set"
FOREIGN_METER = "foreign-meter"
METER_LOST = "meter-lost"
METER_BACK = "meter-back"
MUTED = "muted"
WITHIN_LIMITS = "within-limits"
LIMIT_LOCKED = "limit-locked"
ALLOWANCE_SPENT = "allowance-spent"
LOW_CREDIT = "low-credit"
CUT_OFF_ALONE = "cut-off-alone"
