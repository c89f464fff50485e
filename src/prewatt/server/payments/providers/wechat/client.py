"""The library's client of WeChat Pay's API v3, at an address of our choice."""

from __future__ import annotations

import time
from typing import Any

from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core

CERTIFICATES_EVERY = 60
"""The least seconds between two requests for new platform certificates, whatever certificates callbacks name."""


class AddressedCore(Core):  # type: ignore[misc]
    """The library's core, with an address of our choice. It does not ask for certificates too often."""

    def __init__(self, address: str, **options: Any) -> None:
        self._at = address
        self._looked = -float(CERTIFICATES_EVERY)
        super().__init__(**options)

    @property
    def _gate_way(self) -> str:
        return self._at

    @_gate_way.setter
    def _gate_way(self, fixed: str) -> None:
        pass

    def _init_certificates(self) -> None:
        # Certificates are fetched when a signature names one, so that nothing is asked too early.
        pass

    def _update_certificates(self) -> None:
        if time.monotonic() - self._looked >= CERTIFICATES_EVERY:
            self._looked = time.monotonic()
            super()._update_certificates()


class Client(WeChatPay):  # type: ignore[misc]
    """The library's client with a core of our choice. The library's own constructor allows no choice."""

    def __init__(self, mchid: str, appid: str, core: Core) -> None:
        self._type, self._mchid, self._appid = WeChatPayType.NATIVE, mchid, appid
        self._notify_url, self._partner_mode, self._core = None, False, core
