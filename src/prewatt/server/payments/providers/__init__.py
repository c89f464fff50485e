"""Payment providers: one module each, all of the shape of `interface.Provider`."""

from __future__ import annotations

from .alipay import Alipay
from .interface import Provider
from .stripe import Stripe
from .wechat import WeChat

PROVIDERS: dict[str, type[Provider]] = {each.name: each for each in (WeChat, Alipay, Stripe)}
"""By name. A further provider is a module here and a word in this line."""
