"""The channels that reach people: a small file for each, all of the same shape."""

from .email import Email
from .interface import Kind
from .push import Push
from .sms import Sms
from .webhook import Webhook
from .wechat import WeChat
from .wechat_mini import MiniProgram
from .wecom import WeCom, WeComApp

CHANNELS: dict[str, type[Kind]] = {
    kind.name: kind for kind in (Email, Sms, WeChat, MiniProgram, WeComApp, WeCom, Push, Webhook)
}
"""The kinds of channels by name."""
