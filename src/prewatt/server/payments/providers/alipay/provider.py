"""Alipay, with its methods wap (a phone's browser) and page (a computer's browser).

Rules: https://opendocs.alipay.com/open/203/107090 (wap), https://opendocs.alipay.com/open/270/105902 (callbacks)
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import requests
from alipay import AliPay
from alipay.exceptions import AliPayException
from alipay.utils import AliPayConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from .....kernel.units import instant
from ....core.credential_fields import Field
from ..bills import BEIJING, beijing_instant
from ..interface import (
    TIMEOUT,
    Answer,
    CallbackError,
    Line,
    Order,
    PaymentReport,
    Provider,
    ProviderError,
    Started,
    State,
    reading_callback,
    refused,
)
from ..methods import Browser, Method
from ..pem import pem
from .bill import fen, read_bill

CALLS = {
    "wap": ("alipay.trade.wap.pay", "QUICK_WAP_WAY"),
    "page": ("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
}
UNCERTAIN = ("SYSTEM_ERROR", "REFUND_CHARGE_ERROR", "DISCORDANT_REPEAT_REQUEST")
"""The ends of the codes after which a request may be done, or was done before."""
STATES = {"TRADE_SUCCESS": State.PAID, "TRADE_FINISHED": State.PAID, "TRADE_CLOSED": State.CLOSED}


class Alipay(Provider):
    """A merchant's application at Alipay."""

    name = "alipay"
    title = gettext_noop("Alipay")
    fields = (
        Field("app_id", _("Application id")),
        Field("private_key", _("Private key of the application"), secret=True),
        Field("alipay_public_key", _("Alipay's public key"), secret=True),
    )
    methods = {
        "wap": Method(_("Alipay on this phone"), fits=frozenset({Browser.PHONE})),
        "page": Method(_("Alipay"), fits=frozenset({Browser.DESKTOP})),
    }
    currencies = frozenset({"CNY"})
    zone = "Asia/Shanghai"
    address = "https://openapi.alipay.com/gateway.do"
    refusals = (AliPayException,)

    def __init__(self, settings: Mapping[str, str], address: str = "") -> None:
        self._settings = settings
        try:
            self._client = AliPay(
                appid=settings["app_id"],
                app_private_key_string=pem(settings["private_key"], "PRIVATE KEY"),
                alipay_public_key_string=pem(settings["alipay_public_key"], "PUBLIC KEY"),
                config=AliPayConfig(timeout=TIMEOUT),
            )
        except (ValueError, IndexError, TypeError) as error:
            raise ValueError(_("The keys can't be read: %(why)s") % {"why": error}) from None
        self._client._gateway = address or self.address

    def create(self, order: Order) -> Started:
        """Return the address at Alipay where the payer pays; Alipay knows the payment once the payer opens it."""
        call, product = CALLS[order.method]
        query = self._client.client_api(
            call,
            {
                "out_trade_no": order.payment_id,
                "total_amount": _yuan(order.amount),
                "subject": order.subject[:120],
                "product_code": product,
                "time_expire": f"{order.expires.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}",
            },
            notify_url=order.notify_url,
            return_url=order.return_url,
            timestamp=_stamp(),
        )
        return Started(f"{self._client._gateway}?{query}")

    def _ask(self, call: str, **content: str) -> dict[str, Any]:
        with self.asking():
            answer = self._client.server_api(call, content, timestamp=_stamp())
            if not isinstance(answer, dict):
                raise ProviderError(
                    _(
                        "The answer of Alipay can't be read. As far as we know, nothing was done. Try again: "
                        "nothing is done twice."
                    )
                )
            return answer

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> PaymentReport | None:
        """Return the payment that an RSA2-signed form reports; None if it is neither paid nor refunded."""
        with reading_callback():
            form = dict(parse_qsl(body.decode(), strict_parsing=True))
            signature = form.pop("sign")
            if form.get("sign_type") != "RSA2" or not self._client.verify(dict(form), signature):
                raise CallbackError("its signature is not Alipay's")
            if form["app_id"] != self._settings["app_id"]:
                raise CallbackError("it is for another application")
            refunded = fen(form["refund_fee"]) if form.get("refund_fee") else None
            state = _state(form["trade_status"], form.get("gmt_payment"), refunded)
            if state not in (State.PAID, State.REFUNDED):
                return None
            at = form.get("gmt_payment") or form["notify_time"]
            return PaymentReport(
                form["out_trade_no"],
                state,
                form["trade_no"],
                fen(form["total_amount"]),
                "CNY",
                beijing_instant(at),
                refunded,
            )

    def answer(self, taken: bool, why: str = "") -> Answer:
        """Return the plain text that Alipay expects: success or fail."""
        return Answer(200, "success" if taken else "fail", "text/plain")

    def query(self, order: Order) -> PaymentReport:
        """Return how a trade stands; one that Alipay does not know is open."""
        answer = self._ask("alipay.trade.query", out_trade_no=order.payment_id)
        if answer.get("sub_code") == "ACQ.TRADE_NOT_EXIST":
            # Alipay makes the trade when the payer opens it.
            return PaymentReport(order.payment_id, State.OPEN)
        _good(answer)
        with self.asking():
            refunded = fen(answer["refund_fee"]) if answer.get("refund_fee") else None
            state = _state(answer["trade_status"], answer.get("send_pay_date"), refunded)
            if state not in (State.PAID, State.REFUNDED):
                return PaymentReport(order.payment_id, state)
            at = answer.get("send_pay_date")
            return PaymentReport(
                answer["out_trade_no"],
                state,
                answer["trade_no"],
                fen(answer["total_amount"]),
                "CNY",
                beijing_instant(at) if at else instant(datetime.now(BEIJING)),
                refunded,
            )

    def close(self, order: Order) -> None:
        """Close the trade; one that Alipay does not know needs no closing."""
        answer = self._ask("alipay.trade.close", out_trade_no=order.payment_id)
        if answer.get("sub_code") != "ACQ.TRADE_NOT_EXIST":
            _good(answer)

    def refund(self, order: Order, provider_id: str, refund_id: str, amount: int, reason: str) -> None:
        """Send an amount (fen) back to the payer; the refund id is Alipay's request number."""
        _good(
            self._ask(
                "alipay.trade.refund",
                out_trade_no=order.payment_id,
                refund_amount=_yuan(amount),
                out_request_no=refund_id,
                refund_reason=reason[:120],
            )
        )

    def has_refund(self, order: Order, provider_id: str, refund_id: str) -> bool:
        """Return whether Alipay has made a refund. It says so once it is made, which takes some seconds."""
        answer = self._ask("alipay.trade.fastpay.refund.query", out_trade_no=order.payment_id, out_request_no=refund_id)
        _good(answer)
        return bool(answer.get("refund_status") == "REFUND_SUCCESS")

    def settlement(self, day: date) -> list[Line]:
        """Return the lines of the trade bill, which is a CSV in a zip file."""
        answer = self._ask(
            "alipay.data.dataservice.bill.downloadurl.query", bill_type="trade", bill_date=day.isoformat()
        )
        if "bill_not_exist" in str(answer.get("sub_code", "")).lower():
            return []
        _good(answer)
        with self.asking():
            packed = requests.get(answer["bill_download_url"], timeout=TIMEOUT)
            packed.raise_for_status()
            with zipfile.ZipFile(io.BytesIO(packed.content)) as files:
                lists = [info for info in files.infolist() if _file_name(info).endswith("业务明细.csv")]
                if lists:
                    return read_bill(files.read(lists[0]).decode("gb18030"))
        raise ProviderError(_("Alipay's settlement file has no list of transactions."))


def _file_name(info: zipfile.ZipInfo) -> str:
    # Alipay writes names in GBK without saying so; the library then reads them as the old code page 437.
    return info.filename if info.flag_bits & 0x800 else info.filename.encode("cp437").decode("gb18030", "replace")


def _state(status: str, paid: str | None, refunded: int | None) -> State:
    """Return the state of a trade. Alipay calls a trade closed if it was never paid, and also if all of it went back;
    only the second has an instant of payment.
    """
    state = STATES.get(status, State.OPEN)
    return State.REFUNDED if state == State.CLOSED and (paid or refunded) else state


def _good(answer: Mapping[str, Any]) -> None:
    code, sub_code = str(answer.get("code")), str(answer.get("sub_code"))
    if code != "10000":
        is_certain = code.startswith("4") and not sub_code.endswith(UNCERTAIN)
        raise refused(Alipay.title, str(answer.get("sub_msg") or ""), f"{code} {sub_code}", is_certain)


def _stamp() -> str:
    # The library writes the machine's local time; Alipay reads it as Beijing's.
    return f"{datetime.now(UTC).astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


def _yuan(cents: int) -> str:
    return f"{Decimal(cents).scaleb(-2):.2f}"
