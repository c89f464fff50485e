"""WeChat Pay, API v3: JSAPI (mini program and pages in WeChat), Native (a QR code), H5 (a phone's browser).

Rules: https://pay.weixin.qq.com/doc/v3/merchant/4012062524
"""

from __future__ import annotations

import gzip
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core

from .....kernel.units import instant
from ....core.credential_fields import Field
from ....core.wechat_login import ADDRESS, LoginError, link, openid
from ..bills import BEIJING
from ..interface import (
    TIMEOUT,
    Answer,
    Back,
    CallbackError,
    Cause,
    Line,
    Order,
    Provider,
    ProviderError,
    Started,
    State,
    Step,
    Told,
    pem,
    reading_callback,
    refused,
)
from ..methods import Browser, Method, Shows
from .bill import read_bill

FRESH = 300
"""Seconds that a callback's own time may differ from ours: an older one is a replay."""
CERTIFICATES_EVERY = 60
"""Seconds between two looks for new platform certificates, whatever callbacks name."""
TYPES = {"jsapi": WeChatPayType.JSAPI, "native": WeChatPayType.NATIVE, "h5": WeChatPayType.H5}
STATES = {"SUCCESS": State.PAID, "REFUND": State.REFUNDED, "CLOSED": State.CLOSED, "REVOKED": State.CLOSED}
REFUND_EVENTS = {"REFUND.SUCCESS": Step.TAKEN, "REFUND.ABNORMAL": Step.TAKEN, "REFUND.CLOSED": Step.WON}
"""One that is abnormal has left the merchant, and did not reach the payer's bank; one that is closed never left.

https://pay.weixin.qq.com/doc/v3/merchant/4013070388
"""


class _Core(Core):  # type: ignore[misc]
    """The library's core, at an address of ours, and looking for certificates not more often than it should."""

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
        # They are fetched when a signature names one: nothing is asked of the provider before it is needed.
        pass

    def _update_certificates(self) -> None:
        if time.monotonic() - self._looked >= CERTIFICATES_EVERY:
            self._looked = time.monotonic()
            super()._update_certificates()


class _Client(WeChatPay):  # type: ignore[misc]
    """The library's client with that core, which its own constructor doesn't let be chosen."""

    def __init__(self, mchid: str, appid: str, core: Core) -> None:
        self._type, self._mchid, self._appid = WeChatPayType.NATIVE, mchid, appid
        self._notify_url, self._partner_mode, self._core = None, False, core


class WeChat(Provider):
    """A merchant account at WeChat Pay."""

    name = "wechat"
    title = "WeChat Pay"
    fields = (
        Field("mchid", _("Merchant number")),
        Field("appid", _("App id"), help=_("The id of the official account or mini program that the merchant "
                                           "number is bound to.")),
        Field("cert_serial_no", _("Serial number of the merchant's certificate")),
        Field("private_key", _("Private key of the merchant (apiclient_key.pem)"), secret=True),
        Field("apiv3_key", _("APIv3 key"), secret=True, help=_("32 characters.")),
        Field("public_key_id", _("Id of WeChat Pay's public key"), optional=True),
        Field(
            "public_key", _("WeChat Pay's public key"), secret=True, optional=True,
            help=_("Give it with its id, if the account has one; other accounts use platform certificates."),
        ),
        Field("app_secret", _("App secret"), secret=True, optional=True, help=_("Needed for payments in pages inside WeChat.")),
    )  # fmt: skip
    methods = {
        "native": Method(
            _("WeChat: scan a code"),
            fits=frozenset({Browser.DESKTOP}),
            shows=Shows.QR,
            hint=_("Scan it with WeChat."),
        ),
        "h5": Method(_("WeChat on this phone"), fits=frozenset({Browser.PHONE})),
        "jsapi": Method(
            _("Inside WeChat"),
            fits=frozenset({Browser.WECHAT}),
            shows=Shows.SCRIPT,
            needs_payer=True,
            button=_("Pay with WeChat"),
            script="pay/wechat.js",
        ),
    }
    currencies = frozenset({"CNY"})
    zone = "Asia/Shanghai"
    address = "https://api.mch.weixin.qq.com"

    def __init__(self, settings: Mapping[str, str], address: str = "") -> None:
        self._settings, self._address = settings, address or self.address
        if len(settings["apiv3_key"].encode()) != 32:
            raise ValueError(_("The APIv3 key must have 32 characters: copy it again from WeChat Pay's pages."))
        public = settings.get("public_key", "")
        try:
            core = _Core(
                self._address,
                mchid=settings["mchid"],
                cert_serial_no=settings["cert_serial_no"],
                private_key=pem(settings["private_key"], "PRIVATE KEY"),
                apiv3_key=settings["apiv3_key"],
                timeout=TIMEOUT,
                public_key=pem(public, "PUBLIC KEY") if public else None,
                public_key_id=settings.get("public_key_id") or None,
            )
        except Exception as error:
            raise ValueError(_("The keys can't be read: %(why)s") % {"why": error}) from None
        self._client = _Client(settings["mchid"], settings["appid"], core)

    def create(self, order: Order) -> Started:
        options: dict[str, Any] = {}
        if order.method == "jsapi":
            options["payer"] = {"openid": order.payer}
        if order.method == "h5":
            options["scene_info"] = {"payer_client_ip": order.payer_address or "127.0.0.1", "h5_info": {"type": "Wap"}}
        with self.asking():
            status, text = self._client.pay(
                description=order.subject[:60],
                out_trade_no=order.payment_id,
                amount={"total": order.amount, "currency": order.currency},
                time_expire=order.expires.astimezone(BEIJING).isoformat(timespec="seconds"),
                notify_url=order.notify_url,
                pay_type=TYPES[order.method],
                **options,
            )
            answer = _good(status, text)
            if order.method == "native":
                return Started(answer["code_url"])
            if order.method == "h5":
                return Started(f"{answer['h5_url']}&{urlencode({'redirect_url': order.return_url})}")
            return Started(params=self._params(answer["prepay_id"]))

    def _params(self, prepay_id: str) -> dict[str, str]:
        appid, at, nonce = self._settings["appid"], str(int(time.time())), secrets.token_hex(16)
        package = f"prepay_id={prepay_id}"
        signature = self._client.sign([appid, at, nonce, package])
        return {
            "appId": appid, "timeStamp": at, "nonceStr": nonce, "package": package, "signType": "RSA", "paySign": signature,
        }  # fmt: skip

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> Told | Back | None:
        with reading_callback():
            if abs(time.time() - int(headers.get("Wechatpay-Timestamp", "0"))) > FRESH:
                raise CallbackError("it is of another time: a replay, or a clock that is wrong")
            event = self._client.callback(dict(headers.items()), body)
            if not event:
                raise CallbackError("its signature or its seal is not WeChat Pay's")
            told = event["resource"]
            if event["event_type"] in REFUND_EVENTS and "refund_status" in told:
                # Of a refund the app is not told.
                if told["mchid"] != self._settings["mchid"]:
                    raise CallbackError("it is for another merchant account")
                return _back(told)
            if event["event_type"] != "TRANSACTION.SUCCESS":
                return None
            if (told["mchid"], told["appid"]) != (self._settings["mchid"], self._settings["appid"]):
                raise CallbackError("it is for another merchant account")
            return _told(told)

    def answer(self, taken: bool, why: str = "") -> Answer:
        if taken:
            return Answer(200, json.dumps({"code": "SUCCESS", "message": ""}))
        return Answer(400, json.dumps({"code": "FAIL", "message": why[:100]}))

    def query(self, order: Order) -> Told:
        with self.asking():
            status, text = self._client.query(out_trade_no=order.payment_id)
            if status == 404:
                return Told(order.payment_id, State.OPEN)
            return _told(_good(status, text))

    def close(self, order: Order) -> None:
        with self.asking():
            status, text = self._client.close(out_trade_no=order.payment_id)
            if status != 404:
                _good(status, text)

    def refund(self, order: Order, provider_id: str, refund_id: str, amount: int, reason: str) -> None:
        with self.asking():
            status, text = self._client.refund(
                out_refund_no=refund_id,
                amount={"refund": amount, "total": order.amount, "currency": order.currency},
                out_trade_no=order.payment_id,
                reason=reason[:60] or None,
            )
            found = _good(status, text).get("status")
            if found not in ("SUCCESS", "PROCESSING"):
                raise ProviderError(
                    _("WeChat Pay has not taken the refund: its state is %(state)s. Look in WeChat Pay's own pages.")
                    % {"state": found}
                )

    def settlement(self, day: date) -> list[Line]:
        with self.asking():
            status, text = self._client.trade_bill(day.isoformat(), tar_type="GZIP")
            if status == 400 and _field(text, "code") == "NO_STATEMENT_EXIST":
                return []
            answer = _good(status, text)
            status, packed = self._client.download_bill(answer["download_url"])
            if status != 200:
                raise ProviderError(
                    _("WeChat Pay's settlement file can't be fetched (status %(status)d). It is tried again by itself.")
                    % {"status": status}
                )
            raw = gzip.decompress(packed)
            if hashlib.sha1(raw, usedforsecurity=False).hexdigest() != answer["hash_value"].lower():
                raise ProviderError(
                    _("WeChat Pay's settlement file is damaged: its checksum differs. It is fetched again by itself.")
                )
            return read_bill(raw.decode("utf-8-sig"), self._settings["appid"])

    def payer_link(self, back: str) -> str:
        return link(self._settings["appid"], back) if self._settings.get("app_secret") else ""

    def payer(self, code: str) -> str:
        where = ADDRESS if self._address == self.address else self._address
        try:
            return openid(self._settings["appid"], self._settings.get("app_secret", ""), code, where)
        except LoginError as error:
            raise ProviderError(str(error)) from None


def _good(status: int, text: str | bytes) -> dict[str, Any]:
    if not 200 <= status < 300:
        raise refused(WeChat.title, _field(text, "message"), f"{status} {_field(text, 'code')}")
    return json.loads(text) if text else {}


def _field(text: str | bytes, name: str) -> str:
    try:
        found = json.loads(text)
        return f"{found[name]}"
    except (ValueError, TypeError, KeyError):
        return ""


def _back(found: Mapping[str, Any]) -> Back:
    step = REFUND_EVENTS[f"REFUND.{found['refund_status']}"]
    at = found.get("success_time")
    return Back(
        found.get("out_refund_no") or found["refund_id"],
        Cause.REFUND,
        step,
        found["out_trade_no"],
        found["transaction_id"],
        int(found["amount"]["refund"]),
        found["amount"].get("currency", "CNY"),
        instant(datetime.fromisoformat(at) if at else datetime.now(BEIJING)),
    )


def _told(found: Mapping[str, Any]) -> Told:
    state = STATES.get(found["trade_state"], State.OPEN)
    if state not in (State.PAID, State.REFUNDED):
        return Told(found["out_trade_no"], state)
    amount = found["amount"]
    return Told(
        found["out_trade_no"],
        state,
        found["transaction_id"],
        int(amount["total"]),
        amount.get("currency", "CNY"),
        instant(datetime.fromisoformat(found["success_time"])),
    )
