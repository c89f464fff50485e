"""The journal's words for people, in the languages of notices."""

from __future__ import annotations

from ...kernel.entries import Event
from ...kernel.events import EventKind
from ...kernel.off_hours import OFF_HOURS
from ...kernel.safety import KINDS, TRIPS
from ...kernel.state import EXHAUSTED, FOREIGN
from ...kernel.supply import LOCKS

LIMIT, OVERDUE = "credit-limit", "bill-overdue"
"""Why the supply ended where it is paid after use: beside the journal's codes."""
KINDS_CHINESE = {
    "over-voltage": "电压过高",
    "under-voltage": "电压过低",
    "over-current": "电流过大",
    "neutral-current": "零线电流过大",
    "residual-current": "漏电",
    "over-temperature": "电表或接线端子温度过高",
    "low-power-factor": "功率因数过低",
    "over-frequency": "频率过高",
    "under-frequency": "频率过低",
    "arc": "检测到电弧",
}
_GRID = "问题来自电网，室内无需处理。"
_LESS = "请关闭部分电器。"
_DAMAGE = "电器或线路可能损坏：请拔下潮湿、发热或损坏的电器，并通知管理员。"
ADVICE_CHINESE = {
    "over-voltage": _GRID,
    "under-voltage": _GRID,
    "over-current": _LESS,
    "neutral-current": _LESS,
    "residual-current": _DAMAGE,
    "over-temperature": "请勿触碰电表，关闭大功率电器，并通知管理员。",
    "low-power-factor": "请向管理员询问可能的电器。",
    "over-frequency": _GRID,
    "under-frequency": _GRID,
    "arc": _DAMAGE,
}
_MANAGER = "the manager has to switch it on again"
ENGLISH = {
    **LOCKS,
    **{kind: kind.words for kind in EventKind},
    "overload-locked": f"off after too many overloads: {_MANAGER}",
    "load": "a forbidden load was switched on",
    "forbidden-load": f"off, as a large heating load was switched on: {_MANAGER}",
    "limit-locked": f"off too often for the same reason: {_MANAGER}",
    EXHAUSTED: "the credit is used up",
    FOREIGN: "another meter hangs here, and nobody said so",
    "ordered": "switched off by order",
    OFF_HOURS: "these are off hours",
    LIMIT: "the limit of what may be owed is reached",
    OVERDUE: "a bill is overdue",
    **{code: kind.words for code, kind in KINDS.items()},
}
CHINESE = {
    EXHAUSTED: "余额用完",
    FOREIGN: "此处装了另一块电表，尚未登记",
    "ordered": "按指令断电",
    LIMIT: "欠费已达上限",
    OVERDUE: "账单逾期未付",
    "hold": "因施工或安全保持断电",
    "overload": "功率超过限值",
    "overload-locked": "多次过载跳闸，需管理员恢复供电",
    "load": "检测到禁用负载",
    "forbidden-load": "接入大功率电热负载，需管理员恢复供电",
    "tamper": "电表被打开或遭到其他干扰",
    "meter-lost": "电表无应答",
    "meter-back": "电表恢复应答",
    "cut-off-alone": "长时间没有网关与电表通信，电表已自行断电",
    "switch-failed": "开关未执行指令",
    "switch-differs": "开关状态与指令不符",
    "codes-locked": "错误代码输入次数过多",
    "journal-repaired": "损坏的快照已由日志记录重建",
    "foreign-meter": "应答的是另一块电表",
    "register-doubtful": "电表示数已有一小时不可信",
    "register-backwards": "电表示数低于此前读数已有一天",
    "register-still": "开关合上，电表示数却长期不动",
    "clock-set": "网关时钟已校准",
    "clock-stepped": "网关时钟突变，未予采信",
    "clock-unsure": "网关不知道断电了多久，等待校时",
    "clock-differs": "服务器时间与网关时钟不符",
    "journal-set-back": "网关日志落后于服务器，已从服务器状态继续",
    "disk-full": "网关磁盘已满，日志使用预留空间",
    "disk-room": "网关磁盘已有可用空间",
    **KINDS_CHINESE,
    **{trip: f"已断电：{KINDS_CHINESE[code]}" for trip, code in TRIPS.items()},
    "within-limits": "测量值已恢复正常",
    "limit-locked": "同一原因多次断电，需管理员恢复供电",
    "allowance-spent": "限电时段内多次超过允许功率，断电至时段结束",
    OFF_HOURS: "限电时段",
}


SHORT_ENGLISH = {
    "over-voltage": "voltage too high",
    "under-voltage": "voltage too low",
    "over-current": "current too high",
    "neutral-current": "neutral overload",
    "residual-current": "current leaks",
    "over-temperature": "meter too hot",
    "low-power-factor": "power factor low",
    "over-frequency": "frequency high",
    "under-frequency": "frequency low",
    "arc": "arc detected",
    "overload": "power over the limit",
    "overload-locked": "off: too much power",
    "forbidden-load": "off: forbidden load",
    "limit-locked": "off too often",
    "load": "forbidden load",
    "hold": "off for work, safety",
    "ordered": "off by order",
    FOREIGN: "not the right meter",
}
"""For fields of 20 characters, in which a sentence would lose its end."""
LOCKED = (EventKind.OVERLOAD_LOCKED, EventKind.FORBIDDEN_LOAD, EventKind.LIMIT_LOCKED)
"""After these somebody has to come."""
DETAILS_CHINESE = {
    "it stands open": "实际为断开",
    "it stands closed": "实际为闭合",
    "keypad": "键盘",
    "bluetooth": "蓝牙",
    "page": "网页",
}
"""What the details of events say; figures aside."""


def in_words(code: str, language: str) -> str:
    """A journal's code in a language; the code itself where there is no word."""
    return (CHINESE if language == "zh" else ENGLISH).get(code) or ENGLISH.get(code, code)


def told_of(event: Event, language: str) -> dict[str, str]:
    """What is said of an event: `what` it is, its `detail`, and `advice` if it is a limit of safety that was passed; in few words
    what it is (`brief`), and what to `act`.
    """
    detail, kind = event.detail, TRIPS.get(event.code, event.code)
    if event.code == EventKind.LIMIT_LOCKED:
        # Its detail is what opened the switch so often.
        detail, kind = in_words(event.detail, language), event.detail
    elif language == "zh":
        detail = DETAILS_CHINESE.get(detail, detail)
        detail = detail.replace(", the limit is ", "，限值 ").replace(" W at once", " W，瞬间增加")
    what = in_words(event.code, language)
    return {
        "what": what,
        "detail": detail,
        "brief": brief(event.code, language, what),
        **to_do(event.code, kind, language),
    }


def to_do(code: str, kind: str, language: str) -> dict[str, str]:
    """The `advice` for a kind of limit that was passed, and what to `act` in the few words of a field; both empty where there is
    nothing to be said. `code`: of the event.
    """
    found, chinese = KINDS.get(kind), language == "zh"
    advice = "" if found is None else ADVICE_CHINESE[kind] if chinese else found.advice
    return {"advice": advice, "act": _acts(code, kind)[chinese]}


def brief(code: str, language: str, what: str) -> str:
    """What happened, in few words."""
    if language == "zh":
        return what
    off = "off: " if code in TRIPS else ""
    short = SHORT_ENGLISH.get(TRIPS.get(code, code))
    return f"{off}{short}" if short else what


def _acts(code: str, kind: str) -> tuple[str, str]:
    """What to do, in the few words of a field, in English and Chinese."""
    found = KINDS.get(kind)
    if code in LOCKED or (found is not None and found.person):
        return "Tell the manager", "请通知管理员"
    if found is not None and found.outside:
        return "Nothing to be done", "来自电网，无需处理"
    if kind == "low-power-factor":
        return "Ask the manager", "请咨询管理员"
    return ("Switch something off", "请关闭部分电器") if found is not None or kind == EventKind.OVERLOAD else ("", "")
