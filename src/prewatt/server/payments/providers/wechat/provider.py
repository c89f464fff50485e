"""WeChat Pay, API v3, with its methods JSAPI (mini program and pages in WeChat), Native (a QR code) and H5 (a phone's
browser); contract payments, of API v2, stand in `contracts`.

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
from wechatpayv3 import WeChatPayType

from .....kernel.units import instant
from ....core.wechat_login import ADDRESS, LoginError, link, openid
from ..bills import BEIJING
from ..interface import (
    TIMEOUT,
    AgreementReport,
    Answer,
    CallbackError,
    Cause,
    Charged,
    Line,
    Order,
    PaymentReport,
    Provider,
    ProviderError,
    RefundClosedError,
    Saved,
    Saving,
    Started,
    State,
    Step,
    TakenBackReport,
    reading_callback,
    refused,
)
from ..methods import BY_AGREEMENT, Browser, Method, Shows
from ..pem import pem
from .bill import read_bill
from .client import AddressedCore, Client
from .contracts import Contracts, answered
from .fields import FIELDS

FRESH = 300
"""The most seconds by which a callback's own time may differ from ours. An older one is a replay."""
TYPES = {"jsapi": WeChatPayType.JSAPI, "native": WeChatPayType.NATIVE, "h5": WeChatPayType.H5}
STATES = {"SUCCESS": State.PAID, "REFUND": State.REFUNDED, "CLOSED": State.CLOSED, "REVOKED": State.CLOSED}
REFUND_EVENTS = {"REFUND.SUCCESS": Step.TAKEN, "REFUND.ABNORMAL": Step.TAKEN, "REFUND.CLOSED": Step.WON}
"""The step of a refund, by event. An abnormal refund has left the merchant and did not reach the payer's bank; a closed
refund never left.

https://pay.weixin.qq.com/doc/v3/merchant/4013070388
"""


class WeChat(Provider):
    """A merchant account at WeChat Pay."""

    name = "wechat"
    title = gettext_noop("WeChat Pay")
    fields = FIELDS
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
        BY_AGREEMENT: Method(_("WeChat, by agreement"), fits=frozenset()),
    }
    saves_in = frozenset({Browser.WECHAT})
    currencies = frozenset({"CNY"})
    zone = "Asia/Shanghai"
    address = "https://api.mch.weixin.qq.com"

    def __init__(self, settings: Mapping[str, str], address: str = "") -> None:
        self._settings, self._address = settings, address or self.address
        if len(settings["apiv3_key"].encode()) != 32:
            raise ValueError(_("The APIv3 key must have 32 characters: copy it again from WeChat Pay's pages."))
        public = settings.get("public_key", "")
        try:
            core = AddressedCore(
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
        self._client = Client(settings["mchid"], settings["appid"], core)
        self._by_contract = self._contracts()

    def _contracts(self) -> Contracts | None:
        plan, key = self._settings.get("plan_id", ""), self._settings.get("api_v2_key", "")
        if not plan and not key:
            return None
        if not plan.isascii() or not plan.isdecimal() or len(key.encode()) != 32:
            raise ValueError(
                _("Contract payments need both: a template id, which is a number, and an API v2 key of 32 characters.")
            )
        apps = sorted(self._apps, key=lambda each: each != self._settings["appid"])
        return Contracts(self._settings["mchid"], apps, plan, key, self._address)

    @classmethod
    def saves(cls, settings: Mapping[str, str]) -> bool:
        """Return whether the account has contract payments."""
        return bool(settings.get("plan_id"))

    @property
    def _agreed(self) -> Contracts:
        if self._by_contract is None:
            raise ProviderError(_("This account has no contract payments: its template id or API v2 key is missing."))
        return self._by_contract

    def save(self, saving: Saving) -> Started:
        """Return where the payer agrees to a contract."""
        return self._agreed.save(saving)

    def saved(self, saving: Saving) -> Saved | None:
        """Return the contract that the payer has agreed to."""
        with self.asking():
            return self._agreed.saved(saving)

    def charge(self, order: Order, token: str) -> Charged:
        """Ask for a payment by contract."""
        with self.asking():
            return self._agreed.charge(order, token)

    def forget(self, token: str) -> None:
        """End a contract."""
        with self.asking():
            self._agreed.forget(token)

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
        """Return `jsapi` for an app that the merchant number is bound to; empty for any other."""
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

    def read_callback(
        self, headers: Mapping[str, str], body: bytes
    ) -> PaymentReport | TakenBackReport | AgreementReport | None:
        """Return the payment, the refund or the agreement that a signed event reports; None for other events."""
        with reading_callback():
            if _is_v2(body):
                if self._by_contract is None:
                    raise CallbackError("it is of contract payments, which this account has not")
                return self._by_contract.read_callback(body)
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
            return _report_of(resource)

    def answer(self, taken: bool, why: str = "") -> Answer:
        """Return the JSON that WeChat Pay expects: SUCCESS, or FAIL with the reason."""
        if taken:
            return Answer(200, json.dumps({"code": "SUCCESS", "message": ""}))
        return Answer(400, json.dumps({"code": "FAIL", "message": why[:100]}))

    def answer_to(self, body: bytes, taken: bool, why: str = "") -> Answer:
        """Return the XML that the API v2 expects if the body is a message of it, otherwise the JSON of `answer`."""
        if _is_v2(body):
            return Answer(200 if taken else 400, answered(taken, why).decode(), "text/xml")
        return self.answer(taken, why)

    def query(self, order: Order) -> PaymentReport:
        """Return how a payment stands; one that WeChat Pay does not know is open."""
        with self.asking():
            if order.method == BY_AGREEMENT:
                return self._agreed.query(order)
            status, text = self._client.query(out_trade_no=order.payment_id)
            if status == 404:
                return PaymentReport(order.payment_id, State.OPEN)
            return _report_of(_good(status, text))

    def close(self, order: Order) -> None:
        """Close the payment; one that WeChat Pay does not know needs no closing."""
        with self.asking():
            if order.method == BY_AGREEMENT:
                self._agreed.close(order)
                return
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
            if not _is_sent(_good(status, text).get("status")):
                raise RefundClosedError(
                    _("WeChat Pay has closed the refund: the money has not gone back to the payer.")
                )

    def has_refund(self, order: Order, provider_id: str, refund_id: str) -> bool:
        """Return whether WeChat Pay knows a refund and has not closed it."""
        with self.asking():
            status, text = self._client.query_refund(refund_id)
            if status == 404:
                return False
            return _is_sent(_good(status, text).get("status"))

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


def _is_v2(body: bytes) -> bool:
    """Return whether a callback is of the API v2: XML, where that of v3 is JSON."""
    return body.lstrip().startswith(b"<")


def _good(status: int, text: str | bytes) -> dict[str, Any]:
    if not 200 <= status < 300:
        # After an error of WeChat Pay's own (5xx) the request may yet be done.
        is_certain = 400 <= status < 500
        raise refused(WeChat.title, _field(text, "message"), f"{status} {_field(text, 'code')}", is_certain)
    return json.loads(text) if text else {}


def _is_sent(state: object) -> bool:
    """Return whether a refund's state says that the money goes back; False if it is closed. Raises ProviderError if somebody
    must see to it.
    """
    if state in ("SUCCESS", "PROCESSING", "CLOSED"):
        return state != "CLOSED"
    raise ProviderError(
        _("WeChat Pay has not taken the refund: its state is %(state)s. Look in WeChat Pay's own pages.")
        % {"state": state}
    )


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


def _report_of(payment: Mapping[str, Any]) -> PaymentReport:
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
