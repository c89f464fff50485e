"""WeChat Pay, API v3, with its methods JSAPI (mini program and pages in WeChat), Native (a QR code) and H5 (a phone's
browser).

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
from django.utils.translation import gettext_noop
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core

from .....kernel.units import instant
from ....core.credential_fields import Field
from ....core.wechat_login import ADDRESS, LoginError, link, openid
from ..bills import BEIJING
from ..interface import (
    TIMEOUT,
    Answer,
    CallbackError,
    Cause,
    Line,
    Order,
    PaymentReport,
    Provider,
    ProviderError,
    Started,
    State,
    Step,
    TakenBackReport,
    pem,
    reading_callback,
    refused,
)
from ..methods import Browser, Method, Shows
from .bill import read_bill

FRESH = 300
"""The most seconds by which a callback's own time may differ from ours. An older one is a replay."""
CERTIFICATES_EVERY = 60
"""The least seconds between two requests for new platform certificates, whatever certificates callbacks name."""
TYPES = {"jsapi": WeChatPayType.JSAPI, "native": WeChatPayType.NATIVE, "h5": WeChatPayType.H5}
STATES = {"SUCCESS": State.PAID, "REFUND": State.REFUNDED, "CLOSED": State.CLOSED, "REVOKED": State.CLOSED}
REFUND_EVENTS = {"REFUND.SUCCESS": Step.TAKEN, "REFUND.ABNORMAL": Step.TAKEN, "REFUND.CLOSED": Step.WON}
"""The step of a refund, by event. An abnormal refund has left the merchant and did not reach the payer's bank; a closed
refund never left.

https://pay.weixin.qq.com/doc/v3/merchant/4013070388
"""


class _Core(Core):  # type: ignore[misc]
    """The library's core with an address of our choice, which does not ask for certificates too often."""

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


class _Client(WeChatPay):  # type: ignore[misc]
    """The library's client with that core, which its own constructor does not let us choose."""

    def __init__(self, mchid: str, appid: str, core: Core) -> None:
        self._type, self._mchid, self._appid = WeChatPayType.NATIVE, mchid, appid
        self._notify_url, self._partner_mode, self._core = None, False, core


class WeChat(Provider):
    """A merchant account at WeChat Pay."""

    name = "wechat"
    title = gettext_noop("WeChat Pay")
    fields = (
        Field("mchid", _("Merchant number")),
        Field(
            "appid",
            _("App id"),
            help=_("The id of the official account or mini program that the merchant number is bound to."),
        ),
        Field("cert_serial_no", _("Serial number of the merchant's certificate")),
        Field("private_key", _("Private key of the merchant (apiclient_key.pem)"), secret=True),
        Field("apiv3_key", _("APIv3 key"), secret=True, help=_("32 characters.")),
        Field("public_key_id", _("Id of WeChat Pay's public key"), optional=True),
        Field(
            "public_key",
            _("WeChat Pay's public key"),
            secret=True,
            optional=True,
            help=_("Give it with its id, if the account has one; other accounts use platform certificates."),
        ),
        Field(
            "mini_appid",
            _("App id of a mini program"),
            optional=True,
            help=_("If the merchant number is bound to a mini program too: tenants pay in it."),
        ),
        Field(
            "app_secret",
            _("App secret"),
            secret=True,
            optional=True,
            help=_("Needed for payments in pages inside WeChat."),
        ),
    )
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
        """Ask for a payment. Returns the content of a QR code (Native), an address (H5), or the parameters for the app
        (JSAPI).
        """
        options: dict[str, Any] = {}
        appid = order.payer_app or self._settings["appid"]
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
                appid=appid,
                pay_type=TYPES[order.method],
                **options,
            )
            answer = _good(status, text)
            if order.method == "native":
                return Started(answer["code_url"])
            if order.method == "h5":
                return Started(f"{answer['h5_url']}&{urlencode({'redirect_url': order.return_url})}")
            return Started(params=self._params(appid, answer["prepay_id"]))

    @property
    def _apps(self) -> frozenset[str]:
        """The ids of the apps that the merchant number is bound to."""
        return frozenset({self._settings["appid"], self._settings.get("mini_appid", "")} - {""})

    def method_in(self, app: str) -> str:
        """Return JSAPI for the mini program that the merchant number is bound to."""
        return "jsapi" if app in self._apps else ""

    def _params(self, appid: str, prepay_id: str) -> dict[str, str]:
        at, nonce = str(int(time.time())), secrets.token_hex(16)
        package = f"prepay_id={prepay_id}"
        signature = self._client.sign([appid, at, nonce, package])
        return {
            "appId": appid,
            "timeStamp": at,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": signature,
        }

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> PaymentReport | TakenBackReport | None:
        """Return the payment or the refund that a signed and sealed event reports; None for other events."""
        with reading_callback():
            if abs(time.time() - int(headers.get("Wechatpay-Timestamp", "0"))) > FRESH:
                raise CallbackError("it is of another time: a replay, or a clock that is wrong")
            event = self._client.callback(dict(headers.items()), body)
            if not event:
                raise CallbackError("its signature or its seal is not WeChat Pay's")
            resource = event["resource"]
            if event["event_type"] in REFUND_EVENTS and "refund_status" in resource:
                # The event of a refund does not name the app.
                if resource["mchid"] != self._settings["mchid"]:
                    raise CallbackError("it is for another merchant account")
                return _back(resource)
            if event["event_type"] != "TRANSACTION.SUCCESS":
                return None
            if resource["mchid"] != self._settings["mchid"] or resource["appid"] not in self._apps:
                raise CallbackError("it is for another merchant account")
            return _told(resource)

    def answer(self, taken: bool, why: str = "") -> Answer:
        """Return the JSON that WeChat Pay expects: SUCCESS, or FAIL with the reason."""
        if taken:
            return Answer(200, json.dumps({"code": "SUCCESS", "message": ""}))
        return Answer(400, json.dumps({"code": "FAIL", "message": why[:100]}))

    def query(self, order: Order) -> PaymentReport:
        """Return how a payment stands; one that WeChat Pay does not know is open."""
        with self.asking():
            status, text = self._client.query(out_trade_no=order.payment_id)
            if status == 404:
                return PaymentReport(order.payment_id, State.OPEN)
            return _told(_good(status, text))

    def close(self, order: Order) -> None:
        """Close the payment; one that WeChat Pay does not know needs no closing."""
        with self.asking():
            status, text = self._client.close(out_trade_no=order.payment_id)
            if status != 404:
                _good(status, text)

    def refund(self, order: Order, provider_id: str, refund_id: str, amount: int, reason: str) -> None:
        """Send an amount (fen) back to the payer. WeChat Pay may take some time for it."""
        with self.asking():
            status, text = self._client.refund(
                out_refund_no=refund_id,
                amount={"refund": amount, "total": order.amount, "currency": order.currency},
                out_trade_no=order.payment_id,
                reason=reason[:60] or None,
            )
            state = _good(status, text).get("status")
            if state not in ("SUCCESS", "PROCESSING"):
                raise ProviderError(
                    _("WeChat Pay has not taken the refund: its state is %(state)s. Look in WeChat Pay's own pages.")
                    % {"state": state}
                )

    def settlement(self, day: date) -> list[Line]:
        """Return the lines of the trade bill, which is a gzip file with a checksum."""
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
            return read_bill(raw.decode("utf-8-sig"), self._apps)

    def payer_link(self, back: str, state: str) -> str:
        """Return WeChat's address that tells us the payer's openid; empty without the app's secret."""
        return link(self._settings["appid"], back, state) if self._settings.get("app_secret") else ""

    def payer(self, code: str) -> str:
        """Return the payer's openid from the code with which they returned."""
        address = ADDRESS if self._address == self.address else self._address
        try:
            return openid(self._settings["appid"], self._settings.get("app_secret", ""), code, address)
        except LoginError as error:
            raise ProviderError(str(error)) from None


def _good(status: int, text: str | bytes) -> dict[str, Any]:
    if not 200 <= status < 300:
        raise refused(WeChat.title, _field(text, "message"), f"{status} {_field(text, 'code')}")
    return json.loads(text) if text else {}


def _field(text: str | bytes, name: str) -> str:
    try:
        values = json.loads(text)
        return f"{values[name]}"
    except (ValueError, TypeError, KeyError):
        return ""


def _back(refund: Mapping[str, Any]) -> TakenBackReport:
    step = REFUND_EVENTS[f"REFUND.{refund['refund_status']}"]
    at = refund.get("success_time")
    return TakenBackReport(
        refund.get("out_refund_no") or refund["refund_id"],
        Cause.REFUND,
        step,
        refund["out_trade_no"],
        refund["transaction_id"],
        int(refund["amount"]["refund"]),
        refund["amount"].get("currency", "CNY"),
        instant(datetime.fromisoformat(at) if at else datetime.now(BEIJING)),
    )


def _told(payment: Mapping[str, Any]) -> PaymentReport:
    state = STATES.get(payment["trade_state"], State.OPEN)
    if state not in (State.PAID, State.REFUNDED):
        return PaymentReport(payment["out_trade_no"], state)
    amount = payment["amount"]
    return PaymentReport(
        payment["out_trade_no"],
        state,
        payment["transaction_id"],
        int(amount["total"]),
        amount.get("currency", "CNY"),
        instant(datetime.fromisoformat(payment["success_time"])),
    )
