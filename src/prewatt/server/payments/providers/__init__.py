"""Payment providers: each is a folder with a class of the form of `interface.Provider`, the reader of its settlement
files, and the scripts of its pages (`static`). The provider itself says how a payer can pay, by `methods.Method`.
"""

from __future__ import annotations

from .alipay import Alipay
from .interface import Provider
from .stripe import Stripe
from .wechat import WeChat

PROVIDERS: dict[str, type[Provider]] = {each.name: each for each in (WeChat, Alipay, Stripe)}
"""The providers by name. A further provider is a folder here and a word in this line."""
