"""The journal's words for people, in the languages of notices."""

from __future__ import annotations

from ...kernel.events import EVENTS
from ...kernel.state import EXHAUSTED, FOREIGN
from ...kernel.supply import LOCKS

ENGLISH = {
    **EVENTS,
    **LOCKS,
    EXHAUSTED: "the credit is used up",
    FOREIGN: "another meter hangs here, and nobody said so",
    "ordered": "switched off by order",
}
CHINESE = {
    EXHAUSTED: "余额用完",
    FOREIGN: "此处装了另一块电表，尚未登记",
    "ordered": "按指令断电",
    "hold": "因施工或安全保持断电",
    "overload": "功率超过限值",
    "overload-locked": "多次过载跳闸，需人工合闸",
    "load": "检测到禁用负载",
    "forbidden-load": "突然出现大功率阻性负载，需人工合闸",
    "tamper": "电表被打开或遭到其他干扰",
    "meter-lost": "电表无应答",
    "meter-back": "电表恢复应答",
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
}


def in_words(code: str, language: str) -> str:
    """A journal's code in a language; the code itself where there is no word."""
    return (CHINESE if language == "zh" else ENGLISH).get(code) or ENGLISH.get(code, code)
