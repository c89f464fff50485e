"""Payment providers: a folder each, with a class of the shape of `interface.Provider`, how it reads its settlement files, and
what its pages run (`static`). How a payer can pay there the provider says itself, by `methods.Method`.
"""

from __future__ import annotations

from .alipay import Alipay
from .interface import Provider
from .stripe import Stripe
from .wechat import WeChat

PROVIDERS: dict[str, type[Provider]] = {each.name: each for each in (WeChat, Alipay, Stripe)}
"""By name. A further provider is a folder here and a word in this line."""
